"""A thread for each call, so that none waits for another."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Executor, Future, InvalidStateError
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Threads(Executor):
    """A thread of its own for each call: none waits for another, nor the end for any."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            try:
                value = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it is the waiting thread's
                settle(future.set_exception, error)
            else:
                settle(future.set_result, value)

        threading.Thread(target=run, daemon=True).start()
        return future


def settle(how: Callable[[Any], None], what: object) -> None:
    """Give a future its answer, unless it has one: an abandoned call's is of no use."""
    with contextlib.suppress(InvalidStateError):
        how(what)
