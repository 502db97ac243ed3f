"""Fig. 4 and 5 (section 6.1): six attributes, both directions, and the same networks on LFW."""

import numpy as np

from faceattr.attributes import PAPER_ATTRIBUTES, Attribute
from faceattr.evaluation.metrics import to_json
from faceattr.pixels import residual_to_uint8
from faceattr.reproduction import comparisons, measures
from faceattr.reproduction.comparisons import Claim
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.layout import random_faces, sheet, stacked
from faceattr.reproduction.paired import compared
from faceattr.reproduction.result import Result
from faceattr.reproduction.trainings import BASELINE, SIX

_FACES = 3  # of each direction, as in the paper
_CELL = 128
_OURS, _VAE_GAN = "ours", "VAE-GAN"
# By how much success may fall on other faces before it counts as not carried over.
_MARGIN = 0.1


def fig4(laboratory: Laboratory) -> Result:
    """Six attributes: input, VAE-GAN, ours, residual."""
    baselines = [f"{BASELINE}-{name}" for name in SIX]
    evaluation = laboratory.evaluated([*SIX, *baselines])
    sheets, edits = [], []
    for attribute in PAPER_ATTRIBUTES:
        rows: list[tuple[str, list[np.ndarray]]] = [
            (label, []) for label in ("input", _VAE_GAN, _OURS, "residual")
        ]
        for edit in attribute.edits:
            ours = evaluation.pictures[attribute.name, edit]
            theirs = evaluation.pictures[f"{BASELINE}-{attribute.name}", edit]
            shown = random_faces(ours, _FACES)
            kinds = (ours.images, theirs.edited, ours.edited, residual_to_uint8(ours.residual))
            for (_, cells), images in zip(rows, kinds, strict=True):
                cells.extend(images[shown])
            edits.append((attribute.name, f"{BASELINE}-{attribute.name}", edit))
        sheets.append(sheet(_title(attribute), rows, _CELL))
    claim = Claim(
        "Residual images keep who it is and the rest of the picture better than VAE-GAN.",
        "section 6.1, Fig. 4",
        compared(evaluation, edits, (_OURS, _VAE_GAN), laboratory.settings.seed),
        "All edits of all six attributes together. Outside: the picture without the attribute's "
        "region.",
    )
    labels = dict.fromkeys(SIX, _OURS) | dict.fromkeys(baselines, _VAE_GAN)
    return Result(
        "Fig. 4: six attributes, both directions",
        {"fig4": stacked(sheets, across=2)},
        measures.measures_table(evaluation, labels),
        (claim,),
        {"subjects": to_json(evaluation.metrics)["subjects"]},
    )


def fig5(laboratory: Laboratory) -> Result:
    """The same networks on faces of another data set: input, ours."""
    evaluation = laboratory.evaluated(SIX, "other")
    own = laboratory.evaluated(SIX)
    names = [laboratory.source_name(place) for place in ("other", "own")]
    sheets = []
    there: list[np.ndarray] = []
    here: list[np.ndarray] = []
    for attribute in PAPER_ATTRIBUTES:
        subject = f"{attribute.name}-{names[0]}"
        rows: list[tuple[str, list[np.ndarray]]] = [("input", []), (_OURS, [])]
        for edit in attribute.edits:
            pictures = evaluation.pictures[subject, edit]
            shown = random_faces(pictures, _FACES)
            rows[0][1].extend(pictures.images[shown])
            rows[1][1].extend(pictures.edited[shown])
            there.append(evaluation.by_face[subject, edit].success.gain)
            here.append(own.by_face[attribute.name, edit].success.gain)
        sheets.append(sheet(_title(attribute), rows, _CELL))
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
        "The judge learned from training persons of both, and is not equally good on both. A rise "
        f"that is lower by less than {_MARGIN:g} counts as carried over.",
    )
    labels = {f"{name}-{names[0]}": names[0] for name in SIX}
    return Result(
        f"Fig. 5: the networks of {names[1]} on {names[0]}",
        {"fig5": stacked(sheets, across=2)},
        measures.measures_table(evaluation, labels),
        (claim,),
        {"subjects": to_json(evaluation.metrics)["subjects"]},
    )


def _title(attribute: Attribute) -> str:
    return f"{attribute.name}: {attribute.adding.name} | {attribute.removing.name}"
