import importlib.util
import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from faceattr.models.residual_gan.model import ResidualGAN

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gan():
    keras.utils.set_random_seed(1)
    return ResidualGAN(32, 4, alpha=1e-3, beta=0.5)


PAIR = tuple(np.random.default_rng(i).uniform(-1, 1, (3, 32, 32, 3)).astype("f") for i in (0, 1))


def test_the_reference_minimises_the_objectives_losses():
    benchmark, model = load("train_step"), gan()
    objective = model.objective(PAIR, training=True)
    for loss, wanted in (
        (benchmark._discriminator_loss, objective.discriminator_loss),
        (benchmark._generator_loss, objective.generator_loss),
    ):
        assert float(loss(model, *PAIR)) == pytest.approx(float(wanted), rel=1e-5)


def test_the_reference_updates_every_player():
    separate, together = gan(), gan()
    start = {name: getattr(separate, name).get_weights() for name in ("to_positive", "to_negative")}
    load("train_step")._separate_updates(separate)(PAIR)
    together.compile()
    together.train_step(PAIR)
    # D comes first, when nothing has moved: its update is the one step's.
    for ours, theirs in zip(
        separate.discriminator.trainable_variables,
        together.discriminator.trainable_variables,
        strict=True,
    ):
        # Adam moves by the sign of the gradient; where that is nought the sign is noise.
        moved_alike = np.isclose(ours.numpy(), theirs.numpy(), atol=1e-6)
        assert moved_alike.mean() > 0.99, ours.path
    for name, weights in start.items():
        now = getattr(separate, name).get_weights()
        assert all(np.any(a != b) for a, b in zip(weights, now, strict=True)), name


def run(name, arguments, path):
    process = subprocess.run(
        [sys.executable, FOLDER / f"{name}.py", *arguments, "--json", path],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout, json.loads(path.read_text())


@pytest.mark.exhaustive
@pytest.mark.slow
def test_the_benchmark_measures_rows_in_turn(tmp_path):
    arguments = [
        "--sizes",
        "32",
        "--width",
        "4",
        "--batch_size",
        "2",
        "--repetitions",
        "1",
        "--no-bfloat16",
    ]
    printed, figures = run("train_step", arguments, tmp_path / "figures.json")
    rows = figures["sizes"]["32"]["rows"]
    assert set(rows) == {"one step", "separate updates"}
    rates = figures["sizes"]["32"]["rates"]
    flops = load("step_flops").step_flops(32, 4, 2)
    for name, row in rows.items():
        assert name in printed
        assert row["pairs_per_second"] == pytest.approx(2 / row["seconds"])
        rate = flops / row["seconds"]
        matrix = rates["matrix_product_flops_per_second"]
        assert row["over_matrix_product"] == pytest.approx(rate / matrix)
        assert row["peak_memory_bytes"] > row["step_memory_bytes"] > 0
        separate = rows["separate updates"]["seconds"]
        assert row["over_separate_updates"] == pytest.approx(separate / row["seconds"])


@pytest.mark.slow
def test_the_trace_finds_every_convolution(tmp_path):
    arguments = ["--image_size", "32", "--width", "4", "--batch_size", "2", "--steps", "1"]
    printed, figures = run("where_time_goes", arguments, tmp_path / "figures.json")
    convolutions = figures["convolutions"]
    # Fewer operations may give the same numbers, but each layer is there in each direction.
    flops = sum(share["flops"] for share in convolutions.values())
    written = load("step_flops").step_flops(32, 4, 2)
    assert 0.5 * written < flops < 1.1 * written
    directions = {name.rpartition(", ")[2] for name in convolutions}
    assert directions == {"forward", "by input", "by kernel"}
    by_type = figures["operations"]
    assert sum(share["flops"] for share in by_type.values()) == pytest.approx(flops)
    total = sum(share["seconds"] for share in by_type.values())
    assert figures["seconds_per_step"] == pytest.approx(total)
    in_convolutions = sum(share["seconds"] for name, share in by_type.items() if "Conv2D" in name)
    assert sum(share["seconds"] for share in convolutions.values()) == pytest.approx(
        in_convolutions
    ), "a convolution is in no layer"
    assert next(iter(convolutions)) in printed
