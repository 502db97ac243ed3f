import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from faceattr.data.sources import load_files
from faceattr.data.sources.celeba_files import read_celeba_labels
from faceattr.data.table import LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP, WHOLE_IMAGE

GOOD = "2\nEyeglasses Male \n000001.jpg -1  1\n000002.jpg  1 -1\n"
POINTS = " ".join(
    f"{point}_{axis}"
    for point in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
    for axis in "xy"
)
LANDMARKS = f"1\n{POINTS}\n000002.jpg 69 109 106 113 77 142 73 152 108 154\n"


def write(tmp_path, text, encoding="utf-8", name="list_attr_celeba.txt"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def celeba(tmp_path):
    """Labels and two empty images: the loader opens none."""
    write(tmp_path, GOOD)
    (tmp_path / "img_align_celeba").mkdir()
    for name in ("000001.jpg", "000002.jpg"):
        (tmp_path / "img_align_celeba" / name).touch()
    return tmp_path


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_labels_are_read_with_irregular_spaces_windows_line_ends_and_byte_order_mark(
    tmp_path, text
):
    names, columns, labels = read_celeba_labels(write(tmp_path, text))
    assert names == ["000001.jpg", "000002.jpg"]
    assert columns == ["Eyeglasses", "Male"]
    np.testing.assert_array_equal(labels, [[-1, 1], [1, -1]])


@hypothesis.given(
    labels=st.integers(1, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.sampled_from([-1, 1]), min_size=columns, max_size=columns), min_size=1
        )
    ),
    space=st.sampled_from([" ", "  ", "\t", " \t "]),
    end=st.sampled_from(["\n", "\r\n", " \n"]),
)
def test_any_layout_of_spaces_gives_the_same_labels(tmp_path_factory, labels, space, end):
    rows = [f"{n}.jpg{space}{space.join(map(str, row))}" for n, row in enumerate(labels)]
    header = space.join(f"Column_{n}" for n in range(len(labels[0])))
    text = end.join([str(len(labels)), header, *rows, "", ""])
    read = read_celeba_labels(write(tmp_path_factory.mktemp("labels"), text))
    np.testing.assert_array_equal(read[2], labels)


@hypothesis.given(text=st.text(st.sampled_from("01-2 a.\n\tß"), max_size=60))
def test_any_text_is_read_or_refused_in_one_line(tmp_path_factory, text):
    path = write(tmp_path_factory.mktemp("any"), text)
    message = None
    try:
        names, columns, labels = read_celeba_labels(path)
    except UserError as error:
        message = str(error)
    if message is None:
        assert labels.shape == (len(names), len(columns))
    else:
        assert message.startswith(f"{path}: ")
        assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 must hold the number of images"),
        ("many\nEyeglasses\na.jpg 1\n", "line 1 must hold the number of images"),
        (GOOD.replace("2\n", "3\n", 1), "promises 3 images, but 2 rows"),
        (GOOD.replace("-1  1", "-1"), "line 3 has 1 labels for 2 columns"),
        (GOOD.replace("-1  1", "0 1"), "line 3 has a label other than"),
        (GOOD.replace("000002", "000001"), "1 images have two rows, such as 000001.jpg"),
        (GOOD.replace("Male", "Eyeglasses"), "line 2 names the column Eyeglasses twice"),
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
    with pytest.raises(UserError, match=r"data_dir .*gone: no such folder"):
        load_files("celeba", tmp_path / "gone")
    with pytest.raises(UserError, match=r"list_attr_celeba.txt: no such file"):
        load_files("celeba", tmp_path)
    write(tmp_path, GOOD)
    with pytest.raises(UserError, match=r"img_align_celeba: no such folder"):
        load_files("celeba", tmp_path)
    (tmp_path / "img_align_celeba").mkdir()
    with pytest.raises(
        UserError, match=r"none of its 2 images is there, such as .*celeba/000001.jpg"
    ):
        load_files("celeba", tmp_path)


def test_rows_without_image_and_images_without_row_are_left_out_and_listed(celeba):
    folder = celeba / "img_align_celeba"
    (folder / "000001.jpg").unlink()
    (folder / "extra.jpg").touch()
    (folder / "notes.txt").touch()
    (folder / ".hidden.jpg").touch()
    table = load_files("celeba", celeba)
    assert table.names == ("000002.jpg",)
    np.testing.assert_array_equal(table.labels, [[1, -1]])
    assert table.left_out == (
        LeftOut("000001.jpg", "no image file"),
        LeftOut("extra.jpg", "no label"),
    )


def test_the_label_file_alone_is_enough(celeba):
    table = load_files("celeba", celeba)
    assert table.identities is table.partition is table.landmarks is None
    assert table.crop == CELEBA_CROP
    assert load_files("celeba", celeba, crop="none").crop == WHOLE_IMAGE


def test_identities_partition_and_landmarks_are_read_and_may_miss_images(celeba):
    write(celeba, "other.jpg 3\r\n000002.jpg 2880\r\n", name="identity_CelebA.txt")
    write(celeba, "000001.jpg 2\n", name="list_eval_partition.txt")
    write(celeba, LANDMARKS, name="list_landmarks_align_celeba.txt")
    table = load_files("celeba", celeba)
    np.testing.assert_array_equal(table.identities, [-1, 2880])
    assert table.identities.dtype == np.int64
    np.testing.assert_array_equal(table.partition, [2, -1])
    assert table.partition.dtype == np.int8
    assert table.landmarks.dtype == np.float32
    assert np.isnan(table.landmarks[0]).all()
    # Fractions of 178x218, in the order of the columns.
    np.testing.assert_allclose(table.landmarks[1, 0], [69 / 178, 109 / 218], rtol=1e-6)
    np.testing.assert_allclose(table.landmarks[1, 4], [108 / 178, 154 / 218], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("identity_CelebA.txt", "000001.jpg\n", "line 1 must be an image name and a whole"),
        ("identity_CelebA.txt", "000001.jpg 1\n000002.jpg x\n", "line 2 must be"),
        ("identity_CelebA.txt", "000001.jpg 1\n000001.jpg 2\n", "1 images have two rows"),
        ("list_eval_partition.txt", "000001.jpg 3\n", "line 1 must be .* from 0 to 2"),
        ("list_eval_partition.txt", "000001.jpg -1\n", "line 1 must be .* from 0 to 2"),
        (
            "list_landmarks_align_celeba.txt",
            "1\na b\n000001.jpg 1 2\n",
            "line 2 must name the columns lefteye_x",
        ),
        (
            "list_landmarks_align_celeba.txt",
            LANDMARKS.replace(" 69", ""),
            "line 3 has 9 numbers for 10",
        ),
        (
            "list_landmarks_align_celeba.txt",
            LANDMARKS.replace(" 69", " left"),
            "line 3 has a landmark",
        ),
        ("list_landmarks_align_celeba.txt", LANDMARKS.replace("1\n", "2\n", 1), "promises 2"),
    ],
)
def test_a_broken_companion_file_is_named_with_the_line(celeba, name, text, message):
    write(celeba, text, name=name)
    with pytest.raises(UserError, match=f"{name}: .*{message}"):
        load_files("celeba", celeba)


def test_real_celeba_is_read(celeba_dir):
    table = load_files("celeba", celeba_dir)
    assert len(table.columns) == 40
    assert len(table) == 8070
    assert table.left_out == ()
    # Counted in the files with standard text tools.
    assert table.values("Eyeglasses").sum() == 535
    assert len(set(table.identities)) == 4359
    assert (table.partition == 0).all()
    assert table.crops(np.array([0, 5]), 64).shape == (2, 64, 64, 3)
