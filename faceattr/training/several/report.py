"""What came of several trainings: a table, and their edits side by side."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from faceattr import pixels
from faceattr.edits import Edit, edited
from faceattr.files import write_text
from faceattr.models.family import Term
from faceattr.pictures.grids import image_grid, joined, resized, titled
from faceattr.pictures.png import write_png
from faceattr.pictures.words import duration
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig

_FIRST = ("attribute", "edit", "steps", "time")
_TRUTH = {"edited_psnr": "edited, dB", "unedited_psnr": "unedited, dB"}
# Faces are drawn at one of these sides, however small the networks see them.
_CELLS = (96, 128)
_GAP = 14


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of the training of one attribute.

    Attributes:
        run: where it is.
        config: its settings.
        problem: str or None, why it ended before its last step.
    """

    run: Run
    config: TrainConfig
    problem: str | None = None


def strip_path(run: Run) -> pathlib.Path:
    """Where the strip of a finished run is kept."""
    return run.folder / "strip.png"


def summarize(outcome: Outcome) -> dict[str, Any]:
    """One attribute of `summary.json`.

    Returns:
        `attribute`, `folder`, `steps` done, `seconds`, `problem` (None if it is finished), and
        `edits`: for each the numbers that the table shows, those that were measured; and
        `results`, the run's results.json, None where it is not finished.
    """
    run, config = outcome.run, outcome.config
    rows, _ = run.read_metrics()
    results = run.results if outcome.problem is None else None
    # On the held-out faces; of a training that was not finished on those of its last steps.
    means = results["objective"] if results else (rows[-1] if rows else {})
    terms = [term for term in config.family.terms(run.edits) if term.heading]
    edits = {}
    for edit in run.edits:
        truth = (results or {}).get("truth", {}).get(edit.name, {})
        found = {
            **{_key(term): means.get(term.name) for term in terms if term.edit in (None, edit)},
            **{name: truth.get(name) for name in _TRUTH},
        }
        edits[edit.name] = {name: value for name, value in found.items() if value is not None}
    return {
        "attribute": config.attr,
        "folder": run.folder.name,
        "steps": config.steps if outcome.problem is None else (rows[-1]["step"] if rows else 0),
        "seconds": round(run.seconds_trained(), 1),
        "problem": outcome.problem,
        "edits": edits,
        "results": results,
    }


def _key(term: Term) -> str:
    """What a summary calls a term: one of each edit has the same name in all of them."""
    return term.name if term.edit is None else term.heading


def _headings(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """What the table calls the numbers of a summary, in the order of its columns."""
    terms = [
        each for outcome in outcomes for each in outcome.config.family.terms(outcome.run.edits)
    ]
    return {_key(term): term.heading for term in terms if term.heading} | _TRUTH


def table(summaries: Sequence[dict[str, Any]], headings: Mapping[str, str]) -> str:
    """The summaries as a Markdown table, aligned to be read as text too; a row for each edit.

    The terms are means over the held-out faces, residuals of their absolute value, of pixels in
    [-1, 1].
    """
    rows = [[*_FIRST, *headings.values()]]
    for summary in summaries:
        for edit, terms in summary["edits"].items():
            cells = {
                "attribute": summary["attribute"].replace("|", r"\|"),
                "edit": edit,
                "steps": f"{summary['steps']}{', diverged' if summary['problem'] else ''}",
                "time": duration(summary["seconds"]),
            } | {
                name: f"{value:.2f}" if name in _TRUTH else f"{value:.3g}"
                for name, value in terms.items()
            }
            rows.append([cells.get(name, "-") for name in (*_FIRST, *headings)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    problems = [
        f"{summary['attribute']}: {summary['problem']}"
        for summary in summaries
        if summary["problem"]
    ]
    return "\n".join([*lines, *([""] if problems else []), *problems]) + "\n"


def write_report(folder: pathlib.Path, outcomes: Sequence[Outcome]) -> None:
    """Writes `summary.json`, `summary.md` and, of those that are finished, `montage.png`."""
    summaries = [summarize(outcome) for outcome in outcomes]
    write_text(folder / "summary.json", json.dumps({"attributes": summaries}, indent=2) + "\n")
    write_text(folder / "summary.md", table(summaries, _headings(outcomes)))
    paths = [strip_path(outcome.run) for outcome in outcomes if outcome.problem is None]
    strips = [_read(path) for path in paths if path.is_file()]
    montage_path = folder / "montage.png"
    if strips:
        write_png(montage_path, montage(strips))
    else:
        montage_path.unlink(missing_ok=True)


def _read(path: pathlib.Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def strip(model: Any, faces: Mapping[Edit, np.ndarray]) -> np.ndarray:
    """Input, residual and edited rows of both edits of an attribute, beside each other.

    Args:
        model: an `AdversarialModel`.
        faces: edit -> uint8 [n, s, s, 3], faces that need it.

    Returns:
        uint8 [height, width, 3].
    """
    blocks = []
    for edit, images in faces.items():
        x = pixels.to_float(images)
        residual = np.asarray(model.residual_image(x, edit))
        rows = [
            ("input", images),
            ("residual", pixels.residual_to_uint8(residual)),
            ("edited", pixels.to_uint8(edited(x, residual))),
        ]
        grid = image_grid([(label, _enlarged(images)) for label, images in rows])
        blocks.append(titled(edit.name, grid))
    return joined(blocks, axis=1, gap=_GAP)


def montage(strips: Sequence[np.ndarray]) -> np.ndarray:
    """Strips below each other: uint8 [height, width, 3]."""
    return joined(strips, axis=0, gap=_GAP)


def _enlarged(images: np.ndarray) -> np.ndarray:
    side = _CELLS[images.shape[1] >= _CELLS[1]]
    return np.stack([resized(image, side) for image in images])
