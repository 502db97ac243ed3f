"""A user's own faces, sorted into folders: each sub-folder is a column."""

import pathlib

import numpy as np

from faceattr.data.labels import canonical_columns
from faceattr.data.sources.images import NO_LABEL, SUFFIXES, files_below
from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE


def read_folders(data_dir: pathlib.Path) -> AttributeTable:
    """Reads the table of a folder of folders; no image is opened.

    Each sub-folder is a column: 1 for the images in it and below it, -1 for all others. Images
    outside every sub-folder have no label and are left out; hidden folders are passed over.

    Raises:
        UserError: if there are not two sub-folders with images in them.
    """
    classes = sorted(
        path.name for path in data_dir.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if len(classes) < 2:
        found = f"only {classes[0]}" if classes else "none"
        raise UserError(
            f"--data_dir {data_dir}: needs two folders of images, those with the attribute and "
            f"those without, such as beach and not_beach; there is {found}"
        )
    files = sorted(files_below(data_dir))
    names = [name for name in files if "/" in name]
    folder_of = [name.split("/", 1)[0] for name in names]
    for folder in classes:
        if folder not in folder_of:
            raise UserError(
                f"{data_dir / folder}: no images ({', '.join(SUFFIXES)}); add some, or remove "
                "the folder"
            )
    labels = np.where(np.array(folder_of)[:, None] == np.array(classes), 1, -1).astype(np.int8)
    left_out = tuple(LeftOut(name, NO_LABEL) for name in files if "/" not in name)
    return AttributeTable(
        tuple(names),
        canonical_columns(classes),
        labels,
        WHOLE_IMAGE,
        folder=data_dir,
        left_out=left_out,
    )
