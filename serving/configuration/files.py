"""Configuration files, in protobuf's text form, as `tensorflow_model_server` reads them.

Every mistake is one line that names the flag, the file and what to change.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format  # type: ignore[import-untyped]

from faceattr.errors import UserError

from ..batching.parameters import BatchingParameters
from ..operations.metrics import DEFAULT_PATH
from ..version_folders import All, Latest, ModelSource, Specific
from .messages import new_message

_PLATFORM = "tensorflow"


@dataclass(frozen=True)
class Tls:
    """Keys and certificates, in PEM.

    Attributes:
        key: str, the server's private key.
        certificate: str, the server's certificate, with those between it and its root.
        client_authority: str, who must have signed a client's certificate; "" where none is asked
            for.
    """

    key: str
    certificate: str
    client_authority: str = ""


def read_models(flag: str, path: Path) -> list[ModelSource]:
    """Reads a model config file.

    Raises:
        UserError: where it is no such file, or asks for what this server does not do.
    """
    from tensorflow_serving.config import model_server_config_pb2

    config = _read(flag, path, model_server_config_pb2.ModelServerConfig())
    where = f"{flag}: '{path}'"
    if config.WhichOneof("config") != "model_config_list":
        raise UserError(f"{where} has no model_config_list; list the models in one")
    sources: list[ModelSource] = []
    for model in config.model_config_list.config:
        if not model.name or not model.base_path:
            raise UserError(f"{where}: a config has no name or no base_path; give it both")
        if model.name in {source.name for source in sources}:
            raise UserError(f"{where}: two configs have the name '{model.name}'; rename one")
        if model.model_platform not in ("", _PLATFORM):
            raise UserError(
                f"{where}: the model_platform of '{model.name}' is '{model.model_platform}'; only "
                f"'{_PLATFORM}' is served"
            )
        if model.HasField("logging_config"):
            raise UserError(
                f"{where}: '{model.name}' has a logging_config; requests are never logged with "
                "what they hold, so leave it out"
            )
        sources.append(
            ModelSource(
                model.name,
                Path(model.base_path),
                _policy(where, model),
                dict(model.version_labels),
            )
        )
    return sources


def _policy(where: str, model: Any) -> Latest | All | Specific:
    policy = model.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "all":
            return All()
        case "specific":
            if not policy.specific.versions:
                raise UserError(f"{where}: the policy of '{model.name}' names no versions")
            return Specific(tuple(policy.specific.versions))
        case "latest":
            return Latest(policy.latest.num_versions or 1)
    return Latest()


def read_batching(flag: str, path: Path) -> BatchingParameters:
    """Reads a batching parameters file; what it leaves out keeps its default.

    Raises:
        UserError: where it is no such file, or a value is out of its range.
    """
    message = _read(flag, path, new_message("BatchingParameters"))
    where = f"{flag}: '{path}'"
    if message.pad_variable_length_inputs:
        raise UserError(
            f"{where}: pad_variable_length_inputs is not done here; images of one size need none"
        )
    given: dict[str, Any] = {
        field.name: getattr(message, field.name).value
        for field in dataclasses.fields(BatchingParameters)
        if field.name != "allowed_batch_sizes" and message.HasField(field.name)
    }
    for name, value in given.items():
        smallest = 0 if name == "batch_timeout_micros" else 1
        if value < smallest:
            raise UserError(f"{where}: {name} is {value}; it must be {smallest} or more")
    sizes = tuple(message.allowed_batch_sizes)
    parameters = BatchingParameters(**given, allowed_batch_sizes=sizes)
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[0] < 1):
        raise UserError(f"{where}: allowed_batch_sizes must rise, from 1 or more")
    if sizes and sizes[-1] != parameters.max_batch_size:
        raise UserError(
            f"{where}: the last of allowed_batch_sizes must be max_batch_size, which is "
            f"{parameters.max_batch_size}"
        )
    return parameters


def read_metrics_path(flag: str, path: Path) -> str | None:
    """Reads from a monitoring config file where metrics can be read; None for nowhere.

    Raises:
        UserError: where it is no such file, or the path is none.
    """
    config = _read(flag, path, new_message("MonitoringConfig")).prometheus_config
    if not config.enable:
        return None
    if config.path and not config.path.startswith("/"):
        raise UserError(f"{flag}: '{path}': the path '{config.path}' must begin with /")
    return config.path or DEFAULT_PATH


def read_tls(flag: str, path: Path) -> Tls:
    """Reads an SSL config file.

    Raises:
        UserError: where it is no such file, or a key or certificate is missing.
    """
    message = _read(flag, path, new_message("SSLConfig"))
    where = f"{flag}: '{path}'"
    if not message.server_key or not message.server_cert:
        raise UserError(f"{where} needs server_key and server_cert, each the text of a PEM file")
    if message.client_verify and not message.custom_ca:
        raise UserError(f"{where}: client_verify needs custom_ca, the text of a PEM file")
    authority = message.custom_ca if message.client_verify else ""
    return Tls(message.server_key, message.server_cert, authority)


def read_token(flag: str, path: Path) -> str:
    """Reads the token that clients must send: the only line of a file.

    Raises:
        UserError: where there is none.
    """
    token = _text(flag, path).strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UserError(f"{flag}: '{path}' must hold one word of printable ASCII, the token")
    return token


def _read(flag: str, path: Path, message: Any) -> Any:
    try:
        return text_format.Parse(_text(flag, path), message)
    except text_format.ParseError as error:
        name = message.DESCRIPTOR.name
        raise UserError(f"{flag}: '{path}' is no {name} in text form: {error}") from error


def _text(flag: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{flag}: '{path}' cannot be read ({error.strerror}); pass an existing file"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{flag}: '{path}' is not text in UTF-8") from error
