"""The use cases with time, configuration and log as arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes import Log, Time

from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._lookup.progress import Progress
from pulumi_ucimage.errors import (
    ApiError,
    NoMatchingTagError,
    NoSuchImageError,
)

if TYPE_CHECKING:
    from pulumi_ucimage.emulator import Emulator

pytestmark = pytest.mark.usefixtures("configured")


def ask(log: Log | None = None, time: Time | None = None, **values: Any) -> Any:
    """Ask for an image of the demo's bucket."""
    query = ImageQuery.of({"bucket_name": "ucs", **values})
    context = LookupContext(stack={}, log=log or Log(), clock=(time or Time()).clock)
    return query.run(context)


def test_a_long_listing_says_how_far_it_is() -> None:
    """After two seconds, and then once a second, with what was read and of how many."""
    log, time = Log(), Time()
    progress = Progress("ucs", log, time.clock)

    for number, total in enumerate((None, *[900] * 8), start=1):
        time.sleep(0.5)
        progress(100 * number, total)

    assert not log.infos
    assert [
        "Listing bucket 'ucs': 400 of 900 images so far.",
        "Listing bucket 'ucs': 600 of 900 images so far.",
        "Listing bucket 'ucs': 800 of 900 images so far.",
    ] == log.ephemeral


def test_progress_of_a_listing_without_a_total() -> None:
    """If the API does not say how many images there are, the line does not either."""
    log, time = Log(), Time()
    progress = Progress("ucs", log, time.clock)

    time.sleep(2)
    progress(200, None)

    assert ["Listing bucket 'ucs': 200 images so far."] == log.ephemeral


def test_a_quick_listing_says_nothing(emulator: Emulator) -> None:
    """A listing that takes less than two seconds writes no line."""
    log = Log()

    ask(log)

    assert not log.ephemeral


def test_looking_again_does_not_share_what_was_listed_before(emulator: Emulator) -> None:
    """Each look for a tag that is waited for lists again, even if listings are shared."""
    time = Time(at_sleep=lambda n: n == 1 and emulator.push("ucs", "helloworld", "2.0.0"))
    query = ImageQuery.of({"bucket_name": "ucs", "tag": "2.0.0", "wait": "9s"})
    context = LookupContext(
        stack={},
        log=Log(),
        clock=time.clock,
        listings=ListingCache(keeps=True),
        not_before=0,
    )

    assert "2.0.0" == query.run(context).tag
    assert 2 == len(emulator.requests)
    assert "2.0.0" == query.run(context).tag
    assert 2 == len(emulator.requests)


def test_wait_looks_again_until_the_tag_is_listed(emulator: Emulator) -> None:
    """A tag that comes while it is waited for is found, and the waiting is told."""
    log = Log()
    time = Time(at_sleep=lambda n: n == 2 and emulator.push("ucs", "helloworld", "2.0.0"))

    result = ask(log, time, tag="2.0.0", wait="90s")

    assert "2.0.0" == result.tag
    assert [1.0, 2.0] == time.sleeps
    assert 3 == len(emulator.requests)
    assert ["'2.0.0' is not listed" in line for line in log.infos] == [True, True]


def test_wait_serves_an_image_that_is_pushed_first(emulator: Emulator) -> None:
    """The image itself may come while its tag is waited for."""
    time = Time(at_sleep=lambda n: n == 1 and emulator.push("ucs", "ucs/new", "1"))

    result = ask(None, time, image_name="new", tag="1", wait="1m")

    assert ("1", [1.0]) == (result.tag, time.sleeps)


def test_wait_ends(emulator: Emulator) -> None:
    """At most so long: the last look-up is at the end, and then it is an error."""
    time = Time()

    with pytest.raises(NoMatchingTagError, match=r"no tag '9'") as caught:
        ask(None, time, tag="9", wait="10s")

    assert [1.0, 2.0, 4.0, 3.0] == time.sleeps
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("values", "error"),
    [({"tag": "9"}, NoMatchingTagError), ({"image_name": "new"}, NoSuchImageError)],
)
def test_without_wait_nothing_waits(
    emulator: Emulator, values: dict[str, str], error: type[Exception]
) -> None:
    """Without `wait`, what is not there is an error at once."""
    time = Time()

    with pytest.raises(error):
        ask(None, time, **values)

    assert not time.sleeps


def test_wait_does_not_outwait_errors(emulator: Emulator) -> None:
    """An error of the API ends the wait."""
    emulator.fault("retcode=171")
    time = Time()

    with pytest.raises(ApiError):
        ask(None, time, tag="9", wait="10s")

    assert not time.sleeps


def test_minimum_age_looks_at_the_clock(emulator: Emulator) -> None:
    """A tag that is too young now is taken later."""
    time = Time()
    emulator.push("ucs", "helloworld", "2.0.0", create_time=int(time.now) - 3600)

    young, old = ask(None, time, min_age="2h"), ask(None, time, min_age="1h")

    assert ("1.1.0", "2.0.0") == (young.tag, old.tag)


def test_explain_logs_one_line_and_the_candidates_at_debug(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the setting, a choice is one info line, and its candidates a debug line."""
    monkeypatch.setenv("UCIMAGE_EXPLAIN", "true")
    log = Log()

    ask(log)

    (line,) = log.infos
    assert line.startswith("Chose '1.1.0' of ")
    assert "\n" not in line
    assert "'1.2.0-rc.1'" in log.debugs[0]


def test_retries_take_the_clock(emulator: Emulator) -> None:
    """A throttled call waits by the injected clock, up to the configured tries."""
    emulator.fault("retcode=153*2")
    time = Time()

    ask(None, time)

    assert [1.0, 2.0] == time.sleeps


@pytest.mark.parametrize(("pushed_after", "sleeps"), [(1, [1.0]), (9, [1.0, 2.0, 2.0])])
def test_all_tags_are_evaluated_when_the_tag_is_listed(
    emulator: Emulator, pushed_after: int, sleeps: list[float]
) -> None:
    """Or when `wait` is over, with the reason why the tag cannot be used."""

    def push(count: int) -> None:
        if count == pushed_after:
            emulator.push("ucs", "helloworld", "9.9.9")

    time = Time(at_sleep=push)
    query = ImageQuery.of({"bucket_name": "ucs", "tag": "9.9.9", "wait": "5s"})
    found = query.evaluate(LookupContext(stack={}, log=Log(), clock=time.clock))

    assert sleeps == time.sleeps
    assert (found.problem is None) == (pushed_after == 1)
    assert "1.1.0" in [candidate.name for candidate in found.evaluation.candidates]
