import json
import logging

import numpy as np
import pytest
from PIL import Image

from faceattr.data import synthetic
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP, WHOLE_IMAGE
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData

TINY = {"image_size": 32, "width": 4, "batch_size": 4, "steps": 1}
COUNT = 24


@pytest.fixture
def photos(tmp_path):
    """Faces in a folder, and labels.csv beside it: smile by turns, a person for each two."""
    (tmp_path / "photos").mkdir()
    lines = ["file,smile,person"]
    for index in range(COUNT):
        face = synthetic.render(synthetic.sample_parameters(0, index), 40)
        Image.fromarray(face).save(tmp_path / "photos" / f"{index}.png")
        lines.append(f"{index}.png,{index % 2},{index // 2}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


def config(photos, **settings):
    data = {
        "attr": "smile",
        "data": "csv",
        "labels": str(photos / "labels.csv"),
        "data_dir": str(photos / "photos"),
    }
    return TrainConfig.of(**{**TINY, **data, **settings})


def test_own_faces_by_csv(photos):
    wanted = config(photos)
    data = TrainingData.load(wanted)
    facts = json.loads(json.dumps(data.describe(wanted)))
    assert facts["source"] == "csv"
    (smile,) = facts["attributes"]
    assert smile["column"] == "Smiling"
    assert smile["edits"] == ["add_smile", "remove_smile"]
    assert (smile["positives"], smile["negatives"]) == (12, 12)
    assert (smile["train_per_class"], smile["test_per_class"]) == (10, 2)
    assert facts["split"] == "random"
    assert facts["left_out"] == {}
    assert data.table.crop == WHOLE_IMAGE
    assert data.test_crops(data.edits[1], 32).shape == (2, 32, 32, 3)
    assert data.counterfactuals(data.edits[0]) is None
    assert TrainingData.load(config(photos, crop="celeba")).table.crop == CELEBA_CROP


def test_own_faces_by_folder(photos, tmp_path):
    for index in range(8):
        target = tmp_path / "sorted" / ("beach" if index < 4 else "not_beach") / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((photos / "photos" / f"{index}.png").read_bytes())
    settings = {"attr": "beach", "data": "folders", "data_dir": str(tmp_path / "sorted")}
    data = TrainingData.load(TrainConfig.of(**TINY, **settings))
    assert [edit.name for edit in data.edits] == ["add_beach", "remove_beach"]
    assert {data.table.names[index].split("/")[0] for index in data.split.train_positive} == {
        "beach"
    }


def test_images_that_cannot_be_used_are_counted_by_reason_and_said_in_one_line(photos, caplog):
    caplog.set_level(logging.INFO)
    with (photos / "labels.csv").open("a") as file:
        file.write("\ngone.png,1,90\n0.jpg,0,91\n")
    for name in ("new.png", "23.png"):
        Image.new("RGB", (40, 40)).save(photos / "photos" / name)
    (photos / "photos" / "5.png").write_bytes(b"broken")
    (photos / "fix.csv").write_text("image,column,value\n7.png,smile,\n9.png,smile,no\n")
    wanted = config(photos, label_overrides=str(photos / "fix.csv"), on_bad_image="skip")
    data = TrainingData.load(wanted)
    facts = data.describe(wanted)
    assert facts["left_out"] == {
        "no image file": 2,
        "no label": 1,
        "Smiling unknown or unsure": 1,
        "cannot be read": 1,
    }
    (smile,) = facts["attributes"]
    assert (smile["positives"], smile["negatives"]) == (10, 13)
    assert caplog.text.count("5 images left out (no image file: 2, ") == 1
    used = {data.table.names[index] for index in data.split.indices()}
    assert not used & {"5.png", "7.png", "gone.png", "new.png"}
    # Drawn after the bad ones were left out, so nothing good is lost.
    assert len(data.split.train_positive) + len(data.split.test_positive) == 9
    data.split.write(photos / "split", data.table)
    rows = (photos / "split" / "left_out.csv").read_text().splitlines()
    assert rows[0] == "image,reason,detail"
    assert "7.png,Smiling unknown or unsure," in rows
    assert any(row.startswith("5.png,cannot be read,") and "5.png" in row[10:] for row in rows)


def test_bad_images_stop_the_training_unless_they_are_skipped(photos):
    for index in (3, 4, 5, 6):
        (photos / "photos" / f"{index}.png").write_bytes(b"broken")
    with pytest.raises(UserError, match=r"4 of 24 images cannot .*on_bad_image skip") as caught:
        TrainingData.load(config(photos))
    assert str(caught.value).count("cannot be read") == 3, "the first three"
    data = TrainingData.load(config(photos, on_bad_image="skip"))
    assert len(data.split.indices()) == 20


def test_the_split_by_person_and_the_split_of_a_run_taken_up_again(photos):
    wanted = config(photos, split="person")
    data = TrainingData.load(wanted)
    assert data.describe(wanted)["split"] == "person"
    people = data.table.identities
    test = np.concatenate([data.split.test_negative, data.split.test_positive])
    train = np.concatenate([data.split.train_negative, data.split.train_positive])
    assert not set(people[test]) & set(people[train])
    data.split.write(photos / "split", data.table)
    # Another seed would draw another split.
    again = TrainingData.load(config(photos, split="person", seed=5), photos / "split")
    np.testing.assert_array_equal(again.split.indices(), data.split.indices())
    (photos / "photos" / data.table.names[test[0]]).write_bytes(b"broken")
    with pytest.raises(UserError, match="1 of 24 images cannot be used"):
        TrainingData.load(config(photos, on_bad_image="skip"), photos / "split")


def test_unsure_labels_are_left_out(photos):
    lines = ["file,smile", *(f"{index}.png,{index / (COUNT - 1):.3f}" for index in range(COUNT))]
    (photos / "labels.csv").write_text("\n".join(lines))
    wanted = config(photos, min_confidence=0.75)
    facts = TrainingData.load(wanted).describe(wanted)
    (smile,) = facts["attributes"]
    assert (smile["positives"], smile["negatives"]) == (6, 6)
    assert facts["left_out"] == {"Smiling unknown or unsure": 12}


def test_the_wanted_column_must_be_binary(photos):
    text = (photos / "labels.csv").read_text().replace("3.png,1", "3.png,broadly", 1)
    (photos / "labels.csv").write_text(text)
    with pytest.raises(UserError, match=r"line 5, column 'smile': 'broadly' is not"):
        TrainingData.load(config(photos))


@pytest.mark.parametrize(("attr", "warned"), [("no_beard", 1), ("glasses", 0)])
def test_noisy_columns_of_celeba_are_warned_of_once(tmp_path, caplog, attr, warned):
    synthetic.write_celeba(tmp_path / "celeba", 40, seed=0, size=32)
    settings = {"attr": attr, "data": "celeba", "data_dir": str(tmp_path / "celeba")}
    TrainingData.load(TrainConfig.of(**TINY, **settings, test_per_class=1))
    assert caplog.text.count("CelebA's labels of") == warned


def test_the_official_split_of_drawn_faces_in_celebas_layout(tmp_path):
    synthetic.write_celeba(tmp_path / "celeba", 60, seed=0, size=32)
    settings = {"attr": "male", "data": "celeba", "data_dir": str(tmp_path / "celeba")}
    data = TrainingData.load(TrainConfig.of(**TINY, **settings, split="official"))
    partition = data.table.partition
    assert (partition[data.split.train_negative] == 0).all()
    assert (partition[data.split.test_positive] == 2).all()


def test_drawn_faces_have_no_official_split():
    with pytest.raises(UserError, match="split official needs"):
        TrainingData.load(TrainConfig.of(attr="male", split="official", synthetic_faces=8, **TINY))


def test_the_same_attribute_twice_is_refused(photos):
    settings = {"model": "shared_gan", "attr": "smile,Smiling"}
    with pytest.raises(UserError, match="attr: smile and Smiling are the same attribute"):
        TrainingData.load(config(photos, **settings))


def test_a_split_that_is_taken_up_again_is_of_the_same_labels(photos):
    data = TrainingData.load(config(photos))
    data.split.write(photos / "split", data.table)
    turned = data.table.names[data.split.test_positive[0]]
    (photos / "fix.csv").write_text(f"image,column,value\n{turned},smile,0\n")
    fixed = config(photos, label_overrides=str(photos / "fix.csv"))
    with pytest.raises(UserError, match=f"1 images to hold out have another label .* {turned}"):
        TrainingData.load(fixed, photos / "split")
    # Of a label that is no longer known nothing contradicts it.
    (photos / "fix.csv").write_text(f"image,column,value\n{turned},smile,\n")
    TrainingData.load(fixed, photos / "split")


def test_a_split_that_is_taken_up_again_has_both_classes_on_both_sides(photos):
    wanted = config(photos, model="shared_gan")
    data = TrainingData.load(wanted)
    data.split.write(photos / "split", data.table)
    held_out = {data.table.names[index] for index in data.split.test}
    lines = ["file,smile,hat"]
    for index in range(COUNT):
        name = f"{index}.png"
        lines.append(f"{name},{index % 2},{int(name not in held_out and index % 3 == 0)}")
    (photos / "labels.csv").write_text("\n".join(lines))
    with pytest.raises(UserError, match=r"^hat: 0 images with it and [0-9]+ without to hold out"):
        TrainingData.load(config(photos, model="shared_gan", attr="hat"), photos / "split")


def test_strata_that_are_too_small_are_told_of_once(photos, caplog):
    lines = ["file,smile,male,young"]
    lines += [f"{index}.png,{index % 2},{index % 2},{index // 2 % 2}" for index in range(COUNT)]
    (photos / "labels.csv").write_text("\n".join(lines))
    caplog.set_level(logging.INFO)
    wanted = config(photos, model="shared_gan")
    data = TrainingData.load(wanted)
    assert data.draws(wanted) is data.draws(wanted)
    # Who smiles is a man.
    told = "Smiling: too few faces of both kinds within Male and Young; its faces are matched by "
    assert caplog.text.count(told + "Young") == 1
