"""Which models are served, in which versions, and in what state each version is.

Loading is handed in, so that nothing here needs TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from faceattr.errors import UserError

from .request_error import RequestError
from .signature import Signature

# TensorFlow Serving keeps a version as a 64-bit signed integer.
LARGEST_VERSION = 2**63 - 1

SAVED_MODEL_FILE = "saved_model.pb"


class State(Enum):
    """The states that a version passes through, by TensorFlow Serving's names."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


class Servable(Protocol):
    """One loaded version of a model."""

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """The signatures that can be called, by name."""

    @property
    def signature_descriptions(self) -> Mapping[str, Any]:
        """Every signature in the file, as the metadata path shows it."""

    def predict(
        self, signature_name: str, tensors: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; raises RequestError where the graph refuses the tensors."""


@dataclass(frozen=True)
class ModelSource:
    """A model's name in the paths and the folder that holds its numbered version folders."""

    name: str
    base_path: Path


@dataclass
class ModelVersion:
    """One version of one model; `servable` is there while the state is AVAILABLE."""

    model_name: str
    number: int
    path: Path
    state: State = State.START
    error_code: str = "OK"
    error_message: str = ""
    servable: Servable | None = None

    def load(self, load_servable: Callable[[Path], Servable]) -> None:
        """Loads the version; a failure becomes the state END with its message."""
        self.state = State.LOADING
        try:
            self.servable = load_servable(self.path)
        except Exception as error:  # a broken folder may raise anything; its status tells
            lines = str(error).strip().splitlines()
            self.error_code = "UNKNOWN"
            self.error_message = lines[0] if lines else type(error).__name__
            self.state = State.END
        else:
            self.state = State.AVAILABLE


def find_versions(base_path: Path) -> dict[int, Path]:
    """Finds the numbered version folders directly under a base path, lowest first."""
    found = {
        int(entry.name): entry
        for entry in base_path.iterdir()
        if entry.name.isascii() and entry.name.isdecimal() and entry.is_dir()
    }
    return {number: found[number] for number in sorted(found) if number <= LARGEST_VERSION}


def check_base_path(base_path: Path) -> None:
    """Checks that a folder holds at least one numbered version folder.

    Raises:
        UserError: with the flag's name and the likely right folder, where it does not.
    """
    flag = f"--model_base_path: '{base_path}'"
    if not base_path.exists():
        raise UserError(
            f"{flag} does not exist; pass the folder that holds the numbered version folders, "
            "such as bundles/add_glasses/saved_model"
        )
    if not base_path.is_dir():
        raise UserError(f"{flag} is not a folder; pass the folder that holds the version folders")
    try:
        versions = find_versions(base_path)
    except OSError as error:
        raise UserError(
            f"{flag} cannot be read ({error.strerror}); grant this user access to it"
        ) from error
    if versions:
        return
    if (base_path / SAVED_MODEL_FILE).is_file():
        raise UserError(
            f"{flag} is itself a SavedModel; put it in a folder with a number for a name, such as "
            f"1, and pass the folder above it"
        )
    nested = base_path / "saved_model"
    if nested.is_dir() and find_versions(nested):
        raise UserError(f"{flag} has no numbered version folder; pass '{nested}'")
    raise UserError(
        f"{flag} has no numbered version folder; the SavedModel belongs in a folder such as "
        f"'{base_path / '1'}'"
    )


class Repository:
    """The models that are served, each in its highest version."""

    def __init__(
        self, sources: Sequence[ModelSource], load_servable: Callable[[Path], Servable]
    ) -> None:
        """Finds each model's highest version; `load` loads them.

        Args:
            sources: the models; each base path has passed `check_base_path`.
            load_servable: loads the SavedModel in a version folder.
        """
        self._load_servable = load_servable
        self._models: dict[str, dict[int, ModelVersion]] = {}
        for source in sources:
            number, path = max(find_versions(source.base_path).items())
            self._models[source.name] = {number: ModelVersion(source.name, number, path)}

    def load(self) -> list[ModelVersion]:
        """Loads every version; returns those that did not load."""
        versions = [version for model in self._models.values() for version in model.values()]
        for version in versions:
            version.load(self._load_servable)
        return [version for version in versions if version.state is State.END]

    def servable(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> tuple[int, Servable]:
        """Finds what answers a call: the asked version, or the highest one that is loaded.

        Returns:
            The version's number and the loaded version.

        Raises:
            RequestError: 404 where there is none, 400 where a label is asked for.
        """
        _refuse_label(label)
        loaded = {
            version.number: version.servable
            for version in self._models.get(name, {}).values()
            if version.servable is not None
        }
        if number is None and loaded:
            return max(loaded.items())
        if number is not None and number in loaded:
            return number, loaded[number]
        wanted = f"Latest({name})" if number is None else f"Specific({name}, {number})"
        raise RequestError(f"Servable not found for request: {wanted}", 404)

    def versions(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> list[ModelVersion]:
        """The versions of a model, or the one asked for, highest first.

        Raises:
            RequestError: 404 where there is none, 400 where a label is asked for.
        """
        _refuse_label(label)
        model = self._models.get(name, {})
        if not model:
            raise RequestError(f"Could not find any versions of model {name}", 404)
        if number is None:
            return sorted(model.values(), key=lambda version: -version.number)
        if number not in model:
            raise RequestError(f"Could not find version {number} of model {name}", 404)
        return [model[number]]


def _refuse_label(label: str | None) -> None:
    # Labels are given in a model config file, which this server does not read.
    if label is not None:
        raise RequestError(f"Unrecognized servable version label: {label}")
