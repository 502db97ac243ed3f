"""What a bulk run is to do: which photos, which edits, and how one photo is edited."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

from faceattr.bundles.finding import find_bundle
from faceattr.bundles.manifest import MANIFEST_NAME
from faceattr.editing import photo_search
from faceattr.editing.batch import EditSettings, edit_files
from faceattr.editing.bulk.state import Job
from faceattr.editing.editor import Editor


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is done to every photo; travels to the workers.

    Attributes:
        edits: their names.
        bundles: their folders, which all workers see.
        settings: how photos are edited.
    """

    edits: tuple[str, ...]
    bundles: tuple[pathlib.Path, ...]
    settings: EditSettings

    @classmethod
    def of(cls, edits: Sequence[str], bundles: pathlib.Path, settings: EditSettings) -> Plan:
        """Finds the bundles.

        Raises:
            UserError: if there is no such edit, or if a bundle is damaged.
        """
        folders = tuple(find_bundle(edit, bundles).resolve() for edit in edits)
        # What is wrong with a bundle is told here, before workers start.
        editor = Editor.load(*folders)
        # Two workers may do one photo when a runner believes one of them lost.
        names = tuple(edit.name for edit in editor.edits)
        return cls(names, folders, dataclasses.replace(settings, overwrite=True))

    def record(self) -> dict[str, Any]:
        """A JSON object that is another one where the edited photos would be."""
        manifests = [(folder / MANIFEST_NAME).read_bytes() for folder in self.bundles]
        crop = self.settings.crop
        return {
            "edit": list(self.edits),
            "bundles": [hashlib.sha256(manifest).hexdigest() for manifest in manifests],
            "strength": self.settings.strength,
            "face": self.settings.face,
            "crop": crop.to_json() if crop else None,
            "always": self.settings.always,
            "quality": self.settings.quality,
        }

    def jobs(self, named: Sequence[str], output: pathlib.Path) -> list[Job]:
        """A job for every photo, as `edit.py` would name its result.

        Args:
            named: files, folders and patterns.
            output: the folder of the run, absolute; what lies in it is passed over.

        Raises:
            UserError: as `find_photos`.
        """
        # What ends with a slash is a folder, whatever its name.
        found = photo_search.find_photos(named, f"{output}/", self.edits)
        photos = [photo for photo in found if output not in absolute(photo.path).parents]
        targets = photo_search.targets(photos, f"{output}/", self.edits)
        return [
            Job(absolute(photo.path), absolute(target))
            for photo, target in zip(photos, targets, strict=True)
        ]

    def load(self) -> functools.partial[str | None]:
        """Loads the networks: what comes edits a photo, see `edit_job`."""
        # Pillow warns of what is odd in a file and reads it all the same.
        warnings.filterwarnings("ignore", module="PIL")
        return functools.partial(edit_job, Editor.load(*self.bundles), self.settings)


def absolute(path: pathlib.Path) -> pathlib.Path:
    """A path written in the one way that a run that goes on knows it by; links stay links."""
    return pathlib.Path(os.path.abspath(path))  # noqa: PTH100, which would follow them


def edit_job(editor: Editor, settings: EditSettings, job: Job) -> str | None:
    """Edits one photo.

    Returns:
        why it could not be, or None.
    """
    try:
        (outcome,) = edit_files(editor, [job.photo], [job.target], settings)
    # One of a million photos may meet what nobody thought of; the others are edited all the same.
    except Exception as error:
        return f"unexpected {type(error).__name__}: {error}"
    return outcome.error
