"""The arguments bucket_name and image_name, with hints for what else was written there.

Each parser returns the text, or raises a ValueError whose message follows the argument's
name: `must be only the bucket (write bucket_name='ucs', image_name='helloworld')`.
"""

from __future__ import annotations

import re
from typing import Final

from pulumi_ucimage._config import parse
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup.image_name import ImageName

_DIGEST: Final = re.compile(r"(?P<image>|.*@)sha(?:256|512):.*", re.DOTALL)


def parse_bucket_name(text: str) -> str:
    """A bucket's name; finer rules than its characters are left to the server."""
    image, tag, _ = _split(text)
    name = ImageName.parse(image)
    bucket_name, _, path = name.path.partition("/")
    if bucket_name and path:
        names = {
            "bucket_name": bucket_name,
            "image_name": image if name.host else path,
            "tag": tag,
        }
        raise ValueError(f"must be only the bucket ({_write(names)})")
    return parse.bucket(text)


def parse_image_name(text: str) -> str:
    """An image's name: in full, its path or its last part, without tag and digest.

    The colon of a registry's port, as in `registry:5000/ucs/app`, is part of the name.
    """
    image, tag, has_digest = _split(text)
    if has_digest:
        hint = f"{_write({'image_name': image})}; resolve_digest looks digests up"
        raise ValueError(f"must be an image without a digest ({hint})")
    if image != text:
        hint = _write({"image_name": image, "tag": tag})
        raise ValueError(f"must be an image without a tag ({hint})")
    return text


def _split(text: str) -> tuple[str, str, bool]:
    """Split `ucs/app:1.0@sha256:...` into image, tag, and whether it has a digest."""
    digest = _DIGEST.fullmatch(text)
    tagged = digest["image"].rstrip("@") if digest else text
    path, slash, last = tagged.rpartition("/")
    short, _, tag = last.partition(":")
    return f"{path}{slash}{short}", tag, digest is not None


def _write(names: dict[str, str]) -> str:
    """Say which arguments to write, without the empty ones."""
    given = [f"{name}={quoted(value)}" for name, value in names.items() if value]
    return f"write {', '.join(given)}" if given else "write the image's name"
