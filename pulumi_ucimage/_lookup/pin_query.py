"""The query that a pin's inputs ask, under the names by which they are stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.pin_state import INPUT_ALIASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext

    State = Mapping[str, Any]

ARGUMENTS: Final = {INPUT_ALIASES.get(a.name, a.name): a for a in arguments.IMAGE_PIN}
"""The arguments of a pin by the names under which they are stored."""

BUCKET_INPUTS: Final = ("bucket_name", "region", "project_id", "profile")
"""The inputs that say which bucket to list. Others may not be known yet."""


def check_known(known: State) -> None:
    """Check the inputs that are known already, by the names of the arguments.

    Raises:
        ArgumentError: one of them is invalid, whatever the others will be.
    """
    # Only the bucket's name is required, and any name will do.
    given = arguments.given(arguments.IMAGE_PIN, {"bucket_name": "unknown", **known})
    ImageQuery.of(given, unknown={a.name for a in arguments.IMAGE_PIN} - known.keys())


def query_of(inputs: State) -> ImageQuery:
    """The query that inputs ask; raises ArgumentError if one is invalid."""
    values = {a.name: inputs.get(key) for key, a in ARGUMENTS.items()}
    return ImageQuery.of(arguments.given(arguments.IMAGE_PIN, values))


def query_in_place(
    before: State, inputs: State, context: LookupContext
) -> tuple[ImageQuery, Settings]:
    """The query and its settings, with what the pin keeps from its creation."""
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
