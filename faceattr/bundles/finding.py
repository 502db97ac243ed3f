"""Where a bundle is: a folder that is named, the folder of one's own bundles, the shipped ones."""

import pathlib

from faceattr.bundles.manifest import MANIFEST_NAME
from faceattr.errors import UserError

SHIPPED = pathlib.Path(__file__).resolve().parents[1] / "shipped"
"""The bundles that come with the package; the folder need not be there."""

BUNDLES = pathlib.Path("bundles")
"""Where `export.py` writes them, and where they are looked for first."""


def find_bundle(name: str | pathlib.Path, bundles: pathlib.Path = BUNDLES) -> pathlib.Path:
    """The folder of a bundle.

    Args:
        name: its folder, or the name of its edit, such as `"remove_glasses"`.
        bundles: where edits are looked for before they are among the shipped ones.

    Raises:
        UserError: if there is none; lists those that are there.
    """
    named = pathlib.Path(name)
    if not named.parts:
        raise UserError("--edit: name an edit, such as add_smile, or the folder of a bundle")
    places = [folder / named for folder in (bundles, SHIPPED)] if len(named.parts) == 1 else []
    for folder in (named, *places):
        if (folder / MANIFEST_NAME).is_file():
            return folder
    if named.is_dir() or len(named.parts) != 1:
        raise UserError(f"{name}: no bundle here (it has no {MANIFEST_NAME})")
    listings = [(folder, _names(folder)) for folder in (bundles, SHIPPED)]
    there = [f"{', '.join(names)} in {folder}" for folder, names in listings if names]
    known = f"there are {'; '.join(there)}" if there else "export a run first"
    raise UserError(
        f"--edit {name}: no such bundle in {bundles} or among the shipped ones; {known}"
    )


def listed(bundles: pathlib.Path = BUNDLES) -> list[str]:
    """The names of the edits there are, in `bundles` and among the shipped ones."""
    return sorted({*_names(bundles), *_names(SHIPPED)})


def _names(folder: pathlib.Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST_NAME}"))
