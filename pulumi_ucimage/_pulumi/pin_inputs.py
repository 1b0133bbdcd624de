"""The inputs that the Python resource sends to Check, made from those of the program."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._pulumi import program
from pulumi_ucimage._pulumi.inputs import contains_input, has_dependencies
from pulumi_ucimage._spec import arguments, pin_state

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    Props = dict[str, Any]


def complete_inputs(name: str, props: Props, opts: pulumi.ResourceOptions) -> Props:
    """The inputs, with what Check must know about the program.

    Args:
        name: the resource's name.
        props: the inputs after all transformations, and names of outputs; changed.
        opts: the options after all transformations.

    Raises:
        ArgumentError: a plain input is invalid.
    """
    values = {argument.name: props.get(argument.name) for argument in arguments.IMAGE_PIN}
    known = {key: value for key, value in values.items() if not contains_input(value)}
    ImageQuery.check_known(arguments.IMAGE_PIN, known)
    if program.is_mocked():
        return props
    # Pulumi marks a stored value as secret if the value that was sent under its name is.
    if contains_input(values):
        mark = _secret_as(values)
        for key in pin_state.OUTPUTS:
            props[key] = pulumi.Output.all(props.get(key), mark).apply(_first)
    ignored = {*(opts.ignore_changes or ())}
    for key, alias in pin_state.INPUT_ALIASES.items():
        # Says that the program itself sets it: see `pin_changes.wanted_inputs`.
        props[alias] = None if ignored & {key, "*"} else props.get(key)
    waits = contains_input(values) or opts.parent is not None or has_dependencies(opts)
    # The last one: Pulumi waits for `depends_on`, then for one input after the other.
    props.pop(pin_state.PROGRAM, None)
    props[pin_state.PROGRAM] = _Program(
        name=name,
        parent=opts.parent,
        ignores_tag=bool(ignored & {"tag", "*"}),
        tag=values["tag"],
        not_before=None if waits else program.not_before(),
        has_transforms=bool(getattr(opts, "transforms", None)),
    )
    return props


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """What Check must know, ready when Pulumi has waited for what the pin depends on.

    Pulumi awaits an input just before it sends it. An Output here would make the pin depend
    on its parent, and so on itself.
    """

    name: str
    parent: pulumi.Resource | None
    ignores_tag: bool
    tag: pulumi.Input[str | None]
    not_before: float | None
    has_transforms: bool

    def __await__(self) -> Generator[Any, None, Mapping[str, Any]]:
        return self._values().__await__()

    async def _values(self) -> Mapping[str, Any]:
        parent = self.parent and await self.parent.urn.future()
        urn = await pulumi.create_urn(self.name, pin_state.PYTHON_TYPE, parent).future()
        values = {"urn": urn, "ignores_tag": self.ignores_tag}
        if self.ignores_tag:
            # Pulumi sends the stored tag in its place.
            tag = pulumi.Output.from_input(self.tag)
            if not await tag.is_secret():
                values["ignored_tag"] = await tag.future()
        if self.has_transforms or _may_be_transformed():
            # A transform runs later than this and may add something to wait for. Without
            # a time, Check lists for this pin alone.
            return values
        not_before = self.not_before
        return {
            **values,
            "not_before": time.monotonic() if not_before is None else not_before,
        }


def _may_be_transformed() -> bool:
    """Whether the program registered transforms for the stack, or other callbacks.

    Pulumi starts a server for these when the first is registered, and shows it nowhere
    else. If that changes, pins share no listings.
    """
    return getattr(pulumi.runtime.settings.SETTINGS, "callbacks", True) is not None


def _secret_as(values: Mapping[str, Any]) -> pulumi.Output[None]:
    """A known None that is as secret as some values: the choice may reveal them."""
    nothing: asyncio.Future[None] = asyncio.get_event_loop().create_future()
    nothing.set_result(None)
    is_known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
    is_known.set_result(True)
    whole = pulumi.Output.from_input(dict(values))
    return pulumi.Output(set(), nothing, is_known, whole.is_secret())


def _first(both: list[Any]) -> Any:
    return both[0]
