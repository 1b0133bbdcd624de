"""Manifests of made-up images: the same push has the same bytes in every process."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Final, NamedTuple

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
MEDIA_TYPES: Final = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)

_CHILDREN: Final = {OCI_INDEX: OCI_MANIFEST, DOCKER_LIST: DOCKER_MANIFEST}
"""What the entries of a multi-platform image are, by its own type."""
_PLATFORMS: Final = ("amd64", "arm64")
_CONFIG_AND_LAYER: Final = {
    OCI_MANIFEST: (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ),
    DOCKER_MANIFEST: (
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
}


class Manifest(NamedTuple):
    """One manifest.

    Attributes:
        media_type: one of `MEDIA_TYPES`.
        body: its bytes.
        digest: `sha256:` and the hash of these bytes.
    """

    media_type: str
    body: bytes
    digest: str


@functools.lru_cache(maxsize=4096)
def build(path: str, tag: str, revision: int, media_type: str) -> tuple[Manifest, ...]:
    """The manifests of one push.

    Args:
        path: the image's path, such as `ucs/helloworld`.
        tag: the tag that was pushed.
        revision: how often this tag was pushed with other bytes before.
        media_type: one of `MEDIA_TYPES`.

    Returns:
        the manifest that the tag names; then, for an index or a list, one per platform,
        amd64 first.
    """
    made_from = f"{path}:{tag} revision {revision}"
    if media_type not in _CHILDREN:
        return (_single(made_from, media_type),)
    children = [
        _single(f"{made_from} {platform}", _CHILDREN[media_type]) for platform in _PLATFORMS
    ]
    entries = [
        {
            "mediaType": child.media_type,
            "digest": child.digest,
            "size": len(child.body),
            "platform": {"architecture": platform, "os": "linux"},
        }
        for child, platform in zip(children, _PLATFORMS, strict=True)
    ]
    return (_manifest(media_type, {"manifests": entries}), *children)


def _single(made_from: str, media_type: str) -> Manifest:
    """The manifest of an image for one platform; its blobs do not exist."""
    config, layer = (
        {
            "mediaType": blob_type,
            "digest": _digest(f"{made_from} {blob_type}".encode()),
            "size": 1024,
        }
        for blob_type in _CONFIG_AND_LAYER[media_type]
    )
    return _manifest(media_type, {"config": config, "layers": [layer]})


def _manifest(media_type: str, content: dict[str, object]) -> Manifest:
    document = {"schemaVersion": 2, "mediaType": media_type, **content}
    body = f"{json.dumps(document)}\n".encode()  # the line's end is for terminals
    return Manifest(media_type, body, _digest(body))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
