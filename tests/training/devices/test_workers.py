"""Two real processes on this machine that train together, as two machines would."""

import json
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

TRAIN = """
import pathlib
import sys

import numpy as np

from faceattr.training import train as fit
from faceattr.runs.settings import TrainConfig

made = []
new_model = fit.new_model


def remembered(*arguments):
    made.append(new_model(*arguments))
    return made[0]


fit.new_model = remembered
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
fit.train(TrainConfig.of(**SETTINGS), folder / "run" if name != "alone" else folder / "alone")
np.savez(folder / f"{name}.npz", *[weight.numpy() for weight in made[0].weights])
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
def test_two_processes_train_as_one_and_end_with_equal_weights(tmp_path):
    program = TRAIN.replace("SETTINGS", repr({**SETTINGS, "steps": 3}))
    ports = free_ports()
    processes = [
        start(["-c", program, tmp_path, f"worker{worker}"], worker, ports) for worker in (0, 1)
    ]
    processes.append(start(["-c", program, tmp_path, "alone"]))
    printed = outputs(processes)
    assert [process.returncode for process in processes] == [0, 0, 0], printed
    weights = {}
    for name in ("worker0", "worker1", "alone"):
        with np.load(tmp_path / f"{name}.npz") as file:
            weights[name] = [file[key] for key in file.files]
    for one, two, alone in zip(*weights.values(), strict=True):
        np.testing.assert_array_equal(one, two)
        # Adam's first steps are of 2e-4 whatever the gradient, so noise in a gradient of almost
        # nothing may turn one round.
        assert np.abs(one - alone).mean() < 1e-5
        np.testing.assert_allclose(one, alone, atol=6 * 2e-4)
    run = Run.open(tmp_path / "run")
    saved = newest_model(run)
    assert saved.steps_done == 3
    for weight, same in zip(saved.weights, weights["worker0"], strict=True):
        np.testing.assert_array_equal(weight.numpy(), same)
    rows = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [3], "the chief alone writes"


@pytest.mark.exhaustive
@pytest.mark.slow
def test_one_worker_that_is_stopped_stops_all_and_they_go_on_together(tmp_path):
    flags = [f"--{name}={value}" for name, value in SETTINGS.items()]
    folder = tmp_path / "run"
    ports = free_ports()
    command = ["train.py", "--run_dir", folder]
    endless = [*command, *flags, "--steps", "100000", "--checkpoint_every", "2"]
    processes = [start(endless, worker, ports) for worker in (0, 1)]
    deadline = time.monotonic() + 300
    while not Run(folder).checkpoints and time.monotonic() < deadline:
        time.sleep(0.2)
    processes[1].send_signal(signal.SIGTERM)
    printed = outputs(processes)
    assert [process.returncode for process in processes] == [130, 130], printed
    step, _ = Run(folder).checkpoints[-1]
    assert step >= 2
    resume = [*command, "--resume", "--steps", str(step + 2)]
    ports = free_ports()
    processes = [start(resume, worker, ports) for worker in (0, 1)]
    printed = outputs(processes)
    assert [process.returncode for process in processes] == [0, 0], printed
    assert newest_model(Run(folder)).steps_done == step + 2
