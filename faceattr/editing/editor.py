"""Editor: a picture in, the edited picture out."""

import pathlib

import numpy as np
from PIL import Image

from faceattr import pixels
from faceattr.bundles.manifest import Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.edits import edited
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE, CropGeometry, resize_crop

# Where the face crop is part of a larger picture, the residual fades out over this share of the
# crop's side, so that no square is seen.
_FEATHER = 0.08


class Editor:
    """One edit, ready to be applied to pictures of any size.

    Example:

    ```python
    editor = faceattr.Editor.load("bundles/make_young")
    younger = editor.edit(PIL.Image.open("portrait.jpg"), strength=0.8)
    ```
    """

    def __init__(self, manifest: Manifest, runtime: LiteRTRuntime) -> None:
        self.manifest = manifest
        self._runtime = runtime

    @classmethod
    def load(cls, bundle: str | pathlib.Path) -> "Editor":
        """Loads a bundle, without TensorFlow.

        Args:
            bundle: the folder that `export.py` wrote, such as `"bundles/make_young"`.

        Raises:
            UserError: if it is not a bundle, or a damaged one.
        """
        bundle = pathlib.Path(bundle)
        manifest = Manifest.read(bundle)
        runtime = LiteRTRuntime(bundle / manifest.tflite_name)
        if runtime.image_size != manifest.image_size:
            raise UserError(
                f"{bundle}: the manifest says {manifest.image_size}x{manifest.image_size} but "
                f"{manifest.tflite_name} takes {runtime.image_size}x{runtime.image_size}; export "
                "the run again"
            )
        return cls(manifest, runtime)

    def residual(self, image: Image.Image, crop: CropGeometry = WHOLE_IMAGE) -> np.ndarray:
        """The residual of a picture at its own size.

        The network sees the face crop at its own image size; only the residual is scaled up.

        Args:
            image: RGB picture of any size.
            crop: where the face crop lies in it. Defaults to the whole image, which must then be
                square.

        Returns:
            float32 [height, width, 3] in units of pixels in [-1, 1]; 0 outside the face crop.

        Raises:
            UserError: if the whole image is to be the face crop and is not square.
        """
        if crop == WHOLE_IMAGE and image.width != image.height:
            raise UserError(
                f"the image is {image.width}x{image.height}, but a face crop is square: cut the "
                "face out first, or say where it is with --crop celeba or --crop lfw"
            )
        small = resize_crop(image, crop, self.manifest.image_size)
        residual = self._runtime.residual(pixels.to_float(small))
        left, top, right, bottom = crop.box(image.width, image.height)
        side = right - left
        full = np.zeros((image.height, image.width, 3), np.float32)
        full[top:bottom, left:right] = _resize(residual, side)
        if side < max(image.width, image.height):
            full[top:bottom, left:right] *= _feather(side)[:, :, None]
        return full

    def edit(
        self, image: Image.Image, strength: float = 1.0, crop: CropGeometry = WHOLE_IMAGE
    ) -> Image.Image:
        """`clip(x + strength * G(x))` at the picture's own size.

        Args:
            image: RGB picture of any size.
            strength: float; 0 leaves the picture as it is, 1 is the trained edit.
            crop: where the face crop lies in it. Defaults to the whole image.

        Raises:
            UserError: as `residual`.
        """
        return apply_residual(image, self.residual(image, crop), strength)


def apply_residual(image: Image.Image, residual: np.ndarray, strength: float) -> Image.Image:
    """Adds a residual (float32 [height, width, 3]) to an RGB picture; a strength costs no network.

    Returns:
        a new picture; exactly the old one at strength 0.
    """
    x = pixels.to_float(np.asarray(image))
    return Image.fromarray(pixels.to_uint8(edited(x, residual, strength)))


def _resize(residual: np.ndarray, side: int) -> np.ndarray:
    # Pillow resizes float images one channel at a time.
    return np.stack(
        [
            np.asarray(
                Image.fromarray(np.ascontiguousarray(residual[:, :, channel])).resize(
                    (side, side), Image.Resampling.BILINEAR
                )
            )
            for channel in range(3)
        ],
        axis=-1,
    )


def _feather(side: int) -> np.ndarray:
    """float32 [side, side]: 1 inside, falling to 0 at the border."""
    places = (np.arange(side, dtype=np.float32) + 0.5) / side
    ramp = np.clip(np.minimum(places, 1 - places) / _FEATHER, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return np.minimum(ramp[:, None], ramp[None, :])
