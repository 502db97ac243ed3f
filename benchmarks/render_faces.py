"""Measures how many faces one core draws in a second.

    python benchmarks/render_faces.py --json render_faces.json

A plain baseline runs in turn with it, so that the ratio of the two means the same on a machine that
is busy: NumPy filling an image of the same size with Gaussian noise and converting it to uint8.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from reports import hand_over, machine

from faceattr import command_line
from faceattr.data import synthetic
from faceattr.errors import UserError

SIZES = (64, 128)
ROUNDS = 7


def seconds_each(draw: Callable[[int], object], repeats: int) -> float:
    """Processor seconds that one of `draw(0)`, `draw(1)` and so on takes, the mean of `repeats`."""
    start = time.process_time()
    for index in range(repeats):
        draw(index)
    return (time.process_time() - start) / repeats


def noise_image(rng: np.random.Generator, size: int) -> np.ndarray:
    """The baseline: uint8 [size, size, 3] of Gaussian noise."""
    noise = rng.standard_normal((size, size, 3), dtype=np.float32)
    return np.clip(noise * 64 + 128, 0, 255).astype(np.uint8)


def measure(size: int, faces: int) -> dict[str, float]:
    """Medians over the rounds, each of which draws `faces` faces and as many baseline images."""
    parameters = [synthetic.sample_parameters(0, index) for index in range(faces)]
    rng = np.random.default_rng(0)
    drawn, sampled, plain = [], [], []
    synthetic.render(parameters[0], size)
    for _ in range(ROUNDS):
        drawn.append(seconds_each(lambda index: synthetic.render(parameters[index], size), faces))
        plain.append(seconds_each(lambda index: noise_image(rng, size), faces))
        sampled.append(seconds_each(lambda index: synthetic.sample_parameters(1, index), faces))
    return {
        "faces_per_second": 1 / statistics.median(drawn),
        "baseline_images_per_second": 1 / statistics.median(plain),
        "share_of_baseline": statistics.median(
            base / face for base, face in zip(plain, drawn, strict=True)
        ),
        "parameters_per_second": 1 / statistics.median(sampled),
    }


def main(arguments: argparse.Namespace) -> None:
    if arguments.faces < 1:
        raise UserError(f"--faces {arguments.faces}: at least one is needed")
    report: dict[str, Any] = {
        **machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "faces": arguments.faces,
        "rounds": ROUNDS,
        "sizes": {},
    }
    print(f"{report['processor']}, one core, median of {ROUNDS} rounds of {arguments.faces} faces")
    print("  size  faces/s  baseline images/s  share  parameters/s")
    for size in SIZES:
        result = measure(size, arguments.faces)
        report["sizes"][size] = result
        print(
            f"  {size:4d}  {result['faces_per_second']:7.0f}"
            f"  {result['baseline_images_per_second']:17.0f}"
            f"  {result['share_of_baseline']:5.3f}"
            f"  {result['parameters_per_second']:12.0f}"
        )
    hand_over(report, arguments.json, prints=False)


def parser() -> argparse.ArgumentParser:
    flags = command_line.ArgumentParser(
        "benchmarks/render_faces.py",
        "Measures how many faces one core draws in a second, beside a plain baseline.",
        "example:\n  python benchmarks/render_faces.py --json render_faces.json\n",
    )
    flags.add_argument("--faces", type=int, default=200, help="faces in a round (%(default)s)")
    flags.add_argument("--json", help="a file for the numbers")
    return flags


if __name__ == "__main__":
    command_line.run("benchmarks/render_faces.py", lambda: main(parser().parse_args()))
