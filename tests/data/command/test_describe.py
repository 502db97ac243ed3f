"""The numbers and pictures that describe a table."""

import math
import warnings

import numpy as np
import pytest
from PIL import Image

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.data import synthetic
from faceattr.data.command.describe import example_grid
from faceattr.data.command.figures import synthetic_attribute
from faceattr.data.command.heat_map import UNDEFINED, cell_center, heat_colour, heat_map
from faceattr.data.command.summary import (
    class_counts,
    correlations,
    correlations_text,
    counts_text,
    image_sizes,
    ranked,
    sizes_text,
)
from faceattr.data.sources import load_files
from faceattr.data.table import AttributeTable
from faceattr.faces.crop import WHOLE_IMAGE


def table_of(labels, columns, **where):
    names = tuple(f"{index}.png" for index in range(len(labels)))
    where = where or {"images": np.zeros((len(labels), 4, 4, 3), np.uint8)}
    return AttributeTable(names, tuple(columns), np.array(labels, np.int8), WHOLE_IMAGE, **where)


def test_correlation_worked_out_by_hand():
    labels = np.array([[1, 1, -1], [1, 1, -1], [1, -1, -1], [-1, -1, 1]], np.int8)
    matrix = correlations(labels)
    # Shares 3/4 and 1/2, both 1/2: (1/2 - 3/8) / sqrt(3/16 * 1/4) = 1 / sqrt(3).
    assert matrix[0, 1] == pytest.approx(1 / math.sqrt(3), abs=1e-15)
    assert matrix[0, 2] == -1
    assert matrix.diagonal().tolist() == [1, 1, 1]
    assert (matrix == matrix.T).all()


def test_correlations_are_numpys():
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((500, 1))
    labels = np.where(rng.standard_normal((500, 7)) + hidden > 0.3, 1, -1).astype(np.int8)
    assert np.allclose(correlations(labels), np.corrcoef(labels.T), atol=1e-12)


def test_correlation_with_a_constant_column_is_undefined_without_a_warning():
    labels = np.array([[1, 1], [1, -1], [1, 1]], np.int8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        matrix = correlations(labels)
    assert np.isnan(matrix).tolist() == [[True, True], [True, False]]
    assert matrix[1, 1] == 1


def test_unknown_labels_count_for_no_pair():
    rng = np.random.default_rng(1)
    labels = rng.choice(np.array([-1, 0, 1], np.int8), (200, 3))
    matrix = correlations(labels)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        both = (labels[:, first] != 0) & (labels[:, second] != 0)
        expected = np.corrcoef(labels[both, first], labels[both, second])[0, 1]
        assert matrix[first, second] == pytest.approx(expected, abs=1e-12)
    nothing = correlations(np.zeros((5, 2), np.int8))
    assert np.isnan(nothing).all()


def test_strongest_correlation_is_first_and_undefined_ones_are_last():
    row = [0.2, 1.0, math.nan, -0.7, -0.2]
    matrix = np.full((5, 5), math.nan)
    matrix[1] = row
    pairs = ranked(matrix, ["a", "chosen", "b", "c", "d"], "chosen")
    assert [name for name, _ in pairs] == ["c", "a", "d", "b"]
    lines = correlations_text(pairs).splitlines()
    assert [line.split() for line in lines] == [
        ["column", "r"],
        ["c", "-0.7000"],
        ["a", "+0.2000"],
        ["d", "-0.2000"],
        ["b", "-"],
    ]


def test_real_men_are_bearded(celeba_dir):
    """The paper gives -0.5222 for the whole of CelebA."""
    table = load_files("celeba", celeba_dir)
    male, no_beard = table.columns.index("Male"), table.columns.index("No_Beard")
    r = correlations(table.labels)[male, no_beard]
    labels = table.labels.astype(float)
    assert r == pytest.approx(np.corrcoef(labels[:, male], labels[:, no_beard])[0, 1], abs=1e-12)
    assert -0.57 < r < -0.47


def test_classes_are_counted_and_unknown_labels_apart():
    table = table_of([[1, -1], [1, 0], [-1, 0]], ["Smiling", "Hat"])
    smiling, hat = class_counts(table, ["Smiling", "Hat"])
    assert (smiling.positive, smiling.negative, smiling.unknown) == (2, 1, 0)
    assert smiling.share == pytest.approx(2 / 3)
    assert (hat.positive, hat.negative, hat.unknown) == (0, 1, 2)
    lines = counts_text([smiling, hat], ["smile", ""]).splitlines()
    assert lines[0].split() == ["attribute", "column", "with", "without", "unknown", "share"]
    assert lines[1].split() == ["smile", "Smiling", "2", "1", "0", "66.7%"]
    assert lines[2].split() == ["Hat", "0", "1", "2", "0.0%"]
    (nobody,) = class_counts(table_of([[0]], ["Hat"]), ["Hat"])
    assert counts_text([nobody], [""]).endswith(" -")


def test_image_sizes_are_counted_and_bad_headers_named(tmp_path):
    for index, size in enumerate([(30, 40), (20, 20), (30, 40)]):
        Image.new("RGB", size).save(tmp_path / f"{index}.png")
    (tmp_path / "3.png").write_bytes(b"not a picture")
    (tmp_path / "4.png").write_bytes(b"")
    (tmp_path / "5.png").write_bytes((tmp_path / "0.png").read_bytes()[:18])
    sizes = image_sizes(table_of([[1]] * 6, ["Hat"], folder=tmp_path), progress=False)
    assert sizes.counts == {(30, 40): 2, (20, 20): 1}
    assert list(sizes.counts) == [(30, 40), (20, 20)]
    assert sizes.unreadable == ("3.png", "4.png", "5.png")
    assert [line.split() for line in sizes_text(sizes, most=1).splitlines()] == [
        ["size", "images"],
        ["30x40", "2"],
        ["1", "other", "sizes", "1"],
        ["unreadable", "header", "3"],
    ]


def test_faces_in_memory_have_one_size():
    images = np.zeros((3, 8, 8, 3), np.uint8)
    sizes = image_sizes(table_of([[1]] * 3, ["Hat"], images=images), progress=False)
    assert (sizes.counts, sizes.unreadable) == ({(8, 8): 3}, ())


def test_colours_of_correlations():
    assert heat_colour(0.0) == (255, 255, 255)
    assert heat_colour(1.0) == (178, 24, 43)
    assert heat_colour(-1.0) == (33, 102, 172)
    assert heat_colour(math.nan) == UNDEFINED
    for strong, weak in ((0.8, 0.3), (-0.8, -0.3)):
        assert sum(heat_colour(strong)) < sum(heat_colour(weak)) < sum(heat_colour(0.0))
    assert heat_colour(0.5)[0] > heat_colour(0.5)[2]
    assert heat_colour(-0.5)[0] < heat_colour(-0.5)[2]


def test_heat_map_has_the_colour_of_each_cell_and_frames_the_marked_row():
    matrix = np.array([[1, -0.5, math.nan], [0.25, 1, 0], [math.nan, -1, 1]])
    columns = ["Mouth_Slightly_Open", "B", "C"]
    picture = heat_map(matrix, columns, "B", "title")
    assert picture.dtype == np.uint8
    for row in range(3):
        for column in range(3):
            x, y = cell_center(columns, row, column)
            assert tuple(picture[y, x]) == heat_colour(matrix[row, column])
    x, _ = cell_center(columns, 1, 2)
    middles = [cell_center(columns, row, 2)[1] for row in range(3)]
    black = (picture[:, x] == 0).all(axis=-1)
    assert black[middles[0] : middles[1]].any(), "frame above"
    assert black[middles[1] : middles[2]].any(), "frame below"
    assert not black[middles[2] :].any()
    other = heat_map(matrix, columns, "C", "title")
    assert (other != picture).any()


def test_examples_come_from_their_class_and_pass_over_bad_images(tmp_path):
    for index in range(4):
        Image.new("RGB", (8, 8), (60 * index, 0, 0)).save(tmp_path / f"{index}.png")
    (tmp_path / "1.png").write_bytes(b"not a picture")
    table = table_of([[-1], [1], [1], [0]], ["Hat"], folder=tmp_path)
    picture = example_grid(table, "Hat", image_size=8, per_class=2, seed=0)
    assert picture.shape[0] == 2 * 10 + 2
    faces = picture[:, -2 * 10 - 2 :]
    reds = [[int(faces[2 + 10 * row + 4, 6 + 10 * n, 0]) for n in range(2)] for row in range(2)]
    # Image 0 without and image 2 with a hat; the one that is unknown is in neither.
    assert reds == [[0, 255], [120, 255]]


@pytest.mark.parametrize("attribute", PAPER_ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_drawn_rows_are_without_with_and_masked(attribute):
    size = 32
    faces = [synthetic.sample_parameters(0, index) for index in range(3)]
    picture = synthetic_attribute(attribute, faces, size)
    margin = picture.shape[1] - 3 * (size + 2)
    rows = [
        np.stack(
            [
                picture[2 + row * (size + 2) :, margin + n * (size + 2) :][:size, :size]
                for n in range(3)
            ]
        )
        for row in range(3)
    ]
    for index, face in enumerate(faces):
        twins = [face, synthetic.flip(face, attribute.column)]
        without, having = sorted(twins, key=lambda one: synthetic.labels(one)[attribute.column])
        assert (rows[0][index] == synthetic.render(without, size)).all()
        assert (rows[1][index] == synthetic.render(having, size)).all()
        mask = synthetic.region_mask(face, attribute.column, size)
        tinted = (rows[2][index] != rows[0][index]).any(axis=-1)
        assert (tinted <= mask).all()
        assert tinted[mask].mean() > 0.95
