"""What one emulator has: keys, buckets, manifests, and the calls it received."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypedDict

from pulumi_ucimage.emulator import images, manifests
from pulumi_ucimage.emulator.demo import DEMO_REGISTRY
from pulumi_ucimage.emulator.errors import PushError
from pulumi_ucimage.emulator.repositories import Repositories

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage.emulator.data_file import Data
    from pulumi_ucimage.emulator.manifests import Manifest
    from pulumi_ucimage.emulator.models import Bucket, Image, Key

_SECRETS: Final = {"Signature", "SecurityToken"}


class Pushed(TypedDict):
    """What was pushed."""

    Region: str
    BucketName: str
    ImageName: str
    TagName: str
    CreateTime: int
    Digest: str


class Deleted(TypedDict):
    """What was deleted; without `TagName` and `Digest` it was the whole image."""

    Region: str
    BucketName: str
    ImageName: str
    TagName: str | None
    Digest: str | None


class State:
    """Keys, buckets, manifests and calls, safe to use from many threads.

    Args:
        data: the keys and buckets to begin with.
        now: the time of pushes, in Unix seconds.
    """

    def __init__(self, data: Data, *, now: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._keys = {key.public_key: key for key in data.keys}
        self._buckets = {(bucket.region, bucket.name): bucket for bucket in data.buckets}
        self._repositories = Repositories()
        self._requests: list[dict[str, str]] = []
        self._now = now

    def key(self, public_key: str) -> Key | None:
        """The key pair of a public key; None if it is unknown."""
        return self._keys.get(public_key)

    def bucket(self, region: str, name: str) -> Bucket | None:
        """A bucket as it is now; None if the region has none of that name."""
        with self._lock:
            return self._buckets.get((region, name))

    def push(
        self,
        bucket: str,
        image: str,
        tag: str,
        create_time: int | None = None,
        region: str | None = None,
        *,
        same_bytes: bool = False,
        media_type: str | None = None,
    ) -> Pushed:
        """Push a tag, to a new image if there is none of that name.

        See `Emulator.push`.

        Raises:
            PushError: the bucket does not exist, a name is ambiguous or invalid.
        """
        if not image or not tag:
            raise PushError("A push needs an image and a tag whose names are not empty.")
        try:
            f"{image}:{tag}".encode()
        except UnicodeEncodeError:
            raise PushError(
                "A name has half of a surrogate pair, which is no character; leave it out."
            ) from None
        # bool is an int, but no time
        if create_time is not None and (isinstance(create_time, bool) or create_time < 0):
            raise PushError("The time of a push must be Unix seconds, 0 or more.")
        if same_bytes and media_type:
            raise PushError(
                "The same bytes have the same media type: leave out MediaType (media_type)"
                " or SameBytes (same_bytes)."
            )
        if media_type not in (None, *manifests.MEDIA_TYPES):
            raise PushError(
                f"The media type {media_type!r} is not one of a manifest: use "
                f"{', '.join(manifests.MEDIA_TYPES)}."
            )
        with self._lock:
            target = self._find_bucket(bucket, region)
            index = images.find(target.images, image)
            if index is None:
                name = images.full_name(image, target.name, target.images, DEMO_REGISTRY)
                entry: Image = {"ImageName": name, "TagSet": []}
                index = len(target.images)
            else:
                entry = target.images[index]
            path = images.path_of(images.name_of(entry))
            known = tag in images.tag_names(entry) or self._repositories.has_pushed(
                path, tag
            )
            if not same_bytes:
                self._repositories.add(path, tag, is_new=not known, media_type=media_type)
            elif known:
                self._repositories.add_again(path, tag)
            else:
                raise PushError(
                    f"The tag {tag!r} was never pushed to {images.name_of(entry)}: push it "
                    "once without SameBytes (same_bytes)."
                )
            if create_time is None:
                create_time = images.next_create_time(entry, int(self._now()))
            entry = images.with_tag(entry, tag, create_time)
            self._put(target, (*target.images[:index], entry, *target.images[index + 1 :]))
            digest = self._repositories.by_tag(path, tag)[0].digest
        return {
            "Region": target.region,
            "BucketName": target.name,
            "ImageName": images.name_of(entry),
            "TagName": tag,
            "CreateTime": create_time,
            "Digest": digest,
        }

    def delete(
        self,
        bucket: str,
        image: str,
        tag: str | None = None,
        region: str | None = None,
        *,
        digest: str | None = None,
    ) -> Deleted:
        """Delete a tag, one manifest, or the whole image if neither is given.

        See `Emulator.delete`.

        Raises:
            PushError: the bucket, image, tag or digest does not exist, or is ambiguous.
        """
        if tag is not None and digest is not None:
            raise PushError("Delete a tag or a digest, not both at once.")
        with self._lock:
            target, index = self._find_image(bucket, image, region)
            entry = target.images[index]
            path = images.path_of(images.name_of(entry))
            if digest is not None:
                self._delete_digest(entry, path, digest)
            elif tag is not None:
                self._check_tag(entry, tag)
                self._repositories.keep(path, tag)
                kept = images.without_tag(entry, tag)
                self._put(
                    target, (*target.images[:index], kept, *target.images[index + 1 :])
                )
            else:
                self._repositories.delete(path, images.tag_names(entry))
                self._put(target, (*target.images[:index], *target.images[index + 1 :]))
        return {
            "Region": target.region,
            "BucketName": target.name,
            "ImageName": images.name_of(entry),
            "TagName": tag,
            "Digest": digest,
        }

    def digest(self, bucket: str, image: str, tag: str, region: str | None = None) -> str:
        """The digest that a tag names in the registry.

        Raises:
            PushError: there is no such bucket, image or tag, a name is ambiguous, or the
                digest was deleted.
        """
        with self._lock:
            target, index = self._find_image(bucket, image, region)
            entry = target.images[index]
            self._check_tag(entry, tag)
            found = self._repositories.by_tag(images.path_of(images.name_of(entry)), tag)
        if not found:
            raise PushError(f"The digest of the tag {tag!r} was deleted: push it again.")
        return found[0].digest

    def manifests(self, path: str, reference: str) -> tuple[Manifest, ...] | None:
        """What the registry has under a tag or a digest.

        Args:
            path: the repository, such as `ucs/helloworld`.
            reference: a tag or a digest.

        Returns:
            the manifest, followed by its children if it was found by a tag; empty if there
            is no such manifest; None if there is no such repository.
        """
        with self._lock:
            entries = [
                entry
                for bucket in self._buckets.values()
                for entry in bucket.images
                if images.name_of(entry) and images.path_of(images.name_of(entry)) == path
            ]
            if not entries and not self._repositories.exists(path):
                return None
            tags = {tag for entry in entries for tag in images.tag_names(entry)}
            if ":" in reference:
                found = self._repositories.by_digest(path, reference, tags)
                return () if found is None else (found,)
            return self._repositories.by_tag(path, reference) if reference in tags else ()

    def record(self, parameters: Mapping[str, str]) -> None:
        """Remember a call, without its secrets."""
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

    def _delete_digest(self, entry: Image, path: str, digest: str) -> None:
        tags = set(images.tag_names(entry))
        if self._repositories.by_digest(path, digest, tags) is None:
            raise PushError(
                f"There is no digest {digest!r} in the image {images.name_of(entry)}."
            )
        self._repositories.delete_digest(path, digest)

    def _check_tag(self, entry: Image, tag: str) -> None:
        tags = images.tag_names(entry)
        if tag not in tags:
            raise PushError(
                f"There is no tag {tag!r} in the image {images.name_of(entry)}, "
                f"which has {', '.join(tags) or 'none'}."
            )

    def _find_image(
        self, bucket: str, image: str, region: str | None
    ) -> tuple[Bucket, int]:
        """The bucket, and the position of the image in it."""
        target = self._find_bucket(bucket, region)
        index = images.find(target.images, image)
        if index is None:
            names = ", ".join(filter(None, map(images.name_of, target.images)))
            raise PushError(
                f"There is no image {image!r} in the bucket {target.name!r}, which has "
                f"{names or 'none'}."
            )
        return target, index

    def _find_bucket(self, name: str, region: str | None) -> Bucket:
        """The one bucket of that name, in that region if one is given."""
        found = [
            bucket
            for bucket in self._buckets.values()
            if bucket.name == name and region in (None, bucket.region)
        ]
        if not found:
            known = ", ".join("/".join(key) for key in self._buckets)
            where = f" in the region {region!r}" if region else ""
            raise PushError(
                f"There is no bucket {name!r}{where}: the emulator has {known or 'none'}."
            )
        if len(found) > 1:
            regions = ", ".join(bucket.region for bucket in found)
            raise PushError(
                f"There are several buckets {name!r}: use one of the regions {regions}."
            )
        return found[0]

    def _put(self, bucket: Bucket, entries: tuple[Image, ...]) -> None:
        """Replace the images of a bucket."""
        key = (bucket.region, bucket.name)
        self._buckets[key] = replace(bucket, images=entries)
