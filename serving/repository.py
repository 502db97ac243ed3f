"""Which models are served, in which versions, and in what state each version is.

Only looked up here; `lifecycle` loads and unloads. Nothing here needs TensorFlow.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .wire.request_error import RequestError
from .wire.signature import Signature


class State(Enum):
    """The states that a version passes through, by TensorFlow Serving's names."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


class Cancel(Protocol):
    """What stops a prediction that runs."""

    def start_cancel(self) -> None:
        """Stops it soon; may be called from any thread, and more than once."""


class Servable(Protocol):
    """One loaded version of a model. Its calls may come from several threads at once."""

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """The signatures that can be called, by name."""

    @property
    def signature_descriptions(self) -> Mapping[str, Any]:
        """Every signature in the file, as the metadata path shows it."""

    def new_cancel(self) -> Cancel:
        """What `predict` is handed, so that it can be stopped."""

    def predict(
        self, signature_name: str, tensors: Mapping[str, np.ndarray], cancel: Cancel
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Raises:
            RequestError: where the graph refuses the tensors.
            PredictionCancelled: when it was stopped.
        """


class PredictionCancelled(Exception):
    """A prediction was stopped because its time was up."""


@dataclass(eq=False)
class ModelVersion:
    """One version of one model; `servable` is there from AVAILABLE until it is unloaded.

    Attributes:
        in_use: int, the requests that are being answered by it.
    """

    model_name: str
    number: int
    path: Path
    state: State = State.START
    error_code: str = "OK"
    error_message: str = ""
    servable: Servable | None = None
    in_use: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @contextlib.contextmanager
    def used(self) -> Iterator[Servable]:
        """The servable, which stays loaded until the block is left.

        Raises:
            RequestError: 404 where it was unloaded meanwhile.
        """
        with self._changed:
            servable = self.servable
            if servable is None or self.state is not State.AVAILABLE:
                raise _not_found(f"Specific({self.model_name}, {self.number})")
            self.in_use += 1
        try:
            yield servable
        finally:
            with self._changed:
                self.in_use -= 1
                self._changed.notify_all()

    def unload(self, timeout: float) -> None:
        """Takes no more requests, and gives its memory back when those begun are answered."""
        with self._changed:
            self.state = State.UNLOADING
            self._changed.wait_for(lambda: not self.in_use, timeout)
            self.servable = None
            self.state = State.END


class Repository:
    """The versions of all models, by name and number. Looked up from any thread."""

    def __init__(self) -> None:
        self._models: dict[str, dict[int, ModelVersion]] = {}
        self._labels: dict[str, dict[str, int]] = {}

    @property
    def names(self) -> list[str]:
        """The models, whether loaded or not."""
        return list(self._models)

    @property
    def is_ready(self) -> bool:
        """Whether every model has a version that answers."""
        return bool(self._models) and all(
            any(version.state is State.AVAILABLE for version in model.values())
            for model in list(self._models.values())
        )

    def add(self, version: ModelVersion) -> None:
        """Puts a version in; one of its number is replaced."""
        # A new dictionary, so that who reads the old one is not disturbed.
        model = self._models.get(version.model_name, {})
        self._models[version.model_name] = {**model, version.number: version}

    def set_model(self, name: str) -> None:
        """Names a model, which may have no version yet."""
        self._models.setdefault(name, {})

    def set_labels(self, name: str, labels: Mapping[str, int]) -> None:
        """Replaces the labels of a model: versions by label."""
        self._labels[name] = dict(labels)

    def remove_model(self, name: str) -> None:
        """Forgets a model, and what is known about its versions."""
        self._models.pop(name, None)
        self._labels.pop(name, None)

    def known(self, name: str) -> dict[int, ModelVersion]:
        """All versions of a model by number; empty where there is no such model."""
        return self._models.get(name, {})

    def find(self, name: str, number: int | None = None, label: str | None = None) -> ModelVersion:
        """Finds what answers a call: the asked version, or the highest one that is loaded.

        Raises:
            RequestError: 404 where there is none, 400 where the label is not known.
        """
        number = self._number(name, number, label)
        loaded = {
            version.number: version
            for version in self.known(name).values()
            if version.state is State.AVAILABLE
        }
        if number is None and loaded:
            return loaded[max(loaded)]
        if number is not None and number in loaded:
            return loaded[number]
        raise _not_found(f"Latest({name})" if number is None else f"Specific({name}, {number})")

    @contextlib.contextmanager
    def used(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> Iterator[tuple[ModelVersion, Servable]]:
        """What `find` finds; it stays loaded until the block is left.

        Raises:
            RequestError: as `find` does.
        """
        with contextlib.ExitStack() as stack:
            for is_last in (False, False, True):
                version = self.find(name, number, label)
                try:
                    servable = stack.enter_context(version.used())
                except RequestError:
                    # It was just unloaded; what it was unloaded for is there by now.
                    if is_last:
                        raise
                else:
                    break
            yield version, servable

    def versions(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> list[ModelVersion]:
        """The versions of a model, or the one asked for, highest first.

        Raises:
            RequestError: 404 where there is none, 400 where the label is not known.
        """
        number = self._number(name, number, label)
        model = self.known(name)
        if not model:
            raise RequestError(f"Could not find any versions of model {name}", 404)
        if number is None:
            return sorted(model.values(), key=lambda version: -version.number)
        if number not in model:
            raise RequestError(f"Could not find version {number} of model {name}", 404)
        return [model[number]]

    def _number(self, name: str, number: int | None, label: str | None) -> int | None:
        if label is None:
            return number
        labels = self._labels.get(name, {})
        if label not in labels:
            raise RequestError(f"Unrecognized servable version label: {label}")
        return labels[label]


def _not_found(wanted: str) -> RequestError:
    return RequestError(f"Servable not found for request: {wanted}", 404)
