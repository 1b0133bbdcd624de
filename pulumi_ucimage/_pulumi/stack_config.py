"""The stack's configuration as a Python program sees it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pulumi
import pulumi.runtime

from pulumi_ucimage._config.stack import key_warnings, stack_values

if TYPE_CHECKING:
    from pulumi_ucimage._secret import Secret

_warned: WeakSet[Any] = WeakSet()
"""The engine monitors of the runs that were warned."""


def stack_config() -> dict[str, Secret]:
    """The values of the keys that are read, by full key such as `ucimage:region`."""
    return stack_values(_value)


def _value(key: str) -> str | None:
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)


def warn_about_stack_config() -> None:
    """Warn once in each run about unknown keys and about secrets stored unencrypted.

    Does nothing without an engine. Do not call it under mocks, which read no
    configuration.
    """
    run = pulumi.runtime.settings.get_monitor()
    if run is None or run in _warned:
        return
    _warned.add(run)
    unencrypted = [
        key for key in stack_config() if not pulumi.runtime.is_config_secret(key)
    ]
    for warning in key_warnings(_all_keys(), unencrypted=unencrypted):
        pulumi.log.warn(warning)


def _all_keys() -> set[str]:
    """Every key of the stack's configuration, as far as this version of Pulumi shows it.

    Pulumi has no public call for this. The variable serves a program that the language
    host runs; an inline program of the Automation API has its configuration in the
    context variable alone. If either changes, warnings get lost and nothing else.
    """
    keys: set[str] = set()
    with suppress(AttributeError, TypeError, ValueError):
        keys.update(pulumi.runtime.get_config_env())
    with suppress(AttributeError, TypeError, ValueError):
        keys.update(pulumi.runtime.config.CONFIG.get())
    return keys
