"""`render`: draws faces as files in CelebA's layout."""

import pathlib
import shlex
from collections.abc import Iterable, Sequence

from faceattr import command_line
from faceattr.attributes import find_attribute
from faceattr.data import synthetic
from faceattr.data.command.flags import PROGRAM, add_image_size, require_count, require_size
from faceattr.errors import UserError
from faceattr.progress import progress_bar

_EPILOG = """examples:
  python -m faceattr.data render --out data/drawn --count 10000
  python -m faceattr.data render --out data/drawn --count 10000 --image_size 148 \\
      --correlation male,no_beard,-0.52 smile,mouth_open,0.5
      CelebA's 178x218 pixels, and attributes that go together as they do there

The same --seed draws the same faces. Each image has the proportions of CelebA's aligned ones, and
the crop for CelebA gives back the face of --image_size.
"""


def render(words: Sequence[str]) -> None:
    """Writes drawn faces, and says how to train on them.

    Args:
        words: see `describe`.

    Raises:
        UserError: see `describe`.
    """
    parser = command_line.ArgumentParser(
        f"{PROGRAM} render", "Writes drawn faces in CelebA's file layout.", _EPILOG
    )
    parser.add_argument("--out", required=True, help="a folder that is absent or empty")
    parser.add_argument("--count", type=int, required=True, help="how many faces")
    add_image_size(parser)
    parser.add_argument("--seed", type=int, default=0, help="which data set (%(default)s)")
    parser.add_argument(
        "--correlation",
        nargs="+",
        default=[],
        metavar="ATTR,ATTR,R",
        help="wanted Pearson correlations of pairs of the paper's six attributes",
    )
    arguments = parser.parse_args(words)
    require_count(arguments.count)
    if arguments.seed < 0:
        raise UserError(f"--seed {arguments.seed}: must not be negative")
    require_size(arguments.image_size)
    correlation = _wanted_correlation(arguments.correlation)
    out = pathlib.Path(arguments.out)
    with progress_bar(total=arguments.count, desc="drawing", unit="face") as bar:
        synthetic.write_celeba(
            out,
            arguments.count,
            arguments.seed,
            arguments.image_size,
            correlation,
            progress=lambda written: bar.update(written - bar.n),
        )
    print(f"wrote {arguments.count:,} faces to {out}; train on them with:")
    size = f" --image_size {arguments.image_size}" if arguments.image_size in (32, 64, 256) else ""
    command = command_line.typed("python train.py --attr glasses --data celeba")
    print(f"  {command} --data_dir {shlex.quote(str(out))}{size}")


def _wanted_correlation(words: Iterable[str]) -> dict[tuple[str, str], float]:
    """What `--correlation` asks for, as `synthetic.sample_parameters` takes it.

    Raises:
        UserError: if a word is not ATTR,ATTR,R, or if the correlations cannot be met.
    """
    wanted: dict[tuple[str, str], float] = {}
    for word in words:
        try:
            first, second, r = word.split(",")
            value = float(r)
        except ValueError:
            raise UserError(
                f"--correlation {word}: expected two attributes and a number from -1 to 1, such "
                "as male,no_beard,-0.52"
            ) from None
        pair = [find_attribute(name, synthetic.COLUMNS).column for name in (first, second)]
        wanted[pair[0], pair[1]] = value
    try:
        synthetic.sample_parameters(0, 0, wanted)
    except ValueError as error:
        raise UserError(f"--correlation: {error}") from None
    return wanted
