"""All images of a bucket, or an error; never a part of them.

The API's pages are not trusted. Pages may be shorter than requested, `TotalCount` may be
missing or wrong, and images may be added or deleted meanwhile. Each page therefore begins
with the last image of the page before. The listing is read again if that image differs, a
name repeats or `TotalCount` changes.

The first page shows how long pages are and how many images there are. The next pages are
then prefetched, and still checked in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._ucloud.prefetch import MAX_CONCURRENCY, PageRange, Prefetch
from pulumi_ucimage.errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._ucloud.client import Bucket, Client
    from pulumi_ucimage._ucloud.responses import ImageRecord

_PAGE_LENGTH: Final = 100
"""Images on one page."""
_MAX_READINGS: Final = 4
"""One reading, and at most three more."""
_MAX_IMAGES: Final = 1_000_000
"""More than any bucket has; the end for a server that always has another page."""


@final
@dataclass(frozen=True)
class Listing:
    """Images of a bucket. Do not change it: several look-ups may share it.

    Attributes:
        images: as the API sent them, in its order.
        total_count: how many images the bucket has, as the API says; the number read
            if it does not say.
    """

    images: list[ImageRecord]
    total_count: int

    @cached_property
    def by_last_part(self) -> dict[str, list[ImageRecord]]:
        """The images that have names, by the last part of the name."""
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
        offset: images to skip.
        limit: at most this many images; None for all that follow.
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
    concurrency: int = MAX_CONCURRENCY,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], object] = lambda _, __: None,
) -> Listing:
    """The images of a bucket, or of a window of it.

    Args:
        client: makes the calls.
        bucket: which bucket.
        deadline: when everything must be read, all pages and all attempts.
        window: which part; by default all.
        check_total_count: whether `TotalCount` must match what was read. If not, the
            bucket is read until two readings in a row are equal.
        concurrency: at most this many pages are read at the same time.
        executor: reads pages ahead; by default daemon threads.
        progress: called after each page with the number of images read so far, and
            expected.

    Raises:
        ResponseError: the pages do not make a complete listing, even when read again.
        TransportError, ResponseError, ApiError: a page could not be read.
    """
    previous: list[ImageRecord | str] | None = None
    for _ in range(_MAX_READINGS):
        prefetch = Prefetch(
            lambda page_range: client.attempt_page(
                bucket, limit=page_range.limit, offset=page_range.offset, deadline=deadline
            ),
            concurrency,
            executor,
        )
        reading = _Reading(
            client=client,
            bucket=bucket,
            deadline=deadline,
            prefetch=prefetch,
            window=window,
            check_total_count=check_total_count,
            progress=progress,
        )
        try:
            listing = reading.read()
        except _ChangedError as error:
            previous, reason = None, str(error)
            prefetch.wait()
            continue
        finally:
            prefetch.stop()
            # Another reading reads one page at a time, so that a single change between
            # two calls is always detected.
            concurrency = 1
        if check_total_count and reading.is_seamless:
            return listing
        identities = [image.name or image for image in listing.images]
        if identities == previous:
            return listing
        previous, reason = identities, "two readings in a row differ"
    message = (
        f"The listing of bucket {quoted(bucket.name)} changed while it was being read"
        f" ({reason}; it was read {_MAX_READINGS} times); try again when nothing is pushed."
    )
    raise ResponseError(message)


class _ChangedError(Exception):
    """The pages of one reading do not belong together."""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One reading of a listing, page by page.

    Attributes:
        is_seamless: whether each page began with the last image of the page before.
    """

    client: Client
    bucket: Bucket
    deadline: Deadline
    prefetch: Prefetch
    window: Window
    check_total_count: bool
    progress: Callable[[int, int | None], object]
    total_count: int | None = None
    is_seamless: bool = True
    _names: set[str] = field(default_factory=set)

    def read(self) -> Listing:
        """All images of the window.

        Raises:
            _ChangedError: the listing changed while it was being read.
            ResponseError: TotalCount does not match, or the listing does not end.
            TransportError, ResponseError, ApiError: a page could not be read.
        """
        images: list[ImageRecord] = []
        longest_page = overlap = 0
        while True:
            limit = min(_PAGE_LENGTH, self._next_limit(len(images)) + overlap)
            page = self._get_page(limit=limit, skip=len(images) - overlap)
            if overlap and not _begins_with(page, images[-1]):
                raise _ChangedError("an image was replaced")
            new = page[overlap:]
            self._check_repeats(new)
            # If a page is one image, an empty page is not the end: images before it may
            # have been deleted, so that those after it moved up.
            if images and not overlap and (new or longest_page == 1):
                self.is_seamless = False
            images += new
            self.progress(len(images), self._count_expected())
            is_short = len(page) < min(limit, longest_page or limit)
            if not page or self._is_end(len(images), is_short=is_short):
                return self._validate(images)
            if not longest_page:
                self.prefetch.start(self._predict_pages(len(images)))
            longest_page = max(longest_page, len(page))
            # If pages have one image, they cannot overlap. A page with only the overlap is
            # not the end of the listing; only an empty page is.
            overlap = 1 if new and longest_page > 1 else 0

    def _predict_pages(self, length: int) -> Iterator[PageRange]:
        """The pages after the first, if all are as long and `TotalCount` is true.

        Args:
            length: how many images the first page had.
        """
        expected = self._count_expected()
        if expected is None or length == 1:
            return
        received, is_short = length, False
        while (received < expected or not is_short) and received != self.window.limit:
            limit = min(_PAGE_LENGTH, self._next_limit(received) + 1)
            yield PageRange(limit, self.window.offset + received - 1)
            longest = min(limit, length)
            images = min(longest, expected - received + 1)
            received, is_short = received + images - 1, images < longest

    def _next_limit(self, received: int) -> int:
        limit = self.window.limit
        return _PAGE_LENGTH if limit is None else limit - received

    def _get_page(self, *, limit: int, skip: int) -> list[ImageRecord]:
        page_range = PageRange(limit, self.window.offset + skip)
        page = self.client.get_page(
            self.bucket,
            limit=page_range.limit,
            offset=page_range.offset,
            deadline=self.deadline,
            first=self.prefetch.take(page_range),
        )
        if page.total_count is not None:
            known = page.total_count if self.total_count is None else self.total_count
            if self.check_total_count and page.total_count != known:
                raise _ChangedError("TotalCount changed")
            self.total_count = page.total_count
        return page.images

    def _count_expected(self) -> int | None:
        """How many images the window has by `TotalCount`; None if that is unknown."""
        if self.total_count is None or not self.check_total_count:
            return None
        after_offset = max(0, self.total_count - self.window.offset)
        limit = self.window.limit
        return after_offset if limit is None else min(after_offset, limit)

    def _is_end(self, received: int, *, is_short: bool) -> bool:
        """Whether everything was read.

        `TotalCount` alone does not prove it: the page must also be shorter than others.
        """
        limit = self.window.limit
        if limit is not None and received >= limit:
            return True
        if received > _MAX_IMAGES:
            message = (
                f"The listing of bucket {quoted(self.bucket.name)} does not end: {received}"
                " images were read, more than any bucket has; check ucimage:baseUrl"
                " (UCLOUD_API_BASE_URL)."
            )
            raise ResponseError(message)
        expected = self._count_expected()
        return expected is not None and (
            received > expected or (received == expected and is_short)
        )

    def _check_repeats(self, images: list[ImageRecord]) -> None:
        for image in images:
            name = image.name
            if name in self._names:
                raise _ChangedError("an image was listed twice")
            if name:
                self._names.add(name)

    def _validate(self, images: list[ImageRecord]) -> Listing:
        images = images[: self.window.limit]
        expected = self._count_expected()
        if expected is not None and len(images) != expected:
            message = (
                f"The listing of bucket {quoted(self.bucket.name)} has an inconsistent"
                f" TotalCount: it is {self.total_count}, so that {expected} images were"
                f" expected, and {len(images)} were read; try again. If UCloud's count is"
                " known to be wrong, set ucimage:checkTotalCount"
                " (UCIMAGE_CHECK_TOTAL_COUNT) to false."
            )
            raise ResponseError(message)
        return Listing(
            images, len(images) if self.total_count is None else self.total_count
        )


def _begins_with(page: list[ImageRecord], image: ImageRecord) -> bool:
    if not page:
        return False
    return page[0].name == image.name if image.name else page[0] == image
