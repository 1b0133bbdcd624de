"""Python names and wire names: `bucket_name` and `bucketName`."""

from __future__ import annotations


def wire_name(name: str) -> str:
    """The camelCase form of a snake_case name."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
