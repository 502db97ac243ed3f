"""What a user chooses of an evaluation: the faces, how it measures, and how its judge is trained.

Flags, defaults and checks are declared here once, for Python and the command line. This room needs
no Keras.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from faceattr.data.choice import DataChoice
from faceattr.errors import UserError
from faceattr.options import check, option, options_of

FACES = "faces to try the edits on"
JUDGE = "the judge of attributes"
OTHER_MODELS = "other models"


@dataclasses.dataclass(frozen=True)
class FaceChoice:
    """Which faces edits are tried on.

    Attributes:
        other: a source, all labelled images of which are test faces but those trained on; None,
            the default, for the test split of each run.
        data_dir: without `other`, where the data of the runs lie now; None for where they lay.
        test_per_class: the most faces of each class; None for all of a test split, or 1,000 of
            another source.
        seed: of the draw of so many, and of drawn faces.

    Raises:
        UserError: for a choice that cannot be.
    """

    other: DataChoice | None = None
    data_dir: str | None = option(
        None,
        "its folder; without --data, that of the runs' data",
        group=FACES,
        metavar="FOLDER",
    )
    test_per_class: int | None = option(
        None,
        "at most so many faces of each class (default: all of a test split, 1000 of --data)",
        at_least=1,
        group=FACES,
    )
    seed: int = option(0, "of the draws of faces and of intervals", at_least=0)

    def __post_init__(self) -> None:
        check(self)
        if self.other is not None and self.data_dir is not None:
            raise UserError("--data_dir: the faces of another source have a folder of their own")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "FaceChoice":
        """The choice of flags: those of `DataChoice` and of this class, by name.

        Raises:
            UserError: for a choice that cannot be.
        """
        named = {name: given[name] for name in options_of(DataChoice) if name in given}
        own = {name: given[name] for name in ("test_per_class", "seed") if name in given}
        if "data" in named:
            return cls(DataChoice(**named), **own)
        folder = named.pop("data_dir", None)
        for name in named:
            raise UserError(f"--{name} goes with --data, another source of faces")
        return cls(None, folder, **own)


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """How an evaluation measures.

    Attributes:
        seed: of every draw and bootstrap.
        identity_faces: the most faces of a class that dlib's models are asked about; drawn by the
            seed.
        identity_pairs: the most pairs of either kind for the reference of identity; None for as
            many as `identity_faces`, 0 to leave it out.
        outside_faces: the most faces of a class that outside judges are asked about; drawn by the
            seed.
        told_apart_faces: the most faces of a side that a fresh classifier is to tell apart, and
            twice as many real ones; drawn by the seed.
        pictures: the most faces of an edit that `Evaluation.pictures` keeps: those drawn by the
            seed, and the worst. All of 1,000 faces would fill the memory, and no report shows as
            many. None keeps all.
        inception_weights: a file, Keras's weights of InceptionV3 without its top, to measure
            realism by its features as well; see `InceptionFeatures`.

    Raises:
        UserError: for a setting out of its range, or a file that is missing.
    """

    seed: int = option(0, "of the draws of faces and of intervals", at_least=0)
    identity_faces: int = option(
        100,
        "at most so many faces of each class for identity and landmarks, and as many pairs of "
        "photographs to compare with; a fifth of a second each",
        at_least=1,
        group=OTHER_MODELS,
    )
    identity_pairs: int | None = option(None, "pairs of photographs to compare with", at_least=0)
    outside_faces: int = option(
        200,
        "at most so many faces of each class are asked about by outside judges; 25 ms each",
        at_least=1,
        group=OTHER_MODELS,
    )
    told_apart_faces: int = option(
        100,
        "at most so many edited faces are told from as many real ones by a fresh classifier; "
        "figures compare at equal numbers alone",
        at_least=1,
        group=OTHER_MODELS,
    )
    pictures: int | None = option(200, "faces of an edit that are kept", at_least=0)
    inception_weights: str | None = option(
        None,
        "Keras's InceptionV3 weights without the top, to measure realism by its features too",
        group=OTHER_MODELS,
        metavar="FILE",
    )

    def __post_init__(self) -> None:
        check(self)
        weights = self.inception_weights
        if weights is not None and not pathlib.Path(weights).is_file():
            raise UserError(f"--inception_weights {weights}: no such file")


@dataclasses.dataclass(frozen=True)
class ClassifierSettings:
    """How the attribute classifier is trained.

    Attributes:
        image_size: side of the crops that it sees, divisible by 16.
        epochs: passes over its data: ten over 16,000 crops of 64x64 are about half an hour of one
            CPU core.
        batch_size: crops in a step.
        learning_rate: the highest; it rises at first and then falls as a cosine.
        weight_decay: of AdamW.
        smoothing: see `masked_loss`.
        rarity_power: see `weighted_labels`.
        jitter: see `TrainingBatches`.
        seed: of weights and batches.

    Raises:
        UserError: for a setting out of its range.
    """

    image_size: int = option(64, "side of the crops that it sees", at_least=16, group=JUDGE)
    epochs: int = option(10, "passes over what it learns from", at_least=1, group=JUDGE)
    batch_size: int = option(64, "crops in a step", at_least=1, group=JUDGE)
    learning_rate: float = option(2e-3, "the highest", above=0, group=JUDGE)
    weight_decay: float = option(0.02, "of AdamW", at_least=0, group=JUDGE)
    smoothing: float = option(0.05, "of its labels", at_least=0, below=1, group=JUDGE)
    rarity_power: float = option(0.3, "weight of rare labels", at_least=0, at_most=1, group=JUDGE)
    jitter: float = option(1.0, "of its crops", at_least=0, at_most=1, group=JUDGE)
    seed: int = option(0, "of weights and batches", at_least=0, group=JUDGE)

    def __post_init__(self) -> None:
        check(self)
