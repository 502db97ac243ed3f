"""Two real processes on this machine that train together, as two machines would."""

import json
import shutil
import signal
import socket
import time

import numpy as np
import pytest
import warm_start

from faceattr.runs.run import Run
from faceattr.runs.weights import newest_model

SETTINGS = {
    "attr": "glasses",
    "image_size": 32,
    "width": 4,
    "batch_size": 4,
    "synthetic_faces": 40,
    "batchnorm": "synchronized",
}

GO_ON = """
import pathlib
import runpy
import sys

import numpy as np

from faceattr.training import train as fit

made = []
newest_model = fit.newest_model


def remembered(run):
    made.append(newest_model(run))
    return made[0]


fit.newest_model = remembered
weights, *sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as stop:
    assert not stop.code, stop.code
np.savez(weights, *[weight.numpy() for weight in made[0].weights])
"""


def start(arguments, worker=None, ports=()):
    environment = {}
    if worker is not None:
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        task = {"type": "worker", "index": worker}
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    return warm_start.Process(arguments, **environment)


def free_ports():
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def outputs(processes):
    return [process.communicate(timeout=400) for process in processes]


@pytest.mark.exhaustive
@pytest.mark.slow
def test_one_worker_that_is_stopped_stops_all_and_they_go_on_as_one(tmp_path):
    flags = [f"--{name}={value}" for name, value in SETTINGS.items()]
    folder = tmp_path / "run"
    ports = free_ports()
    endless = ["train.py", "--run_dir", folder, *flags]
    endless += ["--steps", "100000", "--checkpoint_every", "2"]
    processes = [start(endless, worker, ports) for worker in (0, 1)]
    deadline = time.monotonic() + 300
    while not Run(folder).checkpoints and time.monotonic() < deadline:
        time.sleep(0.2)
    processes[1].send_signal(signal.SIGTERM)
    printed = outputs(processes)
    assert [process.returncode for process in processes] == [130, 130], printed
    step, _ = Run(folder).checkpoints[-1]
    assert step >= 2

    # Three steps more, by both and, from a copy, by one process alone.
    shutil.copytree(folder, tmp_path / "alone")

    def go_on(name, folder, *cluster):
        resume = ["train.py", "--run_dir", folder, "--resume", "--steps", str(step + 3)]
        return start(["-c", GO_ON, tmp_path / f"{name}.npz", *resume], *cluster)

    ports = free_ports()
    processes = [go_on(f"worker{worker}", folder, worker, ports) for worker in (0, 1)]
    processes.append(go_on("alone", tmp_path / "alone"))
    printed = outputs(processes)
    assert [process.returncode for process in processes] == [0, 0, 0], printed
    weights = {}
    for name in ("worker0", "worker1", "alone"):
        with np.load(tmp_path / f"{name}.npz") as file:
            weights[name] = [file[key] for key in file.files]
    for one, two, alone in zip(*weights.values(), strict=True):
        np.testing.assert_array_equal(one, two)
        # Adam's steps are of about 2e-4 whatever the gradient, so noise in a gradient of almost
        # nothing may turn one round.
        assert np.abs(one - alone).mean() < 1e-5
        np.testing.assert_allclose(one, alone, atol=6 * 2e-4)
    run = Run.open(folder)
    saved = newest_model(run)
    assert saved.steps_done == step + 3
    for weight, same in zip(saved.weights, weights["worker0"], strict=True):
        np.testing.assert_array_equal(weight.numpy(), same)
    rows = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    steps = [row["step"] for row in rows]
    assert steps[-1] == step + 3
    assert steps == sorted({*steps}), "the chief alone writes"
