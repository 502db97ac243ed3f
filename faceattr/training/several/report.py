"""What came of several trainings: a table, and their edits side by side."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from faceattr import pixels
from faceattr.edits import Edit, edited
from faceattr.files import write_text
from faceattr.pictures.grids import image_grid, joined, resized, titled
from faceattr.pictures.png import write_png
from faceattr.pictures.words import duration
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig

_DIRECTIONS = ("to_positive", "to_negative")
_COLUMNS = {
    "attribute": "attribute",
    "edit": "edit",
    "steps": "steps",
    "time": "time",
    "gan_loss": "GAN",
    "dual_loss": "dual",
    "discriminator_loss": "D",
    "residual": "residual",
    "edited_psnr": "edited, dB",
    "unedited_psnr": "unedited, dB",
}
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


def seconds_trained(run: Run, batch_size: int) -> float:
    """How long the steps in `metrics.jsonl` took, over all the times that the run went on."""
    seconds, last = 0.0, 0
    for row in run.read_metrics()[0]:
        seconds += (row["step"] - last) * batch_size / max(row["pairs_per_second"], 1e-3)
        last = row["step"]
    return seconds


def summarize(outcome: Outcome) -> dict[str, Any]:
    """One attribute of `summary.json`.

    Returns:
        `attribute`, `folder`, `steps` done, `seconds`, `problem` (None if it is finished), and
        `edits`: for each the terms that the table shows, those that were measured; and `results`,
        the run's results.json, None where it is not finished.
    """
    run, config = outcome.run, outcome.config
    rows, _ = run.read_metrics()
    results = None
    if outcome.problem is None:
        results = json.loads((run.folder / "results.json").read_text(encoding="utf-8"))
    # On the held-out faces; of a training that was not finished on those of its last steps.
    terms = results["objective"] if results else (rows[-1] if rows else {})
    edits = {}
    for direction in _DIRECTIONS:
        edit = run.data["edits"][direction]
        truth = (results or {}).get("truth", {}).get(edit, {})
        found = {
            **{name: terms.get(name) for name in ("gan_loss", "dual_loss", "discriminator_loss")},
            "residual": terms.get(f"residual_{direction}"),
            **{name: truth.get(name) for name in ("edited_psnr", "unedited_psnr")},
        }
        edits[edit] = {name: value for name, value in found.items() if value is not None}
    return {
        "attribute": config.attr,
        "folder": run.folder.name,
        "steps": config.steps if outcome.problem is None else (rows[-1]["step"] if rows else 0),
        "seconds": round(seconds_trained(run, config.batch_size), 1),
        "problem": outcome.problem,
        "edits": edits,
        "results": results,
    }


def table(summaries: Sequence[dict[str, Any]]) -> str:
    """The summaries as a Markdown table, aligned to be read as text too; a row for each edit.

    The terms are means over the held-out faces, `residual` of its absolute value, of pixels in
    [-1, 1].
    """
    rows = [list(_COLUMNS.values())]
    for summary in summaries:
        for edit, terms in summary["edits"].items():
            cells = {
                **{name: f"{value:.2f}" for name, value in terms.items() if "psnr" in name},
                **{name: f"{value:.3g}" for name, value in terms.items() if "psnr" not in name},
                "attribute": summary["attribute"].replace("|", "\\|"),
                "edit": edit,
                "steps": f"{summary['steps']}{', diverged' if summary['problem'] else ''}",
                "time": duration(summary["seconds"]),
            }
            rows.append([cells.get(column, "-") for column in _COLUMNS])
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
    write_text(folder / "summary.md", table(summaries))
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


def strip(model: Any, edits: Sequence[Edit], faces: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Input, residual and edited rows of both edits of an attribute, beside each other.

    Args:
        model: a `ResidualGAN` or a `VAEGAN`.
        edits: of the attribute: adding it, and removing it.
        faces: uint8 [n, s, s, 3] without the attribute, and with it.

    Returns:
        uint8 [height, width, 3].
    """
    blocks = []
    for edit, images in zip(edits, faces, strict=True):
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
