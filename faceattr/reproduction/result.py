"""Result: what one experiment leaves, as files that a person and a program can read."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from faceattr.evaluation.json_values import json_value, of_type
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.files import write_text
from faceattr.pictures import words
from faceattr.pictures.png import write_png
from faceattr.reproduction.comparisons import Claim


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """One figure or table of the paper, made anew.

    Attributes:
        title: str, what it shows.
        pictures: file name without its suffix -> uint8 [height, width, 3].
        text: str, Markdown: what was measured, in tables.
        claims: the paper's claims that it bears on.
        numbers: the same as `text` for programs, of values that JSON knows.
    """

    title: str
    pictures: dict[str, np.ndarray]
    text: str
    claims: tuple[Claim, ...]
    numbers: dict[str, Any]


def result_path(folder: pathlib.Path, name: str) -> pathlib.Path:
    """The file that is there once an experiment is finished."""
    return folder / name / f"{name}.json"


def write_result(result: Result, folder: pathlib.Path, name: str) -> None:
    """Writes `folder/<name>/`: pictures, `<name>.md` and, last, `<name>.json`."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    for file, image in result.pictures.items():
        write_png(place / f"{file}.png", image, optimize=True)
    shown = "".join(f"![{result.title}]({name}/{file}.png)\n\n" for file in result.pictures)
    # The pictures are named as seen from results.md, one folder up.
    write_text(place / f"{name}.md", f"## {result.title}\n\n{shown}{result.text.strip()}\n")
    facts = {
        "title": result.title,
        "numbers": result.numbers,
        "claims": [
            {**dataclasses.asdict(claim), "verdict": claim.verdict} for claim in result.claims
        ],
    }
    write_text(
        result_path(folder, name), json.dumps(json_value(facts), indent=2, allow_nan=False) + "\n"
    )


def read_claims(folder: pathlib.Path, name: str) -> list[Claim]:
    """The claims of a finished experiment."""
    facts = json.loads(result_path(folder, name).read_text(encoding="utf-8"))
    return [of_type(Claim, claim) for claim in facts["claims"]]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table; the first `left` columns are left, the others right."""
    lines = [
        "| " + " | ".join(heads) + " |",
        "|" + " --- |" * left + " ---: |" * (len(heads) - left),
    ]
    assert not any("|" in cell for row in rows for cell in row), "a cell would end early"
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def interval(estimate: Estimate, digits: int = 2, scale: float = 1) -> str:
    """An estimate for a table: value and interval."""
    return words.interval(estimate.value, estimate.low, estimate.high, digits, scale)
