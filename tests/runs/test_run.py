import dataclasses
import json
import os
import shutil

import pytest

from faceattr.errors import UserError
from faceattr.exporting.export import export
from faceattr.runs.run import Run
from faceattr.runs.weights import finished_model
from faceattr.training import train as room
from faceattr.training.train import TrainingStopped, train
from faceattr.training.watching.callbacks import StepCallback


@pytest.fixture
def run(finished_run, tmp_path):
    """A finished run of three steps, to be changed."""
    shutil.copytree(finished_run.folder, tmp_path / "run")
    return Run(tmp_path / "run")


def longer(run, steps):
    return dataclasses.replace(run.config, steps=steps)


def test_a_run_is_new_then_begun_then_finished(run, tmp_path):
    assert Run(tmp_path / "nowhere").state == "new"
    assert run.state == "finished"
    results = run.results
    (run.folder / "results.json").unlink()
    assert run.state == "begun", "measuring comes last"
    run.write_results(results, steps=2)
    assert run.state == "begun", "that is of an earlier step"
    run.write_results(results, steps=3)
    assert run.state == "finished"
    run.model_path.unlink()
    assert run.state == "begun"


def test_a_run_of_before_results_said_their_step_is_judged_by_its_newest_checkpoint(run):
    path = run.folder / "results.json"
    results = {name: value for name, value in run.results.items() if name != "steps"}
    path.write_text(json.dumps(results))
    assert run.state == "finished"
    os.utime(path, (0, 0))
    assert run.state == "begun", "measured before the newest checkpoint"
    for _, checkpoint in run.checkpoints:
        checkpoint.unlink()
    assert run.state == "finished", "checkpoints may be deleted when all is done"


class StopAt(StepCallback):
    def __init__(self, first_step, guard, step):
        super().__init__(first_step)
        self.guard, self.last = guard, step

    def on_step(self, step, logs):
        if step == self.last:
            self.guard.stopped = True
            self.guard.model.stop_training = True


def test_a_run_made_longer_and_stopped_half_way_is_not_taken_for_finished(
    run, tmp_path, monkeypatch
):
    """The old model.keras and results.json lie there all the while."""
    old = run.model_path.read_bytes()
    guards = []

    class Guard(room.GracefulStop):
        def __init__(self, agree):
            super().__init__(agree)
            guards.append(self)

    writers = room._writers
    monkeypatch.setattr(room, "GracefulStop", Guard)
    monkeypatch.setattr(
        room,
        "_writers",
        lambda data, config, run, first_step, advice: [
            *writers(data, config, run, first_step, advice),
            StopAt(first_step, guards[-1], 4),
        ],
    )
    with pytest.raises(TrainingStopped):
        train(longer(run, 6), run.folder, resume=True)
    assert run.model_path.read_bytes() == old
    assert run.config.steps == 6
    assert run.state == "begun"
    with pytest.raises(UserError, match=r"not finished \(it has not all of its 6 steps\)"):
        export(run.folder, tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()
    assert finished_model(run).steps_done == 4, "evaluated is what was trained last"
    monkeypatch.undo()
    train(run.config, run.folder, resume=True)
    assert run.state == "finished"
    assert finished_model(run).steps_done == 6


def test_a_run_of_one_attribute_of_before_still_tells_its_edits(run):
    data = {"column": "Smiling", "edits": {"to_positive": "add_smile"}}
    run.write_data(data)
    assert [edit.name for edit in run.edits] == ["add_smile", "remove_smile"]
