"""Which folders are installed, and where; all else about the package is in pyproject.toml."""

import pathlib

from setuptools import find_packages, setup

programs = ("edit", "evaluate", "export", "reproduce", "train")

# What lies beside the package in a checkout is installed within it: the server, the page with its
# sample, and what npm fetched for it (`make wheel`), if it did.
within = {
    "serving": "serving",
    "web": "web",
    "docs.photos": "docs/photos",
    "litert": ".npm/node_modules/@litertjs",
}
found = {name: folder for name, folder in within.items() if pathlib.Path(folder).is_dir()}

setup(
    packages=[
        *find_packages(include=["faceattr*"]),
        *(f"faceattr.{name}" for name in find_packages(include=["serving*"])),
        *(f"faceattr.{name}" for name in found if name != "serving"),
    ],
    py_modules=[f"faceattr.commands.{name}" for name in programs],
    package_dir={
        "faceattr.commands": ".",
        **{f"faceattr.{name}": folder for name, folder in found.items()},
    },
)
