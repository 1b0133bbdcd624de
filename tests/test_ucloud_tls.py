"""Certificates are checked, and a failure is said at once and never tried again."""

from __future__ import annotations

import ssl
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme

import pulumi_ucimage as ucimage
from pulumi_ucimage import clients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GOOD = b'{"RetCode": 0, "TotalCount": 0, "ImageSet": []}'


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer with an empty listing."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(GOOD)))
        self.end_headers()
        self.wfile.write(GOOD)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    handshakes = 0

    def get_request(self) -> Any:
        """Count what is tried, whatever comes of it."""
        self.handshakes += 1
        return super().get_request()

    def handle_error(self, *_: object) -> None:
        """A handshake that fails is the client's to tell."""


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., _Server]]:
    """Start HTTPS servers, and configure the environment for the last one."""
    started: list[_Server] = []

    def start(certificate: trustme.LeafCert) -> _Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server = _Server(("127.0.0.1", 0), _Handler)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        started.append(server)
        monkeypatch.setenv(
            "UCLOUD_API_BASE_URL", f"https://127.0.0.1:{server.server_port}/"
        )
        monkeypatch.setenv("UCLOUD_PUBLIC_KEY", "public")
        monkeypatch.setenv("UCLOUD_PRIVATE_KEY", "private")
        monkeypatch.setenv("UCLOUD_REGION", "cn-bj2")
        return server

    yield start
    clients.close_connections()
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that nobody trusts by itself."""
    return trustme.CA()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_ones_own_is_trusted_where_it_is_named(
    serve: Any,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Both variables name a file of certificates."""
    serve(authority.issue_cert("127.0.0.1"))
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv(variable, str(bundle))

    assert 0 == ucimage.get_docker_images("ucs").total_count


@pytest.mark.parametrize("fault", ["unknown authority", "other host", "expired"])
def test_a_certificate_that_is_wrong_is_refused_once(
    serve: Any,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    """A TransportError that names host and port, after one try."""
    host = "example.com" if fault == "other host" else "127.0.0.1"
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    until = yesterday if fault == "expired" else None
    server = serve(authority.issue_cert(host, not_after=until))
    bundle = tmp_path / "ca.pem"
    trusted = trustme.CA() if fault == "unknown authority" else authority
    trusted.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    with pytest.raises(
        ucimage.TransportError, match="certificate that is not to be trusted"
    ):
        ucimage.get_docker_images("ucs")

    assert 1 == server.handshakes


def test_a_bundle_that_is_missing_is_said(
    serve: Any, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable and its file, and no call."""
    server = serve(authority.issue_cert("127.0.0.1"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")

    with pytest.raises(ucimage.ConfigError, match="REQUESTS_CA_BUNDLE"):
        ucimage.get_docker_images("ucs")

    assert 0 == server.handshakes
