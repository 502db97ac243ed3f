import numpy as np
import pytest

from faceattr.pictures.grids import enlarged, image_grid, joined, labelled_grid


def faces_of(*sides):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (side, side, 3), np.uint8) for side in sides]


def places(grid, cell_image):
    """Where an image is in a grid, every pixel of it."""
    side = len(cell_image)
    windows = np.lib.stride_tricks.sliding_window_view(grid[..., 0], (side, side))
    near = np.argwhere(windows[:, :, 0, 0] == cell_image[0, 0, 0])
    return [
        (int(y), int(x))
        for y, x in near
        if np.array_equal(grid[y : y + side, x : x + side], cell_image)
    ]


def test_every_image_is_in_its_row_and_column_with_its_own_pixels():
    images = faces_of(16, 16, 32, 32)
    grid = labelled_grid(
        ["input", "ours"], [("first", images[:2]), ("second", images[2:])], cell=32, gap=4
    )
    assert grid.dtype == np.uint8
    found = []
    for image in images:
        scale = 32 // len(image)
        [place] = places(grid, image.repeat(scale, axis=0).repeat(scale, axis=1))
        found.append(place)
    (y0, x0), (_, x1), (y1, _), _ = found
    assert found == [(y0, x0), (y0, x1), (y1, x0), (y1, x1)]
    assert (x1 - x0, y1 - y0) == (36, 36)
    assert (grid[:y0] < 128).any(), "labels are above"
    assert (grid[y0 : y0 + 32, : x0 - 1] < 128).any(), "labels are at the left"
    assert (grid[y0 : y0 + 32, x0 - 4 : x0] == 255).all(), "the gap is white"


def test_long_labels_are_broken_and_stay_in_the_picture():
    images = faces_of(16, 16)
    columns = ["without residual images at all", "incomprehensibilities"]
    grid = labelled_grid(columns, [("", images)], cell=64)
    [(y, x)] = places(grid, images[0].repeat(4, axis=0).repeat(4, axis=1))
    assert x == 4, "an empty label takes no room"
    assert grid.shape[1] == 4 + 2 * 68
    inked = (grid[:y] < 128).any(axis=2)
    assert not inked[:, [0, -1]].any()
    rows = np.flatnonzero(inked[:, :68].any(axis=1))
    assert (np.diff(rows) > 1).sum() >= 2, "several lines"


def test_titles_and_empty_cells():
    images = faces_of(16)
    plain = labelled_grid(["a", "b"], [("", [images[0], None])], cell=32)
    titled = labelled_grid(["a", "b"], [("", [images[0], None])], cell=32, title="Fig. 4 " * 9)
    assert titled.shape[0] > plain.shape[0]
    assert titled.shape[1] > plain.shape[1], "a title is not cut off"
    assert len(places(plain, np.full((32, 32, 3), (240, 239, 236), np.uint8))) == 1


def test_a_grid_refuses_what_does_not_fit():
    [image] = faces_of(16)
    with pytest.raises(AssertionError, match="per column"):
        labelled_grid(["a", "b"], [("", [image])])
    with pytest.raises(AssertionError, match="uint8"):
        enlarged(image / 255.0, 32)
    with pytest.raises(AssertionError, match="square"):
        enlarged(image[:8], 32)


def test_images_whose_side_does_not_divide_the_cell_are_interpolated():
    image = np.zeros((20, 20, 3), np.uint8)
    image[:, 10:] = 200
    large = enlarged(image, 32)
    assert large.shape == (32, 32, 3)
    assert (large[:, :10] < 20).all()
    assert (large[:, -10:] > 180).all()
    assert len(np.unique(enlarged(image, 40))) == 2


def test_a_grid_holds_every_image_where_it_belongs():
    rows = [("input", np.full((3, 8, 8, 3), 10, np.uint8)), ("edited", np.full((3, 8, 8, 3), 99))]
    rows[1] = ("edited", rows[1][1].astype(np.uint8))
    grid = image_grid(rows)
    assert (grid == 10).all(axis=-1).sum() >= 3 * 64
    assert (grid == 99).all(axis=-1).sum() >= 3 * 64
    assert (grid[2:10, -10:-2] == 10).all()
    assert (grid[-10:-2, -10:-2] == 99).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_images_of_different_sizes_are_joined_on_white(axis):
    first, second = np.full((2, 3, 3), 7, np.uint8), np.full((4, 1, 3), 9, np.uint8)

    found = joined([first, second], axis, gap=2)

    assert found.shape == ((2 + 4 + 2 * 2, 3, 3) if axis == 0 else (4, 3 + 1 + 2 * 2, 3))
    assert (found[:2, :3] == 7).all()
    place = (slice(4, 8), slice(0, 1)) if axis == 0 else (slice(0, 4), slice(5, 6))
    assert (found[place] == 9).all()
    assert (found == 255).all(axis=-1).sum() == found[..., 0].size - 6 - 4
