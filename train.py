"""Trains one face attribute, or several; see `python train.py --help`."""

import argparse
import datetime
import json
import pathlib
import shlex
import sys
from typing import TYPE_CHECKING, Any

from faceattr import command_line
from faceattr.training.flags import OF_THE_COMMAND, add_training_flags, other_models

if TYPE_CHECKING:
    from faceattr.runs.run import Run
    from faceattr.runs.settings import TrainConfig

_EPILOG = """examples:
  python train.py --attr young
      synthetic faces, 64x64, half width: minutes on two CPU cores
  python train.py --attr glasses --data celeba --data_dir data/celeba
      the paper's setting: CelebA, 128x128 (a GPU is wanted)
  python train.py --attr glasses --data celeba --data_dir data/celeba \\
      --image_size 64 --batch_size 16 --steps 600
      a first look at real faces on two CPU cores
  python train.py --attr smile --data csv --labels faces.csv --data_dir photos
      your own faces, labelled in a table; docs/data.md tells how
  python train.py --attr beach --data folders --data_dir photos
      your own faces, in photos/beach and photos/not_beach
  python train.py --attr all --data celeba --data_dir data/celeba --run_dir runs/six
      the paper's six attributes, one after the other, in runs/six/glasses and so on
{others}  python train.py --add_attr hat --from runs/best --steps 1000 --run_dir runs/hat
      one attribute more for the networks of a run of several, which stay as they are
  python train.py --from runs/glasses --data lfw --data_dir data/lfw --steps 500 --run_dir runs/both
      goes on with the trained networks of a run in a new one, on other faces or otherwise
  python train.py --run_dir runs/glasses --resume
      goes on from the newest checkpoint of a run; runs/six goes on as a whole
  python train.py --config runs/glasses/config.json --attr smile --seed 1
      the settings of another run, but for two of them
  python train.py --attr glasses --data celeba --data_dir data/celeba --precision mixed_bfloat16 \\
      --learning_rate_decay cosine --ema_decay 0.999 --dry_run
      what this would train, and what it would take, without training

A run directory holds config.json, data.json, split/, metrics.jsonl, samples/, checkpoints/
and, at the end, model.keras and results.json. Ctrl-C saves a checkpoint first. The folder of
several attributes holds a run directory for each, several.json, and at the end summary.md,
summary.json and montage.png.

The exit status is 0 when trained, 1 if the losses of an attribute were no longer finite, 2 for a
mistake in flags, files or data, and 130 when stopped.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "train.py",
        "Trains the edits of one face attribute, or of several one after the other (Shen and Liu, "
        "CVPR\n2017). Settings come from flags, then from the file of --config, then from the "
        "preset; the rest\nis as in the paper.",
        _EPILOG.format(others=other_models()),
    )
    add_training_flags(parser)
    return parser


def _main(arguments: argparse.Namespace) -> None:
    flags = {
        name: value
        for name, value in vars(arguments).items()
        if value is not None and name not in OF_THE_COMMAND
    }
    command_line.import_keras_quietly()
    from faceattr.errors import UserError
    from faceattr.training.beginning import added_configs, fine_tuned_configs
    from faceattr.training.devices.strategy import make_deterministic, make_strategy
    from faceattr.training.plan import merged_settings, new_configs, resumed_configs

    file = None if arguments.config is None else pathlib.Path(arguments.config)
    base = _base(arguments)
    settings = merged_settings(flags, file)
    if base is not None and arguments.add_attr is None:
        configs = fine_tuned_configs(base, settings)
    elif base is not None:
        configs = added_configs(base, arguments.add_attr, settings)
    elif arguments.resume:
        if arguments.run_dir is None:
            raise UserError("--resume needs --run_dir, the run to go on with")
        folder = pathlib.Path(arguments.run_dir)
        # One command for a training in pieces: it begins the run that it goes on with.
        begun = folder.exists() and (folder.is_file() or any(folder.iterdir()))
        arguments.resume = begun or "attr" not in settings
        new = not arguments.resume
        configs = new_configs(settings, file) if new else resumed_configs(folder, settings)
    else:
        configs = new_configs(settings, file)
    config = next(iter(configs.values()))
    if config.data == "synthetic":
        print("training on built-in synthetic faces; --data and --data_dir name real ones")
    if config.deterministic:
        make_deterministic()  # which JAX looks at together with its devices
    strategy = make_strategy(arguments.devices, arguments.logical_devices)
    if arguments.dry_run:
        _describe(configs, strategy, base)
        return
    from faceattr.training.train import TrainingStopped

    run_dir = pathlib.Path(arguments.run_dir or _new_folder(configs))
    try:
        if len(configs) == 1:
            _train_one(config, run_dir, arguments.resume, strategy, base)
        else:
            _train_several(configs, run_dir, arguments.resume, strategy)
    except TrainingStopped as stop:
        print(f"\nstopped after step {stop.step}; go on with:")
        command = f"python train.py --run_dir {shlex.quote(str(run_dir))} --resume"
        print(f"  {command_line.typed(command)}")
        sys.exit(130)


def _base(arguments: argparse.Namespace) -> "Run | None":
    """The run that this one begins with."""
    from faceattr.errors import UserError
    from faceattr.runs.run import Run

    if arguments.base is None:
        if arguments.add_attr is not None:
            raise UserError("--add_attr needs --from, the run whose networks it adds to")
        return None
    for name in ("resume", "config"):
        if getattr(arguments, name):
            raise UserError(
                f"--{name}: --from begins a run, with the settings of another; leave it out"
            )
    return Run.open(pathlib.Path(arguments.base))


def _new_folder(configs: "dict[str, TrainConfig]") -> str:
    name = next(iter(configs)) if len(configs) == 1 else "several"
    return f"runs/{name}-{datetime.datetime.now():%Y%m%d-%H%M%S}"


def _describe(configs: "dict[str, TrainConfig]", strategy: Any, base: "Run | None") -> None:
    """What `--dry_run` prints: the settings, the data, and what a training would take."""
    from faceattr.training.cost import describe_cost
    from faceattr.training.devices.strategy import check_shares
    from faceattr.training.several.train_several import load_each
    from faceattr.training.train import check_backend

    config = next(iter(configs.values()))
    if len(configs) == 1:
        print(config.to_json(), end="")
    else:
        names = [config.attr for config in configs.values()]
        print(json.dumps({**config.settings(), "attr": names}, indent=2))
    check_backend(config)
    check_shares(strategy, config.batch_size)
    for name, data in load_each(configs):
        print(json.dumps(data.describe(configs[name]), indent=2))
    print(describe_cost(config, data, strategy, base))
    if len(configs) > 1:
        print(f"that is for each of {len(configs)} attributes, which train one after the other")


def _train_one(
    config: "TrainConfig",
    run_dir: pathlib.Path,
    resume: bool,
    strategy: Any,
    base: "Run | None" = None,
) -> None:
    from faceattr.training.devices.strategy import worker
    from faceattr.training.train import train
    from faceattr.training.watching.guards import TrainingDiverged

    try:
        run = train(config, run_dir, resume, strategy, base)
    except TrainingDiverged as problem:
        print(
            command_line.typed("train.py: ")
            + f"{problem}; the run is as it was at its last checkpoint. Start a new one with "
            "another --seed, a larger --batch_size or a lower --learning_rate.",
            file=sys.stderr,
        )
        sys.exit(1)
    if worker(strategy)[0]:
        return  # the first machine has the run, and tells of it
    for edit, truth in run.results.get("truth", {}).items():
        print(
            f"{edit}: against the true counterfactual of {truth['faces']} held-out faces, edited "
            f"{truth['edited_psnr']:.2f} dB, unedited {truth['unedited_psnr']:.2f} dB"
        )
    print(f"samples: {run.sample_path(config.steps)}")
    _print_export(run)


def _print_export(run: "Run") -> None:
    if run.config.family.exports(run.edits):
        print(f"export:  {command_line.typed('python export.py')} --run {run.folder}")


def _train_several(
    configs: "dict[str, TrainConfig]", folder: pathlib.Path, resume: bool, strategy: Any
) -> None:
    from faceattr.training.devices.strategy import worker
    from faceattr.training.several.train_several import train_several

    outcomes = train_several(configs, folder, resume, strategy)
    if worker(strategy)[0]:
        return
    print("\n" + (folder / "summary.md").read_text(encoding="utf-8"))
    finished = [outcome.run for outcome in outcomes if outcome.problem is None]
    if finished:
        print(f"montage: {folder / 'montage.png'}")
    for run in finished:
        _print_export(run)
    if len(finished) < len(outcomes):
        print(
            command_line.typed("train.py: ")
            + "not all attributes were trained to the end. Their runs are as they were at their "
            "last checkpoints; train them anew with another --seed, a larger --batch_size or a "
            "lower --learning_rate.",
            file=sys.stderr,
        )
        sys.exit(1)


if __name__ == "__main__":
    command_line.run("train.py", lambda: _main(_parser().parse_args()))
