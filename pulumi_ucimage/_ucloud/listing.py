"""A bucket's images, whole, or an error.

Nothing is believed that the pages do not show. A page may be shorter than was asked for,
`TotalCount` may be missing or wrong, and images come and go while pages are read. So each
page begins with the last image of the page before; where that is another one, a name comes
twice or the count changes, the listing is read anew. The rules are contract.md section 1's.

Once the first page has told how long pages are and how many images there are, the next few
are asked for at once. They are judged in their order all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, final

from pulumi_ucimage._ucloud.concurrency import AT_ONCE, Concurrency
from pulumi_ucimage._ucloud.prefetch import PageRange, Prefetch
from pulumi_ucimage.errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._ucloud.client import Bucket, Client
    from pulumi_ucimage._ucloud.responses import ImageRecord, Page

PAGE_LENGTH: Final = 100
"""Images asked for at once."""
_READINGS: Final = 4
"""One reading, and at most three more."""
_MOST_IMAGES: Final = 1_000_000
"""More than any bucket has; a server that never ends is stopped there."""


class _Images(NamedTuple):
    images: list[ImageRecord]
    total_count: int


@final
class Listing(_Images):
    """Images of a bucket; not to be changed, for many look-ups may share it.

    Attributes:
        images: as the API sent them, in its order.
        total_count: how many images the bucket has, as the API says; the number read
            where it does not say.
    """

    @cached_property
    def by_last_part(self) -> dict[str, list[ImageRecord]]:
        """The images that have names, by what every spelling of them ends with."""
        images: dict[str, list[ImageRecord]] = {}
        for image in self.images:
            if name := image.name:
                images.setdefault(name.rpartition("/")[2], []).append(image)
        return images


@final
@dataclass(frozen=True, slots=True)
class Window:
    """A part of a listing.

    Attributes:
        offset: images passed over.
        limit: at most so many images; None for all that follow.
    """

    offset: int = 0
    limit: int | None = None


def list_images(
    client: Client,
    bucket: Bucket,
    *,
    deadline: Deadline,
    window: Window = Window(),
    check_total_count: bool = True,
    at_once: int = AT_ONCE,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], object] = lambda _, __: None,
) -> Listing:
    """The images of a bucket, or of a window of it.

    Args:
        client: makes the calls.
        bucket: which bucket.
        deadline: when everything must be read, all pages and all tries.
        window: which part; the whole by default.
        check_total_count: whether `TotalCount` must fit what was read. If not, two
            equal readings up to an empty page are enough.
        at_once: at most so many pages are asked for at once; 1 for one after another.
        executor: runs the calls that are made ahead; by default threads.
        progress: told after each page how many images were read, and of how many.

    Raises:
        ResponseError: the pages do not add up, and did not when read anew.
        TransportError, ResponseError, ApiError: a page could not be had.
    """
    before: list[ImageRecord | str] | None = None
    for _ in range(_READINGS):
        pace = Concurrency(at_once)
        pages = _pages(client, bucket, deadline, pace, executor)
        reading = _Reading(bucket, pages, window, check_total_count, progress)
        try:
            with pages:
                listing = reading.whole()
        except _ChangedError as error:
            # What changes now may change again: in turn, nothing can slip past the checks
            # but several changes between two calls.
            before, trouble, at_once = None, str(error), 1
            continue
        at_once = pace.at_once
        if check_total_count and reading.is_seamless:
            return listing
        identities = [image.name or image for image in listing.images]
        if identities == before:
            return listing
        before, trouble = identities, "two readings in a row differ"
    message = (
        f"The listing of bucket '{bucket.name}' does not hold still: {trouble}, in"
        f" {_READINGS} readings; try again when nothing is pushed."
    )
    raise ResponseError(message)


def _pages(
    client: Client,
    bucket: Bucket,
    deadline: Deadline,
    pace: Concurrency,
    executor: Executor | None,
) -> Prefetch:
    def get(span: PageRange) -> Page:
        return client.get_page(
            bucket, limit=span.limit, offset=span.offset, deadline=deadline, pace=pace
        )

    return Prefetch(get, pace, pace.at_once, executor)


class _ChangedError(Exception):
    """The pages of one reading do not belong together."""


@dataclass(slots=True)
class _Reading:
    """One reading of a listing, page by page, each begun with the last image known.

    Attributes:
        is_seamless: whether each page did begin so.
    """

    bucket: Bucket
    pages: Prefetch
    window: Window
    check_total_count: bool
    progress: Callable[[int, int | None], object]
    total_count: int | None = None
    is_seamless: bool = True
    _names: set[str] = field(default_factory=set)

    def whole(self) -> Listing:
        """All images of the window.

        Raises:
            _ChangedError: the listing changed meanwhile.
            ResponseError: the count does not fit.
        """
        images: list[ImageRecord] = []
        longest_page = overlap = 0
        while True:
            asked = min(PAGE_LENGTH, self._still_wanted(len(images)) + overlap)
            page = self._page(limit=asked, after=len(images) - overlap)
            if overlap and not _begins_with(page, images[-1]):
                message = "an image was replaced"
                raise _ChangedError(message)
            new = page[overlap:]
            self._refuse_repeats(new)
            # Where one page is one image, an empty page is no end: what came before may
            # have gone, and what follows moved up.
            if images and not overlap and (new or longest_page == 1):
                self.is_seamless = False
            images += new
            self.progress(len(images), self._expected())
            ended = len(page) < min(asked, longest_page or asked)
            if not page or self._suffices(len(images), ended=ended):
                return self._counted(images)
            if not longest_page:
                self.pages.expect(self._to_come(len(images)))
            longest_page = max(longest_page, len(page))
            # A server that gives one image at a time leaves no room for an overlap. Where
            # nothing came but the overlap, the end is not yet seen: an empty page is.
            overlap = 1 if new and longest_page > 1 else 0

    def _to_come(self, first: int) -> Iterator[PageRange]:
        """The pages that follow the first, if all are as long and `TotalCount` is true.

        Args:
            first: how many images the first page had.
        """
        expected = self._expected()
        if expected is None or first == 1:
            return
        limit, received, ended = self.window.limit, first, False
        while (received < expected or not ended) and received != limit:
            asked = min(PAGE_LENGTH, self._still_wanted(received) + 1)
            yield PageRange(asked, self.window.offset + received - 1)
            longest = min(asked, first)
            length = min(longest, expected - received + 1)
            received, ended = received + length - 1, length < longest

    def _still_wanted(self, received: int) -> int:
        limit = self.window.limit
        return PAGE_LENGTH if limit is None else limit - received

    def _page(self, *, limit: int, after: int) -> list[ImageRecord]:
        page = self.pages.page(PageRange(limit, self.window.offset + after))
        if page.total_count is not None:
            if self.check_total_count and self.total_count not in {
                None,
                page.total_count,
            }:
                message = "TotalCount changed"
                raise _ChangedError(message)
            self.total_count = page.total_count
        return page.images

    def _expected(self) -> int | None:
        """How many images the window has by `TotalCount`; None where nothing says."""
        if self.total_count is None or not self.check_total_count:
            return None
        behind = max(0, self.total_count - self.window.offset)
        limit = self.window.limit
        return behind if limit is None else min(behind, limit)

    def _suffices(self, received: int, *, ended: bool) -> bool:
        """Whether nothing is left to ask for.

        `TotalCount` alone is not taken for the end: the page must have been the last
        one by its length too.
        """
        limit = self.window.limit
        if limit is not None and received >= limit:
            return True
        if received > _MOST_IMAGES:
            message = (
                f"The listing of bucket '{self.bucket.name}' has no end:"
                f" {received} images were read; check ucimage:baseUrl"
                " (UCLOUD_API_BASE_URL)."
            )
            raise ResponseError(message)
        expected = self._expected()
        return expected is not None and (
            received > expected or (received == expected and ended)
        )

    def _refuse_repeats(self, images: list[ImageRecord]) -> None:
        for image in images:
            name = image.name
            if name in self._names:
                message = "an image came twice"
                raise _ChangedError(message)
            if name:
                self._names.add(name)

    def _counted(self, images: list[ImageRecord]) -> Listing:
        images = images[: self.window.limit]
        expected = self._expected()
        if expected is not None and len(images) != expected:
            message = (
                f"The listing of bucket '{self.bucket.name}' does not add up:"
                f" TotalCount is {self.total_count}, which makes {expected} images, and"
                f" {len(images)} were read; try again, or, if the count is known to be"
                " wrong, set ucimage:checkTotalCount (UCIMAGE_CHECK_TOTAL_COUNT) to"
                " false."
            )
            raise ResponseError(message)
        return Listing(
            images, len(images) if self.total_count is None else self.total_count
        )


def _begins_with(page: list[ImageRecord], image: ImageRecord) -> bool:
    if not page:
        return False
    return page[0].name == image.name if image.name else page[0] == image
