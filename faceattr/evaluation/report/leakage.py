"""The part of a report about what edits leak: what they do to attributes that they are not for."""

from collections.abc import Sequence

import numpy as np

from faceattr.evaluation.measures.leakage import Leakage
from faceattr.evaluation.metrics import SubjectMetrics
from faceattr.evaluation.report import figures
from faceattr.pictures.html import chart, missing, table, text
from faceattr.pictures.words import number

_MOST_LEAKS = 5


def leakage_section(subjects: Sequence[SubjectMetrics], files: dict[str, bytes]) -> str:
    """What edits do to the attributes that they are not for.

    Args:
        subjects: what was measured of each.
        files: the PNG files of the report by name; `leakage.png` is added.
    """
    all_names = [each.edit.name for subject in subjects for each in subject.edits]
    edits = [
        (
            each.edit.name
            if all_names.count(each.edit.name) == 1
            else f"{each.edit.name}, {subject.name}",
            each.edit.column,
            each.leakage,
        )
        for subject in subjects
        for each in subject.edits
    ]
    columns = _by_change([found for _, _, found in edits])
    names = [name for name, _, _ in edits]
    edited = [column for _, column, _ in edits]
    changes, ties = (
        np.array([[found.at(values, column) for column in columns] for found, values in rows])
        for rows in (
            [(found, found.changes) for _, _, found in edits],
            [(found, found.correlations) for _, _, found in edits],
        )
    )
    png = figures.leakage(names, columns, edited, changes, ties)
    files["leakage.png"] = png
    rows = [[text(name), _follows(found), _leaks(found, column)] for name, column, found in edits]
    return (
        '<section id="leakage"><h2>What else an edit changes</h2>'
        '<p class="about">Above: how an edit moves the judge on every attribute, the most moved '
        "first; framed is the attribute itself. Below: what the data's correlations would have "
        "move with it. An edit of its attribute alone is white but for the frame.</p>"
        f'<figure><div class="wide">{chart(png, "matrix of changes, edits by attributes")}</div>'
        "</figure>"
        + table(["edit", "follows the data, -1 to 1", "largest changes of others"], rows)
        + "</section>"
    )


def _by_change(found: Sequence[Leakage]) -> list[str]:
    """All columns, the one that is moved most by any edit first."""
    columns = dict.fromkeys(column for one in found for column in one.columns)

    def most(column: str) -> float:
        return max(np.nan_to_num(abs(one.at(one.changes, column))) for one in found)

    return sorted(columns, key=lambda column: (-most(column), column))


def _follows(found: Leakage) -> str:
    if np.isnan(found.follows_data):
        return missing("fewer than three other attributes")
    return f"<b>{number(found.follows_data)}</b>"


def _leaks(found: Leakage, edited: str) -> str:
    others = [column for column in _by_change([found]) if column != edited][:_MOST_LEAKS]
    return ", ".join(
        f"{text(column.replace('_', ' '))} <b>{found.at(found.changes, column):+.2f}</b> "
        f"<small>± {2 * found.at(found.errors, column):.2f}</small>"
        for column in others
    )
