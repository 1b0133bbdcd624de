"""Where to look: the settings that hold there, and the bucket's listing.

The client is loaded by the first call that needs one, for it costs as much as all the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage import config
from pulumi_ucimage.ucloud.clock import Deadline
from pulumi_ucimage.ucloud.listing import Window, list_images
from pulumi_ucimage.values import bucket, name, registry_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage.config import Settings
    from pulumi_ucimage.surroundings import Surroundings
    from pulumi_ucimage.ucloud.listing import Listing

_SILENT_S: Final = 2.0
"""How long a listing may take before it says how far it is."""
_BETWEEN_LINES_S: Final = 1.0


@final
class _Progress:
    """Tells how far a listing is, once it takes long."""

    def __init__(self, around: Surroundings, bucket_name: str) -> None:
        self._around = around
        self._bucket_name = bucket_name
        self._next_s = around.clock.monotonic() + _SILENT_S

    def __call__(self, read: int, total: int | None) -> None:
        now_s = self._around.clock.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _BETWEEN_LINES_S
        self._around.log.info(
            f"Listing bucket '{self._bucket_name}':"
            f" {read}{'' if total is None else f' of {total}'} images so far.",
            ephemeral=True,
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to look, as far as arguments say it."""

    bucket_name: str
    region: str | None
    project_id: str | None
    profile: str | None
    registry: str | None
    order_by: str | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Place:
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
                key: config.argument(key, given.get(key), check)
                for key, check in checks.items()
            }  # type: ignore[arg-type] # bucket_name is required, and so is there
        )

    def settings(self, around: Surroundings) -> Settings:
        """The settings that hold here; raises ConfigError.

        Loaded once for all who may share a listing, while the environment is the same.
        """
        said = (self.region, self.project_id, self.profile, self.registry)
        if math.isinf(around.since_s):
            return self._loaded(around)
        known = (*said, around.since_s, config.environment())
        if known not in around.settings:
            around.settings[known] = self._loaded(around)
        return around.settings[known]

    def _loaded(self, around: Surroundings) -> Settings:
        return config.load(
            around.stack,
            region=self.region,
            project_id=self.project_id,
            profile=self.profile,
            registry=self.registry,
        )

    def listing(
        self,
        settings: Settings,
        around: Surroundings,
        window: Window = Window(),  # noqa: B008
        *,
        again: bool = False,
    ) -> Listing:
        """The bucket's images, asked of the API by this look-up or by an equal one.

        Args:
            settings: what holds for it.
            around: the program around it.
            window: which images.
            again: whether it was asked before, and asks for what is there by now.
        """
        # The only way to urllib3 and msgspec: a program that calls nothing, or under
        # mocks, or with a pin that stays, does not load them.
        from pulumi_ucimage.clients import client_for  # noqa: PLC0415
        from pulumi_ucimage.ucloud.client import Bucket  # noqa: PLC0415

        deadline = Deadline.after(settings.timeout_s, around.clock)
        if around.asked_s is not None and not again:
            deadline = replace(deadline, at_s=around.asked_s + settings.timeout_s)
        bucket = Bucket(
            name=self.bucket_name,
            region=settings.region,
            project_id=settings.project_id,
            order_by=self.order_by,
        )

        def ask() -> Listing:
            return list_images(
                client_for(settings, around.clock),
                bucket,
                deadline=deadline,
                window=window,
                check_total_count=settings.check_total_count,
                progress=_Progress(around, self.bucket_name),
            )

        if around.shared is None:
            return ask()
        question = (
            bucket,
            window,
            settings.check_total_count,
            settings.endpoint,
            settings.credentials.fingerprint(),
        )
        return around.shared.get(
            question,
            ask,
            since_s=math.inf if again else around.since_s,
            remaining_s=deadline.remaining_s(),
        )


def _order_by(text: str) -> str:
    if not (text.isascii() and text.isprintable() and len(text) <= 64):  # noqa: PLR2004
        message = "must be at most 64 printable ASCII characters, such as Default"
        raise ValueError(message)
    return text
