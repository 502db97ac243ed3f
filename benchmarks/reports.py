"""What the benchmarks' reports share: on which machine, and where they go."""

import json
import os
import pathlib
import platform
from typing import Any

from faceattr.files import write_text


def machine() -> dict[str, Any]:
    """The processor, how many cores this process may use, and what else runs, now."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    info = pathlib.Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def hand_over(report: dict[str, Any], file: str | None, prints: bool = True) -> None:
    """Prints a report, and writes it as JSON where a file is named."""
    text = json.dumps(report, indent=2)
    if prints:
        print(text)
    if file:
        write_text(pathlib.Path(file), text + "\n")
