"""What a look-up takes from the program it runs in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, final

from pulumi_ucimage._http.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.listing_cache import ListingCache
    from pulumi_ucimage._secret import Secret
    from pulumi_ucimage._ucloud.listing import Listing


class Log(Protocol):
    """Where a look-up tells what it does; `pulumi.log` is one."""

    def debug(self, msg: str) -> None:
        """Tell something that only a search for a fault needs."""

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        """Tell something that a user asked to be told.

        Args:
            msg: what to tell.
            ephemeral: whether the next line may take its place.
        """


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LookupContext:
    """What a look-up takes from the program it runs in.

    Attributes:
        stack: the stack's configuration by full key, such as `ucimage:region`.
        log: where to tell what is done.
        in_plugin: whether this is the plugin, which does not see `ucloud:` keys.
        clock: time, waiting and chance.
        shared: listings that equal questions share; None to list for oneself.
        settings: what was loaded for look-ups of the same since, by all that it depends on.
        asked_s: when it was asked for, on the clock's `monotonic`: its time runs since
            then, though it waits for others first. None where it waits for nobody.
        not_before: from when on a listing that was begun will do, on the clock of
            `time.monotonic`; infinity where it must not have begun yet.
    """

    stack: Mapping[str, str | Secret | None]
    log: Log
    in_plugin: bool = False
    clock: Clock = field(default_factory=Clock)
    shared: ListingCache[Listing] | None = None
    settings: dict[Hashable, Settings] = field(default_factory=dict, repr=False)
    asked_s: float | None = None
    not_before: float = math.inf
