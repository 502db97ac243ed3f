"""Fig. 6 (section 6.2): glasses without the residual, and without dual learning."""

import numpy as np

from faceattr.evaluation.cycle import cycle
from faceattr.evaluation.edits import Edit, edited_images, residuals
from faceattr.evaluation.evaluate import EditPictures, Evaluation
from faceattr.reproduction import comparisons, measures
from faceattr.reproduction.comparisons import Claim, Comparison
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.layout import random_faces, sheet, stacked
from faceattr.reproduction.result import Result
from faceattr.reproduction.trainings import NO_DUAL, NO_RESIDUAL

_GLASSES = "glasses"
_LABELS = {_GLASSES: "ours", NO_RESIDUAL: "no residual", NO_DUAL: "no dual"}
_FACES = 6
_CELL = 128


def fig6(laboratory: Laboratory) -> Result:
    """Input, ours, no residual, no dual learning."""
    evaluation = laboratory.evaluations(tuple(_LABELS))
    attribute = laboratory.subject(_GLASSES).attribute
    sheets = []
    for edit in attribute.edits:
        first = evaluation.pictures[_GLASSES, edit]
        shown = random_faces(first, _FACES)
        rows = [("input", list(first.images[shown]))]
        rows += [
            (label, list(evaluation.pictures[name, edit].edited[shown]))
            for name, label in _LABELS.items()
        ]
        sheets.append(sheet(edit, rows, _CELL))
    compared = _Ablations(laboratory, evaluation)
    claims = (
        Claim(
            "Without residual images the networks change who it is and the rest of the picture.",
            "section 6.2, Fig. 6",
            (*compared.identity(NO_RESIDUAL), compared.outside(NO_RESIDUAL)),
            "Both directions together. Outside: the picture without the box around the eyes.",
        ),
        Claim(
            "Without dual learning the pictures are worse.",
            "section 6.2, Fig. 6",
            (
                *compared.identity(NO_DUAL),
                compared.outside(NO_DUAL),
                compared.gain(NO_DUAL),
                compared.there_and_back(NO_DUAL),
            ),
            "The paper speaks of image quality and changed hair: here who it is, the picture "
            "outside the eyes, the rise of the target's probability, and coming back from there.",
        ),
    )
    return Result(
        "Fig. 6: without the residual, without dual learning",
        {"fig6": stacked(sheets)},
        measures.measures_table(evaluation, _LABELS),
        claims,
        {"subjects": evaluation.metrics["subjects"]},
    )


class _Ablations:
    """Ours against an ablation, both directions together, the same faces."""

    def __init__(self, laboratory: Laboratory, evaluation: Evaluation) -> None:
        self._laboratory = laboratory
        self._evaluation = evaluation
        self._seed = laboratory.settings.seed
        self._attribute = laboratory.subject(_GLASSES).attribute

    def identity(self, name: str) -> tuple[Comparison, ...]:
        """None without dlib's models."""
        sides = [
            [
                measures.identity_distances(self._evaluation, each, edit)
                for edit in self._attribute.edits
            ]
            for each in (_GLASSES, name)
        ]
        found = [[part for part in side if part is not None] for side in sides]
        if not found[0] or not found[1]:
            return ()
        ours, other = (np.concatenate(side) for side in found)
        return (
            comparisons.lower(
                "descriptor distance", ("ours", ours), (_LABELS[name], other), self._seed
            ),
        )

    def outside(self, name: str) -> Comparison:
        ours, other = (
            np.concatenate(
                [
                    measures.psnr_outside(pictures, self._attribute.column)
                    for pictures in self._pictures(each)
                ]
            )
            for each in (_GLASSES, name)
        )
        return comparisons.higher(
            "PSNR outside, dB", ("ours", ours), (_LABELS[name], other), self._seed
        )

    def gain(self, name: str) -> Comparison:
        ours, other = (
            np.concatenate(
                [
                    measures.gains(pictures, direction)
                    for pictures, direction in zip(
                        self._pictures(each), measures.DIRECTIONS, strict=True
                    )
                ]
            )
            for each in (_GLASSES, name)
        )
        what = "rise of the target's probability"
        return comparisons.higher(what, ("ours", ours), (_LABELS[name], other), self._seed)

    def there_and_back(self, name: str) -> Comparison:
        ours, other = (self._cycle(each) for each in (_GLASSES, name))
        what = "mean |G1(G0(x)) - x|"
        return comparisons.lower(what, ("ours", ours), (_LABELS[name], other), self._seed)

    def _cycle(self, name: str) -> np.ndarray:
        edits = self._laboratory.subject(name).edits
        there = self._pictures(name)
        back: list[Edit] = [edits["to_negative"], edits["to_positive"]]
        found = []
        for pictures, edit in zip(there, back, strict=True):
            restored = edited_images(pictures.edited, residuals(edit, pictures.edited))
            found.append(cycle(pictures.images, pictures.edited, restored).l1)
        return np.concatenate(found)

    def _pictures(self, name: str) -> list[EditPictures]:
        return [self._evaluation.pictures[name, edit] for edit in self._attribute.edits]
