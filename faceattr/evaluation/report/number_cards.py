"""The numbers of one edit, as cards of a report."""

from faceattr.evaluation.measures import (
    cycle,
    how_far,
    identity,
    landmarks,
    locality,
    no_op,
    sharpness,
    success,
    told_apart,
    truth,
)
from faceattr.evaluation.report.html import card
from faceattr.evaluation.report.shown import ShownEdit


def number_cards(shown: ShownEdit) -> str:
    """Markup of a card for each measure; one that is missing says why."""
    found = shown.measures
    cards = [
        how_far.card(found.how_far, shown.reason("how_far")),
        told_apart.card(found.told_apart, shown.reason("told_apart")),
        success.card(found.success),
        locality.card(found.locality),
        no_op.card(found.no_op),
        cycle.card(found.cycle, shown.reason("cycle")),
        landmarks.card(found.landmarks, found.edit, _of_way_back(shown), shown.reason("landmarks")),
    ]
    # Where it is missing, its figure says why.
    if found.identity is not None:
        cards.append(identity.card(found.identity))
    # Reports of before it was measured have none.
    if found.sharpness is not None:
        cards.append(sharpness.card(found.sharpness))
    # Photographs have no counterfactual.
    if found.truth is not None:
        cards.append(truth.card(found.truth))
    return "".join(map(card, cards))


def _of_way_back(shown: ShownEdit) -> landmarks.Landmarks | None:
    """The landmarks of the opposite edit of the same subject."""
    return next(
        (
            other.landmarks
            for other in shown.subject.edits
            if other.edit.undoes(shown.measures.edit)
        ),
        None,
    )
