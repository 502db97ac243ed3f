"""How many photos a server edits per second, how long one waits, and what overload does to both.

    python benchmarks/serving.py --bundle bundles/remove_glasses --server_cpus 0 --client_cpus 1
    python benchmarks/serving.py --bundle bundles/remove_glasses --requests 20000

In turn, each in a process of its own: the SavedModel alone, in batches of several sizes, as fast
as it goes; the server with batching, asked by 32, 200 and 1,000 clients, one photo a request
(`image_bytes`); the server without batching, asked by 32; the SavedModel once more. What counts are
the ratios: both ends are measured in the same run, with the same signature, on the same cores, and
how far the two measurements of the model alone lie apart tells what else the machine was doing. A
client that is answered 503 waits as `Retry-After` says, and tries again.

The load generator needs about as much of a core as the server's own work, so it has a core of its
own (--client_cpus), and server and model have the other. Where they share cores, the time that the
server's process used, which is measured as well, leaves it out.

The second command sends so many requests, and tells what the server holds in memory meanwhile.
"""

import argparse
import asyncio
import io
import json
import multiprocessing
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from load_generator import Load, cpu_seconds, memory_mib, use_cpus
from PIL import Image
from reports import hand_over, machine

from faceattr import command_line
from faceattr.data import synthetic
from faceattr.errors import UserError
from faceattr.files import write_text

BATCHING = """
max_batch_size { value: 32 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 8 }
num_batch_threads { value: 2 }
"""
BATCH_SIZES = (1, 8, 16, 32)


def photo(size: int) -> bytes:
    """A drawn face crop, JPEG."""
    file = io.BytesIO()
    face = synthetic.render(synthetic.sample_parameters(5, 1), size)
    Image.fromarray(face).save(file, "JPEG", quality=95)
    return file.getvalue()


def model_alone(folder: str, contents: bytes, seconds: float, cpus: str | None, pipe: Any) -> None:
    """Sends, by batch size, images per second and milliseconds of CPU for each: what the SavedModel
    does without a server."""
    use_cpus(cpus)
    command_line.import_tensorflow_quietly()
    import tensorflow as tf

    model = tf.saved_model.load(folder)
    edit = model.signatures["image_bytes"]
    found = {}
    for size in BATCH_SIZES:
        batch = tf.constant([contents] * size)
        edit(image_bytes=batch)
        start, cpu, count = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - start < seconds / len(BATCH_SIZES):
            edit(image_bytes=batch)["edited_image_bytes"].numpy()
            count += size
        found[size] = {
            "per_second": count / (time.perf_counter() - start),
            "cpu_ms": 1000 * (time.process_time() - cpu) / count,
        }
    pipe.send(found)


def load(
    port: int, contents: bytes, clients: int, seconds: float, cpus: str | None, pipe: Any
) -> None:
    """What the load generator's process does for a time."""
    use_cpus(cpus)
    pipe.send(asyncio.run(Load(port, contents).run(clients, seconds)))


def requests(
    port: int, contents: bytes, clients: int, count: int, server: int, cpus: str | None, pipe: Any
) -> None:
    """What it does for so many requests."""
    use_cpus(cpus)
    pipe.send(asyncio.run(Load(port, contents).run_requests(clients, count, server)))


def in_a_process(function: Any, *arguments: Any) -> Any:
    """Calls a function in a process of its own, and returns what it sends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=function, args=(*arguments, theirs))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        raise UserError("a measurement ended without a result; see above") from None
    finally:
        process.join()


class RunningServer:
    """`python -m serving` on a bundle."""

    def __init__(self, bundle: pathlib.Path, flags: list[str], cpus: str | None) -> None:
        command = [sys.executable, "-m", "serving", "--rest_api_port=0", "--port=0"]
        command += [f"--model_base_path={bundle / 'saved_model'}", "--model_name=edit", *flags]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=lambda: use_cpus(cpus),
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        output = ""
        while "gRPC: " not in output:
            line = self._process.stdout.readline()
            if not line:
                raise UserError("python -m serving did not start; try it by hand")
            output += line
        self.port = int(re.search(r"http://[^/]*:(\d+)/", output)[1])  # type: ignore[index]

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


def start(arguments: argparse.Namespace, batching: bool, work: pathlib.Path) -> RunningServer:
    """The server of the bundle."""
    flags = []
    if batching:
        write_text(work / "batching.config", BATCHING)
        flags = ["--enable_batching", f"--batching_parameters_file={work / 'batching.config'}"]
    return RunningServer(pathlib.Path(arguments.bundle), flags, arguments.server_cpus)


def under_load(
    arguments: argparse.Namespace, contents: bytes, server: RunningServer, clients: int
) -> dict[str, Any]:
    """What some clients get of a server, and what it costs the server."""
    cpu = cpu_seconds(server.pid)
    given = (server.port, contents, clients, arguments.seconds, arguments.client_cpus)
    found = in_a_process(load, *given)
    found["cpu_ms"] = 1000 * (cpu_seconds(server.pid) - cpu) / max(found["answered"], 1)
    found["memory_mib"] = memory_mib(server.pid)
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def measure(arguments: argparse.Namespace, folder: pathlib.Path, work: pathlib.Path) -> dict:
    """The report: model and server, in one run."""
    contents = photo(arguments.size)
    alone = (str(folder), contents, arguments.seconds / 3, arguments.server_cpus)
    report = {"machine": machine(), "seconds": arguments.seconds, "photo": arguments.size}
    before = in_a_process(model_alone, *alone)
    with start(arguments, True, work) as server:
        batching = [under_load(arguments, contents, server, many) for many in arguments.clients]
    with start(arguments, False, work) as server:
        no_batching = [under_load(arguments, contents, server, arguments.clients[0])]
    after = in_a_process(model_alone, *alone)
    return {
        **report,
        "model_alone": {"before": before, "after": after},
        "batching": batching,
        "no_batching": no_batching,
    }


def best(rates: dict[int, dict[str, float]], what: str) -> float:
    """The highest rate, or the least CPU, whatever the batch."""
    found = [one[what] for one in rates.values()]
    return max(found) if what == "per_second" else min(found)


def table(report: dict[str, Any]) -> str:
    """The report as docs/serving.md shows it."""
    ends = report["model_alone"]["before"], report["model_alone"]["after"]
    rates, costs = ([best(end, what) for end in ends] for what in ("per_second", "cpu_ms"))
    rate, cost = sum(rates) / 2, sum(costs) / 2
    first = report["batching"][0]["per_second"]
    lines = [
        "| | photos/s | of the model | of the first | CPU ms/photo | p50, s | p99, s | 503 |"
        " other failures | MiB |",
        "| --- " * 10 + "|",
        f"| SavedModel alone, best batch ({rates[0]:.0f} before, {rates[1]:.0f} after) |"
        f" {rate:.0f} | 100% | | {cost:.1f} | | | | | |",
    ]
    for name in ("batching", "no_batching"):
        for one in report[name]:
            lines.append(
                f"| {name.replace('_', ' ')}, {one['clients']:,} clients |"
                f" {one['per_second']:.0f} | {one['per_second'] / rate:.0%} |"
                f" {one['per_second'] / max(first, 1e-9):.0%} | {one['cpu_ms']:.1f} |"
                f" {one['p50_ms'] / 1000:.2f} | {one['p99_ms'] / 1000:.2f} |"
                f" {one['refused_503']} | {sum(one['failed'].values())} |"
                f" {one['memory_mib']:.0f} |"
            )
    return "\n".join(lines)


def memory(arguments: argparse.Namespace, work: pathlib.Path) -> dict[str, Any]:
    """What the server holds while so many requests are answered."""
    with start(arguments, True, work) as server:
        given = (arguments.clients[0], arguments.requests, server.pid, arguments.client_cpus)
        seen = in_a_process(requests, server.port, photo(arguments.size), *given)
    print("| answered | seconds | MiB |\n| --- | --- | --- |")
    for answered, seconds, mib in seen:
        print(f"| {answered:,} | {seconds:.0f} | {mib:.0f} |")
    return {"machine": machine(), "photo": arguments.size, "seen": seen}


def main(arguments: argparse.Namespace) -> None:
    saved_model = pathlib.Path(arguments.bundle) / "saved_model"
    versions = sorted(saved_model.glob("[0-9]*"), key=lambda path: int(path.name))
    if not versions:
        raise UserError(f"--bundle {arguments.bundle}: has no saved_model/ with a version")
    with tempfile.TemporaryDirectory() as work:
        if arguments.requests:
            report = memory(arguments, pathlib.Path(work))
        else:
            report = measure(arguments, versions[-1], pathlib.Path(work))
            print(report["machine"])
            print(table(report))
    hand_over(report, arguments.json, prints=False)


def parser() -> argparse.ArgumentParser:
    flags = command_line.ArgumentParser(
        "benchmarks/serving.py",
        "Measures the server: photos per second, waiting times, overload, memory.",
        "example:\n  python benchmarks/serving.py --bundle bundles/remove_glasses --seconds 60\n",
    )
    flags.add_argument("--bundle", required=True, help="an exported edit")
    flags.add_argument("--seconds", type=float, default=60, help="of each load (%(default)s)")
    flags.add_argument(
        "--clients",
        type=int,
        nargs="+",
        default=[32, 200, 1000],
        help="that ask at once; the others are compared with the first (%(default)s)",
    )
    flags.add_argument(
        "--requests", type=int, help="sends so many instead, and tells of the server's memory"
    )
    flags.add_argument("--size", type=int, default=128, help="side of the photo (%(default)s)")
    flags.add_argument("--server_cpus", help="such as 0,1, also of the model alone (default: all)")
    flags.add_argument("--client_cpus", help="of the load generator (default: all)")
    flags.add_argument("--json", help="a file for the numbers")
    return flags


if __name__ == "__main__":
    command_line.run("benchmarks/serving.py", lambda: main(parser().parse_args()))
