"""The emulator's HTTP server: connections, threads, start and stop."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from emulator_calls import DATA, NAMES, listed, post, raw, signed, until

from pulumi_ucimage.emulator import Emulator, EmulatorError


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", b"411"),
        ("Content-Length: -1\r\n", b"411"),
        ("Content-Length: many\r\n", b"411"),
        ("Transfer-Encoding: chunked\r\n", b"411"),
        ("Content-Length: 1048577\r\n", b"413"),
        (f"Content-Length: {'9' * 5000}\r\n", b"413"),
    ],
)
def test_a_body_of_unknown_or_great_length_is_refused(
    many: Emulator, headers: str, status: bytes
) -> None:
    """The connection ends, because the next request could begin anywhere."""
    with raw(many) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        with connection.makefile("rb") as file:
            answer = file.read()

    assert answer.split(b" ")[1] == status
    assert b"Connection: close" in answer


def test_an_unknown_method_is_refused(many: Emulator) -> None:
    """Only GET and POST are answered; the refusal is JSON with a sentence."""
    answer = requests.put(many.url, data=signed(), timeout=30)

    assert (answer.status_code, answer.json()["error"][-1]) == (501, ".")


def test_a_connection_is_kept(many: Emulator) -> None:
    """Request after request is answered on one connection, refusals of the API too."""
    address = urlsplit(many.url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=30
    )
    connection.connect()
    kept = connection.sock
    codes = []
    for call in (signed(), signed("another key"), signed()):
        connection.request("GET", f"/?{urlencode(call)}")
        codes.append(json.loads(connection.getresponse().read())["RetCode"])

    assert (codes, connection.sock is kept) == ([0, 171, 0], True)
    connection.close()


def test_it_listens_on_loopback_only(many: Emulator) -> None:
    """The URL has 127.0.0.1, and the port is free on other addresses."""
    address = urlsplit(many.url)
    with socket.socket() as other:
        other.bind(("127.0.0.2", address.port or 0))

    assert address.hostname == "127.0.0.1"


def test_many_threads_are_answered_at_once(many: Emulator) -> None:
    """Sixteen threads each get their own pages, and every call is counted."""

    def pages(number: int) -> list[str]:
        with requests.Session() as session:
            calls = [signed(Limit="1", Offset=str(number + at)) for at in range(9)]
            answers = [session.post(many.url, call, timeout=30).json() for call in calls]
        return [answer["ImageSet"][0]["ImageName"] for answer in answers]

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(pages, range(16)))

    assert seen == [NAMES[number : number + 9] for number in range(16)]
    assert len(many.requests) == 16 * 9


def test_a_burst_of_connections_is_taken(many: Emulator) -> None:
    """Two hundred clients that connect before the first one is served get an answer."""
    connections = [raw(many) for _ in range(200)]
    query = urlencode(signed(Limit="1")).encode()
    for connection in connections:
        connection.sendall(b"GET /?" + query + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    statuses = []
    for connection in connections:
        with connection:
            statuses.append(connection.recv(12))

    assert statuses == [b"HTTP/1.1 200"] * 200


def test_nothing_is_left_after_a_stop() -> None:
    """Threads have ended, kept and half-used connections are closed, the port is free."""
    before = set(threading.enumerate())
    with Emulator() as emulator:
        idle, half = raw(emulator), raw(emulator)
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        response = http.client.HTTPResponse(idle)
        response.begin()
        assert response.read().endswith(b"}\n")
        half.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        until(lambda: len(threading.enumerate()) == len(before) + 3)
        port = urlsplit(emulator.url).port or 0

    assert set(threading.enumerate()) == before
    with idle, half:
        assert (idle.recv(1), half.recv(1)) == (b"", b"")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_stop_does_not_wait_for_a_delay() -> None:
    """A request with a delay of hours does not hold up the stop."""
    emulator = Emulator(faults=["delay=9999"]).start()
    with raw(emulator) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: emulator.requests)
        before = time.monotonic()

        emulator.stop()

    assert time.monotonic() - before < 10


def test_a_client_may_go_away(many: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    """A request cut in the middle is not a call, ends its thread, and prints nothing."""
    before = threading.active_count()
    for linger in (0, 1):
        with raw(many) as connection:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 0)
            )
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nAction=x")
            until(lambda: threading.active_count() > before)
        until(lambda: threading.active_count() == before)

    assert many.requests == []
    assert post(many.url, signed()).json()["RetCode"] == 0
    assert capfd.readouterr() == ("", "")


def test_it_can_be_started_again() -> None:
    """Pushes and counted calls outlive a stop, and a second stop does nothing."""
    emulator = Emulator(data=DATA, faults=["retcode=153*1"])
    emulator.push("many", "image-00", "1")
    with emulator:
        assert post(emulator.url, signed()).json()["RetCode"] == 153
    emulator.stop()
    with emulator:
        assert "TagSet" in listed(emulator, "many")[0]

    assert len(emulator.requests) == 2


def test_a_second_start_is_refused(many: Emulator) -> None:
    """One emulator has one server."""
    with pytest.raises(EmulatorError, match="is running already: stop it first"):
        many.start()


def test_without_a_start_there_is_no_url() -> None:
    """The error says to start it."""
    with pytest.raises(EmulatorError, match="start it first"):
        _ = Emulator().url


def test_a_given_port_is_used(many: Emulator) -> None:
    """The port of a stopped emulator can be used again at once."""
    port = urlsplit(many.url).port or 0
    with raw(many) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: many.requests)
        many.stop()
        with connection.makefile("rb") as file:
            # To the end: otherwise closing the client would forget the connection.
            file.read()

    with Emulator(port=port) as emulator:
        assert emulator.url == f"http://127.0.0.1:{port}/"


def test_a_port_in_use_is_one_sentence(many: Emulator) -> None:
    """The sentence names the port and says what to use."""
    port = urlsplit(many.url).port or 0

    with pytest.raises(EmulatorError) as caught:
        Emulator(port=port).start()

    assert f"The port {port} of 127.0.0.1 is not available" in str(caught.value)
    assert str(caught.value).endswith("use another one, or 0 for a free one.")


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_invalid_port_is_one_sentence(port: int) -> None:
    """A number that is not a port is refused before anything is started."""
    with pytest.raises(EmulatorError, match=f"The port {port} is invalid"):
        Emulator(port=port)
