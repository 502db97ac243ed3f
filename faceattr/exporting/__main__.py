"""Looks at bundles; see `python -m faceattr.exporting --help`."""

import pathlib

from faceattr import command_line

PROGRAM = "python -m faceattr.exporting"

_EPILOG = """example:
  python -m faceattr.exporting inspect bundles/add_glasses
      files and whether they are whole, signatures, operations, multiplications, how far each form
      is from Keras, and how long a face takes here, by the number of threads

`python export.py` writes bundles.
"""


def _main() -> None:
    parser = command_line.ArgumentParser(PROGRAM, "Looks at bundles.", _EPILOG)
    parser.add_argument("command", choices=("inspect",), metavar="inspect")
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE", help="folders that export.py wrote")
    arguments = parser.parse_args()
    from faceattr.exporting.inspection import inspect

    for bundle in arguments.bundles:
        with command_line.quiet_native_code():
            told = inspect(pathlib.Path(bundle))
        print(told)


if __name__ == "__main__":
    command_line.run(PROGRAM, _main)
