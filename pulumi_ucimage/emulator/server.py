"""HTTP on 127.0.0.1: parses requests, sends answers, and logs a line for each."""

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
from urllib.parse import parse_qsl, unquote, urlsplit

from pulumi_ucimage.emulator import api, registry
from pulumi_ucimage.emulator.control import PREFIX, Control
from pulumi_ucimage.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage.emulator.faults import Fault, FaultQueue
    from pulumi_ucimage.emulator.registry_login import RegistryLogin
    from pulumi_ucimage.emulator.state import State

HOST: Final = "127.0.0.1"
_LONGEST_BODY: Final = 1024 * 1024
_LONGEST_LINE: Final = 500
_LOGGED: Final = ("Action", "Region", "BucketName", "ProjectId", "Offset", "Limit")
_NO_BODY: Final = {
    HTTPStatus.NO_CONTENT,
    HTTPStatus.NOT_MODIFIED,
}  # RFC 9110, 15.3.5, 15.4.5


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server with a thread for each connection; `close` ends all of them.

    Args:
        port: the port of 127.0.0.1 to listen on; 0: any free one.
        state: keys, images and manifests.
        faults: what goes wrong.
        login: who may pull from the registry.
        log: takes a line about each request.

    Raises:
        OSError: the port is not available.
    """

    allow_reuse_address = True
    request_queue_size = 1024  # many clients may come at once

    def __init__(
        self,
        port: int,
        state: State,
        faults: FaultQueue,
        login: RegistryLogin,
        log: Callable[[str], None],
    ) -> None:
        self.state = state
        self.faults = faults
        self.login = login
        self.log = log
        self.control = Control(state, faults)
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        super().__init__((HOST, port), _Handler)
        self._accepting = threading.Thread(
            target=self.serve_forever, args=(0.005,), name="ucloud-emulator", daemon=True
        )
        login.realm = f"{self.url.rstrip('/')}{registry.TOKEN_PATH}"

    @property
    def url(self) -> str:
        """Where it is, with a slash at the end."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def open(self) -> None:
        """Begin to answer, first the requests that arrived since the port was opened."""
        self._accepting.start()

    def close(self) -> None:
        """End every connection and every thread, then free the port."""
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
    _subject = ""
    """What the log calls the request; empty: its path."""
    _outcome = ""
    """What the log says about the answer, beside its status."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a client may go at any time
            super().handle()

    def parse_request(self) -> bool:
        self._subject = self._outcome = ""
        return super().parse_request()

    def version_string(self) -> str:
        return "ucloud-emulator"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/":
            self._answer_api(query)
        elif path.startswith(registry.PREFIX):
            self._answer_registry(path)
        elif path == registry.TOKEN_PATH:
            authorization = self.headers.get("Authorization", "")
            token = registry.answer_token(
                dict(parse_qsl(query)), authorization, self.server.login
            )
            self._send_response(token)
        elif self._may_control(path, "GET", self.server.control.gets):
            read = self.server.control.gets[path.removeprefix(PREFIX)]
            self._send_json(HTTPStatus.OK, read())

    def do_HEAD(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith(registry.PREFIX):
            self._answer_registry(path)
        else:
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, f"HEAD is for {registry.PREFIX} only.")

    def do_POST(self) -> None:
        # The query is ignored: the official Go SDK repeats Action there, unsigned.
        path = self.path.partition("?")[0]
        body = self._read_body()
        if body is None:
            return
        if path == "/":
            self._answer_api(body.decode("utf-8", "replace"))
        elif self._may_control(path, "POST", self.server.control.posts):
            self._change(path.removeprefix(PREFIX), body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        """Log a line without the query and the body, which hold the signature."""
        status = str(int(code)) if isinstance(code, int) else code
        self._log(" ".join(filter(None, (status, self._outcome))))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Log nothing else: the base class would write the path with its query."""

    def send_error(
        self,
        code: int,
        message: str | None = None,
        explain: str | None = None,  # noqa: ARG002
    ) -> None:
        """Refuse what the base class cannot read, as JSON like all else."""
        status = HTTPStatus(code)
        self._refuse(status, f"{message or status.phrase}.")

    def _log(self, outcome: str) -> None:
        path = (getattr(self, "path", "") or "").partition("?")[0]
        subject = self._subject or path
        line = " ".join(filter(None, (self.command, subject, "->", outcome)))
        # A client can put anything into its request; a line stays a line.
        self.server.log(line[:_LONGEST_LINE].encode("unicode_escape").decode("ascii"))

    def _read_body(self) -> bytes | None:
        """The request's body; None if the request was refused or cut off."""
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
        self._subject = " ".join(
            f"{name}={parameters[name]}" if name != "Action" else parameters[name]
            for name in _LOGGED
            if name in parameters
        )
        self.server.state.record(parameters)
        effect = self.server.faults.take()
        fault, retry_after_s = effect.answer, effect.retry_after_s
        if effect.delay_s:
            self.server.closing.wait(effect.delay_s)
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        if fault is None:
            answer = api.answer(parameters, self.server.state, cap=effect.cap)
            self._outcome = _outcome_of(answer)
            self._send_json(HTTPStatus.OK, answer)
        elif fault.kind == "drop":
            self._log("connection reset (fault)")
            self._reset()
        elif fault.kind == "retcode":
            self._outcome = f"RetCode {fault.value} (fault)"
            message = "The emulator was asked for this RetCode"
            refused = api.refuse(parameters, int(fault.value or 0), message)
            self._send_json(HTTPStatus.OK, refused, headers)
        else:
            self._outcome = "(fault)"
            self._send_status(fault, headers)

    def _answer_registry(self, path: str) -> None:
        """Answer a request of the registry's API; faults are for the UCloud API alone."""
        self._send_response(
            registry.answer(
                unquote(path),
                self.headers.get_all("Accept", []),
                self.headers.get("Authorization", ""),
                self.server.state,
                self.server.login,
            )
        )

    def _send_response(self, response: registry.Response) -> None:
        self._outcome = response.outcome
        headers = {"Docker-Distribution-Api-Version": "registry/2.0", **response.headers}
        self._send(response.status, response.content_type, response.body, headers)

    def _send_status(self, fault: Fault, headers: Mapping[str, str]) -> None:
        """Answer with an HTTP status; a redirection leads to the API itself."""
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
        """Refuse unknown paths, and a browser that a foreign page led here."""
        name = path.removeprefix(PREFIX)
        try:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        except ValueError:  # such as [::1
            host = None
        if not path.startswith(PREFIX) or name not in known:
            paths = " and ".join(f"{PREFIX}{one}" for one in known)
            self._refuse(
                HTTPStatus.NOT_FOUND,
                f"{method} knows /, {registry.PREFIX}, /token and {paths}."
                if method == "GET"
                else f"{method} knows / and {paths}.",
            )
        elif host not in (HOST, "localhost"):
            self._refuse(
                HTTPStatus.FORBIDDEN, "Send this with Host: 127.0.0.1 or localhost."
            )
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
            done = self.server.control.posts[name](fields)
        except EmulatorError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        if "ImageName" in done:
            self._outcome = _name_of(done)
        self._send_json(HTTPStatus.OK, done)

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Answer a request that is not a call of the API; end its connection."""
        self._outcome = sentence
        self._send_json(status, {"error": sentence}, {"Connection": "close"})

    def _send_json(
        self, status: int, document: Mapping[str, object], headers: Mapping[str, str] = {}
    ) -> None:
        """Send a JSON object."""
        self._send(
            status, "application/json", f"{json.dumps(document)}\n".encode(), headers
        )

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
        if getattr(self, "command", None) != "HEAD":
            self.wfile.write(body)


def _outcome_of(answer: Mapping[str, object]) -> str:
    """What the log says about an answer of the API."""
    images = answer.get("ImageSet")
    if isinstance(images, list):
        return f"{len(images)} of {answer['TotalCount']} images"
    return f"RetCode {answer['RetCode']}: {answer['Message']}"


def _name_of(done: Mapping[str, object]) -> str:
    """The image, tag or digest that a control request changed."""
    name = str(done["ImageName"])
    if done.get("TagName"):
        return f"{name}:{done['TagName']}"
    return f"{name}@{done['Digest']}" if done.get("Digest") else name
