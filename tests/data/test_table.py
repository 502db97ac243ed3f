import numpy as np
import pytest

from faceattr.data.sources import load_files
from faceattr.data.table import read_celeba_labels
from faceattr.errors import UserError

GOOD = "2\nEyeglasses Male \n000001.jpg -1  1\n000002.jpg  1 -1\n"


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list_attr_celeba.txt"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_labels_are_read_with_irregular_spaces_windows_line_ends_and_byte_order_mark(
    tmp_path, text
):
    names, columns, labels = read_celeba_labels(write(tmp_path, text))
    assert names == ["000001.jpg", "000002.jpg"]
    assert columns == ["Eyeglasses", "Male"]
    np.testing.assert_array_equal(labels, [[-1, 1], [1, -1]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 must hold the number of images"),
        ("many\nEyeglasses\na.jpg 1\n", "line 1 must hold the number of images"),
        (GOOD.replace("2\n", "3\n", 1), "promises 3 images, but 2 rows"),
        (GOOD.replace("-1  1", "-1"), "line 3 has 1 labels for 2 columns"),
        (GOOD.replace("-1  1", "0 1"), "line 3 has a label other than"),
        (GOOD.replace("000002", "000001"), "1 images have two rows, such as 000001.jpg"),
    ],
)
def test_a_label_file_that_breaks_the_format_is_named_with_the_line(tmp_path, text, message):
    with pytest.raises(UserError, match=f"list_attr_celeba.txt: .*{message}"):
        read_celeba_labels(write(tmp_path, text))


def test_a_binary_label_file_is_named(tmp_path):
    (tmp_path / "list_attr_celeba.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UserError, match="not a text file"):
        read_celeba_labels(tmp_path / "list_attr_celeba.txt")


def test_missing_folder_labels_and_images_are_named(tmp_path):
    with pytest.raises(UserError, match=r"--data_dir .*gone: no such folder"):
        load_files("celeba", tmp_path / "gone")
    with pytest.raises(UserError, match=r"list_attr_celeba.txt: no such label file"):
        load_files("celeba", tmp_path)
    write(tmp_path, GOOD)
    with pytest.raises(UserError, match=r"img_align_celeba: no such folder"):
        load_files("celeba", tmp_path)
    (tmp_path / "img_align_celeba").mkdir()
    (tmp_path / "img_align_celeba" / "000001.jpg").write_bytes(b"")
    with pytest.raises(UserError, match=r"1 of 2 labelled images are missing, such as 000002.jpg"):
        load_files("celeba", tmp_path)


def test_real_celeba_is_read(celeba_dir):
    table = load_files("celeba", celeba_dir)
    assert len(table.columns) == 40
    assert len(table) == 8070
    # Counted in the label file with standard text tools.
    assert table.values("Eyeglasses").sum() == 535
    assert table.crops(np.array([0, 5]), 64).shape == (2, 64, 64, 3)
