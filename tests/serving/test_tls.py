"""Keys and certificates."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from serving_fakes import running

from faceattr.errors import UserError
from serving.configuration.files import Tls
from serving.server import ssl_context
from serving.wire.limits import Limits


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", "key", "-out", "cert"),
        ],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    certificate = Path(folder, "cert").read_text()
    return Tls(Path(folder, "key").read_text(), certificate, certificate)


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Both ends in memory, without a socket."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def client(tls: Tls) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=tls.certificate)


def test_a_client_that_trusts_the_certificate_is_answered(tls: Tls) -> None:
    shake_hands(ssl_context(Tls(tls.key, tls.certificate)), client(tls))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ssl_context(Tls(tls.key, tls.certificate)), ssl.create_default_context())


def test_a_client_may_have_to_show_a_certificate(tls: Tls, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)peer did not return a certificate"):
        shake_hands(ssl_context(tls), client(tls))
    (tmp_path / "key").write_text(tls.key)
    (tmp_path / "cert").write_text(tls.certificate)
    known = client(tls)
    known.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    shake_hands(ssl_context(tls), known)


def test_http_is_answered_through_it(tls: Tls, tmp_path: Path) -> None:
    keys = Tls(tls.key, tls.certificate)
    with (
        running(tmp_path, Limits(), keys) as (host, port),
        socket.create_connection((host, port), timeout=20) as plain,
        client(tls).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET /v1/models/m HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_old_versions_are_not_spoken(tls: Tls) -> None:
    assert ssl_context(tls).minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("wrong", ["", "no PEM"])
def test_what_is_no_key_is_told(tls: Tls, wrong: str) -> None:
    with pytest.raises(UserError, match="keys or certificates are not in PEM"):
        ssl_context(Tls(wrong, tls.certificate))
