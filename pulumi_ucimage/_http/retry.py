"""Which failures are worth another try, and how long to wait before it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._http.clock import Clock, Deadline
    from pulumi_ucimage.errors import UcimageError

T = TypeVar("T")


class Retry(enum.Enum):
    """Whether a failure may pass, and so is worth another try."""

    NEVER = enum.auto()
    TRANSIENT = enum.auto()
    THROTTLED = enum.auto()


# contract.md section 1. What stands in neither table is never tried again.
_RET_CODES: Final = {
    110: Retry.TRANSIENT,
    130: Retry.TRANSIENT,
    150: Retry.TRANSIENT,
    153: Retry.THROTTLED,
}
_STATUSES: Final = {
    408: Retry.TRANSIENT,
    429: Retry.THROTTLED,
    500: Retry.TRANSIENT,
    502: Retry.TRANSIENT,
    503: Retry.TRANSIENT,
    504: Retry.TRANSIENT,
}

# The first wait in seconds; each later one may be twice as long. Full jitter, as AWS has
# it: anything from nothing to the bound.
_FIRST_WAIT_S: Final = {Retry.TRANSIENT: 0.1, Retry.THROTTLED: 1.0}
_LONGEST_WAIT_S: Final = 20.0
_LONGEST_RETRY_AFTER_S: Final = 30.0


def for_ret_code(ret_code: int) -> Retry:
    """Whether a call that was answered with this RetCode may be tried again."""
    return _RET_CODES.get(ret_code, Retry.NEVER)


def for_status(status: int) -> Retry:
    """Whether a call that was answered with this HTTP status may be tried again."""
    return _STATUSES.get(status, Retry.NEVER)


@dataclass(frozen=True, slots=True)
class Failure:
    """One try that failed: what to raise if it was the last, and what may be done.

    A value and no exception, so that nothing of a lower layer, whose frames hold the
    signed form, hangs on to the error as its context.

    Attributes:
        error: what the user is told.
        retry: whether another try is worth it.
        retry_after_s: the server's own wish, in seconds; 0 where it had none.
    """

    error: UcimageError
    retry: Retry
    retry_after_s: float = 0.0


def retry_after_s(header: str | None, now: datetime) -> float:
    """A Retry-After header in seconds from `now`; 0 where it is absent or malformed.

    RFC 9110 section 10.2.3: whole seconds, or a date.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        # No wait is longer than 30 s, so five digits tell enough of any number.
        return float(text.lstrip("0")[:5] or 0)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # of a year that no date has
        return 0.0
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - now).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Tries a call, and again where the tables say so.

    Attributes:
        max_retries: further tries after the first; 0 switches retries off.
        clock: tells the time, waits and draws the jitter.
    """

    max_retries: int
    clock: Clock

    def call(self, attempt: Callable[[], T | Failure], deadline: Deadline) -> T:
        """The first result of `attempt` that is no failure.

        Raises:
            UcimageError: the last try's error, when tries or time have run out.
        """
        tries = 0
        while isinstance(outcome := attempt(), Failure):
            wait_s = self._wait_s(outcome, tries)
            tries += 1
            if (
                outcome.retry is Retry.NEVER
                or tries > self.max_retries
                or wait_s >= deadline.remaining_s()
            ):
                raise outcome.error
            self.clock.sleep(wait_s)
            if deadline.remaining_s() <= 0:  # it slept longer than it was told
                raise outcome.error
        return outcome

    def _wait_s(self, failure: Failure, tries: int) -> float:
        first_s = _FIRST_WAIT_S.get(failure.retry, 0.0)
        # The tenth wait is at its longest already, and a float ends at 2**1024.
        bound_s = min(_LONGEST_WAIT_S, first_s * 2.0 ** min(tries, 10))
        asked_s = min(failure.retry_after_s, _LONGEST_RETRY_AFTER_S)
        return max(asked_s, self.clock.random() * bound_s)
