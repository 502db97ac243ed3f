"""Serves edits as TensorFlow Serving does; `python -m serving --help` tells how."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import quote

from faceattr.command_line import import_tensorflow_quietly, run
from faceattr.errors import UserError

from .batching.parameters import BatchingParameters
from .configuration import flags
from .listening import listen
from .operations.access import Access
from .operations.metrics import DEFAULT_PATH
from .version_folders import ModelSource, check_base_path
from .wire.limits import Limits

if TYPE_CHECKING:
    from .server import Ports, Server

_PROGRAM = "serving"


def main() -> None:
    """Runs the server until SIGINT or SIGTERM."""
    options = flags.parse()
    # Imported as they are needed, so that a mistyped flag need not wait seconds for TensorFlow.
    try:
        from .configuration import files
        from .server import Ports, Server
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name} is not installed: "
            "pip install 'faceattr[serving]' brings what serving needs"
        ) from error
    sources = _sources(options)
    batching = _batching(options)
    token = tls = None
    if options.bearer_token_file:
        token = files.read_token("--bearer_token_file", Path(options.bearer_token_file))
    if options.ssl_config_file:
        tls = files.read_tls("--ssl_config_file", Path(options.ssl_config_file))
    metrics_path: str | None = DEFAULT_PATH
    if options.monitoring_config_file:
        metrics_path = files.read_metrics_path(
            "--monitoring_config_file", Path(options.monitoring_config_file)
        )
    hosts = tuple(name.strip().lower() for name in options.rest_api_allowed_hosts.split(","))
    access = Access(hosts, token, options.rest_api_enable_cors_support)
    limits = dataclasses.replace(
        Limits(),
        seconds=options.rest_api_timeout_in_ms / 1000,
        drain_seconds=options.drain_seconds,
    )
    listener = listen(
        options.rest_api_host, options.rest_api_port, "--rest_api_host", "--rest_api_port"
    )
    # Only tried here: gRPC opens its own.
    with listen(options.rest_api_host, options.port, "--rest_api_host", "--port") as tried:
        grpc_port = tried.getsockname()[1]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    import_tensorflow_quietly()
    _set_parallelism(options)
    server = Server(
        limits,
        batching=batching,
        access=access,
        metrics_path=metrics_path,
        warms_up=options.enable_model_warmup,
        changed=_keep_out_of_collections,
    )
    server.load(sources, options.allow_version_labels_for_unavailable_models)
    _poll(server, options)
    ports = Ports(listener, options.rest_api_host, grpc_port, tls, options.grpc_channel_arguments)
    server.run(ports, lambda: _say_where(server, sources, ports))


def _keep_out_of_collections() -> None:
    # Each collection of all generations looks at every object of TensorFlow, and stops all answers
    # for as long. Of what was unloaded nothing may stay.
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _sources(options: argparse.Namespace) -> list[ModelSource]:
    from .configuration import files

    if options.model_config_file:
        return files.read_models("--model_config_file", Path(options.model_config_file))
    if not options.model_base_path:
        raise UserError(
            "--model_base_path is required, or --model_config_file for several models; --help "
            "tells more"
        )
    if not options.model_name:
        raise UserError("--model_name: must not be empty; pass a name such as add_glasses")
    base_path = Path(options.model_base_path)
    check_base_path(base_path)
    return [ModelSource(options.model_name, base_path)]


def _batching(options: argparse.Namespace) -> BatchingParameters | None:
    from .configuration import files

    if not options.batching_parameters_file:
        return BatchingParameters() if options.enable_batching else None
    if not options.enable_batching:
        raise UserError("--batching_parameters_file: pass --enable_batching as well")
    return files.read_batching("--batching_parameters_file", Path(options.batching_parameters_file))


def _set_parallelism(options: argparse.Namespace) -> None:
    import tensorflow as tf

    both = options.tensorflow_session_parallelism
    tf.config.threading.set_intra_op_parallelism_threads(
        options.tensorflow_intra_op_parallelism or both
    )
    tf.config.threading.set_inter_op_parallelism_threads(
        options.tensorflow_inter_op_parallelism or both
    )


def _poll(server: Server, options: argparse.Namespace) -> None:
    if options.file_system_poll_wait_seconds:
        server.poller.every(options.file_system_poll_wait_seconds, server.lifecycle.poll)
    if options.model_config_file and options.model_config_file_poll_wait_seconds:

        def read_again() -> None:
            server.lifecycle.set_sources(
                _sources(options), options.allow_version_labels_for_unavailable_models
            )

        server.poller.every(options.model_config_file_poll_wait_seconds, read_again)


def _say_where(server: Server, sources: list[ModelSource], ports: Ports) -> None:
    host, port = ports.listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    url = f"{'http' if ports.tls is None else 'https'}://{host}:{port}"
    for source in sources:
        known = server.repository.known(source.name)
        version = f"version {max(known)}" if known else "no version yet"
        print(f"serving {version} of model '{source.name}'; try:")
        print(f"  curl {url}/v1/models/{quote(source.name, safe='')}")
    print(f"gRPC: {host}:{ports.grpc_port}", flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    # While it is loading; once it runs, the server first answers what it has begun.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    run(_PROGRAM, main)
