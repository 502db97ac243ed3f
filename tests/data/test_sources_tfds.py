import io
import sys

import numpy as np
import pytest
from PIL import Image

from faceattr.data.sources import load_files
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP, read_crop

POINTS = ["lefteye", "righteye", "nose", "leftmouth", "rightmouth"]
COUNTS = {"train": 5, "validation": 2, "test": 3}


def jpeg(shade):
    data = io.BytesIO()
    Image.new("RGB", (178, 218), (shade, 100, 50)).save(data, "jpeg", quality=95)
    return data.getvalue()


def example(number):
    return {
        "image": jpeg(20 * number),
        "attributes": {"Male": number % 2 == 0, "Smiling": number % 3 == 0},
        "landmarks": {
            f"{point}_{axis}": 10 * place + number
            for place, point in enumerate(POINTS)
            for axis in "xy"
        },
        "identity": {"Identity_No": 100 + number},
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A small `celeb_a` in TensorFlow Datasets' own format, with the features of version 2.1.0."""
    tfds = pytest.importorskip("tensorflow_datasets", reason="tensorflow-datasets is not installed")
    folder = tmp_path_factory.mktemp("tfds")
    version = folder / "celeb_a" / "2.1.0"
    version.mkdir(parents=True)
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(218, 178, 3), encoding_format="jpeg"),
            "landmarks": {f"{point}_{axis}": np.int64 for point in POINTS for axis in "xy"},
            "attributes": {"Male": np.bool_, "Smiling": np.bool_},
            "identity": {"Identity_No": np.int64},
        }
    )
    identity = tfds.core.dataset_info.DatasetIdentity(
        name="celeb_a",
        version=tfds.core.Version("2.1.0"),
        data_dir=str(version),
        module_name="celeb_a",
    )
    info = tfds.core.DatasetInfo(builder=identity, features=features)
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=2)
    writer.initialize_splits(list(COUNTS))
    start = 0
    for split, count in COUNTS.items():
        examples = [example(number) for number in range(start, start + count)]
        writer.add_examples(
            {split: [{**each, "image": io.BytesIO(each["image"])} for each in examples]}
        )
        start += count
    writer.close_all()
    return folder


@pytest.fixture(scope="module")
def table(prepared):
    return load_files("tfds", prepared)


def test_every_example_is_there_with_all_that_belongs_to_it(table):
    assert len(table) == 10
    assert set(table.columns) == {"Male", "Smiling"}
    assert table.crop == CELEBA_CROP
    assert np.bincount(table.partition).tolist() == list(COUNTS.values())
    assert sorted(table.identities) == list(range(100, 110))
    for index, identity in enumerate(table.identities):
        number = int(identity) - 100
        fields = example(number)
        assert table.path(index).read_bytes() == fields["image"], "encoded as it was"
        for column, value in fields["attributes"].items():
            assert table.values(column)[index] == value
        wanted = [[(10 * p + number) / 178, (10 * p + number) / 218] for p in range(5)]
        np.testing.assert_allclose(table.landmarks[index], wanted, rtol=1e-6)
        assert table.partition[index] == (0 if number < 5 else 1 if number < 7 else 2)
    assert abs(int(read_crop(table.path(0), table.crop, 32)[0, 0, 1]) - 100) <= 2


def test_the_images_are_written_once(prepared, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    again = load_files("tfds", prepared)
    assert again.names == table.names
    np.testing.assert_array_equal(again.labels, table.labels)


def test_without_tensorflow_datasets_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "celeb_a" / "2.1.0").mkdir(parents=True)
    (tmp_path / "celeb_a" / "2.1.0" / "dataset_info.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(UserError, match=r"data tfds needs .*pip install 'faceattr\[tfds\]'"):
        load_files("tfds", tmp_path)
    assert not (tmp_path / "faceattr_images").exists()


def test_a_folder_without_the_data_set_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no prepared celeb_a here; .*\[tfds\]', then python"):
        load_files("tfds", tmp_path)


def test_a_damaged_or_other_data_set_leaves_nothing_behind(tmp_path):
    pytest.importorskip("tensorflow_datasets", reason="tensorflow-datasets is not installed")
    (tmp_path / "dataset_info.json").write_text("{}")
    with pytest.raises(UserError, match="not a celeb_a of TensorFlow Datasets"):
        load_files("tfds", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset_info.json"]
