"""What a report shows of each edit, gathered from an evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from faceattr.evaluation.report.html import Numbers
from faceattr.evaluation.report.success_cells import Company
from faceattr.pictures.html import identifier

if TYPE_CHECKING:
    # For their types alone: these rooms need none of what that one imports.
    from faceattr.evaluation.evaluate import EditPictures, Evaluation


@dataclasses.dataclass(frozen=True, eq=False)
class ShownEdit:
    """One edit of one subject, with all that its part of the report shows.

    Attributes:
        name: such as `"add_glasses"`.
        anchor: unique in the report; begins the names of its files.
        subject, edit: their entries in metrics.json.
        pictures: its `EditPictures`.
        company: what its success is read beside.
        identity: `identity_reference` of metrics.json.
        seed: int, that drew the random faces.
        reasons: part -> why it was skipped.
    """

    name: str
    anchor: str
    subject: Numbers
    edit: Numbers
    pictures: EditPictures
    company: Company
    identity: Numbers | None
    seed: int
    reasons: Mapping[str, str]

    def reason(self, part: str) -> str:
        return self.reasons.get(part, "not measured")


def anchors(names: Sequence[tuple[str, str]]) -> list[str]:
    """A unique anchor for each (subject, edit), fit for file names."""
    taken: list[str] = []
    for subject, edit in names:
        plain = anchor = identifier(subject, edit)
        place = 2
        # A file system may take both cases for one.
        while anchor.casefold() in [other.casefold() for other in taken]:
            anchor = f"{plain}-{place}"
            place += 1
        taken.append(anchor)
    return taken


def shown_edits(evaluation: Evaluation) -> list[ShownEdit]:
    """Every edit with its pictures and what its success is read beside.

    Raises:
        ValueError: if one has no faces to show, or was not judged; see `Company`.
    """
    metrics = evaluation.metrics
    pairs = [(subject, name) for subject in metrics["subjects"] for name in subject["edits"]]
    shown = []
    for (subject, name), anchor in zip(
        pairs, anchors([(subject["name"], name) for subject, name in pairs]), strict=True
    ):
        edit = subject["edits"][name]
        pictures = evaluation.pictures[subject["name"], name]
        reasons = _reasons(metrics["skipped"], subject["name"], name)
        realism = edit["realism"]
        company = Company(
            judge=metrics["classifier"]["scores"].get(subject["source"], {}).get(subject["column"]),
            to_positive=edit["direction"] == "to_positive",
            no_op=edit["no_op"],
            realism=reasons.get("realism", "not measured") if realism is None else realism,
            unedited=edit["realism_before"],
            images=pictures.images[pictures.random],
            edited=pictures.edited[pictures.random],
        )
        shown.append(
            ShownEdit(
                name=name,
                anchor=anchor,
                subject=subject,
                edit=edit,
                pictures=pictures,
                company=company,
                identity=metrics["identity_reference"],
                seed=metrics["seed"],
                reasons=reasons,
            )
        )
    return shown


def _reasons(skipped: list[Numbers], subject: str, edit: str) -> dict[str, str]:
    """Part -> why it was skipped, of what was skipped for all or for this edit."""
    own = f"{subject}: {edit}"
    return {
        one["part"]: one["reason"] for one in skipped if not one["edits"] or own in one["edits"]
    }
