"""Makes the paper's figures and tables anew; see `python reproduce.py --help`."""

import argparse
import pathlib
import shlex
import sys

from faceattr import command_line
from faceattr.options import add_flags, options_of
from faceattr.reproduction.settings import QUICK, ReproductionSettings

_EXPERIMENTS = ("fig4", "fig5", "fig6", "fig7", "table2", "fig9")

_EPILOG = """experiments:
  fig4     six attributes, both directions: input, VAE-GAN, ours, residual
  fig5     the same networks on faces of another data set (LFW)
  fig6     glasses: input, ours, without the residual, without dual learning
  fig7     a beard for women: VAE-GAN's reconstruction and edit, ours; hair and male score
  table2   landmark errors without glasses, with them, and with them removed
  fig9     faces that are turned away
  all      all of these, and one report of every edit

examples:
  python reproduce.py all --quick
      minutes on two CPU cores, on drawn faces: shows that it runs, and nothing about the paper
  python reproduce.py all --data_dir data/celeba --other_dir data/lfw
      the paper's setting, 128x128 and 20,000 steps of nine trainings: for a GPU, in days
  python reproduce.py fig6 table2 --data_dir data/celeba --image_size 64 --width 32 \\
      --batch_size 16 --steps 1200 --alpha 5e-4 --out runs/small
      two experiments at a size that two CPU cores can do

Everything is kept in the folder of --out: packed faces, the judge, the runs, what was measured.
The same command goes on where it was stopped, and does again only what is missing. Remove
<out>/<experiment> to measure an experiment again.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "reproduce.py",
        "Trains what is missing, measures it, and writes the paper's figures and tables, with the\n"
        "verdict on each of its claims, to <out>/results.md.",
        _EPILOG,
    )
    parser.add_argument(
        "experiments", nargs="+", choices=(*_EXPERIMENTS, "all"), help="which ones", metavar="NAME"
    )
    parser.add_argument("--out", default="runs/reproduction", help="folder of it all (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny, on drawn faces, in minutes")
    add_flags(parser, options_of(ReproductionSettings).values())
    return parser


def _main(arguments: argparse.Namespace) -> None:
    command_line.import_tensorflow_quietly()
    from faceattr.reproduction.reproduce import reproduce
    from faceattr.training.train import TrainingStopped
    from faceattr.training.watching.guards import TrainingDiverged

    names = options_of(ReproductionSettings)
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    quick = dict(QUICK) if arguments.quick else {}
    # A folder that is named is what is meant, and not drawn faces.
    for source, folder in (("data", "data_dir"), ("other_data", "other_dir")):
        if folder in given:
            quick.pop(source, None)
    settings = ReproductionSettings(**{**quick, **given})
    wanted = _EXPERIMENTS if "all" in arguments.experiments else tuple(arguments.experiments)
    typed = command_line.typed("python reproduce.py ") + shlex.join(sys.argv[1:])
    try:
        page = reproduce(wanted, settings, pathlib.Path(arguments.out), typed)
    except TrainingStopped as stop:
        print(f"\nstopped after step {stop.step}; go on with:\n  {typed}")
        sys.exit(130)
    except TrainingDiverged as problem:
        program = command_line.typed("reproduce.py")
        print(f"{program}: {problem}; take another --seed and another --out", file=sys.stderr)
        sys.exit(1)
    print(f"results: {page}")
    print(f"report:  {page.parent / 'report' / 'report.html'}")


if __name__ == "__main__":
    command_line.run("reproduce.py", lambda: _main(_parser().parse_args()))
