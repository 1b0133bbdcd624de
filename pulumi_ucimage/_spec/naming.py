"""Python names and wire names: `bucket_name` and `bucketName`."""

from __future__ import annotations


def wire_name(name: str) -> str:
    """The camelCase name that the wire has for a snake_case one."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def resource_name(urn: str) -> str:
    """A resource's name in the program, which may contain `::`; empty for no URN."""
    return urn.split("::", 3)[-1]
