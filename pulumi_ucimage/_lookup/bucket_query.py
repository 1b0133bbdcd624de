"""One bucket: its arguments, its settings and its listing.

The API client is loaded by the first listing, because it takes as long as all the rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from pulumi_ucimage._config import parse, resolve
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._lookup.name_arguments import parse_bucket_name
from pulumi_ucimage._lookup.progress import Progress
from pulumi_ucimage._ucloud.listing import Window, list_images
from pulumi_ucimage._ucloud.prefetch import MAX_CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._ucloud.listing import Listing


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BucketQuery:
    """The arguments that say which bucket is listed, and how."""

    bucket_name: str
    region: str | None
    project_id: str | None
    profile: str | None
    registry: str | None
    order_by: str | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> BucketQuery:
        """Check the arguments that were given; raises ArgumentError."""
        checks: dict[str, Callable[[str], str]] = {
            "bucket_name": parse_bucket_name,
            "region": parse.name,
            "project_id": parse.name,
            "profile": str,
            "registry": parse.registry_host,
            "order_by": _order_by,
        }
        return cls(
            **{
                key: parse.argument(key, given.get(key), check)
                for key, check in checks.items()
            }  # type: ignore[arg-type] # bucket_name is required, and so is there
        )

    def settings(self, context: LookupContext) -> Settings:
        """The settings for this look-up; raises ConfigError."""
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
        deadline: Deadline | None = None,
    ) -> Listing:
        """The bucket's images, listed by this look-up or by an equal one.

        Args:
            settings: the settings of this look-up.
            context: where the look-up runs.
            window: which images.
            again: whether the look-up has listed before, and needs a newer listing.
            deadline: when the look-up must be done; by default its whole time from now.
        """
        # A program that calls nothing, runs under mocks or has a pin that stays does not
        # load these.
        from pulumi_ucimage._lookup.clients import client_for  # noqa: PLC0415
        from pulumi_ucimage._ucloud.client import Bucket  # noqa: PLC0415

        deadline = deadline or Deadline.after(settings.timeout_s, context.clock)
        bucket = Bucket(
            name=self.bucket_name,
            region=settings.region,
            project_id=settings.project_id,
            order_by=self.order_by,
        )

        user = (settings.endpoint, settings.credentials.fingerprint())

        def load() -> Listing:
            return list_images(
                client_for(settings, context.clock, lambda: context.throttled.add(user)),
                bucket,
                concurrency=1 if user in context.throttled else MAX_CONCURRENCY,
                deadline=deadline,
                window=window,
                check_total_count=settings.check_total_count,
                progress=Progress(self.bucket_name, context.log, context.clock),
            )

        if context.listings is None:
            return load()
        question = (bucket, window, settings.check_total_count, *user)
        return context.listings.get(
            question,
            load,
            not_before=time.monotonic() if again else context.not_before,
            max_wait_s=deadline.remaining_s(),
        )


def _order_by(text: str) -> str:
    if not (text.isascii() and text.isprintable() and len(text) <= 64):  # noqa: PLR2004
        message = "must be at most 64 printable ASCII characters, such as Default"
        raise ValueError(message)
    return text
