"""From flags and a settings file to the settings of each training, new or resumed."""

import dataclasses
import json
import pathlib
from collections.abc import Iterable
from typing import Any

from faceattr.attributes import (
    ALL,
    PAPER_ATTRIBUTES,
    Attribute,
    attribute_names,
    find_attribute,
    joined_names,
)
from faceattr.errors import UserError
from faceattr.files import write_text
from faceattr.runs.presets import preset_config, preset_names, with_preset
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig, all_options
from faceattr.runs.settings_file import check_settings, read_object

_LIST = "several.json"


def read_settings_file(path: pathlib.Path) -> dict[str, Any]:
    """Reads the file of `--config`; the `config.json` of a run is one.

    Args:
        path: a JSON object of any fields of `TrainConfig`, and `preset`. Here `attr` is one name,
            whatever is in it, `"all"` for the paper's six, or a list of names.

    Returns:
        what the file sets; `attr`, if it is set, is a list of names.

    Raises:
        UserError: naming the file, the key and what is wrong with it.
    """
    settings = read_object(path)
    names = settings.pop("attr", [])
    named = "preset" in settings
    preset = settings.pop("preset", None)
    check_settings(path, settings, all_options())
    if named:
        if not isinstance(preset, str):
            raise UserError(f"{path}: preset {json.dumps(preset)}: must be text")
        if preset not in preset_names():
            raise UserError(f'{path}: preset "{preset}": choose one of {", ".join(preset_names())}')
        settings["preset"] = preset
    if isinstance(names, str):
        names = attribute_names(ALL) if names == ALL else [names]
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise UserError(f'{path}: attr must be a name, "{ALL}", or a list of names')
    return {**settings, "attr": names} if names else settings


def merged_settings(flags: dict[str, Any], file: pathlib.Path | None) -> dict[str, Any]:
    """The settings of a file, where there is one, with those of the flags in their place.

    Args:
        flags: the flags that were given: fields of `TrainConfig`, `attr` as it was typed, and
            `preset`.
        file: see `read_settings_file`.

    Returns:
        the settings; `attr`, if it is set, is a list of names.
    """
    settings = {} if file is None else read_settings_file(file)
    if "attr" in flags:
        flags = {**flags, "attr": attribute_names(flags["attr"])}
    return {**settings, **flags}


def new_configs(
    settings: dict[str, Any], file: pathlib.Path | None = None
) -> dict[str, TrainConfig]:
    """The settings of each new training, by the folder name of its run.

    There is one training for each attribute, or one for all where the family learns several.

    Args:
        settings: see `merged_settings`.
        file: the settings file that some of them are from, for messages.

    Raises:
        UserError: if no attribute is named, one is named twice, or a setting is out of range.
    """
    shared = {name: value for name, value in settings.items() if name not in ("attr", "preset")}
    if not settings.get("attr"):
        raise UserError("--attr is needed: which attribute to train, such as --attr young")
    folders = folders_of(settings["attr"])
    try:
        together = preset_config(
            settings.get("preset"), {**shared, "attr": joined_names(folders.values())}
        )
        if together.family.several:
            return {next(iter(folders)) if len(folders) == 1 else together.model: together}
        return {
            folder: dataclasses.replace(together, attr=name) for folder, name in folders.items()
        }
    except UserError as error:
        # The flag that it names may be a line of the file.
        if not file:
            raise
        text = f"{error.for_command_line} (with the settings of {file})"
        raise UserError(text) from None


def folders_of(names: Iterable[str], flag: str = "--attr") -> dict[str, str]:
    """Names of folders that any file system takes, and the attribute that each is for.

    Raises:
        UserError: naming the flag, if an attribute is named twice.
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in names:
        attribute = named_attribute(name)
        column = attribute.column.lower()
        if column in seen:
            raise UserError(f"{flag}: {seen[column]} and {name} are the same attribute; keep one")
        seen[column] = name
        # No letter of a column need be one that find_attribute keeps.
        free = wanted = attribute.name or "attribute"
        while free in folders:
            free = f"{wanted}_{len(folders) + 1}"
        folders[free] = name
    return folders


def named_attribute(name: str) -> Attribute:
    """What a name stands for in a table that has the column, whatever it has besides."""
    columns = [attribute.column for attribute in PAPER_ATTRIBUTES]
    return find_attribute(name, [*columns, name.strip()])


def is_several(folder: pathlib.Path) -> bool:
    """Whether a folder holds the runs of several attributes."""
    return (folder / _LIST).is_file()


def write_several(folder: pathlib.Path, configs: dict[str, TrainConfig]) -> None:
    """Writes `several.json`: the attribute of each sub-folder, and the settings of all."""
    settings = json.loads(next(iter(configs.values())).to_json())
    del settings["attr"]
    attributes = {name: config.attr for name, config in configs.items()}
    text = json.dumps({"attributes": attributes, "settings": settings}, indent=2)
    write_text(folder / _LIST, text + "\n")


def read_several(folder: pathlib.Path) -> dict[str, TrainConfig]:
    """Reads what `write_several` wrote: the settings of each run, by its sub-folder.

    Raises:
        UserError: if it is not that.
    """
    path = folder / _LIST
    held = read_object(path)
    attributes, settings = held.get("attributes"), held.get("settings")
    if not (isinstance(attributes, dict) and attributes and isinstance(settings, dict)):
        raise UserError(f"{path}: must hold attributes and settings; start a new training")
    options = all_options()
    configs = {}
    for name, attr in attributes.items():
        check_settings(path, {"attr": attr, **settings}, options)
        if pathlib.PurePath(name).name != name:
            raise UserError(f"{path}: {name!r} is no folder in {folder}")
        configs[name] = TrainConfig.of(**{**settings, "attr": attr})
    return configs


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
    kept = saved.settings()
    differing = [
        f"--{name} is {kept.get(name)} in the run, not {value}"
        for name, value in settings.items()
        if name not in _RESUMABLE and kept.get(name) != value
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


def resumed_configs(folder: pathlib.Path, settings: dict[str, Any]) -> dict[str, TrainConfig]:
    """The settings of each training that goes on, by the folder name of its run.

    Args:
        folder: of one run, or of the runs of several attributes.
        settings: what the user asks for now, see `merged_settings` and `resumed_config`.

    Raises:
        UserError: if there is no run, or if it has other settings.
    """
    if (preset := settings.get("preset")) is not None:
        settings = with_preset(preset, settings)
    saved = read_several(folder) if is_several(folder) else {folder.name: Run.open(folder).config}
    attributes = [name for config in saved.values() for name in config.attribute_names]
    if settings.get("attr", attributes) != attributes:
        raise UserError(
            f"--attr {','.join(settings['attr'])}: {folder} trains {','.join(attributes)}; leave "
            "it out, or name another --run_dir"
        )
    shared = {name: value for name, value in settings.items() if name not in ("attr", "preset")}
    return {name: resumed_config(config, shared) for name, config in saved.items()}
