"""The gRPC server, which runs on the event loop of the HTTP server."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from ..configuration.files import Tls
from ..operations.access import Access
from ..operations.metrics import Metrics
from ..prediction import Predictor
from .services import ModelService, PredictionService

# gRPC holds a whole message in memory before anybody is asked; its own limit is 4 MiB, which a few
# large photos are over. Together they fit the memory that the server keeps to.
_MESSAGE_BYTES = 16 * 2**20
_CALLS_AT_ONCE = 32


def make_server(
    predictor: Predictor,
    access: Access,
    metrics: Metrics,
    address: str,
    settings: Sequence[tuple[str, str | int]] = (),
    tls: Tls | None = None,
) -> grpc.aio.Server:
    """Makes the server, which is not started; must be called on the event loop that is to run it.

    Args:
        predictor: answers.
        access: whose requests are answered.
        metrics: is told of every call.
        address: str, host and port.
        settings: of gRPC, by name.
        tls: keys; None for none.

    Raises:
        RuntimeError: where the address is not to be had.
    """
    options = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", -1),
        # Two servers on one port would each get some of the calls.
        ("grpc.so_reuseport", 0),
        *settings,
    ]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=_CALLS_AT_ONCE)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(predictor, access, metrics), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(predictor, access, metrics), server
    )
    if tls is None:
        server.add_insecure_port(address)
        return server
    credentials = grpc.ssl_server_credentials(
        [(tls.key.encode(), tls.certificate.encode())],
        tls.client_authority.encode() or None,
        bool(tls.client_authority),
    )
    server.add_secure_port(address, credentials)
    return server
