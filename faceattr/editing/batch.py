"""Edits files: which pictures, which bundle, where the results go."""

import dataclasses
import math
import pathlib
from collections.abc import Sequence

from PIL import Image

from faceattr import pixels
from faceattr.bundles.manifest import MANIFEST_NAME
from faceattr.editing.editor import Editor, apply_residual
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry, open_image
from faceattr.files import replacing
from faceattr.progress import progress_bar

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


@dataclasses.dataclass(frozen=True)
class InputImage:
    """A picture to be edited.

    Attributes:
        path: the file.
        name: its path below the folder that was asked for, or its file name.
    """

    path: pathlib.Path
    name: pathlib.Path


def find_bundle(bundles: pathlib.Path, edit: str) -> pathlib.Path:
    """The bundle of an edit.

    Raises:
        UserError: if there is none; lists those that are there.
    """
    if (bundles / edit / MANIFEST_NAME).is_file():
        return bundles / edit
    there = sorted(path.parent.name for path in bundles.glob(f"*/{MANIFEST_NAME}"))
    known = f"the edits there are: {', '.join(there)}" if there else "export a run first"
    raise UserError(f"--edit {edit}: no such bundle in {bundles}; {known}")


def find_images(photos: Sequence[pathlib.Path]) -> list[InputImage]:
    """The pictures that paths stand for; folders are searched, with what is below them.

    Raises:
        UserError: if a path does not exist or a folder holds no pictures.
    """
    found = []
    for photo in photos:
        if photo.is_dir():
            inside = sorted(
                path
                for path in photo.rglob("*")
                if path.suffix.lower() in _SUFFIXES and path.is_file()
            )
            if not inside:
                raise UserError(f"{photo}: no pictures in this folder ({', '.join(_SUFFIXES)})")
            found += [InputImage(path, path.relative_to(photo)) for path in inside]
        elif photo.exists():
            found.append(InputImage(photo, pathlib.Path(photo.name)))
        else:
            raise UserError(f"{photo}: no such picture or folder")
    return found


def edit_files(
    editor: Editor,
    images: Sequence[InputImage],
    output: pathlib.Path | None,
    strength: float,
    crop: CropGeometry,
    show_residual: bool,
) -> list[pathlib.Path]:
    """Edits every picture that can be read.

    Args:
        editor: the edit.
        images: the pictures.
        output: a file, for one picture; otherwise a folder. None for the folder `edited`.
        strength: float, finite.
        crop: where the face is in each picture.
        show_residual: bool. Whether to write each residual as a picture too.

    Returns:
        the files written.

    Raises:
        UserError: for settings that cannot be used; or, after all others were edited, if
            pictures could not be.
    """
    if not math.isfinite(strength):
        raise UserError(f"--strength {strength}: must be a finite number")
    # Two pictures may share a name only in different folders of one search.
    targets = [_target(image, images, output, editor.manifest.edit.name) for image in images]
    if len(set(targets)) < len(targets):
        raise UserError("two pictures have the same name: edit them into different folders")
    written: list[pathlib.Path] = []
    problems = []
    for image, target in progress_bar(list(zip(images, targets, strict=True)), unit="image"):
        if target.resolve() == image.path.resolve():
            raise UserError(f"-o {target}: would overwrite the picture; name another file")
        try:
            photo = open_image(image.path)
            residual = editor.residual(photo, crop)
        except UserError as error:
            text = error.for_command_line
            problems.append(text if str(image.path) in text else f"{image.path}: {text}")
            continue
        written.append(_save(apply_residual(photo, residual, strength), target))
        if show_residual:
            picture = Image.fromarray(pixels.residual_to_uint8(residual))
            written.append(_save(picture, target.with_name(f"{target.stem}-residual.png")))
    if problems:
        count = f"{len(problems)} of {len(images)} pictures were not edited: "
        raise UserError((count if len(images) > 1 else "") + "; ".join(problems))
    return written


def _target(
    image: InputImage, images: Sequence[InputImage], output: pathlib.Path | None, edit: str
) -> pathlib.Path:
    if output is not None and len(images) == 1 and output.suffix and not output.is_dir():
        if output.suffix.lower() not in _SUFFIXES:
            raise UserError(
                f"-o {output}: cannot write {output.suffix}; choose one of {', '.join(_SUFFIXES)}"
            )
        return output
    folder = output or pathlib.Path("edited")
    if folder.is_file():
        raise UserError(f"-o {output}: a file, but there are {len(images)} pictures")
    return folder / image.name.with_name(f"{image.name.stem}-{edit}.png")


def _save(picture: Image.Image, path: pathlib.Path) -> pathlib.Path:
    """Writes a picture beside `path`, then renames it into place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            picture.save(beside, quality=95)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from None
    return path
