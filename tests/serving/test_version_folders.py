"""Version folders, policies, and base paths that cannot be served."""

from __future__ import annotations

from pathlib import Path

import pytest

from faceattr.errors import UserError
from serving.version_folders import (
    All,
    Latest,
    Specific,
    check_base_path,
    contents,
    find_versions,
)


def make_versions(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
    return folder


def test_only_numbered_folders_are_versions(tmp_path: Path) -> None:
    make_versions(tmp_path, "9", "10", "007", "v3", "1.5", "-1", "\u0661", "1" * 30)
    (tmp_path / "11").write_text("a file")
    assert list(find_versions(tmp_path)) == [7, 9, 10]


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        (Latest(), [9]),
        (Latest(2), [5, 9]),
        (Latest(7), [2, 5, 9]),
        (All(), [2, 5, 9]),
        (Specific((2, 5, 7)), [2, 5]),
    ],
)
def test_policies_choose_versions(policy: Latest | All | Specific, chosen: list[int]) -> None:
    assert policy.chosen([2, 5, 9]) == chosen


def test_contents_tell_whether_somebody_wrote(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "data").write_bytes(b"123")
    before = contents(tmp_path)
    assert contents(tmp_path) == before
    (tmp_path / "variables" / "data").write_bytes(b"1234")
    assert contents(tmp_path) != before


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
