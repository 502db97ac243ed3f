"""Everything that decides how one face is drawn.

Lengths are fractions of the image side before the head's own scale; head coordinates have their
origin midway between the eyes, x to the image's right and y down. Colours are sRGB in [0, 1],
angles are degrees. What a state needs is stored whether or not the state holds: the frame of
glasses that nobody wears, the beard of a shaven man. That is what makes a counterfactual well
defined, and a second flip the inverse of the first.
"""

import dataclasses

from faceattr.data.synthetic.colour import Colour
from faceattr.data.synthetic.setting import Background, Camera, Clothes, Light, Pose

HAIR_STYLES_OF_MEN = ("short", "buzz", "swept", "fringe", "receding", "bald", "shoulder", "curly")
HAIR_STYLES_OF_WOMEN = ("long", "long_bangs", "long_swept", "bob", "bob_bangs", "updo", "curls")
BEARD_STYLES = ("full", "short", "goatee", "stubble")


@dataclasses.dataclass(frozen=True)
class Head:
    """Outline and placement of the head.

    Attributes:
        half_width: at the cheekbones, in [0.26, 0.31].
        chin: from the eye line down to the chin, in [0.39, 0.44].
        squareness: of the jaw, in [-0.2, 0.35]; a man's jaw is drawn squarer.
        fullness: of cheeks and neck, in [-1, 1].
        scale: of the whole head, about 1.
        shift: (x, y) of the point between the eyes from its mean place.
    """

    half_width: float
    chin: float
    squareness: float
    fullness: float
    scale: float
    shift: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Skin:
    """Colour of the skin.

    Attributes:
        tone: lit skin without blush.
        blush: redness of the cheeks, in [0, 1].
        blotches: phases of the age blotches, radians.
    """

    tone: Colour
    blush: float
    blotches: tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Eyes:
    """Both eyes.

    Attributes:
        half_width: in [0.052, 0.066].
        openness: half height over half width, in [0.36, 0.56].
        tilt: height of the outer corners above the inner ones over the eye's half width.
        iris: colour of the iris.
        gaze: (x, y) shift of the irises.
    """

    half_width: float
    openness: float
    tilt: float
    iris: Colour
    gaze: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Brows:
    """Both eyebrows.

    Attributes:
        thickness: half thickness of a woman's brow; a man's is drawn thicker.
        arch: rise of the middle, in [0.004, 0.028].
        height: above the eye line, in [0.075, 0.1].
        slant: height of the outer end above the inner one.
    """

    thickness: float
    arch: float
    height: float
    slant: float


@dataclasses.dataclass(frozen=True)
class Nose:
    """The nose.

    Attributes:
        half_width: across the wings, in [0.04, 0.066].
        length: from the eye line to the tip, about 0.146.
        tip: radius of the tip, in [0.022, 0.036]; a small one looks pointed.
    """

    half_width: float
    length: float
    tip: float


@dataclasses.dataclass(frozen=True)
class Mouth:
    """The mouth and its two states.

    Attributes:
        half_width: at rest, about 0.11.
        fullness: height of the lips over the mean, in [0.7, 1.45].
        level: from the eye line to the mouth, about 0.278.
        is_open: whether the lips are apart.
        gap: between the lips when apart, in [0.045, 0.066].
        is_smiling: whether the mouth smiles.
        smile: strength of the smile, in [0.75, 1.2].
        rest_curve: rise of the corners at rest, in [-0.06, 0.2] of a smile.
    """

    half_width: float
    fullness: float
    level: float
    is_open: bool
    gap: float
    is_smiling: bool
    smile: float
    rest_curve: float


@dataclasses.dataclass(frozen=True)
class Makeup:
    """What a woman wears; a man wears none of it.

    Attributes:
        lipstick: colour.
        lipstick_strength: in [0, 1]; 0 for none.
        eye_shadow: in [0, 1].
        earrings: colour, or None.
        necklace: colour, or None.
    """

    lipstick: Colour
    lipstick_strength: float
    eye_shadow: float
    earrings: Colour | None
    necklace: Colour | None


@dataclasses.dataclass(frozen=True)
class Hair:
    """Hair of the head.

    Attributes:
        young_colour: before greying.
        grey: share of light grey in the colour of an old face, in [0.75, 0.85].
        style_of_man: one of `HAIR_STYLES_OF_MEN`.
        style_of_woman: one of `HAIR_STYLES_OF_WOMEN`.
        volume: thickness above the skull, in [0.03, 0.08].
        wave: amplitude of the waves of long hair, in [0, 0.03].
        part: x of the parting, in [-0.12, 0.12].
        strands: phases of the strands, radians.
    """

    young_colour: Colour
    grey: float
    style_of_man: str
    style_of_woman: str
    volume: float
    wave: float
    part: float
    strands: tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Beard:
    """Beard and moustache.

    Attributes:
        style: one of `BEARD_STYLES`.
        density: opacity, in [0.75, 1].
        on_man: whether the face has the beard as a man.
        on_woman: whether the face has the beard as a woman.
    """

    style: str
    density: float
    on_man: bool
    on_woman: bool


@dataclasses.dataclass(frozen=True)
class Glasses:
    """Eyeglasses.

    Attributes:
        worn: whether the face wears them.
        half_width: of one lens, in [0.088, 0.108].
        half_height: of one lens, in [0.056, 0.088].
        roundness: corner radius over the half height, in [0.25, 1].
        rim: half thickness of the frame, in [0.007, 0.013].
        frame: colour of the frame.
        tint: colour of the lenses.
        opacity: of the tint: about 0.1, or above 0.7 for sunglasses.
    """

    worn: bool
    half_width: float
    half_height: float
    roundness: float
    rim: float
    frame: Colour
    tint: Colour
    opacity: float


@dataclasses.dataclass(frozen=True)
class Age:
    """Signs of age.

    Attributes:
        is_young: whether none of the signs are drawn.
        wrinkles: strength of the wrinkles of the old face, in [0.75, 1].
        bags: strength of the bags under the old face's eyes, in [0.3, 1].
        lines: phases of the forehead's lines, radians.
    """

    is_young: bool
    wrinkles: float
    bags: float
    lines: tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class FaceParameters:
    """One face. See `sample_parameters`, `flip`, `labels` and `render`."""

    is_male: bool
    head: Head
    skin: Skin
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    makeup: Makeup
    hair: Hair
    beard: Beard
    glasses: Glasses
    age: Age
    light: Light
    pose: Pose
    background: Background
    clothes: Clothes
    camera: Camera

    @property
    def has_beard(self) -> bool:
        """Whether the beard is drawn, for the sex that the face has."""
        return self.beard.on_man if self.is_male else self.beard.on_woman

    @property
    def hair_style(self) -> str:
        """The style of the sex that the face has."""
        return self.hair.style_of_man if self.is_male else self.hair.style_of_woman
