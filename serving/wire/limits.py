"""What one request, and all of them together, may cost: known before the work is done."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """The bounds of a server.

    Attributes:
        body_bytes: int, of one body, plain or unpacked. A 24-megapixel JPEG is about 12 MiB, 16
            MiB as base64; sixteen 128x128 images as numbers are about 10 MB of JSON.
        all_bodies_bytes: int, of all bodies that are held at once, beyond the first
            `small_body_bytes` of each, so that no few large ones shut out the small.
        small_body_bytes: int, see above.
        rows: int, images of one request.
        values: int, JSON values of one request but for those in lists of numbers that are read
            without making each a Python object.
        pixels: int, of all encoded images of one request together, and of all that are decoded
            at once. One image of 4096x4096, the largest that an exported edit takes.
        seconds: float, from the whole body to the answer.
        header_seconds: float, for a request's head.
        body_seconds: float, for its body.
        idle_seconds: float, between two requests on one connection.
        connections: int, that are open at once.
        waiting: int, requests that wait for a prediction.
        drain_seconds: float, for what has begun when the server is told to stop.
    """

    body_bytes: int = 32 * _MIB
    all_bodies_bytes: int = 96 * _MIB
    small_body_bytes: int = 64 * 2**10
    rows: int = 64
    values: int = 2**18
    pixels: int = 4096 * 4096
    seconds: float = 30.0
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: float = 60.0
    connections: int = 2048
    waiting: int = 256
    drain_seconds: float = 10.0
