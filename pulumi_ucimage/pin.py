"""ImagePin: a chosen tag that stays until somebody asks for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - signatures can be resolved
from typing import Any

import pulumi
import pulumi.dynamic

from pulumi_ucimage._pulumi import program
from pulumi_ucimage._pulumi.stack_config import warn_about_stack_config
from pulumi_ucimage._spec import arguments, pin_state, results


class ImagePin(pulumi.dynamic.Resource, module="ucimage", name="ImagePin"):
    """Chooses one tag of one image, and keeps it until an input changes.

    A preview shows the move, old to new; a tag that ranks below the pinned one is
    refused unless `allow_downgrade` or an explicit `tag` is given.
    """

    tag: pulumi.Output[str]
    image: pulumi.Output[str]
    image_name: pulumi.Output[str]
    create_time: pulumi.Output[int | None]
    created_at: pulumi.Output[str | None]
    found: pulumi.Output[bool]
    previous_tag: pulumi.Output[str | None]
    chosen_at: pulumi.Output[str]
    available: pulumi.Output[bool]
    retagged: pulumi.Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        bucket_name: pulumi.Input[str],
        region: pulumi.Input[str | None] | None = None,
        project_id: pulumi.Input[str | None] | None = None,
        profile: pulumi.Input[str | None] | None = None,
        image_name: pulumi.Input[str | None] | None = None,
        registry: pulumi.Input[str | None] | None = None,
        order_by: pulumi.Input[str | None] | None = None,
        policy: pulumi.Input[str | None] | None = None,
        order: pulumi.Input[str | None] | None = None,
        semver_range: pulumi.Input[str | None] | None = None,
        semver_loose: pulumi.Input[bool | None] | None = None,
        tag_regex: pulumi.Input[str | None] | None = None,
        tag_exclude_regex: pulumi.Input[str | None] | None = None,
        tag_extract: pulumi.Input[str | None] | None = None,
        min_age: pulumi.Input[str | None] | None = None,
        as_of: pulumi.Input[str | None] | None = None,
        floating_tags: pulumi.Input[Sequence[pulumi.Input[str]] | None] | None = None,
        tag: pulumi.Input[str | None] | None = None,
        wait: pulumi.Input[str | None] | None = None,
        default_tag: pulumi.Input[str | None] | None = None,
        triggers: pulumi.Input[Mapping[str, pulumi.Input[str]] | None] | None = None,
        allow_downgrade: pulumi.Input[bool | None] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = locals()
        if not program.is_mocked():
            warn_about_stack_config()
        # Loads all that chooses, which a program without a pin may do without.
        from pulumi_ucimage.pin_provider import ImagePinProvider  # noqa: PLC0415

        asked = {
            pin_state.WANTED.get(argument.name, argument.name): given[argument.name]
            for argument in arguments.IMAGE_PIN
        }
        # As secret as what is asked: whoever sees the choice could tell that.
        nothing = pulumi.Output.all(**asked).apply(lambda _: None)
        outputs = {**dict.fromkeys(pin_state.CHOSEN, nothing), "chosen_at": None}
        super().__init__(ImagePinProvider(), resource_name, {**outputs, **asked}, opts)
        # State holds "" where there is nothing, for None would get lost on the way.
        for name in ("create_time", "created_at", "previous_tag"):
            setattr(self, name, getattr(self, name).apply(_or_none))
        self.create_time = self.create_time.apply(_whole)


def _or_none(value: Any) -> Any:
    return None if value == "" else value


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _document() -> None:
    described = "\n".join(f"        {a.name}: {a.description}" for a in arguments.IMAGE_PIN)
    ImagePin.__init__.__doc__ = f"""Describe the pin.

    Args:
        resource_name: The resource's name in the program.
{described}
        opts: Options of the resource.
    """
    outputs = "\n".join(f"        {o.name}: {o.description}" for o in results.IMAGE_PIN)
    ImagePin.__doc__ = f"{ImagePin.__doc__}\n    Attributes:\n{outputs}\n    "


_document()
