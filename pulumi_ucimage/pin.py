"""ImagePin: a chosen tag that stays until somebody asks for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - signatures can be resolved
from typing import Any, get_args

import pulumi
import pulumi.dynamic

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._pulumi import program
from pulumi_ucimage._pulumi.pin_inputs import complete_inputs
from pulumi_ucimage._pulumi.stack_config import warn_about_stack_config
from pulumi_ucimage._spec import arguments, pin_state, results
from pulumi_ucimage._spec.arguments import (  # noqa: TC001 - signatures can be resolved
    OrderName,
    PolicyName,
)
from pulumi_ucimage.errors import ArgumentError, UcimageError
from pulumi_ucimage.pin_provider import ImagePinProvider


class ImagePin(pulumi.dynamic.Resource, module="ucimage", name="ImagePin"):
    """Chooses one tag of one image, and keeps it until an input asks for another choice.

    A preview shows the move, old to new; a tag that ranks below the pinned one is
    refused unless `allow_downgrade` or an explicit `tag` is given.
    """

    tag: pulumi.Output[str]
    image: pulumi.Output[str]
    image_name: pulumi.Output[str]
    digest: pulumi.Output[str | None]
    repo_digest: pulumi.Output[str | None]
    create_time: pulumi.Output[int | None]
    created_at: pulumi.Output[str | None]
    found: pulumi.Output[bool]
    previous_tag: pulumi.Output[str | None]
    previous_digest: pulumi.Output[str | None]
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
        policy: pulumi.Input[PolicyName | None] | None = None,
        order: pulumi.Input[OrderName | None] | None = None,
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
        resolve_digest: pulumi.Input[bool | None] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        values = locals()
        if opts and opts.import_:
            message = (
                f"The pin {quoted(resource_name)} cannot be imported, because a Python pin"
                " is a dynamic resource: remove import_, and set tag to pin that tag."
            )
            raise ArgumentError(message)
        if not program.is_mocked():
            warn_about_stack_config()
        inputs = {argument.name: values[argument.name] for argument in arguments.IMAGE_PIN}
        outputs = dict.fromkeys((*pin_state.OUTPUTS, pin_state.CHOSEN_AT))
        complete = pulumi.ResourceOptions(transformations=[self._complete_inputs])
        super().__init__(
            ImagePinProvider(),
            resource_name,
            {**outputs, **inputs},
            pulumi.ResourceOptions.merge(opts, complete),
        )
        for name in _OPTIONAL:
            setattr(self, name, getattr(self, name).apply(pin_state.from_stored))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Without this, Pulumi gives a subclass another type, and so replaces its pins.
        super().__init_subclass__(module="ucimage", name="ImagePin", **kwargs)

    def _complete_inputs(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """Check the inputs, and add what Check must know about the program."""
        if args.resource is not self:
            return None  # a child inherits transformations
        # Transformations of parents and of the stack run after this one, and may change
        # inputs. In this list of Pulumi's, it runs once more after them. If Pulumi changes
        # that, it is an error: a pin could count as frozen, or use an old listing.
        if (running := self._running())[-1:] != [self._complete_inputs]:
            running.append(self._complete_inputs)
        if self._running()[-1:] != [self._complete_inputs]:
            message = (
                "This version of pulumi_ucimage does not work with the installed version of"
                " Pulumi: install an older pulumi, or a newer pulumi_ucimage."
            )
            raise UcimageError(message)
        props = complete_inputs(args.name, dict(args.props), args.opts)
        return pulumi.ResourceTransformationResult(props, args.opts)

    def _running(self) -> list[Any]:
        """The transformations that Pulumi applies to this resource, in their order."""
        return getattr(self, "_transformations", [])


_OPTIONAL = tuple(o.name for o in results.PIN_OUTPUTS if get_args(o.type))


def _document() -> None:
    ImagePin.__init__.__doc__ = f"""Create a pin.

    Args:
        resource_name: The resource's name in the program.
{arguments.docstring_lines(arguments.IMAGE_PIN)}
        opts: Options of the resource.
    """
    outputs = "\n".join(f"        {o.name}: {o.description}" for o in results.PIN_OUTPUTS)
    ImagePin.__doc__ = f"{ImagePin.__doc__ or ''}\n    Attributes:\n{outputs}\n    "


_document()
