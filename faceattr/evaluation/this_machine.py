"""On what machine and with which packages something was measured."""

import importlib.metadata
import os
import pathlib
import platform
from typing import Any

_PACKAGES = ("tensorflow", "keras", "faceattr")


def this_machine() -> dict[str, Any]:
    """Cores that may be used, the processor's name, and the versions of the main packages."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # Keras runs on other backends as well
    return {"cores": _cores(), "processor": _processor(), **versions}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = pathlib.Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
