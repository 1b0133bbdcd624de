"""Which failures are tried again, how often, and after what wait."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pulumi_ucimage.errors import ResponseError
from pulumi_ucimage.ucloud import retry
from pulumi_ucimage.ucloud.clock import Clock, Deadline
from pulumi_ucimage.ucloud.retry import Failure, Retry, RetryPolicy

AGAIN = {110, 130, 150, 153}
STATUSES_AGAIN = {408, 429, 500, 502, 503, 504}


class Waits:
    """A clock that only goes on when somebody sleeps."""

    def __init__(self, random: float = 1.0) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.clock = Clock(
            monotonic=lambda: self.now, sleep=self.sleep, random=lambda: random
        )

    def sleep(self, seconds: float) -> None:
        """Go on by so much."""
        self.now += seconds
        self.waits.append(seconds)


def tries(
    waits: Waits, failure: Failure, *, retries: int = 3, timeout_s: float = 60
) -> int:
    """How often a call that always fails is made."""
    made: list[None] = []

    def attempt() -> Failure:
        made.append(None)
        return failure

    policy = RetryPolicy(max_retries=retries, clock=waits.clock)
    with pytest.raises(ResponseError) as caught:
        policy.call(attempt, Deadline.after(timeout_s, waits.clock))
    assert caught.value is failure.error
    return len(made)


@pytest.mark.parametrize(
    "ret_code",
    [
        -1,
        1,
        100,
        110,
        130,
        150,
        151,
        153,
        160,
        161,
        170,
        171,
        172,
        174,
        292,
        294,
        299,
        2001,
        43023,
        43025,
        43033,
    ],
)
def test_ret_codes_that_pass(ret_code: int) -> None:
    """Four RetCodes may pass, and no other one."""
    assert (ret_code in AGAIN) == (retry.for_ret_code(ret_code) is not Retry.NEVER)


@pytest.mark.parametrize("status", range(100, 600))
def test_statuses_that_pass(status: int) -> None:
    """Six HTTP statuses may pass, and no other one."""
    assert (status in STATUSES_AGAIN) == (retry.for_status(status) is not Retry.NEVER)


@pytest.mark.parametrize(
    ("worth", "retries", "expected"),
    [
        (Retry.TRANSIENT, 3, 4),
        (Retry.THROTTLED, 3, 4),
        (Retry.NEVER, 3, 1),
        (Retry.TRANSIENT, 0, 1),
        (Retry.TRANSIENT, 1, 2),
    ],
)
def test_three_more_tries(worth: Retry, retries: int, expected: int) -> None:
    """As many more tries as are configured; the last error is what is raised."""
    assert expected == tries(Waits(), Failure(ResponseError("x"), worth), retries=retries)


@pytest.mark.parametrize(
    ("worth", "random", "expected"),
    [
        (Retry.TRANSIENT, 1.0, [0.1, 0.2, 0.4]),
        (Retry.THROTTLED, 1.0, [1.0, 2.0, 4.0]),
        (Retry.THROTTLED, 0.5, [0.5, 1.0, 2.0]),
        (Retry.TRANSIENT, 0.0, [0.0, 0.0, 0.0]),
    ],
)
def test_waits_double_with_full_jitter(
    worth: Retry, random: float, expected: list[float]
) -> None:
    """Anything from nothing to a bound that doubles."""
    waits = Waits(random)

    tries(waits, Failure(ResponseError("x"), worth))

    assert pytest.approx(expected) == waits.waits


@pytest.mark.parametrize(("asked", "waited"), [(5.0, 5.0), (31.0, 30.0), (0.05, 0.1)])
def test_retry_after_is_honoured_up_to_30_seconds(asked: float, waited: float) -> None:
    """What the server asks for, bounded, and no less than our own wait."""
    waits = Waits()

    tries(
        waits,
        Failure(ResponseError("x"), Retry.TRANSIENT, asked),
        timeout_s=1000,
        retries=1,
    )

    assert [waited] == waits.waits


def test_no_wait_goes_past_the_deadline() -> None:
    """Where the wait would end too late, the last error comes at once."""
    waits = Waits()

    made = tries(waits, Failure(ResponseError("x"), Retry.THROTTLED, 20.0), timeout_s=30)

    assert (2, [20.0]) == (made, waits.waits)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("7", 7),
        (" 7 ", 7),
        ("-1", 0),
        ("1.5", 0),
        ("soon", 0),
        ("9" * 5000, 30),
        ("Tue, 24 Nov 2026 00:00:10 GMT", 10),
        ("Mon, 23 Nov 2026 00:00:00 GMT", 0),
        ("Tue, 99 Nov 2026 00:00:10 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float) -> None:
    """Both forms of the header, and nothing for what is malformed."""
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)

    assert seconds == min(30, retry.retry_after_s(header, now))
