"""Callbacks of a training on JAX, without TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from training.watching.test_callbacks import new_run, rows

from faceattr import pixels
from faceattr.runs.settings import TrainConfig

_WITHOUT_TENSORFLOW = """
import os, pathlib, sys
os.environ["KERAS_BACKEND"] = "jax"
sys.modules["tensorflow"] = None  # "import tensorflow" raises ImportError
import keras
import numpy as np
from faceattr.attributes import find_attribute
from faceattr.training.watching.callbacks import MetricsLog, Progress, ResetMeans, Samples
from faceattr.training.watching.checkpoints import Checkpoints
from faceattr.training.watching.guards import Advice, FiniteLosses, GivenAdvice, GracefulStop
from faceattr.models.residual_gan.family import FAMILY
from faceattr.training.watching.live_page import LivePage
from faceattr.runs.run import Run
from faceattr.training.watching.tensorboard_log import TensorBoardLog

TERMS = ("generator_loss", "gan_loss", "dual_loss", "discriminator_loss",
         "residual_to_positive", "residual_to_negative")

@keras.saving.register_keras_serializable()
class Counter(keras.Model):
    # Its weight grows by one in each step, and every term is the weight before it.
    def __init__(self):
        super().__init__()
        self.steps = self.add_weight(shape=(), initializer="zeros", name="steps")
        self.means = [keras.metrics.Mean(name=name) for name in TERMS]
        self.built = True

    @property
    def metrics(self):
        return self.means

    def train_step(self, state, batch):
        trainable, non_trainable, optimizer, metrics = state
        taken, means = 0, []
        for mean in self.means:
            own = metrics[taken : taken + len(mean.variables)]
            means += mean.stateless_update_state(own, trainable[0])
            taken += len(own)
        logs, taken = {}, 0
        for mean in self.means:
            own = means[taken : taken + len(mean.variables)]
            logs[mean.name] = mean.stateless_result(own)
            taken += len(own)
        return logs, ([trainable[0] + 1.0], non_trainable, optimizer, means)

    def residual_image(self, images, edit):
        return keras.ops.zeros_like(images) + self.steps / 1000

    def shown(self, images):
        return []

run = Run(pathlib.Path(sys.argv[1]))
model = Counter()
model.compile(optimizer="sgd")
advice = Advice(FAMILY.alarms)
edits = find_attribute("glasses", ["Eyeglasses"]).edits
terms = FAMILY.terms(edits)
faces = {edit: np.zeros((2, 8, 8, 3), np.uint8) for edit in edits}
with GracefulStop() as stop:
    model.fit(
        np.zeros((50, 1), np.float32), batch_size=1, shuffle=False, verbose=0,
        callbacks=[
            stop, FiniteLosses(0), Progress(0, 50, 2, terms), GivenAdvice(0, advice),
            MetricsLog(run, 0, 50, 1),
            ResetMeans(0),
            Samples(run, faces, 0, 25, 50),
            TensorBoardLog(run, 0, terms), LivePage(run, 0, terms, advice),
            Checkpoints(run, 0, 10, keep=3, best_by="gan_loss"),
        ],
    )
assert "tensorflow" not in [name for name, module in sys.modules.items() if module is not None]
"""


@pytest.mark.slow
def test_every_callback_works_on_jax_without_tensorflow(tmp_path):
    run = new_run(tmp_path)
    run.write_config(TrainConfig.of(attr="glasses", image_size=32, batch_size=1, steps=50))
    run.write_data({"attributes": [{"column": "Eyeglasses"}]})
    command = [sys.executable, "-c", _WITHOUT_TENSORFLOW, str(run.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    # Step n logs n - 1: the means are those of the steps of each row, reset on JAX's own state.
    assert [(row["step"], row["gan_loss"]) for row in rows(run)] == [
        (20, 9.5),
        (40, 29.5),
        (50, 44.5),
    ]
    assert [step for step, _ in run.checkpoints] == [30, 40, 50]
    assert (run.best.step, run.best.value) == (10, 4.5)
    # The grid of step 50 shows the weight of step 50, not an older state: 0.05 of mid grey.
    with Image.open(run.sample_path(50)) as grid:
        residual = np.asarray(grid)[2 + 10 + 4, -2 * 10 - 2 + 4]
    np.testing.assert_array_equal(residual, pixels.residual_to_uint8(np.full(3, 0.05, "float32")))
    assert "finished" in run.page_path.read_text()
    assert len(list(run.tensorboard_folder.iterdir())) == 1
