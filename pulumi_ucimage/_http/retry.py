"""Which failures are retried, and how long to wait before the next attempt."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage._http.client import HttpResponse
    from pulumi_ucimage._http.clock import Clock, Deadline
    from pulumi_ucimage.errors import UcimageError

T = TypeVar("T")


class Retry(enum.Enum):
    """Whether a failed attempt is repeated, and how soon."""

    NEVER = enum.auto()
    TRANSIENT = enum.auto()
    THROTTLED = enum.auto()


RETRIED_STATUSES: Final = {
    408: Retry.TRANSIENT,
    429: Retry.THROTTLED,
    500: Retry.TRANSIENT,
    502: Retry.TRANSIENT,
    503: Retry.TRANSIENT,
    504: Retry.TRANSIENT,
}
"""HTTP statuses that are retried; no other status is."""

# The first wait in seconds; each later one may be twice as long. Full jitter, as AWS does
# it: a random part of the longest wait.
_FIRST_WAIT_S: Final = {Retry.TRANSIENT: 0.1, Retry.THROTTLED: 1.0}
_MAX_WAIT_S: Final = 20.0
_MAX_RETRY_AFTER_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt.

    It is returned, not raised: an exception would keep the frames of a lower layer, which
    hold the signed form, as the context of its error.

    Attributes:
        error: raised if there is no further attempt.
        retry: whether another attempt may help.
        retry_after_s: seconds to wait that the server asked for.
    """

    error: UcimageError
    retry: Retry
    retry_after_s: float = 0.0

    @classmethod
    def from_response(
        cls,
        error: UcimageError,
        response: HttpResponse,
        clock: Clock,
        *,
        retry: Retry | None = None,
    ) -> Failure:
        """The failure of an attempt that was answered with an error.

        Args:
            error: the error.
            response: the answer, which may say how long to wait.
            clock: the current time.
            retry: whether another attempt may help; None if the HTTP status says it.
        """
        if retry is None:
            retry = RETRIED_STATUSES.get(response.status, Retry.NEVER)
        return cls(error, retry, parse_retry_after(response.headers, clock.now()))


def parse_retry_after(headers: Mapping[str, str], now: float) -> float:
    """A Retry-After header in seconds from `now`; 0 if it is missing or malformed.

    RFC 9110 section 10.2.3: whole seconds, or a date.

    Args:
        headers: of a response; names in any case.
        now: Unix seconds.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year out of range
        return 0.0
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.fromtimestamp(now, timezone.utc)).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Repeats an attempt while its failures are worth it.

    Attributes:
        max_retries: further attempts after the first; 0 switches retries off.
        clock: time, waiting and the random part of each wait.
    """

    max_retries: int
    clock: Clock

    def call(
        self,
        attempt: Callable[[], T | Failure],
        deadline: Deadline,
        *,
        first: T | Failure | None = None,
    ) -> T:
        """The first result of `attempt` that is no failure.

        Args:
            attempt: makes one attempt.
            deadline: when the last attempt must have ended.
            first: result of the first attempt, if it was made before.

        Raises:
            UcimageError: the error of the last attempt, when attempts or time run out.
        """
        outcome, retries = first if first is not None else attempt(), 0
        while isinstance(outcome, Failure):
            wait_s = self._wait_s(outcome, retries)
            retries += 1
            if (
                outcome.retry is Retry.NEVER
                or retries > self.max_retries
                or wait_s >= deadline.remaining_s()
            ):
                raise outcome.error
            self.clock.sleep(wait_s)
            if deadline.remaining_s() <= 0:  # the sleep took longer than asked for
                raise outcome.error
            outcome = attempt()
        return outcome

    def _wait_s(self, failure: Failure, retries: int) -> float:
        first_s = _FIRST_WAIT_S.get(failure.retry, 0.0)
        max_wait_s = min(_MAX_WAIT_S, first_s * 2.0**retries)
        asked_s = min(failure.retry_after_s, _MAX_RETRY_AFTER_S)
        return max(asked_s, self.clock.random() * max_wait_s)
