"""Attributes that are added to a finished training, in a run of their own."""

import pathlib
from typing import Any

from faceattr.attributes import attribute_names, joined_names
from faceattr.data import choice
from faceattr.errors import UserError
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.plan import folders_of, named_attribute

# What the networks of a training are made by.
_OF_NETWORKS = ("model", "image_size", "width")


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
    saved, where = base.config, f"--from {base.folder}"
    if not saved.family.extends:
        raise UserError(
            f"{where}: --model {saved.model} learns each attribute by itself, so nothing can be "
            "added to it; train the attribute with --attr"
        )
    if base.state != "finished":
        raise UserError(
            f"{where}: the training is not finished; first go on with python train.py --run_dir "
            f"{base.folder} --resume"
        )
    for name in ("attr", "preset"):
        if settings.get(name) is not None:
            raise UserError(
                f"--{name}: --add_attr says what is learned, and the run of --from how; leave it "
                "out"
            )
    for name in _OF_NETWORKS:
        wanted, there = settings.get(name), getattr(saved, name)
        if wanted not in (None, there):
            raise UserError(
                f"--{name} {wanted}: the networks of {base.folder} have {there}; leave it out, or "
                "train others with --attr"
            )
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


def kept_split(config: TrainConfig, base: Run) -> pathlib.Path | None:
    """The folder of the base's split, where the faces are the same; else None.

    So that faces which the shared networks have learned from are not held out now.
    """

    def faces_of(settings: TrainConfig) -> tuple[Any, ...]:
        drawn = settings.seed if settings.data == "synthetic" else None
        return choice.of(settings), settings.split, settings.test_per_class, drawn

    return base.split_folder if faces_of(config) == faces_of(base.config) else None
