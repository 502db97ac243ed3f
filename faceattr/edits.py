"""What is done to a face: the edit as a value, and the one sum that makes an edited image.

Needs neither Keras nor TensorFlow until it is given a tensor.
"""

import dataclasses
import math
from typing import Any

import numpy as np

from faceattr.errors import UserError

LOWEST_STRENGTH, HIGHEST_STRENGTH = -1.0, 2.0
"""Beyond them no edit was ever seen to be more than a ruined face."""


@dataclasses.dataclass(frozen=True)
class Edit:
    """One direction of an attribute.

    Attributes:
        name: str, a verb, such as `"add_glasses"`.
        column: str, the label column, such as `"Eyeglasses"`.
        adds: bool, whether it makes label 1 of label 0 (the paper's G0), or the other way (G1).
    """

    name: str
    column: str
    adds: bool

    def undoes(self, other: "Edit") -> bool:
        """Whether this is the way back of another edit."""
        return self.column == other.column and self.adds != other.adds


def checked_strength(strength: Any, name: str = "--strength") -> float:
    """The strength of an edit as a float: the one rule, for the editor, the server and the page.

    Args:
        strength: what the user gave.
        name: str, the flag or field that it was given as.

    Raises:
        UserError: if it is not a finite number from `LOWEST_STRENGTH` to `HIGHEST_STRENGTH`.
    """
    try:
        number = float(strength)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    # Of nan neither is true.
    if not LOWEST_STRENGTH <= number <= HIGHEST_STRENGTH:
        raise UserError(
            f"{name} {strength}: must be a number from {LOWEST_STRENGTH:g} to {HIGHEST_STRENGTH:g}"
        )
    return number


def edited(images: Any, residual: Any, strength: Any = 1.0) -> Any:
    """`clip(x + strength * r)` (Eq. 2): the edited images.

    Args:
        images: float32 [..., 3] in [-1, 1], of NumPy or of Keras's backend.
        residual: float32 of a shape that goes with it, not clipped.
        strength: float, or float32 that goes with the images; 0 gives the images back, 1 is the
            trained edit.

    Returns:
        float32 of the images' shape, in [-1, 1], of the kind that it was given.
    """
    if isinstance(images, np.ndarray):
        return np.clip(images + np.float32(strength) * np.asarray(residual, np.float32), -1.0, 1.0)
    from keras import ops

    return ops.clip(images + strength * residual, -1.0, 1.0)
