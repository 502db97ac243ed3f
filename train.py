"""Trains one face attribute; see `python train.py --help`."""

import argparse
import datetime
import json
import pathlib
import sys
from typing import Any

from faceattr import command_line

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
  python train.py --run_dir runs/glasses --resume
      goes on from the newest checkpoint of a run

The run directory holds config.json, data.json, split/, metrics.jsonl, samples/, checkpoints/
and, at the end, model.keras and results.json. Ctrl-C saves a checkpoint first.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "train.py",
        "Trains the two transformation networks and the discriminator of one face "
        "attribute (Shen and Liu, CVPR 2017).",
        _EPILOG,
    )
    # No defaults here: a flag that is not given leaves the preset, or the run, as it is.
    data = parser.add_argument_group("what to train on")
    data.add_argument(
        "--attr",
        help="glasses, mouth_open, smile, no_beard, young, male, or a column of the labels",
    )
    data.add_argument(
        "--data",
        help="synthetic (default: drawn faces), celeba, lfw, tfds (celeb_a of TensorFlow "
        "Datasets), csv (your faces, labelled in a CSV file) or folders (your faces, sorted into "
        "folders)",
    )
    data.add_argument(
        "--data_dir",
        help="the folder of the data: with CelebA's or LFW's label file, or with a folder of faces "
        "per class; for csv where the image paths start (default: the CSV file's folder)",
    )
    data.add_argument(
        "--labels",
        metavar="FILE",
        help="csv: a column of image paths, and columns of 0/1, -1/1, true/false or yes/no",
    )
    data.add_argument(
        "--image_column",
        metavar="COLUMN",
        help="csv: the column of image paths (default: image, image_id, file, filename, path or "
        "name)",
    )
    data.add_argument(
        "--crop",
        help="where the face is in an image: none (the largest centred square; default for csv "
        "and folders), celeba or lfw (the frame of their aligned images)",
    )
    data.add_argument(
        "--synthetic_faces", type=int, help="how many faces --data synthetic draws (default 2400)"
    )
    data.add_argument(
        "--cache",
        help="memory decodes every crop once before training, none at each step anew, auto (the "
        "default) once where the crops take less than 1 GiB; python -m faceattr.data pack keeps "
        "them on disk",
    )
    data.add_argument(
        "--jitter",
        type=float,
        help="strength of random changes of light and framing, 0 to 1 (default 0, as in the paper)",
    )
    split = parser.add_argument_group("training and test")
    split.add_argument(
        "--split",
        help="random (default, the paper's), official (CelebA's list_eval_partition.txt) or "
        "person (nobody is in both training and test)",
    )
    split.add_argument(
        "--test_per_class",
        type=int,
        help="held-out faces of each class (default: the paper's 1000, or a fifth of the smaller "
        "class where the data are few)",
    )
    care = parser.add_argument_group("doubtful labels and images")
    care.add_argument(
        "--label_overrides",
        metavar="FILE",
        help="a CSV file of corrections with the columns image, column and value; an empty value "
        "drops a label",
    )
    care.add_argument(
        "--min_confidence",
        type=float,
        help="lfw and csv: use only labels at least so sure, a probability from 0.5 to below 1 "
        "(for lfw_attributes.txt an absolute value)",
    )
    care.add_argument(
        "--on_bad_image",
        help="images that cannot be read: error (default) stops before training, skip leaves "
        "them out",
    )
    model = parser.add_argument_group("networks and objective")
    model.add_argument(
        "--preset",
        help="paper (128x128, width 64, batch 64, 20000 steps; default on real faces) or quick "
        "(64x64, width 32, batch 16, 600 steps, alpha 5e-4; default on synthetic ones)",
    )
    model.add_argument("--image_size", type=int, help="side of the face crops: 32, 64, 128 or 256")
    model.add_argument("--width", type=int, help="channels of the first layers; the paper has 64")
    model.add_argument("--batch_size", type=int, help="pairs of faces per step")
    model.add_argument("--steps", type=int, help="updates of the three networks")
    model.add_argument(
        "--alpha",
        type=float,
        help="weight of the residual's L1 norm (default: 5e-4 for local attributes, 1e-6 for "
        "young and male); larger means smaller changes, too large means none",
    )
    model.add_argument(
        "--residual",
        action=argparse.BooleanOptionalAction,
        help="--no-residual: the networks paint the whole image (ablation of section 6.2)",
    )
    model.add_argument(
        "--dual",
        action=argparse.BooleanOptionalAction,
        help="--no-dual: no dual learning (ablation of section 6.2)",
    )
    model.add_argument("--seed", type=int, help="of split, data order and weights (default 0)")
    model.add_argument(
        "--deterministic",
        action=argparse.BooleanOptionalAction,
        help="the same bits each time on the same machine, even after a kill and --resume; "
        "slower on GPUs",
    )
    run = parser.add_argument_group("the run")
    run.add_argument("--run_dir", help="where the run is kept (default: runs/<attr>-<time>)")
    run.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint in --run_dir"
    )
    run.add_argument("--checkpoint_every", type=int, help="steps between checkpoints (100)")
    run.add_argument("--sample_every", type=int, help="steps between sample grids (100)")
    run.add_argument(
        "--dry_run", action="store_true", help="print settings and counts of the data, then stop"
    )
    return parser


def _main(arguments: argparse.Namespace) -> None:
    settings = vars(arguments).copy()
    preset, run_dir, resume, dry_run = (
        settings.pop(name) for name in ("preset", "run_dir", "resume", "dry_run")
    )
    settings = {name: value for name, value in settings.items() if value is not None}

    command_line.import_tensorflow_quietly()
    from faceattr.errors import UserError
    from faceattr.training.callbacks import TrainingDiverged
    from faceattr.training.config import preset_config, resumed_config
    from faceattr.training.fit import TrainingStopped, train
    from faceattr.training.run import Run
    from faceattr.training.training_data import TrainingData

    if resume:
        if run_dir is None:
            raise UserError("--resume needs --run_dir, the run to go on with")
        if preset is not None:
            raise UserError("--preset: a run keeps its settings; leave it out with --resume")
        config = resumed_config(Run.open(pathlib.Path(run_dir)).config, settings)
    else:
        if "attr" not in settings:
            raise UserError("--attr is needed: which attribute to train, such as --attr young")
        config = preset_config(preset, settings)
    if config.data == "synthetic":
        print("training on built-in synthetic faces; --data and --data_dir name real ones")
    if dry_run:
        print(config.to_json() + json.dumps(TrainingData.load(config).describe(config), indent=2))
        return
    if run_dir is None:
        run_dir = f"runs/{config.attr}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    try:
        run = train(config, pathlib.Path(run_dir), resume)
    except TrainingStopped as stop:
        print(f"\nstopped after step {stop.step}; go on with:")
        print(f"  python train.py --run_dir {run_dir} --resume")
        sys.exit(130)
    except TrainingDiverged as problem:
        print(
            f"train.py: {problem}; the run is as it was at its last checkpoint. Start a new one "
            "with another --seed, a larger --batch_size or a smaller --alpha.",
            file=sys.stderr,
        )
        sys.exit(1)
    _report(run.folder, config.steps)


def _report(folder: pathlib.Path, steps: int) -> None:
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    for edit, truth in results.get("truth", {}).items():
        print(
            f"{edit}: against the true counterfactual of {truth['faces']} held-out faces, edited "
            f"{truth['edited_psnr']:.2f} dB, unedited {truth['unedited_psnr']:.2f} dB"
        )
    print(f"samples: {folder / 'samples' / f'step-{steps:08d}.png'}")
    print(f"export:  python export.py --run {folder}")


if __name__ == "__main__":
    command_line.run("train.py", lambda: _main(_parser().parse_args()))
