"""Looks at data sets, checks, cuts and draws them; see `python -m faceattr.data --help`."""

import sys
from collections.abc import Callable, Sequence

from faceattr import command_line
from faceattr.data.command.align import align
from faceattr.data.command.check import check
from faceattr.data.command.describe import describe
from faceattr.data.command.figures import figures
from faceattr.data.command.flags import PROGRAM
from faceattr.data.command.pack import pack
from faceattr.data.command.render import render

_EPILOG = """commands:
  describe   counts per class, image sizes, correlations between attributes, example faces
  check      reads every image whole and lists the bad ones
  pack       cuts and resizes every face crop once, for fast training
  align      finds the faces of photos and cuts them out, aligned as CelebA's are
  render     writes drawn faces in CelebA's layout
  figures    writes the pictures of docs/synthetic.md

examples:
  python -m faceattr.data describe --data celeba --data_dir data/celeba --attr male
  python -m faceattr.data check --data celeba --data_dir data/celeba
  python -m faceattr.data render --out data/drawn --count 10000
  python -m faceattr.data describe --help
"""

# Each takes the words after its name and reads its own flags from them.
_COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "describe": describe,
    "check": check,
    "pack": pack,
    "align": align,
    "render": render,
    "figures": figures,
}


def _main(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        PROGRAM,
        "Looks at data sets of faces, checks them, and draws new ones.",
        _EPILOG,
        usage=f"{PROGRAM} command [flags]",
    )
    parser.add_argument(
        "command", choices=_COMMANDS, metavar="command", help="COMMAND --help tells its flags"
    )
    _COMMANDS[parser.parse_args(words[:1]).command](words[1:])


if __name__ == "__main__":
    command_line.run(PROGRAM, lambda: _main(sys.argv[1:]))
