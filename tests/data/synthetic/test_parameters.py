"""Sampling, flipping and labelling faces."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceattr.data.synthetic import COLUMNS, flip, labels, sample_parameters

MAIN = ("Eyeglasses", "Mouth_Slightly_Open", "Smiling", "No_Beard", "Young", "Male")

# Columns that follow another one because they say the same thing in other words.
CONSEQUENCES = {
    "Eyeglasses": set(),
    "Mouth_Slightly_Open": set(),
    "Smiling": set(),
    "No_Beard": {"5_o_Clock_Shadow", "Goatee", "Mustache", "Sideburns"},
    "Young": {"Bags_Under_Eyes", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"},
    "Male": {
        "5_o_Clock_Shadow",
        "Bald",
        "Bangs",
        "Black_Hair",
        "Blond_Hair",
        "Brown_Hair",
        "Bushy_Eyebrows",
        "Goatee",
        "Gray_Hair",
        "Heavy_Makeup",
        "Mustache",
        "No_Beard",
        "Receding_Hairline",
        "Sideburns",
        "Straight_Hair",
        "Wavy_Hair",
        "Wearing_Earrings",
        "Wearing_Lipstick",
        "Wearing_Necklace",
    },
}

faces = st.builds(sample_parameters, st.integers(0, 1000), st.integers(0, 10**6))


def test_sampling_is_deterministic_and_each_face_differs():
    assert sample_parameters(3, 5) == sample_parameters(3, 5)
    drawn = {sample_parameters(seed, index) for seed in range(4) for index in range(25)}
    assert len(drawn) == 100


def test_correlation_changes_states_only():
    for index in range(50):
        plain = sample_parameters(2, index)
        correlated = sample_parameters(2, index, {("Smiling", "Young"): 0.9})
        assert plain.head == correlated.head
        assert plain.hair == correlated.hair
        assert plain.camera == correlated.camera


@settings(max_examples=60, deadline=None)
@given(faces, st.sampled_from(MAIN))
def test_flip_is_an_involution(face, column):
    flipped = flip(face, column)
    assert flipped != face
    assert flip(flipped, column) == face


@settings(max_examples=60, deadline=None)
@given(faces, st.sampled_from(MAIN))
def test_flip_changes_its_column_and_its_consequences_only(face, column):
    before, after = labels(face), labels(flip(face, column))
    assert after[column] == -before[column]
    changed = {name for name in COLUMNS if before[name] != after[name]}
    assert changed <= {column} | CONSEQUENCES[column]


def test_flip_names_the_columns_it_supports():
    with pytest.raises(ValueError, match=r"'Bald'.*Eyeglasses.*Young.*Male"):
        flip(sample_parameters(0, 0), "Bald")


def test_flipped_woman_can_wear_a_beard_and_becomes_a_shaven_man():
    woman = next(
        face for face in (sample_parameters(0, index) for index in range(50)) if not face.is_male
    )
    assert labels(woman)["No_Beard"] == 1
    assert labels(flip(woman, "No_Beard"))["No_Beard"] == -1
    assert labels(flip(woman, "Male"))["No_Beard"] == 1


def test_labels_are_celebas_columns_in_order():
    values = labels(sample_parameters(0, 0))
    assert tuple(values) == COLUMNS
    assert len(COLUMNS) == 40
    assert list(COLUMNS) == sorted(COLUMNS)
    assert set(values.values()) <= {-1, 1}


def test_main_columns_are_balanced_and_women_shaven():
    table = _label_table(1500, None)
    for column in ("Eyeglasses", "Mouth_Slightly_Open", "Smiling", "Young", "Male"):
        assert abs(table[column].mean()) < 0.1, column
    women = table["Male"] < 0
    assert (table["No_Beard"][women] == 1).all()
    assert abs(table["No_Beard"][~women].mean()) < 0.15


@pytest.mark.parametrize(
    "wanted",
    [
        {("Male", "No_Beard"): -0.52},
        {("Male", "No_Beard"): 0.0},
        {("Smiling", "Mouth_Slightly_Open"): 0.53, ("Male", "Eyeglasses"): 0.3},
        {("Young", "Male"): -0.4, ("Young", "Eyeglasses"): -0.6},
    ],
)
def test_requested_correlations_are_achieved(wanted):
    table = _label_table(2000, wanted)
    for (first, second), target in wanted.items():
        achieved = np.corrcoef(table[first], table[second])[0, 1]
        assert abs(achieved - target) < 0.07, (first, second, achieved)
    unrequested = np.corrcoef(table["Mouth_Slightly_Open"], table["Young"])[0, 1]
    assert abs(unrequested) < 0.07


def test_celebas_beard_correlation_leaves_women_shaven():
    table = _label_table(500, {("Male", "No_Beard"): -0.52})
    assert (table["No_Beard"][table["Male"] < 0] == 1).all()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({("Male", "Bald"): 0.2}, "a pair takes two of"),
        ({("Male", "Male"): 0.2}, "a pair takes two of"),
        ({("Male", "Young"): 1.5}, r"outside \[-1, 1\]"),
        ({("Male", "Young"): 0.2, ("Young", "No_Beard"): 0.2}, "closes a circle"),
        ({("Male", "No_Beard"): 0.9}, "cannot be reached"),
    ],
)
def test_impossible_correlations_are_refused(wanted, message):
    with pytest.raises(ValueError, match=message):
        sample_parameters(0, 0, wanted)


@settings(max_examples=40, deadline=None)
@given(faces)
def test_parameters_are_plain_python_values(face):
    """NumPy scalars would widen the renderer's float32 arrays to float64."""

    def leaves(value):
        if dataclasses.is_dataclass(value):
            value = [getattr(value, field.name) for field in dataclasses.fields(value)]
        if isinstance(value, list | tuple):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    assert {type(leaf) for leaf in leaves(face)} <= {bool, int, float, str, type(None)}


def _label_table(count, correlation):
    rows = [labels(sample_parameters(17, index, correlation)) for index in range(count)]
    return {column: np.array([row[column] for row in rows]) for column in MAIN}
