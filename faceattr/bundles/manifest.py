"""The manifest of a bundle: all that a host needs to know to run the edit. Needs no TensorFlow."""

import dataclasses
import json
import pathlib
from typing import Any

from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry

MANIFEST_NAME = "manifest.json"
# Of an edit, in the file.
_ADDS, _REMOVES = "to_positive", "to_negative"

FORMAT = 1
"""Raised when the meaning of a field changes."""

LICENSE_NOTE = (
    "The program is under Apache-2.0. Weights follow the terms of the faces they were trained on: "
    "CelebA and LFW are for non-commercial research. Edit nobody's face without their consent, and "
    "say that an edited picture is edited."
)


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What `manifest.json` holds.

    Attributes:
        edit: the one edit that the bundle makes; in the file its name, column and direction.
        attribute: str, such as `"glasses"`.
        image_size: int, side of the face crops that the networks take.
        crop: where the face crop lay in the training images, and the five points of a face in it.
        data: what the edit was trained on (source and counts).
        training: the settings of the run.
        metrics: what the run measured at its end.
        exactness: for each exported form, the largest difference from Keras.
        versions: of the packages that trained and exported it.
        pixel_range: of the float inputs; always (-1, 1).
        color_order: always `"RGB"`.
        license_note: str.
        format: int.
    """

    edit: Edit
    attribute: str
    image_size: int
    crop: CropGeometry
    data: dict[str, Any]
    training: dict[str, Any]
    metrics: dict[str, Any]
    exactness: dict[str, float]
    versions: dict[str, str]
    pixel_range: tuple[float, float] = (-1.0, 1.0)
    color_order: str = "RGB"
    license_note: str = LICENSE_NOTE
    format: int = FORMAT

    @property
    def tflite_name(self) -> str:
        return f"{self.edit.name}.tflite"

    def write(self, bundle: pathlib.Path) -> None:
        """Writes `bundle/manifest.json`."""
        direction = _ADDS if self.edit.adds else _REMOVES
        edit = {"edit": self.edit.name, "column": self.edit.column, "direction": direction}
        text = json.dumps({**dataclasses.asdict(self), **edit}, indent=2)
        (bundle / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, bundle: pathlib.Path) -> "Manifest":
        """Reads `bundle/manifest.json`.

        Raises:
            UserError: if there is none, or it is of another format.
        """
        path = bundle / MANIFEST_NAME
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            if value["format"] != FORMAT:
                raise UserError(
                    f"{path}: format {value['format']}, but this version reads {FORMAT}; export "
                    "the run again"
                )
            name, column, direction = (value.pop(key) for key in ("edit", "column", "direction"))
            if direction not in (_ADDS, _REMOVES):
                raise ValueError(f"direction {direction!r}")
            edit = Edit(name, column, direction == _ADDS)
            crop = CropGeometry.from_json(value.pop("crop"))
            pixel_range = tuple(value.pop("pixel_range"))
            return cls(**value, edit=edit, crop=crop, pixel_range=pixel_range)
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{bundle}: no bundle here (it has no {MANIFEST_NAME})") from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(f"{path}: not the manifest of a bundle ({error})") from None
