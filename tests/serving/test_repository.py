"""Version folders, states and look-ups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from faceattr.errors import UserError
from serving.repository import (
    ModelSource,
    Repository,
    State,
    check_base_path,
    find_versions,
)
from serving.request_error import RequestError


def make_versions(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
    return folder


def loaded(base_path: Path, load: Any = lambda path: path) -> Repository:
    repository = Repository([ModelSource("m", base_path)], load)
    repository.load()
    return repository


def test_only_numbered_folders_are_versions(tmp_path: Path) -> None:
    make_versions(tmp_path, "9", "10", "007", "v3", "1.5", "-1", "\u0661", "1" * 30)
    (tmp_path / "11").write_text("a file")
    assert list(find_versions(tmp_path)) == [7, 9, 10]


def test_the_highest_number_is_served_not_the_last_name(tmp_path: Path) -> None:
    repository = loaded(make_versions(tmp_path, "9", "10"))
    number, servable = repository.servable("m")
    assert number == 10
    assert servable == tmp_path / "10"
    assert [version.state for version in repository.versions("m")] == [State.AVAILABLE]
    assert repository.servable("m", 10)[0] == 10


@pytest.mark.parametrize(
    ("look_up", "status", "message"),
    [
        (lambda r: r.servable("x"), 404, "Servable not found for request: Latest(x)"),
        (lambda r: r.servable("m", 7), 404, "Servable not found for request: Specific(m, 7)"),
        (lambda r: r.servable("m", None, "l"), 400, "Unrecognized servable version label: l"),
        (lambda r: r.versions("x"), 404, "Could not find any versions of model x"),
        (lambda r: r.versions("m", 7), 404, "Could not find version 7 of model m"),
        (lambda r: r.versions("m", None, "l"), 400, "Unrecognized servable version label: l"),
    ],
)
def test_what_is_not_there(tmp_path: Path, look_up: Any, status: int, message: str) -> None:
    repository = loaded(make_versions(tmp_path, "1"))
    with pytest.raises(RequestError) as caught:
        look_up(repository)
    assert (caught.value.http_status, str(caught.value)) == (status, message)


def test_a_version_that_fails_to_load_ends_with_its_error(tmp_path: Path) -> None:
    def fail(path: Path) -> Any:
        raise ValueError("weights are cut short\nand a second line")

    repository = Repository([ModelSource("m", make_versions(tmp_path, "1"))], fail)
    assert repository.versions("m")[0].state is State.START
    (failed,) = repository.load()
    assert failed is repository.versions("m")[0]
    assert failed.state is State.END
    assert failed.error_code == "UNKNOWN"
    assert failed.error_message == "weights are cut short"
    with pytest.raises(RequestError, match=r"Latest\(m\)"):
        repository.servable("m")


def test_base_paths_that_cannot_be_served(tmp_path: Path) -> None:
    make_versions(tmp_path, "bundle/saved_model/1", "empty", "version")
    (tmp_path / "version" / "saved_model.pb").touch()
    (tmp_path / "file").touch()
    wrong = {
        "missing": "does not exist; pass the folder that holds the numbered version folders",
        "file": "is not a folder",
        "empty": "has no numbered version folder; the SavedModel belongs in",
        "version": "is itself a SavedModel",
        "bundle": f"pass '{tmp_path / 'bundle' / 'saved_model'}'",
    }
    for name, message in wrong.items():
        with pytest.raises(UserError) as caught:
            check_base_path(tmp_path / name)
        assert str(caught.value).startswith(f"model_base_path: '{tmp_path / name}'")
        assert message in str(caught.value)
    check_base_path(tmp_path / "bundle" / "saved_model")
