"""Buckets of the emulator, as the tests of the functions need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYS = [{"PublicKey": "demo-public-key", "PrivateKey": "demo-private-key"}]


def tag(name: str | None, create_time: int | None = 1700000000) -> dict[str, Any]:
    """A tag as the API sends it."""
    return {"TagName": name, "CreateTime": create_time}


def image(name: str, tags: Iterable[tuple[str, int | None]]) -> dict[str, Any]:
    """An image as the API sends it, with the names and times of its tags."""
    return {"ImageName": name, "TagSet": [tag(*each) for each in tags]}


def bucket(*images: dict[str, Any], name: str = "ucs") -> dict[str, Any]:
    """A data file with one bucket."""
    return {
        "Keys": KEYS,
        "Buckets": [{"Region": "cn-bj2", "BucketName": name, "ImageSet": list(images)}],
    }


THREE = [
    {"ImageName": f"r.example.com/{path}", "TagSet": [tag("1")]}
    for path in ("a/web", "b/web", "b/api")
]
