"""TrainConfig: every setting of one training, and the presets."""

import dataclasses
import inspect
import json
import pathlib
from typing import Any

from faceattr.errors import UserError
from faceattr.runs.setting_rules import (
    OF_THE_RESIDUAL_GAN,
    data_problem,
    model_problem,
    value_problem,
)
from faceattr.runs.settings_file import check_settings, read_object


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Settings of one training, checked when made. The defaults are the paper's.

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
        model: str. `"residual_gan"`, the paper's and the default, or `"vae_gan"`, the baseline that
            it compares with, which learns from every training image and has no use for `alpha`,
            `residual`, `dual`, `ema_decay`, `spectral_norm` and `r1`.
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
        learning_rate: float > 0, of Adam, for all three networks. Defaults to 2e-4 (section 5).
        learning_rate_decay: str. `"constant"`, the paper's and the default, or `"linear"` or
            `"cosine"`, which let the rate fall to zero over `steps`.
        clip_norm: float > 0 or None. The L2 norm that each weight's gradient is clipped to; None,
            the default, clips nothing.
        ema_decay: float in [0, 1), decay of the exponential averages of G0's and G1's weights
            that edits are made with; 0.999 is usual. Defaults to 0, no averages.
        spectral_norm: bool. Whether D's convolutions are held to a spectral norm of 1 (Miyato et
            al., 2018). Defaults to False.
        r1: float >= 0, gamma of the R1 penalty on real images (Mescheder et al., 2018). Defaults
            to 0, none.
        precision: str. `"float32"`, the default, or `"mixed_bfloat16"` or `"mixed_float16"`,
            which compute the networks in half precision; weights, outputs and losses stay
            float32. `"mixed_float16"` scales the losses.
        xla: str. Whether the step is compiled by XLA: `"auto"`, the default, does so on GPUs and
            not on CPUs, where it makes the step slower; `"on"` or `"off"`.
        batchnorm: str. `"per_replica"`, the default, normalises each device's share of a batch
            by itself; `"synchronized"` takes the statistics over the whole batch.
        seed: int >= 0, of the split, the data order and the initial weights. Defaults to 0.
        deterministic: bool. Whether TensorFlow must use operations that give the same bits each
            time, so that a run that was killed and resumed ends as an uninterrupted one.
        synthetic_faces: int >= 4, how many faces `data="synthetic"` draws. Defaults to 2,400.
        checkpoint_every: int >= 1, steps between checkpoints. Defaults to 100.
        checkpoint_minutes: float >= 0, minutes after which a checkpoint is due whatever the step.
            Defaults to 10; 0 for steps alone.
        keep_checkpoints: int >= 1, how many of the newest checkpoints are kept. Defaults to 2.
        best_by: str or None. A term of the objective, such as `"generator_loss"`: the checkpoint
            with its lowest mean is kept as `checkpoints/best.keras`. Defaults to None, none.
        sample_every: int >= 1, steps between sample grids. Defaults to 100.

    Raises:
        UserError: if a setting is of another type or out of its range.
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
    model: str = "residual_gan"
    image_size: int = 128
    width: int = 64
    batch_size: int = 64
    steps: int = 20_000
    test_per_class: int | None = None
    alpha: float | None = None
    residual: bool = True
    dual: bool = True
    learning_rate: float = 2e-4
    learning_rate_decay: str = "constant"
    clip_norm: float | None = None
    ema_decay: float = 0.0
    spectral_norm: bool = False
    r1: float = 0.0
    precision: str = "float32"
    xla: str = "auto"
    batchnorm: str = "per_replica"
    seed: int = 0
    deterministic: bool = False
    synthetic_faces: int = 2400
    checkpoint_every: int = 100
    checkpoint_minutes: float = 10.0
    keep_checkpoints: int = 2
    best_by: str | None = None
    sample_every: int = 100

    def __post_init__(self) -> None:
        for name, annotation in inspect.get_annotations(TrainConfig).items():
            value = getattr(self, name)
            if problem := value_problem(name, annotation, value):
                raise UserError(f"--{name} {value}: {problem}")
        settings = dataclasses.asdict(self)
        if problem := data_problem(settings) or model_problem(settings):
            raise UserError(problem)

    def to_json(self) -> str:
        """As indented JSON, for `config.json`."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, path: pathlib.Path) -> "TrainConfig":
        """Reads `config.json`; settings that it does not have are the paper's.

        Raises:
            UserError: if the file is missing or does not hold the settings of a training.
        """
        if not path.is_file():
            raise UserError(f"{path}: no such file; is {path.parent} the folder of a run?")
        settings = read_object(path)
        check_settings(path, settings, inspect.get_annotations(cls))
        if "attr" not in settings:
            raise UserError(f"{path}: not the settings of a run (no attr)")
        return cls(**settings)


PRESETS: dict[str, dict[str, Any]] = {
    # Table 1 and section 5 at 128x128; batch and length are not given in the paper. On two CPU
    # cores about 3 pairs per second: a GPU is wanted.
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
    preset_settings = PRESETS[preset]
    if settings.get("model") == "vae_gan":
        preset_settings = {
            name: value
            for name, value in preset_settings.items()
            if name not in OF_THE_RESIDUAL_GAN
        }
    return TrainConfig(**{**preset_settings, **settings})


# What may change when a run goes on: the length, how often it writes, how fast it computes.
_RESUMABLE = {
    "steps",
    "checkpoint_every",
    "checkpoint_minutes",
    "keep_checkpoints",
    "best_by",
    "sample_every",
    "xla",
}


def resumed_config(saved: TrainConfig, settings: dict[str, Any]) -> TrainConfig:
    """The settings of a run that goes on.

    Args:
        saved: of the run.
        settings: what the user asks for now; may only repeat the run's settings, or change the
            length and how often it writes. A learning rate that decays fixes the length as well.

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
    steps = settings.get("steps", saved.steps)
    if saved.learning_rate_decay != "constant" and steps != saved.steps:
        raise UserError(
            f"--steps {steps}: the learning rate of this run falls to zero over its {saved.steps} "
            f"steps (--learning_rate_decay {saved.learning_rate_decay}); leave --steps out, or "
            "start a new run"
        )
    return dataclasses.replace(
        saved, **{name: value for name, value in settings.items() if name in _RESUMABLE}
    )
