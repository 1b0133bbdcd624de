"""Which failures are retried, how often, and after what wait."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from fakes import Time
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._http.retry import (
    RETRIED_STATUSES,
    Failure,
    Retry,
    RetryPolicy,
    parse_retry_after,
)
from pulumi_ucimage._ucloud.client import RETRIED_RET_CODES
from pulumi_ucimage.errors import ApiError, ResponseError, TransportError

if TYPE_CHECKING:
    from pulumi_ucimage.errors import UcimageError

RET_CODES = {
    110: Retry.TRANSIENT,
    130: Retry.TRANSIENT,
    150: Retry.TRANSIENT,
    153: Retry.THROTTLED,
    **dict.fromkeys((43000, 43001, 43002, 43003, 43019, 43020, 43021), Retry.TRANSIENT),
}
STATUSES = {
    408: Retry.TRANSIENT,
    429: Retry.THROTTLED,
    500: Retry.TRANSIENT,
    502: Retry.TRANSIENT,
    503: Retry.TRANSIENT,
    504: Retry.TRANSIENT,
}
ERROR = ResponseError("It went wrong.")
NOW = datetime(2026, 11, 24, tzinfo=timezone.utc).timestamp()


def test_no_other_ret_code_or_status_is_retried() -> None:
    """Eleven RetCodes and six HTTP statuses are."""
    assert RET_CODES == RETRIED_RET_CODES
    assert STATUSES == RETRIED_STATUSES


class Script:
    """Attempts with these outcomes; the last repeats."""

    def __init__(self, *outcomes: Failure | str) -> None:
        self.made = 0
        self._outcomes = outcomes

    def attempt(self) -> Failure | str:
        """The next one."""
        self.made += 1
        return self._outcomes[min(self.made, len(self._outcomes)) - 1]


def call(
    script: Script, time: Time, *, max_retries: int = 3, timeout_s: float = 60
) -> str | UcimageError:
    """The result of a call, or the error that it raised."""
    policy = RetryPolicy(max_retries=max_retries, clock=time.clock)
    try:
        return policy.call(script.attempt, Deadline.after(timeout_s, time.clock))
    except (ApiError, ResponseError, TransportError) as error:
        return error


@pytest.mark.parametrize("max_retries", [0, 1, 3, 7])
@pytest.mark.parametrize(
    ("retry", "is_retried"),
    [(Retry.TRANSIENT, True), (Retry.THROTTLED, True), (Retry.NEVER, False)],
)
def test_as_many_retries_as_are_configured(
    retry: Retry, max_retries: int, *, is_retried: bool
) -> None:
    """One attempt and the configured retries; then the error is raised."""
    script = Script(Failure(ERROR, retry))

    assert ERROR is call(script, Time(), max_retries=max_retries, timeout_s=1e9)

    assert script.made == (1 + max_retries if is_retried else 1)


@pytest.mark.parametrize("retry", [Retry.TRANSIENT, Retry.THROTTLED])
def test_the_first_result_ends_the_retries(retry: Retry) -> None:
    """A page after two failures is returned at once."""
    script = Script(Failure(ERROR, retry), Failure(ERROR, retry), "page")

    assert "page" == call(script, Time())
    assert 3 == script.made


def test_a_result_of_the_first_attempt_waits_for_nothing() -> None:
    """Without a failure there is no wait."""
    time = Time()

    assert "page" == call(Script("page"), time)
    assert not time.sleeps


def test_an_attempt_that_was_made_before_counts() -> None:
    """A page that was prefetched has no attempt more than another page."""
    failed = Failure(ERROR, Retry.TRANSIENT)
    script, time = Script(failed), Time()
    policy = RetryPolicy(max_retries=3, clock=time.clock)
    deadline = Deadline.after(60, time.clock)

    assert "page" == policy.call(script.attempt, deadline, first="page")
    assert 0 == script.made
    with pytest.raises(ResponseError):
        policy.call(script.attempt, deadline, first=failed)
    assert 3 == script.made


def test_the_error_is_that_of_the_last_attempt() -> None:
    """An earlier error is forgotten."""
    last = TransportError("timed out.", host="h", port=1)
    script = Script(Failure(ERROR, Retry.TRANSIENT), Failure(last, Retry.TRANSIENT))

    assert last is call(script, Time())


def test_a_failure_that_is_not_retried_ends_the_attempts() -> None:
    """It ends them even after a failure that was retried."""
    last = ApiError(ret_code=171, message="", action="A", bucket="b", region="r")
    script = Script(Failure(ERROR, Retry.TRANSIENT), Failure(last, Retry.NEVER))

    assert last is call(script, Time())
    assert 2 == script.made


@pytest.mark.parametrize(
    ("retry", "expected"),
    [
        (Retry.TRANSIENT, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0, 20.0]),
        (Retry.THROTTLED, [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0, 20.0]),
    ],
)
@pytest.mark.parametrize("random", [0.0, 0.25, 1.0])
def test_waits_double_up_to_a_bound_with_full_jitter(
    retry: Retry, expected: list[float], random: float
) -> None:
    """A wait is a random part of a bound, which doubles up to 20 s."""
    time = Time(random)

    call(Script(Failure(ERROR, retry)), time, max_retries=10, timeout_s=1e9)

    assert pytest.approx([random * bound for bound in expected]) == time.sleeps


def test_as_many_retries_as_can_be_configured_are_made() -> None:
    """The bound of each wait stays at 20 s."""
    script = Script(Failure(ERROR, Retry.TRANSIENT))

    assert ERROR is call(script, Time(), max_retries=99, timeout_s=1e9)
    assert 100 == script.made


@pytest.mark.parametrize(
    ("asked_s", "waited_s"),
    [(0.0, 0.1), (0.05, 0.1), (5.0, 5.0), (30.0, 30.0), (31.0, 30.0), (1e9, 30.0)],
)
def test_retry_after_is_honoured_up_to_30_s(asked_s: float, waited_s: float) -> None:
    """A server may ask for a longer wait, up to a bound, and not for a shorter one."""
    time = Time()

    call(Script(Failure(ERROR, Retry.TRANSIENT, asked_s)), time, max_retries=1)

    assert [waited_s] == time.sleeps


def test_retry_after_does_not_cause_a_retry() -> None:
    """What is never retried is not retried because of a header either."""
    script = Script(Failure(ERROR, Retry.NEVER, 1.0))

    call(script, Time())

    assert 1 == script.made


@pytest.mark.parametrize(
    ("timeout_s", "sleeps"),
    [(10.0, []), (10.1, [10.0]), (20.0, [10.0]), (30.5, [10.0, 10.0, 10.0])],
)
def test_no_wait_reaches_the_deadline(timeout_s: float, sleeps: list[float]) -> None:
    """If no time is left for an attempt after the wait, the error is raised at once."""
    time = Time()
    script = Script(Failure(ERROR, Retry.TRANSIENT, 10.0))

    assert ERROR is call(script, time, timeout_s=timeout_s)

    assert sleeps == time.sleeps
    assert len(sleeps) + 1 == script.made


def test_a_sleep_past_the_deadline_is_the_end() -> None:
    """The last attempt's error is raised, and no further attempt is made."""
    time = Time()
    clock = time.clock

    def oversleep(seconds: float) -> None:
        time.sleep(seconds + 100)

    script = Script(Failure(ERROR, Retry.TRANSIENT), "page")
    policy = RetryPolicy(
        max_retries=3,
        clock=type(clock)(monotonic=clock.monotonic, sleep=oversleep, random=clock.random),
    )

    with pytest.raises(ResponseError) as caught:
        policy.call(script.attempt, Deadline.after(60, clock))
    assert ERROR is caught.value
    assert 1 == script.made


HEADERS = {
    "": 0,
    " ": 0,
    "0": 0,
    "7": 7,
    " 7 ": 7,
    "007": 7,
    "0000030": 30,
    "-1": 0,
    "+1": 0,
    "1.5": 0,
    "1e3": 0,
    "٧": 0,  # noqa: RUF001
    "soon": 0,
    "Tue, 24 Nov 2026 00:00:10 GMT": 10,
    "Tue, 24 Nov 2026 00:00:10 +0000": 10,
    "Tue, 24 Nov 2026 08:00:10 +0800": 10,
    "Tuesday, 24-Nov-26 00:00:10 GMT": 10,
    "Tue Nov 24 00:00:10 2026": 10,
    "Mon, 23 Nov 2026 00:00:00 GMT": 0,
    "Tue, 99 Nov 2026 00:00:10 GMT": 0,
    "Tue, 24 Nov 99999999999999999999 00:00:10 GMT": 0,
    "Tue, 24 Nov 2026 00:00:10 +9999999999": 0,
    "2026-11-24T00:00:10Z": 0,
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.items())
def test_retry_after_is_seconds_or_a_date(header: str, expected: float) -> None:
    """Both forms of the header are read; a malformed or missing one asks for nothing."""
    assert expected == parse_retry_after({"Retry-After": header}, NOW)
    assert 0 == parse_retry_after({}, NOW)


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ Nov \d+ \d+:\d+:\d+ .{0,6}"))
@example("9" * 5000)
@example("Tue, 24 Nov " + "9" * 5000 + " 00:00:00 GMT")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
def test_no_header_is_an_error(header: str) -> None:
    """Any text is a number of seconds, at least 0."""
    assert parse_retry_after({"Retry-After": header}, NOW) >= 0
