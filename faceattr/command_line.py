"""What the command lines share: messages, and exit statuses for a user's mistakes."""

import argparse
import importlib
import logging
import os
import pathlib
import sys
from collections.abc import Callable
from typing import NoReturn

from faceattr.errors import UserError


class ArgumentParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, as all others of a command line."""

    def __init__(
        self, program: str, description: str, epilog: str, usage: str | None = None
    ) -> None:
        super().__init__(
            prog=program,
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; --help tells more")


def import_tensorflow_quietly() -> None:
    """Imports TensorFlow without its start-up chatter, which no log level silences."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    try:
        with pathlib.Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        importlib.import_module("tensorflow")
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def run(program: str, main: Callable[[], None]) -> NoReturn:
    """Runs a command line and exits: 0 when done, 2 on a user's mistake, 130 on Ctrl-C.

    Args:
        program: str, the name that messages begin with, such as `"train.py"`.
        main: what the command line does. A `UserError` becomes one line on stderr.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("faceattr").setLevel(logging.INFO)
    try:
        main()
    except UserError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)
