"""Where to look: the settings that hold there, and the bucket's listing.

The client is loaded by the first call that needs one, for it costs as much as all the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._config import resolve
from pulumi_ucimage._config.parse import bucket, name, registry_host
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._ucloud.listing import Window, list_images

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._ucloud.listing import Listing

_SILENT_S: Final = 2.0
"""How long a listing may take before it says how far it is."""
_BETWEEN_LINES_S: Final = 1.0


@final
class _Progress:
    """Tells how far a listing is, once it takes long."""

    def __init__(self, context: LookupContext, bucket_name: str) -> None:
        self._context = context
        self._bucket_name = bucket_name
        self._next_s = context.clock.monotonic() + _SILENT_S

    def __call__(self, read: int, total: int | None) -> None:
        now_s = self._context.clock.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _BETWEEN_LINES_S
        self._context.log.info(
            f"Listing bucket '{self._bucket_name}':"
            f" {read}{'' if total is None else f' of {total}'} images so far.",
            ephemeral=True,
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BucketQuery:
    """Where to look, as far as arguments say it."""

    bucket_name: str
    region: str | None
    project_id: str | None
    profile: str | None
    registry: str | None
    order_by: str | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> BucketQuery:
        """Raises ArgumentError where one cannot be."""
        checks: dict[str, Callable[[str], str]] = {
            "bucket_name": bucket,
            "region": name,
            "project_id": name,
            "profile": str,
            "registry": registry_host,
            "order_by": _order_by,
        }
        return cls(
            **{
                key: resolve.argument(key, given.get(key), check)
                for key, check in checks.items()
            }  # type: ignore[arg-type] # bucket_name is required, and so is there
        )

    def settings(self, context: LookupContext) -> Settings:
        """The settings that hold here; raises ConfigError.

        Loaded once for all who may share a listing, while the environment is the same.
        """
        said = (self.region, self.project_id, self.profile, self.registry)
        if math.isinf(context.not_before):
            return self._loaded(context)
        known = (*said, context.not_before, resolve.environment())
        if known not in context.settings:
            context.settings[known] = self._loaded(context)
        return context.settings[known]

    def _loaded(self, context: LookupContext) -> Settings:
        return resolve.load(
            context.stack,
            region=self.region,
            project_id=self.project_id,
            profile=self.profile,
            registry=self.registry,
            in_plugin=context.in_plugin,
        )

    def listing(
        self,
        settings: Settings,
        context: LookupContext,
        window: Window = Window(),  # noqa: B008
        *,
        again: bool = False,
    ) -> Listing:
        """The bucket's images, asked of the API by this look-up or by an equal one.

        Args:
            settings: what holds for it.
            context: where the look-up runs.
            window: which images.
            again: whether it was asked before, and asks for what is there by now.
        """
        # The only way to urllib3 and msgspec: a program that calls nothing, or under
        # mocks, or with a pin that stays, does not load them.
        from pulumi_ucimage._lookup.clients import client_for  # noqa: PLC0415
        from pulumi_ucimage._ucloud.client import Bucket  # noqa: PLC0415

        deadline = Deadline.after(settings.timeout_s, context.clock)
        if context.asked_s is not None and not again:
            deadline = replace(deadline, at_s=context.asked_s + settings.timeout_s)
        bucket = Bucket(
            name=self.bucket_name,
            region=settings.region,
            project_id=settings.project_id,
            order_by=self.order_by,
        )

        def ask() -> Listing:
            return list_images(
                client_for(settings, context.clock),
                bucket,
                deadline=deadline,
                window=window,
                check_total_count=settings.check_total_count,
                progress=_Progress(context, self.bucket_name),
            )

        if context.shared is None:
            return ask()
        query = (
            bucket,
            window,
            settings.check_total_count,
            settings.endpoint,
            settings.credentials.fingerprint(),
        )
        return context.shared.get(
            query,
            ask,
            not_before=math.inf if again else context.not_before,
            remaining_s=deadline.remaining_s(),
        )


def _order_by(text: str) -> str:
    if not (text.isascii() and text.isprintable() and len(text) <= 64):  # noqa: PLR2004
        message = "must be at most 64 printable ASCII characters, such as Default"
        raise ValueError(message)
    return text
