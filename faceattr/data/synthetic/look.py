"""The states of a face resolved into the sizes and colours that are drawn."""

import dataclasses

from faceattr.data.synthetic.colour import Colour, mixed, scaled
from faceattr.data.synthetic.parameters import FaceParameters

_LIGHT_GREY: Colour = (0.66, 0.66, 0.67)
_SALLOW: Colour = (0.80, 0.72, 0.58)


@dataclasses.dataclass(frozen=True)
class Look:
    """Sizes in head coordinates and colours after sex, age, mouth and smile had their say.

    Attributes:
        half_width: of the head at the cheekbones.
        chin: from the eye line to the chin, lowered by an open mouth.
        squareness: of the jaw.
        skin: colour of the lit skin.
        hair: colour of the hair.
        brow: colour of the eyebrows.
        beard: colour of the beard.
        lips: colour of the lips.
        lip_height: height of one lip over the mean.
        mouth_half_width: distance of the corners from the middle.
        mouth_curve: how far the corners lie above the middle of the mouth.
        gap: between the lips; 0 when closed.
        brow_thickness: half thickness.
        eye_openness: half height over half width.
        smile: strength of cheeks and folds, 0 when not smiling.
        wrinkles: strength, 0 when young.
    """

    half_width: float
    chin: float
    squareness: float
    skin: Colour
    hair: Colour
    brow: Colour
    beard: Colour
    lips: Colour
    lip_height: float
    mouth_half_width: float
    mouth_curve: float
    gap: float
    brow_thickness: float
    eye_openness: float
    smile: float
    wrinkles: float


def resolve(face: FaceParameters) -> Look:
    """Resolves the states of a face."""
    young, male, mouth = face.age.is_young, face.is_male, face.mouth
    smile = mouth.smile if mouth.is_smiling else 0.0
    curve = smile if mouth.is_smiling else mouth.rest_curve
    skin = face.skin.tone if young else scaled(_times(face.skin.tone, _SALLOW, 0.45), 1.06)
    grey = 0.0 if young else face.hair.grey
    hair = mixed(face.hair.young_colour, _LIGHT_GREY, grey)
    brow = mixed(scaled(face.hair.young_colour, 0.8), _LIGHT_GREY, grey * 0.75)
    beard = mixed(scaled(face.hair.young_colour, 0.7), _LIGHT_GREY, grey)
    bare_lips = mixed(_times(face.skin.tone, (0.86, 0.62, 0.62), 1), (0.70, 0.36, 0.36), 0.25)
    if not male:
        bare_lips = mixed(bare_lips, (0.80, 0.34, 0.38), 0.3)
        bare_lips = mixed(bare_lips, face.makeup.lipstick, face.makeup.lipstick_strength * 0.85)
    return Look(
        half_width=face.head.half_width
        * (1.03 if male else 0.98)
        * (1 + 0.035 * face.head.fullness),
        chin=face.head.chin
        + (0.012 if male else -0.006)
        + (mouth.gap * 0.45 if mouth.is_open else 0.0),
        squareness=face.head.squareness + (0.22 if male else -0.1) + 0.05 * face.head.fullness,
        skin=skin,
        hair=hair,
        brow=brow,
        beard=beard,
        lips=bare_lips if young else mixed(bare_lips, skin, 0.3),
        lip_height=mouth.fullness * (0.84 if male else 1.1) * (1.0 if young else 0.72),
        mouth_half_width=mouth.half_width * (1 + 0.22 * smile) * (1.02 if male else 0.97),
        mouth_curve=0.038 * curve,
        gap=mouth.gap if mouth.is_open else 0.0,
        brow_thickness=face.brows.thickness * (1.45 if male else 0.85),
        eye_openness=face.eyes.openness * (1 - 0.27 * smile) * (0.95 if male else 1.05),
        smile=smile,
        wrinkles=0.0 if young else face.age.wrinkles,
    )


def _times(colour: Colour, tint: Colour, share: float) -> Colour:
    red, green, blue = (a * (1 + (b - 1) * share) for a, b in zip(colour, tint, strict=True))
    return (red, green, blue)
