"""The settings of a look-up: the argument profile, and what is missing or malformed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from secrecy import held_by

from config.setting_sources import (
    CANARY,
    ORDER,
    REGISTRY_PAIR,
    SOURCES_OF_KEYS,
    SettingSources,
    keys_of,
)
from pulumi_ucimage._config import parse
from pulumi_ucimage._config.resolve import find_configured_registry
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["ucimage", "environment"], "ucimage.test"),
        (["environment"], "environment.test"),
        ([], None),
    ],
)
def test_the_configured_registry(
    unset: SettingSources, sources: list[str], expected: str | None
) -> None:
    """It is found without keys, a region or the profile files."""
    unset.set("ucimage", "sharedConfigFile", "/missing")
    for source in sources:
        unset.set(source, "registry", f"{source}.test")

    assert expected == find_configured_registry(unset.stack)


@pytest.fixture
def two_accounts(unset: SettingSources) -> SettingSources:
    """Sources in which everything is set everywhere, and a second profile `other`."""
    for source in SOURCES_OF_KEYS:
        unset.set_pair(source, source)
        for key in ("region", "projectId"):
            unset.set(source, key, f"by-{source}")
    for source in ("ucimage", "environment"):
        unset.set(source, "securityToken", f"{source}-token")
        unset.set(source, "profile", "default")
    unset.set_profile("other", region="r", project_id="p", public_key="a", private_key="b")
    unset.arguments["profile"] = "other"
    return unset


@pytest.mark.parametrize(
    ("arguments", "without", "expected"),
    [
        ({}, "", ("r", "p")),
        ({"region": "r2", "project_id": "p2"}, "", ("r2", "p2")),
        # The project of another source belongs to another account.
        ({}, "project_id", ("r", None)),
    ],
    ids=["profile", "other arguments", "no project"],
)
def test_the_argument_profile_gives_keys_region_and_project(
    two_accounts: SettingSources,
    arguments: dict[str, str],
    without: str,
    expected: tuple[str, str | None],
) -> None:
    """They come from the named profile and other arguments alone, without a token."""
    two_accounts.arguments |= arguments
    two_accounts.configs[1].pop(without, None)
    settings = two_accounts.load()

    assert keys_of(settings) == ("a", "b", None)
    assert (settings.region, settings.project_id) == expected


@pytest.mark.parametrize(
    ("profile", "without", "message"),
    [
        (
            "other",
            "region",
            "There is no region: give the argument region, or set the region of the"
            " profile 'other' in '{config}'.",
        ),
        ("other", "public_key", " has private_key without public_key, and both must"),
        ("third", "", ", which have 'default', 'other': name another"),
    ],
)
def test_the_argument_profile_is_not_completed_by_other_places(
    two_accounts: SettingSources, profile: str, without: str, message: str
) -> None:
    """What it lacks is an error that does not name sources that would not help."""
    two_accounts.arguments["profile"] = profile
    for rows in (two_accounts.configs, two_accounts.credentials):
        rows[1].pop(without, None)

    assert message.format(config=two_accounts.config_file) in str(two_accounts.error())


def test_the_argument_profile_does_not_change_other_settings(
    two_accounts: SettingSources,
) -> None:
    """Address, registry and times come from the usual sources."""
    two_accounts.set("environment", "baseUrl", "https://environment.test/")
    two_accounts.set("ucimage", "registry", "stack.test")
    two_accounts.set_profile("other", base_url="https://profile.test/")
    settings = two_accounts.load()

    assert (settings.endpoint.host, settings.registry) == ("environment.test", "stack.test")


WAYS_OF_REGION = (
    "There is no region: give the argument region, or set ucimage:region (`pulumi config"
    " set ucimage:region cn-bj2`){ucloud} in the stack's configuration, UCLOUD_REGION in"
    " the environment, or the region of {profile}."
)

ANY_PROFILE = "a profile of the UCloud CLI (`ucloud init` writes ~/.ucloud/config.json)"
PLUGIN = " The plugin sees only ucimage: keys, not the UCloud provider's ucloud:region."


@pytest.mark.parametrize(
    ("source", "in_plugin", "profile", "ucloud", "end"),
    [
        ("environment", False, ANY_PROFILE, " or ucloud:region", ""),
        ("environment", True, ANY_PROFILE, "", PLUGIN),
        ("profile", False, "the profile 'default' in '{file}'", " or ucloud:region", ""),
    ],
    ids=["program", "plugin", "with a profile"],
)
def test_missing_region(
    unset: SettingSources,
    source: str,
    profile: str,
    ucloud: str,
    end: str,
    *,
    in_plugin: bool,
) -> None:
    """The message names every way; the plugin says that it does not see ucloud:region."""
    unset.set_pair(source)
    unset.arguments["in_plugin"] = in_plugin
    named = profile.format(file=unset.config_file)

    assert f"{WAYS_OF_REGION.format(ucloud=ucloud, profile=named)}{end}" == str(
        unset.error()
    )


def clause(parse: Callable[[str], object], text: str) -> str:
    """What a parser says that a text must be."""
    with pytest.raises(ValueError, match="must ") as caught:
        parse(text)
    return str(caught.value)


MALFORMED: dict[str, tuple[Callable[[str], object], str]] = {
    "region": (parse.name, f"{CANARY}=="),
    "projectId": (parse.name, f"org {CANARY}"),
    "baseUrl": (Endpoint.parse, f"https://user:{CANARY}@api.ucloud.cn/"),
    "registry": (parse.registry_host, f"https://{CANARY}"),
    "timeoutSeconds": (parse.seconds, f"{CANARY}s"),
    "maxRetries": (parse.count, CANARY),
    "explain": (parse.boolean, CANARY),
    "checkTotalCount": (parse.boolean, CANARY),
}


@pytest.mark.parametrize(
    ("key", "source"),
    [
        (key, source)
        for key in MALFORMED
        for source in ORDER[key].values
        if source != "argument"
    ],
)
def test_a_malformed_setting(with_keys: SettingSources, key: str, source: str) -> None:
    """The message names the source and what the value must be; the value is not shown."""
    parser, text = MALFORMED[key]
    setting = SETTINGS_BY_KEY[key]
    with_keys.environment.delenv(setting.variable, raising=False)
    with_keys.set(source, key, text)
    error = with_keys.error()
    called = {
        "ucimage": f"ucimage:{key} in the stack's configuration",
        "ucloud": f"ucloud:{key} in the stack's configuration",
        "environment": f"{setting.variable} in the environment",
        "profile": f"{setting.profile_field} in the profile 'default' in"
        f" '{with_keys.config_file}'",
    }

    assert f"{called[source]} {clause(parser, text)}." == str(error)
    assert CANARY not in held_by(error)


@pytest.mark.parametrize("source", ["ucimage", "ucloud", "environment"])
def test_a_malformed_setting_is_not_skipped(with_keys: SettingSources, source: str) -> None:
    """It is an error even if a later source has a good value."""
    with_keys.set("profile", "projectId", "org-1")
    with_keys.set(source, "projectId", "org 1")

    assert "must have 1 to 128 letters, digits, '_' and '-' only" in str(with_keys.error())


@pytest.mark.parametrize(
    ("name", "parser", "value", "shown"),
    [
        ("region", parse.name, "cn bj2", ", not 'cn bj2'"),
        ("project_id", parse.name, "org/1", ", not 'org/1'"),
        ("region", parse.name, "\x1b[2J", ", not '\\x1b[2J'"),
        ("registry", parse.registry_host, "mirror/ucs", ", not 'mirror/ucs'"),
        ("registry", parse.registry_host, "u:hunter2@mirror.test", ""),
    ],
)
def test_a_malformed_argument(
    name: str, parser: Callable[[str], str], value: str, shown: str
) -> None:
    """An argument is shown in the message, unless it may hold a password."""
    with pytest.raises(ArgumentError) as caught:
        parse.argument(name, value, parser)

    assert f"{name} {clause(parser, value)}{shown}." == str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("", None), ("x", "x")])
def test_an_argument(value: str | None, expected: str | None) -> None:
    """An empty argument is not given."""
    assert expected == parse.argument("region", value, parse.name)


FAILURES: dict[str, dict[str, str]] = {
    "region": {"region": "a b"},
    "retries": {"maxRetries": "many"},
    "profile": {"profile": "unknown"},
    "file": {"sharedConfigFile": "/"},
}


@pytest.mark.parametrize("settings", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("source", ["ucimage", "environment"])
def test_no_error_leads_to_a_key(
    unset: SettingSources, source: str, settings: dict[str, str]
) -> None:
    """No variable of a traceback holds a key of any source."""
    for keys in SOURCES_OF_KEYS:
        unset.set_pair(keys, CANARY)
    unset.set("environment", "securityToken", CANARY)
    unset.set("environment", "region", "cn-bj2")
    for key in REGISTRY_PAIR:
        unset.set("environment", key, CANARY)
    for key, value in settings.items():
        unset.set(source, key, value)

    assert CANARY not in held_by(unset.error())


def test_settings_show_no_key(with_keys: SettingSources) -> None:
    """Settings can be printed."""
    with_keys.set_pair("environment", CANARY)
    with_keys.set("environment", "securityToken", CANARY)
    with_keys.set("environment", "registryUsername", "me")
    with_keys.set("environment", "registryPassword", CANARY)

    assert CANARY not in repr(with_keys.load())
