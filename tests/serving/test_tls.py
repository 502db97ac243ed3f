"""Keys and certificates."""

from __future__ import annotations

import io
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from serving_fakes import FakeEdit, opened, server_of

from faceattr.errors import UserError
from serving.client import EditClient, EditError
from serving.configuration.files import Tls
from serving.operations.access import Access
from serving.server import ssl_context


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


PHOTO = photo()


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


@pytest.fixture(scope="module")
def certificate(tls: Tls, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that a client trusts."""
    file = tmp_path_factory.mktemp("trusted") / "certificate.pem"
    file.write_text(tls.certificate)
    return file


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
        opened(server_of(tmp_path), keys) as at,
        socket.create_connection(at.address, timeout=20) as plain,
        client(tls).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET /v1/models/m HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("scheme", ["https", "grpcs"])
def test_the_client_edits_through_it_with_a_token(
    tls: Tls, certificate: Path, tmp_path: Path, scheme: str
) -> None:
    server = server_of(tmp_path, servable=FakeEdit(), access=Access(token="right"))
    with opened(server, Tls(tls.key, tls.certificate), grpc=scheme == "grpcs") as at:
        port = at.address[1] if scheme == "https" else at.grpc_port
        url, trusted = f"{scheme}://localhost:{port}", str(certificate)
        with EditClient(url, token="right", certificates=trusted) as client:
            assert client.edit(PHOTO, "m") == PHOTO
        for token in (None, "wrong"):
            with (
                EditClient(url, token=token, certificates=trusted) as client,
                pytest.raises(EditError, match="Send the server's token") as caught,
            ):
                client.edit(PHOTO, "m")
            assert caught.value.status in (401, "UNAUTHENTICATED")
        with (
            EditClient(url, token="right", retries=0) as client,
            pytest.raises(EditError) as caught,
        ):
            client.edit(PHOTO, "m")  # nobody vouches for the certificate
        assert caught.value.status in (None, "UNAVAILABLE")
        plain = url.replace("s://", "://")
        with EditClient(plain, token="right", retries=0) as client, pytest.raises(EditError):
            client.edit(PHOTO, "m")


def test_old_versions_are_not_spoken(tls: Tls) -> None:
    assert ssl_context(tls).minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("wrong", ["", "no PEM"])
def test_what_is_no_key_is_told(tls: Tls, wrong: str) -> None:
    with pytest.raises(UserError, match="keys or certificates are not in PEM"):
        ssl_context(Tls(wrong, tls.certificate))
