"""Laboratory: what the experiments share, made when it is first asked for and kept on disk."""

import dataclasses
import functools
import logging
import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr.attributes import find_attribute
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.evaluation.evaluate import evaluate
from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.judge.attribute_classifier import (
    AttributeClassifier,
    attribute_classifier,
)
from faceattr.evaluation.judge.classifier_data import read_crops
from faceattr.evaluation.judge.face_models import FaceModels, MissingExtra
from faceattr.evaluation.settings import ClassifierSettings, EvaluationSettings
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces, at_most
from faceattr.evaluation.subjects.subject import Subject, load_run
from faceattr.models.vae_gan.model import VAEGAN
from faceattr.reproduction import evaluations
from faceattr.reproduction.baseline import with_attribute
from faceattr.reproduction.data import Source, held_out_faces, judged_faces, prepare
from faceattr.reproduction.settings import ReproductionSettings
from faceattr.reproduction.trainings import BASELINE, SIX, trained
from faceattr.runs.run import Run
from faceattr.runs.weights import finished_model

_logger = logging.getLogger(__name__)

# Synthetic faces to take the networks to are drawn with another seed than those trained on.
_OTHER_SEED = 7919


class Laboratory:
    """Data, judge, trained networks and evaluations of one folder of experiments.

    Args:
        settings: of the experiments.
        folder: what is made is kept here: `data/`, `judge/`, `runs/`, `evaluations/`.

    Attributes:
        settings, folder: as given.
    """

    def __init__(self, settings: ReproductionSettings, folder: pathlib.Path) -> None:
        self.settings = settings
        self.folder = folder

    @property
    def sources(self) -> tuple[str, ...]:
        """The name of the faces that are trained on, and of those of Fig. 5, if there are any."""
        return ("own",) if not self.has_other else ("own", "other")

    @property
    def has_other(self) -> bool:
        """Whether there are faces of another source, for Fig. 5."""
        return self.settings.other_data == "synthetic" or self.settings.other_dir is not None

    def source_name(self, place: str) -> str:
        """What the faces of `"own"` or `"other"` are called: `"celeba"`, `"lfw"`."""
        other = self.settings.other_data
        if place == "own":
            return self.settings.data
        return other if other != self.settings.data else f"other-{other}"

    def _packed(self, place: str) -> pathlib.Path:
        return self.folder / "data" / self.source_name(place)

    @functools.lru_cache  # noqa: B019  a laboratory lives as long as its program
    def table(self, place: str) -> AttributeTable:
        """The packed faces of `"own"` or `"other"`, see `data.prepare`.

        Raises:
            UserError: if they cannot be read.
        """
        settings = self.settings
        own = place == "own"
        folder = settings.data_dir if own else settings.other_dir
        source = Source(
            settings.data if own else settings.other_data,
            None if folder is None else pathlib.Path(folder),
            settings.held_out,
            settings.synthetic_faces,
        )
        seed = settings.seed if own else settings.seed + _OTHER_SEED
        return prepare(source, self._packed(place), settings.image_size, seed)

    @functools.cached_property
    def judge(self) -> AttributeClassifier:
        """The attribute classifier: trained on the training persons of every source."""
        faces = [judged_faces(self.source_name(place), self.table(place)) for place in self.sources]
        settings = ClassifierSettings(
            image_size=self.settings.judge_size, epochs=self.settings.judge_epochs
        )
        return attribute_classifier(faces, self.folder / "judge", settings)

    @functools.cached_property
    def models(self) -> FaceModels | None:
        """dlib's models; None where the extra `align` is missing, which is said once."""
        try:
            return FaceModels()
        except MissingExtra as missing:
            _logger.warning("%s; without them identity and landmarks are left out", missing)
            return None

    @functools.lru_cache  # noqa: B019
    def run(self, name: str) -> Run:
        """The finished run of a training, see `trainings`; made now if it is missing."""
        self.table("own")
        return trained(name, self.settings, self._packed("own"), self.folder / "runs")

    @functools.lru_cache  # noqa: B019
    def subject(self, name: str) -> Subject:
        """Trained networks to be measured.

        Args:
            name: of a training, such as `"glasses"`; `"vae_gan-smile"` is the baseline with the
                vector of smile.
        """
        training, _, attr = name.partition("-") if name.startswith(BASELINE) else (name, "", "")
        subject = load_run(self.run(training).folder)
        if not attr:
            return subject
        return with_attribute(subject, self.baseline, attr, self.table("own"))

    @functools.cached_property
    def baseline(self) -> VAEGAN:
        """The trained VAE-GAN."""
        return finished_model(self.run(BASELINE))

    def crops(self, place: str, indices: np.ndarray) -> np.ndarray:
        """Face crops of a source: uint8 [n, s, s, 3]."""
        return read_crops(self.table(place), indices, self.settings.image_size)

    def faces(self, place: str, attr: str) -> EvaluationFaces:
        """The held-out faces that an attribute's edits are measured on."""
        table = self.table(place)
        column = find_attribute(attr, table.columns).column
        classes = held_out_faces(table, column)
        if not all(map(len, classes)):
            raise UserError(
                f"{self.source_name(place)}: no held-out face "
                f"{'with' if len(classes[0]) else 'without'} {column}; more faces are needed"
            )
        faces = EvaluationFaces(self.source_name(place), table, {column: classes})
        return at_most(faces, self.settings.faces, self.settings.seed)

    def evaluation(self, name: str, place: str = "own") -> Evaluation:
        """What was measured of one subject on the faces of one source."""
        folder = self.folder / "evaluations" / f"{name}-{self.source_name(place)}"
        found = evaluations.load(folder)
        if found is not None:
            return found
        subject = self.subject(name)
        if place != "own":
            subject = dataclasses.replace(subject, name=f"{name}-{self.source_name(place)}")
        _logger.info("\n=== measuring %s on %s", name, self.source_name(place))
        few = self.settings.identity_faces
        settings = EvaluationSettings(
            seed=self.settings.seed,
            identity_faces=few,
            # The same for all: measured once.
            identity_pairs=few if name == SIX[0] and place == "own" else 0,
            # Table 2 and Fig. 9 look at all faces.
            pictures=None,
        )
        (column,) = subject.columns
        faces = self.faces(place, column)
        made = evaluate([(subject, faces)], self.judge, self.models, settings)
        evaluations.save(made, folder)
        return made

    def evaluated(self, names: Sequence[str], place: str = "own") -> Evaluation:
        """`evaluation` of several subjects as one; `"glasses"` on LFW is called `"glasses-lfw"`."""
        return evaluations.combined([self.evaluation(name, place) for name in names])
