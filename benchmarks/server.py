"""The API's process: canned answers on loopback, plain and TLS 1.3, as late as asked for.

An address ends in the round-trip delay: `https://127.0.0.1:PORT/delay/30/` answers 30 ms
late. The first answer of a connection is later by the round trips that a real network
takes to open it: one for TCP, and one more for TLS 1.3.

`python -m benchmarks.server FOLDER` writes its certificates to the folder, and the ports
and the bundle of certificates to trust to stdout. It ends when its stdin does.
"""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import certifi
import trustme

from benchmarks import bodies

if TYPE_CHECKING:
    from io import BufferedReader

HOST: Final = "127.0.0.1"
COUNTS_PATH: Final = "/counts"
_BOTH: Final = ("calls", "listings")


class Counts:
    """How often each bucket was asked for.

    A listing is counted by its first page, the only one that asks from the beginning.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {kind: Counter() for kind in _BOTH}

    def add(self, bucket: str, *, offset: int) -> None:
        """Count one call."""
        with self._lock:
            self._counts["calls"][bucket] += 1
            self._counts["listings"][bucket] += offset == 0

    def body(self) -> bytes:
        """All counts, as JSON."""
        with self._lock:
            return json.dumps(self._counts).encode()


class _Handler(socketserver.BaseRequestHandler):
    """One connection, with no more work than must be: it shares the machine."""

    server: _Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opening = 1
        if self.server.context:
            connection = self.server.context.wrap_socket(connection, server_side=True)
            opening = 2
        with connection, connection.makefile("rb") as stream:
            while head := _head(stream):
                path, length = head
                body = stream.read(length)
                answer, delay_s = self._answer(path, body)
                time.sleep(delay_s * (1 + opening))
                opening = 0
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(answer) + answer
                )

    def _answer(self, path: str, body: bytes) -> tuple[bytes, float]:
        """The body of an answer, and how late it is."""
        if path == COUNTS_PATH:
            return self.server.counts.body(), 0
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        bucket, offset = form["BucketName"], int(form.get("Offset", "0"))
        limit = int(form.get("Limit", "20"))
        self.server.counts.add(bucket, offset=offset)
        _, _, delay_ms = path.strip("/").partition("/")
        return bodies.page(bucket, limit=limit, offset=offset), float(delay_ms or 0) / 1000


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

    def __init__(self, counts: Counts, context: ssl.SSLContext | None) -> None:
        self.counts = counts
        self.context = context
        super().__init__((HOST, 0), _Handler)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Say nothing: a client that ends while it is answered is no error."""

    def start(self) -> int:
        """Serve from now on; the port."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        port: int = self.server_address[1]
        return port


def main() -> None:
    """Serve until stdin ends."""
    folder = Path(sys.argv[1])
    authority = trustme.CA()
    bundle = folder / "bundle.pem"
    # As large as a real one, for what loading it costs is a part of the comparison.
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority.issue_cert(HOST).configure_cert(context)
    counts = Counts()
    started = {
        "http": _Server(counts, None).start(),
        "https": _Server(counts, context).start(),
        "bundle": str(bundle),
    }
    sys.stdout.write(json.dumps(started) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
