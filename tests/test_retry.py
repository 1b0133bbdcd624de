"""Which failures are tried again, how often, and after what wait."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from calling import Time
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_ucimage._http import retry
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._http.retry import Failure, Retry, RetryPolicy
from pulumi_ucimage.errors import ApiError, ResponseError, TransportError

if TYPE_CHECKING:
    from pulumi_ucimage.errors import UcimageError

RET_CODES = {
    110: Retry.TRANSIENT,
    130: Retry.TRANSIENT,
    150: Retry.TRANSIENT,
    153: Retry.THROTTLED,
    # One of every class that section 1 leaves out.
    -1: Retry.NEVER,
    1: Retry.NEVER,
    100: Retry.NEVER,
    151: Retry.NEVER,
    154: Retry.NEVER,
    160: Retry.NEVER,
    161: Retry.NEVER,
    170: Retry.NEVER,
    171: Retry.NEVER,
    172: Retry.NEVER,
    174: Retry.NEVER,
    292: Retry.NEVER,
    294: Retry.NEVER,
    299: Retry.NEVER,
    2001: Retry.NEVER,
    5000: Retry.NEVER,
    43023: Retry.NEVER,
    43025: Retry.NEVER,
    43033: Retry.NEVER,
    2**63: Retry.NEVER,
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
NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


@pytest.mark.parametrize(("ret_code", "expected"), RET_CODES.items())
def test_ret_codes(ret_code: int, expected: Retry) -> None:
    """Four RetCodes may pass; no other is ever tried again."""
    assert expected is retry.for_ret_code(ret_code)


@pytest.mark.parametrize("status", range(100, 600))
def test_statuses(status: int) -> None:
    """Six HTTP statuses may pass; no other is ever tried again."""
    assert STATUSES.get(status, Retry.NEVER) is retry.for_status(status)


class Script:
    """Attempts that end as they are told, the last again and again."""

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
    """What a call comes to: its result, or the error that it raised."""
    policy = RetryPolicy(max_retries=max_retries, clock=time.clock)
    try:
        return policy.call(script.attempt, Deadline.after(timeout_s, time.clock))
    except (ApiError, ResponseError, TransportError) as error:
        return error


@pytest.mark.parametrize("max_retries", [0, 1, 3, 7])
@pytest.mark.parametrize(
    ("worth", "is_tried_again"),
    [(Retry.TRANSIENT, True), (Retry.THROTTLED, True), (Retry.NEVER, False)],
)
def test_as_many_more_tries_as_are_configured(
    worth: Retry, max_retries: int, *, is_tried_again: bool
) -> None:
    """One try and so many more, where another is worth it; then the error is raised."""
    script = Script(Failure(ERROR, worth))

    assert ERROR is call(script, Time(), max_retries=max_retries, timeout_s=1e9)

    assert script.made == (1 + max_retries if is_tried_again else 1)


@pytest.mark.parametrize("worth", [Retry.TRANSIENT, Retry.THROTTLED])
def test_a_failure_that_passes_is_forgotten(worth: Retry) -> None:
    """The first result there is is the call's."""
    script = Script(Failure(ERROR, worth), Failure(ERROR, worth), "page")

    assert "page" == call(script, Time())
    assert 3 == script.made


def test_a_first_result_waits_for_nothing() -> None:
    """Where nothing fails, nothing is waited for."""
    time = Time()

    assert "page" == call(Script("page"), time)
    assert not time.sleeps


def test_the_last_tries_error_stands() -> None:
    """Whatever came before, the error is that of the last try."""
    last = TransportError("timed out.", host="h", port=1)
    script = Script(Failure(ERROR, Retry.TRANSIENT), Failure(last, Retry.TRANSIENT))

    assert last is call(script, Time())


def test_a_failure_for_good_ends_the_tries() -> None:
    """After one that may pass, one that may not is the end."""
    last = ApiError(ret_code=171, message="", action="A", bucket="b", region="r")
    script = Script(Failure(ERROR, Retry.TRANSIENT), Failure(last, Retry.NEVER))

    assert last is call(script, Time())
    assert 2 == script.made


@pytest.mark.parametrize(
    ("worth", "expected"),
    [
        (Retry.TRANSIENT, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0, 20.0]),
        (Retry.THROTTLED, [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0, 20.0]),
    ],
)
@pytest.mark.parametrize("random", [0.0, 0.25, 1.0])
def test_waits_double_up_to_a_bound_with_full_jitter(
    worth: Retry, expected: list[float], random: float
) -> None:
    """A wait is anything from nothing to a bound, which doubles up to 20 s."""
    time = Time(random)

    call(Script(Failure(ERROR, worth)), time, max_retries=10, timeout_s=1e9)

    assert pytest.approx([random * bound for bound in expected]) == time.sleeps


def test_tries_without_end_do_not_overflow() -> None:
    """The bound stays where it is, however many tries are configured."""
    script = Script(Failure(ERROR, Retry.TRANSIENT))

    assert ERROR is call(script, Time(), max_retries=2000, timeout_s=1e9)
    assert 2001 == script.made


@pytest.mark.parametrize(
    ("asked_s", "waited_s"),
    [(0.0, 0.1), (0.05, 0.1), (5.0, 5.0), (30.0, 30.0), (31.0, 30.0), (1e9, 30.0)],
)
def test_retry_after_is_honoured_up_to_30_s(asked_s: float, waited_s: float) -> None:
    """A server's wish is granted up to a bound, and is never less than our own wait."""
    time = Time()

    call(Script(Failure(ERROR, Retry.TRANSIENT, asked_s)), time, max_retries=1)

    assert [waited_s] == time.sleeps


def test_retry_after_makes_nothing_worth_a_try() -> None:
    """What is never tried again is not for a header's sake either."""
    script = Script(Failure(ERROR, Retry.NEVER, 1.0))

    call(script, Time())

    assert 1 == script.made


@pytest.mark.parametrize(
    ("timeout_s", "sleeps"),
    [(10.0, []), (10.1, [10.0]), (20.0, [10.0]), (30.5, [10.0, 10.0, 10.0])],
)
def test_no_wait_reaches_the_deadline(timeout_s: float, sleeps: list[float]) -> None:
    """Where no time is left for a try behind the wait, the error comes at once."""
    time = Time()
    script = Script(Failure(ERROR, Retry.TRANSIENT, 10.0))

    assert ERROR is call(script, time, timeout_s=timeout_s)

    assert sleeps == time.sleeps
    assert len(sleeps) + 1 == script.made


def test_a_sleep_that_lasts_too_long_is_the_end() -> None:
    """Woken after the deadline, the last try's error stands: none was made since."""
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
    None: 0,
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
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: float) -> None:
    """Both forms of the header are read; what is malformed asks for nothing."""
    assert expected == retry.retry_after_s(header, NOW)


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ Nov \d+ \d+:\d+:\d+ .{0,6}"))
@example("9" * 5000)
@example("Tue, 24 Nov " + "9" * 5000 + " 00:00:00 GMT")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
def test_no_header_is_an_error(header: str) -> None:
    """Whatever a server writes there, it is a number of seconds from 0 on."""
    assert retry.retry_after_s(header, NOW) >= 0
