"""Fig. 4 and 5 (section 6.1): six attributes, both directions, and the same networks on LFW."""

import numpy as np

from faceattr.attributes import Attribute
from faceattr.evaluation.evaluate import Evaluation
from faceattr.reproduction import comparisons, measures
from faceattr.reproduction.comparisons import Claim, Comparison
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.layout import random_faces, residual_pictures, sheet, stacked
from faceattr.reproduction.result import Result
from faceattr.reproduction.trainings import BASELINE, SIX

_FACES = 3  # of each direction, as in the paper
_CELL = 128
OURS, VAE_GAN = "ours", "VAE-GAN"
# By how much success may fall on other faces before it counts as not carried over.
_MARGIN = 0.1


def fig4(laboratory: Laboratory) -> Result:
    """Six attributes: input, VAE-GAN, ours, residual."""
    baselines = [f"{BASELINE}-{name}" for name in SIX]
    evaluation = laboratory.evaluations([*SIX, *baselines])
    sheets, compared = [], _Compared(laboratory.settings.seed)
    for name, baseline in zip(SIX, baselines, strict=True):
        attribute = laboratory.subject(name).attribute
        rows: list[tuple[str, list[np.ndarray]]] = [
            (label, []) for label in ("input", VAE_GAN, OURS, "residual")
        ]
        for direction, edit in zip(measures.DIRECTIONS, attribute.edits, strict=True):
            ours, theirs = evaluation.pictures[name, edit], evaluation.pictures[baseline, edit]
            shown = random_faces(ours, _FACES)
            kinds = (ours.images, theirs.edited, ours.edited, residual_pictures(ours.residual))
            for (_, cells), images in zip(rows, kinds, strict=True):
                cells.extend(images[shown])
            compared.add(evaluation, name, baseline, attribute, direction)
        sheets.append(sheet(_title(attribute), rows, _CELL))
    labels = {name: OURS for name in SIX} | {name: VAE_GAN for name in baselines}
    claim = Claim(
        "Residual images keep who it is and the rest of the picture better than VAE-GAN.",
        "section 6.1, Fig. 4",
        compared.comparisons(),
        "All edits of all six attributes together. Outside: the picture without the attribute's "
        "region, a box on the mean face.",
    )
    return Result(
        "Fig. 4: six attributes, both directions",
        {"fig4": stacked(sheets, across=2)},
        measures.measures_table(evaluation, labels),
        (claim,),
        {"subjects": evaluation.metrics["subjects"]},
    )


class _Compared:
    """Collects faces of several edits, ours and the baseline's."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._identity: list[tuple[np.ndarray, np.ndarray]] = []
        self._outside: list[tuple[np.ndarray, np.ndarray]] = []

    def add(
        self,
        evaluation: Evaluation,
        ours: str,
        theirs: str,
        attribute: Attribute,
        direction: str,
    ) -> None:
        edit = getattr(attribute, direction)
        distances = [measures.identity_distances(evaluation, name, edit) for name in (ours, theirs)]
        if distances[0] is not None and distances[1] is not None:
            self._identity.append((distances[0], distances[1]))
        outside = [
            measures.psnr_outside(evaluation.pictures[name, edit], attribute.column)
            for name in (ours, theirs)
        ]
        self._outside.append((outside[0], outside[1]))

    def comparisons(self) -> tuple[Comparison, ...]:
        made = []
        if self._identity:
            made.append(
                comparisons.lower("descriptor distance", *_sides(self._identity), self._seed)
            )
        made.append(comparisons.higher("PSNR outside, dB", *_sides(self._outside), self._seed))
        return tuple(made)


def _sides(
    pairs: list[tuple[np.ndarray, np.ndarray]],
) -> tuple[tuple[str, np.ndarray], tuple[str, np.ndarray]]:
    ours, theirs = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return (OURS, ours), (VAE_GAN, theirs)


def fig5(laboratory: Laboratory) -> Result:
    """The same networks on faces of another data set: input, ours."""
    evaluation = laboratory.evaluations(SIX, "other")
    own = laboratory.evaluations(SIX)
    sheets = []
    here: list[np.ndarray] = []
    there: list[np.ndarray] = []
    for name in SIX:
        attribute = laboratory.subject(name).attribute
        rows: list[tuple[str, list[np.ndarray]]] = [("input", []), (OURS, [])]
        for direction, edit in zip(measures.DIRECTIONS, attribute.edits, strict=True):
            pictures = evaluation.pictures[name, edit]
            shown = random_faces(pictures, _FACES)
            rows[0][1].extend(pictures.images[shown])
            rows[1][1].extend(pictures.edited[shown])
            there.append(measures.gains(pictures, direction))
            here.append(measures.gains(own.pictures[name, edit], direction))
        sheets.append(sheet(_title(attribute), rows, _CELL))
    names = [laboratory.source_name(place) for place in ("other", "own")]
    gap = comparisons.not_worse(
        "rise of the target's probability",
        (names[0], np.concatenate(there)),
        (names[1], np.concatenate(here)),
        _MARGIN,
        laboratory.settings.seed,
    )
    claim = Claim(
        f"The networks work on {names[0]} as on {names[1]}, which they were trained on.",
        "section 6.1, Fig. 5",
        (gap,),
        f"The judge, which learned from training persons of both, is not equally good on both; "
        f"a rise that is lower by less than {_MARGIN:g} counts as carried over.",
    )
    return Result(
        f"Fig. 5: the networks of {names[1]} on {names[0]}",
        {"fig5": stacked(sheets, across=2)},
        measures.measures_table(evaluation, {name: names[0] for name in SIX}),
        (claim,),
        {"subjects": evaluation.metrics["subjects"]},
    )


def _title(attribute: Attribute) -> str:
    return f"{attribute.name}: {attribute.to_positive} | {attribute.to_negative}"
