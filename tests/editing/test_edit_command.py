"""`edit.py` as a person types it, in this process but for one."""

import json
import pathlib
import re
import runpy

import hypothesis
import numpy as np
import pytest
from commands import ROOT, run
from hypothesis import strategies as st
from PIL import Image

from faceattr import command_line
from faceattr.data import synthetic
from faceattr.editing import photo_files
from faceattr.errors import UserError
from faceattr.faces.crop import LFW_CROP

ASTRONAUT = ROOT / "docs" / "photos" / "astronaut.png"
MAIN = runpy.run_path(str(ROOT / "edit.py"))["main"]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for index, name in enumerate(("a.png", "b.jpg", "more/a.png")):
        face = Image.fromarray(synthetic.render(synthetic.sample_parameters(2, index), 48))
        face.save(folder / name)
    return folder


@pytest.fixture
def edit(tiny_bundles, tmp_path, monkeypatch, capsys):
    """edit(arguments): status, the lines of stdout and those of stderr, run in `tmp_path`.

    The photos are face crops, in which no face is looked for, unless it is said otherwise.
    """
    monkeypatch.chdir(tmp_path)

    def run_main(*arguments, crop="none", edits=("add_glasses",)):
        given = [*map(str, arguments), "--bundles", str(tiny_bundles)]
        given += [f"--edit={name}" for name in edits]
        given += ["--crop", crop] if crop else []
        with pytest.raises(SystemExit) as stopped:
            command_line.run("edit.py", lambda: MAIN(given))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stopped.value.code, out.splitlines(), err.splitlines()

    return run_main


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_whole_folder_is_edited_each_photo_in_its_format(edit, photos, tmp_path):
    Image.open(photos / "a.png").quantize().save(photos / "c.gif")
    status, out, err = edit(photos, "-o", "out", "--show_residual")
    assert (status, err) == (0, [])
    wanted = [
        "a-add_glasses-residual.png",
        "a-add_glasses.png",
        "b-add_glasses-residual.png",
        "b-add_glasses.jpg",
        "c-add_glasses-residual.png",
        "c-add_glasses.png",
        "more/a-add_glasses-residual.png",
        "more/a-add_glasses.png",
    ]
    assert files_below(tmp_path / "out") == wanted
    assert sorted(out) == [f"out/{name}" for name in wanted]


def test_results_go_to_the_folder_edited_by_default(edit, photos):
    status, out, _ = edit(photos / "a.png")
    assert (status, out) == (0, [str(pathlib.Path("edited") / "a-add_glasses.png")])
    assert pathlib.Path(out[0]).is_file()


def test_photos_that_cannot_be_edited_are_listed_and_those_that_were(edit, photos, tmp_path):
    (photos / "broken.jpg").write_bytes(b"not a picture")
    (photos / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    Image.new("RGB", (30, 60)).save(photos / "tall.png")
    status, out, err = edit(photos, "-o", "out")
    assert status == 1
    assert len(out) == len(files_below(tmp_path / "out")) == 3
    assert len(err) == 4
    for line, name in zip(err, ("broken.jpg", "phone.heic", "tall.png"), strict=False):
        assert line.startswith(f"edit.py: error: {photos / name}: ")
    assert err[-1] == "edit.py: 3 of 6 photos were edited"


def test_targets_that_cannot_be_written_do_not_keep_others_from_it(edit, photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "more").write_text("a file where a folder is wanted")
    (tmp_path / "out" / "b-add_glasses.jpg").mkdir()
    status, out, err = edit(photos, "-o", "out")
    assert status == 1
    assert out == ["out/a-add_glasses.png"]
    assert len(err) == 3
    assert re.search(r"b\.jpg: out/b-add_glasses\.jpg: is there already", err[0])
    assert re.search(r"more/a\.png: out/more/a-add_glasses\.png: cannot be written", err[1])


def test_a_folder_in_which_nobody_may_write_is_named(edit, photos):
    status, _, err = edit(photos / "a.png", "-o", "/proc/a.png")
    assert status == 1
    assert re.search(r"a\.png: /proc/a\.png: cannot be written \(", err[0])


def test_two_photos_for_one_target_are_both_named(edit, photos, tmp_path):
    status, out, err = edit(photos / "a.png", photos / "more" / "a.png", "-o", "out")
    assert status == 1
    assert out == ["out/a-add_glasses.png"]
    assert str(photos / "a.png") in err[0]
    assert str(photos / "more" / "a.png") in err[0]


def test_a_second_run_edits_no_results(edit, photos, tmp_path):
    assert edit(photos, "-o", photos, "--compare", "--animate=gif", "--show_residual")[0] == 0
    (photos / "partial-0123abcd-a-add_glasses.png").write_bytes((photos / "a.png").read_bytes())
    before = contents(photos)
    assert len(before) == 3 * 5 + 1
    status, out, err = edit(photos, "-o", photos)
    assert (status, out) == (1, [])
    assert all("is there already; say --overwrite" in line for line in err[:3])
    assert contents(photos) == before
    status, out, _ = edit(photos, "-o", photos, "--overwrite", edits=["remove_glasses"])
    assert (status, len(out)) == (0, 3)
    assert edit(photos, "-o", photos, "--overwrite")[0] == 0
    assert edit(photos, "-o", photos / "out")[0] == 0
    assert edit(photos, "-o", photos / "out", "--overwrite")[0] == 0
    assert len(contents(photos)) == 3 * 7 + 1


def test_nothing_is_overwritten_unasked_and_the_photo_never(edit, photos, tmp_path):
    taken = tmp_path / "taken.png"
    taken.write_text("mine")
    (tmp_path / "partial-taken.png").write_text("mine too")
    status, _, err = edit(photos / "a.png", "-o", taken)
    assert status == 2
    assert "taken.png: is there already; say --overwrite" in err[0]
    assert taken.read_text() == "mine"
    before = contents(photos)
    for option in ([], ["--overwrite"]):
        status, _, err = edit(photos / "a.png", "-o", photos / "a.png", *option)
        assert status == 2
        assert "would overwrite the photo itself" in err[0]
    link = tmp_path / "link.png"
    link.symlink_to(photos / "a.png")
    assert edit(photos / "a.png", "-o", link, "--overwrite")[0] == 2
    assert contents(photos) == before
    assert edit(photos / "a.png", "-o", taken, "--overwrite")[0] == 0
    with Image.open(taken) as picture:
        assert picture.size == (48, 48)
    assert (tmp_path / "partial-taken.png").read_text() == "mine too"


def test_an_aligned_photo_is_edited_in_its_own_frame(edit, tmp_path):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (250, 250, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "lfw.png")
    assert edit("lfw.png", "-o", "out.png", crop="lfw")[0] == 0
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != photo).any(axis=-1)
    left, top, right, bottom = LFW_CROP.box(250, 250)
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


def test_the_face_is_found_and_told_of_as_json(edit, tmp_path):
    Image.open(ASTRONAUT).convert("RGB").save(tmp_path / "photo.jpg", quality=90)
    edits = ["add_glasses=0.5", "remove_glasses=-1"]
    status, out, err = edit(
        *("photo.jpg", "--json", "--compare", "--animate", "webp"), crop=None, edits=edits
    )
    assert (status, err) == (0, [])
    (found,) = json.loads("\n".join(out))
    assert found["photo"] == "photo.jpg"
    name = "edited/photo-add_glasses-remove_glasses"
    assert found["written"] == [f"{name}.jpg", f"{name}-compare.jpg", f"{name}-animated.webp"]
    assert found["error"] is None
    assert 0 < found["seconds"] < 60
    (face,) = found["faces"]
    assert (face["number"], face["edited"]) == (1, True)
    assert set(face["needed"]) == {"add_glasses", "remove_glasses"}
    assert np.abs(np.array(face["points"][0]) - (203, 101.5)).max() < 4
    assert face["box"][0] < 203 < face["box"][2]
    assert set(face["turn"]) == {"yaw", "pitch", "roll"}
    with Image.open(found["written"][1]) as beside:
        assert beside.size == (1024, 512)
    with Image.open(found["written"][2]) as moving:
        assert moving.size == (512, 512)


def test_an_edit_that_is_there_already_is_told_of_and_made_when_asked(
    edit, photos, tmp_path, monkeypatch
):
    def run(runtime, image):
        return np.full(image.shape, 0.04, np.float32), 0.1

    monkeypatch.setattr("faceattr.bundles.runtime.LiteRTRuntime.run", run)
    photo = photos / "a.png"
    status, out, err = edit(photo, "-o", "out.png")
    assert (status, out) == (0, ["out.png"])
    assert err == [
        f"edit.py: note: {photo}: face 1 has it already, so 10% of add_glasses was made; --always "
        "makes all of it"
    ]
    status, out, err = edit(photo, "-o", "always.png", "--always", "--json")
    assert (status, err) == (0, [])
    (found,) = json.loads("\n".join(out))
    assert found["notes"] == []
    assert found["faces"][0]["already_there"] == ["add_glasses"]
    before, some, whole = (
        np.asarray(Image.open(path)).astype(int)
        for path in (photo, tmp_path / "out.png", tmp_path / "always.png")
    )
    light = before < 255 - 52
    assert ((some - before)[light] == 5).all()
    assert ((whole - before)[light] == 51).all()
    assert edit(photo, "-o", "none.png", "--strength", "0")[2] == []


def test_a_photo_without_a_face_is_told_of(edit, tmp_path):
    Image.new("RGB", (80, 60)).save(tmp_path / "wall.png")
    status, out, err = edit("wall.png", crop=None)
    assert (status, out) == (1, [])
    assert err == [
        "edit.py: error: wall.png: no face was found; if it is a face crop already, say --crop none"
    ]


def test_patterns_and_repeated_names_are_understood(edit, photos):
    status, out, _ = edit(f"{photos}/**/a.*", photos / "b.jpg", f"{photos}/b*", "-o", "out")
    assert status == 0
    wanted = ["a-add_glasses.png", "more/a-add_glasses.png", "b-add_glasses.jpg"]
    assert out == [f"out/{name}" for name in wanted]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.jpg"], "gone.jpg: no such photo or folder"),
        (["*.tiff"], "*.tiff: no photo has such a name"),
        (["{photos}/a.png", "--edit", "make_cat"], "add_glasses, remove_glasses in"),
        (["{photos}/a.png", "--edit", "add_glasses"], "--edit add_glasses: is named twice"),
        (["{photos}/a.png", "--edit", "remove_glasses=3"], "--edit remove_glasses= 3: must be"),
        (["{photos}/a.png", "--strength", "nan"], "--strength nan: must be a number from -1 to 2"),
        (["{photos}/a.png", "--strength=1e39"], "--strength 1e39: must be"),
        (["{photos}/a.png", "--strength=-3"], "--strength -3: must be"),
        (["{photos}/a.png", "--face", "nose"], "--face nose: must be all, largest"),
        (["{photos}/a.png", "--face", "1,2,x"], "--face 1,2,x: must be"),
        (["{photos}/a.png", "--quality", "0"], "--quality 0"),
        (["{photos}/a.png", "--max_megapixels", "nan"], "--max_megapixels nan"),
        (["{photos}/a.png", "-o", "out.gif"], "-o out.gif: cannot write .gif"),
        (["{photos}", "-o", "{photos}/a.png"], "a file, but there are 3 photos"),
        (["{photos}", "-o", "all.png"], "a file, but there are 3 photos"),
        (["{photos}", "-o", "{photos}/a.png/"], "a file, but a folder is wanted"),
        (["{empty}"], "no photos in this folder"),
        ([], "required"),
        ([""], "one of the photos has an empty name"),
        (["x" * 300 + ".png"], "cannot be looked at (File name too long)"),
        (["{photos}/a.png", "-o", "x" * 300 + ".png"], "cannot be looked at (File name too long)"),
        (["{photos}/a.png", "--edit", ""], "--edit: name an edit"),
        (["{photos}/a.png", "--animate"], "--animate"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(edit, photos, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    before = contents(tmp_path)
    status, out, err = edit(
        *(text.format(photos=photos, empty=tmp_path / "empty") for text in arguments)
    )
    assert (status, out) == (2, [])
    assert len(err) == 1
    assert err[0].startswith("edit.py: error: ")
    assert message in err[0]
    assert contents(tmp_path) == before


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    st.sampled_from(["--strength", "--face", "--quality", "--max_megapixels", "--animate"]),
    st.text(max_size=8),
)
def test_whatever_is_given_to_a_flag_it_is_a_user_error(flag, value):
    """The photo is not there, so no value is a right one."""
    with pytest.raises((UserError, SystemExit)):
        MAIN(["gone.png", "--edit", "add_smile", f"{flag}={value}"])


def test_a_damaged_bundle_is_named(edit, photos, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    status, _, err = edit(photos / "a.png", edits=[f"{broken}"])
    assert status == 2
    assert re.search(r"broken/manifest\.json: not the manifest of a bundle", err[0])


def test_a_large_photo_names_the_flag_and_is_edited_with_it(edit, photos, monkeypatch):
    assert photo_files.MAX_MEGAPIXELS == 50
    status, _, err = edit(photos / "a.png", "--max_megapixels", "0.002")
    assert status == 1
    assert "48x48 are more than --max_megapixels 0.002; raise it" in err[0]
    assert edit(photos / "a.png", "--max_megapixels", "0.0024")[0] == 0


def test_editing_imports_no_tensorflow(tiny_bundles, tmp_path):
    program = (
        "import sys, runpy; sys.argv = sys.argv[1:];\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "assert not {'tensorflow', 'keras', 'tqdm', 'scipy'} & set(sys.modules)"
    )
    arguments = [ASTRONAUT, "--edit", "add_glasses", "--bundles", tiny_bundles]
    process = run(["-c", program, ROOT / "edit.py", *arguments, "-o", tmp_path / "out.png"])
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert process.stdout.splitlines() == [str(tmp_path / "out.png")]


def test_the_page_on_editing_names_every_flag_and_no_other(capsys):
    with pytest.raises(SystemExit):
        MAIN(["--help"])
    known = set(re.findall(r"--[a-z_]+", capsys.readouterr().out)) - {"--help"}
    page = (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    page, figures = page.split("## Figures")
    assert set(re.findall(r"--[a-z_]+", page)) | {"--output"} == known
    for name in re.findall(r"benchmarks/(\w+\.py)", figures):
        assert (ROOT / "benchmarks" / name).is_file()
