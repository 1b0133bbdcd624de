"""HTTP on loopback: requests in, answers out; what they say is decided elsewhere."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from pulumi_ucimage.emulator import api
from pulumi_ucimage.emulator.control import PREFIX, Control
from pulumi_ucimage.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage.emulator.faults import Fault, FaultQueue
    from pulumi_ucimage.emulator.state import State

HOST: Final = "127.0.0.1"
_LONGEST_BODY: Final = 1024 * 1024
_NO_BODY: Final = {
    HTTPStatus.NO_CONTENT,
    HTTPStatus.NOT_MODIFIED,
}  # RFC 9110, 15.3.5, 15.4.5


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each connection, all of which `close` ends.

    Args:
        port: The port of 127.0.0.1 to listen on; 0: any that is free.
        state: What there is to list.
        faults: What is to go wrong.

    Raises:
        OSError: The port cannot be listened on.
    """

    allow_reuse_address = True
    request_queue_size = 1024  # many clients may come at once

    def __init__(self, port: int, state: State, faults: FaultQueue) -> None:
        self.state = state
        self.faults = faults
        self.control = Control(state, faults)
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        super().__init__((HOST, port), _Handler)
        self._accepting = threading.Thread(
            target=self.serve_forever, args=(0.02,), name="ucloud-emulator", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it is, with a slash at the end."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def open(self) -> None:
        """Begin to answer; what came since the port was taken is waiting."""
        self._accepting.start()

    def close(self) -> None:
        """End every connection and every thread, then give the port back."""
        self.closing.set()  # ends delays
        self.shutdown()
        self._accepting.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # its other end may be gone
                    connection.shutdown(socket.SHUT_RDWR)
        for worker in self._workers:
            worker.join()
        self.server_close()

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        assert isinstance(request, socket.socket)  # noqa: S101  # a stream, no datagram
        worker = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="ucloud-emulator-connection",
            daemon=True,
        )
        with self._lock:
            self._connections.add(request)
        self._workers = [*(one for one in self._workers if one.is_alive()), worker]
        worker.start()

    def shutdown_request(
        self, request: socket.socket | tuple[bytes, socket.socket]
    ) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    """One connection: requests one after the other, each with its length known."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a client may go when it likes
            super().handle()

    def version_string(self) -> str:
        return "ucloud-emulator"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/":
            self._answer_api(query)
        elif self._may_control(path, "GET", self.server.control.gets):
            tell = self.server.control.gets[path.removeprefix(PREFIX)]
            self._send_json(HTTPStatus.OK, tell())

    def do_POST(self) -> None:
        # The query is left alone: the official Go SDK repeats Action there, unsigned.
        path = self.path.partition("?")[0]
        body = self._read_body()
        if body is None:
            return
        if path == "/":
            self._answer_api(body.decode("utf-8", "replace"))
        elif self._may_control(path, "POST", self.server.control.posts):
            self._change(path.removeprefix(PREFIX), body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Log nothing: a GET's path has the signature in it."""

    def _read_body(self) -> bytes | None:
        """The request's body, or None when there is nothing more to do."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.")
        elif len(length) > len(str(_LONGEST_BODY)) or int(length) > _LONGEST_BODY:
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"Send at most {_LONGEST_BODY} bytes.",
            )
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
            self.close_connection = True  # the client went away in the middle
        return None

    def _answer_api(self, form: str) -> None:
        """Answer a call of the API, or do with it what the faults say."""
        parameters = dict(parse_qsl(form, keep_blank_values=True))
        self.server.state.record(parameters)
        fault = self.server.faults.take()
        if fault.delay_s:
            self.server.closing.wait(fault.delay_s)
        headers = (
            {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
        )
        if fault.answer is None:
            listing = api.answer(parameters, self.server.state, cap=fault.cap)
            self._send_json(HTTPStatus.OK, listing)
        elif fault.answer.kind == "drop":
            self._reset()
        elif fault.answer.kind == "retcode":
            message = "The emulator was asked for this RetCode"
            refused = api.refusal(parameters, int(fault.answer.value or 0), message)
            self._send_json(HTTPStatus.OK, refused, headers)
        else:
            self._send_status(fault.answer, headers)

    def _send_status(self, fault: Fault, headers: Mapping[str, str]) -> None:
        """Answer with a bare HTTP status; a redirection leads to the API itself."""
        status = int(fault.value or 0)
        is_redirection = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
        location = {"Location": "/"} if is_redirection else {}
        body = b"" if status in _NO_BODY else b"The emulator was asked for this status.\n"
        self._send(status, "text/plain", body, {**headers, **location})

    def _reset(self) -> None:
        """Close the connection with a RST and not a byte."""
        linger = struct.pack("ii", 1, 0)  # on, for 0 s: what close() does then is a RST
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()  # in effect when `rfile` is closed too, at once
        self.close_connection = True

    def _may_control(self, path: str, method: str, known: Mapping[str, object]) -> bool:
        """Refuse control to what is not there, and to a browser that was led here."""
        name = path.removeprefix(PREFIX)
        try:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        except ValueError:  # such as [::1
            host = None
        if not path.startswith(PREFIX) or name not in known:
            paths = " and ".join(f"{PREFIX}{one}" for one in known)
            self._refuse(HTTPStatus.NOT_FOUND, f"{method} knows / and {paths}.")
        elif host not in (HOST, "localhost"):
            self._refuse(HTTPStatus.FORBIDDEN, f"Send this to {self.server.url} by name.")
        else:
            return True
        return False

    def _change(self, name: str, body: bytes) -> None:
        """Answer a control request that changes something."""
        # A page of another site cannot send this type without asking first (CORS).
        if self.headers.get_content_type() != "application/json":
            self._refuse(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json."
            )
            return
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
            return
        try:
            self._send_json(HTTPStatus.OK, self.server.control.posts[name](fields))
        except EmulatorError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Answer a request that is no call of the API; end its connection."""
        self._send_json(status, {"error": sentence}, {"Connection": "close"})

    def _send_json(
        self, status: int, document: Mapping[str, object], headers: Mapping[str, str] = {}
    ) -> None:
        """Send a JSON object."""
        self._send(status, "application/json", json.dumps(document).encode(), headers)

    def _send(
        self, status: int, content_type: str, body: bytes, headers: Mapping[str, str]
    ) -> None:
        """Send an answer whole."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in _NO_BODY:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
