"""Progress lines of a listing that takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from pulumi_ucimage._http.clock import Clock
    from pulumi_ucimage._lookup.context import Log

FIRST_LINE_S: Final = 2.0
"""How long a listing takes before the first line."""
NEXT_LINE_S: Final = 1.0


@final
class Progress:
    """Says how far a listing is, if it takes long.

    Args:
        bucket_name: what is listed.
        log: gets the lines.
        clock: the time.
    """

    def __init__(self, bucket_name: str, log: Log, clock: Clock) -> None:
        self._bucket_name = bucket_name
        self._log = log
        self._clock = clock
        self._next_s = clock.monotonic() + FIRST_LINE_S

    def __call__(self, read: int, total: int | None) -> None:
        """Note that images were read.

        Args:
            read: how many so far.
            total: of how many; None if the API does not say.
        """
        now_s = self._clock.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + NEXT_LINE_S
        of_total = "" if total is None else f" of {total}"
        self._log.info(
            f"Listing bucket '{self._bucket_name}': {read}{of_total} images so far.",
            ephemeral=True,
        )
