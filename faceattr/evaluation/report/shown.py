"""What a report shows of each edit, gathered from an evaluation."""

import dataclasses
from collections.abc import Mapping, Sequence

from faceattr.edits import Edit
from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.measures import how_far
from faceattr.evaluation.measures.identity import IdentityReference
from faceattr.evaluation.measures.measure import Skipped
from faceattr.evaluation.measures.measured import EditMeasures
from faceattr.evaluation.metrics import SubjectMetrics
from faceattr.evaluation.pictures import EditPictures
from faceattr.evaluation.report.success_cells import Company
from faceattr.pictures.html import identifier


@dataclasses.dataclass(frozen=True, eq=False)
class ShownEdit:
    """One edit of one subject, with all that its part of the report shows.

    Attributes:
        anchor: unique in the report; begins the names of its files.
        subject: what was measured of it.
        measures: what was measured of the edit.
        pictures: its `EditPictures`.
        company: what its success is read beside.
        identity: what distances real photographs have.
        seed: int, that drew the random faces.
        reasons: part -> why it was skipped.
    """

    anchor: str
    subject: SubjectMetrics
    measures: EditMeasures
    pictures: EditPictures
    company: Company
    identity: IdentityReference | None
    seed: int
    reasons: Mapping[str, str]

    @property
    def name(self) -> str:
        """Such as `"add_glasses"`."""
        return self.measures.edit.name

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
    pairs = [(subject, found) for subject in metrics.subjects for found in subject.edits]
    places = anchors([(subject.name, found.edit.name) for subject, found in pairs])
    shown = []
    for (subject, found), anchor in zip(pairs, places, strict=True):
        edit = found.edit
        pictures = evaluation.pictures[subject.name, edit]
        reasons = _reasons(metrics.skipped, subject.name, edit)
        realism, told_apart = found.realism, found.told_apart
        company = Company(
            judge=metrics.classifier.score(subject.source, edit.column),
            adds=edit.adds,
            no_op=found.no_op,
            how_far=reasons["how_far"] if found.how_far is None else found.how_far,
            realism=reasons.get("realism", "not measured") if realism is None else realism,
            told_apart=(
                reasons.get("told_apart", "not measured") if told_apart is None else told_apart
            ),
            images=pictures.images[pictures.random],
            edited=pictures.edited[pictures.random],
        )
        shown.append(
            ShownEdit(
                anchor=anchor,
                subject=subject,
                measures=found,
                pictures=pictures,
                company=company,
                identity=metrics.identity_reference,
                seed=metrics.seed,
                reasons=reasons,
            )
        )
    return shown


def _reasons(skipped: Sequence[Skipped], subject: str, edit: Edit) -> dict[str, str]:
    """Part -> why it was skipped, of what was skipped for all or for this edit."""
    own = f"{subject}: {edit.name}"
    given = {one.part: one.reason for one in skipped if not one.edits or own in one.edits}
    return {"how_far": how_far.why_missing(edit), **given}
