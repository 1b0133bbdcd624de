"""The API in a process of its own: canned answers on loopback, plain and over TLS 1.3.

A bucket's name gives its size: `i1000t5` has 1,000 images of five tags each. A URL gives
the round-trip time: `https://127.0.0.1:PORT/delay/30/` answers 30 ms late. The first answer
of a connection is later by the round trips that open it: one for TCP, one more for TLS 1.3.

`python -m benchmarks.server FOLDER` writes its CA bundle to the folder, and its ports as
JSON to stdout. It ends when its stdin does.
"""

from __future__ import annotations

import json
import re
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import certifi
import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

HOST: Final = "127.0.0.1"
PUBLIC_KEY: Final = "bench-public"
PRIVATE_KEY: Final = "bench-private"
REGION: Final = "cn-bj2"


@dataclass(frozen=True)
class Api:
    """A server that runs.

    Attributes:
        ports: by scheme.
        bundle: path of the certificates to trust.
    """

    ports: dict[str, int]
    bundle: str

    def url(self, scheme: str, delay_ms: int = 0) -> str:
        """The address at which answers are this late."""
        return f"{scheme}://{HOST}:{self.ports[scheme]}/delay/{delay_ms}"

    def environment(self, scheme: str, delay_ms: int = 0) -> dict[str, str]:
        """The variables that lead a program here."""
        return {
            "UCLOUD_API_BASE_URL": self.url(scheme, delay_ms),
            "UCLOUD_PUBLIC_KEY": PUBLIC_KEY,
            "UCLOUD_PRIVATE_KEY": PRIVATE_KEY,
            "UCLOUD_REGION": REGION,
            "REQUESTS_CA_BUNDLE": self.bundle,
        }


@contextmanager
def running() -> Iterator[Api]:
    """Run the server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "benchmarks.server", folder],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        assert server.stdin and server.stdout  # noqa: S101, PT018 - both are pipes
        try:
            yield Api(json.loads(server.stdout.readline()), str(Path(folder, "bundle.pem")))
        finally:
            server.stdin.close()
            server.wait(10)


@lru_cache(maxsize=64)
def body(bucket: str, *, limit: int, offset: int) -> bytes:
    """The body of one answer; with 1,000 images of 20 tags it has 3.1 MB."""
    sized = re.fullmatch(r"i(\d+)t(\d+)", bucket)
    if sized is None:
        return json.dumps({"RetCode": 43023, "Message": "no such bucket"}).encode()
    images, tags = int(sized[1]), int(sized[2])
    answer = {
        "RetCode": 0,
        "Action": "GetDockerImageListResponse",
        "TotalCount": images,
        "ImageSet": [
            {
                "ImageName": f"ucsdr.ucloud.cn:5000/ucs/app-{number:06d}",
                "BucketName": "ucs",
                "ResourceId": f"uimage-{number:06d}",
                "OrgId": "org-bench",
                "UpdateTime": 1_700_000_000 + number,
                "TagSet": [
                    {
                        "TagName": f"1.{number % 50}.{tag}",
                        "CreateTime": 1_600_000_000 + 1_000 * number + tag,
                        "Digest": "sha512:" + 83 * "a",
                    }
                    for tag in range(tags)
                ],
            }
            for number in range(offset, min(images, offset + limit))
        ],
    }
    return json.dumps(answer, separators=(",", ":")).encode()


DIGEST: Final = "sha256:" + "0" * 64
_MANIFEST: Final = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.index.v1+json\r\n"
    f"Content-Length: 1000\r\nDocker-Content-Digest: {DIGEST}\r\n\r\n"
).encode()
"""The answer to HEAD for any manifest."""


class _Handler(socketserver.BaseRequestHandler):
    """One connection, with as little work as possible: it shares the machine."""

    server: _Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        round_trips = 2
        if self.server.context:
            connection = self.server.context.wrap_socket(connection, server_side=True)
            round_trips = 3
        with connection, connection.makefile("rb") as stream:
            while head := _head(stream):
                path, length = head
                if path.startswith("/v2/"):
                    connection.sendall(_MANIFEST)
                    continue
                answer, delay_s = self._answer(path, stream.read(length))
                time.sleep(delay_s * round_trips)
                round_trips = 1
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(answer) + answer
                )

    def _answer(self, path: str, request: bytes) -> tuple[bytes, float]:
        """The body of an answer, and how late it is."""
        form = {name: values[0] for name, values in parse_qs(request.decode()).items()}
        bucket, offset = form["BucketName"], int(form.get("Offset", "0"))
        limit = int(form.get("Limit", "20"))
        delay_ms = path.strip("/").partition("/")[2]
        return body(bucket, limit=limit, offset=offset), float(delay_ms or 0) / 1000


def _head(stream: BufferedReader) -> tuple[str, int] | None:
    """Path and length of the body of a request; None where no more comes."""
    try:
        first = stream.readline()
    except OSError:
        return None
    if not first:
        return None
    length = 0
    while (line := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return first.split()[1].decode(), length


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        super().__init__((HOST, 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Ignore it: a client may end while it is answered."""


def main() -> None:
    """Serve until stdin ends."""
    authority = trustme.CA()
    # As large as a real bundle, because loading it is a part of the comparison.
    Path(sys.argv[1], "bundle.pem").write_bytes(
        Path(certifi.where()).read_bytes() + authority.cert_pem.bytes()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority.issue_cert(HOST).configure_cert(context)
    servers = {"http": _Server(None), "https": _Server(context)}
    ports = {scheme: server.server_address[1] for scheme, server in servers.items()}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
