"""The manifest of a bundle: all that a host needs to know to run the edit. Needs no TensorFlow."""

import dataclasses
import json
import pathlib
from typing import Any

from faceattr.bundles.integrity import checksum, digests
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry
from faceattr.files import write_text

MANIFEST_NAME = "manifest.json"
# Of an edit, in the file.
_ADDS, _REMOVES = "to_positive", "to_negative"
# Of all other fields, in the file.
_CHECKSUM = "checksum"

FORMAT = 2
"""Raised when the meaning of a field changes. 1 had no digests of the bundle's files."""

PIXEL_RANGE = (-1.0, 1.0)
COLOR_ORDER = "RGB"
"""Of what the networks take; whatever else a manifest names is refused."""

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
        weights: of which step of the training they are (`step`) and how long it took to get there
            (`seconds`), whether the training was finished (`finished`), and whether they are the
            checkpoint that it kept as its best (`best`).
        metrics: what the run measured at its end, and in `evaluation` how good this edit is, in the
            words of `evaluate.py`; empty for other weights than the run's last.
        exactness: for each exported form how far it is from Keras (`largest` difference of any
            output, `mean` of the residual, `edit_psnr` in dB); `compared_on` and `calibrated_on`,
            which faces.
        versions: of the packages that trained and exported it.
        files: the SHA-256 of every other file of the bundle by its path in it, as `write` found
            them. A bundle need not hold a SavedModel.
        quantize: how the .tflite keeps its weights.
        pixel_range: of the float inputs; always `PIXEL_RANGE`.
        color_order: always `COLOR_ORDER`.
        license_note: str.
        format: int.
    """

    edit: Edit
    attribute: str
    image_size: int
    crop: CropGeometry
    data: dict[str, Any]
    training: dict[str, Any]
    weights: dict[str, Any]
    metrics: dict[str, Any]
    exactness: dict[str, Any]
    versions: dict[str, str]
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    quantize: str = "float16"
    pixel_range: tuple[float, float] = PIXEL_RANGE
    color_order: str = COLOR_ORDER
    license_note: str = LICENSE_NOTE
    format: int = FORMAT

    @property
    def tflite_name(self) -> str:
        return f"{self.edit.name}.tflite"

    def write(self, bundle: pathlib.Path) -> None:
        """Writes `bundle/manifest.json`, last of all: it lists the files that are there then."""
        direction = _ADDS if self.edit.adds else _REMOVES
        edit = {"edit": self.edit.name, "column": self.edit.column, "direction": direction}
        files = digests(bundle, but=[MANIFEST_NAME])
        value = {**dataclasses.asdict(self), **edit, "files": files}
        # As it will be read: what JSON does not tell apart, such as a tuple and a list, is one.
        value = json.loads(json.dumps(value))
        text = json.dumps({**value, _CHECKSUM: checksum(value)}, indent=2)
        write_text(bundle / MANIFEST_NAME, text + "\n")

    @classmethod
    def read(cls, bundle: pathlib.Path) -> "Manifest":
        """Reads `bundle/manifest.json`; `faceattr.bundles.loading.load` checks the files as well.

        Raises:
            UserError: if there is none, if it is of another format, if it was changed after the
                export, or if the networks take other pixels than this version gives.
        """
        path = bundle / MANIFEST_NAME
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            _check(path, value)
            name, column, direction = (value.pop(key) for key in ("edit", "column", "direction"))
            if direction not in (_ADDS, _REMOVES):
                raise ValueError(f"direction {direction!r}")
            edit = Edit(name, column, direction == _ADDS)
            crop = CropGeometry.from_json(value.pop("crop"))
            pixel_range = tuple(value.pop("pixel_range"))
            return cls(**value, edit=edit, crop=crop, pixel_range=pixel_range)
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{bundle}: no bundle here (it has no {MANIFEST_NAME})") from None
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(f"{path}: not the manifest of a bundle ({error})") from None


def _check(path: pathlib.Path, value: dict[str, Any]) -> None:
    """Refuses a manifest that this version cannot go by, and takes its checksum out."""
    found = value["format"]
    if type(found) is not int:
        raise ValueError(f"format {found!r}")
    if found > FORMAT:
        raise UserError(
            f"{path}: format {found}, but this version reads {FORMAT}; install a newer faceattr"
        )
    if found < FORMAT:
        raise UserError(
            f"{path}: format {found}, which does not say whether the bundle's files are whole; "
            "export the run again"
        )
    if value.pop(_CHECKSUM) != checksum(value):
        raise UserError(f"{path}: changed after the export; export the run again")
    for name, wanted in (("pixel_range", list(PIXEL_RANGE)), ("color_order", COLOR_ORDER)):
        if value[name] != wanted:
            raise UserError(
                f"{path}: {name} is {value[name]}, but this version runs networks of {wanted} "
                "alone; export the run again"
            )
