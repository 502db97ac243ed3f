"""Finds the images that cannot be read, before a training spends hours on them."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import open_image
from faceattr.progress import progress_bar


@dataclasses.dataclass(frozen=True)
class BadImage:
    """An image that cannot be used.

    Attributes:
        name: str, its name in the table.
        problem: str, why, in one line that names the file.
    """

    name: str
    problem: str


def find_bad_images(
    table: AttributeTable, indices: np.ndarray, progress: bool = True
) -> list[BadImage]:
    """Reads images whole, in parallel.

    Args:
        table: where the images are; those in memory are good.
        indices: int64 [n], which images to read.
        progress: bool. Whether to show a progress bar where it takes more than a moment.

    Returns:
        the bad ones, in the order of `indices`.
    """
    if table.images is not None:
        return []

    def problem(index: int) -> str | None:
        try:
            open_image(table.path(index))
        except UserError as error:
            return error.for_command_line
        return None

    with ThreadPoolExecutor() as pool:
        problems = progress_bar(
            pool.map(problem, indices),
            total=len(indices),
            desc="reading every image once",
            unit="image",
            disable=not progress,
        )
        return [
            BadImage(table.names[index], text)
            for index, text in zip(indices, problems, strict=True)
            if text
        ]
