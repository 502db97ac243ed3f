"""How many photos a server edits per second, how long one waits, and what overload does to both.

    python benchmarks/serving.py --bundle bundles/remove_glasses --seconds 60 --json serving.json

In turn, each in a process of its own: the SavedModel alone, in batches of several sizes, as fast
as it goes; the server with batching and without, asked by 32, 200 and 1,000 clients, one photo a
request (`image_bytes`); the SavedModel once more. What counts are the ratios: both ends are
measured in the same run, and how far the two measurements of the model alone lie apart tells what
else the machine was doing. A client that is answered 503 waits as `Retry-After` says, and tries
again. The load generator takes CPU time from the server where they share cores; --server_cpus and
--client_cpus part them.
"""

import argparse
import asyncio
import base64
import io
import json
import multiprocessing
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
from PIL import Image

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
BATCH_SIZES = (1, 2, 4, 8, 16, 32)


def photo(size: int) -> bytes:
    """A drawn face crop, JPEG."""
    file = io.BytesIO()
    face = synthetic.render(synthetic.sample_parameters(5, 1), size)
    Image.fromarray(face).save(file, "JPEG", quality=95)
    return file.getvalue()


def use_cpus(cpus: str | None) -> None:
    """Keeps this process, and those that it starts, on some of the CPUs."""
    if cpus:
        os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})


def model_alone(folder: str, contents: bytes, seconds: float, cpus: str | None, pipe: Any) -> None:
    """Sends images per second by batch size: what the SavedModel does without a server."""
    use_cpus(cpus)
    command_line.import_tensorflow_quietly()
    import tensorflow as tf

    model = tf.saved_model.load(folder)
    edit = model.signatures["image_bytes"]
    rates = {}
    for size in BATCH_SIZES:
        batch = tf.constant([contents] * size)
        edit(image_bytes=batch)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds / len(BATCH_SIZES):
            edit(image_bytes=batch)
            count += size
        rates[size] = count / (time.perf_counter() - start)
    pipe.send(rates)


class Load:
    """Clients that ask one after the other, and what became of it."""

    def __init__(self, port: int, path: str, contents: bytes) -> None:
        row = {"b64": base64.b64encode(contents).decode()}
        body = json.dumps({"signature_name": "image_bytes", "instances": [row]}).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        self._port = port
        self._request = head.encode() + body
        self.latencies: list[float] = []
        self.refused = 0
        self.failed: dict[str, int] = {}

    async def run(self, clients: int, seconds: float) -> dict[str, Any]:
        """Asks for so long; returns counts, rate and percentiles."""
        start = time.perf_counter()
        await asyncio.gather(*(self._client(start + seconds) for _ in range(clients)))
        elapsed = time.perf_counter() - start
        milliseconds = np.array(self.latencies or [np.nan]) * 1000
        return {
            "clients": clients,
            "per_second": len(self.latencies) / elapsed,
            "p50_ms": float(np.percentile(milliseconds, 50)),
            "p99_ms": float(np.percentile(milliseconds, 99)),
            "answered": len(self.latencies),
            "refused_503": self.refused,
            "failed": self.failed,
        }

    async def _client(self, end: float) -> None:
        streams = None
        while time.perf_counter() < end:
            start = time.perf_counter()
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", self._port)
                status, head = await self._ask(*streams)
            except (OSError, asyncio.IncompleteReadError) as error:
                kind = type(error).__name__
                self.failed[kind] = self.failed.get(kind, 0) + 1
                streams = None
                await asyncio.sleep(random.uniform(0.5, 1.5))
                continue
            if status == 200:
                self.latencies.append(time.perf_counter() - start)
            elif status == 503 and b"application/json" in head:
                self.refused += 1
                after = re.search(rb"(?i)retry-after: (\d+)", head)
                await asyncio.sleep(float(after[1]) * random.uniform(0.75, 1.25) if after else 1)
            else:
                self.failed[str(status)] = self.failed.get(str(status), 0) + 1
            if b"connection: close" in head.lower():
                streams = None
        if streams:
            streams[1].close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, bytes]:
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        return int(head.split()[1]), head


def load(
    port: int, path: str, contents: bytes, clients: int, seconds: float, cpus: str | None, pipe: Any
) -> None:
    """What the load generator's process does."""
    use_cpus(cpus)
    pipe.send(asyncio.run(Load(port, path, contents).run(clients, seconds)))


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


def memory_mib(process: int) -> float:
    """What a process holds in memory."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


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
        assert self._process.stdout is not None
        output = ""
        while "gRPC: " not in output:
            line = self._process.stdout.readline()
            if not line:
                raise UserError("python -m serving did not start; try it by hand")
            output += line
        self.port = int(re.search(r"http://[^/]*:(\d+)/", output)[1])  # type: ignore[index]

    @property
    def memory(self) -> float:
        """In MiB."""
        return memory_mib(self._process.pid)

    def stop(self) -> None:
        """Ends it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


def measure(arguments: argparse.Namespace, contents: bytes, batching: bool) -> dict[str, Any]:
    """The server under the load of each number of clients."""
    flags = []
    if batching:
        file = pathlib.Path(arguments.work) / "batching.config"
        write_text(file, BATCHING)
        flags = ["--enable_batching", f"--batching_parameters_file={file}"]
    server = RunningServer(pathlib.Path(arguments.bundle), flags, arguments.server_cpus)
    try:
        found: dict[str, Any] = {"memory_mib_idle": server.memory, "load": []}
        path = "/v1/models/edit:predict"
        for clients in arguments.clients:
            result = in_a_process(
                load,
                *(server.port, path, contents, clients, arguments.seconds, arguments.client_cpus),
            )
            result["memory_mib"] = server.memory
            print(json.dumps({"batching": batching, **result}), flush=True)
            found["load"].append(result)
        return found
    finally:
        server.stop()


def main(arguments: argparse.Namespace) -> None:
    saved_model = pathlib.Path(arguments.bundle) / "saved_model"
    versions = sorted(saved_model.glob("[0-9]*"), key=lambda path: int(path.name))
    if not versions:
        raise UserError(f"--bundle {arguments.bundle}: has no saved_model/ with a version")
    contents = photo(arguments.size)
    pathlib.Path(arguments.work).mkdir(parents=True, exist_ok=True)
    alone = [str(versions[-1]), contents, arguments.seconds / 2, arguments.server_cpus]
    report: dict[str, Any] = {"seconds": arguments.seconds, "photo": arguments.size}
    before = in_a_process(model_alone, *alone)
    report["batching"] = measure(arguments, contents, True)
    report["no_batching"] = measure(arguments, contents, False)
    after = in_a_process(model_alone, *alone)
    report["model_alone"] = {"before": before, "after": after}
    best = (max(before.values()) + max(after.values())) / 2
    report["best_batch_rate"] = best
    for name in ("batching", "no_batching"):
        first = report[name]["load"][0]["per_second"]
        report[name]["of_best_batch_rate"] = first / best
        report[name]["goodput_of_first"] = [
            one["per_second"] / max(first, 1e-9) for one in report[name]["load"]
        ]
    print(json.dumps(report, indent=2))
    if arguments.json:
        write_text(pathlib.Path(arguments.json), json.dumps(report, indent=2) + "\n")


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
    flags.add_argument("--size", type=int, default=128, help="side of the photo (%(default)s)")
    flags.add_argument("--server_cpus", help="such as 0,1; all where it is left out")
    flags.add_argument("--client_cpus", help="of the load generator")
    flags.add_argument("--work", default="/tmp/faceattr-serving", help="for files (%(default)s)")
    flags.add_argument("--json", help="a file for the numbers")
    return flags


if __name__ == "__main__":
    command_line.run("benchmarks/serving.py", lambda: main(parser().parse_args()))
