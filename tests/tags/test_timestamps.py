"""Durations and timestamps: what can be parsed, and how a time is written."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._tags.timestamps import (
    format_timestamp,
    parse_duration,
    parse_timestamp,
)

DURATIONS = [
    ("0s", 0),
    ("30s", 30),
    ("15m", 900),
    ("12h", 43200),
    ("7d", 604800),
    ("007d", 604800),
    ("36500d", 3153600000),
    ("3153600000s", 3153600000),
]
HOW_TO_WRITE = "a duration is written as 30s, 15m, 12h or 7d"
TOO_LONG = "a duration is at most 36500d"
INVALID_DURATIONS = [
    ("", HOW_TO_WRITE),
    ("7", HOW_TO_WRITE),
    ("d", HOW_TO_WRITE),
    ("7D", HOW_TO_WRITE),
    ("7w", HOW_TO_WRITE),
    ("7 d", HOW_TO_WRITE),
    (" 7d", HOW_TO_WRITE),
    ("7d\n", HOW_TO_WRITE),
    ("-7d", HOW_TO_WRITE),
    ("+7d", HOW_TO_WRITE),
    ("1.5h", HOW_TO_WRITE),
    ("1h30m", HOW_TO_WRITE),
    ("1_0s", HOW_TO_WRITE),
    ("\u0667d", HOW_TO_WRITE),
    ("9" * 5000 + "s", HOW_TO_WRITE),
    ("36501d", TOO_LONG),
    ("3153600001s", TOO_LONG),
    ("999999999999d", TOO_LONG),
]

# As parsed by Python's datetime, or by hand if it cannot parse them.
TIMESTAMPS = [
    ("2009-02-13T23:31:30Z", 1234567890),
    ("1970-01-01T00:00:00Z", 0),
    ("1969-12-31T23:59:59Z", -1),
    ("2023-11-14T22:13:20+00:00", 1700000000),
    ("2023-11-14T22:13:20-00:00", 1700000000),
    ("2023-11-15T06:13:20+08:00", 1700000000),
    ("2023-11-14T14:43:20-07:30", 1700000000),
    ("2023-11-15T22:12:20+23:59", 1700000000),
    ("2023-11-14t22:13:20z", 1700000000),
    ("2023-11-14T22:13:20.9Z", 1700000000),
    ("2023-11-14T22:13:20.999999999999+00:00", 1700000000),
    ("1969-12-31T23:59:59.5Z", -1),
    ("2024-02-29T00:00:00Z", 1709164800),
    ("0001-01-01T00:00:00Z", -62135596800),
    ("9999-12-31T23:59:59Z", 253402300799),
    ("0001-01-01T01:00:00+01:00", -62135596800),
]
INVALID_TIMESTAMPS = [
    "",
    "2023-11-14",
    "2023-11-14T22:13:20",
    "2023-11-14 22:13:20Z",
    "2023-11-14T22:13Z",
    "2023-11-14T22:13:20.Z",
    "2023-11-14T22:13:20+08",
    "2023-11-14T22:13:20+0800",
    "2023-11-14T22:13:20+24:00",
    "2023-11-14T22:13:20+08:60",
    "2023-11-14T24:00:00Z",
    "2023-11-14T22:60:00Z",
    "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "23-11-14T22:13:20Z",
    "02023-11-14T22:13:20Z",
    " 2023-11-14T22:13:20Z",
    "2023-11-14T22:13:20Z\n",
    "\u0662023-11-14T22:13:20Z",
    "2023-11-14T22:13:20\u212a",
    "1700000000",
    "yesterday",
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations_are_seconds(text: str, seconds: int) -> None:
    """A duration is a whole number of seconds, minutes, hours or days."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("text", "message"), INVALID_DURATIONS)
def test_other_text_is_not_a_duration(text: str, message: str) -> None:
    """The message says how a duration is written."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "seconds"), TIMESTAMPS)
def test_timestamps_are_unix_seconds(text: str, seconds: int) -> None:
    """A time is parsed as in RFC 3339; a fraction of a second is dropped."""
    assert parse_timestamp(text) == seconds
    assert isinstance(parse_timestamp(text), int)


@pytest.mark.parametrize("text", INVALID_TIMESTAMPS)
def test_other_text_is_not_a_timestamp(text: str) -> None:
    """The message says how a time is written."""
    message = "a time is written as in RFC 3339, for example 2026-03-01T12:00:00Z"

    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        parse_timestamp(text)


@given(st.integers(min_value=-62135596800, max_value=253402300799))
def test_a_written_time_is_parsed_as_the_same(seconds: int) -> None:
    """Every second that RFC 3339 can express is written in UTC and parsed back."""
    text = format_timestamp(seconds)

    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text)
    assert parse_timestamp(text) == seconds


@given(st.datetimes(), st.integers(min_value=-1439, max_value=1439))
def test_timestamps_are_parsed_as_by_datetime(local: datetime, ahead: int) -> None:
    """A time with any offset is the same as for Python's datetime."""
    sign, minutes = "-" if ahead < 0 else "+", abs(ahead)
    text = f"{local.replace(microsecond=0).isoformat()}{sign}"
    text += f"{minutes // 60:02}:{minutes % 60:02}"
    try:
        expected = datetime.fromisoformat(text).astimezone(timezone.utc)
    except OverflowError:
        with pytest.raises(ValueError, match="RFC 3339"):
            parse_timestamp(text)
    else:
        assert parse_timestamp(text) == expected.timestamp()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1234567890, "2009-02-13T23:31:30Z"),
        (0, "1970-01-01T00:00:00Z"),
        (-62135596800, "0001-01-01T00:00:00Z"),
        (253402300799, "9999-12-31T23:59:59Z"),
        (253402300800, "9999-12-31T23:59:59Z"),
        (2**60, "9999-12-31T23:59:59Z"),
    ],
)
def test_times_are_written_in_utc(seconds: int, text: str) -> None:
    """A time is written in UTC; one beyond year 9999 as the last second of 9999."""
    assert format_timestamp(seconds) == text
