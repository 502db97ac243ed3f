"""Shared by the tests: real faces where they are, and one tiny finished run."""

import contextlib
import fcntl
import functools
import os
import pathlib
import shutil
from collections.abc import Callable

import hypothesis
import pytest

# A busy machine is slow now and then; a test must not fail for it.
hypothesis.settings.register_profile("no_deadline", deadline=None)
# --hypothesis-profile thorough: 10,000 malformed requests over REST, thousands over gRPC.
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=3_334)
hypothesis.settings.load_profile("no_deadline")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# XLA takes seconds to optimize what a test runs once: a draw of weights on JAX, for each shape.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: two processes that share files end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def real_faces(name: str) -> pathlib.Path:
    folder = pathlib.Path(os.environ.get("FACEATTR_DATA", "../shared/data")).resolve() / name
    if not folder.is_dir():
        pytest.skip(f"real faces are not at {folder}; set FACEATTR_DATA")
    return folder


@pytest.fixture(scope="session")
def celeba_dir() -> pathlib.Path:
    """The real faces of CelebA; FACEATTR_DATA names the folder they lie in."""
    return real_faces("celeba")


@pytest.fixture(scope="session")
def lfw_dir() -> pathlib.Path:
    """The real faces of LFW-deepfunneled; FACEATTR_DATA names the folder they lie in."""
    return real_faces("lfw")


def made_once(factory: pytest.TempPathFactory, path: str, make: Callable) -> pathlib.Path:
    """A folder that one of the processes which share the tests makes and all of them read."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # whose folders are those of the processes
    folder = base / path
    made = base / f"{folder.name}.made"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def untraced():
    """`with untraced():`, a training that makes a step or two: TensorFlow takes seconds to trace a
    step before the first, and runs it here operation by operation for the same numbers.
    """
    import tensorflow as tf

    @contextlib.contextmanager
    def untraced():
        tf.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(False)

    return untraced


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory):
    """A run of three steps at 32x32: real in every file, poor in every picture."""
    from faceattr.runs.run import Run
    from faceattr.runs.settings import TrainConfig
    from faceattr.training.train import train

    config = TrainConfig.of(
        attr="glasses", image_size=32, width=4, batch_size=4, steps=3, synthetic_faces=24
    )
    return Run.open(made_once(tmp_path_factory, "runs/glasses", functools.partial(train, config)))


@pytest.fixture(scope="session")
def bundles(finished_run, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Both bundles of `finished_run`."""
    from faceattr.exporting.export import export

    return made_once(
        tmp_path_factory, "exported/bundles", functools.partial(export, finished_run.folder)
    )


@pytest.fixture(scope="module")
def coarse_figures():
    """Figures of few dots that are laid out once: here they are counted, not looked at."""
    from matplotlib.figure import Figure

    from faceattr.evaluation.report import figure_style

    def coarse(figsize, dpi, layout):
        return Figure(figsize=figsize, dpi=24)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_style, "Figure", coarse)
        yield


@pytest.fixture(scope="session")
def tiny_bundles() -> pathlib.Path:
    """add_glasses and remove_glasses, for 32x32, of networks that nobody trained; loaded without
    TensorFlow, and made by make_tiny_bundles.py."""
    return pathlib.Path(__file__).parent / "tiny_bundles"
