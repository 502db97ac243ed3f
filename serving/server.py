"""The server: its parts put together, and how it runs and stops."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import uvicorn

from .batching.parameters import BatchingParameters
from .batching.scheduler import Scheduler
from .http_protocol import bounded_protocol
from .lifecycle import Lifecycle, Poller
from .operations import json_log
from .operations.access import Access
from .operations.metrics import DEFAULT_PATH, Metrics
from .prediction import Predictor
from .repository import Repository, Servable
from .rest.app import RestApp
from .version_folders import ModelSource
from .wire.limits import Limits

# What stands between the end of the time to drain and the end of the process.
_SECONDS_TO_ANSWER = 2


class Server:
    """Models, and the HTTP that asks for them."""

    def __init__(
        self,
        limits: Limits,
        load: Callable[[Path], Servable] | None = None,
        batching: BatchingParameters | None = None,
        access: Access = Access(),  # noqa: B008  frozen
        metrics_path: str | None = DEFAULT_PATH,
    ) -> None:
        """Makes a server of no models.

        Args:
            limits: what requests may cost.
            load: loads a version folder; by default as a SavedModel.
            batching: how requests are put together; None for one at a time.
            access: whose requests are answered.
            metrics_path: str, where metrics can be read; None for nowhere.
        """
        self.limits = limits
        self.repository = Repository()
        self.metrics = Metrics()
        self.scheduler = Scheduler(limits, batching)
        self.lifecycle = Lifecycle(self.repository, load or _load_saved_model)
        self.poller = Poller()
        self.predictor = Predictor(self.repository, limits, self.scheduler)
        self.app = RestApp(self.predictor, access, self.metrics, metrics_path)

    def load(self, sources: Sequence[ModelSource], labels_may_wait: bool = False) -> None:
        """Replaces the set of models, and loads them."""
        json_log.set_up()
        self.lifecycle.set_sources(sources, labels_may_wait)

    def run(self, listener: socket.socket) -> None:
        """Answers requests until SIGINT or SIGTERM, and then ends the process.

        It ends it without waiting for threads: a prediction that TensorFlow does not interrupt
        must not hold up the machine. By then every client has its answer.
        """
        self.http().run(sockets=[listener])
        logging.getLogger("serving").info("stopped")
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)

    def http(self) -> uvicorn.Server:
        """The HTTP server, which runs on sockets that are handed to its `run`."""
        config = uvicorn.Config(
            self.app,
            http=bounded_protocol(self.limits),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            backlog=1024,
            timeout_keep_alive=int(self.limits.idle_seconds),
            timeout_graceful_shutdown=int(self.limits.drain_seconds + _SECONDS_TO_ANSWER),
        )
        return _UvicornServer(config, self._drain)

    def _drain(self) -> None:
        """Lets what has begun go on for a while, and then refuses it."""
        self.predictor.is_draining = True
        self.poller.stop()
        timer = threading.Timer(self.limits.drain_seconds, self.scheduler.stop)
        timer.daemon = True
        timer.start()


def _load_saved_model(path: Path) -> Servable:
    from .servable import SavedModelServable  # needs TensorFlow

    return SavedModelServable(path)


class _UvicornServer(uvicorn.Server):
    """uvicorn, which tells when it begins to stop, and does not raise the signal again."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self.should_exit = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            self._stopping()
        elif sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True
