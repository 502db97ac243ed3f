import dataclasses
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from faceattr.models.adversarial import AdversarialModel
from faceattr.runs.settings import TrainConfig
from faceattr.training import cost
from faceattr.training.cost import describe_cost, measure_cost
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import make_strategy
from faceattr.training.train import new_model

CONFIG = TrainConfig.of(
    attr="glasses", image_size=32, width=4, batch_size=8, steps=900, synthetic_faces=24
)


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Each step of four pairs takes two seconds; that it is made is the families' contract."""

    def fit(self, batches, steps_per_epoch, callbacks, **more):
        for step in range(steps_per_epoch):
            callbacks[0].on_train_batch_end(step)

    ticks = itertools.count(step=2.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost.time, "perf_counter", lambda: next(ticks))
        patch.setattr(AdversarialModel, "fit", fit)
        yield


@pytest.fixture(scope="module")
def measured(quick):
    return measure_cost(CONFIG, TrainingData.load(CONFIG), make_strategy())


def test_parameters_are_those_of_the_model_and_its_players(measured):
    data = TrainingData.load(CONFIG)
    model = new_model(CONFIG, data.attributes)
    counts = {
        name: sum(network.count_params() for network in networks)
        for name, networks in model.networks_of.items()
    }
    trainable = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
    assert sum(measured.parameters.values()) == trainable
    assert all(measured.parameters[name] < counts[name] for name in counts), "averages do not train"
    assert measured.weight_bytes == 16 * trainable


def test_a_few_pairs_tell_how_long_a_whole_batch_takes(measured):
    assert measured.measured_pairs == 4
    assert measured.step_seconds == pytest.approx(2.0 * 8 / 4)


def test_one_device_exchanges_nothing_and_several_two_gradients_less_what_they_keep(monkeypatch):
    data = TrainingData.load(CONFIG)

    class Two:
        num_replicas_in_sync = 2
        scope = staticmethod(make_strategy().scope)

    found = measure_cost(CONFIG, data, Two())
    assert found.all_reduce_bytes == 4 * sum(found.parameters.values())
    assert found.measured_pairs == 8


def test_a_description_says_all_of_it(measured, monkeypatch):
    monkeypatch.setattr(cost, "measure_cost", lambda *given: measured)
    text = describe_cost(CONFIG, None, make_strategy())
    for name, count in measured.parameters.items():
        assert f"{name} {count:,}" in text
    assert "4 s per step of 8 pairs, 1 h 0 min for 900 steps (measured here with 4 pairs" in text
    whole = dataclasses.replace(measured, measured_pairs=8)
    monkeypatch.setattr(cost, "measure_cost", lambda *given: whole)
    assert "(measured here)" in describe_cost(CONFIG, None, make_strategy())


_WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # "import tensorflow" raises ImportError
from faceattr.runs.settings import TrainConfig
from faceattr.training.cost import describe_cost
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import make_strategy

config = TrainConfig.of(attr="glasses", image_size=32, width=4, batch_size=2, synthetic_faces=24)
print(describe_cost(config, TrainingData.load(config), make_strategy()))
"""


@pytest.mark.slow
def test_no_tensorflow_is_needed():
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", _WITHOUT_TENSORFLOW]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "parameters   generator " in done.stdout
