"""The one style of a report's figures: matplotlib without pyplot, and its PNG.

Importing this room raises `MissingExtra` where matplotlib is not installed.
"""

import contextlib
import io
import textwrap
from collections.abc import Iterator
from typing import Any

from PIL import Image

from faceattr.evaluation.judge.face_models import MissingExtra

try:
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter
except ImportError:
    raise MissingExtra(
        "a report needs matplotlib, which is not installed: pip install matplotlib"
    ) from None

# Of Okabe and Ito (2008): the colour-blind tell them apart.
BLUE, ORANGE, GREEN, SOFT = "#0072b2", "#d55e00", "#009e73", "#6d6b66"
INK, _LINE = "#1d1d1b", "#e5e3dd"

# Inches; at the width of a phone 10 points are still read.
SIZE = (5.0, 3.1)
_DPI = 170
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 2,
    # A name may hold a dollar sign.
    "text.parse_math": False,
}
# Colours of a drawing; its edges need few, and a palette makes the file a third.
_PALETTE = 128


class Drawing:
    """A figure in the one style, and its PNG once it is drawn."""

    def __init__(self, size: tuple[float, float]) -> None:
        self.figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
        self.png = b""


@contextlib.contextmanager
def drawing(size: tuple[float, float] = SIZE) -> Iterator[Drawing]:
    """Gives a figure to draw on; at its end, if nothing was raised, it has its PNG.

    Args:
        size: width and height in inches.
    """
    with matplotlib.rc_context(_STYLE):
        drawn = Drawing(size)
        yield drawn
        buffer = io.BytesIO()
        drawn.figure.savefig(buffer, format="png", metadata={"Software": None})
    drawn.png = _with_palette(buffer)


def _with_palette(buffer: io.BytesIO) -> bytes:
    with Image.open(buffer) as image:
        reduced = image.convert("RGB").quantize(_PALETTE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    reduced.save(out, format="png", optimize=True)
    return out.getvalue()


def percent(axes: Axes) -> None:
    """Makes the vertical axis one of shares, from none to all."""
    axes.set_ylim(-0.02, 1.02)
    in_percent(axes.yaxis)


def in_percent(axis: Axis) -> None:
    """Labels an axis of shares in [0, 1] with percents."""
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


def with_company(figure: Figure, company: str) -> None:
    """Writes what success is read beside under a figure of it: a figure is shown alone, too."""
    assert company, "success is not shown alone"
    figure.supxlabel("\n".join(textwrap.wrap(company, 72)), fontsize=8.5, color=SOFT)
