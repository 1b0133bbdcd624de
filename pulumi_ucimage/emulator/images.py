"""An image as the API sends it: its name in three forms, and its tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi_ucimage.emulator.errors import PushError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_ucimage.emulator.models import Image


def name_of(image: Image) -> str:
    """The full name; empty if the entry has none.

    The API's page calls the field `ImageName` in its example and `BucketName` in its table.
    """
    name = image.get("ImageName") or image.get("BucketName")
    return name if isinstance(name, str) else ""


def _registry_of(name: str) -> str:
    """The registry's host in a full name; empty if it has none.

    Docker's rule: the first of several parts, if it has a `.` or a `:` or is `localhost`.
    """
    first, slash, _ = name.partition("/")
    is_host = "." in first or ":" in first or first == "localhost"
    return first if slash and is_host else ""


def path_of(name: str) -> str:
    """The name without the registry's host."""
    registry = _registry_of(name)
    return name[len(registry) + 1 :] if registry else name


def _short_name_of(name: str) -> str:
    """The last part of the name."""
    return name.rpartition("/")[2]


def find(images: Sequence[Image], wanted: str) -> int | None:
    """Find an image by its full name, else by its path, else by its last part.

    Returns:
        its position; None if there is no such image.

    Raises:
        PushError: several images have this path or this last part.
    """
    names = [name_of(image) for image in images]
    for spelling in (str, path_of, _short_name_of):
        found = [
            index for index, name in enumerate(names) if name and spelling(name) == wanted
        ]
        several = sorted({names[index] for index in found})
        if len(several) > 1:
            raise PushError(
                f"Several images are called {wanted!r}: use one of {', '.join(several)}."
            )
        if found:
            return found[0]
    return None


def full_name(wanted: str, bucket_name: str, images: Iterable[Image], registry: str) -> str:
    """Complete the name of a new image: registry, bucket, last part.

    A name with a registry's host stays as it is; a path gets the host of the bucket's
    other images; a last part also gets the bucket's name.

    Args:
        wanted: full name, path or last part.
        bucket_name: the bucket of the new image.
        images: the bucket's images; the host is that of the first one that has a host.
        registry: the host if none of them has one.
    """
    if _registry_of(wanted):
        return wanted
    hosts = (_registry_of(name_of(image)) for image in images)
    host = next(filter(None, hosts), registry)
    return f"{host}/{wanted}" if "/" in wanted else f"{host}/{bucket_name}/{wanted}"


def next_create_time(image: Image, now: int) -> int:
    """The time of a push: now, or later than all tags of the image; in Unix seconds."""
    times = [tag.get("CreateTime") for tag in _tags_of(image) if isinstance(tag, Mapping)]
    return max([now, *(time + 1 for time in times if isinstance(time, int))])


def with_tag(image: Image, tag_name: str, create_time: int) -> Image:
    """The image with a new tag, or with a new time for an existing one."""
    tags: list[object] = []
    is_new = True
    for tag in _tags_of(image):
        if isinstance(tag, Mapping) and tag.get("TagName") == tag_name:
            tags.append({**tag, "CreateTime": create_time})
            is_new = False
        else:
            tags.append(tag)
    if is_new:
        tags.append({"TagName": tag_name, "CreateTime": create_time})
    before = image.get("UpdateTime")
    update_time = max(create_time, before if isinstance(before, int) else create_time)
    return {**image, "TagSet": tags, "UpdateTime": update_time}


def without_tag(image: Image, tag_name: str) -> Image:
    """The image without this tag."""
    tags = [
        tag
        for tag in _tags_of(image)
        if not isinstance(tag, Mapping) or tag.get("TagName") != tag_name
    ]
    return {**image, "TagSet": tags}


def tag_names(image: Image) -> list[str]:
    """The names of the image's tags, in the order they are listed."""
    return [
        str(tag["TagName"])
        for tag in _tags_of(image)
        if isinstance(tag, Mapping) and tag.get("TagName")
    ]


def _tags_of(image: Image) -> list[object]:
    """The entries of `TagSet`; none if it is missing, null or not a list."""
    tags = image.get("TagSet")
    return tags if isinstance(tags, list) else []
