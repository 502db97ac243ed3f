"""Trainings that begin with networks of a finished one: fine-tuned, or given more attributes."""

import pathlib
from typing import Any

from faceattr.attributes import Attribute, attribute_names, joined_names
from faceattr.data import choice
from faceattr.errors import UserError
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.plan import folders_of, named_attribute

# What the networks of a training are made by.
_OF_NETWORKS = ("model", "image_size", "width")


def fine_tuned_configs(base: Run, settings: dict[str, Any]) -> dict[str, TrainConfig]:
    """The settings of a training that goes on with the weights of a finished one, by its folder.

    Args:
        base: the run whose networks it begins with, and whose settings it has.
        settings: those that shall be others than the base's.

    Raises:
        UserError: if the base is not finished, or a setting would make other networks.
    """
    _check(base, settings, grows=base.config.family.grows)
    saved, folders = base.config, folders_of(base.columns)
    wanted = settings.get("attr", base.columns)
    if [named_attribute(name).column for name in wanted] != list(base.columns):
        raise UserError(
            f"--attr {joined_names(wanted)}: the networks of {base.folder} are for "
            f"{joined_names(base.columns)}; leave it out"
            + (", or add attributes with --add_attr" if saved.family.extends else "")
        )
    # Those that other attributes were added to are not among the names that it was given.
    attr = joined_names(base.columns) if "added_to" in base.data else saved.attr
    folder = next(iter(folders)) if len(folders) == 1 else saved.model
    return {folder: TrainConfig.of(**{**saved.settings(), **settings, "attr": attr})}


def added_configs(base: Run, names: str, settings: dict[str, Any]) -> dict[str, TrainConfig]:
    """The settings of a training that adds attributes to a finished one, by its folder's name.

    Args:
        base: the run that is added to, whose settings it has.
        names: what `--add_attr` is.
        settings: those that shall be others than the base's.

    Raises:
        UserError: if nothing can be added to the base, an attribute is named twice or learned
            already, or a setting would make other networks.
    """
    saved = base.config
    if not saved.family.extends:
        raise UserError(
            f"--from {base.folder}: --model {saved.model} learns each attribute by itself, so "
            "nothing can be added to it; train the attribute with --attr"
        )
    if settings.get("attr") is not None:
        raise UserError("--attr: --add_attr says what is learned; leave it out")
    _check(base, settings)
    folders = folders_of(attribute_names(names, "--add_attr"), "--add_attr")
    learned = {column.lower() for column in base.columns}
    for name in folders.values():
        if named_attribute(name).column.lower() in learned:
            raise UserError(
                f"--add_attr {name}: {base.folder} has learned it already "
                f"({', '.join(base.columns)}); name another"
            )
    attr = joined_names(folders.values())
    return {next(iter(folders)): TrainConfig.of(**{**saved.settings(), **settings, "attr": attr})}


def _check(base: Run, settings: dict[str, Any], grows: bool = False) -> None:
    if base.state != "finished":
        raise UserError(
            f"--from {base.folder}: the training is not finished; first go on with python train.py "
            f"--run_dir {base.folder} --resume"
        )
    if settings.get("preset") is not None:
        raise UserError(
            "--preset: the settings are those of the run of --from; leave it out, and name what "
            "shall be otherwise"
        )
    for name in _OF_NETWORKS:
        wanted, there = settings.get(name), getattr(base.config, name)
        larger = 2 * there if grows and name == "image_size" else None
        if wanted not in (None, there, larger):
            others = f", name {larger}, to which they can grow" if larger else ""
            raise UserError(
                f"--{name} {wanted}: the networks of {base.folder} have {there}; leave it "
                f"out{others}, or train others with --attr"
            )


def fine_tunes(attributes: tuple[Attribute, ...], base: Run) -> bool:
    """Whether a training goes on with all networks of its base, and adds nothing to them.

    Args:
        attributes: that it learns.
        base: the run that it begins with.
    """
    return tuple(attribute.column for attribute in attributes) == base.columns


def told_of_base(attributes: tuple[Attribute, ...], base: Run) -> dict[str, Any]:
    """What `data.json` says of the run that a training begins with.

    Args:
        attributes: that the training learns.
        base: the run.
    """
    if not fine_tunes(attributes, base):
        return {"added_to": {"run": str(base.folder), "columns": list(base.columns)}}
    before = base.data
    own = {
        "run": str(base.folder),
        "training": base.config.settings(),
        "seconds": round(base.seconds_trained(base.config.steps)),
        **{name: before[name] for name in ("added_to",) if name in before},
    }
    return {"fine_tuned": [*before.get("fine_tuned", ()), own]}


def kept_split(config: TrainConfig, base: Run) -> pathlib.Path | None:
    """The folder of the base's split, where the faces are the same; else None.

    So that faces which the networks have learned from are not held out now.
    """

    def faces_of(settings: TrainConfig) -> tuple[Any, ...]:
        drawn = settings.seed if settings.data == "synthetic" else None
        return choice.of(settings), settings.split, settings.test_per_class, drawn

    return base.split_folder if faces_of(config) == faces_of(base.config) else None
