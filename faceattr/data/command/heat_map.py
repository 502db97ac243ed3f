"""The correlations of a table as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

UNDEFINED: Colour = (190, 190, 190)
"""The colour of a correlation that is undefined."""

_NEGATIVE: Colour = (33, 102, 172)
_POSITIVE: Colour = (178, 24, 43)
_BLACK: Colour = (0, 0, 0)
_WHITE: Colour = (255, 255, 255)
_CELL = 20
_GAP = 8
_TITLE = 32
_FONT_SIZE = 14
_LEGEND_WIDTH = 110
_LEGEND_HEIGHT = 200


def heat_colour(value: float) -> Colour:
    """The colour of a correlation in [-1, 1]: blue below, white at and red above 0."""
    if math.isnan(value):
        return UNDEFINED
    red, green, blue = (
        round(255 + abs(value) * (end - 255)) for end in (_POSITIVE if value > 0 else _NEGATIVE)
    )
    return red, green, blue


def cell_center(columns: Sequence[str], row: int, column: int) -> tuple[int, int]:
    """(x, y) in pixels of the middle of a cell of `heat_map`."""
    margin = _label_margin(columns)
    half = _CELL // 2
    return margin + column * _CELL + half, _TITLE + margin + row * _CELL + half


def heat_map(matrix: np.ndarray, columns: Sequence[str], marked: str, title: str) -> np.ndarray:
    """Draws a correlation matrix with labels, a colour scale, and one row framed.

    Args:
        matrix: float [c, c] in [-1, 1]; NaN where undefined.
        columns: the c labels.
        marked: the one whose row is framed.
        title: one line above.

    Returns:
        uint8 [height, width, 3].
    """
    font = ImageFont.load_default(size=_FONT_SIZE)
    margin, side = _label_margin(columns), len(columns) * _CELL
    width = max(margin + side + 3 * _GAP + _LEGEND_WIDTH, round(font.getlength(title)) + 2 * _GAP)
    height = _TITLE + margin + max(side, _LEGEND_HEIGHT + 3 * _CELL) + _GAP
    canvas = Image.new("RGB", (width, height), _WHITE)
    draw = ImageDraw.Draw(canvas)
    draw.text((_GAP, _TITLE // 2), title, fill=_BLACK, font=font, anchor="lm")
    left, top = (place - _CELL // 2 for place in cell_center(columns, 0, 0))
    for row, name in enumerate(columns):
        start = row * _CELL
        ink, paper = (_WHITE, _BLACK) if name == marked else (_BLACK, _WHITE)
        label = _label(name, font, ink, paper)
        canvas.paste(label, (left - _GAP // 2 - label.width, top + start + 1))
        turned = label.rotate(90, expand=True)
        canvas.paste(turned, (left + start + 1, top - _GAP // 2 - turned.height))
        for column in range(len(columns)):
            x, y = left + column * _CELL, top + start
            box = (x, y, x + _CELL - 2, y + _CELL - 2)
            draw.rectangle(box, fill=heat_colour(float(matrix[row, column])))
    start = columns.index(marked) * _CELL
    frame = (left - 2, top + start - 2, left + side, top + start + _CELL)
    draw.rectangle(frame, outline=_BLACK, width=2)
    _draw_legend(draw, font, margin + side + 2 * _GAP, _TITLE + margin)
    return np.asarray(canvas)


def _label_margin(columns: Sequence[str]) -> int:
    font = ImageFont.load_default(size=_FONT_SIZE)
    return max(round(font.getlength(name)) for name in columns) + 2 * _GAP


def _label(
    name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, ink: Colour, paper: Colour
) -> Image.Image:
    label = Image.new("RGB", (round(font.getlength(name)) + 6, _CELL - 2), paper)
    ImageDraw.Draw(label).text((3, label.height // 2), name, fill=ink, font=font, anchor="lm")
    return label


def _draw_legend(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    left: int,
    top: int,
) -> None:
    for line in range(_LEGEND_HEIGHT + 1):
        colour = heat_colour(1 - 2 * line / _LEGEND_HEIGHT)
        draw.line((left, top + line, left + _CELL, top + line), fill=colour)
    draw.rectangle((left, top, left + _CELL, top + _LEGEND_HEIGHT), outline=_BLACK)
    for value in (1.0, 0.5, 0.0, -0.5, -1.0):
        y = top + round((1 - value) / 2 * _LEGEND_HEIGHT)
        draw.line((left + _CELL, y, left + _CELL + 4, y), fill=_BLACK)
        draw.text(
            (left + _CELL + 8, y),
            f"{value:+g}" if value else "0",
            fill=_BLACK,
            font=font,
            anchor="lm",
        )
    top += _LEGEND_HEIGHT + _CELL
    draw.rectangle((left, top, left + _CELL, top + _CELL), fill=UNDEFINED, outline=_BLACK)
    draw.text(
        (left + _CELL + 8, top + _CELL // 2), "undefined", fill=_BLACK, font=font, anchor="lm"
    )
