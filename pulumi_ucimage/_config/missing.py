"""The errors about missing keys and a missing region: they name every way to set them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._config.credentials import KEY_PAIR
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_ucimage._config.profiles import Profile

_PLUGIN_SEES: Final = "The plugin sees only ucimage: keys, not the UCloud provider's"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSettingErrors:
    """Errors about missing settings, with the ways to set them.

    Attributes:
        has_profile_argument: whether the argument profile is given; keys and region then
            come from that profile alone.
        in_plugin: whether this is the plugin, which does not see `ucloud:` keys.
    """

    has_profile_argument: bool
    in_plugin: bool

    def no_keys(self, profile: Profile | None) -> ConfigError:
        """There are no keys, or none that can be used.

        Args:
            profile: the profile that was asked last, if there is one.
        """
        ways = self._ways_to_set_keys()
        if profile is None:
            return ConfigError(f"There are no API keys: {ways}")
        name, file = quoted(profile.name), quoted(profile.credentials_file)
        if profile.is_oauth:
            return ConfigError(
                f"The profile {name} in {file} logs in with a browser (its auth_mode is"
                " oauth) and has no keys that can sign a call: name another profile, or"
                f" {ways}"
            )
        return ConfigError(
            f"The profile {name} has no API keys in {file}: set them there, or {ways}"
        )

    def _ways_to_set_keys(self) -> str:
        public, private = KEY_PAIR
        without = "leave out the argument profile and " if self.has_profile_argument else ""
        commands = f"{public.command('KEY')} and {private.command('KEY')}"
        ucloud, end = (
            ("", f" {_PLUGIN_SEES} ucloud:publicKey and ucloud:privateKey.")
            if self.in_plugin
            else (", or ucloud:publicKey and ucloud:privateKey there", "")
        )
        return (
            f"{without}set {public.full_key()} and {private.full_key()} in the stack's"
            f" configuration ({commands}){ucloud}, or {public.variable} and"
            f" {private.variable} in the environment, or both in a profile of the UCloud"
            " CLI (`ucloud init` writes ~/.ucloud/credential.json; the argument profile,"
            " ucimage:profile or UCLOUD_PROFILE selects a profile that is not active)."
            f"{end}"
        )

    def no_region(self, profile: Profile | None) -> ConfigError:
        """There is no region.

        Args:
            profile: the profile that was asked last, if there is one.
        """
        setting = SETTINGS_BY_KEY["region"]
        profile_region = (
            f"the region of the profile {quoted(profile.name)} in"
            f" {quoted(profile.config_file)}"
            if profile
            else "the region of a profile of the UCloud CLI (`ucloud init` writes"
            " ~/.ucloud/config.json)"
        )
        ucloud, end = (
            ("", f" {_PLUGIN_SEES} ucloud:region.")
            if self.in_plugin
            else (" or ucloud:region", "")
        )
        ways = (
            f"{setting.full_key()} ({setting.command('cn-bj2')}){ucloud} in the stack's"
            f" configuration, {setting.variable} in the environment, or"
            f" {profile_region}.{end}"
        )
        return ConfigError(
            "There is no region: give the argument region, or set"
            f" {f'{profile_region}.' if self.has_profile_argument else ways}"
        )
