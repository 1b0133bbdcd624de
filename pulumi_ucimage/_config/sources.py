"""Where a setting comes from: the places it can be set in, in the order they are asked.

1. the argument of the call (`resolve.load` has it)
2. the stack's configuration, `ucimage:` and then `ucloud:`
3. the environment
4. the profile files of the UCloud CLI
5. the default (`_spec.settings`)

An empty text and null count as not set.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, final

from pulumi_ucimage._config.profiles import ProfileFile, read_profile
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import NAMESPACE, SETTINGS_BY_KEY, UCLOUD_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_ucimage._config.profiles import Profile
    from pulumi_ucimage._spec.settings import Setting

_NOT_SET: Final = Secret("")

PROFILE_FILES: Final = ("sharedConfigFile", "sharedCredentialsFile")
"""The settings that name the UCloud CLI's profile files."""

_ACCOUNT_KEYS: Final = frozenset({"publicKey", "privateKey", "region", "projectId"})
"""The settings that an argument `profile` takes from that profile alone."""


class Source(Protocol):
    """One place where settings can be set."""

    def value(self, setting: Setting) -> Secret:
        """What is set here; empty if nothing is."""

    def name_of(self, setting: Setting) -> str:
        """The setting's name here, such as `UCLOUD_REGION`."""

    def location(self, setting: Setting) -> str:
        """This place in messages, such as `the environment`."""

    def origin(self, setting: Setting) -> str:
        """Name and place together, such as `environment variable UCLOUD_REGION`."""

    def how_to_set(self, first: Setting, second: Setting) -> str:
        """How the two halves of a pair are set here, as a clause."""


@final
@dataclass(frozen=True, slots=True)
class StackSource:
    """One namespace of the stack's configuration.

    Attributes:
        namespace: `ucimage` or `ucloud`.
        stack: the whole configuration by full key.
    """

    namespace: str
    stack: Mapping[str, str | Secret | None]

    def value(self, setting: Setting) -> Secret:
        key = self.name_of(setting)
        value = self.stack.get(key) if key in setting.stack_keys else None
        if not value:
            return _NOT_SET
        return value if isinstance(value, Secret) else Secret(value)

    def name_of(self, setting: Setting) -> str:
        return setting.full_key(self.namespace)

    def location(self, setting: Setting) -> str:  # noqa: ARG002 - the protocol's
        return "the stack's configuration"

    def origin(self, setting: Setting) -> str:
        return f"stack configuration ({self.name_of(setting)})"

    def how_to_set(self, first: Setting, second: Setting) -> str:
        commands = (setting.command("VALUE", self.namespace) for setting in (first, second))
        return f"set both ({' and '.join(commands)})"


@final
class EnvironmentSource:
    """The environment's variables."""

    def value(self, setting: Setting) -> Secret:
        value = os.environ.get(setting.variable)
        return Secret(value) if value else _NOT_SET

    def name_of(self, setting: Setting) -> str:
        return setting.variable

    def location(self, setting: Setting) -> str:  # noqa: ARG002 - the protocol's
        return "the environment"

    def origin(self, setting: Setting) -> str:
        return f"environment variable {setting.variable}"

    def how_to_set(self, first: Setting, second: Setting) -> str:  # noqa: ARG002
        return "set both variables"


@final
@dataclass(frozen=True, slots=True)
class ProfileSource:
    """A profile of the UCloud CLI."""

    profile: Profile

    def value(self, setting: Setting) -> Secret:
        return self.profile.values.get(setting.profile_field or "", _NOT_SET)

    def name_of(self, setting: Setting) -> str:
        return setting.profile_field or setting.key

    def location(self, setting: Setting) -> str:
        return f"the {self.origin(setting)}"

    def origin(self, setting: Setting) -> str:
        name, path = self.profile.name, self.profile.path_of(setting.profile_field)
        return f"profile {quoted(name)} in {quoted(path)}"

    def how_to_set(self, first: Setting, second: Setting) -> str:  # noqa: ARG002
        return "set both in that file"


@final
class Sources:
    """The places that one look-up asks, in their order.

    The profile files are read at most once, and only if another place does not suffice.
    """

    def __init__(
        self,
        stack: Mapping[str, str | Secret | None],
        *,
        argument_profile: str | None = None,
        in_plugin: bool = False,
    ) -> None:
        # The engine sends the plugin its own namespace only.
        namespaces = (NAMESPACE,) if in_plugin else (NAMESPACE, UCLOUD_NAMESPACE)
        self._configured: tuple[Source, ...] = (
            *(StackSource(namespace, stack) for namespace in namespaces),
            EnvironmentSource(),
        )
        self._argument_profile = argument_profile

    def first(self, *settings: Setting) -> Source | None:
        """The first place in which any of some settings is set."""
        for source in self._in_order(*settings):
            if any(source.value(setting) for setting in settings):
                return source
        return None

    def _in_order(self, *settings: Setting) -> Iterator[Source]:
        of_account = any(setting.key in _ACCOUNT_KEYS for setting in settings)
        if not (self._argument_profile and of_account):
            yield from self._configured
        has_field = any(setting.profile_field for setting in settings)
        if has_field and (profile := self.profile):
            yield ProfileSource(profile)

    @cached_property
    def profile(self) -> Profile | None:
        """The profile that is used; None if there is none.

        Raises:
            ConfigError: a file is malformed or a named one is missing, or no profile has
                the name that is asked for.
        """
        named = self.first(SETTINGS_BY_KEY["profile"])
        name = named.value(SETTINGS_BY_KEY["profile"]).reveal() if named else None
        return read_profile(
            self._argument_profile or name,
            config_file=self.file("sharedConfigFile"),
            credentials_file=self.file("sharedCredentialsFile"),
        )

    def is_profile_named(self) -> bool:
        """Whether a profile or one of the files is named, and so must exist."""
        named = (self.first(SETTINGS_BY_KEY[key]) for key in ("profile", *PROFILE_FILES))
        return bool(self._argument_profile) or any(named)

    def file(self, key: str) -> ProfileFile:
        """The profile file that a setting names, or the one at its default path."""
        setting = SETTINGS_BY_KEY[key]
        source = self.first(setting)
        path = source.value(setting).reveal() if source else setting.default_value or ""
        return ProfileFile(
            path=os.path.expanduser(path),  # noqa: PTH111 - Path raises without a home
            setting=setting,
            named_by=source.name_of(setting) if source else None,
        )
