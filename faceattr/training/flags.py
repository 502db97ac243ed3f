"""The flags of `train.py`: every setting of a training, and how to run it."""

import argparse
import dataclasses
import itertools

from faceattr.data.choice import CARE, FACES
from faceattr.models.registry import DEFAULT, families
from faceattr.options import Option, add_flags, flags_table
from faceattr.runs.presets import presets_help
from faceattr.runs.settings import all_options

# In the order of the help.
_GROUPS = (
    FACES,
    "training and test",
    CARE,
    "networks and objective",
    "optimisation",
    "regularisers, off in the paper",
    "precision and devices",
    "the run",
)
_ABOUT = {
    "regularisers, off in the paper": "Both restrain a discriminator that wins too easily, as it "
    "does on few images.",
}

_PAGE = (
    "Flags of `train.py`, keys of a settings file and of `config.json`, and arguments of "
    "`TrainConfig.of`. A name in square brackets is the model that has the setting; the others are "
    "of all. Made by `make docs` from the declarations."
)

OF_THE_COMMAND = (
    *("config", "run_dir", "resume", "dry_run", "add_attr", "base"),
    *("devices", "logical_devices"),
)
"""The flags that are no settings."""


def _settings() -> list[Option]:
    """Every setting in the order of the help: by group, the attributes first."""
    options = all_options()
    preset = dataclasses.replace(
        options["image_size"], name="preset", kind=str, help=presets_help(), metavar="NAME"
    )
    every = [options.pop("attr"), *options.values(), preset]
    groups = list(dict.fromkeys([*_GROUPS, *(each.group for each in every)]))
    return sorted(every, key=lambda each: groups.index(each.group))


def other_models() -> str:
    """Examples for the help: a line and what comes of it for each model but the default one."""
    return "".join(
        f"  python train.py --attr glasses --model {name}\n      {family.summary}\n"
        for name, family in families().items()
        if name != DEFAULT
    )


def settings_page() -> str:
    """docs/settings.md: every setting of a training, as its declaration has it."""
    parts = ["# Settings of a training", _PAGE]
    for group, settings in itertools.groupby(_settings(), key=lambda each: each.group):
        parts += [f"## {group[0].upper()}{group[1:]}", *filter(None, [_ABOUT.get(group)])]
        parts.append(flags_table(settings).strip())
    return "\n\n".join(parts) + "\n"


def _extended() -> str:
    return " or ".join(name for name, family in families().items() if family.extends)


def add_training_flags(parser: argparse.ArgumentParser) -> None:
    """Adds every flag, in groups; this needs neither Keras nor TensorFlow.

    A setting has no default here: a flag that is not given leaves the settings file, the preset
    or the run as it is.
    """
    add_flags(parser, _settings(), _ABOUT)
    of = {group.title: group for group in parser._action_groups}
    devices, run = of["precision and devices"], of["the run"]
    devices.add_argument(
        "--devices",
        metavar="WHICH",
        help="cpu, or the numbers of GPUs such as 0 or 0,1 (default: all GPUs, or else the CPU)",
    )
    devices.add_argument(
        "--logical_devices",
        metavar="N",
        type=int,
        default=1,
        help="splits the CPU in N, 1 or more (1), to try a training on several devices without "
        "having them; no faster",
    )
    run.add_argument(
        "--config",
        metavar="FILE",
        help="settings from a JSON object: the names of the flags without --, true and false, and "
        'preset; attr may be a list. Such as {"attr": ["glasses", "smile"], "steps": 5000}, or '
        "the config.json of a run",
    )
    run.add_argument(
        "--run_dir",
        metavar="FOLDER",
        help="where the run is kept, new or empty (default: runs/<attr>-<time>); with several "
        "attributes each in a folder of its own in it",
    )
    run.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest checkpoint in --run_dir; --steps may make the run longer. Of "
        "several attributes those that are finished are passed over. With --attr a folder that is "
        "not there is begun, so that the same command may be given again and again",
    )
    run.add_argument(
        "--add_attr",
        metavar="NAMES",
        help="adds attributes to the networks of --from, as --attr names them: a new run that "
        "learns only what belongs to their edits, with the settings of that run unless flags say "
        "otherwise; the edits that it has stay as they are",
    )
    run.add_argument(
        "--from",
        dest="base",
        metavar="FOLDER",
        help="begins with the trained networks of a finished run, in a new one with the settings "
        "of that run unless flags say otherwise: they go on learning, on other faces or with other "
        f"settings; or, with --add_attr, --model {_extended()} is given more attributes",
    )
    run.add_argument(
        "--dry_run",
        action="store_true",
        help="print the settings, counts of the data and what a training would take, then stop",
    )


if __name__ == "__main__":
    print(settings_page(), end="")
