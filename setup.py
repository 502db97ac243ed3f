"""Which folders are installed, and where; all else about the package is in pyproject.toml."""

from setuptools import find_packages, setup

# The server's folder lies beside the package, and is installed within it.
setup(
    packages=[
        *find_packages(include=["faceattr*"]),
        *(f"faceattr.{name}" for name in find_packages(include=["serving*"])),
    ],
    package_dir={"faceattr.serving": "serving"},
)
