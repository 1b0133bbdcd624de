"""What the emulator does wrong on request."""

from __future__ import annotations

import time

import pytest
import requests
from emulator_calls import DATA, post, raw, signed

from pulumi_ucimage.emulator import Emulator, FaultError
from pulumi_ucimage.emulator.faults import FaultQueue


@pytest.mark.parametrize(
    ("spec", "needs"),
    [
        ("", "KIND is one of retcode, http, drop, delay, cap, retry_after."),
        ("flood", "KIND[=VALUE][*TIMES]"),
        ("HTTP=503", "KIND[=VALUE][*TIMES]"),
        ("*2", "KIND[=VALUE][*TIMES]"),
        ("retcode", "a RetCode other than 0"),
        ("retcode=", "a RetCode other than 0"),
        ("retcode=0", "a RetCode other than 0"),
        ("retcode=15x", "a RetCode other than 0"),
        ("http", "an HTTP status from 200 to 599"),
        ("http=199", "an HTTP status from 200 to 599"),
        ("http=600", "an HTTP status from 200 to 599"),
        ("http=503\n", "an HTTP status from 200 to 599"),
        ("delay=-1", "seconds below 10000"),
        ("delay=inf", "seconds below 10000"),
        ("delay=10000", "seconds below 10000"),
        ("drop=1", "no value"),
        ("drop=", "no value"),
        ("cap=0", "a page length of 1 or more"),
        ("cap=1.5", "a page length of 1 or more"),
        ("retry_after=1.5", "whole seconds"),
        ("drop*", "drop*2"),
        ("drop*0", "drop*2"),
        ("http=503*-1", "http=503*2"),
        ("http=503*2*2", "http=503*2"),
    ],
)
def test_an_invalid_fault_is_one_sentence(spec: str, needs: str) -> None:
    """It names the text, and says what to use."""
    with pytest.raises(FaultError) as caught:
        Emulator(faults=[spec])

    said = str(caught.value)
    assert (repr(spec) in said, needs in said, said[-1]) == (True, True, ".")


def test_a_ret_code_is_answered(many: Emulator) -> None:
    """`retcode` answers any call with that RetCode, signed or not."""
    many.fault("retcode=153")

    answer = post(many.url, signed(Signature=None)).json()

    assert answer == {
        "RetCode": 153,
        "Action": "GetDockerImageListResponse",
        "Message": "The emulator was asked for this RetCode",
    }


@pytest.mark.parametrize("status", [200, 204, 302, 304, 307, 404, 429, 503, 599])
def test_a_status_is_answered(many: Emulator, status: int) -> None:
    """`http` answers any call with that status, and without JSON."""
    many.fault(f"http={status}")

    answer = post(many.url, signed())

    assert (answer.status_code, "{" in answer.text) == (status, False)


@pytest.mark.parametrize("status", [204, 304, 503])
def test_the_connection_is_usable_after_a_status(many: Emulator, status: int) -> None:
    """The body of a status does not mix with the next answer."""
    many.fault(f"http={status}*1")
    with raw(many) as connection:
        request = b"GET / HTTP/1.1\r\nHost: x\r\n"
        connection.sendall(request + b"\r\n" + request + b"Connection: close\r\n\r\n")
        with connection.makefile("rb") as file:
            answers = file.read().split(b"HTTP/1.1 ")

    assert [answer[:3] for answer in answers[1:]] == [str(status).encode(), b"200"]
    assert answers[1].endswith(b"\r\n\r\n") is (status in (204, 304))


def test_a_redirection_leads_to_the_emulator(many: Emulator) -> None:
    """A client that follows it is answered, and counted twice."""
    many.fault("http=307*1")

    answer = requests.post(many.url, data=signed(), timeout=30)

    assert (answer.json()["RetCode"], len(many.requests)) == (0, 2)


def test_a_drop_resets_the_connection(many: Emulator) -> None:
    """`drop` ends the connection with a RST and without a byte."""
    many.fault("drop")

    with raw(many) as connection:
        connection.sendall(b"GET /?Action=x HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_delays_add_up(many: Emulator) -> None:
    """The answer comes no sooner than all delays together."""
    many.fault("delay=0.05")
    many.fault("delay=0.05*1")
    before = time.monotonic()

    answer = post(many.url, signed())

    assert (answer.json()["RetCode"], time.monotonic() - before >= 0.1) == (0, True)


@pytest.mark.parametrize(
    ("caps", "limit", "length"),
    [(["cap=10"], "20", 10), (["cap=10", "cap=7"], "20", 7), (["cap=10"], "3", 3)],
)
def test_a_cap_shortens_pages(
    many: Emulator, caps: list[str], limit: str, length: int
) -> None:
    """The lowest cap counts if Limit is higher; TotalCount does not change."""
    for cap in caps:
        many.fault(cap)

    answer = post(many.url, signed(Limit=limit)).json()

    assert (len(answer["ImageSet"]), answer["TotalCount"]) == (length, 25)


@pytest.mark.parametrize(
    ("faults", "header"),
    [
        (["retry_after=2", "http=503"], "2"),
        (["retcode=153", "retry_after=2", "retry_after=7"], "7"),
        (["retry_after=2"], None),
        (["http=503"], None),
    ],
)
def test_retry_after_comes_with_a_fault(
    many: Emulator, faults: list[str], header: str | None
) -> None:
    """The answer of a fault has the header, a listing never."""
    for fault in faults:
        many.fault(fault)

    assert post(many.url, signed()).headers.get("Retry-After") == header


def test_faults_answer_one_after_the_other() -> None:
    """The next one answers when the first is used up, and then the API does."""
    faults = ["http=503*2", "retcode=110*1", "http=500*1"]
    with Emulator(data=DATA, faults=faults) as emulator:
        seen = [post(emulator.url, signed()) for _ in range(6)]

    assert [answer.status_code for answer in seen] == [503, 503, 200, 500, 200, 200]
    assert [seen[at].json()["RetCode"] for at in (2, 4, 5)] == [110, 0, 0]


def test_each_request_counts_down() -> None:
    """Delay, cap and retry_after count down beside the fault that answers."""
    queue = FaultQueue(["drop*2", "cap=5*1", "http=500*1", "delay=1*3", "retry_after=1"])

    queue.take()

    assert queue.specs() == ["drop*1", "http=500*1", "delay=1*2", "retry_after=1"]


def test_faults_can_be_cleared(many: Emulator) -> None:
    """After `clear_faults` the API answers."""
    many.fault("http=503")

    many.clear_faults()

    assert post(many.url, signed()).json()["RetCode"] == 0
