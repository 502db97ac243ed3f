import dataclasses
import pathlib
import shutil

import pytest

from faceattr.data import synthetic
from faceattr.data.packing import pack
from faceattr.data.sources import draw_synthetic
from faceattr.errors import UserError
from faceattr.evaluation.settings import FaceChoice
from faceattr.evaluation.subjects.chosen_faces import choose_faces
from faceattr.evaluation.subjects.subject import load_run
from faceattr.runs.run import Run
from faceattr.training.data import TrainingData


@pytest.fixture(scope="module")
def subject(finished_run):
    return load_run(finished_run.folder)


@pytest.fixture(scope="module")
def celeba(tmp_path_factory) -> pathlib.Path:
    """Drawn faces as files, in CelebA's layout."""
    folder = tmp_path_factory.mktemp("data") / "celeba"
    synthetic.write_celeba(folder, 30, 6, 32)
    return folder


def choose(finished_run, subject, *, subjects=1, classifier_data=None, **choice):
    folders = [finished_run.folder] * subjects
    return choose_faces(folders, [subject] * subjects, FaceChoice.of(choice), classifier_data)


def test_runs_on_the_same_data_share_a_table_and_a_judge(finished_run, subject):
    chosen = choose(finished_run, subject, subjects=2)
    assert chosen.faces[0].table is chosen.faces[1].table
    assert [source.name for source in chosen.sources] == ["synthetic"]
    assert chosen.sources[0].table is chosen.faces[0].table


def test_runs_on_other_data_have_other_sources(finished_run, subject, tmp_path):
    other = tmp_path / "run"
    shutil.copytree(finished_run.folder, other)
    config = other / "config.json"
    config.write_text(config.read_text().replace('"seed": 0', '"seed": 8'))
    shutil.rmtree(other / "split")
    drawn = TrainingData.load(Run.open(other).config)
    drawn.split.write(Run.open(other).split_folder, drawn.table)
    chosen = choose_faces([finished_run.folder, other], [subject, load_run(other)], FaceChoice())
    assert [source.name for source in chosen.sources] == ["synthetic", "synthetic (2)"]
    assert [faces.source for faces in chosen.faces] == ["synthetic", "synthetic (2)"]
    assert chosen.faces[0].table is not chosen.faces[1].table


def test_fewer_faces_are_looked_at_than_kept_from_the_judge(finished_run, subject):
    chosen = choose(finished_run, subject, test_per_class=1)
    assert len(chosen.faces[0].held_out("Eyeglasses")[0]) == 1
    kept = frozenset().union(*(faces.names() for faces in chosen.kept))
    assert kept == choose(finished_run, subject).faces[0].names()
    assert len(kept) > 2


def test_faces_of_another_source_and_a_judge_of_the_run_s_own(finished_run, subject, celeba):
    chosen = choose(finished_run, subject, data="celeba", data_dir=str(celeba))
    (faces,) = chosen.faces
    assert faces.source == "celeba"
    assert faces.names() <= set(faces.table.names)
    assert len(faces.table) == 30
    assert [source.name for source in chosen.sources] == ["synthetic"]
    kept = frozenset().union(*(each.names() for each in chosen.kept))
    assert faces.names() < kept, "the run's own test faces are kept from the judge as well"


def test_a_judge_may_learn_from_other_data(finished_run, subject, celeba):
    chosen = choose(
        finished_run,
        subject,
        data="celeba",
        data_dir=str(celeba),
        classifier_data={"celeba": str(celeba / ".")},
    )
    assert [source.name for source in chosen.sources] == ["celeba"]
    assert chosen.sources[0].table is chosen.faces[0].table


def test_drawn_faces_are_drawn_at_the_size_of_the_edit(finished_run, subject):
    chosen = choose(finished_run, subject, data="synthetic", synthetic_faces=30, seed=3)
    (faces,) = chosen.faces
    assert faces.table.images.shape == (30, 32, 32, 3)
    assert faces.synthetic.table is faces.table
    assert faces.source != chosen.sources[0].name


def test_moved_data_are_found_by_data_dir(subject, tmp_path):
    table = draw_synthetic(24, 32, seed=0).table
    pack(table, tmp_path / "packed", 32)
    settings = {**subject.settings, "data": "packed", "data_dir": "gone"}
    moved = dataclasses.replace(subject, settings=settings)
    run = tmp_path / "run"
    (run / "split").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    for kind in ("train_negative", "train_positive", "test_negative", "test_positive"):
        sign = 1 if kind.endswith("positive") else -1
        column = table.labels[:, table.columns.index("Eyeglasses")]
        names = [name for name, label in zip(table.names, column, strict=True) if label == sign]
        half = names[: len(names) // 2] if kind.startswith("train") else names[len(names) // 2 :]
        (run / "split" / f"{kind}.txt").write_text("".join(f"{name}\n" for name in half))
    with pytest.raises(UserError, match="data_dir gone: no such folder"):
        choose_faces([run], [moved], FaceChoice())
    chosen = choose_faces([run], [moved], FaceChoice(data_dir=str(tmp_path / "packed")))
    assert chosen.faces[0].source == "packed"
    assert len(chosen.faces[0].held_out("Eyeglasses")[0])


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"test_per_class": 0}, "test_per_class 0: must be a number of at least 1"),
        ({"seed": -1}, "seed -1"),
        ({"labels": "a.csv"}, "labels goes with data"),
        ({"data": "synthetic", "data_dir": "x"}, "data_dir names a folder of real faces"),
        ({"data": "synthetic", "crop": "lfw"}, "crop is for data"),
    ],
)
def test_choices_that_cannot_be(choice, message):
    with pytest.raises(UserError, match=message):
        FaceChoice.of(choice)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"data": "lfw", "data_dir": "nowhere"}, "data_dir nowhere: no such folder"),
        ({"data": "celeba"}, "data celeba needs data_dir"),
        ({"classifier_data": {"faces": "x"}}, "classifier_data faces=x: the source must be one"),
        ({"classifier_data": {"lfw": "nowhere"}}, "data_dir nowhere: no such folder"),
    ],
)
def test_data_that_are_not_there(finished_run, subject, choice, message):
    with pytest.raises(UserError, match=message):
        choose(finished_run, subject, **choice)
