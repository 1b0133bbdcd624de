"""The images of a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from pulumi_ucimage._config import parse
from pulumi_ucimage._lookup.bucket_query import BucketQuery
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.name_arguments import parse_image_name
from pulumi_ucimage._lookup.query import Query, image_named, tags_of
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import (
    DockerImage,
    DockerImageTag,
    GetDockerImagesResult,
)
from pulumi_ucimage._tags.evaluate import find_newest, sort_newest_first
from pulumi_ucimage._tags.policy import parse_argument
from pulumi_ucimage._tags.regex import Regex
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage._ucloud.listing import Window
from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._tags.evaluate import TagLike
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage._ucloud.responses import ImageRecord


@final
@dataclass(frozen=True, slots=True)
class ImagesQuery(Query[GetDockerImagesResult]):
    """The images of a bucket."""

    _image_name: str | None
    _name_regex: Regex | None
    _window: Window

    @classmethod
    def of(cls, values: Mapping[str, Any], *, unknown: Collection[str] = ()) -> ImagesQuery:
        del unknown  # none of its arguments depends on another
        given = arguments.validate_arguments(arguments.GET_DOCKER_IMAGES, values)
        limit, offset = given.get("limit"), given.get("offset", 0)
        regex = given.get("name_regex")
        if limit is not None and limit < 1:
            message = f"limit must be 1 or more, not {limit}; leave it out for all."
            raise ArgumentError(message)
        if offset < 0:
            message = f"offset must be 0 or more, not {offset}."
            raise ArgumentError(message)
        return cls(
            BucketQuery.of(given),
            parse.argument("image_name", given.get("image_name"), parse_image_name),
            regex and parse_argument("name_regex", Regex.parse, regex),
            Window(offset, limit),
        )

    def run_with(self, settings: Settings, context: LookupContext) -> GetDockerImagesResult:
        filtered = self._image_name or self._name_regex
        listing = self._bucket_query.listing(
            settings, context, Window() if filtered else self._window
        )
        records: Sequence[ImageRecord] = listing.images
        if filtered:
            start, limit = self._window.offset, self._window.limit
            end = None if limit is None else start + limit
            records = self._filtered(listing)[start:end]
        return GetDockerImagesResult(
            id=f"{settings.region}/{self._bucket_query.bucket_name}",
            region=settings.region,
            bucket_name=self._bucket_query.bucket_name,
            total_count=listing.total_count,
            images=[_image(record, settings.registry) for record in records],
        )

    def _filtered(self, listing: Listing) -> Sequence[ImageRecord]:
        images = listing.images
        if self._image_name:
            image = image_named(self._image_name, listing)
            images = [image] if image else []
        regex = self._name_regex
        if not regex:
            return images
        return [
            record
            for record in images
            if (full := record.name) and regex.match(ImageName.parse(full).short)
        ]


def _image(record: ImageRecord, registry: str | None) -> DockerImage:
    name = ImageName.parse(record.name) if record.name else None
    repository = name.find_repository(registry) if name else None
    tags = sort_newest_first(tags_of(record))
    latest = find_newest(tags)
    results = [_tag(tag, repository) for tag in tags]
    updated, org_id = record.update_time, record.org_id
    return DockerImage(
        name=record.name,
        short_name=name.short if name else None,
        tags=results,
        latest_tag=results[tags.index(latest)] if latest else None,
        update_time=updated,
        updated_at=None if updated is None else format_timestamp(updated),
        resource_id=record.resource_id,
        org_id=None if org_id is None else str(org_id),
    )


def _tag(tag: TagLike, repository: str | None) -> DockerImageTag:
    name, created = tag.name, tag.create_time
    return DockerImageTag(
        name=name,
        image=f"{repository}:{name}" if repository and name else None,
        create_time=created,
        created_at=None if created is None else format_timestamp(created),
    )
