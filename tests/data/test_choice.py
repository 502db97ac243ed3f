import dataclasses

import numpy as np
import pytest
from PIL import Image

from faceattr.data import choice
from faceattr.data.choice import DataChoice
from faceattr.data.packing import pack
from faceattr.errors import UserError
from faceattr.options import option


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(DataChoice):
    """More settings around a choice, as a training has them."""

    steps: int = option(600, "updates", at_least=1)


@pytest.fixture
def labelled(tmp_path):
    """A CSV file of four photographs."""
    for index in range(4):
        Image.new("RGB", (40, 40), (60 * index, 0, 0)).save(tmp_path / f"{index}.png")
    path = tmp_path / "labels.csv"
    path.write_text("image,hat,age\n0.png,1,old\n1.png,0,young\n2.png,1,old\n3.png,0,old\n")
    return path


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data": "celebb"}, "data celebb: choose one of synthetic, celeba, lfw"),
        ({"data": "celeba"}, "data celeba needs data_dir"),
        ({"data": "csv"}, "data csv needs labels"),
        ({"data_dir": "x"}, "data_dir names a folder of real faces"),
        ({"labels": "x.csv"}, "labels is for data csv, not for data synthetic"),
        ({"label_overrides": "x.csv"}, "label_overrides is for data celeba or lfw"),
        ({"crop": "lfw"}, "crop is for data celeba"),
        ({"data": "packed", "data_dir": "x", "crop": "lfw"}, "crop is for data celeba"),
        ({"data": "csv", "labels": "x", "min_confidence": 0.4}, "choose from 0.5 to below 1"),
        ({"data": "lfw", "data_dir": "x", "min_confidence": -1}, "must be a number of at least 0"),
        ({"synthetic_faces": 3}, "synthetic_faces 3: must be a number of at least 4"),
        ({"data": None}, "data None: must be text"),
    ],
)
@pytest.mark.parametrize("cls", [DataChoice, Settings])
def test_a_choice_that_cannot_be_is_refused(cls, settings, message):
    with pytest.raises(UserError, match=message):
        cls(**settings)


def test_the_settings_of_a_subclass_are_checked_with_it():
    with pytest.raises(UserError, match="steps 0"):
        Settings(steps=0)


def test_the_choice_is_taken_out_of_larger_settings():
    wanted = DataChoice(data="celeba", data_dir="x", crop="none")
    assert choice.of(Settings(data="celeba", data_dir="x", crop="none", steps=3)) == wanted
    assert choice.of({"data": "celeba", "data_dir": "x", "crop": "none", "steps": 3}) == wanted
    assert type(choice.of(Settings())) is DataChoice
    assert choice.of(wanted) == wanted


def test_the_same_faces_are_drawn_once():
    first = Settings(synthetic_faces=5).load(image_size=32, seed=3)
    assert DataChoice(synthetic_faces=5).load(image_size=32, seed=3, attr="young").synthetic is (
        first.synthetic
    )
    assert first.synthetic is not None
    assert first.synthetic.table is first.table
    assert len(first.table) == 5
    for other in (
        DataChoice(synthetic_faces=6).load(image_size=32, seed=3),
        DataChoice(synthetic_faces=5).load(image_size=64, seed=3),
        DataChoice(synthetic_faces=5).load(image_size=32, seed=4),
    ):
        assert other.table.images.shape != first.table.images.shape or (
            (other.table.images != first.table.images).any()
        )


def test_files_are_read_once_until_they_change(labelled):
    chosen = DataChoice(data="csv", labels=str(labelled))
    loaded = chosen.load(image_size=32, attr="hat")
    assert loaded.synthetic is None
    assert chosen.load(image_size=64, seed=1, attr="hat").table is loaded.table
    labelled.write_text(labelled.read_text().replace("0.png,1", "0.png,0"))
    labelled.touch()
    np.testing.assert_array_equal(chosen.files("hat").values("hat"), [0, 0, 1, 0])
    labelled.with_name("3.png").unlink()
    assert len(chosen.files("hat")) == 3


def test_the_column_that_is_edited_must_hold_labels(labelled):
    chosen = DataChoice(data="csv", labels=str(labelled))
    assert chosen.files().columns == ("hat",)
    with pytest.raises(UserError, match="column 'age': 'old' is not"):
        chosen.files("age")


def test_corrections_are_applied(labelled, tmp_path):
    overrides = tmp_path / "corrections.csv"
    overrides.write_text("image,column,value\n1.png,hat,1\n")
    chosen = DataChoice(data="csv", labels=str(labelled), label_overrides=str(overrides))
    np.testing.assert_array_equal(chosen.files().values("hat"), [1, 1, 1, 0])
    overrides.write_text("image,column,value\n1.png,hat,\n0.png,hat,no\n")
    np.testing.assert_array_equal(chosen.files().labels[:, 0], [-1, 0, 1, -1])


def test_packed_crops_of_another_size_are_refused(labelled, tmp_path):
    pack(DataChoice(data="csv", labels=str(labelled)).files(), tmp_path / "packed", 32)
    chosen = DataChoice(data="packed", data_dir=str(tmp_path / "packed"))
    assert chosen.load(image_size=32).table.images.shape == (4, 32, 32, 3)
    with pytest.raises(UserError, match=r"image_size 64: the crops in .* are packed at 32x32"):
        chosen.load(image_size=64)
