"""What every family of models must hold, whoever brings it: subclass `FamilyContract`.

A training of four steps and its resumption are made once, in a process of their own; what they left
is then looked at.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import warm_start
from commands import ROOT
from models.bits import assert_same_bits, state, values
from models.contract_of_rows import RowsContract
from models.contract_of_settings import SettingsContract

from faceattr import pixels
from faceattr.bundles.manifest import Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.data import synthetic
from faceattr.data.numpy_batches import NumpyBatches
from faceattr.errors import UserError
from faceattr.exporting.export import export
from faceattr.exporting.traced import outputs_of
from faceattr.models.registry import families
from faceattr.pictures.html import text
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import load
from faceattr.training.cost import measure_cost
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import make_strategy
from faceattr.training.results import measure
from faceattr.training.train import new_model

STEPS, KILLED = 4, 2

# Operation by operation: tracing each training takes longer than its steps.
TRAIN_AND_RESUME = f"""
import pathlib, shutil, sys
import tensorflow as tf
from faceattr.runs.settings import TrainConfig
from faceattr.training.train import train

tf.config.run_functions_eagerly(True)
folder = pathlib.Path(sys.argv[1])
config = TrainConfig.read(folder / "config.json")
run = train(config, folder / "whole")
# What a training leaves that is killed after its checkpoint of step {KILLED}.
shutil.copytree(run.folder, folder / "killed")
for gone in ("model.keras", "results.json", "checkpoints/step-{STEPS:08d}.keras"):
    (folder / "killed" / gone).unlink()
train(config, folder / "killed", resume=True)
"""

ONE_STEP = """
import json, pathlib, sys
import keras
import numpy as np
from faceattr.data.numpy_batches import NumpyBatches
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData

sys.modules["tensorflow"] = None
folder = pathlib.Path(sys.argv[1])
config = TrainConfig.read(folder / "config.json")
data = TrainingData.load(config)
config.family.model_class()
model = keras.models.load_model(folder / "start.keras")
batches = NumpyBatches(data.table, data.draws(config), range(1))
terms = model.fit(batches, verbose=0, shuffle=False).history
np.savez(folder / "moved.npz", *[weight.numpy() for weight in model.weights])
(folder / "terms.json").write_text(json.dumps({name: value[0] for name, value in terms.items()}))
"""


def python_path(package):
    """The folders that Python looks for packages in, and that of a family that is none of ours."""
    return os.pathsep.join(filter(None, [str(package or ""), os.environ.get("PYTHONPATH")]))


def python(program, folder, package, **environment):
    environment = {**os.environ, "PYTHONPATH": python_path(package), **environment}
    command = [sys.executable, "-c", program, str(folder)]
    process = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert process.returncode == 0, process.stderr[-3000:]


class FamilyContract(SettingsContract, RowsContract):
    """What a family must hold.

    Attributes:
        name: str, of the family.
        attr: str, what `--attr` is; two attributes where it learns several.
        settings: of its tiny training, options of its own among them.
        package: the folder that it is imported from, if it is none of this house's.
        rounding: how far the network of one edit may be from the model's, in float32.
    """

    name: str
    attr = "glasses"
    settings: dict = {}  # noqa: RUF012
    package: pathlib.Path | None = None
    rounding = 1e-6

    @pytest.fixture(scope="class", autouse=True)
    def installed(self):
        with pytest.MonkeyPatch.context() as patch:
            if self.package is not None:
                patch.syspath_prepend(self.package)
            families.cache_clear()
            yield
        families.cache_clear()

    @pytest.fixture(scope="class")
    def family(self, installed):
        return families()[self.name]

    @pytest.fixture(scope="class")
    def config(self, family):
        tiny = {"image_size": 32, "width": 4, "batch_size": 4, "synthetic_faces": 32}
        often = {"steps": STEPS, "checkpoint_every": KILLED, "sample_every": KILLED}
        return TrainConfig.of(model=self.name, attr=self.attr, **{**tiny, **often, **self.settings})

    @pytest.fixture(scope="class")
    def data(self, config):
        return TrainingData.load(config)

    @pytest.fixture(scope="class")
    def draw(self, config, data):
        def draw(seed=0):
            return data.draws(dataclasses.replace(config, seed=seed))

        return draw

    @pytest.fixture(scope="class")
    def runs(self, config, tmp_path_factory):
        """(the run of one training, that of a training which was killed and resumed)."""
        folder = tmp_path_factory.mktemp(self.name)
        text = json.dumps({**config.settings(), "deterministic": True})
        (folder / "config.json").write_text(text)
        program = ["-c", TRAIN_AND_RESUME, folder]
        process = warm_start.run(program, PYTHONPATH=python_path(self.package))
        assert process.returncode == 0, process.stderr[-3000:]
        return Run.open(folder / "whole"), Run.open(folder / "killed")

    @pytest.fixture(scope="class")
    def model(self, runs, family):
        return load(runs[0].model_path, family)

    @pytest.fixture(scope="class")
    def faces(self):
        """float32 [3, 32, 32, 3] in [-1, 1]."""
        drawn = [synthetic.render(synthetic.sample_parameters(7, i), 32) for i in range(3)]
        return pixels.to_float(np.stack(drawn))

    def test_phases_follow_each_other_to_the_end(self, family, config, data, untraced):
        phases = family.phases(config.options, config.steps)
        *stops, last = [phase.stop for phase in phases]
        assert last is None
        assert stops == sorted(stops)
        for phase in phases:
            if not phase.players:
                continue
            model = new_model(config, data.attributes)
            before = {player.name: values(player.variables) for player in model.players}
            assert set(phase.players) <= set(before)
            model.learning = phase.players
            with untraced():
                model.fit(NumpyBatches(data.table, data.draws(config), range(1)), verbose=0)
            for player in model.players:
                pairs = zip(values(player.variables), before[player.name], strict=True)
                learned = any((new != old).any() for new, old in pairs)
                assert learned == (player.name in phase.players)

    @pytest.mark.slow
    def test_the_cost_counts_each_players_parameters(self, config, data, untraced):
        with untraced():
            cost = measure_cost(config, data, make_strategy())
        networks = new_model(config, data.attributes).networks_of
        assert cost.parameters == {
            player: sum(network.count_params() for network in of)
            - sum(v.value.numpy().size for network in of for v in network.non_trainable_variables)
            for player, of in networks.items()
        }
        assert cost.step_seconds > 0

    @pytest.mark.slow
    def test_a_killed_training_goes_on_to_the_same_bits(self, runs, family):
        whole, resumed = runs
        assert [step for step, _ in resumed.checkpoints] == [KILLED, STEPS]
        files = [(run.checkpoints[-1][1], run.model_path) for run in runs]
        for one, other in zip(*files, strict=True):
            assert_same_bits(state(load(one, family)), state(load(other, family)))
        assert whole.results == resumed.results

    @pytest.mark.slow
    def test_saved_and_loaded_it_is_the_same(self, runs, family, data, faces, tmp_path):
        model = load(runs[0].checkpoints[-1][1], family)
        moments = [v for player in model.players for v in player.optimizer.variables]
        assert any(np.asarray(moment).any() for moment in moments[2:]), "nothing was learned"
        model.save(tmp_path / "model.keras")
        again = load(tmp_path / "model.keras", family)
        assert again.steps_done == STEPS
        assert_same_bits(state(again), state(model))
        for edit in data.edits:
            assert_same_bits(
                [again.residual_image(faces, edit)], [model.residual_image(faces, edit)]
            )
        _, batch = next(family.held_out_batches(data, data.edits, 32, 4))
        assert_same_bits(
            again.objective(batch, training=False), model.objective(batch, training=False)
        )

    @pytest.mark.slow
    def test_begun_with_a_finished_run_it_makes_that_ones_edits(
        self, runs, family, config, data, model, faces
    ):
        other_seed = dataclasses.replace(config, seed=config.seed + 1)
        begun = family.complete(new_model(other_seed, data.attributes, runs[0]), data, data.edits)
        assert begun.steps_done == 0
        for edit in data.edits:
            wanted = np.asarray(model.residual_image(faces, edit))
            np.testing.assert_allclose(begun.residual_image(faces, edit), wanted, atol=1e-6)
        for player, networks in begun.networks_of.items():
            for network, other in zip(networks, model.networks_of[player], strict=True):
                finished = model.averages.get(other.name, other)
                assert_same_bits(values(network.weights), values(finished.weights))

    @pytest.mark.slow
    def test_the_results_are_those_of_the_model_that_is_kept(self, runs, family, data, model):
        found, told = measure(model, family, data), runs[0].results
        assert told["objective"] == pytest.approx(found["objective"], rel=1e-4, abs=1e-5)
        assert list(told["truth"]) == [edit.name for edit in data.edits]
        for name, truth in found["truth"].items():
            assert told["truth"][name] == pytest.approx(truth, abs=0.02)

    @pytest.mark.slow
    def test_an_edit_is_the_clipped_sum_and_strength_0_changes_nothing(self, model, data, faces):
        for edit in data.edits:
            residual = np.asarray(model.residual_image(faces, edit))
            assert residual.any()
            assert_same_bits([model.edit(faces, edit, 0.0)], [faces])
            wanted = np.clip(faces + np.float32(0.7) * residual, -1, 1)
            np.testing.assert_allclose(model.edit(faces, edit, 0.7), wanted, atol=1e-6)

    @pytest.mark.slow
    def test_the_page_shows_every_chart_and_edit(self, runs, family, data):
        run = runs[0]
        page = run.page_path.read_text()
        assert text(family.title) in page
        for edit in data.edits:
            assert f"<b>{edit.name}</b>" in page
        for term in family.terms(data.edits):
            if term.chart:
                assert f"<h3>{text(term.chart)}<" in page
                assert f"{text(term.label)} <b>" in page
        assert [step for step, _ in run.samples] == [0, KILLED, STEPS]

    @pytest.mark.slow
    def test_tensorboard_files_every_term_under_its_group(self, runs, family, data):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(runs[0].tensorboard_folder)).Reload()
        terms = {f"{term.group}/{term.name}" for term in family.terms(data.edits)}
        assert set(events.Tags()["scalars"]) == {"speed/pairs_per_second", *terms}
        assert events.Tags()["images"] == ["samples"]

    @pytest.mark.slow
    def test_each_exported_edit_is_keras(self, runs, family, data, model, faces, tmp_path):
        edits = family.exports(data.edits)
        assert set(edits) <= set(data.edits)
        if not edits:
            with pytest.raises(UserError, match=f"model is {self.name}, .* not exported"):
                export(runs[0].folder, tmp_path)
            return
        bundles = export(runs[0].folder, tmp_path)
        assert [bundle.name for bundle in bundles] == [edit.name for edit in edits]
        for bundle, edit in zip(bundles, edits, strict=True):
            assert Manifest.read(bundle).edit == edit
            wanted = np.asarray(model.residual_image(faces, edit))
            outputs = outputs_of(family.network(model, edit))(tf.constant(faces))
            np.testing.assert_allclose(outputs["residual"], wanted, atol=self.rounding)
            saved = tf.saved_model.load(str(bundle / "saved_model" / "1"))
            found = saved.signatures["serving_default"](image=tf.constant(faces))
            assert set(found) == {"edited_image", *outputs}
            for name, value in outputs.items():
                np.testing.assert_allclose(found[name], value, atol=1e-4)
            np.testing.assert_allclose(found["edited_image"], model.edit(faces, edit), atol=1e-4)
            runtime = LiteRTRuntime(bundle / f"{edit.name}.tflite")
            for image, residual in zip(faces, wanted, strict=True):
                np.testing.assert_allclose(runtime.residual(image), residual, atol=1e-2)

    @pytest.mark.exhaustive
    @pytest.mark.slow
    def test_jax_takes_tensorflows_step(self, family, config, data, draw, tmp_path):
        """One step of gradient descent at rate 1, so that the weights move by their gradients."""
        if "jax" not in family.backends:
            pytest.skip("trains on TensorFlow alone")
        pytest.importorskip("jax")
        (tmp_path / "config.json").write_text(config.to_json())
        model = new_model(config, data.attributes)
        model.compile(*(keras.optimizers.SGD(1.0) for _ in model.players))
        model.save(tmp_path / "start.keras")
        python(ONE_STEP, tmp_path, self.package, KERAS_BACKEND="jax")
        start = values(model.weights)
        terms = model.fit(NumpyBatches(data.table, draw(), range(1)), verbose=0).history
        found = json.loads((tmp_path / "terms.json").read_text())
        wanted = {name: value[0] for name, value in terms.items()}
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-6)
        with np.load(tmp_path / "moved.npz") as file:
            moved = [file[key] for key in file.files]
        for before, after, other in zip(start, values(model.weights), moved, strict=True):
            gradient = np.abs(after - before).max()
            np.testing.assert_allclose(other, after, rtol=0, atol=1e-4 * gradient + 1e-6)
