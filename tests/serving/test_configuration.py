"""Configuration files, in the form that `tensorflow_model_server` reads."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from faceattr.errors import UserError
from serving.batching.parameters import BatchingParameters
from serving.configuration.files import (
    Tls,
    read_batching,
    read_metrics_path,
    read_models,
    read_tls,
    read_token,
)
from serving.configuration.messages import new_message
from serving.version_folders import All, Latest, ModelSource, Specific

MODELS = """
model_config_list {
  config { name: "add" base_path: "/models/add" model_platform: "tensorflow" }
  config {
    name: "remove" base_path: "/models/remove"
    model_version_policy { specific { versions: 3 versions: 5 } }
    version_labels { key: "stable" value: 3 }
    version_labels { key: "canary" value: 5 }
  }
  config { name: "all" base_path: "a" model_version_policy { all {} } }
  config { name: "two" base_path: "a" model_version_policy { latest { num_versions: 2 } } }
}
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Any, str], Any]:
    """Writes a file and has it read."""

    def read(reader: Any, text: str) -> Any:
        (tmp_path / "file").write_text(text)
        return reader("--flag", tmp_path / "file")

    return read


def test_models(read: Any) -> None:
    assert read(read_models, MODELS) == [
        ModelSource("add", Path("/models/add")),
        ModelSource("remove", Path("/models/remove"), Specific((3, 5)), {"stable": 3, "canary": 5}),
        ModelSource("all", Path("a"), All()),
        ModelSource("two", Path("a"), Latest(2)),
    ]


def test_batching(read: Any) -> None:
    text = """
    max_batch_size { value: 16 } batch_timeout_micros { value: 2000 }
    max_enqueued_batches { value: 4 } num_batch_threads { value: 2 }
    allowed_batch_sizes: 4 allowed_batch_sizes: 16 thread_pool_name { value: "any" }
    """
    assert read(read_batching, text) == BatchingParameters(16, 2000, 4, 2, (4, 16))
    assert read(read_batching, "# nothing") == BatchingParameters()


def test_where_metrics_are(read: Any) -> None:
    default = "/monitoring/prometheus/metrics"
    assert read(read_metrics_path, "prometheus_config { enable: true }") == default
    assert read(read_metrics_path, 'prometheus_config { enable: true path: "/m" }') == "/m"
    assert read(read_metrics_path, "prometheus_config { enable: false }") is None


def test_keys(read: Any) -> None:
    text = 'server_key: "KEY" server_cert: "CERT" custom_ca: "CA" client_verify: '
    assert read(read_tls, text + "true") == Tls("KEY", "CERT", "CA")
    assert read(read_tls, text + "false") == Tls("KEY", "CERT")
    assert read(read_token, "secret\n") == "secret"


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_models, "config {", "is no ModelServerConfig in text form: 1:"),
        (read_models, "", "has no model_config_list"),
        (read_models, "model_config_list { config { name: 'a' } }", "no name or no base_path"),
        (read_models, MODELS.replace('"two"', '"all"'), "two configs have the name 'all'"),
        (read_models, MODELS.replace('"tensorflow"', '"torch"'), "of 'add' is 'torch'"),
        (read_models, MODELS.replace("versions: 3 versions: 5", ""), "names no versions"),
        (
            read_models,
            MODELS.replace('"add"', '"add" logging_config {}'),
            "'add' has a logging_config",
        ),
        (read_batching, "max_batch_size: 3", "is no BatchingParameters in text form: 1:"),
        (read_batching, "max_batch_size { value: 0 }", "max_batch_size is 0; it must be 1 or"),
        (read_batching, "batch_timeout_micros { value: -1 }", "micros is -1; it must be 0 or"),
        (read_batching, "allowed_batch_sizes: 4 allowed_batch_sizes: 2", "must rise"),
        (read_batching, "allowed_batch_sizes: 4", "must be max_batch_size, which is 32"),
        (read_batching, "pad_variable_length_inputs: true", "is not done here"),
        (read_metrics_path, "prometheus_config { enable: true path: 'm' }", "must begin with /"),
        (read_tls, "server_key: 'K'", "needs server_key and server_cert"),
        (
            read_tls,
            "server_key: 'K' server_cert: 'C' client_verify: true",
            "client_verify needs custom_ca",
        ),
        (read_token, "two words", "must hold one word"),
        (read_token, " \n", "must hold one word"),
    ],
)
def test_mistakes_name_flag_and_file(read: Any, reader: Any, text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(reader, text)
    told = caught.value.for_command_line
    assert told.startswith("--flag: '")
    assert "/file'" in told
    assert message in told
    assert "\n" not in told


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_token("--flag", tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not text in UTF-8"):
        read_token("--flag", tmp_path / "binary")


def test_every_batching_parameter_is_one_of_the_message(read: Any) -> None:
    """So that a parameter that is added cannot be misspelt."""
    fields = set(new_message("BatchingParameters").DESCRIPTOR.fields_by_name)
    assert set(inspect.signature(BatchingParameters).parameters) <= fields


def test_messages_are_written_and_read_as_protobuf_does() -> None:
    message = new_message("BatchingParameters")
    text_format.Parse("max_batch_size { value: 300 } allowed_batch_sizes: 7", message)
    # Field 1, a message of 3 bytes with field 1 = 300; field 6, packed: 7.
    assert message.SerializeToString() == b"\x0a\x03\x08\xac\x02\x32\x01\x07"
