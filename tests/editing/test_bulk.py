"""A bulk run from its flags to its files; a loop stands for Beam, which test_bulk_beam.py runs."""

import json
import os
import types

import pytest
from PIL import Image

from faceattr import command_line
from faceattr.data import synthetic
from faceattr.editing.bulk import __main__ as bulk
from faceattr.editing.bulk import plan
from faceattr.editing.bulk.state import BulkFolder, Job


class Killed(BaseException):
    """Ends the loop as a signal would: nothing of ours handles it."""


class Loop:
    """In place of the pipeline."""

    def __init__(self, killed_after=None):
        self.done = []
        self._killed_after = killed_after

    def options(self, runner, words):
        self.words = words

    def run(self, output, load, options):
        folder, edit = BulkFolder(output), load()
        for line in folder.todo.read_text(encoding="utf-8").splitlines():
            if len(self.done) == self._killed_after:
                raise Killed
            job = Job.from_line(line)
            error = edit(job)
            self.done.append(job.photo.name)
            if error:
                folder.fail(job, error)


@pytest.fixture
def photos(tmp_path):
    """Four photos in two folders, and what is none."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for index, name in enumerate(("a.png", "b.jpg", "more/a.png", "more/c.png")):
        face = Image.fromarray(synthetic.render(synthetic.sample_parameters(2, index), 32))
        face.save(folder / name)
    (folder / "broken.jpg").write_bytes(b"nothing")
    return folder


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, make_editor):
    """run(loop, arguments): status, stdout and stderr, run in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundles" / "edit_0").mkdir(parents=True)
    (tmp_path / "bundles" / "edit_0" / "manifest.json").write_text("{}")
    monkeypatch.setattr(plan.Editor, "load", lambda *bundles: make_editor(0.5))

    def run_main(loop, *arguments):
        monkeypatch.setattr(bulk, "_beam", lambda: loop)
        given = ["--edit", "edit_0", "--crop", "none", *map(str, arguments)]
        with pytest.raises(SystemExit) as stopped:
            command_line.run(bulk.PROGRAM, lambda: bulk.main(given))
        out, err = capsys.readouterr()
        return stopped.value.code, out, err

    return run_main


def edited(folder):
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in folder.rglob("*-edit_0*")
    }


WANTED = ["a-edit_0.png", "b-edit_0.jpg", "more/a-edit_0.png", "more/c-edit_0.png"]


@pytest.mark.parametrize("named", ["photos", "photos/**"])
def test_photos_keep_their_folders_and_the_bad_ones_are_listed(run, photos, tmp_path, named):
    status, out, _ = run(Loop(), "--input", named, "--output", "out")
    assert status == 1
    assert "5 photos: 4 are edited, 1 could not be; 0 of them earlier, 5 now" in out
    assert sorted(edited(tmp_path / "out")) == WANTED
    (line,) = (tmp_path / "out" / "failed.jsonl").read_text().splitlines()
    failure = json.loads(line)
    assert failure["photo"] == str(photos / "broken.jpg")
    assert failure["error"].startswith("cannot be read as an image")


def test_what_edit_py_writes_is_written(run, photos, tmp_path, make_editor):
    run(Loop(), "--input", "photos", "--output", "out", "--strength", "0.5")
    editor = make_editor(0.5)
    photo = Image.open(photos / "more" / "c.png")
    expected = editor.edit(photo, strength=0.5, crop=bulk.flags.CROPS["none"])
    assert list(Image.open(tmp_path / "out" / WANTED[3]).getdata()) == list(expected.getdata())


@pytest.mark.parametrize("after", range(5))
def test_a_killed_run_goes_on_with_nothing_done_twice_or_lost(run, photos, tmp_path, after):
    killed = Loop(killed_after=after)
    with pytest.raises(Killed):
        run(killed, "--input", "photos", "--output", "out")
    before = edited(tmp_path / "out")
    unfinished = tmp_path / "out" / "partial-0123abcd-a-edit_0.png"
    unfinished.write_bytes(b"half")
    os.utime(unfinished, (0, 0))
    foreign = tmp_path / "out" / "partial-0123abcd-mine.png"
    foreign.write_bytes(b"not ours")
    os.utime(foreign, (0, 0))
    rest = Loop()
    status, out, _ = run(rest, "--input", tmp_path / "photos" / ".." / "photos", "--output", "out")
    assert status == 1
    assert f"{after} of them earlier, {5 - after} now" in out
    assert len(killed.done) + len(rest.done) == 5
    assert sorted(killed.done + rest.done) == ["a.png", "a.png", "b.jpg", "broken.jpg", "c.png"]
    files = edited(tmp_path / "out")
    assert sorted(files) == WANTED
    assert before.items() <= files.items()
    assert not unfinished.exists()
    assert foreign.read_bytes() == b"not ours"
    assert len((tmp_path / "out" / "failed.jsonl").read_text().splitlines()) == 1


def test_a_finished_run_has_nothing_left_to_do(run, photos, tmp_path):
    run(Loop(), "--input", "photos", "--output", "out")
    before = edited(tmp_path / "out")
    again = Loop()
    status, out, _ = run(again, "--input", "photos", "--output", "out")
    assert status == 1
    assert "5 of them earlier, 0 now" in out
    assert not again.done
    assert edited(tmp_path / "out") == before


def test_photos_that_would_become_one_file_are_told_of(run, photos, tmp_path):
    Image.open(photos / "a.png").quantize().save(photos / "a.gif")
    status, _, _ = run(Loop(), "--input", "photos", "--output", "out")
    assert status == 1
    assert "a.gif does; rename one" in (tmp_path / "out" / "failed.jsonl").read_text()


def test_results_below_the_photos_are_no_photos(run, photos):
    for _ in range(2):
        _, out, _ = run(Loop(), "--input", "photos/**", "--output", "photos/out.d")
        assert "5 photos" in out


def test_what_is_unexpected_fails_one_photo_alone(run, photos, tmp_path, monkeypatch):
    def edit_files(editor, sources, targets, settings):
        raise ZeroDivisionError("in some decoder")

    monkeypatch.setattr(plan, "edit_files", edit_files)
    status, out, _ = run(Loop(), "--input", "photos", "--output", "out")
    assert status == 1
    assert "0 are edited, 5 could not be" in out
    assert "unexpected ZeroDivisionError" in (tmp_path / "out" / "failed.jsonl").read_text()


def test_another_edit_does_not_go_on(run, photos):
    run(Loop(), "--input", "photos", "--output", "out")
    loop = Loop()
    status, _, err = run(loop, "--input", "photos", "--output", "out", "--strength", "0.7")
    assert status == 2
    assert "--strength [0.7]: " in err
    assert "was begun with [1.0]; name another folder" in err
    assert not loop.done


def test_edits_that_are_made_always_do_not_go_on_with_others(run, photos, tmp_path):
    run(Loop(), "--input", "photos", "--output", "out")
    record = tmp_path / "out" / "bulk.json"
    known = json.loads(record.read_text())
    assert known.pop("always") is False
    status, _, err = run(Loop(), "--input", "photos", "--output", "out", "--always")
    assert status == 2
    assert "--always True: " in err
    # As earlier versions wrote it.
    record.write_text(json.dumps(known))
    assert run(Loop(), "--input", "photos", "--output", "out")[0] == 1


def test_an_edit_is_always_made_when_asked(run, photos, tmp_path, make_editor, monkeypatch):
    monkeypatch.setattr(plan.Editor, "load", lambda *bundles: make_editor(0.25 / 32, needed=1 / 32))
    run(Loop(), "--input", "photos", "--output", "out", "--always")
    wanted = make_editor(0.25).edit(Image.open(photos / "a.png"), crop=bulk.flags.CROPS["none"])
    found = Image.open(tmp_path / "out" / WANTED[0])
    assert found.tobytes() == wanted.tobytes()


def test_a_folder_of_something_else_is_left_alone(run, photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a-edit_0.png").write_bytes(b"mine")
    status, _, err = run(Loop(), "--input", "photos", "--output", "out")
    assert status == 2
    assert "holds files that are not of a bulk run" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a-edit_0.png"]


def test_a_name_that_is_no_text_is_listed_and_one_that_was_killed_at_once_goes_on(
    run, photos, tmp_path
):
    (photos / os.fsdecode(b"\xff\n.jpg")).write_bytes(b"nothing")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "partial-0123abcd-bulk.json").write_bytes(b"{")
    _, out, _ = run(Loop(), "--input", "photos", "--output", "out")
    assert "6 photos: 4 are edited, 2 could not be" in out
    lines = (tmp_path / "out" / "failed.jsonl").read_text().splitlines()
    assert os.fsdecode(b"\xff\n.jpg") in {json.loads(line)["photo"][-6:] for line in lines}


def test_two_at_a_time_are_refused(run, photos, tmp_path):
    class Second(Loop):
        def run(self, output, load, options):
            self.second = run(Loop(), "--input", "photos", "--output", "out")

    loop = Second()
    run(loop, "--input", "photos", "--output", "out")
    status, _, err = loop.second
    assert status == 2
    assert "another program is writing there" in err


def test_photos_that_a_runner_loses_are_told_of(run, photos):
    class Losing(Loop):
        def run(self, output, load, options):
            pass

    status, _, err = run(Losing(), "--input", "photos", "--output", "out")
    assert status == 2
    assert "5 photos were lost on the way: call again" in err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--input", "nowhere", "--output", "out"], "nowhere"),
        (["--input", "photos", "--output", "photos/a.png"], "a file, but a folder is wanted"),
        (["--input", "photos", "--output", "out", "--strenght", "2"], "--strenght"),
        (["--input", "photos", "--output", "out", "--strength", "nan"], "--strength nan"),
        (["--input", "photos", "--output", "out", "--quality", "0"], "--quality 0"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_begun(run, photos, tmp_path, given, told):
    before = sorted(tmp_path.rglob("*"))
    status, out, err = run(Loop(), *given)
    assert (status, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_beam_gets_its_own_flags(run, photos):
    loop = Loop()
    run(loop, "--input", "photos", "--output", "out", "--", "--direct_num_workers=4")
    assert loop.words == ["--direct_num_workers=4"]


def test_a_missing_beam_is_named(run, photos, monkeypatch):
    real = bulk._beam

    def import_module(name):
        raise ModuleNotFoundError("No module named 'apache_beam'")

    monkeypatch.setattr(bulk, "importlib", types.SimpleNamespace(import_module=import_module))
    with pytest.raises(bulk.UserError, match=r"pip install 'faceattr\[bulk\]'"):
        real()
