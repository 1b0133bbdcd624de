"""Durations and timestamps, as arguments and results write them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final

_DURATION: Final = re.compile(r"([0-9]{1,12})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_DURATION_S: Final = 36500 * 86400
"""A hundred years; more is a mistake."""

# RFC 3339 section 5.6.
_TIMESTAMP: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d))",
    re.ASCII | re.IGNORECASE,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST: Final = 253402300799
"""The last second of year 9999, the last year that RFC 3339 can write."""


def parse_duration(text: str) -> int:
    """The seconds of a duration such as `30s`, `15m`, `12h` or `7d`.

    Raises:
        ValueError: it is invalid; the message is a clause that says how to write one.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        message = "a duration is written as 30s, 15m, 12h or 7d"
        raise ValueError(message)
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _MAX_DURATION_S:
        message = "a duration is at most 36500d"
        raise ValueError(message)
    return seconds


def parse_timestamp(text: str) -> int:
    """The Unix seconds of an RFC 3339 time of the years 1 to 9999, rounded down.

    A leap second (`:60`) is not accepted.

    Raises:
        ValueError: it is invalid; the message is a clause that says how to write one.
    """
    message = "a time is written as in RFC 3339, for example 2026-03-01T12:00:00Z"
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(message)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        # RFC 3339 limits an offset as it does a time of day.
        ahead = time(int(match["hours"] or 0), int(match["minutes"] or 0))
        offset = timedelta(hours=ahead.hour, minutes=ahead.minute)
        in_utc = local + offset if match["sign"] == "-" else local - offset
    except (ValueError, OverflowError):
        raise ValueError(message) from None
    return (in_utc - _EPOCH) // timedelta(seconds=1)


def format_timestamp(seconds: int) -> str:
    """Write Unix seconds as RFC 3339 in UTC: `2009-02-13T23:31:30Z`.

    Args:
        seconds: from year 1; a time beyond year 9999 is written as its last second.
    """
    # Faster than datetime.isoformat, which matters for thousands of tags.
    if seconds > _LAST:
        return format_timestamp(_LAST)
    second = seconds % 86400
    date = _date(seconds // 86400)
    return f"{date}T{_MINUTES[second // 60]}:{_TWO_DIGITS[second % 60]}Z"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    """Write the date of a day, counted from the Unix epoch."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


_TWO_DIGITS: Final = [f"{number:02}" for number in range(60)]
_MINUTES: Final = [
    f"{hour}:{minute}" for hour in _TWO_DIGITS[:24] for minute in _TWO_DIGITS
]
