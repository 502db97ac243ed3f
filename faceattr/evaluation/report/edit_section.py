"""The part of a report about one edit: its faces first, then its figures and numbers."""

from collections.abc import Sequence

import numpy as np

from faceattr import pixels
from faceattr.evaluation.judge.face_models import SAME_PERSON
from faceattr.evaluation.measures.intervals import CONFIDENCE
from faceattr.evaluation.measures.regions import landmark_masks
from faceattr.evaluation.report import figures
from faceattr.evaluation.report.number_cards import number_cards
from faceattr.evaluation.report.shown import ShownEdit
from faceattr.evaluation.report.success_cells import success_cells
from faceattr.pictures.grids import labelled_grid
from faceattr.pictures.html import chart, face, figure, folded, missing, text
from faceattr.pictures.png import png_bytes
from faceattr.pictures.words import faces

_RANDOM, _WORST, _NEEDLESS = 12, 6, 6
_CELL = 128


def edit_section(shown: ShownEdit, files: dict[str, bytes]) -> str:
    """Markup of one edit.

    Args:
        shown: the edit.
        files: the PNG files of the report by name; those of this edit are added.
    """
    subject, found = shown.subject, shown.measures
    tiles = "".join(
        f"<div><span>{text(heading)}</span>{markup}</div>"
        for heading, markup in success_cells(found.success, shown.company)
        if heading != "random faces"  # they come next, and larger
    )
    about = (
        f"{text(subject.name)} · {text(subject.method)} · {text(subject.source)} · "
        f"{faces(found.faces)} that are not yet as it wants them, {found.needless_faces:,} "
        "that are"
    )
    notes = "".join(f'<p class="warning">{text(note)}</p>' for note in subject.notes)
    return (
        f'<section class="edit" id="{shown.anchor}"><h2>{text(shown.name)} '
        f"<small>{about}</small></h2>{notes}{_random(shown, files)}"
        f'<div class="tiles measured">{tiles}</div>'
        f'<div class="columns">{"".join(_figures(shown, files))}{number_cards(shown)}</div>'
        f"{_worst(shown, files)}{_needless(shown)}</section>"
    )


def _random(shown: ShownEdit, files: dict[str, bytes]) -> str:
    chosen = shown.pictures.random[:_RANDOM]
    files[f"{shown.anchor}-random.png"] = _grid(shown, chosen)
    truth = "" if shown.pictures.truth is None else ", the true counterfactual"
    return (
        f'<p class="about">{len(chosen)} of {faces(shown.measures.faces)}, drawn by seed '
        f"{shown.seed}, not chosen. From top to bottom: input, residual (grey: no change), "
        f"edited{truth}. Point at a face, or tap it: the input covers the edit.</p>"
        f"{_cards(shown, chosen)}"
    )


def _worst(shown: ShownEdit, files: dict[str, bytes]) -> str:
    worst = shown.pictures.worst[:_WORST]
    if not len(worst):
        return ""
    files[f"{shown.anchor}-worst.png"] = _grid(shown, worst)
    return (
        f'<h3 class="chosen">Worst, chosen: the {faces(len(worst))} that the judge finds furthest '
        f"from the target after the edit</h3>{_cards(shown, worst)}"
    )


def _needless(shown: ShownEdit) -> str:
    pictures = shown.pictures
    count = min(_NEEDLESS, len(pictures.needless_images))
    if not count:
        return ""
    cards = "".join(
        _card(
            [
                (pictures.needless_images[place], "input"),
                (pictures.needless_edited[place], "edited"),
            ]
        )
        for place in range(count)
    )
    return folded(
        f"The first {count} faces that already are as it wants them: it should leave them alone",
        f'<div class="cards">{cards}</div>',
    )


def _panels(shown: ShownEdit, place: int) -> list[tuple[np.ndarray, str]]:
    pictures = shown.pictures
    panels = [
        (pictures.images[place], "input"),
        (pixels.residual_to_uint8(pictures.residual[place]), "residual"),
        (pictures.edited[place], "edited"),
    ]
    if pictures.truth is not None:
        panels.append((pictures.truth[place], "true counterfactual"))
    return panels


def _cards(shown: ShownEdit, chosen: np.ndarray) -> str:
    cards = "".join(_card(_panels(shown, int(place))) for place in chosen)
    return f'<div class="cards">{cards}</div>'


def _card(panels: Sequence[tuple[np.ndarray, str]]) -> str:
    pictures = "".join(face(image, words, words.split()[0]) for image, words in panels)
    # Two panels have no residual between input and edit.
    return f'<div class="card of{len(panels)}" tabindex="0">{pictures}</div>'


def _grid(shown: ShownEdit, chosen: np.ndarray) -> bytes:
    columns = [_panels(shown, int(place)) for place in chosen]
    rows = [(panels[0][1], [image for image, _ in panels]) for panels in zip(*columns, strict=True)]
    grid = labelled_grid([""] * len(columns), rows, cell=_CELL)
    return png_bytes(grid)


def _figures(shown: ShownEdit, files: dict[str, bytes]) -> list[str]:
    found = shown.measures
    drawn = []

    def add(part: str, title: str, png: bytes, note: str, kind: str = "chart") -> None:
        files[f"{shown.anchor}-{part}.png"] = png
        drawn.append(figure(title, chart(png, f"{shown.name}: {title}", kind), note))

    line = shown.company.line
    add(
        "strength",
        "Answer to strength",
        figures.strength_response(found.success.by_strength, shown.company.ceiling, line),
        f"Band: {CONFIDENCE:.0%} interval, {faces(found.success.edited.count)}. "
        "Dotted: the share of real faces of the target that the judge gets right.",
    )
    if found.realism is None:
        drawn.append(_missing_figure("Realism", shown.reason("realism")))
    else:
        known = [("judge's features", found.realism)]
        if found.realism_inception is not None:
            known.append(("Inception's features", found.realism_inception))
        edited = found.realism.edited
        note = f"; {edited.note}" if edited.note else ""
        add(
            "realism",
            "Realism",
            figures.realism_bars(known),
            f"Shorter is nearer to real faces of the class that the edit aims at; "
            f"{faces(edited.count)} a side{note}.",
        )
    box = _mean_region(found.edit.column, shown.pictures.images.shape[1])
    add(
        "region",
        "Where it acts",
        figures.where_it_acts(shown.pictures.residual, box),
        f"Mean over {len(shown.pictures.images):,} of {faces(found.faces)}. Dashed: where "
        f"the edit belongs on the mean face; in the numbers, {found.locality.region}.",
        "picture",
    )
    if found.identity is None:
        drawn.append(_missing_figure("Identity", shown.reason("identity")))
    else:
        add(
            "identity",
            "Still the same person?",
            figures.identity_histogram(found.identity.distances, shown.identity),
            f"Left of {SAME_PERSON:g} two pictures are taken for one person; in brackets, how many "
            "pairs.",
        )
    if found.pose is None:
        drawn.append(_missing_figure("Head turn", shown.reason("pose")))
    else:
        add(
            "pose",
            "Success by head turn",
            figures.success_by_yaw(found.pose, line),
            f"Lines: {CONFIDENCE:.0%} intervals. Kernel: distance of the edited faces from real "
            "faces of the target of any turn, where there are enough.",
        )
    return drawn


def _mean_region(column: str, side: int) -> np.ndarray:
    return landmark_masks(column, np.full((1, 5, 2), np.nan), side)[0]


def _missing_figure(title: str, reason: str) -> str:
    return figure(title, f'<p class="none">{missing(reason)}</p>')
