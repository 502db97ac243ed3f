import numpy as np
import pytest

from faceattr.data.table import AttributeTable, LeftOut, count_reasons
from faceattr.faces.crop import WHOLE_IMAGE


@pytest.fixture
def table(tmp_path):
    return AttributeTable(
        names=("a", "b", "c"),
        columns=("Male", "Young"),
        labels=np.array([[1, 0], [-1, 1], [0, -1]], np.int8),
        crop=WHOLE_IMAGE,
        images=np.arange(3 * 4 * 4 * 3, dtype=np.uint8).reshape(3, 4, 4, 3),
        identities=np.array([7, -1, 9]),
        partition=np.array([0, 1, 2], np.int8),
        landmarks=np.arange(30, dtype=np.float32).reshape(3, 5, 2),
        left_out=(LeftOut("d", "no image file"),),
    )


def test_unknown_is_neither_with_nor_without(table):
    np.testing.assert_array_equal(table.values("Male"), [True, False, False])
    np.testing.assert_array_equal(table.known("Male"), [True, True, False])
    np.testing.assert_array_equal(table.known("Young"), [False, True, True])


def test_taking_rows_takes_everything_that_belongs_to_them(table):
    part = table.take(np.array([2, 0]))
    assert part.names == ("c", "a")
    np.testing.assert_array_equal(part.labels, [[0, -1], [1, 0]])
    np.testing.assert_array_equal(part.identities, [9, 7])
    np.testing.assert_array_equal(part.partition, [2, 0])
    np.testing.assert_array_equal(part.images, table.images[[2, 0]])
    np.testing.assert_array_equal(part.landmarks, table.landmarks[[2, 0]])
    assert part.left_out == table.left_out


def test_reasons_are_counted_commonest_first():
    left_out = [LeftOut("a", "x"), LeftOut("b", "y", "this"), LeftOut("c", "y", "that")]
    assert list(count_reasons(left_out).items()) == [("y", 2), ("x", 1)]
