"""Pairs of credentials: both halves come from one place.

The first place that holds either half must hold both, so that halves of two pairs are
never combined.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._secret import Credentials, RegistryCredentials
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_ucimage._config.sources import Source
    from pulumi_ucimage._spec.settings import Setting

KEY_PAIR: Final = (SETTINGS_BY_KEY["publicKey"], SETTINGS_BY_KEY["privateKey"])
SECURITY_TOKEN: Final = SETTINGS_BY_KEY["securityToken"]
REGISTRY_PAIR: Final = (
    SETTINGS_BY_KEY["registryUsername"],
    SETTINGS_BY_KEY["registryPassword"],
)

_KEY: Final = re.compile("[!-~]+")
_ONE_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]+")


def api_credentials(source: Source) -> Credentials:
    """The key pair and token of a place that holds at least one half.

    Raises:
        ConfigError: the other half is missing, or one is malformed.
    """
    _require_both(source, KEY_PAIR)
    public_key, private_key = (source.value(setting) for setting in KEY_PAIR)
    token = source.value(SECURITY_TOKEN)
    for setting in (*KEY_PAIR, SECURITY_TOKEN) if token else KEY_PAIR:
        if not _KEY.fullmatch(source.value(setting).reveal()):
            raise _malformed(
                source, setting, "white space or characters that a key cannot contain"
            )
    return Credentials(public_key, private_key, token or None, source.location(KEY_PAIR[0]))


def registry_credentials(source: Source) -> RegistryCredentials:
    """The user name and password of a place that holds at least one half.

    Raises:
        ConfigError: the other half is missing, or one is malformed.
    """
    _require_both(source, REGISTRY_PAIR)
    for setting in REGISTRY_PAIR:
        if not _ONE_LINE.fullmatch(source.value(setting).reveal()):
            raise _malformed(source, setting, "a line break or another control character")
    username, password = (source.value(setting) for setting in REGISTRY_PAIR)
    if ":" in username.reveal():
        raise _malformed(
            source, REGISTRY_PAIR[0], "a colon, which a user name cannot contain"
        )
    return RegistryCredentials(
        username.reveal(), password, source.location(REGISTRY_PAIR[0])
    )


def _require_both(source: Source, pair: tuple[Setting, Setting]) -> None:
    for present, missing in (pair, pair[::-1]):
        if not source.value(missing):
            location = source.location(present)
            message = (
                f"{location[0].upper()}{location[1:]} has {source.name_of(present)} without"
                f" {source.name_of(missing)}, and both must come from one place:"
                f" {source.how_to_set(*pair)}, or neither."
            )
            raise ConfigError(message)


def _malformed(source: Source, setting: Setting, problem: str) -> ConfigError:
    return ConfigError(
        f"{source.name_of(setting)} in {source.location(setting)} has {problem}:"
        " set it again."
    )
