"""A listing is complete, or an error."""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, Future
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from paged_server import ALL, Server, named, read, unknown

from pulumi_ucimage._ucloud import listing
from pulumi_ucimage._ucloud.listing import Listing, Window
from pulumi_ucimage._ucloud.responses import ImageRecord, Page, TagRecord
from pulumi_ucimage.errors import ApiError, ResponseError, UcimageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._ucloud.client import Bucket


SECOND_PAGE = 99
"""The offset of the second page of 100 images, of which one is the first page's last."""

# How many calls


@pytest.mark.parametrize(
    ("count", "offsets"),
    [
        (0, [0]),
        (1, [0]),
        (3, [0]),
        (99, [0]),
        (100, [0, 99]),
        (101, [0, 99]),
        (198, [0, 99]),
        (199, [0, 99, 198]),
        (1000, [99 * page for page in range(11)]),
    ],
)
def test_pages_overlap_by_one_image(count: int, offsets: list[int]) -> None:
    """A small bucket is one call, 1000 images are 11 pages of 100."""
    server = Server(count)

    assert Listing(server.images, count) == read(server)

    assert [(100, offset) for offset in offsets] == server.calls


@pytest.mark.parametrize(
    ("count", "offsets"),
    [
        (0, [0]),
        (1, [0, 1, 0, 1]),  # it may be a page of one image: read twice
        (3, [0, 2, 3]),
        (100, [0, 99, 100]),
        (150, [0, 99, 149, 150]),
    ],
)
def test_without_a_count_an_empty_page_is_the_end(count: int, offsets: list[int]) -> None:
    """If TotalCount is missing, only an empty page ends the listing."""
    server = Server(count, total=unknown)

    assert Listing(server.images, count) == read(server)

    assert offsets == [offset for _, offset in server.calls]


def test_without_the_check_the_listing_is_read_twice() -> None:
    """Two equal readings, each up to an empty page; TotalCount is returned as it is."""
    server = Server(3, total=lambda _, __: 77)

    assert Listing(server.images, 77) == read(server, check_total_count=False)

    assert [0, 2, 3] * 2 == [offset for _, offset in server.calls]


@pytest.mark.parametrize(
    ("cap", "count", "offsets"),
    [
        (20, 20, [0]),
        (20, 45, [0, 19, 38]),
        (7, 20, [0, 6, 12, 18]),
        (7, 13, [0, 6, 12]),
        (2, 4, [0, 1, 2, 3]),
    ],
)
def test_short_pages_are_stepped_over_by_their_length(
    cap: int, count: int, offsets: list[int]
) -> None:
    """The next page begins where the last one ended."""
    server = Server(count, cap=cap)

    assert Listing(server.images, count) == read(server)

    assert offsets == [offset for _, offset in server.calls]


def test_single_images_are_read_twice() -> None:
    """Pages of one image leave no room for an overlap, so two equal readings are needed."""
    server = Server(3, cap=1)

    assert Listing(server.images, 3) == read(server)

    assert [0, 1, 2, 3] * 2 == [offset for _, offset in server.calls]


@pytest.mark.parametrize(
    ("count", "window", "cap"),
    [
        *itertools.product(
            [0, 1, 99, 100, 101, 198, 199, 200, 250, 450],
            [ALL, Window(5, 300), Window(0, 250), Window(100), Window(0, 100)],
            [10**9],
        ),
        *itertools.product([0, 1, 7, 13, 20], [ALL, Window(2, 9), Window(5)], [7, 2, 1]),
    ],
)
def test_prefetching_makes_the_same_calls(count: int, window: Window, cap: int) -> None:
    """The same images and the same calls as one page at a time, in any order."""
    in_turn, ahead = Server(count, cap=cap), Server(count, cap=cap)

    assert read(in_turn, window) == read(ahead, window, concurrency=4)
    assert sorted(in_turn.calls) == sorted(ahead.calls)


class AtOnce(Executor):
    """Runs each call at once, and records how many calls the server had before."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.calls_before: list[int] = []

    def submit(self, call: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        self.calls_before.append(len(self._server.calls))
        future: Future[Any] = Future()
        future.set_result(call(*arguments))
        return future


def test_after_a_change_one_page_is_read_at_a_time() -> None:
    """A listing that changed once is not prefetched any more."""

    def change(call: int, images: list[ImageRecord]) -> None:
        if call == 3:
            images.insert(0, named("new"))

    server = Server(400, change=change)
    executor = AtOnce(server)

    assert server.images == read(server, concurrency=4, executor=executor).images
    offsets = [offset for _, offset in server.calls]
    assert [0, 99, 198, 297, 396] == offsets[-5:]
    assert executor.calls_before
    assert max(executor.calls_before) < len(offsets) - 5


# Windows


@pytest.mark.parametrize(
    ("window", "calls"),
    [
        (Window(0, 1), [(1, 0)]),
        (Window(0, 250), [(100, 0), (100, 99), (52, 198)]),
        (Window(0, 251), [(100, 0), (100, 99), (53, 198)]),
        (Window(5, 10), [(10, 5)]),
        (Window(245, 10), [(10, 245)]),
        (Window(249, 1), [(1, 249)]),
        (Window(250, 1), [(1, 250)]),
        (Window(300, 10), [(10, 300)]),
        (Window(300), [(100, 300)]),
        (Window(100, 100), [(100, 100)]),
        (Window(100, 101), [(100, 100), (2, 199)]),
        (Window(240), [(100, 240)]),
        (Window(100), [(100, 100), (100, 199)]),
    ],
)
def test_only_a_window_is_read(window: Window, calls: list[tuple[int, int]]) -> None:
    """Images outside of the window are not read; TotalCount is that of the bucket."""
    server = Server(250)
    end = None if window.limit is None else window.offset + window.limit

    assert Listing(server.images[window.offset : end], 250) == read(server, window)

    assert calls == server.calls


@pytest.mark.parametrize("window", [Window(3, 5), Window(3), Window(60, 5), Window(0, 1)])
@pytest.mark.parametrize("cap", [1, 2, 7, 20])
@pytest.mark.parametrize("check_total_count", [True, False])
@pytest.mark.parametrize("total", [unknown, lambda _, true: true], ids=["unknown", "true"])
def test_a_window_of_short_pages_is_complete(
    window: Window,
    cap: int,
    total: Callable[[int, int], int | None],
    *,
    check_total_count: bool,
) -> None:
    """Neither a cap nor a missing count loses an image of a window."""
    server = Server(50, cap=cap, total=total)
    end = None if window.limit is None else window.offset + window.limit

    found = read(server, window, check_total_count=check_total_count)

    assert server.images[window.offset : end] == found.images


def test_a_window_is_never_longer_than_its_limit() -> None:
    """The limit holds even if the server ignores Limit."""
    server = Server(50, ignores_limit=True)

    assert server.images[5:8] == read(server, Window(5, 3)).images


def test_a_window_must_match_total_count() -> None:
    """More images than TotalCount allows are an error."""
    server = Server(50, total=lambda _, __: 10)

    with pytest.raises(ResponseError, match="TotalCount: it is 10, so that 5 images"):
        read(server, Window(5, 20))


# TotalCount


@pytest.mark.parametrize(
    ("total", "count"),
    [(0, 3), (2, 3), (4, 3), (3, 0), (1, 0), (249, 250), (251, 250), (100, 250)],
)
def test_an_inconsistent_count_is_an_error(total: int, count: int) -> None:
    """The message has both numbers, and the setting that switches the check off."""
    server = Server(count, total=lambda _, __: total)

    with pytest.raises(ResponseError, match="ucimage:checkTotalCount.*to false") as caught:  # noqa: RUF043
        read(server)
    assert f"inconsistent TotalCount: it is {total}, " in str(caught.value)

    assert server.images == read(server, check_total_count=False).images


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_count_that_some_pages_lack_is_not_a_change(call: int) -> None:
    """The count of one page counts for all pages."""
    server = Server(250, total=lambda this, true: true if this == call else None)

    found = read(server)

    assert Listing(server.images, 250) == found


def test_a_count_that_always_changes_is_an_error() -> None:
    """After one reading and three more, each given up at the second page."""
    server = Server(250, total=lambda call, _: 250 + call)

    with pytest.raises(ResponseError, match=r"was being read \(TotalCount changed; it was"):
        read(server)

    assert [0, 99] * 4 == [offset for _, offset in server.calls]


def test_a_changing_count_does_not_matter_without_the_check() -> None:
    """Two equal readings are enough."""
    server = Server(250, total=lambda call, _: 250 + call)

    assert server.images == read(server, check_total_count=False).images


# Changes between pages


CHANGES: dict[str, Callable[[list[ImageRecord]], object]] = {
    "inserted in front": lambda images: images.insert(0, named("new")),
    "inserted behind": lambda images: images.append(named("new")),
    "inserted before the overlap": lambda images: images.insert(99, named("new")),
    "deleted in front": lambda images: images.pop(0),
    "deleted at the overlap": lambda images: images.pop(99),
    "deleted behind": lambda images: images.pop(),
    "renamed at the overlap": lambda images: images.__setitem__(99, named("new")),
    "replaced": lambda images: (images.pop(5), images.append(named("new"))),  # type: ignore[func-returns-value]
    "moved to the front": lambda images: images.insert(0, images.pop()),
    "moved to the end": lambda images: images.append(images.pop(0)),
    "reversed": lambda images: images.reverse(),
    "emptied": lambda images: images.clear(),
}


@pytest.mark.parametrize("total", [unknown, lambda _, true: true], ids=["unknown", "true"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_between_pages_loses_nothing(
    change: Callable[[list[ImageRecord]], object],
    total: Callable[[int, int], int | None],
) -> None:
    """The listing is the one after the change."""
    server = Server(
        250, change=lambda call, images: call == 2 and change(images), total=total
    )

    assert server.images == read(server).images


def test_a_rename_among_images_that_were_read_is_not_seen() -> None:
    """The listing is the one before the change."""
    server = Server(
        250,
        change=lambda call, images: call == 2 and images.__setitem__(5, named("new")),
    )
    before = [*server.images]

    assert before == read(server).images


def test_a_tag_pushed_between_pages_is_not_a_change() -> None:
    """Images are compared by their names."""

    def push(call: int, images: list[ImageRecord]) -> None:
        images[99] = ImageRecord(images[99].name, tag_set=[TagRecord(str(call))])

    server = Server(250, change=push)

    read(server)

    assert 3 == len(server.calls)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda call, images: images.insert(0, named(f"{call}")), "TotalCount changed"),
        (
            lambda call, images: (images.pop(), images.insert(0, named(f"{call}"))),
            "an image was replaced",
        ),
    ],
)
def test_a_listing_that_always_changes_is_an_error(
    change: Callable[[int, list[ImageRecord]], object], says: str
) -> None:
    """After three more readings; the message has the bucket and the last change."""
    server = Server(250, change=change)

    with pytest.raises(ResponseError, match="try again") as caught:
        read(server)

    assert f"bucket 'ucs' changed while it was being read ({says}; it was read 4" in str(
        caught.value
    )
    assert 8 == len(server.calls)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_a_listing_is_read_again_at_most_three_times(changes: int) -> None:
    """A listing that stops changing in time is returned."""
    server = Server(
        250,
        change=lambda call, images: (
            call % 2 == 0 and call <= 2 * changes and images.insert(0, named(f"{call}"))  # type: ignore[func-returns-value]
        ),
    )

    assert Listing(server.images, 250 + changes) == read(server)

    assert 2 * changes + 3 == len(server.calls)


def test_readings_that_always_differ_are_an_error() -> None:
    """Without the check, four readings, of which no two in a row are equal."""
    server = Server(
        3,
        change=lambda call, images: call % 3 == 1 and images.append(images.pop(0)),  # type: ignore[func-returns-value]
    )

    with pytest.raises(ResponseError, match="two readings in a row differ"):
        read(server, check_total_count=False)

    assert 12 == len(server.calls)


def test_equal_readings_must_follow_each_other() -> None:
    """Without the check, a different reading between them counts."""

    def swap(call: int, images: list[ImageRecord]) -> None:
        if call in {4, 7}:
            images.reverse()

    server = Server(3, change=swap)

    assert server.images == read(server, check_total_count=False).images
    assert 12 == len(server.calls)


# Servers with faults


@pytest.mark.parametrize("check_total_count", [True, False])
@pytest.mark.parametrize("cap", [1, 2, 7, 100])
@pytest.mark.parametrize("total", [unknown, lambda _, true: true], ids=["unknown", "true"])
def test_a_server_that_ignores_offset_is_an_error(
    cap: int, total: Callable[[int, int], int | None], *, check_total_count: bool
) -> None:
    """The same page again is a change, and reading it ends."""
    server = Server(250, cap=cap, total=total, ignores_offset=True)

    with pytest.raises(ResponseError, match="changed while it was being read"):
        read(server, check_total_count=check_total_count)

    assert 8 == len(server.calls)


def test_a_server_without_paging_sends_one_page() -> None:
    """One short page that matches TotalCount is the listing."""
    server = Server(50, ignores_limit=True, ignores_offset=True)

    assert Listing(server.images, 50) == read(server)

    assert 1 == len(server.calls)


def test_an_image_twice_on_a_page_is_an_error() -> None:
    """It is an error even if the page matches TotalCount."""
    server = Server([named("a"), named("b"), named("a")])

    with pytest.raises(ResponseError, match="an image was listed twice"):
        read(server)


def test_an_endless_listing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a limit to the number of images, also if they have no names."""
    monkeypatch.setattr(listing, "_MAX_IMAGES", 1000)
    server = Server([ImageRecord() for _ in range(100)], total=unknown, ignores_offset=True)

    with pytest.raises(ResponseError, match="does not end"):
        read(server)

    assert len(server.calls) < 20


@pytest.mark.parametrize("error", [UcimageError("refused"), KeyboardInterrupt()])
def test_an_error_does_not_wait_for_other_pages(error: BaseException) -> None:
    """Pages that are being prefetched are of no use any more."""
    is_over = Event()
    ended: list[bool] = []

    class FailingServer(Server):
        def attempt_page(self, bucket: Bucket, *, offset: int, **options: Any) -> Page:
            if offset == SECOND_PAGE:
                raise error
            if offset > SECOND_PAGE:
                ended.append(is_over.wait(60))
            return super().attempt_page(bucket, offset=offset, **options)

    with pytest.raises(type(error)):
        read(FailingServer(1000), concurrency=4)

    assert not ended
    is_over.set()


@pytest.mark.parametrize("check_total_count", [True, False])
def test_the_error_of_a_page_is_raised(*, check_total_count: bool) -> None:
    """No part of a listing is returned."""
    refused = ApiError(ret_code=171, message="", action="A", bucket="b", region="r")

    def refuse(call: int, _images: list[ImageRecord]) -> None:
        if call == 2:
            raise refused

    server = Server(250, change=refuse)

    with pytest.raises(ApiError) as caught:
        read(server, check_total_count=check_total_count)

    assert refused is caught.value
    assert 2 == len(server.calls)


# Images without names


def test_images_without_names_are_listed_too() -> None:
    """They do not count as the same image."""
    images = [ImageRecord(resource_id=f"{number}") for number in range(150)]
    images += [ImageRecord(), ImageRecord(bucket_name=""), ImageRecord()]

    assert Listing(images, 153) == read(Server(images))


def test_an_image_without_a_name_may_be_replaced() -> None:
    """Such an image at the overlap is another one if any field differs."""
    images = [ImageRecord(resource_id=f"{number}") for number in range(150)]

    def replace(call: int, images: list[ImageRecord]) -> None:
        if call == 2:
            images[99] = ImageRecord(resource_id="new")

    server = Server(images, change=replace)

    assert server.images == read(server).images
    assert 4 == len(server.calls)


@pytest.mark.parametrize("window", [ALL, Window(0, 2), Window(0, 9)])
@pytest.mark.parametrize("check", [True, False])
def test_pages_of_one_image_lose_no_image_at_the_end(window: Window, check: Any) -> None:
    """An empty page is not the end if there was no overlap before it.

    The first of two images is deleted between the pages, so the second moves up.
    """
    server = Server(
        2,
        cap=1,
        total=unknown,
        change=lambda call, images: call == 2 and images.pop(0),
    )

    listing = read(server, window, check_total_count=check)

    assert [named("r.io/app1")] == listing.images
