"""Key pairs and buckets. They are immutable: a push makes a new bucket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Image: TypeAlias = Mapping[str, object]
"""An entry of `ImageSet`, as the API sends it: any field may be missing or null."""

# The API's page says 4 to 30 of lower case, digits and `_`, and has an example of 3: so
# the emulator refuses only what no bucket can be called.
_BUCKET_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,63}")


@dataclass(frozen=True)
class Key:
    """A key pair; a temporary one has a token."""

    public_key: str
    private_key: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Bucket:
    """An image repository in a region, and in a project if it has one."""

    region: str
    name: str
    images: tuple[Image, ...]
    project_id: str | None = None


def is_bucket_name(name: str) -> bool:
    """Whether this is a valid name of a bucket."""
    return _BUCKET_NAME.fullmatch(name) is not None
