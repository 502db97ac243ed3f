"""What each setting of a training may be: types, choices, ranges, and which go together."""

import math
import types
import typing
from collections.abc import Callable
from typing import Any

from faceattr.data.sources import CROPS, SOURCES
from faceattr.data.splits import SPLITS
from faceattr.models.residual_gan.networks import IMAGE_SIZES

BEST_BY = {
    "residual_gan": (
        "generator_loss",
        "gan_loss",
        "dual_loss",
        "pixel_loss",
        "perceptual_loss",
        "discriminator_loss",
    ),
    "vae_gan": (
        "encoder_loss",
        "decoder_loss",
        "prior_loss",
        "feature_loss",
        "discriminator_loss",
        "reconstruction_error",
    ),
}

"""The terms of each model that a checkpoint may be judged by."""

MODELS = tuple(BEST_BY)
"""What can be trained: the paper's model, and the baseline that it compares with."""

OF_THE_RESIDUAL_GAN: dict[str, Any] = {
    "alpha": None,
    "residual": True,
    "dual": True,
    "ema_decay": 0.0,
    "spectral_norm": False,
    "r1": 0.0,
}
"""The settings that a VAE-GAN has no use for, and the values that leave them alone."""

CHOICES: dict[str, tuple[str, ...]] = {
    "data": SOURCES,
    "crop": tuple(CROPS),
    "on_bad_image": ("error", "skip"),
    "split": SPLITS,
    "cache": ("auto", "memory", "none"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
    "xla": ("auto", "on", "off"),
    "batchnorm": ("per_replica", "synchronized"),
    "learning_rate_decay": ("constant", "linear", "cosine"),
    "model": MODELS,
    "best_by": tuple(dict.fromkeys(term for terms in BEST_BY.values() for term in terms)),
}

_Range = tuple[Callable[[Any], bool], str]


def _at_least(bound: int) -> _Range:
    return lambda value: bound <= value < math.inf, f"must be a number of at least {bound}"


def _above(bound: int) -> _Range:
    return lambda value: bound < value < math.inf, f"must be a number above {bound}"


_RANGES: dict[str, _Range] = {
    "image_size": (
        lambda value: value in IMAGE_SIZES,
        f"choose a power of two from {IMAGE_SIZES[0]} to {IMAGE_SIZES[-1]}",
    ),
    "min_confidence": _at_least(0),
    "jitter": (lambda value: 0 <= value <= 1, "must be from 0 to 1"),
    "width": _at_least(1),
    "batch_size": _at_least(1),
    "steps": _at_least(1),
    "test_per_class": _at_least(1),
    "alpha": _at_least(0),
    "learning_rate": _above(0),
    "clip_norm": _above(0),
    "ema_decay": (lambda value: 0 <= value < 1, "must be from 0 to below 1"),
    "r1": _at_least(0),
    "seed": _at_least(0),
    "synthetic_faces": _at_least(4),
    "checkpoint_every": _at_least(1),
    "checkpoint_minutes": _at_least(0),
    "keep_checkpoints": _at_least(1),
    "sample_every": _at_least(1),
}

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

_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "must be true or false"),
    int: ((int,), "must be a whole number"),
    float: ((int, float), "must be a number"),
    str: ((str,), "must be text"),
}


def value_problem(name: str, annotation: Any, value: Any) -> str | None:
    """What is wrong with the value of one setting, looked at by itself.

    Args:
        name: str, a field of `TrainConfig`.
        annotation: the type that the field is declared with: bool, int, float, str, or one of
            these or None.
        value: anything, such as what a JSON file held.

    Returns:
        the end of a message, such as `"must be a number of at least 1"`; None if nothing is.
    """
    optional = isinstance(annotation, types.UnionType)
    kind = typing.get_args(annotation)[0] if optional else annotation
    accepted, wanted = _KINDS[kind]
    if value is None and optional:
        return None
    # To Python true is a number as well, 1.
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        return f"{wanted} or null" if optional else wanted
    if name in CHOICES and value not in CHOICES[name]:
        return f"choose one of {', '.join(CHOICES[name])}"
    if name in _RANGES:
        holds, text = _RANGES[name]
        if not holds(value):
            return text
    return None


def data_problem(settings: dict[str, Any]) -> str | None:
    """What is wrong with the settings of the data, taken together.

    Args:
        settings: every field of `TrainConfig`, each good by itself.

    Returns:
        a message that names the flags; None if nothing is.
    """
    data, confidence = settings["data"], settings["min_confidence"]
    if data == "synthetic" and settings["data_dir"] is not None:
        return "--data_dir names a folder of real faces: name their --data as well"
    for name, sources in _SOURCES_OF.items():
        if settings[name] is not None and data not in sources:
            return (
                f"--{name} is for --data {' or '.join(sources)}, not for --data {data}; "
                "leave it out"
            )
    if data == "csv" and settings["labels"] is None:
        return "--data csv needs --labels, the CSV file with the labels"
    if data not in ("synthetic", "csv") and settings["data_dir"] is None:
        return f"--data {data} needs --data_dir, the folder it lies in"
    if data == "csv" and confidence is not None and not 0.5 <= confidence < 1:
        return (
            f"--min_confidence {confidence}: choose from 0.5 to below 1, the probability from "
            "which a label is sure"
        )
    return None


def model_problem(settings: dict[str, Any]) -> str | None:
    """What is wrong with the settings of the model, taken together.

    Args:
        settings: every field of `TrainConfig`, each good by itself.

    Returns:
        a message that names the flags; None if nothing is.
    """
    model, best_by = settings["model"], settings["best_by"]
    if best_by is not None and best_by not in BEST_BY[model]:
        return (
            f"--best_by {best_by}: --model {model} has no such term; choose one of "
            f"{', '.join(BEST_BY[model])}"
        )
    if model != "vae_gan":
        return None
    for name, unused in OF_THE_RESIDUAL_GAN.items():
        if settings[name] != unused:
            flag = f"--no-{name}" if unused is True else f"--{name}"
            return f"{flag} is for --model residual_gan, not for --model vae_gan; leave it out"
    if settings["precision"] == "mixed_float16":
        return (
            "--precision mixed_float16 is for --model residual_gan: the losses of a VAE-GAN are "
            "not scaled; choose float32 or mixed_bfloat16"
        )
    return None
