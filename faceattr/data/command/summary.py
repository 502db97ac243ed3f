"""What a table holds: counts per class, image sizes and how its columns go together."""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.data.table import AttributeTable
from faceattr.pictures.words import percent
from faceattr.progress import progress_bar


@dataclasses.dataclass(frozen=True)
class ClassCount:
    """How many images have one attribute.

    Attributes:
        column: the label column.
        positive, negative, unknown: images labelled 1, -1 and 0.
    """

    column: str
    positive: int
    negative: int
    unknown: int

    @property
    def share(self) -> float:
        """Positives among the images whose label is known; NaN if none is."""
        known = self.positive + self.negative
        return self.positive / known if known else math.nan


@dataclasses.dataclass(frozen=True)
class ImageSizes:
    """What the headers of the image files say.

    Attributes:
        counts: (width, height) in pixels, as stored -> how many images, most frequent first.
        unreadable: the names of the images whose header cannot be read.
    """

    counts: dict[tuple[int, int], int]
    unreadable: tuple[str, ...]


def class_counts(table: AttributeTable, columns: Iterable[str]) -> list[ClassCount]:
    """Counts the classes of some columns, in their order."""
    counts = []
    for column in columns:
        labels = table.labels[:, table.columns.index(column)]
        counts.append(
            ClassCount(
                column,
                positive=int((labels > 0).sum()),
                negative=int((labels < 0).sum()),
                unknown=int((labels == 0).sum()),
            )
        )
    return counts


def image_sizes(table: AttributeTable, progress: bool = True) -> ImageSizes:
    """Reads the size of every image from its header; no pixel is decoded.

    A file that breaks off after its header is not noticed: `check` reads images whole.

    Args:
        table: images in files or in memory.
        progress: whether to show a progress bar on stderr.
    """
    if table.images is not None:
        count, height, width, _ = table.images.shape
        return ImageSizes({(width, height): count}, ())
    counts: collections.Counter[tuple[int, int]] = collections.Counter()
    unreadable = []
    bar = progress_bar(
        range(len(table)), desc="reading headers", unit="image", disable=not progress
    )
    for index in bar:
        try:
            with Image.open(table.path(index)) as image:
                counts[image.size] += 1
        # Pillow raises SyntaxError and others on damaged headers, depending on the format.
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            unreadable.append(table.names[index])
    return ImageSizes(dict(counts.most_common()), tuple(unreadable))


def correlations(labels: np.ndarray) -> np.ndarray:
    """Pearson correlation of every two columns, over the images where both labels are known.

    Args:
        labels: int8 [n, c] of -1, 1 and, where unknown, 0.

    Returns:
        float64 [c, c] in [-1, 1], symmetric; NaN where a column is constant over the images that
        count, since the correlation is then undefined.
    """
    values = labels.astype(np.float64)
    known = np.abs(values)
    # With labels of -1 and 1 all sums are whole numbers, hence exact, and x^2 sums to the count.
    count = known.T @ known
    total = values.T @ known
    spread = count**2 - total**2
    scale = np.sqrt(spread * spread.T)
    shared = count * (values.T @ values) - total * total.T
    undefined = np.full(scale.shape, math.nan)
    return np.divide(shared, scale, out=undefined, where=scale > 0)


def ranked(matrix: np.ndarray, columns: Sequence[str], chosen: str) -> list[tuple[str, float]]:
    """The correlations of one column with all others, strongest first, undefined ones last.

    Args:
        matrix: float64 [c, c], what `correlations` returns.
        columns: the c columns.
        chosen: one of them.

    Returns:
        (column, r) for each other column; r is NaN where undefined.
    """
    row = matrix[columns.index(chosen)]
    others = [(name, float(r)) for name, r in zip(columns, row, strict=True) if name != chosen]
    return sorted(others, key=lambda pair: (math.isnan(pair[1]), -abs(pair[1]), pair[0]))


def report(
    table: AttributeTable, chosen: str, matrix: np.ndarray, sizes: ImageSizes, every: bool
) -> str:
    """All that `describe` prints of a table.

    Args:
        table: the table.
        chosen: the column whose correlations are listed.
        matrix: float64 [c, c], the table's `correlations`.
        sizes: the table's `image_sizes`.
        every: whether to count all columns; else the paper's six, as far as they are there.
    """
    names = {attribute.column: attribute.name for attribute in PAPER_ATTRIBUTES}
    counted = [column for column in names if column in table.columns]
    if every or not counted:
        counted = list(table.columns)
    parts = [
        counts_text(class_counts(table, counted), [names.get(name, "") for name in counted]),
        sizes_text(sizes),
        f"correlation with {chosen}\n" + correlations_text(ranked(matrix, table.columns, chosen)),
    ]
    if table.folder is not None:
        parts[1] += "\n  (of headers alone; `check` reads every image whole)"
    return "".join(f"\n{part}\n" for part in parts)


def counts_text(counts: Sequence[ClassCount], names: Sequence[str]) -> str:
    """The counts as lines of text; a column of unknowns where there are any.

    Args:
        counts: one for each line.
        names: what each is called on the command line.
    """
    unknown = any(count.unknown for count in counts)
    head = ["attribute", "column", "with", "without", *(["unknown"] if unknown else []), "share"]
    rows = [head]
    for count, name in zip(counts, names, strict=True):
        rows.append(
            [
                name,
                count.column,
                f"{count.positive:,}",
                f"{count.negative:,}",
                *([f"{count.unknown:,}"] if unknown else []),
                percent(count.share, 1),
            ]
        )
    return _aligned(rows, left=2)


def sizes_text(sizes: ImageSizes, most: int = 12) -> str:
    """The image sizes as lines of text, the `most` frequent ones singly."""
    rows = [["size", "images"]]
    rows += [[f"{w}x{h}", f"{count:,}"] for (w, h), count in list(sizes.counts.items())[:most]]
    rest = list(sizes.counts.values())[most:]
    if rest:
        rows.append([f"{len(rest)} other sizes", f"{sum(rest):,}"])
    rows.append(["unreadable header", f"{len(sizes.unreadable):,}"])
    return _aligned(rows, left=1)


def correlations_text(pairs: Sequence[tuple[str, float]]) -> str:
    """What `ranked` returns as lines of text; `-` where the correlation is undefined."""
    rows = [[name, "-" if math.isnan(r) else f"{r:+.4f}"] for name, r in pairs]
    return _aligned([["column", "r"], *rows], left=1)


def _aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Columns of text: the first `left` of them aligned to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            text.ljust(width) if place < left else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)
