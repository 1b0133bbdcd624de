"""What was pushed to the registry: the manifests of each image, by tag and by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_ucimage.emulator import manifests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pulumi_ucimage.emulator.manifests import Manifest


class Repositories:
    """The registry's repositories by path, such as `ucs/helloworld`; not thread-safe.

    Which tags there are is not kept here: the buckets list them. A tag that was never
    pushed while the emulator ran has one revision, an OCI index.
    """

    def __init__(self) -> None:
        # The media type of each revision, by path and tag.
        self._revisions: dict[str, dict[str, list[str]]] = {}
        self._deleted: dict[str, set[str]] = {}

    def add(self, path: str, tag: str, *, is_new: bool, media_type: str | None) -> None:
        """Push a tag with other bytes than before.

        Args:
            path: the repository.
            tag: the tag.
            is_new: whether the tag was never pushed before.
            media_type: the type of its manifest; None: that of the last revision.
        """
        revisions = self._revisions_of(path, tag)
        if not is_new:
            revisions.append(media_type or revisions[-1])
        elif media_type:
            revisions[-1] = media_type

    def add_again(self, path: str, tag: str) -> None:
        """Push a tag with the same bytes as before."""
        for manifest in self._latest_manifests(path, tag):
            self._deleted.get(path, set()).discard(manifest.digest)

    def has_pushed(self, path: str, tag: str) -> bool:
        """Whether a tag was pushed at some time, also if it was deleted since."""
        return tag in self._revisions.get(path, {})

    def keep(self, path: str, tag: str) -> None:
        """Remember a tag that is going to be deleted: its manifests stay, by digest."""
        self._revisions_of(path, tag)

    def exists(self, path: str) -> bool:
        """Whether a repository has manifests that were not deleted."""
        return any(
            not self._is_deleted(path, one) for one in self._all_manifests(path, set())
        )

    def delete(self, path: str, tags: Collection[str]) -> None:
        """Delete all manifests of a repository, those of the listed tags included."""
        for manifest in self._all_manifests(path, set(tags)):
            self.delete_digest(path, manifest.digest)
        for tag in tags:
            self.keep(path, tag)

    def delete_digest(self, path: str, digest: str) -> None:
        """Delete one manifest; a tag that names it then leads nowhere."""
        self._deleted.setdefault(path, set()).add(digest)

    def by_tag(self, path: str, tag: str) -> tuple[Manifest, ...]:
        """The manifest that a listed tag names, with its children; empty if deleted."""
        found = self._latest_manifests(path, tag)
        return () if self._is_deleted(path, found[0]) else found

    def by_digest(self, path: str, digest: str, tags: set[str]) -> Manifest | None:
        """The manifest of a digest, whichever push made it.

        Args:
            path: the repository.
            digest: the digest.
            tags: the tags that are listed.
        """
        for manifest in self._all_manifests(path, tags):
            if manifest.digest == digest and not self._is_deleted(path, manifest):
                return manifest
        return None

    def _revisions_of(self, path: str, tag: str) -> list[str]:
        tags = self._revisions.setdefault(path, {})
        return tags.setdefault(tag, [manifests.OCI_INDEX])

    def _latest_manifests(self, path: str, tag: str) -> tuple[Manifest, ...]:
        revisions = self._revisions.get(path, {}).get(tag, [manifests.OCI_INDEX])
        return manifests.build(path, tag, len(revisions) - 1, revisions[-1])

    def _all_manifests(self, path: str, tags: set[str]) -> Iterator[Manifest]:
        pushed = self._revisions.get(path, {})
        for tag in tags | pushed.keys():
            for number, media_type in enumerate(pushed.get(tag, [manifests.OCI_INDEX])):
                yield from manifests.build(path, tag, number, media_type)

    def _is_deleted(self, path: str, manifest: Manifest) -> bool:
        return manifest.digest in self._deleted.get(path, ())
