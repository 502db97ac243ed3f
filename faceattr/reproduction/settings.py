"""ReproductionSettings: every setting of the paper's experiments, checked when made."""

import dataclasses
import json
import pathlib
from typing import Any

from faceattr.errors import UserError
from faceattr.evaluation.settings import ClassifierSettings, EvaluationSettings
from faceattr.files import write_text
from faceattr.models.family import IMAGE_SIZES
from faceattr.options import check, option

FILE_NAME = "reproduction.json"

_DATA, _SIZE, _MEASURING = "data", "every training, as in train.py", "measuring"


@dataclasses.dataclass(frozen=True)
class ReproductionSettings:
    """Settings of all experiments. The defaults are the paper's, as `TrainConfig`'s are.

    Attributes:
        data: the source that everything is trained and measured on.
        data_dir: its folder; None for `"synthetic"`.
        other_data: the source that Fig. 5 takes the networks to.
        other_dir: its folder; None to leave Fig. 5 out.
        held_out: share of the images to hold out, by person, where the source has no test images
            of its own.
        synthetic_faces: faces to draw of `"synthetic"`.
        image_size, width, batch_size, steps, precision, seed: of every training, see
            `TrainConfig`; the baseline and the ablations get the same.
        alpha, spectral_norm, ema_decay: likewise, of ours and the ablations; the baseline has
            none of them.
        judge_epochs, judge_size: of the attribute classifier, see `ClassifierSettings`.
        faces: the most held-out faces of a class that an edit is measured on.
        identity_faces: the most that dlib's models are asked about.

    Raises:
        UserError: for a setting that cannot be.
    """

    data: str = option(
        "celeba",
        "what everything is trained and measured on: celeba, synthetic or packed",
        choices=("celeba", "synthetic", "packed"),
        group=_DATA,
        metavar="SOURCE",
    )
    data_dir: str | None = option(None, "the folder it lies in", group=_DATA, metavar="FOLDER")
    other_data: str = option(
        "lfw",
        "where fig5 takes the networks to: lfw, celeba, synthetic or packed",
        choices=("lfw", "celeba", "synthetic", "packed"),
        group=_DATA,
        metavar="SOURCE",
    )
    other_dir: str | None = option(None, "its folder; fig5 needs it", group=_DATA, metavar="FOLDER")
    held_out: float = option(0.15, "share to hold out, by person", above=0, below=1, group=_DATA)
    synthetic_faces: int = option(2400, "how many are drawn", at_least=4, group=_DATA)
    image_size: int = option(
        128,
        "side of the face crops: 32, 64, 128 or 256",
        one_of=(IMAGE_SIZES, f"choose one of {', '.join(map(str, IMAGE_SIZES))}"),
        group=_SIZE,
    )
    width: int = option(64, "channels of the first layers", at_least=1, group=_SIZE)
    batch_size: int = option(64, "pairs per step", at_least=1, group=_SIZE)
    steps: int = option(20_000, "updates of the networks", at_least=1, group=_SIZE)
    alpha: float | None = option(
        None, "weight of the pixel term (default: the paper's)", at_least=0, group=_SIZE
    )
    spectral_norm: bool = option(
        False,
        "hold the discriminator's layers to a spectral norm of 1; with few faces it wins else",
        group=_SIZE,
    )
    ema_decay: float = option(
        0.0, "edit with averaged weights; 0: not", at_least=0, below=1, group=_SIZE
    )
    precision: str = option(
        "float32",
        "of the networks: float32 or mixed_bfloat16",
        choices=("float32", "mixed_bfloat16"),
        group=_SIZE,
    )
    seed: int = option(0, "of every draw", at_least=0, group=_SIZE)
    judge_epochs: int = option(
        ClassifierSettings.epochs, "of the attribute classifier", at_least=1, group=_MEASURING
    )
    judge_size: int = option(
        ClassifierSettings.image_size,
        "side of the crops that it sees",
        at_least=16,
        group=_MEASURING,
    )
    faces: int = option(200, "most faces of a class for each edit", at_least=10, group=_MEASURING)
    identity_faces: int = option(
        EvaluationSettings.identity_faces,
        "most faces for dlib's models",
        at_least=1,
        group=_MEASURING,
    )

    def __post_init__(self) -> None:
        check(self)
        if self.data != "synthetic" and self.data_dir is None:
            raise UserError(
                f"--data {self.data} needs --data_dir, the folder it lies in (or take --quick, "
                "which draws its faces)"
            )


# Minutes on two CPU cores: shows that all of it runs, and nothing about the paper.
QUICK: dict[str, Any] = {
    "data": "synthetic",
    "other_data": "synthetic",
    "image_size": 32,
    "width": 8,
    "batch_size": 8,
    "steps": 30,
    "alpha": 5e-4,
    "synthetic_faces": 360,
    "judge_epochs": 2,
    "judge_size": 32,
    "faces": 24,
    "identity_faces": 6,
}


def keep_settings(settings: ReproductionSettings, folder: pathlib.Path) -> None:
    """Writes the settings into a new folder, or checks that they are those of the folder.

    Raises:
        UserError: if the folder has results of other settings; names those that differ.
    """
    path = folder / FILE_NAME
    wanted = dataclasses.asdict(settings)
    if path.is_file():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UserError(f"{path}: damaged; name another --out") from None
        differing = [
            f"--{name} is {kept.get(name)} there, not {value}"
            for name, value in wanted.items()
            if kept.get(name) != value
        ]
        if differing:
            raise UserError(
                f"{folder} holds experiments with other settings: {'; '.join(differing)}; name "
                "another --out, or use the same settings"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(wanted, indent=2) + "\n")
