import csv
import io

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from faceattr.data.csv_file import read_csv
from faceattr.data.labels import (
    apply_overrides,
    binary_labels,
    canonical_columns,
    noise_warning,
    probability_labels,
    read_numbers,
    score_labels,
)
from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE


def write(tmp_path, text, name="faces.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["1", "0", ""], [1, -1, 0]),
        (["1", "-1"], [1, -1]),
        (["TRUE", "False", ""], [1, -1, 0]),
        (["Yes", "no"], [1, -1]),
        (["", ""], [0, 0]),
    ],
)
def test_the_words_for_with_and_without(cells, labels):
    read, strange = binary_labels(cells)
    assert strange is None
    np.testing.assert_array_equal(read, labels)
    assert read.dtype == np.int8


@pytest.mark.parametrize(
    ("cells", "place"), [(["1", "2"], 1), (["maybe", "1"], 0), (["1", "-1", "0"], 2)]
)
def test_the_first_cell_that_is_no_label_is_found(cells, place):
    assert binary_labels(cells)[1] == place


def test_a_probability_is_a_label_where_it_is_sure():
    p = np.array([0.0, 0.1, 0.11, 0.5, 0.89, 0.9, 1.0, np.nan])
    np.testing.assert_array_equal(probability_labels(p, 0.9), [-1, -1, 0, 0, 0, 1, 1, 0])
    np.testing.assert_array_equal(probability_labels(p, 0.5), [-1, -1, -1, 1, 1, 1, 1, 0])


@hypothesis.given(st.lists(st.floats(0, 1), min_size=1), st.floats(0.5, 0.99), st.floats(0, 0.5))
def test_more_confidence_never_adds_or_turns_a_label(p, confidence, more):
    loose = probability_labels(np.array(p), confidence)
    strict = probability_labels(np.array(p), min(confidence + more, 0.999))
    assert ((strict == loose) | (strict == 0)).all()


def test_the_sign_of_a_score_is_the_label_and_its_size_the_confidence():
    scores = np.array([-2.0, -0.5, 0.0, 0.5, 1.0])
    np.testing.assert_array_equal(score_labels(scores, None), [-1, -1, 0, 1, 1])
    np.testing.assert_array_equal(score_labels(scores, 1.0), [-1, 0, 0, 0, 1])


def test_the_papers_attributes_get_celebas_columns():
    assert canonical_columns(["smile", "MALE", "no beard", "beach"]) == (
        "Smiling",
        "Male",
        "No_Beard",
        "beach",
    )
    assert canonical_columns(["young", "Young"]) == ("young", "Young"), "the name is taken"
    assert canonical_columns(["glasses", "eyeglasses"]) == ("Eyeglasses", "eyeglasses")


CELLS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=8)


@hypothesis.given(
    rows=st.lists(st.tuples(CELLS, CELLS).filter(lambda r: any(c.strip() for c in r)), min_size=1),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_whatever_a_spreadsheet_writes_is_read_back(tmp_path_factory, rows, line_end, encoding):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("image", "smile"), *rows])
    path = tmp_path_factory.mktemp("csv") / "faces.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    read = read_csv(path, "--labels")
    assert read.header == ("image", "smile")
    assert list(read.rows) == [tuple(cell.strip() for cell in row) for row in rows]


def test_lines_are_those_of_the_file(tmp_path):
    rows = read_csv(write(tmp_path, "image,smile\n\na.jpg,1\n\nb.jpg,0\n"), "--labels")
    assert rows.lines == (3, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows; line 1 must name the columns"),
        ("image,smile\n", "no rows"),
        ("image,smile\na.jpg\n", "line 2 has 1 cells for 2 columns"),
        ("image;smile\na.jpg;1\n", "line 1 is one column; separate cells by commas"),
        ("image,,smile\na.jpg,1,1\n", r"without a name \(number 2\)"),
        ("image,smile,Smile\na.jpg,1,1\n", "names the column 'smile' twice"),
        ('image,smile\n"a.jpg,1\n', "line 2 is not CSV"),
    ],
)
def test_a_broken_csv_is_named_with_the_line(tmp_path, text, message):
    with pytest.raises(UserError, match=f"faces.csv: .*{message}"):
        read_csv(write(tmp_path, text), "--labels")


def test_a_missing_csv_and_an_unknown_encoding_are_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.csv: no such file; labels names"):
        read_csv(tmp_path / "gone.csv", "--labels")
    with pytest.raises(UserError, match=r"no such file"):
        read_csv(tmp_path, "--labels")
    path = write(tmp_path, "image,smile\n\xe4.jpg,1\n", encoding="latin-1")
    with pytest.raises(UserError, match=r"faces\.csv: not a text file in UTF-8 \(byte 12\)"):
        read_csv(path, "--labels")


@pytest.mark.parametrize("cell", ["1.5", "-0.1", "nan", "inf", "many"])
def test_what_is_no_probability_is_named(tmp_path, cell):
    rows = read_csv(write(tmp_path, f"image,smile\na.jpg,0.5\nb.jpg,{cell}\n"), "--labels")
    with pytest.raises(UserError, match=f"line 3, column 'smile': '{cell}' is not a probability"):
        read_numbers(rows, ["smile"])


@pytest.fixture
def table(tmp_path):
    return AttributeTable(
        ("a.jpg", "b.jpg"),
        ("Smiling", "Male"),
        np.array([[1, 1], [-1, -1]], np.int8),
        WHOLE_IMAGE,
        folder=tmp_path,
        left_out=(LeftOut("gone.jpg", "no image file"),),
    )


def test_overrides_correct_and_drop_labels_and_touch_no_other(tmp_path, table):
    text = "column,image,value\nsmile,a.jpg,no\nMale,b.jpg,\nMale,gone.jpg,1\n"
    corrected = apply_overrides(table, write(tmp_path, text))
    np.testing.assert_array_equal(corrected.labels, [[-1, 1], [-1, 0]])
    np.testing.assert_array_equal(table.labels, [[1, 1], [-1, -1]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,value\na.jpg,1\n", "needs the columns image, column and value"),
        ("image,column,value\na.jpg,Smilin,1\n", "line 2: no column 'Smilin'; nearest: Smiling"),
        ("image,column,value\nz.jpg,Male,1\n", "line 2: no image 'z.jpg'"),
        ("image,column,value\na.jpg,Male,maybe\n", "line 2: 'maybe' is not 0/1"),
        (
            "image,column,value\na.jpg,Smiling,1\na.jpg,smile,0\n",
            "line 3: smile of a.jpg is corrected twice",
        ),
    ],
)
def test_a_wrong_override_is_named_with_its_line(tmp_path, table, text, message):
    with pytest.raises(UserError, match=message):
        apply_overrides(table, write(tmp_path, text))


@pytest.mark.parametrize(
    ("source", "column", "warns"),
    [
        ("celeba", "No_Beard", True),
        ("tfds", "Mouth_Slightly_Open", True),
        ("celeba", "Male", False),
        ("lfw", "No_Beard", False),
    ],
)
def test_only_celebas_noisy_columns_warn(source, column, warns):
    warning = noise_warning(source, column)
    assert (warning is not None) == warns
    assert not warns or column in warning
