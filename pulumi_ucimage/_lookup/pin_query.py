"""The query that a pin's inputs ask, under the names by which they are stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.pin_state import ARGUMENTS

if TYPE_CHECKING:
    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._spec.pin_state import State

BUCKET_INPUTS: Final = ("bucket_name", "region", "project_id", "profile")
"""The inputs that say which bucket to list. Others may not be known yet."""


def query_of(inputs: State) -> ImageQuery:
    """The query that inputs ask; raises ArgumentError if one is invalid."""
    values = {a.name: inputs.get(key) for key, a in ARGUMENTS.items()}
    return ImageQuery.of(arguments.validate_arguments(arguments.IMAGE_PIN, values))


def query_and_settings(
    before: State, inputs: State, context: LookupContext
) -> tuple[ImageQuery, Settings]:
    """The query that inputs ask, and its settings, for a new or an existing pin.

    An existing pin keeps its image, region and project, unless an input names another one.

    Args:
        before: the state, validated; empty for a new pin.
        inputs: by stored names.
        context: where the look-up runs.

    Raises:
        ArgumentError: an input is invalid.
        ConfigError: a setting is.
    """
    if not before:
        query = query_of(inputs)
        return query, query.settings(context)
    kept = {
        "wanted_image": before["image_name"],
        "region": inputs.get("region") or before["region"],
        # A default tag serves the first choice only.
        "default_tag": "",
    }
    query = query_of({**inputs, **kept})
    project_id = inputs.get("project_id") or before["project_id"] or None
    return query, replace(query.settings(context), project_id=project_id)
