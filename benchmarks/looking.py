"""Look-ups by this package's own doors, and reading all that they give."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.queries import ImagesQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.api import Api
    from pulumi_ucimage._spec.results import GetDockerImagesResult
    from pulumi_ucimage._ucloud.listing import Listing


class Silent:
    """A log that tells nothing."""

    def debug(self, msg: str) -> None:
        """Tell nothing."""

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        """Tell nothing."""


class _Given:
    """In place of listings that are shared: one that is made as the row wants it."""

    def __init__(self, listing: Callable[[], Listing]) -> None:
        self._listing = listing

    def get(self, *_: object, **__: object) -> Listing:
        return self._listing()


@contextmanager
def configured(api: Api, scheme: str, delay_ms: int = 0) -> Iterator[None]:
    """Look-ups of this process go to the server, whatever the user's environment says."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UCLOUD_", "UCIMAGE_", "CURL_CA_", "REQUESTS_CA_"))
        and not name.lower().endswith("_proxy")
    }
    environment = kept | api.environment(scheme, delay_ms)
    with mock.patch.dict(os.environ, environment, clear=True):
        yield


def results(bucket: str, listing: Callable[[], Listing]) -> GetDockerImagesResult:
    """What `get_docker_images` makes of a listing that is made in a way of its own."""
    context = LookupContext(
        stack={},
        log=Silent(),
        listings=_Given(listing),  # type: ignore[arg-type] # does all that is asked of it
    )
    return ImagesQuery.of({"bucket_name": bucket}).ask(context)


def read_every_field(result: GetDockerImagesResult) -> None:
    """Read each field of each image and tag, as a program does: by attribute."""
    _ = result.id, result.region, result.bucket_name, result.total_count
    for image in result.images:
        _ = image.name, image.short_name, image.latest_tag, image.resource_id
        _ = image.update_time, image.updated_at, image.org_id
        for tag in image.tags:
            _ = tag.name, tag.image, tag.create_time, tag.created_at


def read_every_item(images: list[dict[str, Any]]) -> None:
    """Read each field that the API documents of raw dicts."""
    for image in images:
        _ = image["ImageName"], image["BucketName"], image["ResourceId"]
        _ = image["OrgId"], image["UpdateTime"]
        for tag in image["TagSet"]:
            _ = tag["TagName"], tag["CreateTime"]
