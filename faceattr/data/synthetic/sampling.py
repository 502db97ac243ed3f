"""Draws face parameters at random, each face from its own seed."""

from collections.abc import Mapping

import numpy as np

from faceattr.data.synthetic import parameters as p
from faceattr.data.synthetic import setting
from faceattr.data.synthetic.colour import Colour, mixed
from faceattr.data.synthetic.states import sample_states

# Lit skin from very light to very dark; neighbours are blended.
_SKIN_TONES: tuple[Colour, ...] = (
    (0.98, 0.85, 0.77),
    (0.95, 0.78, 0.67),
    (0.90, 0.71, 0.57),
    (0.82, 0.61, 0.46),
    (0.69, 0.48, 0.35),
    (0.53, 0.35, 0.25),
    (0.40, 0.26, 0.19),
)
# Mostly dark to medium brown, so that greying is both large and predictable.
_HAIR_COLOURS: tuple[Colour, ...] = (
    (0.10, 0.085, 0.08),
    (0.20, 0.14, 0.11),
    (0.31, 0.205, 0.14),
    (0.43, 0.285, 0.18),
    (0.50, 0.25, 0.13),
    (0.74, 0.58, 0.35),
)
_HAIR_WEIGHTS = (0.18, 0.22, 0.26, 0.22, 0.06, 0.06)
# In the order of the styles.
_WEIGHTS_OF_MEN = (0.27, 0.15, 0.20, 0.10, 0.08, 0.05, 0.06, 0.09)
_WEIGHTS_OF_WOMEN = (0.24, 0.14, 0.22, 0.13, 0.11, 0.06, 0.10)
_IRISES: tuple[Colour, ...] = (
    (0.24, 0.14, 0.08),
    (0.36, 0.22, 0.10),
    (0.28, 0.42, 0.56),
    (0.30, 0.43, 0.30),
    (0.40, 0.44, 0.46),
)
_IRIS_WEIGHTS = (0.4, 0.24, 0.16, 0.12, 0.08)
_LIPSTICKS: tuple[Colour, ...] = (
    (0.78, 0.13, 0.20),
    (0.82, 0.30, 0.38),
    (0.60, 0.12, 0.26),
    (0.86, 0.36, 0.30),
)
_FRAMES: tuple[Colour, ...] = (
    (0.06, 0.06, 0.07),
    (0.10, 0.08, 0.08),
    (0.30, 0.16, 0.08),
    (0.52, 0.10, 0.12),
    (0.12, 0.18, 0.42),
)
_METALS: tuple[Colour, ...] = ((0.93, 0.78, 0.34), (0.88, 0.88, 0.92))


class _Draw:
    """Python floats and choices from a generator: NumPy scalars would widen float32 arrays."""

    def __init__(self, generator: np.random.Generator):
        self._generator = generator

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._generator.random())

    def normal(self, mean: float, deviation: float, limit: float) -> float:
        """A normal draw, clipped to `mean` +- `limit`."""
        drawn = deviation * float(self._generator.standard_normal())
        return mean + min(max(drawn, -limit), limit)

    def chance(self, probability: float) -> bool:
        return float(self._generator.random()) < probability

    def index(self, weights: tuple[float, ...]) -> int:
        return int(np.searchsorted(np.cumsum(weights), self._generator.random() * sum(weights)))

    def colour(self, low: float, high: float) -> Colour:
        return (self.between(low, high), self.between(low, high), self.between(low, high))

    def near(self, colour: Colour, spread: float) -> Colour:
        """The colour, a little lighter or darker and a little warmer or colder."""
        gain = 1 + self.between(-spread, spread)
        warm = self.between(-spread, spread) / 4
        red, green, blue = colour
        return (
            min(max(red * (gain + warm), 0.0), 1.0),
            min(max(green * gain, 0.0), 1.0),
            min(max(blue * (gain - warm), 0.0), 1.0),
        )

    def phase(self) -> float:
        return self.between(0.0, 2 * np.pi)


def sample_parameters(
    seed: int, index: int, correlation: Mapping[tuple[str, str], float] | None = None
) -> p.FaceParameters:
    """Draws face number `index` of the data set `seed`.

    The same (seed, index) gives the same face; faces of different index are independent. The
    states of the six main columns come from `sample_states`; all else is drawn independently of
    them and of `correlation`, so that a correlation between columns is the only one there is.

    Args:
        seed: int >= 0. Which data set.
        index: int >= 0. Which face of it.
        correlation: wanted Pearson correlations of pairs of main columns; see `sample_states`.

    Raises:
        ValueError: if the wanted correlations name other columns or cannot be met.
    """
    generator = np.random.default_rng([seed, index])
    states = sample_states(generator, correlation)
    draw = _Draw(generator)
    male = states["Male"]
    bearded = not states["No_Beard"]
    tone_place = draw.between(0, len(_SKIN_TONES) - 1.001)
    tone = mixed(_SKIN_TONES[int(tone_place)], _SKIN_TONES[int(tone_place) + 1], tone_place % 1)
    return p.FaceParameters(
        is_male=male,
        head=p.Head(
            half_width=draw.normal(0.284, 0.013, 0.024),
            chin=draw.normal(0.415, 0.01, 0.02),
            squareness=draw.between(-0.2, 0.35),
            fullness=draw.normal(0, 0.5, 1),
            scale=draw.normal(1, 0.02, 0.05),
            shift=(draw.normal(0, 0.006, 0.012), draw.normal(0, 0.006, 0.012)),
        ),
        skin=p.Skin(
            tone=draw.near(tone, 0.05),
            blush=draw.between(0, 1),
            blotches=(draw.phase(), draw.phase(), draw.phase(), draw.phase()),
        ),
        eyes=p.Eyes(
            half_width=draw.between(0.054, 0.066),
            openness=draw.between(0.38, 0.56),
            tilt=draw.normal(0.08, 0.1, 0.2),
            iris=draw.near(_IRISES[draw.index(_IRIS_WEIGHTS)], 0.2),
            gaze=(draw.normal(0, 0.003, 0.006), draw.normal(0, 0.0015, 0.003)),
        ),
        brows=p.Brows(
            thickness=draw.between(0.008, 0.013),
            arch=draw.between(0.004, 0.028),
            height=draw.between(0.078, 0.098),
            slant=draw.between(-0.012, 0.004),
        ),
        nose=p.Nose(
            half_width=draw.between(0.042, 0.064),
            length=draw.normal(0.146, 0.005, 0.01),
            tip=draw.between(0.022, 0.036),
        ),
        mouth=p.Mouth(
            half_width=draw.normal(0.106, 0.006, 0.012),
            fullness=draw.between(0.75, 1.4),
            level=draw.normal(0.278, 0.005, 0.01),
            is_open=states["Mouth_Slightly_Open"],
            gap=draw.between(0.045, 0.066),
            is_smiling=states["Smiling"],
            smile=draw.between(0.8, 1.2),
            rest_curve=draw.between(-0.06, 0.2),
        ),
        makeup=_sample_makeup(draw),
        hair=_sample_hair(draw),
        beard=p.Beard(
            style=p.BEARD_STYLES[draw.index((0.36, 0.3, 0.2, 0.14))],
            density=draw.between(0.78, 1),
            on_man=male and bearded,
            on_woman=not male and bearded,
        ),
        glasses=_sample_glasses(draw, states["Eyeglasses"]),
        age=p.Age(
            is_young=states["Young"],
            wrinkles=draw.between(0.75, 1),
            bags=draw.between(0.3, 1),
            lines=(draw.phase(), draw.phase(), draw.phase()),
        ),
        light=setting.Light(
            direction=(draw.between(-0.65, 0.65), draw.between(-0.6, -0.1)),
            diffuse=draw.between(0.3, 0.55),
            warmth=draw.between(-0.05, 0.07),
        ),
        pose=setting.Pose(
            yaw=draw.normal(0, 9, 24),
            pitch=draw.normal(0, 3, 8),
            roll=draw.normal(0, 1.5, 4),
        ),
        background=_sample_background(draw),
        clothes=setting.Clothes(
            collar=setting.COLLARS[draw.index((0.4, 0.25, 0.25, 0.1))],
            colour=mixed(draw.colour(0.05, 0.95), (0.4, 0.4, 0.45), 0.4),
            accent=draw.colour(0.05, 0.8),
            hat=draw.colour(0.08, 0.7) if draw.chance(0.04) else None,
        ),
        camera=setting.Camera(
            seed=int(generator.integers(2**31)),
            noise=draw.between(0.003, 0.01),
        ),
    )


def _sample_makeup(draw: _Draw) -> p.Makeup:
    painted = draw.chance(0.65)
    strength = draw.between(0.6, 1)
    earrings = _METALS[draw.index((1, 1))]
    necklace = _METALS[draw.index((1, 1))]
    return p.Makeup(
        lipstick=draw.near(_LIPSTICKS[draw.index((1, 1, 1, 1))], 0.1),
        lipstick_strength=strength if painted else 0.0,
        eye_shadow=draw.between(0, 1),
        earrings=earrings if draw.chance(0.3) else None,
        necklace=necklace if draw.chance(0.12) else None,
    )


def _sample_hair(draw: _Draw) -> p.Hair:
    return p.Hair(
        young_colour=draw.near(_HAIR_COLOURS[draw.index(_HAIR_WEIGHTS)], 0.15),
        grey=draw.between(0.75, 0.85),
        style_of_man=p.HAIR_STYLES_OF_MEN[draw.index(_WEIGHTS_OF_MEN)],
        style_of_woman=p.HAIR_STYLES_OF_WOMEN[draw.index(_WEIGHTS_OF_WOMEN)],
        volume=draw.between(0.035, 0.075),
        wave=draw.between(0.012, 0.028) if draw.chance(0.4) else 0.0,
        part=draw.between(-0.11, 0.11),
        strands=(draw.phase(), draw.phase(), draw.phase(), draw.phase()),
    )


def _sample_glasses(draw: _Draw, worn: bool) -> p.Glasses:
    sunglasses = draw.chance(0.15)
    half_height = draw.between(0.058, 0.086)
    return p.Glasses(
        worn=worn,
        half_width=draw.between(0.09, 0.106),
        half_height=half_height,
        roundness=draw.between(0.3, 1),
        rim=draw.between(0.0075, 0.0125),
        frame=draw.near(_FRAMES[draw.index((5, 3, 3, 1, 1))], 0.15),
        tint=draw.near((0.09, 0.08, 0.09) if sunglasses else (0.75, 0.82, 0.88), 0.1),
        opacity=draw.between(0.78, 0.95) if sunglasses else draw.between(0.06, 0.16),
    )


def _sample_background(draw: _Draw) -> setting.Background:
    first = draw.colour(0.12, 0.92)
    # Backgrounds are mostly muted: full random colours everywhere would look like confetti.
    grey = sum(first) / 3
    first = mixed(first, (grey, grey, grey), draw.between(0.45, 0.9))
    blobs = tuple(
        (draw.between(0, 1), draw.between(0, 1), draw.between(0.15, 0.45), draw.between(0, 1.4))
        for _ in range(4)
    )
    return setting.Background(
        kind=setting.BACKGROUNDS[draw.index((0.2, 0.45, 0.35))],
        colours=(first, mixed(draw.near(first, 0.5), draw.colour(0.05, 0.95), 0.25)),
        angle=draw.between(0, 360),
        blobs=blobs,
    )
