"""Presets: settings that go together, which each family names for itself."""

from collections.abc import Mapping
from typing import Any

from faceattr.errors import UserError
from faceattr.models.registry import DEFAULT, families
from faceattr.runs.settings import TrainConfig


def preset_names() -> tuple[str, ...]:
    """Every preset of any family, each once."""
    return tuple(dict.fromkeys(name for each in families().values() for name in each.presets))


def preset_config(preset: str | None, settings: dict[str, Any]) -> TrainConfig:
    """A preset with some settings changed.

    Args:
        preset: its name; None for `quick` on synthetic faces and `paper` on real ones, where the
            model has them.
        settings: settings that differ from the preset, see `TrainConfig.of`; `attr` is needed. A
            preset that the default model does not have chooses the model that has it.

    Raises:
        UserError: if the preset is unknown or a setting out of range.
    """
    if preset is not None:
        return TrainConfig.of(**with_preset(preset, settings))
    preset = "quick" if settings.get("data", "synthetic") == "synthetic" else "paper"
    named = families().get(settings.get("model", DEFAULT))
    chosen = {} if named is None else named.presets.get(preset, {})
    return TrainConfig.of(**{**chosen, **settings})


def with_preset(preset: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings, and those of a preset where they say nothing; see `preset_config`.

    Raises:
        UserError: if the preset is unknown, or is for another model.
    """
    if preset not in preset_names():
        raise UserError(f"--preset {preset}: choose one of {', '.join(preset_names())}")
    having = [name for name, each in families().items() if preset in each.presets]
    model = settings.get("model", DEFAULT if DEFAULT in having else having[0])
    if model not in having:
        raise UserError(f"--preset {preset} is for --model {' or '.join(having)}, not {model}")
    return {**families()[model].presets[preset], **settings, "model": model}


def presets_help() -> str:
    """What the help of `--preset` says of each."""
    words = []
    for preset in preset_names():
        of = {
            name: each.presets[preset]
            for name, each in families().items()
            if preset in each.presets
        }
        first, *others = of
        said = _listed(of[first])
        for name in others:
            # Of a family without some of the options there is nothing to say.
            if not of[name].items() <= of[first].items():
                said += f"; with --model {name} {_listed(of[name])}"
        words.append(f"{preset} ({said})")
    return f"{' or '.join(words)}; default: quick on synthetic faces, paper on real ones"


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
