"""CelebA's forty columns: what is true of a face, and the same face with one column flipped."""

import dataclasses
from collections.abc import Callable

from faceattr.data.synthetic.colour import luminance
from faceattr.data.synthetic.parameters import FaceParameters

COLUMNS = (
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
)


def _flip_glasses(face: FaceParameters) -> FaceParameters:
    glasses = dataclasses.replace(face.glasses, worn=not face.glasses.worn)
    return dataclasses.replace(face, glasses=glasses)


def _flip_mouth(face: FaceParameters) -> FaceParameters:
    mouth = dataclasses.replace(face.mouth, is_open=not face.mouth.is_open)
    return dataclasses.replace(face, mouth=mouth)


def _flip_smile(face: FaceParameters) -> FaceParameters:
    mouth = dataclasses.replace(face.mouth, is_smiling=not face.mouth.is_smiling)
    return dataclasses.replace(face, mouth=mouth)


def _flip_beard(face: FaceParameters) -> FaceParameters:
    if face.is_male:
        beard = dataclasses.replace(face.beard, on_man=not face.beard.on_man)
    else:
        beard = dataclasses.replace(face.beard, on_woman=not face.beard.on_woman)
    return dataclasses.replace(face, beard=beard)


def _flip_age(face: FaceParameters) -> FaceParameters:
    age = dataclasses.replace(face.age, is_young=not face.age.is_young)
    return dataclasses.replace(face, age=age)


def _flip_sex(face: FaceParameters) -> FaceParameters:
    return dataclasses.replace(face, is_male=not face.is_male)


_FLIPS: dict[str, Callable[[FaceParameters], FaceParameters]] = {
    "Eyeglasses": _flip_glasses,
    "Mouth_Slightly_Open": _flip_mouth,
    "Smiling": _flip_smile,
    "No_Beard": _flip_beard,
    "Young": _flip_age,
    "Male": _flip_sex,
}


def flip(parameters: FaceParameters, column: str) -> FaceParameters:
    """Returns the same face with one column's value flipped; flipping twice gives the face back.

    `Male` takes hair style, jaw, brows, lips, lashes, makeup and jewellery along, and the beard: a
    bearded man becomes a woman without one, and a woman becomes a shaven man. `Young` takes the
    colours of hair, brows and beard, the wrinkles, and thinner lips along.

    Args:
        parameters: the face.
        column: one of CelebA's columns Eyeglasses, Mouth_Slightly_Open, Smiling, No_Beard, Young
            and Male.

    Raises:
        ValueError: if the column is another one.
    """
    if column not in _FLIPS:
        raise ValueError(f"cannot flip {column!r}: the columns that flip are {', '.join(_FLIPS)}")
    return _FLIPS[column](parameters)


def labels(parameters: FaceParameters) -> dict[str, int]:
    """Returns all forty columns of CelebA in their order, each +1 or -1.

    What is never drawn (Attractive, Blurry, High_Cheekbones) is -1.
    """
    true = _true_columns(parameters)
    return {column: 1 if true.get(column, False) else -1 for column in COLUMNS}


def _true_columns(face: FaceParameters) -> dict[str, bool]:
    woman = not face.is_male
    old = not face.age.is_young
    bearded = face.has_beard
    style = face.hair_style
    hat = face.clothes.hat is not None
    haired = style != "bald"
    hair_luminance = luminance(face.hair.young_colour)
    long_hair = style.startswith(("long", "bob", "shoulder"))
    painted = woman and face.makeup.lipstick_strength > 0
    collar = face.clothes.collar
    return {
        "5_o_Clock_Shadow": bearded and face.beard.style == "stubble",
        "Arched_Eyebrows": face.brows.arch > 0.022,
        "Bags_Under_Eyes": old and face.age.bags > 0.5,
        "Bald": style == "bald" and not hat,
        "Bangs": style in ("long_bangs", "bob_bangs", "fringe") and not hat,
        "Big_Lips": face.mouth.fullness > 1.2,
        "Big_Nose": face.nose.half_width > 0.058,
        "Black_Hair": haired and not old and hair_luminance < 0.1,
        "Blond_Hair": haired and not old and hair_luminance > 0.42,
        "Brown_Hair": haired and not old and 0.1 <= hair_luminance <= 0.42,
        "Bushy_Eyebrows": face.is_male and face.brows.thickness > 0.0115,
        "Chubby": face.head.fullness > 0.7,
        "Double_Chin": face.head.fullness > 0.7,
        "Eyeglasses": face.glasses.worn,
        "Goatee": bearded and face.beard.style == "goatee",
        "Gray_Hair": haired and old,
        "Heavy_Makeup": painted and face.makeup.eye_shadow > 0.5,
        "Male": face.is_male,
        "Mouth_Slightly_Open": face.mouth.is_open,
        "Mustache": bearded and face.beard.style != "stubble",
        "Narrow_Eyes": face.eyes.openness < 0.41,
        "No_Beard": not bearded,
        "Oval_Face": face.head.squareness < 0 and face.head.fullness < 0.3,
        "Pale_Skin": luminance(face.skin.tone) > 0.83,
        "Pointy_Nose": face.nose.tip < 0.025,
        "Receding_Hairline": style == "receding" and not hat,
        "Rosy_Cheeks": face.skin.blush > 0.75,
        "Sideburns": bearded and face.beard.style in ("full", "short", "stubble"),
        "Smiling": face.mouth.is_smiling,
        "Straight_Hair": long_hair and face.hair.wave == 0,
        "Wavy_Hair": long_hair and face.hair.wave > 0,
        "Wearing_Earrings": woman and face.makeup.earrings is not None,
        "Wearing_Hat": hat,
        "Wearing_Lipstick": painted,
        "Wearing_Necklace": woman and face.makeup.necklace is not None,
        "Wearing_Necktie": collar == "tie",
        "Young": face.age.is_young,
    }
