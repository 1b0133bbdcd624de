"""Every setting with its value and where it comes from, for `ucimage config`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._config.credentials import (
    KEY_PAIR,
    REGISTRY_PAIR,
    SECURITY_TOKEN,
    api_credentials,
)
from pulumi_ucimage._config.resolve import Resolver
from pulumi_ucimage._config.sources import PROFILE_FILES
from pulumi_ucimage._spec.settings import SETTINGS
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._config.sources import Source
    from pulumi_ucimage._secret import Secret
    from pulumi_ucimage._spec.settings import Setting

_MASK: Final = "********"
_CAUSES: Final = (*PROFILE_FILES, "profile")
"""The settings that cause problems of other settings, first cause first."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SettingReport:
    """One setting.

    Attributes:
        setting: its row in the table of settings.
        value: the value as text, a key or password as asterisks; None if there is none.
        origin: where the value comes from, such as `environment variable UCLOUD_REGION`;
            `default` if it is set nowhere.
        problem: the message of the error that keeps this setting from being used; None
            if there is none.
        caused_by: the key of the setting that causes the problem, if it is another one.
    """

    setting: Setting
    value: str | None
    origin: str
    problem: str | None = None
    caused_by: str | None = None


def describe_settings(
    stack: Mapping[str, str | Secret | None],
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    registry: str | None = None,
) -> list[SettingReport]:
    """Every setting as `load` finds it; the arguments are those of `load`, and valid.

    Raises no ConfigError: a problem is reported with the setting that causes it.
    """
    resolver = Resolver(stack, profile=profile)
    arguments = {
        "region": region,
        "projectId": project_id,
        "profile": profile,
        "registry": registry,
    }
    reports = [_report(resolver, s, arguments.get(s.key)) for s in SETTINGS]
    # Several settings may need the same profile or pair; one of them causes the problem.
    by_key = {report.setting.key: report for report in reports}
    causes = {by_key[key].problem: key for key in reversed((*_CAUSES, *by_key))}
    return [
        replace(report, caused_by=cause)
        if report.problem and (cause := causes[report.problem]) != key
        else report
        for key, report in by_key.items()
    ]


def _report(resolver: Resolver, setting: Setting, argument: str | None) -> SettingReport:
    source, value, problem = None, argument, None
    try:
        if not argument:
            source = resolver.sources.first(*_set_together(setting))
            if source and not source.value(setting):
                source = None
        if not argument or setting.key == "profile":
            _check(resolver, setting)
            value = value or _text(resolver, setting, source)
    except ConfigError as error:
        value, problem = None, str(error)
    origin = source.origin(setting) if source else "argument" if argument else "default"
    return SettingReport(setting=setting, value=value, origin=origin, problem=problem)


def _set_together(setting: Setting) -> tuple[Setting, ...]:
    """The settings whose first place decides for this one."""
    if setting in {*KEY_PAIR, SECURITY_TOKEN}:
        return KEY_PAIR
    return REGISTRY_PAIR if setting in REGISTRY_PAIR else (setting,)


def _check(resolver: Resolver, setting: Setting) -> None:
    """Raises the ConfigError that `load` raises because of this setting."""
    if setting in {*KEY_PAIR, SECURITY_TOKEN}:
        api_credentials(resolver.key_source())
    elif setting in REGISTRY_PAIR:
        resolver.find_registry_credentials()
    elif setting.key == "region":
        resolver.region()
    elif setting.key == "profile":
        _ = resolver.sources.profile  # reads it
    elif setting.key in PROFILE_FILES:
        resolver.sources.file(setting.key).rows()
    else:
        resolver.value(setting.key)


def _text(resolver: Resolver, setting: Setting, source: Source | None) -> str | None:
    """The value of a setting without a problem, as it may be shown."""
    if source:
        return _MASK if setting.is_masked else source.value(setting).reveal()
    if setting.key == "profile":
        profile = resolver.sources.profile
        return profile and profile.name
    return setting.default_value
