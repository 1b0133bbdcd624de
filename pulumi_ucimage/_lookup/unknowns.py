"""Values that are not known yet, in previews."""

from __future__ import annotations


def contains_unknown(value: object, unknown: object) -> bool:
    """Whether a value is unknown, or has an unknown in it."""
    if isinstance(value, dict):
        return any(contains_unknown(item, unknown) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item, unknown) for item in value)
    return isinstance(value, type(unknown))
