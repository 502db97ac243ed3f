"""The command line of the server: flags of `tensorflow_model_server`, and a few of its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from faceattr.command_line import ArgumentParser
from faceattr.errors import UserError

_EPILOG = """\
example:
  python -m serving --model_name add_glasses --model_base_path bundles/add_glasses/saved_model
  curl http://127.0.0.1:8501/v1/models/add_glasses

docs/serving.md shows how to send a photo and save the answer. Only programs on this machine
reach the server, unless --rest_api_host says otherwise; no photo is kept or logged.
"""

# What tensorflow_model_server has besides, up to version 2.19.
_ONLY_THERE = frozenset(
    [
        "enable_grpc_healthcheck_service",
        "enable_per_model_batching_parameters",
        "enable_profiler",
        "enable_signature_method_name_check",
        "flush_filesystem_caches",
        "grpc_max_threads",
        "grpc_socket_path",
        "load_retry_interval_micros",
        "max_num_load_retries",
        "mixed_precision",
        "num_load_threads",
        "num_request_iterations_for_warmup",
        "num_tflite_interpreters_per_pool",
        "num_tflite_pools",
        "num_unload_threads",
        "per_process_gpu_memory_fraction",
        "platform_config_file",
        "prefer_tflite_model",
        "remove_unused_fields_from_bundle_metagraph",
        "rest_api_num_threads",
        "saved_model_tags",
        "skip_initialize_tpu",
        "tensorflow_session_config_file",
        "thread_pool_factory_config_file",
        "use_alts_credentials",
        "version",
        "xla_cpu_compilation_enabled",
    ]
)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the flags.

    Raises:
        UserError: for what is no flag, and for a flag that only the other server has.
    """
    options, others = _parser().parse_known_args(arguments)
    for other in others:
        name = other.removeprefix("--").partition("=")[0]
        if other.startswith("--") and name in _ONLY_THERE:
            raise UserError(
                f"--{name}: tensorflow_model_server has this flag, and this server does not; "
                "leave it out"
            )
    if others:
        raise UserError(f"unrecognized arguments: {' '.join(others)}; --help tells more")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        "serving",
        "Serves SavedModels of edits as tensorflow_model_server does, over REST and gRPC. Flags "
        "are named as there, and config files are the same.",
        _EPILOG,
        usage="python -m serving --model_base_path FOLDER [--model_name NAME] [options]",
    )
    models = parser.add_argument_group("models")
    models.add_argument(
        "--model_base_path",
        metavar="FOLDER",
        help="folder that holds numbered version folders, such as "
        "bundles/add_glasses/saved_model; the highest number is served",
    )
    models.add_argument(
        "--model_name",
        default="default",
        metavar="NAME",
        help="the model's name in the paths: /v1/models/NAME (default: default)",
    )
    models.add_argument(
        "--model_config_file",
        metavar="FILE",
        help="several models, version policies and labels, instead of the two above",
    )
    models.add_argument(
        "--model_config_file_poll_wait_seconds",
        type=_seconds,
        default=0,
        metavar="S",
        help="reads that file again so often; 0: never (default: 0)",
    )
    models.add_argument(
        "--file_system_poll_wait_seconds",
        type=_seconds,
        default=1,
        metavar="S",
        help="looks for new versions so often; 0: never (default: 1)",
    )
    _add_switch(
        models,
        "--allow_version_labels_for_unavailable_models",
        "a label may name a version that is not loaded",
    )
    _add_switch(
        models, "--enable_model_warmup", "a version is run before it is served", default=True
    )
    batching = parser.add_argument_group("batching")
    _add_switch(batching, "--enable_batching", "requests that wait are run together")
    batching.add_argument("--batching_parameters_file", metavar="FILE", help="how")
    for name in ("session", "intra_op", "inter_op"):
        batching.add_argument(
            f"--tensorflow_{name}_parallelism",
            type=_natural,
            default=0,
            metavar="N",
            help="threads of TensorFlow; 0: as many as it likes (default: 0)",
        )
    _add_network_flags(parser.add_argument_group("network"))
    return parser


def _add_network_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--rest_api_port",
        type=int,
        default=8501,
        metavar="PORT",
        help="port of the REST API; 0 takes a free one and prints it (default: 8501)",
    )
    group.add_argument(
        "--port",
        type=int,
        default=8500,
        metavar="PORT",
        help="port of gRPC; 0 takes a free one and prints it (default: 8500)",
    )
    group.add_argument(
        "--rest_api_host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address that both listen on; 0.0.0.0 lets other machines in (default: 127.0.0.1)",
    )
    group.add_argument(
        "--rest_api_allowed_hosts",
        default="",
        metavar="NAMES",
        help="host names, with commas between them, by which the server may be asked, besides "
        "localhost and addresses; * for any",
    )
    group.add_argument(
        "--rest_api_timeout_in_ms",
        type=_natural,
        default=30000,
        metavar="MS",
        help="time for an answer (default: 30000)",
    )
    _add_switch(group, "--rest_api_enable_cors_support", "pages from anywhere may read the answers")
    group.add_argument(
        "--bearer_token_file", metavar="FILE", help="holds a token that every client must send"
    )
    group.add_argument(
        "--ssl_config_file", metavar="FILE", help="key and certificate, for gRPC and REST"
    )
    group.add_argument(
        "--grpc_channel_arguments",
        type=_grpc_settings,
        default=(),
        metavar="A=V,...",
        help="settings of gRPC, such as grpc.max_connection_age_ms=2000",
    )
    group.add_argument("--monitoring_config_file", metavar="FILE", help="where metrics are read")
    group.add_argument(
        "--drain_seconds",
        type=_seconds,
        default=10,
        metavar="S",
        help="how long a server that is told to stop answers what it has begun (default: 10)",
    )


def _add_switch(
    group: argparse._ArgumentGroup, name: str, told: str, default: bool = False
) -> None:
    group.add_argument(
        name,
        type=_boolean,
        nargs="?",
        const=True,
        default=default,
        metavar="true|false",
        help=f"{told} (default: {str(default).lower()})",
    )


def _grpc_settings(text: str) -> tuple[tuple[str, str | int], ...]:
    settings: list[tuple[str, str | int]] = []
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise argparse.ArgumentTypeError(
                f"'{part}' is not name=value, such as grpc.max_connection_age_ms=2000"
            )
        settings.append((name, int(value) if value.lstrip("-").isdecimal() else value))
    return tuple(settings)


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text} is neither true nor false") from None


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return number
