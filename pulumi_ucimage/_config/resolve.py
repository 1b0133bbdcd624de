"""Settings: each from the first place that has it, in the order of `sources`.

No message repeats a setting's value: it may be a key that was set in the wrong place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

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

    from pulumi_ucimage._config.profiles import Profile, ProfileFile
    from pulumi_ucimage._config.sources import Source
    from pulumi_ucimage._secret import Credentials, RegistryCredentials, Secret
    from pulumi_ucimage._spec.settings import Setting

T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a look-up needs beside its arguments.

    Attributes:
        credentials: the key pair.
        region: where to look.
        project_id: the project to look into; None for the key's own.
        endpoint: where the API is.
        registry: `host[:port]` for every image's reference; None to keep the name's.
        find_registry_credentials: returns those for digests, or None for those of Docker's
            configuration. Called only when they are needed; raises ConfigError.
        timeout_s: how long a look-up may take, in seconds.
        max_retries: how often a call is tried again.
        explain: whether choices are explained in an info line.
        check_total_count: whether `TotalCount` must fit what was read.
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


RULES: Final[Mapping[str, tuple[Callable[[str], Any], str | None]]] = {
    "region": (parse.name, None),
    "projectId": (parse.name, None),
    "baseUrl": (Endpoint.parse, "https://api.ucloud.cn/"),
    "timeoutSeconds": (parse.seconds, "60"),
    "registry": (parse.registry_host, None),
    "maxRetries": (parse.count, "3"),
    "explain": (parse.boolean, "false"),
    "checkTotalCount": (parse.boolean, "true"),
}
"""How a setting is parsed, and its default; those of `credentials` and `profiles` have
rules of their own."""


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
        find_registry_credentials=resolver.registry_credentials,
        timeout_s=resolver.value("timeoutSeconds"),
        max_retries=resolver.value("maxRetries"),
        explain=resolver.value("explain"),
        check_total_count=resolver.value("checkTotalCount"),
    )


def configured_registry(stack: Mapping[str, str | Secret | None]) -> str | None:
    """The registry that `load` finds if the argument is not given; needs no keys.

    Args:
        stack: as `load` has it.

    Raises:
        ConfigError: it is malformed.
    """
    registry: str | None = Resolver(stack, profile=None).value("registry")
    return registry


@final
class Resolver:
    """Finds and parses the settings of one look-up."""

    def __init__(
        self,
        stack: Mapping[str, str | Secret | None],
        *,
        profile: str | None,
        in_plugin: bool = False,
    ) -> None:
        self._sources = Sources(stack, argument_profile=profile, in_plugin=in_plugin)
        self._errors = missing.MissingSettingErrors(
            has_profile_argument=bool(profile), in_plugin=in_plugin
        )

    def source(self, *settings: Setting) -> Source | None:
        """The first place in which any of some settings is set."""
        return self._sources.first(*settings)

    def profile(self) -> Profile | None:
        """The profile that is used, if any; raises ConfigError as `read_profile` does."""
        return self._sources.profile

    def profile_file(self, key: str) -> ProfileFile:
        """The profile file that a setting names, or the one at its default path."""
        return self._sources.file(key)

    def check_named_profile(self) -> None:
        """Read the profile if it or its file is named, even if nothing of it is used.

        Raises:
            ConfigError: it does not exist.
        """
        if self._sources.names_profile():
            self.profile()

    def value(self, key: str) -> Any:
        """A setting's value from the first place that has it, or its default.

        Raises:
            ConfigError: it is malformed; the message names the place.
        """
        setting = SETTINGS_BY_KEY[key]
        parse, default = RULES[key]
        source = self.source(setting)
        if source is None:
            return parse(default) if default else None
        try:
            return parse(source.value(setting).reveal())
        except ValueError as error:
            message = f"{source.called(setting)} in {source.location(setting)} {error}."
        # Not within `except`: the other error's frames hold the value.
        raise ConfigError(message)

    def region(self) -> str:
        """The region.

        Raises:
            ConfigError: there is none, or it is malformed.
        """
        region: str | None = self.value("region")
        if region is None:
            raise self._errors.no_region(self.profile())
        return region

    def key_source(self) -> Source:
        """The first place that holds either half of a key pair.

        Raises:
            ConfigError: there is none, or it is a profile that has no keys for us.
        """
        source = self.source(*KEY_PAIR)
        is_profile = source is None or isinstance(source, ProfileSource)
        profile = self.profile() if is_profile else None
        if source is None or (profile and profile.is_oauth):
            raise self._errors.no_keys(profile)
        return source

    def registry_credentials(self) -> RegistryCredentials | None:
        """The user name and password of the first place that holds either half.

        Raises:
            ConfigError: that place holds one half only.
        """
        source = self.source(*REGISTRY_PAIR)
        return registry_credentials(source) if source else None
