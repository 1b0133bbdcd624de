"""A bucket behind an API that pages, and how its listing is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from calling import BUCKET

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._ucloud.listing import Listing, Window, list_images
from pulumi_ucimage._ucloud.responses import ImageRecord, Page, TagRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from pulumi_ucimage._ucloud.client import Bucket, Client


DEADLINE = Deadline.after(3600, Clock())
ALL = Window()
MAX_CALLS = 1000
"""More than any test needs, so that a listing without an end fails and does not hang."""


def named(name: str) -> ImageRecord:
    """An image with this name."""
    return ImageRecord(image_name=name, tag_set=[TagRecord(name)])


class Server:
    """A bucket in memory that may misbehave.

    Args:
        images: its images, or how many it has.
        cap: the length of its longest page.
        total: its TotalCount, from the number of the call, 1 for the first, and the true
            count.
        change: changes its images before a call, by the number of the call.
        ignores_limit: whether it ignores Limit.
        ignores_offset: whether it ignores Offset.
    """

    def __init__(
        self,
        images: int | list[ImageRecord],
        *,
        cap: int = 10**9,
        total: Callable[[int, int], int | None] = lambda _, true: true,
        change: Callable[[int, list[ImageRecord]], object] = lambda _, __: None,
        ignores_limit: bool = False,
        ignores_offset: bool = False,
    ) -> None:
        if isinstance(images, int):
            images = [named(f"r.io/app{number}") for number in range(images)]
        self.images = images
        self.calls: list[tuple[int, int]] = []
        self.states: list[list[str]] = []
        self._cap, self._total, self._change = cap, total, change
        self._ignores_limit, self._ignores_offset = ignores_limit, ignores_offset

    def get_page(
        self,
        bucket: Bucket,
        *,
        limit: int,
        offset: int,
        deadline: Deadline,
        first: Page | None = None,
    ) -> Page:
        """A page, as the client returns it."""
        if first is not None:
            return first
        return self.attempt_page(bucket, limit=limit, offset=offset, deadline=deadline)

    def attempt_page(
        self, bucket: Bucket, *, limit: int, offset: int, deadline: Deadline
    ) -> Page:
        """One attempt, which never fails here."""
        assert (BUCKET, DEADLINE) == (bucket, deadline)
        assert 1 <= limit <= 100
        assert offset >= 0
        self.calls.append((limit, offset))
        assert len(self.calls) < MAX_CALLS, "the listing has no end"
        self._change(len(self.calls), self.images)
        self.states.append([str(image.name) for image in self.images])
        start = 0 if self._ignores_offset else offset
        length = self._cap if self._ignores_limit else min(limit, self._cap)
        return Page(
            [*self.images[start : start + length]],
            self._total(len(self.calls), len(self.images)),
        )


def read(
    server: Server,
    window: Window = ALL,
    *,
    check_total_count: bool = True,
    concurrency: int = 1,
    executor: Executor | None = None,
) -> Listing:
    """The listing of a server, by default one page at a time."""
    return list_images(
        cast("Client", server),
        BUCKET,
        deadline=DEADLINE,
        window=window,
        check_total_count=check_total_count,
        concurrency=concurrency,
        executor=executor,
    )


def unknown(_call: int, _true: int) -> None:
    """A TotalCount that is missing."""
