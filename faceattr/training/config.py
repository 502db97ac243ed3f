"""TrainConfig: every setting of one training, and the presets."""

import dataclasses
import json
import math
import pathlib
from typing import Any

from faceattr.data.sources import CROPS, SOURCES
from faceattr.data.splits import SPLITS
from faceattr.errors import UserError
from faceattr.networks import IMAGE_SIZES

ON_BAD_IMAGE = ("error", "skip")
CACHES = ("auto", "memory", "none")

# The settings that only some sources understand.
_FILES = tuple(source for source in SOURCES if source != "synthetic")
_SOURCES_OF = {
    "data_dir": _FILES,
    "labels": ("csv",),
    "image_column": ("csv",),
    "crop": tuple(source for source in _FILES if source != "packed"),
    "label_overrides": _FILES,
    "min_confidence": ("lfw", "csv"),
}


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Settings of one training, checked when made.

    Attributes:
        attr: str. One of the paper's six names or a column of the data.
        data: str. `"synthetic"`, `"celeba"`, `"lfw"`, `"tfds"`, `"csv"`, `"folders"` or
            `"packed"`. Defaults to `"synthetic"`.
        data_dir: str or None. The data set's folder; None for synthetic faces, and for `"csv"`
            where image paths start from the CSV file's folder.
        labels: str or None. The CSV file of `data="csv"`.
        image_column: str or None. Its column of image paths; None to find it by its name.
        crop: str or None. Where the face is in an image: `"none"` for the largest centred square,
            `"celeba"` or `"lfw"` for the frame of their aligned images; None for the source's
            own, the centred square for `"csv"` and `"folders"`.
        label_overrides: str or None. A CSV file of corrected labels.
        min_confidence: float or None. How sure a label must be to be used, for data that say how
            sure they are: a probability in [0.5, 1), or an absolute value >= 0 for Columbia's
            attributes of LFW. None to use every label.
        on_bad_image: str. What to do about images that cannot be read: `"error"` stops before
            training, `"skip"` leaves them out. Defaults to `"error"`.
        split: str. `"random"` (the paper's), `"official"` (the data set's own) or `"person"` (no
            person in both training and test). Defaults to `"random"`.
        cache: str. `"memory"` decodes every crop of the split once, before training; `"none"` at
            each step anew; `"auto"`, the default, decodes once where the crops take less than
            1 GiB.
        jitter: float in [0, 1], strength of random changes of light and framing in training.
            Defaults to 0, none, as in the paper.
        image_size: int, side of the face crops: 32, 64, 128 or 256. Defaults to 128.
        width: int >= 1, channels of the first layer of each network. Defaults to 64.
        batch_size: int >= 1, pairs per step. Defaults to 64.
        steps: int >= 1, updates of the three networks. Defaults to 20,000.
        test_per_class: int or None, held-out images per class; None for the paper's 1,000, or a
            fifth of the smaller class where the data are few; for `split="official"`, for 1,000
            or all of the smaller class.
        alpha: float >= 0 or None, weight of the pixel term (Eq. 8); None for the paper's, by the
            attribute's scope. The perceptual term weighs a tenth of it.
        residual: bool. False for the ablation without residual images (section 6.2).
        dual: bool. False for the ablation without dual learning (section 6.2).
        seed: int >= 0, of the split, the data order and the initial weights. Defaults to 0.
        deterministic: bool. Whether TensorFlow must use operations that give the same bits each
            time, so that a run that was killed and resumed ends as an uninterrupted one.
        synthetic_faces: int >= 4, how many faces `data="synthetic"` draws. Defaults to 2,400.
        checkpoint_every: int >= 1, steps between checkpoints. Defaults to 100.
        sample_every: int >= 1, steps between sample grids. Defaults to 100.

    Raises:
        UserError: if a setting is out of its range.
    """

    attr: str
    data: str = "synthetic"
    data_dir: str | None = None
    labels: str | None = None
    image_column: str | None = None
    crop: str | None = None
    label_overrides: str | None = None
    min_confidence: float | None = None
    on_bad_image: str = "error"
    split: str = "random"
    cache: str = "auto"
    jitter: float = 0.0
    image_size: int = 128
    width: int = 64
    batch_size: int = 64
    steps: int = 20_000
    test_per_class: int | None = None
    alpha: float | None = None
    residual: bool = True
    dual: bool = True
    seed: int = 0
    deterministic: bool = False
    synthetic_faces: int = 2400
    checkpoint_every: int = 100
    sample_every: int = 100

    def __post_init__(self) -> None:
        self._check_data()
        if self.image_size not in IMAGE_SIZES:
            raise UserError(
                f"--image_size {self.image_size}: choose a power of two from "
                f"{IMAGE_SIZES[0]} to {IMAGE_SIZES[-1]}"
            )
        least = {
            "width": 1,
            "batch_size": 1,
            "steps": 1,
            "test_per_class": 1,
            "min_confidence": 0,
            "alpha": 0,
            "jitter": 0,
            "seed": 0,
            "synthetic_faces": 4,
            "checkpoint_every": 1,
            "sample_every": 1,
        }
        for name, bound in least.items():
            value = getattr(self, name)
            if value is not None and not bound <= value < math.inf:
                raise UserError(f"--{name} {value}: must be a number of at least {bound}")
        if self.jitter > 1:
            raise UserError(f"--jitter {self.jitter}: must be from 0 to 1")

    def _check_data(self) -> None:
        for name, choices in (
            ("data", SOURCES),
            ("crop", tuple(CROPS)),
            ("on_bad_image", ON_BAD_IMAGE),
            ("split", SPLITS),
            ("cache", CACHES),
        ):
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise UserError(f"--{name} {value}: choose one of {', '.join(choices)}")
        if self.data == "synthetic" and self.data_dir is not None:
            raise UserError("--data_dir names a folder of real faces: name their --data as well")
        for name, sources in _SOURCES_OF.items():
            if getattr(self, name) is not None and self.data not in sources:
                raise UserError(
                    f"--{name} is for --data {' or '.join(sources)}, not for --data {self.data}; "
                    "leave it out"
                )
        if self.data == "csv" and self.labels is None:
            raise UserError("--data csv needs --labels, the CSV file with the labels")
        if self.data not in ("synthetic", "csv") and self.data_dir is None:
            raise UserError(f"--data {self.data} needs --data_dir, the folder it lies in")
        confidence = self.min_confidence
        if self.data == "csv" and confidence is not None and not 0.5 <= confidence < 1:
            raise UserError(
                f"--min_confidence {confidence}: choose from 0.5 to below 1, the probability "
                "from which a label is sure"
            )

    def to_json(self) -> str:
        """As indented JSON, for `config.json`."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, path: pathlib.Path) -> "TrainConfig":
        """Reads `config.json`.

        Raises:
            UserError: if the file is missing or does not hold the settings of a training.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise UserError(
                f"{path}: no such file; is {path.parent} the folder of a run?"
            ) from None
        except (ValueError, TypeError) as error:
            raise UserError(f"{path}: not the settings of a run ({error})") from None


PRESETS: dict[str, dict[str, Any]] = {
    # Table 1 and section 5 at 128x128; batch and length are not given in the paper. On two CPU
    # cores about 2.3 pairs per second: a GPU is wanted.
    "paper": {"image_size": 128, "width": 64, "batch_size": 64, "steps": 20_000},
    # Half the size and half the width: minutes on two CPU cores. So few steps do not clear the
    # noise that the networks start with unless every attribute, global ones too, is held to small
    # changes as the paper holds local ones.
    "quick": {"image_size": 64, "width": 32, "batch_size": 16, "steps": 600, "alpha": 5e-4},
}


def preset_config(preset: str | None, settings: dict[str, Any]) -> TrainConfig:
    """A preset with some settings changed.

    Args:
        preset: `"paper"`, `"quick"`, or None for `quick` on synthetic faces and `paper` on real
            ones.
        settings: fields of `TrainConfig` that differ from the preset; `attr` is needed.

    Raises:
        UserError: if the preset is unknown or a setting out of range.
    """
    if preset is None:
        preset = "quick" if settings.get("data", "synthetic") == "synthetic" else "paper"
    if preset not in PRESETS:
        raise UserError(f"--preset {preset}: choose one of {', '.join(PRESETS)}")
    return TrainConfig(**{**PRESETS[preset], **settings})


# What may change when a run goes on: the length, and how often it writes.
_RESUMABLE = {"steps", "checkpoint_every", "sample_every"}


def resumed_config(saved: TrainConfig, settings: dict[str, Any]) -> TrainConfig:
    """The settings of a run that goes on.

    Args:
        saved: of the run.
        settings: what the user asks for now; may only repeat the run's settings, or change the
            length and how often it writes.

    Raises:
        UserError: naming the settings that differ.
    """
    differing = [
        f"--{name} is {getattr(saved, name)} in the run, not {value}"
        for name, value in settings.items()
        if name not in _RESUMABLE and getattr(saved, name) != value
    ]
    if differing:
        raise UserError(
            f"cannot resume with other settings: {'; '.join(differing)}; leave these flags out, "
            "or start a new run"
        )
    return dataclasses.replace(
        saved, **{name: value for name, value in settings.items() if name in _RESUMABLE}
    )
