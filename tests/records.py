"""Our own records of the objects that the API sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_ucimage._ucloud.responses import ImageRecord, Page, TagRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def record(image: Mapping[str, Any]) -> ImageRecord:
    """An image, field by field."""
    tags = image.get("TagSet")
    return ImageRecord(
        image_name=image.get("ImageName"),
        bucket_name=image.get("BucketName"),
        tag_set=tags
        and [TagRecord(tag.get("TagName"), tag.get("CreateTime")) for tag in tags],
        update_time=image.get("UpdateTime"),
        resource_id=image.get("ResourceId"),
        org_id=image.get("OrgId"),
    )


def page(images: Iterable[Mapping[str, Any]], total_count: int | None) -> Page:
    """A page of these images."""
    return Page([record(image) for image in images], total_count)
