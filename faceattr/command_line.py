"""What the command lines share: messages, and exit statuses for a user's mistakes."""

import argparse
import contextlib
import importlib
import logging
import os
import pathlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

from faceattr.errors import UserError

_BACKENDS = ("tensorflow", "jax")
_EXTRA_OF = {"tensorflow": "train", "jax": "jax"}


# In an installed package the scripts lie here, and are not what one types.
_INSTALLED = (pathlib.Path(__file__).parent / "commands").is_dir()
_SCRIPT = re.compile(r"\b(?:python )?(train|edit|evaluate|export|reproduce)\.py\b")
_MODULES = {
    "python -m faceattr.data": "faceattr data",
    "python -m serving.page": "faceattr page",
    "python -m serving.conformance": "python -m faceattr.serving.conformance",
    "python -m serving": "faceattr serve",
}


def typed(text: str, installed: bool = _INSTALLED) -> str:
    """Text with its commands as they are typed here.

    Args:
        text: with commands as in a checkout, such as `python train.py --attr young`.
        installed: whether the package is installed, where that is `faceattr train --attr young`.
    """
    if not installed:
        return text
    for module, command in _MODULES.items():
        text = text.replace(module, command)
    return _SCRIPT.sub(r"faceattr \1", text)


class ArgumentParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, as all others of a command line."""

    def __init__(
        self, program: str, description: str, epilog: str, usage: str | None = None
    ) -> None:
        super().__init__(
            prog=typed(program),
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def format_help(self) -> str:
        return typed(super().format_help())

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


def import_keras_quietly() -> None:
    """Imports Keras, and with it the backend of its choice, without their start-up chatter.

    The backend is the one that the environment variable `KERAS_BACKEND` names, or else
    `~/.keras/keras.json`: tensorflow, unless it was changed. No other is imported.

    Raises:
        UserError: if the backend is not installed, or if nothing here runs on it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_native_code():
            keras = importlib.import_module("keras")
    except (ImportError, ValueError) as error:
        backend = os.environ.get("KERAS_BACKEND", "")
        if getattr(error, "name", None) == "keras":
            extra, other = ("jax", "JAX") if backend == "jax" else ("train", "TensorFlow")
            raise UserError(
                f"keras is not installed: pip install 'faceattr[{extra}]' brings it and {other}"
            ) from error
        named = backend or "the backend of ~/.keras/keras.json"
        missing = _EXTRA_OF.get(str(getattr(error, "name", None)))
        install = f"pip install 'faceattr[{missing}]'" if missing else "install it"
        raise UserError(
            f"KERAS_BACKEND: Keras cannot start with {named} ({error}); {install}, or choose one "
            f"of {', '.join(_BACKENDS)}"
        ) from error
    if keras.backend.backend() not in _BACKENDS:
        raise UserError(
            f"KERAS_BACKEND {keras.backend.backend()}: choose one of {', '.join(_BACKENDS)}"
        )


def run(program: str, main: Callable[[], int | None]) -> NoReturn:
    """Runs a command line and exits: 0 when done, 2 on a user's mistake, 130 on Ctrl-C.

    Args:
        program: str, the name that messages begin with, such as `"train.py"`.
        main: what the command line does. A `UserError` becomes one line on stderr; an exit status
            that it returns is passed on.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("faceattr").setLevel(logging.INFO)
    try:
        status = main()
    except UserError as error:
        print(typed(f"{program}: error: {error.for_command_line}"), file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output, such as head, has seen enough; Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print(typed(f"{program}: interrupted"), file=sys.stderr)
        sys.exit(130)
    sys.exit(status or 0)
