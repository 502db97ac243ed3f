import pytest

from faceattr.files import finished_name, replacing, write_text


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "config.json"
    write_text(path, "old")

    def fail():
        with replacing(path) as beside:
            beside.write_text("half of the ne")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_success_replaces_the_file(tmp_path):
    path = tmp_path / "config.json"
    write_text(path, "old")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_others_left_beside_it_is_not_touched(tmp_path):
    """Not even under the names that an unfinished file may have."""
    mine = [tmp_path / name for name in ("partial-face.png", "partial-00000000-face.png")]
    for path in mine:
        path.write_text("mine")
    write_text(tmp_path / "face.png", "new")
    assert [path.read_text() for path in mine] == ["mine", "mine"]
    assert sorted(tmp_path.iterdir()) == sorted([*mine, tmp_path / "face.png"])


def test_two_that_write_the_same_file_do_not_meet(tmp_path):
    path = tmp_path / "face.png"
    with replacing(path) as first:
        with replacing(path) as second:
            second.write_text("second")
            first.write_text("first")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unfinished_file_tells_what_it_was_to_be(tmp_path):
    with replacing(tmp_path / "step-3.keras") as beside:
        assert beside.suffix == ".keras"
        assert finished_name(beside.name) == "step-3.keras"
    assert finished_name("partial-thoughts.txt") == "partial-thoughts.txt"


def test_a_name_as_long_as_names_can_be_can_be_written(tmp_path):
    path = tmp_path / f"{'ä' * 120}.txt"
    write_text(path, "whole")
    assert list(tmp_path.iterdir()) == [path]
