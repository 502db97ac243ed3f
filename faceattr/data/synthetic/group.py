"""Draws photos with several people in them, whose faces' points are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from faceattr.data.synthetic import scene
from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.geometry import EYE_CENTRE, Projection
from faceattr.data.synthetic.landmarks import landmarks, landmarks68
from faceattr.data.synthetic.look import resolve
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.renderer import BEHIND_THE_BODY, OVER_THE_BODY
from faceattr.data.synthetic.sampling import sample_parameters
from faceattr.data.synthetic.shapes import coverage, rounded_box

# From the hairline to the chin, as a share of the side of the face crop that `render` draws.
_FACE = 0.63
# The square that a person is drawn in, in sides of the face crop, and where the eyes are in it.
_WINDOW = 1.8
_EYES_IN_WINDOW = (0.5, 0.45)
# A tilted head turns about this point below the eyes; the body stays upright.
_NECK = 0.33
_HALF_BODY = 0.6
_BODY_ENDS = 0.84
# Left, top, right and bottom of a head with its hair, tilted or not, and of the body, in sides of
# the face crop from between the eyes.
_HEAD_BOX = (-0.46, -0.56, 0.46, 0.5)
_BODY_BOX = (-0.75, 0.3, 0.75, 100.0)
_TRIES = 2000


@dataclasses.dataclass(frozen=True, eq=False)
class GroupScene:
    """A drawn photo, the faces of which are in the order that their sizes were given in.

    Attributes:
        photo: uint8 [height, width, 3], RGB.
        points: float32 [n, 5, 2], (x, y) in pixels of the photo: the middles of the eyes, the left
            one in the image first, the tip of the nose, the left and the right mouth corner.
        sides: float32 [n], from hairline to chin, pixels.
        faces: what is drawn.
    """

    photo: np.ndarray
    points: np.ndarray
    sides: np.ndarray
    faces: tuple[FaceParameters, ...]


@dataclasses.dataclass(frozen=True)
class _Person:
    face: FaceParameters
    x: float
    y: float
    crop: float

    def box(self, of: tuple[float, float, float, float]) -> np.ndarray:
        return np.array((self.x, self.y, self.x, self.y)) + self.crop * np.array(of)


def group_scene(
    seed: int,
    index: int,
    sizes: Sequence[float] = (0.3,),
    width: int = 1024,
    height: int = 768,
    most_roll: float = 30.0,
) -> GroupScene:
    """Draws photo number `index` of the set `seed`; the same arguments give the same pixels.

    No head covers another or is cut by the border.

    Args:
        seed: int >= 0. Which set.
        index: int >= 0. Which photo of it.
        sizes: of the faces from hairline to chin, as shares of the photo's larger side, each in
            [0.02, 0.45]; none for a photo without people.
        width: int, of the photo in pixels.
        height: int, of the photo in pixels.
        most_roll: float in [0, 45]. Heads are tilted by up to so many degrees to either side.

    Raises:
        ValueError: if no place was found for so many faces of such sizes.
    """
    random = np.random.default_rng([seed, index])
    side = max(width, height)
    setting = sample_parameters(seed, 1000 * index)
    faces = []
    for number in range(len(sizes)):
        face = sample_parameters(seed, 1000 * index + number)
        pose = dataclasses.replace(face.pose, roll=float(random.uniform(-most_roll, most_roll)))
        faces.append(dataclasses.replace(face, light=setting.light, pose=pose))
    crops = [size * side / _FACE for size in sizes]
    people = _placed(random, faces, crops, width, height)
    pixels = _background(random, setting, width, height)
    # Who stands lower in the photo stands in front.
    for person in sorted(people, key=lambda person: person.y):
        _draw(pixels, person)
    warmth = setting.light.warmth / 2
    pixels *= np.array((1 + warmth, 1, 1 - warmth), np.float32)[:, None, None]
    pixels += random.standard_normal((height, width), dtype=np.float32) * setting.camera.noise
    photo = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return GroupScene(
        photo=np.ascontiguousarray(photo),
        points=np.array([_points(person) for person in people], np.float32).reshape(-1, 5, 2),
        sides=np.array([size * side for size in sizes], np.float32),
        faces=tuple(faces),
    )


def _placed(
    random: np.random.Generator,
    faces: list[FaceParameters],
    crops: list[float],
    width: int,
    height: int,
) -> list[_Person]:
    """Gives everybody a place, the largest first, for they find one least easily."""
    placed: dict[int, _Person] = {}
    for number in sorted(range(len(faces)), key=lambda number: -crops[number]):
        left, top, right, bottom = (crops[number] * edge for edge in _HEAD_BOX)
        for _ in range(_TRIES):
            if right - left > width or bottom - top > height:
                break
            person = _Person(
                faces[number],
                float(random.uniform(-left, width - right)),
                float(random.uniform(-top, height - bottom)),
                crops[number],
            )
            if not any(_hides(person, other) for other in placed.values()):
                placed[number] = person
                break
        if number not in placed:
            raise ValueError(f"no place for {len(faces)} such faces in {width}x{height} pixels")
    return [placed[number] for number in range(len(faces))]


def _hides(one: _Person, other: _Person) -> bool:
    behind, before = sorted((one, other), key=lambda person: person.y)
    head = behind.box(_HEAD_BOX)
    return any(_overlap(head, before.box(of)) for of in (_HEAD_BOX, _BODY_BOX))


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.maximum(one[:2], other[:2]) < np.minimum(one[2:], other[2:])).all())


def _background(
    random: np.random.Generator, face: FaceParameters, width: int, height: int
) -> np.ndarray:
    """A wall and things before it: float32 [3, height, width]."""
    canvas = Canvas(max(width, height))
    scene.draw_background(canvas, face.background)
    pixels = canvas.pixels[:, :height, :width].copy()
    wall = np.array(face.background.colours[0])
    side = max(width, height)
    y, x = (np.arange(length, dtype=np.float32) for length in (height, width))
    for _ in range(8):
        centre_x, centre_y = random.uniform(0, width), random.uniform(0, height)
        half_width, half_height = random.uniform(0.02, 0.2, 2) * side
        radius = random.uniform(0, 1) * min(half_width, half_height)
        across, down = x[None, :] - centre_x, y[:, None] - centre_y
        distance = rounded_box(across, down, half_width, half_height, radius)
        colour = (0.5 * wall + 0.5 * random.uniform(0.05, 0.95, 3)).astype(np.float32)
        cover = coverage(distance, random.uniform(1, max(1.0, 0.01 * side))).astype(np.float32)
        pixels += cover * (colour[:, None, None] - pixels)
    return pixels


def _in_window(person: _Person, roll: float, down: tuple[float, float]) -> FaceParameters:
    """The face as it is drawn in its window, `down` from where the eyes are, in sides of a crop."""
    face = person.face
    shift = tuple(
        place - mean + offset / _WINDOW
        for place, mean, offset in zip(_EYES_IN_WINDOW, EYE_CENTRE, down, strict=True)
    )
    head = dataclasses.replace(face.head, scale=1 / _WINDOW, shift=(shift[0], shift[1]))
    return dataclasses.replace(face, head=head, pose=dataclasses.replace(face.pose, roll=roll))


def _head(person: _Person) -> FaceParameters:
    return _in_window(person, person.face.pose.roll, (0.0, 0.0))


def _window(person: _Person) -> tuple[int, np.ndarray]:
    """Side of the window in whole pixels, and its left upper corner, (x, y), as whole pixels."""
    side = round(person.crop * _WINDOW)
    corner = np.array((person.x, person.y)) - side * np.array(_EYES_IN_WINDOW)
    return side, corner.round().astype(int)


def _points(person: _Person) -> np.ndarray:
    face = _head(person)
    outline = landmarks68(face)
    eyes = [outline[36:42].mean(axis=0), outline[42:48].mean(axis=0)]
    side, corner = _window(person)
    return (np.concatenate((eyes, landmarks(face)[2:])) * side + corner).astype(np.float32)


def _draw(pixels: np.ndarray, person: _Person) -> None:
    """Draws a person over a photo, float32 [3, height, width]."""
    _draw_below(pixels, person)
    side, (left, top) = _window(person)
    _, height, width = pixels.shape
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    canvas = Canvas(side)
    canvas.pixels[:] = pixels[:, rows[:, None], columns[None, :]]
    face = _head(person)
    pose, look = Projection(face), resolve(face)
    view = pose.view(side)
    for draw in BEHIND_THE_BODY:
        draw(canvas, view, pose, face, look)
    _draw_bust(canvas, person)
    for draw in OVER_THE_BODY:
        draw(canvas, view, pose, face, look)
    # The window may reach past the photo's border.
    there = (rows == np.arange(top, top + side)), (columns == np.arange(left, left + side))
    pixels[:, *np.ix_(rows[there[0]], columns[there[1]])] = canvas.pixels[:, *np.ix_(*there)]


def _body(person: _Person) -> FaceParameters:
    """The person as neck and clothes see it: upright, below the tilted head."""
    roll = np.radians(person.face.pose.roll)
    down = (float(-np.sin(roll)) * _NECK, float(np.cos(roll) - 1) * _NECK)
    return _in_window(person, 0.0, down)


def _draw_bust(canvas: Canvas, person: _Person) -> None:
    """Draws neck and clothes as far as the renderer does, with the arms cut off."""
    face = _body(person)
    pose = Projection(face)
    view = pose.view(canvas.pixels.shape[1])
    before = canvas.pixels.copy()
    scene.draw_neck(canvas, view, pose, face, resolve(face))
    kept = _torso(view.x - 0.6 * pose.axis, view.y, view.pixel)
    canvas.pixels[:] = before + kept * (canvas.pixels - before)


def _torso(x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Share of each pixel that lies between the arms, places in head coordinates."""
    shoulder = np.maximum(0.75 - y, 0)
    return coverage(np.abs(x) - _HALF_BODY + 1.2 * shoulder * shoulder, pixel)


def _draw_below(pixels: np.ndarray, person: _Person) -> None:
    """Goes on with the clothes below what the renderer draws, to the lower edge of the photo."""
    face = _body(person)
    pose = Projection(face)
    side, (left, top) = _window(person)
    eye_x, eye_y = pose.to_image(0.6 * pose.axis, 0.0)
    _, height, width = pixels.shape
    # From a little above, for the renderer ends at a whole pixel.
    start = min(max(top + int((eye_y + (_BODY_ENDS - 0.05) / _WINDOW) * side), 0), height)
    y = (np.arange(start, height, dtype=np.float32) + 0.5 - top - eye_y * side) / person.crop
    x = (np.arange(width, dtype=np.float32) + 0.5 - left - eye_x * side) / person.crop
    x, y = np.broadcast_arrays(x[None, :], y[:, None])
    below = pixels[:, start:]
    below += _torso(x, y, 1 / person.crop) * (scene.cloth_colours(x, y, face.clothes) - below)
