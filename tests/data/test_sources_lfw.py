import numpy as np
import pytest

from faceattr.data.sources import load_files
from faceattr.data.sources.lfw import read_columbia
from faceattr.data.table import LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import LFW_CROP

LABELS = "2\nSmiling Male\nAnn_Lee/Ann_Lee_0001.jpg 1 -1\nBo/Bo_0012.jpg -1 1\n"
PROBABILITIES = (
    "image_id,Smiling,Male\nAnn_Lee/Ann_Lee_0001.jpg,0.7,0.01\nBo/Bo_0012.jpg,0.02,0.95\n"
)
COLUMBIA = (
    "# LFW attributes\n"
    "#\tperson\timagenum\tMale\tMouth Slightly Open\tNo Beard\tYouth\t5 o' Clock Shadow\n"
    "Ann Lee\t1\t-1.5\t0.25\t2\t0\t-1\n"
    "Bo\t12\t0.5\t-0.75\t-3e-1\t1\t1\n"
)


@pytest.fixture
def lfw(tmp_path):
    for name in ("Ann_Lee/Ann_Lee_0001.jpg", "Bo/Bo_0012.jpg"):
        path = tmp_path / "lfw-deepfunneled" / name
        path.parent.mkdir(parents=True)
        path.touch()
    return tmp_path


def test_labels_in_celebas_format_and_the_folder_is_the_person(lfw):
    (lfw / "list_attr_lfw.txt").write_text(LABELS)
    (lfw / "lfw-deepfunneled" / "Bo" / "Bo_0013.jpg").touch()
    table = load_files("lfw", lfw)
    np.testing.assert_array_equal(table.labels, [[1, -1], [-1, 1]])
    assert table.crop == LFW_CROP
    assert len(set(table.identities)) == 2
    assert (table.identities >= 0).all()
    assert table.left_out == (LeftOut("Bo/Bo_0013.jpg", "no label"),)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columbias_real_values_stand_in_for_missing_labels(lfw, end):
    (lfw / "lfw_attributes.txt").write_bytes(COLUMBIA.replace("\n", end).encode())
    table = load_files("lfw", lfw)
    assert table.names == ("Ann_Lee/Ann_Lee_0001.jpg", "Bo/Bo_0012.jpg")
    assert table.columns == ("Male", "Mouth_Slightly_Open", "No_Beard", "Young", "5_o_Clock_Shadow")
    np.testing.assert_array_equal(table.labels, [[-1, 1, 1, 0, -1], [1, -1, -1, 1, 1]])
    sure = load_files("lfw", lfw, min_confidence=0.75)
    np.testing.assert_array_equal(sure.labels, [[-1, 0, 1, 0, -1], [0, -1, 0, 1, 1]])


def test_labels_in_celebas_format_come_first_and_probabilities_when_confidence_is_asked(lfw):
    (lfw / "list_attr_lfw.txt").write_text(LABELS)
    (lfw / "lfw_attributes.txt").write_text(COLUMBIA)
    assert load_files("lfw", lfw).columns == ("Smiling", "Male")
    assert "Young" in load_files("lfw", lfw, min_confidence=0.9).columns
    (lfw / "attribute_probabilities.csv").write_text(PROBABILITIES)
    table = load_files("lfw", lfw, min_confidence=0.9)
    np.testing.assert_array_equal(table.labels, [[0, -1], [-1, 1]])
    np.testing.assert_array_equal(load_files("lfw", lfw).labels, [[1, -1], [-1, 1]])


def test_a_confidence_that_the_files_do_not_give_is_refused(lfw):
    (lfw / "list_attr_lfw.txt").write_text(LABELS)
    with pytest.raises(UserError, match=r"min_confidence 0.9: .* has neither"):
        load_files("lfw", lfw, min_confidence=0.9)
    (lfw / "attribute_probabilities.csv").write_text(PROBABILITIES)
    for confidence in (0.4, 1.0):
        with pytest.raises(UserError, match=rf"min_confidence {confidence}: .*0.5 to below 1"):
            load_files("lfw", lfw, min_confidence=confidence)
    (lfw / "attribute_probabilities.csv").write_text(PROBABILITIES.replace("Bo/Bo_0012", "A/B"))
    assert load_files("lfw", lfw, min_confidence=0.9).left_out == (
        LeftOut("A/B.jpg", "no image file"),
        LeftOut("Bo/Bo_0012.jpg", "no label"),
    )


def test_missing_labels_are_named(lfw):
    with pytest.raises(UserError, match=r"list_attr_lfw.txt: no such file"):
        load_files("lfw", lfw)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        (COLUMBIA.split("Ann")[0], "no rows"),
        (COLUMBIA.replace("person", "who"), "line 3 comes before a header"),
        (COLUMBIA.replace("\t0.25", ""), "line 3 has 6 cells for 7 columns"),
        (COLUMBIA.replace("0.25", "nan"), "line 3 has a value that is no number"),
        (COLUMBIA.replace("\t12\t", "\tx\t"), "line 4 has a value that is no number"),
        (COLUMBIA.replace("Bo\t12", "Ann Lee\t1"), "1 images have two rows"),
    ],
)
def test_a_broken_columbia_file_is_named_with_the_line(tmp_path, text, message):
    (tmp_path / "lfw_attributes.txt").write_text(text)
    with pytest.raises(UserError, match=f"lfw_attributes.txt: .*{message}"):
        read_columbia(tmp_path / "lfw_attributes.txt")


def test_real_lfw_is_read(lfw_dir):
    table = load_files("lfw", lfw_dir)
    assert len(table) == 10705
    place = table.names.index("AJ_Cook/AJ_Cook_0001.jpg")
    assert not table.values("Eyeglasses")[place]
    sure = load_files("lfw", lfw_dir, min_confidence=0.9)
    both = (sure.labels != 0) & (table.labels != 0)
    np.testing.assert_array_equal(sure.labels[both], table.labels[both])
    assert 0.5 < both.mean() < 1
    assert table.crops(np.array([place]), 32).shape == (1, 32, 32, 3)
