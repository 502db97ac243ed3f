"""Edits photo files, each on its own: one that fails is told of, and the others are edited."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from faceattr.editing import showing
from faceattr.editing.changes import Changes
from faceattr.editing.editor import Editor
from faceattr.editing.photo import Photo
from faceattr.editing.photo_files import (
    MAX_MEGAPIXELS,
    FileFacts,
    format_of,
    open_photo,
    save_photo,
)
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry

if TYPE_CHECKING:
    from faceattr.faces.face import Face


@dataclasses.dataclass(frozen=True)
class EditSettings:
    """How photos are edited.

    Attributes:
        strength: float in [-1, 2], or one for each edit.
        face: which faces; see `Editor.edit`.
        crop: where the face crop lies in an aligned picture; None to find the faces.
        always: bool, whether a face is edited that has it already; see `Editor.edit`.
        overwrite: bool, whether files that are there are replaced. The photo itself never is.
        show_residual: bool, whether to write each residual as a picture too.
        compare: bool, whether to write a picture of before and after too.
        animate: `"gif"` or `"webp"`, for a picture too that moves from strength 0 and back.
        quality: int in [1, 100], of formats that lose; None for the photo's own.
        max_megapixels: float, > 0; larger photos are refused.
    """

    strength: float | Sequence[float] = 1.0
    face: str | int | Sequence[float] = "all"
    crop: CropGeometry | None = None
    always: bool = False
    overwrite: bool = False
    show_residual: bool = False
    compare: bool = False
    animate: str | None = None
    quality: int | None = None
    max_megapixels: float = MAX_MEGAPIXELS


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a photo.

    Attributes:
        photo: its file.
        written: the files that were made of it, the edited photo first; none if it failed.
        faces: JSON objects of all that were found: number, box, points, turn, score, whether it was
            edited, how needed each edit was, and which edits it has already.
        seconds: float, from opening to the last file.
        warnings: sentences.
        notes: sentences, of edits that were held back as the face has them already.
        error: why it was not edited, or None.
    """

    photo: pathlib.Path
    written: tuple[pathlib.Path, ...] = ()
    faces: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        value = dataclasses.asdict(self)
        return {**value, "photo": str(self.photo), "written": [str(path) for path in self.written]}


def edit_file(
    editor: Editor,
    source: pathlib.Path,
    target: pathlib.Path,
    settings: EditSettings = EditSettings(),
) -> Outcome:
    """Edits a photo from one file into another, and keeps what the file says besides its pixels.

    Args:
        editor: the edits.
        source: the photo.
        target: where the edited one goes; its suffix says in which format.
        settings: how.

    Raises:
        UserError: if the photo cannot be read, has no such face, or cannot be written, or if a file
            would be replaced that was not to be.
    """
    began = time.perf_counter()
    strengths = editor.strengths(settings.strength)
    format_of(target)
    _check_free(_files(target, settings), source, settings.overwrite)
    opened = open_photo(source, settings.max_megapixels)
    changes = editor.changes(opened.photo, settings.face, settings.crop, settings.always)
    edited = changes.at(strengths)
    written = [target]
    save_photo(edited, opened.facts, target, settings.quality)
    plain = FileFacts(format_of(target))
    if settings.show_residual:
        drawn = Image.fromarray(changes.drawn(strengths))
        written.append(_residual_path(target))
        save_photo(Photo.of(drawn), plain, written[-1])
    if settings.compare:
        beside = showing.side_by_side(opened.photo, edited)
        written.append(_compare_path(target))
        save_photo(Photo.of(beside), plain, written[-1])
    if settings.animate:
        written.append(_animated_path(target, settings.animate))
        showing.write_animation(changes, strengths, written[-1])
    warnings = list(opened.warnings)
    for face in changes.faces:
        warnings += [f"face {changes.number(face)} {warning}" for warning in face.warnings()]
    return Outcome(
        source,
        tuple(written),
        _faces(editor, changes),
        time.perf_counter() - began,
        tuple(warnings),
        () if settings.always else tuple(_notes(editor, changes, strengths)),
    )


def edit_files(
    editor: Editor,
    sources: Sequence[pathlib.Path],
    targets: Sequence[pathlib.Path],
    settings: EditSettings,
) -> Iterator[Outcome]:
    """Edits photos one by one.

    Args:
        editor: the edits.
        sources: the photos.
        targets: where each goes; a second one for the same target fails.
        settings: how.
    """
    clashing = clashes(sources, targets)
    for source, target in zip(sources, targets, strict=True):
        if source in clashing:
            yield Outcome(source, error=clashing[source])
            continue
        try:
            yield edit_file(editor, source, target, settings)
        except UserError as error:
            text = error.for_command_line.removeprefix(f"{source}: ")
            yield Outcome(source, error=text)
        except MemoryError:
            yield Outcome(source, error="there is too little memory for a photo of its size")


def clashes(
    sources: Sequence[pathlib.Path], targets: Sequence[pathlib.Path]
) -> dict[pathlib.Path, str]:
    """The photos whose target an earlier one has, each with a sentence that says so."""
    first: dict[pathlib.Path, pathlib.Path] = {}
    found = {}
    for source, target in zip(sources, targets, strict=True):
        other = first.setdefault(target, source)
        if other != source:
            found[source] = f"would become {target}, as {other} does; rename one"
    return found


def check_free(
    sources: Sequence[pathlib.Path], targets: Sequence[pathlib.Path], settings: EditSettings
) -> None:
    """Checks a single photo's target before anything is loaded.

    Raises:
        UserError: if a file would be replaced that was not to be.
    """
    if len(sources) == 1:
        _check_free(_files(targets[0], settings), sources[0], settings.overwrite)


def _check_free(files: list[pathlib.Path], source: pathlib.Path, overwrite: bool) -> None:
    for path in files:
        try:
            exists = path.exists()
            is_source = exists and path.samefile(source)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror})") from None
        if is_source:
            raise UserError(f"-o {path}: would overwrite the photo itself; name another file")
        if exists and not overwrite:
            raise UserError(f"{path}: is there already; say --overwrite to replace it")


def _files(target: pathlib.Path, settings: EditSettings) -> list[pathlib.Path]:
    files = [target]
    files += [_residual_path(target)] if settings.show_residual else []
    files += [_compare_path(target)] if settings.compare else []
    return files + ([_animated_path(target, settings.animate)] if settings.animate else [])


def _residual_path(target: pathlib.Path) -> pathlib.Path:
    return target.with_name(f"{target.stem}-residual.png")


def _compare_path(target: pathlib.Path) -> pathlib.Path:
    return target.with_name(f"{target.stem}-compare{target.suffix}")


def _animated_path(target: pathlib.Path, kind: str) -> pathlib.Path:
    return target.with_name(f"{target.stem}-animated.{kind}")


def _notes(editor: Editor, changes: Changes, strengths: Sequence[float]) -> Iterator[str]:
    for face in changes.faces:
        for edit, change, strength in zip(editor.edits, face.changes, strengths, strict=True):
            if change.is_there_already and strength:
                yield (
                    f"face {changes.number(face)} has it already, so {change.needed:.0%} of "
                    f"{edit.name} was made; --always makes all of it"
                )


def _faces(editor: Editor, changes: Changes) -> tuple[dict[str, Any], ...]:
    edited = {}
    for each in changes.faces:
        needed = {
            edit.name: round(change.needed, 4)
            for edit, change in zip(editor.edits, each.changes, strict=True)
            if change.needed is not None
        }
        there = [
            edit.name
            for edit, change in zip(editor.edits, each.changes, strict=True)
            if change.is_there_already
        ]
        edited[changes.number(each)] = {"edited": True, "needed": needed, "already_there": there}
    if not changes.found:
        return tuple({"number": number, **each} for number, each in edited.items())
    return tuple(
        {"number": number, **_place(face), **edited.get(number, {"edited": False})}
        for number, face in enumerate(changes.found, 1)
    )


def _place(face: Face) -> dict[str, Any]:
    return {
        "box": [round(edge, 1) for edge in face.box],
        "points": [[round(float(value), 1) for value in point] for point in face.points],
        "turn": {name: round(angle, 1) for name, angle in face.turn._asdict().items()},
        "score": round(face.score, 4),
    }
