"""The curves, bars and maps of a report: what was measured, and residuals, to PNG.

Every function is pure and returns the bytes of a PNG. What is NaN was not measured.
"""

import math
import textwrap
from collections.abc import Sequence

import numpy as np

from faceattr import pixels
from faceattr.evaluation.judge.face_models import SAME_PERSON
from faceattr.evaluation.judge.scores import ReliabilityBin
from faceattr.evaluation.measures.identity import IdentityReference
from faceattr.evaluation.measures.pose import PoseBin
from faceattr.evaluation.measures.realism import Realism
from faceattr.evaluation.measures.success import StrengthPoint
from faceattr.evaluation.report.figure_style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    SIZE,
    SOFT,
    drawing,
    in_percent,
    percent,
    with_company,
)
from faceattr.pictures.words import faces

_LONGEST = 28
# Of a cell, from its left upper corner around it.
_FRAME = np.array([-0.5, -0.5, 0.5, 0.5, -0.5])


def strength_response(points: Sequence[StrengthPoint], ceiling: float, company: str) -> bytes:
    """Success and the judge's mean probability, by strength.

    Args:
        points: one for each strength.
        ceiling: the judge's own share of right answers for the target, in [0, 1].
        company: what success is read beside, one line; see `success_cells.Company`.
    """
    with drawing() as drawn:
        axes = drawn.figure.subplots()
        strengths = [point.strength for point in points]
        success = [point.success for point in points]
        probability = [point.probability for point in points]
        if not math.isnan(ceiling):
            axes.axhline(ceiling, color=SOFT, lw=1, ls=(0, (1, 2)), label="judge's own recall")
        axes.axvline(1, color=SOFT, lw=1)
        low, high = [each.low for each in success], [each.high for each in success]
        axes.fill_between(strengths, low, high, color=BLUE, alpha=0.2, lw=0)
        value = [each.value for each in success]
        axes.plot(strengths, value, color=BLUE, marker="o", ms=4, label="classed as the target")
        axes.plot(strengths, probability, color=ORANGE, ls="--", label="mean probability")
        axes.set_xlabel("strength")
        axes.legend(loc="best")
        percent(axes)
        with_company(drawn.figure, company)
    return drawn.png


def success_by_yaw(bins: Sequence[PoseBin], company: str) -> bytes:
    """Success by how far the head is turned, with the kernel distance of each bin below it.

    Args:
        bins: one for each range of turns.
        company: see `strength_response`.
    """
    with drawing() as drawn:
        axes = drawn.figure.subplots()
        for place, one in enumerate(bins):
            success = one.success
            if math.isnan(success.value):
                axes.text(place, 0.03, "none", ha="center", color=SOFT)
                continue
            axes.bar(place, success.value, 0.62, color=BLUE, alpha=0.75)
            axes.vlines(place, success.low, success.high, color=INK, lw=1.5)
        axes.set_xticks(
            range(len(bins)),
            [_turned(one) for one in bins],
        )
        axes.set_xlabel("turn of the head, to either side")
        axes.grid(visible=False, axis="x")
        percent(axes)
        with_company(drawn.figure, company)
    return drawn.png


def _turned(one: PoseBin) -> str:
    said = f"{one.low:.0f} to {one.high:.0f}°\n{faces(one.success.count)}"
    return said if one.kernel is None else f"{said}\nkernel {one.kernel:.2f}"


def identity_histogram(
    distances: np.ndarray, reference: IdentityReference | None, threshold: float = SAME_PERSON
) -> bytes:
    """How far edits move faces, beside two photographs of one person and of two.

    Args:
        distances: float [n], between each face and its edit.
        reference: of real photographs.
        threshold: nearer is taken for one person.
    """
    series = [("face and its edit", distances, BLUE, True)]
    if reference is not None:
        series += [
            ("two photographs of one person", reference.same.distances, GREEN, False),
            ("photographs of two persons", reference.different.distances, ORANGE, False),
        ]
    highest = max([1.0, *(float(np.nanmax(values)) for _, values, _, _ in series if len(values))])
    edges = np.arange(0, highest + 0.05, 0.05)
    with drawing() as drawn:
        axes = drawn.figure.subplots()
        for words, values, colour, filled in series:
            if not len(values):
                continue
            shares = np.histogram(values, edges)[0] / len(values)
            label = f"{words} ({len(values)})"
            if filled:
                axes.stairs(shares, edges, fill=True, color=colour, alpha=0.55, label=label)
            else:
                axes.stairs(shares, edges, color=colour, lw=2, label=label)
        axes.axvline(threshold, color=INK, lw=1.2, ls="--")
        axes.annotate(
            f" {threshold:g}", (threshold, 0.98), xycoords=("data", "axes fraction"), va="top"
        )
        axes.set_xlabel("distance of descriptors")
        axes.set_xlim(0, highest)
        # Above the bars, not on them.
        axes.set_ylim(0, axes.get_ylim()[1] * 1.1)
        in_percent(axes.yaxis)
        drawn.figure.legend(loc="outside upper left")
    return drawn.png


def realism_bars(panels: Sequence[tuple[str, Realism]]) -> bytes:
    """Distances from real faces: of edited ones, of unedited ones, and of real ones.

    Args:
        panels: (title, distances by the features of one network).
    """
    with drawing((SIZE[0], 0.6 + 1.25 * len(panels))) as drawn:
        rows = drawn.figure.subplots(len(panels), squeeze=False)[:, 0]
        for axes, (title, found) in zip(rows, panels, strict=True):
            edited, unedited = found.edited, found.unedited
            # The Frechet distance of both, or the kernel distance of both.
            frechet = edited.frechet is not None and unedited.frechet is not None
            bars = [
                ("edited", edited.frechet if frechet else edited.kernel, BLUE, 0.0),
                ("unedited", unedited.frechet if frechet else unedited.kernel, SOFT, 0.0),
                (
                    "two real halves",
                    edited.frechet_reference if frechet else edited.kernel_reference,
                    GREEN,
                    0.0 if frechet else edited.kernel_reference_spread,
                ),
            ]
            for place, (_, value, colour, spread) in enumerate(bars):
                if value is None:
                    continue
                axes.barh(place, value, 0.68, color=colour, alpha=0.8)
                if spread:
                    axes.hlines(place, value - spread, value + spread, color=INK, lw=1.5)
                axes.annotate(
                    f" {value:.3g}", (max(value + spread, 0), place), va="center", fontsize=9
                )
            axes.set_yticks(range(len(bars)), [words for words, *_ in bars])
            axes.invert_yaxis()
            axes.margins(x=0.14)
            axes.grid(visible=False, axis="y")
            kind = "Fréchet" if frechet else "kernel"
            axes.set_title(f"{kind} distance, {title}", loc="left")
    return drawn.png


def where_it_acts(residual: np.ndarray, region: np.ndarray | None) -> bytes:
    """The mean |r| with the region drawn in, and the mean residual.

    Args:
        residual: float [n, s, s, 3].
        region: bool [s, s], where the edit belongs; None where that is not known.
    """
    size = np.abs(residual).mean(axis=(0, 3))
    with drawing((SIZE[0], 2.45)) as drawn:
        heat, mean = drawn.figure.subplots(1, 2)
        shown = heat.imshow(size, cmap="cividis", vmin=0)
        drawn.figure.colorbar(shown, ax=heat, shrink=0.85)
        if region is not None:
            for axes, colour in ((heat, "white"), (mean, INK)):
                axes.contour(region, [0.5], colors=[colour], linewidths=1.4, linestyles="--")
        heat.set_title("mean |r|")
        mean.imshow(pixels.residual_to_uint8(residual.mean(axis=0, dtype=np.float64)))
        mean.set_title("mean residual")
        for axes in (heat, mean):
            axes.set_axis_off()
    return drawn.png


def leakage(
    edits: Sequence[str],
    columns: Sequence[str],
    edited: Sequence[str],
    changes: np.ndarray,
    correlations: np.ndarray,
) -> bytes:
    """What edits do to all attributes, above what the data would have them do.

    Args:
        edits: the rows.
        columns: the attributes, in the order in which they are drawn.
        edited: for each edit, the column that it is for; it is framed.
        changes, correlations: float [edits, columns] in [-1, 1], NaN where unknown.
    """
    sizes = np.abs(np.concatenate([changes, correlations]))
    most = max(0.2, float(np.nanmax(sizes, initial=0.0)))
    height = 2 * (0.55 + 0.24 * len(edits)) + 1.9
    with drawing((max(SIZE[0], 2.6 + 0.24 * len(columns)), height)) as drawn:
        both = drawn.figure.subplots(2, sharex=True)
        for axes, values, title in zip(
            both,
            (changes, correlations),
            ("Change of the judge's probability", "The data's correlation, with the edit's sign"),
            strict=True,
        ):
            shown = axes.imshow(values, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto")
            axes.set_facecolor("#bdbdbd")
            axes.set_title(title, loc="left")
            axes.set_yticks(range(len(edits)), [_short(edit) for edit in edits])
            axes.grid(visible=False)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            for row, column in enumerate(edited):
                if column in columns:
                    left = list(columns).index(column) - 0.5
                    frame = ([left, left + 1, left + 1, left, left], row + _FRAME)
                    axes.plot(*frame, color=INK, lw=1.5, clip_on=False)
        names = [_short(column.replace("_", " ")) for column in columns]
        both[-1].set_xticks(range(len(columns)), names, rotation=90, fontsize=9)
        drawn.figure.colorbar(shown, ax=list(both), shrink=0.7, pad=0.01)
    return drawn.png


def reliability_diagrams(diagrams: Sequence[tuple[str, Sequence[ReliabilityBin]]]) -> bytes:
    """What the judge says against what is true.

    Args:
        diagrams: (title, bins of probability).
    """
    across = min(6, len(diagrams))
    down = math.ceil(len(diagrams) / across)
    with drawing((max(SIZE[0], 1.8 * across), 0.4 + 1.95 * down)) as drawn:
        plots = drawn.figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        grid = list(plots.flat)
        for axes, (title, bins) in zip(grid, diagrams, strict=False):
            said = [one.mean_probability for one in bins]
            true = [one.share_positive for one in bins]
            counts = np.array([one.count for one in bins])
            axes.plot([0, 1], [0, 1], color=SOFT, lw=1, ls="--")
            axes.plot(said, true, color=BLUE, lw=1.5)
            sizes = 12 + 140 * counts / max(1, counts.sum())
            axes.scatter(said, true, s=sizes, color=BLUE, alpha=0.8, lw=0)
            axes.set_title("\n".join(textwrap.wrap(title, 20)), fontsize=9)
            axes.set_aspect("equal")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_ticks([0, 0.5, 1])
                in_percent(axis)
        for place, axes in enumerate(grid):
            # The lowest of each column says what its axis is.
            axes.tick_params(labelbottom=place + across >= len(diagrams), labelsize=8.5)
            if place >= len(diagrams):
                axes.set_axis_off()
        drawn.figure.supxlabel("what the judge says", fontsize=10)
        drawn.figure.supylabel("share that has it", fontsize=10)
    return drawn.png


def _short(name: str) -> str:
    """A name that leaves room for the figure."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
