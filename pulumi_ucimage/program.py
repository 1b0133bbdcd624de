"""The Pulumi program around a look-up: its engine, configuration, outputs and event loop.

All that leans on Pulumi's inner parts stands here; each such part is one that generated
SDKs lean on too, or is named with its reason.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakSet

import pulumi
import pulumi.runtime

# What `depends_on` means for a component: its children. Pulumi's own invoke uses it.
from pulumi.runtime.rpc import _expand_dependencies

# Every generated SDK imports this one.
from pulumi.runtime.sync_await import _sync_await

from pulumi_ucimage.credentials import Secret
from pulumi_ucimage.lookup import Surroundings
from pulumi_ucimage.settings import NAMESPACE, SECRET_KEYS, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

T = TypeVar("T")

_KEYS: Final = frozenset({"publicKey", *SECRET_KEYS})
_warned_runs: WeakSet[Any] = WeakSet()
"""Runs, by their monitors, that were warned of keys in clear."""


def is_mocked() -> bool:
    """Whether the program runs under `pulumi.runtime.set_mocks`."""
    # Loaded with pulumi itself, so this costs nothing.
    from pulumi.runtime.proto import resource_pb2_grpc  # noqa: PLC0415

    monitor = pulumi.runtime.settings.get_monitor()
    return monitor is not None and not isinstance(
        monitor, resource_pb2_grpc.ResourceMonitorStub
    )


def surroundings() -> Surroundings:
    """What a look-up takes from this program; read on the thread that asks."""
    configured = pulumi.Config(NAMESPACE)
    stack: dict[str, str | Secret] = {
        setting.key: Secret(configured.get(setting.key) or "")
        if setting.key in _KEYS
        else configured.get(setting.key) or ""
        for setting in SETTINGS
    }
    _warn_of_keys_in_clear(stack)
    return Surroundings(stack=stack, log=pulumi.log)


def _warn_of_keys_in_clear(stack: Mapping[str, str | Secret]) -> None:
    run = pulumi.runtime.settings.get_monitor()
    if run is None or run in _warned_runs:
        return
    _warned_runs.add(run)
    for setting in SETTINGS:
        encrypted = pulumi.runtime.is_config_secret(setting.configured)
        if setting.secret and stack[setting.key] and not encrypted:
            pulumi.log.warn(setting.warning_in_clear())


def wait_for(ask: Callable[[], T]) -> T:
    """The result of a blocking call, while the program's other work goes on."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ask()
    if pulumi.runtime.settings.get_monitor() is None:
        return ask()
    return _sync_await(asyncio.to_thread(ask))


def when_known(
    values: Mapping[str, Any], opts: pulumi.InvokeOptions | None
) -> pulumi.Output[dict[str, Any]]:
    """The values of inputs, once they and all that they depend on are there.

    Unknown while a value is unknown, or a resource is not there yet that a value comes
    from or that `depends_on` names.
    """
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**values)
    depends_on = pulumi.Output.from_input(getattr(opts, "depends_on", None))

    async def ids() -> list[pulumi.Output[str]]:
        named = await depends_on.future() or []
        direct = {named} if isinstance(named, pulumi.Resource) else set(named)
        resources = direct | await depends_on.resources() | await known.resources()
        expanded = await _expand_dependencies(resources, None)
        # A resource that another program made has no id to wait for.
        return [
            resource.id
            for resource in expanded.values()
            if isinstance(resource, pulumi.CustomResource) and vars(resource).get("id")
        ]

    awaited: Awaitable[Any] = ids()
    there: pulumi.Output[Any] = pulumi.Output.from_input(awaited)
    named = depends_on.apply(lambda _: None)
    return pulumi.Output.all(known, there, named).apply(_first)


def _first(values: Sequence[Any]) -> Any:
    return values[0]
