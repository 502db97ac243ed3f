"""Clients of a server that ask one after the other, and what became of it."""

import asyncio
import base64
import json
import os
import pathlib
import random
import re
import time
from typing import Any

import numpy as np

PATH = "/v1/models/edit:predict"


def use_cpus(cpus: str | None) -> None:
    """Keeps this process, and those that it starts, on some of the CPUs."""
    if cpus:
        os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})


def memory_mib(process: int) -> float:
    """What a process holds in memory."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def cpu_seconds(process: int) -> float:
    """What a process has used of all cores together."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Load:
    """Some clients, one photo a request, for a time or for so many answers.

    Only what is answered within the time counts: who waits to try again when it ends, or for an
    answer, has no part in the rate.
    """

    def __init__(self, port: int, contents: bytes) -> None:
        row = {"b64": base64.b64encode(contents).decode()}
        body = json.dumps({"signature_name": "image_bytes", "instances": [row]}).encode()
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        self._port = port
        self._request = head.encode() + body
        self.latencies: list[float] = []
        self.refused = 0
        self.failed: dict[str, int] = {}

    async def run(self, clients: int, seconds: float) -> dict[str, Any]:
        """Asks for so long; returns counts, rate and percentiles."""
        start = time.perf_counter()
        tasks = [asyncio.create_task(self._client()) for _ in range(clients)]
        await asyncio.sleep(seconds)
        elapsed = time.perf_counter() - start
        found = self._found(clients, elapsed)
        await _end(tasks)
        return found

    async def run_requests(
        self, clients: int, requests: int, process: int, looks: int = 20
    ) -> list[tuple[int, float, float]]:
        """Asks until so many are answered; returns answers, seconds, and MiB that the server
        holds, so many times."""
        start = time.perf_counter()
        tasks = [asyncio.create_task(self._client()) for _ in range(clients)]
        seen: list[tuple[int, float, float]] = []
        for look in range(looks + 1):
            while len(self.latencies) < requests * look / looks:
                await asyncio.sleep(0.02)
            seconds = time.perf_counter() - start
            seen.append((len(self.latencies), seconds, memory_mib(process)))
        await _end(tasks)
        return seen

    def _found(self, clients: int, elapsed: float) -> dict[str, Any]:
        milliseconds = np.array(self.latencies or [np.nan]) * 1000
        return {
            "clients": clients,
            "per_second": len(self.latencies) / elapsed,
            "p50_ms": float(np.percentile(milliseconds, 50)),
            "p99_ms": float(np.percentile(milliseconds, 99)),
            "answered": len(self.latencies),
            "refused_503": self.refused,
            "failed": dict(self.failed),
        }

    async def _client(self) -> None:
        streams = None
        while True:
            start = time.perf_counter()
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", self._port)
                status, head = await self._ask(*streams)
            except (OSError, asyncio.IncompleteReadError) as error:
                self._fail(type(error).__name__)
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
                self._fail(str(status))
            if b"connection: close" in head.lower():
                streams = None

    def _fail(self, kind: str) -> None:
        self.failed[kind] = self.failed.get(kind, 0) + 1

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, bytes]:
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        return int(head.split()[1]), head


async def _end(tasks: list[asyncio.Task]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
