"""What one emulator knows and has seen: keys, buckets, and the calls it received."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypedDict

from pulumi_ucimage.emulator import images
from pulumi_ucimage.emulator.demo import DEMO_REGISTRY
from pulumi_ucimage.emulator.errors import PushError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage.emulator.data_file import Data
    from pulumi_ucimage.emulator.models import Bucket, Image, Key

_SECRETS: Final = {"Signature", "SecurityToken"}


class Pushed(TypedDict):
    """What a push made."""

    Region: str
    BucketName: str
    ImageName: str
    TagName: str
    CreateTime: int


class Deleted(TypedDict):
    """What a deletion took away; `TagName` is None where it was the whole image."""

    Region: str
    BucketName: str
    ImageName: str
    TagName: str | None


class State:
    """Keys, buckets and calls, safe to use from many threads.

    Args:
        data: What there is at the beginning.
        now: The clock of pushes, in Unix seconds.
    """

    def __init__(self, data: Data, *, now: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._keys = {key.public_key: key for key in data.keys}
        self._buckets = {(bucket.region, bucket.name): bucket for bucket in data.buckets}
        self._requests: list[dict[str, str]] = []
        self._now = now

    def key(self, public_key: str) -> Key | None:
        """The key pair of a public key; None where it is unknown."""
        return self._keys.get(public_key)

    def bucket(self, region: str, name: str) -> Bucket | None:
        """A bucket as it is now; None where the region has none of that name."""
        with self._lock:
            return self._buckets.get((region, name))

    def push(
        self,
        bucket: str,
        image: str,
        tag: str,
        create_time: int | None = None,
        region: str | None = None,
    ) -> Pushed:
        """Push a tag: to an image that is there, else to a new one.

        Args:
            bucket: Name of a bucket that is there.
            image: Full name, path or last part. A new image gets the bucket's registry
                and, where only a last part is given, the bucket's name.
            tag: Any text that is not empty. One that is there gets a new `CreateTime`.
            create_time: Unix seconds; None: now, or a second after the image's newest
                tag if that is later, so that this push is the newest.
            region: The bucket's region; None where one region only has the bucket.

        Raises:
            PushError: There is no such bucket, a name is not clear or cannot be.
        """
        if not image or not tag:
            raise PushError("A push needs an image and a tag whose names are not empty.")
        # bool is an int, but no time
        if create_time is not None and (isinstance(create_time, bool) or create_time < 0):
            raise PushError("The time of a push must be Unix seconds, 0 or more.")
        with self._lock:
            target = self._find_bucket(bucket, region)
            at = images.find(target.images, image)
            entry: Image = {"TagSet": []} if at is None else target.images[at]
            if at is None:
                name = images.full_name(image, target.name, target.images, DEMO_REGISTRY)
                entry = {"ImageName": name, **entry}
            if create_time is None:
                create_time = images.next_create_time(entry, int(self._now()))
            entry = images.with_tag(entry, tag, create_time)
            at = len(target.images) if at is None else at
            self._put(target, (*target.images[:at], entry, *target.images[at + 1 :]))
        return {
            "Region": target.region,
            "BucketName": target.name,
            "ImageName": images.name_of(entry),
            "TagName": tag,
            "CreateTime": create_time,
        }

    def delete(
        self, bucket: str, image: str, tag: str | None = None, region: str | None = None
    ) -> Deleted:
        """Delete a tag, or a whole image where `tag` is None.

        Raises:
            PushError: There is no such bucket, image or tag, or a name is not clear.
        """
        with self._lock:
            target = self._find_bucket(bucket, region)
            at = images.find(target.images, image)
            if at is None:
                names = ", ".join(filter(None, map(images.name_of, target.images)))
                raise PushError(
                    f"There is no image {image!r} in the bucket {target.name!r}, which has "
                    f"{names or 'none'}."
                )
            entry = target.images[at]
            kept: tuple[Image, ...] = ()
            if tag is not None:
                tags = images.tag_names(entry)
                if tag not in tags:
                    raise PushError(
                        f"There is no tag {tag!r} in the image {images.name_of(entry)}, "
                        f"which has {', '.join(tags) or 'none'}."
                    )
                kept = (images.without_tag(entry, tag),)
            self._put(target, (*target.images[:at], *kept, *target.images[at + 1 :]))
        return {
            "Region": target.region,
            "BucketName": target.name,
            "ImageName": images.name_of(entry),
            "TagName": tag,
        }

    def record(self, parameters: Mapping[str, str]) -> None:
        """Remember a call, without what must not be seen again."""
        seen = {name: parameters[name] for name in parameters if name not in _SECRETS}
        with self._lock:
            self._requests.append(seen)

    def requests(self) -> list[dict[str, str]]:
        """The calls since the last reset, oldest first; a copy."""
        with self._lock:
            return [dict(request) for request in self._requests]

    def reset_requests(self) -> None:
        """Forget the calls."""
        with self._lock:
            self._requests.clear()

    def _find_bucket(self, name: str, region: str | None) -> Bucket:
        """The one bucket of that name, in that region if one is named."""
        found = [
            bucket
            for bucket in self._buckets.values()
            if bucket.name == name and region in (None, bucket.region)
        ]
        if not found:
            known = ", ".join("/".join(place) for place in self._buckets)
            where = f" in the region {region!r}" if region else ""
            raise PushError(
                f"There is no bucket {name!r}{where}: the emulator has {known or 'none'}."
            )
        if len(found) > 1:
            regions = ", ".join(bucket.region for bucket in found)
            raise PushError(
                f"There are several buckets {name!r}: give one of the regions {regions}."
            )
        return found[0]

    def _put(self, bucket: Bucket, entries: tuple[Image, ...]) -> None:
        """Put a bucket with other images in the place of what it was."""
        place = (bucket.region, bucket.name)
        self._buckets[place] = replace(bucket, images=entries)
