"""`figures`: the pictures of docs/synthetic.md."""

import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr import command_line
from faceattr.attributes import PAPER_ATTRIBUTES, Attribute
from faceattr.data import synthetic
from faceattr.data.command.flags import PROGRAM
from faceattr.pictures.grids import image_grid
from faceattr.pictures.png import write_png

_MASK = (230, 0, 60)

_EPILOG = """example:
  python -m faceattr.data figures --out docs/images
"""


def figures(words: Sequence[str]) -> None:
    """Draws them anew.

    Args:
        words: see `describe`.
    """
    parser = command_line.ArgumentParser(
        f"{PROGRAM} figures", "Writes the pictures of docs/synthetic.md.", _EPILOG
    )
    parser.add_argument("--out", required=True, help="a folder")
    for path in synthetic_figures(pathlib.Path(parser.parse_args(words).out)):
        print(f"wrote {path}")


def synthetic_faces(rows: int, per_row: int, image_size: int) -> np.ndarray:
    """Draws the first faces of data set 0 as a grid: uint8 [height, width, 3]."""
    faces = [synthetic.sample_parameters(0, index) for index in range(rows * per_row)]
    images = np.stack([synthetic.render(face, image_size) for face in faces])
    return image_grid([("", row) for row in np.split(images, rows)])


def synthetic_attribute(
    attribute: Attribute, faces: Sequence[synthetic.FaceParameters], image_size: int
) -> np.ndarray:
    """Draws faces without an attribute, the same with it, and where the two may differ.

    Args:
        attribute: one of the paper's six.
        faces: whether each has the attribute does not matter.
        image_size: int, side of a face in pixels.

    Returns:
        uint8 [height, width, 3]; the third row is the first with the region mask in red.
    """
    without, having, masked = [], [], []
    for face in faces:
        twin = synthetic.flip(face, attribute.column)
        if synthetic.labels(face)[attribute.column] > 0:
            face, twin = twin, face
        without.append(synthetic.render(face, image_size))
        having.append(synthetic.render(twin, image_size))
        mask = synthetic.region_mask(face, attribute.column, image_size)
        tinted = np.where(mask[..., None], without[-1] * 0.5 + np.array(_MASK) * 0.5, without[-1])
        masked.append(tinted.astype(np.uint8))
    rows = (("off", without), ("on", having), ("mask", masked))
    return image_grid([(label, np.stack(images)) for label, images in rows])


def synthetic_figures(folder: pathlib.Path) -> list[pathlib.Path]:
    """Writes the pictures of docs/synthetic.md and returns their paths."""
    scene = synthetic.group_scene(3, 0, (0.25, 0.2, 0.15, 0.1, 0.08), width=512, height=384)
    pictures = {"faces": synthetic_faces(8, 8, 64), "group": scene.photo}
    faces = [synthetic.sample_parameters(0, index) for index in range(40)]
    men = [face for face in faces if face.is_male]
    for attribute in PAPER_ATTRIBUTES:
        # Unless asked for, no woman of a data set is bearded.
        shown = men if attribute.column == "No_Beard" else faces
        pictures[attribute.name] = synthetic_attribute(attribute, shown[:8], 80)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, picture in pictures.items():
        paths.append(folder / f"synthetic-{name}.png")
        write_png(paths[-1], picture, optimize=True)
    return paths
