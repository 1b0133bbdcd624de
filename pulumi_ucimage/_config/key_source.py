"""The pair of keys: both halves, and a token, from one place.

The first place that holds either half must hold both: halves of two pairs never meet.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._secret import Credentials, Secret
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._config.profiles import Profile

_SETTINGS: Final = tuple(
    SETTINGS_BY_KEY[key] for key in ("publicKey", "privateKey", "securityToken")
)
_PUBLIC, _PRIVATE, _ = _SETTINGS
_COMMANDS: Final = f"{_PUBLIC.command('KEY')} and {_PRIVATE.command('KEY')}"

HOW_TO_SET: Final = (
    f"set {_PUBLIC.configured} and {_PRIVATE.configured} in the stack's configuration"
    f" ({_COMMANDS}), or {_PUBLIC.variable} and {_PRIVATE.variable} in the environment, or"
    " both in a profile of the UCloud CLI (`ucloud init` writes"
    " ~/.ucloud/credential.json; another profile than the active one is named by the"
    " argument profile, ucimage:profile or UCLOUD_PROFILE)"
)
"""Every way to set a pair of keys, as a clause."""


@final
@dataclass(frozen=True, slots=True)
class KeySource:
    """A place where keys may stand.

    Attributes:
        name: what it is called in messages, `the environment`.
        keys: public key, private key and token by what they are called there; those that
            are not set are None or empty.
        cure: how both halves are set there, as a clause.
    """

    name: str
    keys: Mapping[str, Secret | None]
    cure: str

    @classmethod
    def stack(cls, stack: Mapping[str, str | Secret]) -> KeySource:
        """The stack's configuration, by key without its namespace."""
        keys = {s.configured: _secret(stack.get(s.key)) for s in _SETTINGS}
        return cls("the stack's configuration", keys, f"set both ({_COMMANDS})")

    @classmethod
    def environment(cls) -> KeySource:
        """The environment's variables."""
        keys = {s.variable: _secret(os.environ.get(s.variable)) for s in _SETTINGS}
        return cls("the environment", keys, "set both variables")

    @classmethod
    def profile(cls, profile: Profile) -> KeySource:
        """A profile of the CLI; it has no tokens."""
        name = f"the profile {quoted(profile.name)}"
        keys = {key: profile.keys.get(key) for key in ("public_key", "private_key")}
        return cls(name, keys, f"set both in {quoted(profile.credentials_file)}")

    def credentials(self) -> Credentials | None:
        """The pair; None where neither half is here.

        Raises:
            ConfigError: one half is here, or one cannot be a key.
        """
        (public_name, public), (private_name, private), *_ = self.keys.items()
        if not public and not private:
            return None
        if not public:
            raise self._half(private_name, missing=public_name)
        if not private:
            raise self._half(public_name, missing=private_name)
        for name, key in self.keys.items():
            if key and not re.fullmatch("[!-~]+", key.reveal()):
                message = (
                    f"{name} in {self.name} has white space or other signs that no key"
                    " has: set it anew, without a line's end."
                )
                raise ConfigError(message)
        tokens = [*self.keys.values()][2:]
        return Credentials(public, private, next(filter(None, tokens), None), self.name)

    def _half(self, there: str, *, missing: str) -> ConfigError:
        return ConfigError(
            f"{self.name[0].upper()}{self.name[1:]} has {there} without {missing}, and a"
            f" pair of keys is taken from one place: {self.cure}, or neither."
        )


def _secret(value: str | Secret | None) -> Secret:
    return value if isinstance(value, Secret) else Secret(value or "")
