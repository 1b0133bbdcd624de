"""Settings: from arguments, the stack, the environment and the CLI's profile files.

With `keys` the only reader of the environment, and with `profiles` of files. A setting is
looked for in that order, and the first place that has it wins. The rules are contract.md
section 6's.

No message repeats what a setting holds: it may be a key that was set in the wrong place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar, final

from pulumi_ucimage._config import parse
from pulumi_ucimage._config.key_source import HOW_TO_SET, KeySource
from pulumi_ucimage._config.profiles import read_profile
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._secret import Secret, fingerprint
from pulumi_ucimage._spec.settings import SETTINGS, SETTINGS_BY_KEY
from pulumi_ucimage.errors import ArgumentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pulumi_ucimage._config.profiles import Profile
    from pulumi_ucimage._secret import Credentials

T = TypeVar("T")
D = TypeVar("D")

DEFAULT_URL: Final = "https://api.ucloud.cn/"
DEFAULT_TIMEOUT_S: Final = 60.0
DEFAULT_RETRIES: Final = 3


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a look-up needs to know beside its arguments.

    Attributes:
        credentials: the key pair.
        region: where to look.
        project_id: the project to look into; None for the key's own.
        endpoint: where the API is.
        registry: `host[:port]` for every image's reference; None to keep the name's.
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
    timeout_s: float
    max_retries: int
    explain: bool
    check_total_count: bool


def environment() -> bytes:
    """What equal environments have in common, as far as settings may stand there."""
    variables = (*(setting.variable for setting in SETTINGS), "HOME")
    return fingerprint(os.environ.get(variable, "") for variable in variables)


def load(
    stack: Mapping[str, str | Secret],
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    registry: str | None = None,
) -> Settings:
    """The settings that hold for one look-up.

    Args:
        stack: the stack's configuration, by key without its namespace.
        region: the argument, which wins over every other place.
        project_id: likewise.
        profile: the argument: keys, region and project all come from this profile.
        registry: the argument.

    Raises:
        ArgumentError: an argument cannot be what it should.
        ConfigError: a setting is missing or malformed.
    """
    places = _Sources(stack, profile)
    return Settings(
        credentials=places.credentials(),
        region=argument("region", region, parse.name)
        or places.first("region", parse.name, None)
        or places.refuse_no_region(),
        project_id=argument("project_id", project_id, parse.name)
        or places.first("projectId", parse.name, None),
        endpoint=places.first("baseUrl", Endpoint.parse, None)
        or Endpoint.parse(DEFAULT_URL),
        registry=argument("registry", registry, parse.registry_host)
        or places.first("registry", parse.registry_host, None),
        timeout_s=places.first("timeoutSeconds", parse.seconds, DEFAULT_TIMEOUT_S),
        max_retries=places.first("maxRetries", parse.count, DEFAULT_RETRIES),
        explain=places.first("explain", parse.boolean, default=False),
        check_total_count=places.first("checkTotalCount", parse.boolean, default=True),
    )


def configured_registry(stack: Mapping[str, str | Secret]) -> str | None:
    """The registry that is configured, if any; needs no keys.

    Raises:
        ConfigError: it is malformed.
    """
    return _Sources(stack, None).first("registry", parse.registry_host, None)


def argument(key: str, value: str | None, parse: Callable[[str], T]) -> T | None:
    """An argument, understood; None where it is not given, or empty.

    Raises:
        ArgumentError: it is malformed.
    """
    if not value:
        return None
    try:
        return parse(value)
    except ValueError as error:
        # A registry's address may hold a password before an @.
        shown = "" if "@" in value else f", not {quoted(value)}"
        message = f"{key} {error}{shown}."
        raise ArgumentError(message) from None


class _Sources:
    """The places where a setting may stand, asked in their order.

    The profile files are read once, and only where the other places do not suffice.
    """

    def __init__(
        self, stack: Mapping[str, str | Secret], argument_profile: str | None
    ) -> None:
        self._stack = stack
        self._argument_profile = argument_profile

    def first(self, key: str, parse: Callable[[str], T], default: D) -> T | D:
        """The first value there is, understood.

        Raises:
            ConfigError: it is malformed; the message names the place.
        """
        place, value = next(self._values(key), ("", ""))
        if not value:
            return default
        try:
            return parse(value)
        except ValueError as error:
            message = f"{place} {error}."
            raise ConfigError(message) from None

    def _values(self, key: str) -> Iterator[tuple[str, str]]:
        """The places that have a setting, with its text there."""
        setting = SETTINGS_BY_KEY[key]
        # An argument that names a profile stands for its region and project too.
        if not (self._argument_profile and key in {"region", "projectId"}):
            if value := _plain(self._stack.get(key)):
                yield f"The setting {setting.configured}", value
            if value := os.environ.get(setting.variable):
                yield f"The environment variable {setting.variable}", value
        field = setting.in_profile
        if field and (profile := self._profile) and (value := profile.texts.get(field)):
            place = f"{quoted(profile.name)} in {quoted(profile.config_file)}"
            yield f"The {field} of the profile {place}", value

    @cached_property
    def _profile(self) -> Profile | None:
        return read_profile(
            self._argument_profile or self.first("profile", str, None),
            config_file=self._path("sharedConfigFile", "config.json"),
            credentials_file=self._path("sharedCredentialsFile", "credential.json"),
        )

    def _path(self, key: str, file_name: str) -> str:
        path = self.first(key, str, f"~/.ucloud/{file_name}")
        return os.path.expanduser(path)  # noqa: PTH111 - Path raises without a home

    def credentials(self) -> Credentials:
        """The key pair of the first place that holds either half.

        Raises:
            ConfigError: there is none, or the place holds one half only.
        """
        places = [KeySource.stack(self._stack), KeySource.environment()]
        for place in () if self._argument_profile else places:
            if pair := place.credentials():
                return pair
        profile = self._profile
        if profile is None:
            message = f"There are no API keys: {HOW_TO_SET}."
            raise ConfigError(message)
        # Where an argument names the profile, no other place would be asked.
        without = "leave the argument profile out and " if self._argument_profile else ""
        if profile.is_oauth:
            message = (
                f"The profile {quoted(profile.name)} in"
                f" {quoted(profile.credentials_file)} logs in with a browser (its"
                " auth_mode is oauth) and has no keys that could sign a call: name"
                f" another profile, or {without}{HOW_TO_SET}."
            )
            raise ConfigError(message)
        if pair := KeySource.profile(profile).credentials():
            return pair
        message = (
            f"The profile {quoted(profile.name)} has no API keys in"
            f" {quoted(profile.credentials_file)}: set them there, or"
            f" {without}{HOW_TO_SET}."
        )
        raise ConfigError(message)

    def refuse_no_region(self) -> NoReturn:
        """Say that there is no region, and every way to set one.

        Raises:
            ConfigError: always.
        """
        setting = SETTINGS_BY_KEY["region"]
        profile = self._profile
        of_profile = (
            f"the region of the profile {quoted(profile.name)} in"
            f" {quoted(profile.config_file)}"
            if profile
            else "the region of a profile of the UCloud CLI (`ucloud init` writes"
            " ~/.ucloud/config.json)"
        )
        ways = (
            f"{setting.configured} ({setting.command('cn-bj2')}), {setting.variable} in"
            f" the environment, or {of_profile}"
        )
        message = (
            "There is no region: give the argument region, or set"
            f" {of_profile if self._argument_profile else ways}."
        )
        raise ConfigError(message)


def _plain(value: str | Secret | None) -> str | None:
    return value.reveal() if isinstance(value, Secret) else value
