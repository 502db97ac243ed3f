import csv
import pathlib

import numpy as np
import pytest
from PIL import Image

from faceattr.data import synthetic
from faceattr.data.aligning import NO_FACE, UNREADABLE
from faceattr.data.command.align import align
from faceattr.data.sources import load_files
from faceattr.errors import UserError
from faceattr.faces import template
from faceattr.faces.crop import ALIGNED_CROP
from faceattr.faces.finder import FaceFinder
from faceattr.faces.similarity import fit

ASTRONAUT = pathlib.Path(__file__).parents[2] / "docs" / "photos" / "astronaut.png"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A group, a portrait of two sizes in a folder of its own, a photo of nobody, and no photo."""
    folder = tmp_path_factory.mktemp("photos")
    group = synthetic.group_scene(3, 0, (0.35, 0.2), 400, 300)
    Image.fromarray(group.photo).save(folder / "group.png")
    (folder / "space").mkdir()
    portrait = Image.open(ASTRONAUT).convert("RGB")
    portrait.save(folder / "space" / "large.png")
    portrait.resize((300, 300)).save(folder / "space" / "small.jpg", quality=95)
    Image.new("RGB", (80, 60), "green").save(folder / "wall.png")
    (folder / "torn.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def labels(photos):
    """All photos, with the person and the labels of each."""
    path = photos.parent / "labels.csv"
    path.write_text(
        "image,person,Smiling,Hat\n"
        "space/small.jpg,Eileen,1,\n"
        "wall.png,,0,1\n"
        "torn.png,,1,0\n"
        "space/large.png,Eileen,1,0\n"
        "group.png,Ann,0,1\n"
    )
    return ("--data", "csv", "--labels", str(path), "--data_dir", str(photos))


def left_out(folder):
    with (folder / "left_out.csv").open(newline="") as file:
        return {row["image"]: row["reason"] for row in csv.DictReader(file)}


def test_labels_and_persons_go_with_the_faces(photos, labels, tmp_path, capsys):
    out = tmp_path / "packed"
    align([*labels, "--image_size", "64", "--out", str(out)])
    table = load_files("packed", out)
    assert table.names == ("space/small.jpg", "space/large.png", "group.png")
    assert table.columns == ("Smiling", "Hat")
    np.testing.assert_array_equal(table.labels, [(1, 0), (1, -1), (-1, 1)])
    first, second, third = table.identities
    assert first == second != third
    assert table.crop == ALIGNED_CROP
    assert left_out(out) == {"wall.png": NO_FACE, "torn.png": UNREADABLE}
    printed = capsys.readouterr().out
    assert "3 faces of 5 photos" in printed
    assert f"--data packed --data_dir {out} --image_size 64" in printed


def test_faces_lie_as_the_template_has_them(labels, tmp_path):
    """Found again in their crops, and alike whatever the size of the photo."""
    out = tmp_path / "packed"
    align([*labels, "--image_size", "128", "--out", str(out)])
    table = load_files("packed", out)
    crops = table.crops(np.arange(3), 128)
    finder, wanted = FaceFinder(), np.array(template.CELEBA)
    for crop, kept in zip(crops, table.landmarks, strict=True):
        (face,) = finder.find(crop)
        eyes_and_mouth = [0, 1, 3, 4]
        distances = np.linalg.norm(face.points / 128 - wanted, axis=1)[eyes_and_mouth]
        assert distances.mean() < 0.03
        np.testing.assert_allclose(face.points / 128, kept, atol=0.03)
        turned = fit(kept, wanted, np.array(template.WEIGHTS))
        np.testing.assert_allclose((turned.a, turned.b), (1, 0), atol=1e-5)
    assert np.abs(crops[0].astype(int) - crops[1]).mean() < 8


def test_files_are_read_back_as_labels_in_a_csv_file(labels, tmp_path, capsys):
    out = tmp_path / "files"
    align([*labels, "--image_size", "64", "--out", str(out), "--as", "files"])
    table = load_files("csv", None, labels=out / "labels.csv", crop="aligned")
    assert table.names == tuple(
        f"faces/{name}.png" for name in ("space/small.jpg", "space/large.png", "group.png")
    )
    np.testing.assert_array_equal(table.labels, [(1, 0), (1, -1), (-1, 1)])
    assert len(set(table.identities)) == 2
    assert table.crop == ALIGNED_CROP
    packed = tmp_path / "packed"
    align([*labels, "--image_size", "64", "--out", str(packed)])
    np.testing.assert_array_equal(
        table.crops(np.arange(3), 64), load_files("packed", packed).crops(np.arange(3), 64)
    )
    assert f"--labels {out / 'labels.csv'} --crop aligned" in capsys.readouterr().out


def test_a_folder_of_photos_gives_every_face(photos, tmp_path):
    out = tmp_path / "packed"
    align(["--data_dir", str(photos), "--image_size", "64", "--out", str(out)])
    table = load_files("packed", out)
    assert table.names == ("group.png", "group.png#2", "space/large.png", "space/small.jpg")
    assert table.columns == ()


def test_labels_are_about_the_face_that_the_frame_has(tmp_path):
    """LFW's labels: not about a larger face at the edge of the photo, and about none if only such a
    one is there."""
    portrait = Image.open(ASTRONAUT).convert("RGB").crop((130, 20, 330, 220))
    middle, edge = np.full((2, 250, 250, 3), 128, np.uint8)
    middle[40:180, 50:190] = np.asarray(portrait.resize((140, 140), Image.Resampling.LANCZOS))
    edge[:180, 190:] = np.asarray(portrait.resize((180, 180)))[:, 40:100]
    photos = tmp_path / "lfw-deepfunneled" / "A"
    photos.mkdir(parents=True)
    both = np.where(edge == 128, middle, edge)
    for number, photo in enumerate((middle, both, edge), start=1):
        Image.fromarray(photo).save(photos / f"A_000{number}.png")
    rows = "".join(f"A/A_000{number}.png 1\n" for number in (1, 2, 3))
    (tmp_path / "list_attr_lfw.txt").write_text(f"3\nMale\n{rows}")
    assert len(FaceFinder().find(both)) == 2
    align(["--data", "lfw", "--data_dir", str(tmp_path), "--out", str(tmp_path / "out")])
    table = load_files("packed", tmp_path / "out")
    assert table.names == ("A/A_0001.png", "A/A_0002.png")
    alone, beside = table.crops(np.arange(2), 128).astype(int)
    assert np.abs(alone - beside)[:, :96].mean() < 4
    assert left_out(tmp_path / "out") == {"A/A_0003.png": NO_FACE}


def test_lfw_in_celebas_frame(lfw_dir, tmp_path):
    """Six of its photos."""
    names = sorted(path.name for path in (lfw_dir / "lfw-deepfunneled").iterdir())[:60:10]
    rows = [f"{lfw_dir}/lfw-deepfunneled/{name}/{name}_0001.jpg,1" for name in names]
    (tmp_path / "labels.csv").write_text("\n".join(["image,Known", *rows]) + "\n")
    source = ("--data", "csv", "--labels", str(tmp_path / "labels.csv"), "--crop", "lfw")
    align([*source, "--image_size", "64", "--out", str(tmp_path / "out")])
    table = load_files("packed", tmp_path / "out")
    assert len(table) == 6
    eyes = table.landmarks[:, :2]
    np.testing.assert_allclose(eyes.mean(axis=0), template.CELEBA[:2], atol=0.01)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--data_dir"),
        (("--data_dir", "gone"), "gone: no such folder"),
        (("--data", "synthetic"), "aligned already"),
        (("--data_dir", "{empty}"), "no photos"),
        (("--data_dir", "{wall}"), "no face found in 1 photos"),
        (("--data_dir", "{wall}", "--image_size", "7"), "--image_size 7"),
    ],
)
def test_what_cannot_be_aligned_is_named(tmp_path, words, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "wall").mkdir()
    Image.new("RGB", (80, 60), "green").save(tmp_path / "wall" / "wall.png")
    places = {name: str(tmp_path / name) for name in ("empty", "wall")}
    out = tmp_path / "out"
    with pytest.raises(UserError) as error:
        align([*(word.format(**places) for word in words), "--out", str(out)])
    assert message in error.value.for_command_line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "wall"]


def test_an_older_folder_is_not_touched(photos, tmp_path):
    with pytest.raises(UserError, match="is there already"):
        align(["--data_dir", str(photos), "--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())
