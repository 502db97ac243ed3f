"""The JAX backend, in processes of their own, where TensorFlow cannot be imported."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from faceattr.data.numpy_batches import NumpyBatches
from faceattr.data.pipeline import training_batches
from faceattr.models.pairs import PairDraws
from faceattr.models.residual_gan.model import Objective, ResidualGAN
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData
from faceattr.training.train import train

pytest.importorskip("jax")
ROOT = pathlib.Path(__file__).parents[2]
TINY = {"image_size": 32, "width": 4, "batch_size": 4, "synthetic_faces": 40}

WITHOUT_TENSORFLOW = """
import sys


class NotInstalled:
    def find_spec(self, name, *rest):
        if name.split(".")[0] == "tensorflow":
            raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")


sys.meta_path.insert(0, NotInstalled())
"""


def on_jax(program, folder):
    environment = {**os.environ, "KERAS_BACKEND": "jax", "FOLDER": str(folder)}
    header = (
        WITHOUT_TENSORFLOW + "import os, pathlib\nfolder = pathlib.Path(os.environ['FOLDER'])\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", header + program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout


class OnePair(keras.utils.PyDataset):
    def __init__(self, pair):
        super().__init__()
        self.pair = pair

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.pair


ONE_STEP = """
import json

import keras
import numpy as np

from faceattr.models.residual_gan.model import ResidualGAN


class OnePair(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        faces = np.load(folder / "pair.npz")
        return faces["x0"], faces["x1"]


for path in sorted(folder.glob("*.keras")):
    model = keras.models.load_model(path)
    terms = model.fit(OnePair(), verbose=0, shuffle=False).history
    assert model.steps_done == 1
    np.savez(folder / f"{path.stem}.npz", *[weight.numpy() for weight in model.weights])
    path.with_suffix(".json").write_text(json.dumps({k: float(v[0]) for k, v in terms.items()}))
"""


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory):
    """One step of gradient descent at rate 1, so that the weights move by their gradients.

    Returns:
        the folder of the pair and of the models before the step; name -> (terms, weights before
        and after it).
    """
    folder = tmp_path_factory.mktemp("on_tensorflow")
    rng = np.random.default_rng(0)
    pair = tuple(rng.uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32) for _ in range(2))
    np.savez(folder / "pair.npz", x0=pair[0], x1=pair[1])
    settings = {"paper": {}, "ablations": {"residual": False, "dual": False, "ema_decay": 0.9}}
    steps = {}
    for name, changed in settings.items():
        keras.utils.set_random_seed(1)
        model = ResidualGAN(32, 4, alpha=1e-3, **changed)
        model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
        model.save(folder / f"{name}.keras")
        start = [weight.numpy() for weight in model.weights]
        terms = model.fit(OnePair(pair), verbose=0, shuffle=False).history
        steps[name] = terms, start, [weight.numpy() for weight in model.weights]
    return folder, steps


def agree_with_tensorflow(folder, name, steps):
    terms, starts, moved = steps[name]
    found = json.loads((folder / f"{name}.json").read_text())
    assert set(found) == set(Objective._fields)
    for term, value in found.items():
        assert value == pytest.approx(terms[term][0], rel=1e-5, abs=1e-6), (name, term)
    with np.load(folder / f"{name}.npz") as file:
        weights = [file[key] for key in file.files]
    for start, wanted, weight in zip(starts, moved, weights, strict=True):
        gradient = np.abs(wanted - start).max()
        np.testing.assert_allclose(weight, wanted, rtol=0, atol=1e-4 * gradient + 1e-6)
    assert max(np.abs(a - b).max() for a, b in zip(starts, weights, strict=True)) > 0.1


@pytest.mark.slow
def test_losses_and_gradients_are_tensorflows(on_tensorflow):
    folder, steps = on_tensorflow
    on_jax(ONE_STEP, folder)
    for name in steps:
        agree_with_tensorflow(folder, name, steps)


REGULARISED = """
import keras
import numpy as np

from faceattr.models.residual_gan.model import Objective, ResidualGAN

rng = np.random.default_rng(0)
pair = tuple(rng.uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32) for _ in range(2))


class Same(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return pair


# The type that needs its losses scaled, and all regularisers at once: compiling takes the time.
model = ResidualGAN(32, 2, dtype="mixed_float16", r1=0.1, ema_decay=0.9, spectral_norm=True)
model.compile()
assert model.jit_compile, "hundreds of operations, each compiled alone"
before = [weight.numpy() for weight in model.trainable_weights]
terms = model.fit(Same(), verbose=0, shuffle=False).history
assert all(np.isfinite(value).all() for value in terms.values()), terms
assert 0.5 < terms["discriminator_loss"][0] < 20, terms
assert terms["r1_penalty"][0] > 0
after = [weight.numpy() for weight in model.trainable_weights]
assert max(np.abs(a - b).max() for a, b in zip(before, after)) > 1e-5
assert model.steps_done == 3
"""


@pytest.mark.exhaustive
@pytest.mark.slow
def test_half_precision_and_regularisers_train_on_jax(tmp_path):
    on_jax(REGULARISED, tmp_path)


GO_ON = """
import dataclasses

import numpy as np

from faceattr.errors import UserError
from faceattr.training.train import train
from faceattr.runs.run import Run
from faceattr.training.data import TrainingData
from faceattr.runs.weights import newest_model
from faceattr import pixels

run = Run.open(folder / "run")
config = dataclasses.replace(run.config, steps=4)
train(config, run.folder, resume=True)
one = newest_model(run)
crops = TrainingData.load(config, run.split_folder).test_crops(run.edits[0], 32)
edited = one.edit(pixels.to_float(crops), run.edits[0])
np.save(folder / "edited.npy", np.asarray(edited))
assert "tensorflow" not in sys.modules

try:
    train(dataclasses.replace(config, data="folders", data_dir=str(folder / "photos"), attr="beach",
          cache="none", steps=1), folder / "three")
except UserError as error:
    print(error)
"""


ON_TWO_DEVICES = (
    """
from faceattr.training.devices.strategy import make_strategy

strategy = make_strategy(logical_devices=2)
assert strategy.num_replicas_in_sync == 2
(folder / "ablations.keras").unlink()
scope = strategy.scope()  # left with the process
scope.__enter__()
"""
    + ONE_STEP
    + """
assert len(model.trainable_weights[0].value.sharding.device_set) == 2
"""
)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_two_devices_of_jax_find_the_gradients_of_one(on_tensorflow, tmp_path):
    folder, steps = on_tensorflow
    both = pathlib.Path(shutil.copytree(folder, tmp_path / "both"))
    on_jax(ON_TWO_DEVICES, both)
    agree_with_tensorflow(both, "paper", steps)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_run_goes_on_without_tensorflow_and_comes_back(tmp_path):
    from PIL import Image

    from faceattr.data import synthetic

    for name in ("beach", "not_beach"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(4):
            face = synthetic.render(synthetic.sample_parameters(0, index), 32)
            Image.fromarray(face).save(tmp_path / "photos" / name / f"{index}.png")
    config = TrainConfig.of(attr="glasses", steps=2, **TINY)
    run = train(config, tmp_path / "run")
    printed = on_jax(GO_ON, tmp_path)
    assert "on JAX the crops must be in memory or packed" in printed
    model = keras.models.load_model(Run(run.folder).model_path)
    assert model.steps_done == 4
    data = TrainingData.load(config, run.split_folder)
    crops = data.test_crops(data.edits[0], 32) / np.float32(127.5) - 1
    edited = np.asarray(model.edit(crops, data.attributes[0].adding))
    np.testing.assert_allclose(edited, np.load(tmp_path / "edited.npy"), atol=1e-5)
    rows = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 4]
    # And on from there with TensorFlow.
    import dataclasses

    train(dataclasses.replace(config, steps=5), run.folder, resume=True)
    assert keras.models.load_model(run.model_path).steps_done == 5


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_batches_without_tensorflow_are_those_of_the_pipeline(jitter):
    data = TrainingData.load(TrainConfig.of(attr="smile", **TINY))
    steps = range(3, 9)
    draws = PairDraws(data.split.training("Smiling"), 4, 7)
    pairs = NumpyBatches(data.table, draws, steps, jitter)
    pipeline = training_batches(data.table, draws, 32, steps, jitter)
    assert len(pairs) == len(steps)
    for index, wanted in enumerate(pipeline):
        for images, same in zip(pairs[index], wanted, strict=True):
            assert images.dtype == np.float32
            np.testing.assert_array_equal(images, same)
