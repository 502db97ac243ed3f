"""What surrounds a face in its picture: light, pose, background, clothes and camera."""

import dataclasses

from faceattr.data.synthetic.colour import Colour

BACKGROUNDS = ("plain", "gradient", "blobs")
COLLARS = ("crew", "v_neck", "shirt", "tie")


@dataclasses.dataclass(frozen=True)
class Light:
    """The main light.

    Attributes:
        direction: (x, y) components of the unit vector towards the light.
        diffuse: share of directed light, in [0.3, 0.55].
        warmth: red minus blue gain, in [-0.06, 0.08].
    """

    direction: tuple[float, float]
    diffuse: float
    warmth: float


@dataclasses.dataclass(frozen=True)
class Pose:
    """Turn of the head in degrees.

    Attributes:
        yaw: within +-45; positive turns the face to the image's right.
        pitch: within +-15; positive lifts the chin.
        roll: within +-15; positive turns the image clockwise.
    """

    yaw: float
    pitch: float
    roll: float


@dataclasses.dataclass(frozen=True)
class Background:
    """What lies behind the head.

    Attributes:
        kind: one of `BACKGROUNDS`.
        colours: the two main colours.
        angle: direction of the gradient.
        blobs: (x, y, radius, mix) of blurred blobs; mix in [0, 1.4] between the colours.
    """

    kind: str
    colours: tuple[Colour, Colour]
    angle: float
    blobs: tuple[tuple[float, float, float, float], ...]


@dataclasses.dataclass(frozen=True)
class Clothes:
    """Clothes at the bottom edge, and the hat.

    Attributes:
        collar: one of `COLLARS`.
        colour: of the cloth.
        accent: colour of the tie.
        hat: colour of the hat, or None.
    """

    collar: str
    colour: Colour
    accent: Colour
    hat: Colour | None


@dataclasses.dataclass(frozen=True)
class Camera:
    """Sensor noise.

    Attributes:
        seed: of the noise, so that a counterfactual has the same noise.
        noise: standard deviation, in [0.002, 0.012].
    """

    seed: int
    noise: float
