"""Fig. 6 (section 6.2): glasses without the residual, and without dual learning."""

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.evaluation.metrics import to_json
from faceattr.reproduction import measures
from faceattr.reproduction.comparisons import Claim
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.layout import random_faces, sheet, stacked
from faceattr.reproduction.paired import compared
from faceattr.reproduction.result import Result
from faceattr.reproduction.trainings import NO_DUAL, NO_RESIDUAL

_GLASSES = PAPER_ATTRIBUTES[0]
_LABELS = {_GLASSES.name: "ours", NO_RESIDUAL: "no residual", NO_DUAL: "no dual"}
_FACES = 6
_CELL = 128


def fig6(laboratory: Laboratory) -> Result:
    """Input, ours, no residual, no dual learning."""
    evaluation = laboratory.evaluated(tuple(_LABELS))
    sheets = []
    for edit in _GLASSES.edits:
        first = evaluation.pictures[_GLASSES.name, edit]
        shown = random_faces(first, _FACES)
        rows = [("input", list(first.images[shown]))]
        rows += [
            (label, list(evaluation.pictures[name, edit].edited[shown]))
            for name, label in _LABELS.items()
        ]
        sheets.append(sheet(edit.name, rows, _CELL))
    seed = laboratory.settings.seed

    def against(name: str, **more: bool) -> tuple:
        edits = [(_GLASSES.name, name, edit) for edit in _GLASSES.edits]
        return compared(evaluation, edits, ("ours", _LABELS[name]), seed, **more)

    claims = (
        Claim(
            "Without residual images the networks change who it is and the rest of the picture.",
            "section 6.2, Fig. 6",
            against(NO_RESIDUAL),
            "Both directions together. Outside: the picture without the box around the eyes.",
        ),
        Claim(
            "Without dual learning the pictures are worse.",
            "section 6.2, Fig. 6",
            against(NO_DUAL, gain=True, cycle=True),
            "The paper speaks of image quality and of changed hair: here who it is, the picture "
            "outside the eyes, the rise of the target's probability, and coming back from there.",
        ),
    )
    return Result(
        "Fig. 6: without the residual, without dual learning",
        {"fig6": stacked(sheets)},
        measures.measures_table(evaluation, _LABELS),
        claims,
        {"subjects": to_json(evaluation.metrics)["subjects"]},
    )
