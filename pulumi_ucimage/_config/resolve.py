"""Settings: each from the first place that has it, in the order of `sources`.

The messages of this module repeat no value: it may be a key that was set in the wrong
place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._config import missing, parse
from pulumi_ucimage._config.credentials import (
    KEY_PAIR,
    REGISTRY_PAIR,
    api_credentials,
    registry_credentials,
)
from pulumi_ucimage._config.sources import ProfileSource, Sources
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage._config.sources import Source
    from pulumi_ucimage._secret import Credentials, RegistryCredentials, Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a look-up needs besides its arguments.

    Attributes:
        credentials: the key pair.
        region: where to look.
        project_id: the project to look into; None for the key's own.
        endpoint: where the API is.
        registry: `host[:port]` for every image's reference; None to keep the name's.
        find_registry_credentials: returns those for digests, or None for those of Docker's
            configuration. Called only when they are needed; raises ConfigError.
        timeout_s: how long a look-up may take, in seconds.
        max_retries: how many times a call is retried.
        explain: whether choices are explained in an info line.
        check_total_count: whether `TotalCount` must match what was read.
    """

    credentials: Credentials
    region: str
    project_id: str | None
    endpoint: Endpoint
    registry: str | None
    find_registry_credentials: Callable[[], RegistryCredentials | None]
    timeout_s: float
    max_retries: int
    explain: bool
    check_total_count: bool


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "region": parse.name,
    "projectId": parse.name,
    "baseUrl": Endpoint.parse,
    "timeoutSeconds": parse.seconds,
    "registry": parse.registry_host,
    "maxRetries": parse.count,
    "explain": parse.boolean,
    "checkTotalCount": parse.boolean,
}
"""The parser of each setting; `credentials` and `profiles` parse the others."""


def load(
    stack: Mapping[str, str | Secret | None],
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    registry: str | None = None,
    in_plugin: bool = False,
) -> Settings:
    """The settings of one look-up.

    Args:
        stack: the stack's configuration by full key, such as `ucimage:region`.
        region: the argument, checked by `parse.argument`; it wins over every other place.
        project_id: likewise.
        profile: the argument: keys, region and project all come from this profile.
        registry: the argument, checked by `parse.argument`.
        in_plugin: whether this is the plugin, which does not see `ucloud:` keys.

    Raises:
        ConfigError: a setting is missing or malformed.
    """
    resolver = Resolver(stack, profile=profile, in_plugin=in_plugin)
    resolver.check_named_profile()
    return Settings(
        credentials=api_credentials(resolver.key_source()),
        region=region or resolver.region(),
        project_id=project_id or resolver.value("projectId"),
        endpoint=resolver.value("baseUrl"),
        registry=registry or resolver.value("registry"),
        find_registry_credentials=resolver.find_registry_credentials,
        timeout_s=resolver.value("timeoutSeconds"),
        max_retries=resolver.value("maxRetries"),
        explain=resolver.value("explain"),
        check_total_count=resolver.value("checkTotalCount"),
    )


def find_configured_registry(stack: Mapping[str, str | Secret | None]) -> str | None:
    """The registry that `load` finds if the argument is not given; needs no keys.

    Args:
        stack: the stack's configuration by full key.

    Raises:
        ConfigError: it is malformed.
    """
    registry: str | None = Resolver(stack, profile=None).value("registry")
    return registry


@final
class Resolver:
    """Finds and parses the settings of one look-up.

    Attributes:
        sources: where they come from.
    """

    def __init__(
        self,
        stack: Mapping[str, str | Secret | None],
        *,
        profile: str | None,
        in_plugin: bool = False,
    ) -> None:
        self.sources = Sources(stack, argument_profile=profile, in_plugin=in_plugin)
        self._errors = missing.MissingSettingErrors(
            has_profile_argument=bool(profile), in_plugin=in_plugin
        )

    def check_named_profile(self) -> None:
        """Read the profile if it or its file is named, even if nothing of it is used.

        Raises:
            ConfigError: it does not exist.
        """
        if self.sources.is_profile_named():
            _ = self.sources.profile  # reads it

    def value(self, key: str) -> Any:
        """A setting's value from the first place that has it, or its default.

        Raises:
            ConfigError: it is malformed; the message names the place.
        """
        setting = SETTINGS_BY_KEY[key]
        parser, default = _PARSERS[key], setting.default_value
        source = self.sources.first(setting)
        if source is None:
            return parser(default) if default else None
        try:
            return parser(source.value(setting).reveal())
        except ValueError as error:
            message = f"{source.name_of(setting)} in {source.location(setting)} {error}."
        # Not within `except`: the other error's frames hold the value.
        raise ConfigError(message)

    def region(self) -> str:
        """The region.

        Raises:
            ConfigError: there is none, or it is malformed.
        """
        region: str | None = self.value("region")
        if region is None:
            raise self._errors.no_region(self.sources.profile)
        return region

    def key_source(self) -> Source:
        """The first place that holds either half of a key pair.

        Raises:
            ConfigError: there is none, or it is a profile that has no keys for us.
        """
        source = self.sources.first(*KEY_PAIR)
        is_profile = source is None or isinstance(source, ProfileSource)
        profile = self.sources.profile if is_profile else None
        if source is None or (profile and profile.is_oauth):
            raise self._errors.no_keys(profile)
        return source

    def find_registry_credentials(self) -> RegistryCredentials | None:
        """The user name and password of the first place that holds either half.

        Raises:
            ConfigError: that place holds one half only.
        """
        source = self.sources.first(*REGISTRY_PAIR)
        return registry_credentials(source) if source else None
