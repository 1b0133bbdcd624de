"""Pages that are asked for before their turn, since they are likely to be wanted next.

What is read ahead changes when a page is asked for, never which pages make a listing:
`listing` judges them one by one, in their order, as if each was asked for by itself.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, final

from pulumi_ucimage._http.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from typing_extensions import Self

    from pulumi_ucimage._ucloud.concurrency import Concurrency
    from pulumi_ucimage._ucloud.responses import Page


class PageRange(NamedTuple):
    """Which images a page is asked for.

    Attributes:
        limit: at most so many.
        offset: images passed over.
    """

    limit: int
    offset: int


@final
class Prefetch:
    """Pages, some of them under way before they are wanted.

    Args:
        get: asks for a page.
        pace: told when no further page is wanted.
        at_once: at most so many are under way or waiting to be taken.
        executor: runs them.
    """

    def __init__(
        self,
        get: Callable[[PageRange], Page],
        pace: Concurrency,
        at_once: int,
        executor: Executor | None = None,
    ) -> None:
        self._get = get
        self._pace = pace
        self._at_once = at_once
        self._executor = executor or Threads()
        self._expected: Iterator[PageRange] = iter(())
        self._under_way: deque[tuple[PageRange, Future[Page]]] = deque()
        self._unwanted: list[Future[Page]] = []

    def expect(self, spans: Iterable[PageRange]) -> None:
        """Ask for these from now on, a few at once, if they are more than one."""
        if self._at_once == 1:
            return
        expected = iter(spans)
        first = list(islice(expected, 2))
        if len(first) > 1:
            self._expected = expected
            for span in first:
                self._begin(span)
            self._fill()

    def page(self, span: PageRange) -> Page:
        """One page; see `get` for what it raises."""
        if not self._under_way:
            return self._get(span)
        ahead, future = self._under_way.popleft()
        if ahead != span:
            # The pages are not of the length that was expected: nothing ahead fits.
            self._expected = iter(())
            self._unwanted += [future, *(future for _, future in self._under_way)]
            self._under_way.clear()
            return self._get(span)
        page = future.result()
        self._fill()
        return page

    def _fill(self) -> None:
        for span in islice(self._expected, self._at_once - len(self._under_way)):
            self._begin(span)

    def _begin(self, span: PageRange) -> None:
        self._under_way.append((span, self._executor.submit(self._get, span)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let nothing further begin, and wait for what is under way to end.

        Not where the user wants to stop at once.
        """
        self._pace.stop()
        if kind is None or issubclass(kind, Exception):
            for future in [*self._unwanted, *(future for _, future in self._under_way)]:
                with suppress(Exception):
                    future.result()
