"""Inputs of a Pulumi program: whether they must be waited for, and waiting for them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.runtime

from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def contains_input(value: object) -> bool:
    """Whether a value is or contains an Output, or something else to wait for."""
    if isinstance(value, dict):
        return any(map(contains_input, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(contains_input, value))
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


def has_dependencies(
    opts: pulumi.InvokeOptions | pulumi.ResourceOptions | None,
) -> bool:
    """Whether `depends_on` names something to wait for."""
    depends_on = getattr(opts, "depends_on", None)
    return depends_on is not None and depends_on not in ([], ())


def when_known(
    values: Mapping[str, Any], opts: pulumi.InvokeOptions | None
) -> pulumi.Output[dict[str, Any]]:
    """The values of inputs, when they and all that they depend on are ready.

    Unknown while a value is unknown, or while a resource does not exist yet that a value
    comes from or that `depends_on` names.
    """
    # An Output costs a dozen tasks, and most arguments are plain or not given.
    plain = {key: value for key, value in values.items() if not contains_input(value)}
    inputs = {key: value for key, value in values.items() if key not in plain}
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(inputs)
    depends_on = pulumi.Output.from_input(getattr(opts, "depends_on", None))

    async def ids() -> list[pulumi.Output[str]]:
        named = await depends_on.future() or []
        direct = {named} if isinstance(named, pulumi.Resource) else set(named)
        resources = direct | await depends_on.resources() | await known.resources()
        # A resource that another program made has no id to wait for.
        return [
            resource.id
            for resource in await _with_children(resources)
            if isinstance(resource, pulumi.CustomResource) and vars(resource).get("id")
        ]

    exist: pulumi.Output[Any] = pulumi.Output.from_input(ids())
    ready = depends_on.apply(lambda _: None)
    return pulumi.Output.all(known, exist, ready).apply(lambda done: {**plain, **done[0]})


async def _with_children(
    resources: Collection[pulumi.Resource],
) -> Collection[pulumi.Resource]:
    """Resources, with the children of components in place of the components.

    `depends_on` a component must wait for its children, as everywhere in Pulumi, which
    shows them only to its own `invoke`. If that changes, a component is an error: a
    look-up that does not wait for its children would give an old answer.
    """
    expand = getattr(pulumi.runtime.rpc, "_expand_dependencies", None)
    if expand is not None:
        expanded: dict[str, pulumi.Resource] = await expand(resources, None)
        return expanded.values()
    if any(isinstance(each, pulumi.ComponentResource) for each in resources):
        message = (
            "depends_on names a component, whose children this version of Pulumi does not"
            " show: name the resources in it instead."
        )
        raise ArgumentError(message)
    return resources
