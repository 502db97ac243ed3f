"""The pipeline on Beam itself, which needs an environment of its own; see docs/bulk.md."""

import threading
import time

import pytest

from faceattr.editing.bulk.state import BulkFolder, Job
from faceattr.errors import UserError

pipeline = pytest.importorskip(
    "faceattr.editing.bulk.pipeline", reason="Apache Beam is not installed: make test_bulk"
)

LOADED: list[int] = []
DONE: list[tuple[int, str]] = []


def load():
    LOADED.append(threading.get_ident())

    def edit(job):
        # The other worker gets its share.
        time.sleep(0.05)
        DONE.append((threading.get_ident(), job.photo.name))
        if "bad" in job.photo.name:
            return "it is bad"
        job.target.write_text("edited")
        return None

    return edit


@pytest.fixture
def jobs(tmp_path):
    LOADED.clear()
    DONE.clear()
    names = [f"{index}.png" for index in range(12)] + ["bad.png", "done.png"]
    return [Job(tmp_path / name, tmp_path / "out" / name) for name in names]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_photo_is_edited_once_and_each_worker_loads_once(tmp_path, jobs, workers):
    folder = BulkFolder(tmp_path / "out")
    with folder.held({}):
        jobs[-1].target.write_text("done before")
        folder.write_todo(jobs)
        words = [f"--direct_num_workers={workers}", "--direct_running_mode=multi_threading"]
        pipeline.run(folder.path, load, pipeline.options("DirectRunner", words))
    assert sorted(name for _, name in DONE) == sorted(job.photo.name for job in jobs[:-1])
    assert len(LOADED) <= workers
    assert len(set(LOADED)) == len(LOADED)
    assert {thread for thread, _ in DONE} <= set(LOADED)
    assert not folder.left(jobs)
    assert folder.failures() == [{"photo": str(jobs[-2].photo), "error": "it is bad"}]
    assert jobs[-1].target.read_text() == "done before"


def test_all_cores_are_used_unless_it_is_said_otherwise():
    chosen = pipeline.options("DirectRunner", []).get_all_options()
    assert (chosen["runner"], chosen["direct_num_workers"]) == ("DirectRunner", 0)
    chosen = pipeline.options("DirectRunner", ["--direct_num_workers=3"]).get_all_options()
    assert chosen["direct_num_workers"] == 3
    assert pipeline.options("FlinkRunner", []).get_all_options()["runner"] == "FlinkRunner"


def test_an_unknown_runner_is_named():
    with pytest.raises(UserError, match="runner Sprinter: Unexpected"):
        pipeline.options("Sprinter", [])
