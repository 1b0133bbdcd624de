"""The deadline ends every read, and only good connections are kept."""

from __future__ import annotations

import contextlib
import io
import socket
from typing import TYPE_CHECKING, Any, cast

import pytest
from calling import LATEST_S, TIMEOUT_S, Caller, late, outcome
from faults import (
    BODY,
    GZIP,
    HEAD,
    PACKED,
    Do,
    Drip,
    FaultServer,
    answer,
    chunked,
    encoded,
)
from reliability.cases import Way
from reliability.table import CASES

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.connection import _DeadlineReader, reading_until
from pulumi_ucimage.errors import UcimageError

if TYPE_CHECKING:
    from authority import Authority
    from faults import Steps

# What drips or is silent in the reliability table.
ENDLESS = {
    name: script.responses[0]
    for name, case in CASES["Time"].items()
    if case.expected and (script := case.scripts()[0]).way is Way.PLAIN
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_the_deadline_ends_every_read(script: Steps, authority: Authority) -> None:
    """Silence and dripping end at the deadline, also under TLS."""
    context = authority.server("127.0.0.1")
    with (
        FaultServer(script, tls=context) as server,
        Caller(server.url, timeout_s=TIMEOUT_S, network=authority.trusted) as caller,
    ):
        caller_ended = late(caller)

        # On a slow machine the deadline may pass before the request is sent.
        assert len(server.requests) <= 1
    assert caller_ended < LATEST_S


@pytest.mark.parametrize("greeting", [(Do.WAIT,), (Drip(b"\x16\x03\x03\x40\x00" * 999),)])
def test_the_deadline_ends_a_handshake(greeting: Steps, authority: Authority) -> None:
    """A TLS handshake that never ends is given up."""
    with FaultServer(greeting=greeting) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url, timeout_s=TIMEOUT_S, network=authority.trusted) as caller:
            assert late(caller) < LATEST_S


def test_a_silence_within_the_deadline_is_retried() -> None:
    """One read has a timeout of its own, so that there is time for another attempt."""
    with (
        FaultServer((Do.WAIT,), (HEAD, Do.WAIT), answer()) as server,
        Caller(server.url, read_timeout_s=0.1) as caller,
    ):
        assert outcome(caller) is None
        assert 3 == len(server.requests)


def test_nothing_is_sent_after_the_deadline() -> None:
    """A look-up that has no time left makes no call."""
    with FaultServer(answer()) as server:
        with Caller(server.url, timeout_s=0) as caller:
            late(caller)

        assert 0 == server.connections


# Kept connections


KEPT = {
    "Content-Length": answer(),
    "chunks": chunked(BODY[:9], BODY[9:]),
    "chunks with trailers": chunked(BODY)[:-2] + b"X: y\r\n\r\n",
    "gzip": answer(PACKED, headers=GZIP),
    "gzip in chunks": chunked(PACKED, headers=GZIP),
    "an error of the API": answer(encoded({"RetCode": 171})),
    "not JSON": answer(b"<html>"),
    "no body": answer(b""),
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_a_whole_response_keeps_its_connection(kept: bytes) -> None:
    """Calls one after another use one connection."""
    with FaultServer(kept) as server, Caller(server.url, retries=0) as caller:
        for _ in range(3):
            _ended(caller)

        assert (3, 1) == (len(server.requests), server.connections)


def _ended(caller: Caller) -> None:
    with contextlib.suppress(UcimageError):
        caller.get_page()


NOT_KEPT = {
    "Connection: close": (answer(headers={"Connection": "close"}),),
    "an error's body": (answer(BODY, 404),),
    "bytes behind the body": (answer() + answer(b"poison"),),
    "bytes behind the last chunk": (chunked(BODY) + answer(b"poison"),),
    "one byte behind the body": (answer() + b"\n",),
    "a whole buffer behind the body": (answer() + b"x" * 100_000,),
    "a body behind none": (answer(b"", 204, {"Content-Length": "6"}) + b"poison",),
    "a longer body than it said": (
        answer(BODY + b"poison", headers={"Content-Length": "9"}),
    ),
    "cut": (HEAD, Do.CLOSE),
    "unpacks short": (answer(PACKED[:-9], headers=GZIP) + answer(b"poison"),),
}


@pytest.mark.parametrize("steps", NOT_KEPT.values(), ids=NOT_KEPT)
def test_bytes_after_a_response_do_not_begin_the_next_one(steps: Steps) -> None:
    """After anything but one whole response the next call uses a new connection."""
    with FaultServer(steps, answer()) as server, Caller(server.url, retries=0) as caller:
        _ended(caller)
        assert outcome(caller) is None

        assert [1, 2] == [request.connection for request in server.requests]


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    """An idle connection may end; the next call needs no retry."""
    with (
        FaultServer((answer(), Do.CLOSE), answer()) as server,
        Caller(server.url, retries=1) as caller,
    ):
        assert outcome(caller) is None
        assert outcome(caller) is None
        assert 2 == server.connections


def test_close_ends_kept_connections() -> None:
    """After `close`, a call opens another connection."""
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert outcome(caller) is None
        caller.http.close()
        assert outcome(caller) is None
        assert 2 == server.connections


class TlsWithinTls:
    """What urllib3 makes of a connection by TLS through a proxy that speaks TLS."""

    def __init__(self, outer: socket.socket) -> None:
        self.socket = outer

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        """Nothing to read."""
        return io.BytesIO()


def test_a_connection_within_tls_can_be_ended() -> None:
    """It has no shutdown of its own, so that the outer connection ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs, reading_until(Deadline.after(60, Clock()), 30):
        _DeadlineReader(cast("Any", TlsWithinTls(ours))).disconnect()

        assert b"" == theirs.recv(1)
