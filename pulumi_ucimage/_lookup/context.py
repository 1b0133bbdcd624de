"""What a look-up takes from the program it runs in."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, final

from pulumi_ucimage._http.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from pulumi_ucimage._lookup.listing_cache import ListingCache
    from pulumi_ucimage._secret import Secret
    from pulumi_ucimage._ucloud.listing import Listing


class Log(Protocol):
    """The log of a look-up; `pulumi.log` is one."""

    def debug(self, msg: str) -> None:
        """Write a line that only debugging needs."""

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        """Write a line for the user.

        Args:
            msg: the line.
            ephemeral: whether the next line may replace it.
        """


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LookupContext:
    """What a look-up takes from the program it runs in.

    Attributes:
        stack: the stack's configuration by full key, such as `ucimage:region`.
        log: gets messages for the user.
        in_plugin: whether this is the plugin, which does not see `ucloud:` keys.
        clock: time, waiting and random numbers.
        listings: the listings that equal questions share; None to share none.
        not_before: a listing must have begun after this time of `time.monotonic`; by
            default after this context was made.
        throttled: servers and keys that were limited before: their listings are read one
            page at a time. Shared by the look-ups of a run.
    """

    stack: Mapping[str, str | Secret | None]
    log: Log
    in_plugin: bool = False
    clock: Clock = field(default_factory=Clock)
    listings: ListingCache[Listing] | None = None
    not_before: float = field(default_factory=time.monotonic)
    throttled: set[Hashable] = field(default_factory=set)
