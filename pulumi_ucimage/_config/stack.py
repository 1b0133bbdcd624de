"""The stack's configuration: which keys are read, and warnings about what is in it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._formatting import printable
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import NAMESPACE, SETTINGS, STACK_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

_ENGINE_KEYS: Final = frozenset({"version", "pluginDownloadURL"})
"""Keys that the engine itself reads from a provider's configuration."""


def stack_values(get: Callable[[str], str | None]) -> dict[str, Secret]:
    """The stack's configuration by full key, such as `ucimage:region`.

    Args:
        get: returns the value of a full key; None and "" count as not set.
    """
    return {key: Secret(value) for key in STACK_KEYS if (value := get(key))}


def has_stack_config(provider_name: str) -> bool:
    """Whether a provider of the plugin has the stack's configuration.

    Args:
        provider_name: as the engine sends it: "default" or "default_<version>" if it made
            the provider itself; older engines send "".
    """
    return not provider_name or provider_name.startswith("default")


def setting_text(value: object) -> str:
    """A provider's setting as text, as the stack's configuration has it; "" for None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def key_warnings(keys: Collection[str], *, unencrypted: Iterable[str]) -> list[str]:
    """Warnings about what is in the stack's configuration.

    Args:
        keys: every full key.
        unencrypted: the full keys that are set without encryption.
    """
    return [*_unknown_key_warnings(keys), *_unencrypted_key_warnings(unencrypted)]


def _unknown_key_warnings(keys: Iterable[str]) -> list[str]:
    """One warning for each `ucimage:` key that is not a setting.

    Args:
        keys: full keys of the stack's configuration; those of other namespaces are
            ignored.
    """
    known = {setting.key.lower(): setting for setting in SETTINGS}
    warnings = []
    for key in sorted(set(keys)):
        namespace, _, name = key.partition(":")
        if namespace != NAMESPACE or key in STACK_KEYS or name in _ENGINE_KEYS:
            continue
        plain = name.lower().replace("_", "").replace("-", "")
        (closest,) = difflib.get_close_matches(plain, known, n=1, cutoff=0)
        shown = printable(key, limit=200)
        warnings.append(
            f"{shown} in the stack's configuration is not a setting and has no effect:"
            f" did you mean {known[closest].full_key()}? Remove it with"
            f" `pulumi config rm {shown}`."
        )
    return warnings


def _unencrypted_key_warnings(keys: Iterable[str]) -> list[str]:
    """One warning for each secret setting among keys that are stored unencrypted.

    Args:
        keys: full keys that are set in the stack's configuration without encryption.
    """
    stored = set(keys)
    return [
        f"{key} is stored unencrypted in the stack's configuration: encrypt it with"
        f" `pulumi config set --secret {key}`, and replace it if others could read it."
        for setting in SETTINGS
        if setting.secret
        for key in setting.stack_keys
        if key in stored
    ]
