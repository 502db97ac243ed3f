import pytest

from faceattr.attributes import PAPER_ATTRIBUTES, find_attribute
from faceattr.errors import UserError

COLUMNS = ["Eyeglasses", "Mouth_Slightly_Open", "Smiling", "No_Beard", "Young", "Male", "Big Nose"]


def test_the_papers_weights_by_scope():
    alphas = {attribute.name: attribute.alpha for attribute in PAPER_ATTRIBUTES}
    local, scattered = 5e-4, 1e-6
    assert alphas == {
        "glasses": local,
        "mouth_open": local,
        "smile": local,
        "no_beard": local,
        "young": scattered,
        "male": scattered,
    }


@pytest.mark.parametrize("name", ["glasses", "Glasses", "Eyeglasses", "eyeglasses"])
def test_a_registered_attribute_goes_by_name_or_column(name):
    assert [edit.name for edit in find_attribute(name, COLUMNS).edits] == [
        "add_glasses",
        "remove_glasses",
    ]


def test_no_beard_is_the_positive_class():
    assert [edit.name for edit in find_attribute("no_beard", COLUMNS).edits] == [
        "remove_beard",
        "add_beard",
    ]


def test_any_other_column_is_an_attribute():
    attribute = find_attribute("big nose", COLUMNS)
    assert attribute.column == "Big Nose"
    assert [edit.name for edit in attribute.edits] == ["add_big_nose", "remove_big_nose"]


def test_an_unknown_attribute_lists_the_known_and_the_nearest():
    with pytest.raises(UserError, match=r"glasses, mouth_open.*nearest: Smiling"):
        find_attribute("smilling", COLUMNS)


def test_a_missing_column_of_a_known_attribute_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"needs the column 'Eyeglasses'.*Eye_Glasses"):
        find_attribute("glasses", ["Eye_Glasses", "Male"])
