"""ReproductionSettings: every setting of the paper's experiments, checked when made."""

import dataclasses
import json
import pathlib
from typing import Any

from faceattr.errors import UserError
from faceattr.files import write_text

FILE_NAME = "reproduction.json"


@dataclasses.dataclass(frozen=True)
class ReproductionSettings:
    """Settings of all experiments. The defaults are the paper's, as `TrainConfig`'s are.

    Attributes:
        data: str, the source that everything is trained and measured on. Defaults to CelebA.
        data_dir: str or None, its folder; None for `"synthetic"`.
        other_data: str, the source that Fig. 5 takes the networks to. Defaults to LFW.
        other_dir: str or None, its folder; None to leave Fig. 5 out.
        image_size, width, batch_size, steps, precision, seed: of every training, see
            `TrainConfig`; the baseline and the ablations get the same.
        alpha, spectral_norm, ema_decay: likewise, of ours and the ablations; the baseline has
            none of them.
        held_out: float in (0, 1), share of the images to hold out, by person, where the source
            has no test images of its own.
        synthetic_faces: int, faces to draw of `"synthetic"`.
        judge_epochs: int >= 1, epochs of the attribute classifier.
        judge_size: int, side of the crops that it sees.
        faces: int >= 1, the most held-out faces of a class that an edit is measured on.
        identity_faces: int >= 1, the most that dlib's models are asked about, a third of a
            second each.
    """

    data: str = "celeba"
    data_dir: str | None = None
    other_data: str = "lfw"
    other_dir: str | None = None
    image_size: int = 128
    width: int = 64
    batch_size: int = 64
    steps: int = 20_000
    alpha: float | None = None
    spectral_norm: bool = False
    ema_decay: float = 0.0
    precision: str = "float32"
    seed: int = 0
    held_out: float = 0.15
    synthetic_faces: int = 2400
    judge_epochs: int = 10
    judge_size: int = 64
    faces: int = 200
    identity_faces: int = 100

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value < least:
                raise UserError(f"--{name} {value}: must be at least {least}")
        if self.data != "synthetic" and self.data_dir is None:
            raise UserError(
                f"--data {self.data} needs --data_dir, the folder it lies in (or take --quick, "
                "which draws its faces)"
            )


_LEAST = {
    "steps": 1,
    "width": 1,
    "batch_size": 1,
    "judge_epochs": 1,
    "faces": 10,
    "identity_faces": 1,
    "seed": 0,
}

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
