"""Settings: from arguments, the stack, the environment and the CLI's profile files.

The only reader of the environment and of files. A setting is looked for in that order, and
the first place that has it wins; keys are taken as a pair, from the first place that has
either half. The rules are contract.md section 6's.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, final

from pulumi_ucimage.credentials import Credentials, Secret
from pulumi_ucimage.endpoint import Endpoint
from pulumi_ucimage.errors import ArgumentError, ConfigError
from pulumi_ucimage.profiles import read_profile
from pulumi_ucimage.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pulumi_ucimage.profiles import Profile

T = TypeVar("T")

NAMESPACE: Final = "ucimage"
"""The namespace of the stack's configuration keys."""


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings.

    Attributes:
        key: in the stack's configuration, after `ucimage:`.
        variable: in the environment.
        description: what it means; Markdown.
        default: what holds where nothing is set, in words.
        secret: whether it must not be seen.
        in_profile: its name in the CLI's profile files; None where they have none.
    """

    key: str
    variable: str
    description: str
    default: str = "none"
    secret: bool = False
    in_profile: str | None = None


SETTINGS: Final = (
    Setting(
        "publicKey",
        "UCLOUD_PUBLIC_KEY",
        "The public key of the API key pair.",
        "the profile's",
        in_profile="public_key",
    ),
    Setting(
        "privateKey",
        "UCLOUD_PRIVATE_KEY",
        "The private key of the API key pair.",
        "the profile's",
        secret=True,
        in_profile="private_key",
    ),
    Setting(
        "securityToken",
        "UCIMAGE_SECURITY_TOKEN",
        "The token beside a temporary key pair; taken from where the pair is.",
        secret=True,
    ),
    Setting(
        "region",
        "UCLOUD_REGION",
        "The region of the buckets, such as `cn-bj2`.",
        "the profile's",
        in_profile="region",
    ),
    Setting(
        "projectId",
        "UCLOUD_PROJECT_ID",
        "The project of the buckets, such as `org-abc123`.",
        "the profile's",
        in_profile="project_id",
    ),
    Setting(
        "baseUrl",
        "UCLOUD_API_BASE_URL",
        "The address of the API.",
        "the profile's, then `https://api.ucloud.cn/`",
        in_profile="base_url",
    ),
    Setting(
        "profile",
        "UCLOUD_PROFILE",
        "Which profile of the UCloud CLI's files is used.",
        "the active one, else the one named `default`",
    ),
    Setting(
        "sharedConfigFile",
        "UCLOUD_SHARED_CONFIG_FILE",
        "The UCloud CLI's file of profiles.",
        "`~/.ucloud/config.json`",
    ),
    Setting(
        "sharedCredentialsFile",
        "UCLOUD_SHARED_CREDENTIAL_FILE",
        "The UCloud CLI's file of keys.",
        "`~/.ucloud/credential.json`",
    ),
    Setting(
        "timeoutSeconds",
        "UCIMAGE_TIMEOUT_SECONDS",
        "How long one look-up may take, in seconds: all pages and all tries.",
        "60",
    ),
    Setting(
        "registry",
        "UCIMAGE_REGISTRY",
        "The `host[:port]` that supplies or replaces the registry's host in every `image`.",
        "the host in the image's name",
    ),
    Setting(
        "maxRetries",
        "UCIMAGE_MAX_RETRIES",
        "How often a call that failed for the moment is tried again.",
        "3",
    ),
    Setting(
        "explain",
        "UCIMAGE_EXPLAIN",
        "Whether each choice is explained in an info line.",
        "false",
    ),
    Setting(
        "checkTotalCount",
        "UCIMAGE_CHECK_TOTAL_COUNT",
        "Whether the API's TotalCount must fit what was read; if false, two equal"
        " readings up to an empty page are enough.",
        "true",
    ),
)
SETTINGS_BY_KEY: Final = {setting.key: setting for setting in SETTINGS}

DEFAULT_URL: Final = "https://api.ucloud.cn/"
DEFAULT_TIMEOUT_S: Final = 60.0
DEFAULT_RETRIES: Final = 3

SECRET_KEYS: Final = frozenset(s.key for s in SETTINGS if s.secret)


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


def load(
    stack: Mapping[str, str | Secret],
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    registry: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings that hold for one look-up.

    Args:
        stack: the stack's configuration, by key without its namespace.
        region: the argument, which wins over every other place.
        project_id: likewise.
        profile: the argument: keys, region and project all come from this profile.
        registry: the argument.
        environ: the environment.

    Raises:
        ArgumentError: an argument cannot be what it should.
        ConfigError: a setting is missing or malformed.
    """
    places = _Places(stack, environ, profile)
    return Settings(
        credentials=places.credentials(),
        region=argument("region", region, name)
        or places.first("region", name)
        or places.refuse_no_region(),
        project_id=argument("project_id", project_id, name)
        or places.first("projectId", name),
        endpoint=places.first("baseUrl", Endpoint.parse) or Endpoint.parse(DEFAULT_URL),
        registry=argument("registry", registry, registry_host)
        or places.first("registry", registry_host),
        timeout_s=places.first("timeoutSeconds", _seconds) or DEFAULT_TIMEOUT_S,
        max_retries=places.first("maxRetries", _count, DEFAULT_RETRIES),
        explain=places.first("explain", _boolean, default=False),
        check_total_count=places.first("checkTotalCount", _boolean, default=True),
    )


def argument(key: str, value: str | None, parse: Callable[[str], T]) -> T | None:
    """An argument, understood; None where it is not given.

    Raises:
        ArgumentError: it is malformed.
    """
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as error:
        message = f"{key} {error}, not {quoted(value)}."
        raise ArgumentError(message) from None


_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_BUCKET: Final = re.compile(r"[A-Za-z0-9_.-]{1,63}", re.ASCII)
_REGISTRY: Final = re.compile(
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)


def name(text: str) -> str:
    """The name of a region or a project.

    Raises:
        ValueError: it cannot be one; the text continues a sentence.
    """
    if not _NAME.fullmatch(text):
        message = "must have letters, digits, '_' and '-' only"
        raise ValueError(message)
    return text


def bucket(text: str) -> str:
    """The name of a bucket; finer rules are the server's to judge.

    Raises:
        ValueError: it cannot be one; the text continues a sentence.
    """
    if not _BUCKET.fullmatch(text):
        message = "must have 1 to 63 letters, digits, '_', '-' and '.' only"
        raise ValueError(message)
    return text


def registry_host(text: str) -> str:
    """A registry's `host[:port]` that Docker takes for one.

    Docker reads the first part of a reference as a host only where it has a dot or a
    colon or is `localhost`; anything else would be pulled from Docker Hub.

    Raises:
        ValueError: it cannot be one; the text continues a sentence.
    """
    match = _REGISTRY.fullmatch(text)
    is_host = match and ("." in text or ":" in text or match["host"] == "localhost")
    if not match or not is_host or int(match["port"] or 1) not in range(1, 2**16):
        message = (
            "must be host[:port], such as mirror.example.com or 10.0.0.5:5000, with no"
            " scheme and no path"
        )
        raise ValueError(message)
    return text


def _seconds(text: str) -> float:
    message = "must be a number of seconds above 0, such as 60"
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII) or not float(text):
        raise ValueError(message)
    return float(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text, re.ASCII):
        message = "must be a whole number from 0 to 99"
        raise ValueError(message)
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        message = "must be true or false"
        raise ValueError(message)
    return text.lower() in {"true", "1"}


_PAIR: Final = ("publicKey", "privateKey")
_SET_KEYS: Final = (
    "set ucimage:publicKey and ucimage:privateKey in the stack's configuration"
    " (`pulumi config set ucimage:publicKey KEY` and `pulumi config set --secret"
    " ucimage:privateKey KEY`), or UCLOUD_PUBLIC_KEY and UCLOUD_PRIVATE_KEY in the"
    " environment, or both in a profile of the UCloud CLI (`ucloud init` writes"
    " ~/.ucloud/credential.json)"
)


class _Places:
    """The places where a setting may stand, asked in their order.

    The profile files are read once, and only where the other places do not suffice.
    """

    def __init__(
        self,
        stack: Mapping[str, str | Secret],
        environ: Mapping[str, str],
        argument_profile: str | None,
    ) -> None:
        self._stack = stack
        self._environ = environ
        self._argument_profile = argument_profile

    def first(self, key: str, parse: Callable[[str], T], default: T | None = None) -> Any:
        """The first value there is, understood.

        Raises:
            ConfigError: it is malformed; the message names the place.
        """
        for place, value in self._values(key):
            try:
                return parse(value)
            except ValueError as error:  # noqa: PERF203 - two rounds at the most
                # An address may hold a password before an @.
                shown = "" if "@" in value else f", not {quoted(value)}"
                message = f"{place} {error}{shown}."
                raise ConfigError(message) from None
        return default

    def _values(self, key: str) -> Iterator[tuple[str, str]]:
        setting = SETTINGS_BY_KEY[key]
        # An argument that names a profile stands for its region and project too.
        if not (self._argument_profile and key in {"region", "projectId"}):
            if value := _plain(self._stack.get(key)):
                yield f"The setting {NAMESPACE}:{key}", value
            if value := self._environ.get(setting.variable):
                yield f"The environment variable {setting.variable}", value
        profile = self._profile if setting.in_profile else None
        if profile and (value := profile.texts.get(setting.in_profile or "")):
            yield f"{setting.in_profile} of the profile {quoted(profile.name)}", value

    @cached_property
    def _profile(self) -> Profile | None:
        return read_profile(
            self._argument_profile or self.first("profile", str),
            config_file=self._path("sharedConfigFile", "config.json"),
            credentials_file=self._path("sharedCredentialsFile", "credential.json"),
        )

    def _path(self, key: str, file_name: str) -> str:
        path: str = self.first(key, str, f"~/.ucloud/{file_name}")
        return os.path.expanduser(path)  # noqa: PTH111 - Path raises without a home

    def credentials(self) -> Credentials:
        """The key pair of the first place that holds either half.

        Raises:
            ConfigError: there is none, or the place holds one half only.
        """
        places: list[tuple[str, Mapping[str, Secret]]] = []
        if not self._argument_profile:
            places += [
                ("the stack's configuration", self._stack_keys()),
                ("the environment", self._environment_keys()),
            ]
        for origin, keys in places:
            if any(keys.get(half) for half in _PAIR):
                return _whole_pair(origin, keys)
        return self._profile_credentials()

    def _stack_keys(self) -> dict[str, Secret]:
        return {
            key: value if isinstance(value, Secret) else Secret(value)
            for key in (*_PAIR, "securityToken")
            if (value := self._stack.get(key))
        }

    def _environment_keys(self) -> dict[str, Secret]:
        return {
            key: Secret(self._environ[SETTINGS_BY_KEY[key].variable])
            for key in (*_PAIR, "securityToken")
            if self._environ.get(SETTINGS_BY_KEY[key].variable)
        }

    def _profile_credentials(self) -> Credentials:
        profile = self._profile
        if profile and profile.is_oauth:
            message = (
                f"The profile {quoted(profile.name)} of {profile.files} logs in with a"
                " browser (its auth_mode is oauth) and has no keys that could sign a"
                f" call: name another profile, or {_SET_KEYS}."
            )
            raise ConfigError(message)
        if profile and profile.keys:
            keys = {
                key: profile.keys.get(SETTINGS_BY_KEY[key].in_profile or "")
                for key in _PAIR
            }
            return _whole_pair(f"the profile {quoted(profile.name)}", keys)
        where = f"The profile {quoted(profile.name)} has" if profile else "There are"
        message = f"{where} no API keys: {_SET_KEYS}."
        raise ConfigError(message)

    def refuse_no_region(self) -> NoReturn:
        """Say that there is no region, and every way to set one.

        Raises:
            ConfigError: always.
        """
        if self._argument_profile:
            message = (
                f"The profile {quoted(self._argument_profile)} has no region: give the"
                " argument region too, or set it with `ucloud config --profile"
                f" {printable(self._argument_profile)} --region cn-bj2`."
            )
            raise ConfigError(message)
        message = (
            "There is no region: give the argument region, or set ucimage:region"
            " (`pulumi config set ucimage:region cn-bj2`), UCLOUD_REGION in the"
            " environment, or the region of a profile of the UCloud CLI (`ucloud init`"
            " writes ~/.ucloud/config.json)."
        )
        raise ConfigError(message)


def _plain(value: str | Secret | None) -> str | None:
    return value.reveal() if isinstance(value, Secret) else value


def _whole_pair(origin: str, keys: Mapping[str, Secret | None]) -> Credentials:
    for key, other in (_PAIR, _PAIR[::-1]):
        if not keys.get(key):
            message = (
                f"{origin[0].upper()}{origin[1:]} has {_called(other, origin)} without"
                f" {_called(key, origin)}, and a pair of keys is taken from one place:"
                f" set both there, or neither."
            )
            raise ConfigError(message)
    for key, secret in keys.items():
        if secret and not _is_one_word(secret):
            message = (
                f"{_called(key, origin)} in {origin} has white space or other signs that"
                " no key has: set it anew, without a line's end."
            )
            raise ConfigError(message)
    public_key, private_key = keys["publicKey"], keys["privateKey"]
    assert public_key  # noqa: S101 - seen above, told to the type checker
    assert private_key  # noqa: S101 - likewise
    return Credentials(public_key, private_key, keys.get("securityToken"), origin)


def _called(key: str, origin: str) -> str:
    setting = SETTINGS_BY_KEY[key]
    if origin == "the environment":
        return setting.variable
    if origin == "the stack's configuration":
        return f"{NAMESPACE}:{key}"
    return setting.in_profile or key


def _is_one_word(secret: Secret) -> bool:
    return re.fullmatch(r"[!-~]+", secret.reveal()) is not None
