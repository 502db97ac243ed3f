import dataclasses

import numpy as np
from PIL import Image

from faceattr.data.checking import find_bad_images
from faceattr.data.sources import draw_synthetic


def test_bad_images_are_found_in_order_with_their_reasons(tmp_path):
    table = draw_synthetic(6, 32, seed=0).table
    files = dataclasses.replace(table, images=None, folder=tmp_path)
    for index in range(6):
        with files.path(index).open("wb") as file:
            Image.fromarray(table.images[index]).save(file, "PNG")
    everything = np.arange(6)
    assert find_bad_images(files, everything) == []
    files.path(4).write_bytes(b"")
    files.path(1).write_bytes(files.path(1).read_bytes()[:500])
    files.path(2).unlink()
    bad = find_bad_images(files, np.array([4, 3, 2, 1]), progress=False)
    assert [image.name for image in bad] == [table.names[index] for index in (4, 2, 1)]
    assert "cannot be read" in bad[0].problem
    assert "no such image" in bad[1].problem
    assert all(image.name in image.problem for image in bad)


def test_faces_in_memory_are_good():
    table = draw_synthetic(2, 32, seed=0).table
    assert find_bad_images(table, np.arange(2)) == []
