"""A user's own faces: a CSV file, or a folder per class."""

import logging

import numpy as np
import pytest

from faceattr.attributes import find_attribute
from faceattr.data.sources import load_files
from faceattr.data.table import LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP, WHOLE_IMAGE

CSV = "image,smile,beach,note\nfaces/a.jpg,yes,1,on a boat\nfaces/b.png,no,0,\n./c.jpg,yes,,tall\n"


@pytest.fixture
def own(tmp_path):
    """Three empty images, two of them a folder deep."""
    (tmp_path / "faces").mkdir()
    for name in ("faces/a.jpg", "faces/b.png", "c.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def load(folder, text=CSV, data_dir=None, **options):
    (folder / "labels.csv").write_bytes(text.encode())
    return load_files("csv", data_dir, labels=folder / "labels.csv", **options)


@pytest.mark.parametrize("text", [CSV, CSV.replace("\n", "\r\n"), "\ufeff" + CSV])
def test_a_csv_is_read_from_its_own_folder(own, text, caplog):
    caplog.set_level(logging.INFO)
    table = load(own, text)
    assert table.names == ("faces/a.jpg", "faces/b.png", "c.jpg")
    assert table.columns == ("Smiling", "beach"), "the note is no label"
    assert "passed over, not labels: note" in caplog.text
    np.testing.assert_array_equal(table.labels, [[1, 1], [-1, -1], [1, 0]])
    assert table.crop == WHOLE_IMAGE
    assert table.identities is None
    assert table.path(1) == own / "faces" / "b.png"
    assert find_attribute("smile", table.columns).adding.name == "add_smile"


def test_image_paths_may_start_elsewhere_and_be_written_as_windows_does(own):
    (own / "tables").mkdir()
    text = CSV.replace("faces/", "faces\\")
    assert load(own / "tables", text, data_dir=own).path(0) == own / "faces" / "a.jpg"
    absolute = CSV.replace("faces/a.jpg", str(own / "faces" / "a.jpg"))
    assert load(own / "tables", absolute).path(0) == own / "faces" / "a.jpg"
    assert load(own, crop="celeba").crop == CELEBA_CROP


def test_the_column_of_images_goes_by_name_or_by_flag(own):
    for name in ("image_id", "File", "filename", "PATH", "name"):
        assert load(own, CSV.replace("image", name)).names[0] == "faces/a.jpg"
    assert load(own, CSV.replace("image", "picture"), image_column="Picture").names[2] == "c.jpg"
    # A name beside an image is not the image.
    assert load(own, CSV.replace("note", "name")).names[0] == "faces/a.jpg"


def test_a_person_column_says_who_is_who(own):
    text = "image,smile,person\nfaces/a.jpg,1,Ann\nfaces/b.png,0,\nc.jpg,0,Ann\n"
    table = load(own, text)
    assert table.columns == ("Smiling",)
    assert table.identities[0] == table.identities[2] >= 0
    assert table.identities[1] == -1


def test_missing_and_unlabelled_images_are_left_out_and_listed(own):
    (own / "faces" / "new.jpg").touch()
    (own / "faces" / "readme.txt").touch()
    table = load(own, CSV + "faces/gone.jpg,1,1,\n")
    assert len(table) == 3
    assert table.left_out == (
        LeftOut("faces/gone.jpg", "no image file"),
        LeftOut("faces/new.jpg", "no label"),
    )


def test_probabilities_are_labels_where_they_are_sure(own):
    text = "image,smile\nfaces/a.jpg,0.97\nfaces/b.png,0.1\nc.jpg,0.6\n"
    table = load(own, text, min_confidence=0.9)
    np.testing.assert_array_equal(table.labels[:, 0], [1, -1, 0])
    with pytest.raises(UserError, match=r"line 2, column 'smile': '0.97' is not 0/1.*min_conf"):
        load(own, text)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (CSV.replace("image", "picture"), {}, r"labels.csv: no column of images .*image_column"),
        (CSV.replace("image", "imag"), {}, r"nearest: imag"),
        (CSV, {"image_column": "imagee"}, r"image_column imagee: .*no such column; nearest: im"),
        (CSV.replace("b.png,no", "b.png,2"), {"attr": "smile"}, r"line 3, column 'smile': '2'"),
        (CSV.replace("b.png,no", "b.png,2"), {"attr": "Smiling"}, r"line 3, column 'smile': '2'"),
        (CSV, {"attr": "NOTE"}, r"line 2, column 'note': 'on a boat' is not 0/1, -1/1, true"),
        ("image,smile\na.jpg,maybe\n", {}, r"line 2, column 'smile': 'maybe'"),
        (
            "image,smile\na.jpg,1\nb.jpg,-1\nc.jpg,0\n",
            {},
            r"line 4, column 'smile': 0 in a column that has -1 as well",
        ),
        ("image\na.jpg\n", {}, r"no column of labels beside the images"),
        ("image,smile\n,1\n", {}, r"line 2 names no image"),
        ("image,smile\na.jpg,1\n./a.jpg,0\n", {}, r"lines 2 and 3 both label a.jpg"),
        (
            "image,smile\n\u00e4.jpg,1\n",
            {},
            r"labels.csv: none of its 1 images is there, such as .*\u00e4.jpg",
        ),
        ("", {}, r"labels.csv: no rows"),
    ],
)
def test_a_csv_that_cannot_be_used_says_where(own, text, options, message):
    with pytest.raises(UserError, match=message):
        load(own, text, **options)


def test_a_csv_needs_its_flags(own):
    with pytest.raises(UserError, match="data csv needs labels"):
        load_files("csv", own)
    with pytest.raises(UserError, match=r"gone.csv: no such file; labels names"):
        load_files("csv", None, labels=own / "gone.csv")
    with pytest.raises(UserError, match="data folders needs data_dir"):
        load_files("folders", None)


@pytest.fixture
def folders(tmp_path):
    for name in ("beach/a.jpg", "beach/2024/b.PNG", "not_beach/a.jpg", ".trash/c.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_each_folder_is_a_column(folders):
    (folders / "stray.jpg").touch()
    (folders / "beach" / "notes.txt").touch()
    table = load_files("folders", folders)
    assert table.columns == ("beach", "not_beach")
    assert table.names == ("beach/2024/b.PNG", "beach/a.jpg", "not_beach/a.jpg")
    np.testing.assert_array_equal(table.labels, [[1, -1], [1, -1], [-1, 1]])
    assert table.left_out == (LeftOut("stray.jpg", "no label"),)
    assert table.crop == WHOLE_IMAGE
    assert table.path(2).is_file()


def test_a_folder_named_as_one_of_the_papers_attributes_is_that_attribute(folders):
    (folders / "beach").rename(folders / "glasses")
    table = load_files("folders", folders)
    assert find_attribute("glasses", table.columns).column == "Eyeglasses"
    assert table.values("Eyeglasses").sum() == 2


def test_folders_that_cannot_be_used_are_named(folders, tmp_path):
    (folders / "beach" / "2024" / "b.PNG").unlink()
    (folders / "beach" / "a.jpg").unlink()
    with pytest.raises(UserError, match=r"beach: no images \(\.jpg, .*\); add some"):
        load_files("folders", folders)
    (folders / "beach" / "2024").rmdir()
    (folders / "beach").rmdir()
    with pytest.raises(UserError, match=r"needs two folders of images.*only not_beach"):
        load_files("folders", folders)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"data_dir .*empty: needs two folders.*none"):
        load_files("folders", tmp_path / "empty")
    with pytest.raises(UserError, match=r"data_dir .*gone: no such folder"):
        load_files("folders", tmp_path / "gone")
