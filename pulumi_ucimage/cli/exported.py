"""The pins in the output of `pulumi stack export`, whichever provider made them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_ucimage._config.stack import has_stack_config, setting_text, stack_values
from pulumi_ucimage._spec import pin_state
from pulumi_ucimage._spec.pin_state import resource_name
from pulumi_ucimage._spec.settings import NAMESPACE
from pulumi_ucimage.errors import ArgumentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._secret import Secret

_PLUGIN_PROVIDER: Final = "pulumi:providers:ucimage"
_SEPARATORS: Final = 3
"""How many `::` each URN has at least."""


@dataclass(frozen=True)
class ExportedPin:
    """A pin in an exported stack.

    Attributes:
        urn: the resource's URN.
        name: its name in the program.
        inputs: as they are stored.
        outputs: likewise.
        provider: the inputs of its provider, if the program made that; None if it has the
            stack's configuration.
    """

    urn: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    provider: Mapping[str, Any] | None

    @property
    def is_secret(self) -> bool:
        """Whether its tag must not be shown."""
        tag = self.inputs.get("tag")
        return isinstance(tag, dict) and pin_state.SPECIAL_VALUE_KEY in tag

    @property
    def chosen_at(self) -> str | None:
        """When its tag was chosen, RFC 3339."""
        time = pin_state.from_wire(self.outputs).get(pin_state.CHOSEN_AT)
        return time if time and isinstance(time, str) else None

    def state(self) -> dict[str, Any]:
        """Its inputs; see `pin_state.from_wire`.

        Raises:
            ArgumentError: they are encrypted, or damaged.
        """
        values = {
            key: self._decrypted(value)
            for key, value in self.inputs.items()
            if not key.startswith("__")
        }
        return pin_state.from_wire(values)

    def settings(self) -> dict[str, Secret] | None:
        """The settings of its own provider, by full key; None if it has the stack's.

        Raises:
            ArgumentError: they are encrypted, or damaged.
        """
        if self.provider is None:
            return None
        values = {
            f"{NAMESPACE}:{key}": setting_text(self._decrypted(value))
            for key, value in self.provider.items()
        }
        return stack_values(values.get)

    def _decrypted(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._decrypted(item) for item in value]
        if not isinstance(value, dict):
            return value
        if pin_state.SPECIAL_VALUE_KEY not in value:
            return {key: self._decrypted(item) for key, item in value.items()}
        if "plaintext" not in value:
            message = (
                "The pin, or its provider, is encrypted in this export: run"
                " `pulumi stack export --show-secrets`."
            )
            raise ArgumentError(message)
        try:
            return json.loads(value["plaintext"])
        except (ValueError, TypeError):
            message = "A secret is damaged in this export: export the stack again."
            raise ArgumentError(message) from None


def exported_pins(text: str | bytes) -> list[ExportedPin]:
    """The pins of an exported stack by name, without those that are being deleted.

    Raises:
        ConfigError: the text is not the output of `pulumi stack export`.
    """
    types = (pin_state.PYTHON_TYPE, pin_state.PLUGIN_TYPE)
    try:
        resources = _resources(text)
        by_urn = {resource["urn"]: resource for resource in resources}
        pins = [
            ExportedPin(
                urn=resource["urn"],
                name=resource_name(resource["urn"]),
                inputs={**(resource.get(_inputs_key(resource)) or {})},
                outputs={**(resource.get("outputs") or {})},
                provider=_own_provider(resource, by_urn),
            )
            for resource in resources
            if resource.get("type") in types and not resource.get("delete")
        ]
        # The engine stores resources in the order in which they happen to be done.
        return sorted(pins, key=lambda pin: (pin.name, pin.urn))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        message = (
            "The input is not the output of `pulumi stack export`, or is damaged: export"
            " the stack again."
        )
        raise ConfigError(message) from None


def _inputs_key(resource: Mapping[str, Any]) -> str:
    """Where a pin's inputs are: one that a program reads by its id has outputs only."""
    is_read = resource.get("external") and not resource.get("inputs")
    return "outputs" if is_read else "inputs"


def _resources(text: str | bytes) -> list[Any]:
    deployment = json.loads(text)["deployment"]
    # A new stack has none.
    resources = [] if deployment is None else deployment.get("resources", [])
    if not isinstance(resources, list):
        raise TypeError
    if any(resource["urn"].count("::") < _SEPARATORS for resource in resources):
        raise ValueError
    return resources


def _own_provider(
    resource: Mapping[str, Any], by_urn: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The inputs of the provider that the program made for a pin of the plugin."""
    urn = (resource.get("provider") or "").rpartition("::")[0]
    if f"::{_PLUGIN_PROVIDER}::" not in urn or has_stack_config(resource_name(urn)):
        return None
    return {**(by_urn[urn].get("inputs") or {})}
