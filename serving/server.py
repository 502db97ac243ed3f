"""The server: its parts put together, and how it runs and stops."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from faceattr.errors import UserError

from .batching.parameters import BatchingParameters
from .batching.scheduler import Scheduler
from .configuration.files import Tls
from .http_protocol import bounded_protocol
from .lifecycle import Lifecycle, Poller
from .operations import json_log
from .operations.access import Access
from .operations.metrics import DEFAULT_PATH, Metrics
from .prediction import Predictor
from .repository import Repository, Servable
from .rest.app import RestApp
from .version_folders import ModelSource
from .warm_up import warm_up
from .wire.limits import Limits

# What stands between the end of the time to drain and the end of the process.
_SECONDS_TO_ANSWER = 2


@dataclass(frozen=True)
class Ports:
    """Where the server listens.

    Attributes:
        listener: the socket of HTTP.
        host: str, the address of gRPC.
        grpc_port: int; None for no gRPC.
        tls: keys, for both; None where nothing is encrypted.
        grpc_settings: settings of gRPC by name.
    """

    listener: socket.socket
    host: str = "127.0.0.1"
    grpc_port: int | None = None
    tls: Tls | None = None
    grpc_settings: tuple[tuple[str, str | int], ...] = ()


class Server:
    """Models, and the HTTP and gRPC that ask for them."""

    def __init__(
        self,
        limits: Limits,
        load: Callable[[Path], Servable] | None = None,
        batching: BatchingParameters | None = None,
        access: Access = Access(),  # noqa: B008  frozen
        metrics_path: str | None = DEFAULT_PATH,
        warms_up: bool = True,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes a server of no models.

        Args:
            limits: what requests may cost.
            load: loads a version folder; by default as a SavedModel.
            batching: how requests are put together; None for one at a time.
            access: whose requests are answered.
            metrics_path: str, where metrics can be read; None for nowhere.
            warms_up: bool, whether a version is run before it is served.
            changed: is called when versions have been loaded or unloaded.
        """
        self.limits = limits
        self.repository = Repository()
        self.access = access
        self.metrics = Metrics()
        self.scheduler = Scheduler(limits, batching, self.metrics.batch)
        load = load or _load_saved_model

        def load_and_warm_up(path: Path) -> Servable:
            servable = load(path)
            if warms_up:
                warm_up(servable, path)
            return servable

        self.lifecycle = Lifecycle(self.repository, load_and_warm_up, changed=changed)
        self.poller = Poller()
        self.predictor = Predictor(self.repository, limits, self.scheduler)
        self.metrics.gauge("faceattr_waiting_requests", lambda: self.scheduler.waiting)
        self.app = RestApp(self.predictor, access, self.metrics, metrics_path)

    def load(self, sources: Sequence[ModelSource], labels_may_wait: bool = False) -> None:
        """Replaces the set of models, and loads them."""
        json_log.set_up()
        self.lifecycle.set_sources(sources, labels_may_wait)

    def run(self, ports: Ports, ready: Callable[[], None]) -> None:
        """Answers requests until SIGINT or SIGTERM, and then ends the process.

        `ready` is called as soon as all ports are open.

        It ends it without waiting for threads: a prediction that TensorFlow does not interrupt
        must not hold up the machine. By then every client has its answer.
        """
        self.http(ports, ready).run(sockets=[ports.listener])
        logging.getLogger("serving").info("stopped")
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)

    def http(self, ports: Ports, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
        """The HTTP server, which runs on sockets that are handed to its `run`, and gRPC with it."""
        config = uvicorn.Config(
            self.app,
            http=bounded_protocol(self.limits, self.app.refuse),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody asks who the client is
            timeout_keep_alive=int(self.limits.idle_seconds),
            timeout_graceful_shutdown=int(self.limits.drain_seconds + _SECONDS_TO_ANSWER),
        )
        config.load()
        if ports.tls is not None:
            config.ssl = ssl_context(ports.tls)
        return _UvicornServer(config, self, ports, ready)

    def start_grpc(self, ports: Ports) -> Any:
        """Makes the gRPC server, on the event loop that is to run it; None where none is wanted."""
        if ports.grpc_port is None:
            return None
        from .grpc.server import make_server  # needs TensorFlow

        host = f"[{ports.host}]" if ":" in ports.host else ports.host
        address = f"{host}:{ports.grpc_port}"
        return make_server(
            self.predictor, self.access, self.metrics, address, ports.grpc_settings, ports.tls
        )

    def drain(self) -> None:
        """Lets what has begun go on for a while, and then refuses it."""
        self.predictor.is_draining = True
        self.poller.stop()
        timer = threading.Timer(self.limits.drain_seconds, self.scheduler.stop)
        timer.daemon = True
        timer.start()


def _load_saved_model(path: Path) -> Servable:
    from .servable import SavedModelServable  # needs TensorFlow

    return SavedModelServable(path)


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """What HTTP is encrypted with.

    Raises:
        UserError: where keys or certificates are none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Python reads keys from files only; nobody else can read this folder.
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
            key.write_text(tls.key)
            certificate.write_text(tls.certificate)
            context.load_cert_chain(certificate, key)
        if tls.client_authority:
            context.load_verify_locations(cadata=tls.client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
    except (ssl.SSLError, ValueError) as error:
        raise UserError(
            f"--ssl_config_file: its keys or certificates are not in PEM, or are no pair ({error})"
        ) from error
    return context


class _UvicornServer(uvicorn.Server):
    """uvicorn, which tells when it begins to stop, does not raise the signal again, and has a
    gRPC server on its event loop."""

    def __init__(
        self, config: uvicorn.Config, server: Server, ports: Ports, ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.should_exit = False
        self._server = server
        self._ports = ports
        self._ready = ready
        self._grpc: Any = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            self._server.drain()
        elif sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._grpc = self._server.start_grpc(self._ports)
        if self._grpc is not None:
            await self._grpc.start()
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stopping = asyncio.ensure_future(self._stop_grpc())
        await super().shutdown(sockets)
        await stopping

    async def _stop_grpc(self) -> None:
        if self._grpc is not None:
            await self._grpc.stop(self._server.limits.drain_seconds + _SECONDS_TO_ANSWER)
