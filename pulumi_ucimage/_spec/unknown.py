"""Values that are not known yet, in previews."""

from __future__ import annotations

from typing import Final

import pulumi

UNKNOWN: Final = pulumi.output.UNKNOWN
"""A value that is not known yet, as Pulumi's own code has it."""


def contains_unknown(value: object) -> bool:
    """Whether a value is unknown, or has an unknown in it."""
    if isinstance(value, dict):
        return any(map(contains_unknown, value.values()))
    if isinstance(value, list):
        return any(map(contains_unknown, value))
    return isinstance(value, type(UNKNOWN))
