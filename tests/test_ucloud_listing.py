"""Listings are whole or an error, whatever the server does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage.errors import ResponseError
from pulumi_ucimage.ucloud.answers import Page
from pulumi_ucimage.ucloud.clock import Clock, Deadline
from pulumi_ucimage.ucloud.listing import Window, list_images

if TYPE_CHECKING:
    from collections.abc import Callable

BUCKET: Any = type("Bucket", (), {"name": "ucs"})()


class Server:
    """Pages images, and misbehaves as it is told."""

    def __init__(
        self,
        count: int,
        *,
        cap: int = 1000,
        total: Callable[[int, int], int | None] = lambda _call, real: real,
        change: Callable[[int, list[str]], None] = lambda _call, _names: None,
        ignores_offset: bool = False,
        ignores_limit: bool = False,
    ) -> None:
        self.names = [f"r.io/app{n}" for n in range(count)]
        self.calls: list[tuple[int, int]] = []
        self.cap, self.total, self.change = cap, total, change
        self.ignores_offset, self.ignores_limit = ignores_offset, ignores_limit

    def get_page(
        self, _bucket: Any, *, limit: int, offset: int, deadline: Deadline
    ) -> Page:
        """One page, in place of a client's."""
        assert deadline.remaining_s() > 0
        self.calls.append((limit, offset))
        self.change(len(self.calls), self.names)
        start = 0 if self.ignores_offset else offset
        length = self.cap if self.ignores_limit else min(limit, self.cap)
        names = self.names[start : start + length]
        return Page(
            [{"ImageName": name} for name in names],
            self.total(len(self.calls), len(self.names)),
        )


def names(server: Any, window: Window = Window(), *, check: bool = True) -> list[str]:  # noqa: B008
    """The names that a listing gives."""
    listing = list_images(
        server,
        BUCKET,
        deadline=Deadline.after(60, Clock()),
        window=window,
        check_total_count=check,
    )
    return [str(image.get("ImageName")) for image in listing.images]


@pytest.mark.parametrize("cap", [1, 2, 7, 20, 100, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 20, 40, 99, 100, 101, 250])
@pytest.mark.parametrize("missing", [True, False])
def test_every_page_is_read(count: int, cap: int, *, missing: bool) -> None:
    """Whatever the server makes of Limit, and with or without TotalCount."""
    server = Server(count, cap=cap, total=lambda _, real: None if missing else real)

    assert server.names == names(server)


@pytest.mark.parametrize(
    ("count", "calls"), [(0, 1), (3, 1), (99, 1), (250, 3), (1000, 11)]
)
def test_pages_overlap_by_one_and_cost_no_more(count: int, calls: int) -> None:
    """A small bucket is one call; a large one a page more than without the overlap."""
    server = Server(count)

    names(server)

    assert calls == len(server.calls)
    assert all(offset % 99 == 0 for _, offset in server.calls)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda call, names: call == 2 and names.insert(0, "r.io/new"), "inserted"),
        (lambda call, names: call == 2 and names.pop(0), "deleted"),
        (
            lambda call, names: call == 2 and (names.pop(5), names.append("r.io/new")),
            "replaced",
        ),
    ],
)
def test_a_change_between_pages_is_read_anew(
    change: Callable[[int, list[str]], None], why: str
) -> None:
    """The listing that comes is that of after the change, with nothing lost or doubled."""
    server = Server(250, change=change)

    assert server.names == names(server), why
    assert len(server.calls) > 3


def test_a_listing_that_never_holds_still_is_an_error() -> None:
    """Four readings, and then it is said."""
    server = Server(250, change=lambda call, names: names.insert(0, f"r.io/new{call}"))

    with pytest.raises(ResponseError, match="does not hold still"):
        names(server)


@pytest.mark.parametrize(
    ("total", "count"),
    [(5, 3), (2, 3), (0, 3), (3, 0), (251, 250), (249, 250)],
)
def test_a_wrong_total_count_is_an_error_that_names_the_setting(
    total: int, count: int
) -> None:
    """A count that does not fit is said; with the check off the readings suffice."""
    server = Server(count, total=lambda _call, _real: total)

    with pytest.raises(ResponseError, match=r"ucimage:checkTotalCount"):
        names(server)
    assert server.names == names(server, check=False)


@pytest.mark.parametrize(
    "server",
    [
        Server(250, ignores_offset=True),
        Server(250, total=lambda call, _real: 250 + call),
        Server(3, total=lambda _call, _real: 250, ignores_offset=True),
    ],
)
def test_servers_that_make_no_sense_are_an_error(server: Server) -> None:
    """Offset ignored, or a count that always changes."""
    with pytest.raises(ResponseError):
        names(server)
    assert len(server.calls) <= 12


@pytest.mark.parametrize(
    ("offset", "limit", "calls"),
    [
        (0, 1, [(1, 0)]),
        (5, 10, [(10, 5)]),
        (245, 10, [(10, 245)]),
        (300, 10, [(10, 300)]),
        (0, 150, [(100, 0), (51, 99)]),
        (240, None, [(100, 240)]),
    ],
)
@pytest.mark.parametrize("ignores_limit", [True, False])
def test_windows_are_whole_too(
    offset: int, limit: int | None, calls: list[tuple[int, int]], *, ignores_limit: bool
) -> None:
    """What is wanted, and asked for as such, even where the server gives more."""
    server = Server(250, ignores_limit=ignores_limit)
    end = None if limit is None else offset + limit

    assert server.names[offset:end] == names(server, Window(offset, limit))
    if not ignores_limit:
        assert calls == server.calls


@given(st.data())
def test_no_listing_lacks_or_doubles_an_image(data: st.DataObject) -> None:
    """Under any changes, a listing that is given is what the server had at some moment."""
    count = data.draw(st.integers(0, 30))
    cap = data.draw(st.integers(1, 12))
    moments: list[list[str]] = []
    changes = data.draw(
        st.lists(st.sampled_from(["", "", "insert", "delete", "replace"]), max_size=8)
    )

    def change(call: int, images: list[str]) -> None:
        what = changes[call - 1] if call <= len(changes) else ""
        if what == "insert" or (what == "replace" and images):
            images.insert(data.draw(st.integers(0, len(images))), f"r.io/new{call}")
        if what in {"delete", "replace"} and images:
            images.pop(data.draw(st.integers(0, len(images) - 1)))
        moments.append(list(images))

    server = Server(count, cap=cap, change=change)
    try:
        got = names(server)
    except ResponseError:
        return

    assert len(set(got)) == len(got)
    if not any(changes[: len(server.calls)]):
        assert got == server.names
