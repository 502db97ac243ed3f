"""What the command lines share: messages, and exit statuses for a user's mistakes."""

import argparse
import contextlib
import importlib
import logging
import os
import pathlib
import sys
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def quiet_native_code() -> Iterator[None]:
    """Keeps what compiled libraries write to stderr, which no log level silences, off the
    terminal. Python's own errors are raised as ever.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    try:
        with pathlib.Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def import_tensorflow_quietly() -> None:
    """Imports TensorFlow without its start-up chatter."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_native_code():
        importlib.import_module("tensorflow")


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
    except BrokenPipeError:
        # Whoever read our output, such as head, has seen enough; Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)
