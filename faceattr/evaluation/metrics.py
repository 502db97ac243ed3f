"""Metrics: what an evaluation measured, by type; and metrics.json, which holds it.

Only this room knows how metrics.json is laid out: some results lie there under names of their own,
and an edit has the direction that manifests have, not a value.
"""

import dataclasses
from typing import Any

from faceattr.attributes import find_attribute
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.json_values import json_value, of_type
from faceattr.evaluation.judge.scores import ColumnScore, ReliabilityBin
from faceattr.evaluation.measures.identity import IdentityReference
from faceattr.evaluation.measures.leakage import Correlations
from faceattr.evaluation.measures.measure import Skipped
from faceattr.evaluation.measures.measured import EditMeasures

FORMAT = 2
"""Of metrics.json; raised when the meaning of a field changes."""


@dataclasses.dataclass(frozen=True)
class SourceFacts:
    """A source: its images, and how many of them the judge never saw."""

    name: str
    images: int
    held_out: int


@dataclasses.dataclass(frozen=True)
class JudgeFacts:
    """How good the judge is.

    Attributes:
        columns: the attributes that it tells.
        settings: how it was trained.
        scores: source -> column -> its scores there.
        reliability: source -> column that is edited -> what it says against what is true.
    """

    columns: tuple[str, ...]
    settings: dict[str, Any]
    scores: dict[str, dict[str, ColumnScore]]
    reliability: dict[str, dict[str, tuple[ReliabilityBin, ...]]]

    def score(self, source: str, column: str) -> ColumnScore | None:
        """Its score of one attribute on the faces of one source; None where it was not asked."""
        return self.scores.get(source, {}).get(column)

    def recall(self, source: str, edit: Edit) -> float:
        """Its share of right answers for real faces of what an edit aims at."""
        score = self.scores[source][edit.column]
        return score.recall_positive if edit.adds else score.recall_negative


@dataclasses.dataclass(frozen=True, eq=False)
class SubjectMetrics:
    """What was measured of one subject.

    Attributes:
        name, method, settings: of the subject.
        source: str, of the faces that it was tried on.
        notes: what a reader should know about these, a sentence each.
        edits: what was measured of each of its edits.
    """

    name: str
    method: str
    settings: dict[str, Any]
    source: str
    notes: tuple[str, ...]
    edits: tuple[EditMeasures, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Metrics:
    """All that was measured, and with what.

    Attributes:
        seed: int, of every draw.
        created: str, the time, in UTC.
        machine: see `this_machine`.
        sources: what the judge learned from, and was measured on.
        classifier: the judge.
        identity_reference: what distances real photographs have; None where it was left out.
        correlations: of the first subject's data.
        skipped: what was left out.
        subjects: what was measured of each.
        seconds: float, that it took.
        format: int, see `FORMAT`.
    """

    seed: int
    created: str
    machine: dict[str, Any]
    sources: tuple[SourceFacts, ...]
    classifier: JudgeFacts
    identity_reference: IdentityReference | None
    correlations: Correlations
    skipped: tuple[Skipped, ...]
    subjects: tuple[SubjectMetrics, ...]
    seconds: float
    format: int = FORMAT

    def of(self, subject: str, edit: Edit) -> EditMeasures:
        """What was measured of one edit of a subject.

        Raises:
            KeyError: if there is no such edit.
        """
        for found in self.subjects:
            for each in found.edits:
                if (found.name, each.edit) == (subject, edit):
                    return each
        raise KeyError(subject, edit)


def to_json(metrics: Metrics) -> dict[str, Any]:
    """What metrics.json holds, of values that JSON knows."""
    subjects = [
        {**json_value(subject), "edits": {each.edit.name: _edit(each) for each in subject.edits}}
        for subject in metrics.subjects
    ]
    return {**json_value(metrics), "subjects": subjects}


def from_json(value: dict[str, Any]) -> Metrics:
    """What `to_json` made a dict of.

    Raises:
        UserError: if it is of another format.
    """
    if value["format"] != FORMAT:
        raise UserError(f"metrics.json has format {value['format']}, this version reads {FORMAT}")
    subjects = [
        {**subject, "edits": [_typed(name, each) for name, each in subject["edits"].items()]}
        for subject in value["subjects"]
    ]
    return of_type(Metrics, {**value, "subjects": subjects})


_REALISM = ("realism", "realism_inception")


def _edit(found: EditMeasures) -> dict[str, Any]:
    value = json_value(found)
    value["strength_response"] = value["success"].pop("by_strength")
    value["success_by_noop"] = value["success"].pop("by_need")
    for name in _REALISM:
        pair = value[name] or {"edited": None, "unedited": None}
        value[name], value[f"{name}_before"] = pair["edited"], pair["unedited"]
    del value["edit"]
    column = found.edit.column
    return {
        "attribute": find_attribute(column, [column]).name,
        "column": column,
        "direction": "to_positive" if found.edit.adds else "to_negative",
        "how_far": value.pop("how_far"),
        **value,
    }


def _typed(name: str, value: dict[str, Any]) -> dict[str, Any]:
    success = {
        **value["success"],
        "by_strength": value["strength_response"],
        "by_need": value["success_by_noop"],
    }
    realism = {
        each: value[each] and {"edited": value[each], "unedited": value[f"{each}_before"]}
        for each in _REALISM
    }
    edit = Edit(name, value["column"], value["direction"] == "to_positive")
    return {**value, "edit": dataclasses.asdict(edit), "success": success, **realism}
