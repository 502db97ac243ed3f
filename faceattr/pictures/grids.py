"""Pictures of pictures: labelled grids, rows and columns of images, and images at other sizes."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_PAPER, _BLACK, _INK, _EMPTY = (255, 255, 255), (0, 0, 0), (29, 29, 27), (240, 239, 236)
_SMALLEST_FONT = 9


def image_grid(rows: Sequence[tuple[str, np.ndarray]], gap: int = 2) -> np.ndarray:
    """Lays labelled rows of images out as one picture.

    Args:
        rows: (label, images) pairs; images uint8 [n, height, width, 3], all of one shape.
        gap: int, pixels of white between images.

    Returns:
        uint8 [grid_height, grid_width, 3].
    """
    _, first = rows[0]
    count, height, width, _ = first.shape
    assert all(images.shape == first.shape for _, images in rows), "rows differ in shape"
    assert all(images.dtype == np.uint8 for _, images in rows), "rows must be uint8"
    font = ImageFont.load_default(size=max(9, height // 6))
    margin = gap * 2 + max(int(font.getlength(label)) for label, _ in rows)
    canvas = Image.new(
        "RGB",
        (margin + count * (width + gap) + gap, len(rows) * (height + gap) + gap),
        _PAPER,
    )
    draw = ImageDraw.Draw(canvas)
    for row, (label, images) in enumerate(rows):
        top = gap + row * (height + gap)
        draw.text((gap, top + height // 2), label, fill=_BLACK, font=font, anchor="lm")
        for column, image in enumerate(images):
            canvas.paste(Image.fromarray(image), (margin + gap + column * (width + gap), top))
    return np.asarray(canvas)


def joined(images: Sequence[np.ndarray], axis: int, gap: int = 0) -> np.ndarray:
    """Images of any sizes beside (axis 1) or below (axis 0) each other, on white.

    Args:
        images: uint8 [height, width, 3] each, at least one.
        axis: 0 or 1.
        gap: int, pixels of white after each image.

    Returns:
        uint8 [height, width, 3].
    """
    across = 1 - axis
    longest = max(image.shape[across] for image in images)
    padded = []
    for image in images:
        margins = [(0, 0), (0, 0), (0, 0)]
        margins[across] = (0, longest - image.shape[across])
        margins[axis] = (0, gap)
        padded.append(np.pad(image, margins, constant_values=255))
    return np.concatenate(padded, axis=axis)


def titled(title: str, grid: np.ndarray, size: int = 18) -> np.ndarray:
    """A picture, uint8 [height, width, 3], under a line of text of a size in pixels."""
    height = 2 * size
    canvas = Image.new("RGB", (grid.shape[1], height), _PAPER)
    ImageDraw.Draw(canvas).text(
        (grid.shape[1] // 2, height // 2),
        title,
        fill=_BLACK,
        font=ImageFont.load_default(size=size),
        anchor="mm",
    )
    return np.concatenate([np.asarray(canvas), grid])


def labelled_grid(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[np.ndarray | None]]],
    *,
    cell: int = 128,
    gap: int = 4,
    title: str = "",
) -> np.ndarray:
    """Lays images out under a label for each column, beside a label for each row.

    Args:
        columns: what is above each column, such as `("input", "theirs", "ours")`;
            all empty for none. Long labels are broken at spaces.
        rows: (label, images) pairs, an image for each column: uint8 [s, s, 3] of any side, or
            None for a cell that stays empty. Empty labels take no room.
        cell: int, side in pixels at which every image is drawn, see `enlarged`.
        gap: int, pixels of white between cells.
        title: one line above all.

    Returns:
        uint8 [height, width, 3].
    """
    assert columns, "a grid has columns"
    assert rows, "a grid has rows"
    assert all(len(images) == len(columns) for _, images in rows), "a row has an image per column"
    font = _font([*columns, *(label for label, _ in rows)], cell)
    headings = [_broken(label, font, cell) for label in columns]
    labels = [_broken(label, font, cell) for label, _ in rows]
    left = gap + max(_width(lines, font) for lines in labels)
    left += 2 * gap if left > gap else 0
    line = _line_height(font)
    title_font = ImageFont.load_default(size=max(14, cell // 7))
    title_height = 2 * _line_height(title_font) if title else 0
    top = gap + title_height + line * max(len(lines) for lines in headings)
    top += gap if any(columns) else 0
    pitch = cell + gap
    width = max(
        left + len(columns) * pitch, round(title_font.getlength(title)) + 2 * gap if title else 0
    )
    canvas = Image.new("RGB", (width, top + len(rows) * pitch), _PAPER)
    draw = ImageDraw.Draw(canvas)
    if title:
        draw.text((width // 2, title_height // 2), title, fill=_INK, font=title_font, anchor="mm")
    for place, lines in enumerate(headings):
        _write(draw, lines, font, left + place * pitch + cell // 2, top - gap, "m")
    for number, ((_, images), lines) in enumerate(zip(rows, labels, strict=True)):
        y = top + number * pitch
        middle = y + (cell + line * len(lines)) // 2
        _write(draw, lines, font, left - 2 * gap, middle, "r")
        for place, image in enumerate(images):
            x = left + place * pitch
            if image is None:
                draw.rectangle((x, y, x + cell - 1, y + cell - 1), fill=_EMPTY)
            else:
                canvas.paste(Image.fromarray(enlarged(image, cell)), (x, y))
    return np.asarray(canvas)


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """A square image at another side, with the very pixels of it where that is possible.

    A multiple of its side repeats each pixel, so that what the networks see is seen, not what an
    interpolation makes of it; any other side is bicubic.

    Args:
        image: uint8 [s, s, 3].
        side: int >= 1.

    Returns:
        uint8 [side, side, 3].
    """
    assert image.dtype == np.uint8, f"expected uint8 pixels, got {image.dtype}"
    own = image.shape[0]
    assert image.shape == (own, own, 3), f"expected a square RGB image, got {image.shape}"
    if side % own == 0:
        return image.repeat(side // own, axis=0).repeat(side // own, axis=1)
    return resized(image, side)


def resized(image: np.ndarray, side: int) -> np.ndarray:
    """A square image at another side, bicubic: uint8 [s, s, 3] to [side, side, 3]."""
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def _font(labels: Sequence[str], cell: int) -> Font:
    """As large as reads well, and small enough for the longest word to fit over a cell."""
    words = [word for label in labels for word in label.split()]
    size = max(_SMALLEST_FONT + 3, cell // 8)
    font = ImageFont.load_default(size=size)
    while size > _SMALLEST_FONT and any(font.getlength(word) > cell for word in words):
        size -= 1
        font = ImageFont.load_default(size=size)
    return font


def _broken(label: str, font: Font, width: int) -> list[str]:
    """A label as lines that are no wider than `width`, a word at least in each."""
    lines: list[str] = []
    for word in label.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _width(lines: Sequence[str], font: Font) -> int:
    return max((round(font.getlength(line)) for line in lines), default=0)


def _line_height(font: Font) -> int:
    top, bottom = (round(edge) for edge in np.array(font.getbbox("Àgj"))[[1, 3]])
    return bottom - top + 4


def _write(
    draw: ImageDraw.ImageDraw, lines: Sequence[str], font: Font, x: int, bottom: int, anchor: str
) -> None:
    """Lines one below the other, the last of them ending at `bottom`."""
    height = _line_height(font)
    for number, line in enumerate(lines):
        y = bottom - (len(lines) - number) * height + height // 2
        draw.text((x, y), line, fill=_INK, font=font, anchor=f"{anchor}m")
