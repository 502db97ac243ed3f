import io

import numpy as np
import pytest
from PIL import Image

from faceattr.pictures.png import png_bytes, write_png


@pytest.mark.parametrize("optimize", [False, True])
def test_a_picture_is_read_as_it_was_written(tmp_path, optimize):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)

    write_png(tmp_path / "a.png", picture, optimize)

    for source in (tmp_path / "a.png", io.BytesIO(png_bytes(picture))):
        with Image.open(source) as image:
            assert image.format == "PNG"
            np.testing.assert_array_equal(np.asarray(image), picture)


def test_what_cannot_be_written_leaves_the_older_file(tmp_path):
    (tmp_path / "a.png").write_bytes(b"older")

    with pytest.raises(TypeError):
        write_png(tmp_path / "a.png", np.zeros((2, 2, 7)))

    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]
