"""Exports that are killed, by the command that shows what is left of them."""

import pathlib

import pytest


@pytest.mark.slow
@pytest.mark.exhaustive
def test_whole_bundles_are_in_place_whenever_an_export_is_killed(
    finished_run, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(pathlib.Path(__file__).parents[1] / "benchmarks")
    from killed_exports import kills

    found = kills(finished_run.folder, tmp_path, 3, tflite_only=True)
    assert len(found) == 3
    assert any(kill.seconds is not None for kill in found), "it was killed before it ended"
    assert not [broken for kill in found for broken in kill.broken]
    assert {"add_glasses", "remove_glasses"} <= {path.name for path in tmp_path.iterdir()}
