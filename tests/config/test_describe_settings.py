"""`ucimage config` shows every setting, where it comes from and what is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_ucimage._config.describe import SettingReport, describe_settings
from pulumi_ucimage._config.resolve import load
from pulumi_ucimage._spec.settings import SETTINGS
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-77aa"
STACK = {
    "ucimage:publicKey": CANARY,
    "ucimage:privateKey": CANARY,
    "ucimage:securityToken": CANARY,
    "ucimage:registryUsername": "me",
    "ucimage:registryPassword": CANARY,
    "ucloud:region": "cn-bj2",
}


@pytest.fixture
def profile_files(home: Path) -> Path:
    """The CLI's files, with the active profile `work`; returns their folder."""
    folder = home / ".ucloud"
    folder.mkdir()
    work = {"profile": "work", "active": True, "region": "cn-sh2", "project_id": "org-1"}
    keys = {"profile": "work", "public_key": CANARY, "private_key": CANARY}
    (folder / "config.json").write_text(json.dumps([work]))
    (folder / "credential.json").write_text(json.dumps([keys]))
    return folder


def described(stack: dict[str, str], **arguments: Any) -> dict[str, SettingReport]:
    """The reports by key."""
    return {r.setting.key: r for r in describe_settings(stack, **arguments)}


def shown(report: SettingReport) -> tuple[str | None, str, bool]:
    """Value, origin, and whether there is a problem."""
    return report.value, report.origin, report.problem is not None


def test_every_setting_is_reported() -> None:
    """The order is that of the table, even if nothing is set."""
    assert [*SETTINGS] == [report.setting for report in describe_settings({})]


def test_where_settings_come_from(
    profile_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each place has its own words; keys, tokens and passwords are asterisks."""
    monkeypatch.setenv("UCIMAGE_TIMEOUT_SECONDS", "2.50")
    reports = described(STACK, registry="mirror.test")
    mask = "********"

    assert {key: shown(report) for key, report in reports.items()} == {
        "publicKey": (mask, "stack configuration (ucimage:publicKey)", False),
        "privateKey": (mask, "stack configuration (ucimage:privateKey)", False),
        "securityToken": (mask, "stack configuration (ucimage:securityToken)", False),
        "region": ("cn-bj2", "stack configuration (ucloud:region)", False),
        "projectId": (
            "org-1",
            f"profile 'work' in '{profile_files / 'config.json'}'",
            False,
        ),
        "baseUrl": ("https://api.ucloud.cn/", "default", False),
        "profile": ("work", "default", False),
        "sharedConfigFile": ("~/.ucloud/config.json", "default", False),
        "sharedCredentialsFile": ("~/.ucloud/credential.json", "default", False),
        "timeoutSeconds": ("2.50", "environment variable UCIMAGE_TIMEOUT_SECONDS", False),
        "registry": ("mirror.test", "argument", False),
        "registryUsername": (
            "me",
            "stack configuration (ucimage:registryUsername)",
            False,
        ),
        "registryPassword": (
            mask,
            "stack configuration (ucimage:registryPassword)",
            False,
        ),
        "maxRetries": ("3", "default", False),
        "explain": ("false", "default", False),
        "checkTotalCount": ("true", "default", False),
    }


def test_keys_of_a_profile(profile_files: Path) -> None:
    """They are masked, and a token of another place is not reported with them."""
    reports = described({"ucimage:securityToken": CANARY})

    origin = f"profile 'work' in '{profile_files / 'credential.json'}'"
    assert ("********", origin, False) == shown(reports["privateKey"])
    assert (None, "default", False) == shown(reports["securityToken"])


def test_the_argument_profile(profile_files: Path) -> None:
    """Keys, region and project are reported from the profile that the argument names."""
    reports = described({**STACK, "ucimage:profile": "unknown"}, profile="work")

    assert ("work", "argument", False) == shown(reports["profile"])
    assert "cn-sh2" == reports["region"].value
    assert reports["publicKey"].origin.startswith("profile 'work' in ")
    assert profile_files.is_dir()


# Stack, arguments, the setting that causes the problem, the settings it affects.
PROBLEMS: dict[str, tuple[dict[str, str], dict[str, Any], str, set[str]]] = {
    "no keys": (
        {"ucimage:region": "r"},
        {},
        "publicKey",
        {"privateKey", "securityToken"},
    ),
    "half a pair": (
        {"ucimage:region": "r", "ucimage:privateKey": CANARY},
        {},
        "publicKey",
        {"privateKey", "securityToken"},
    ),
    "no region": (
        {"ucimage:publicKey": CANARY, "ucimage:privateKey": CANARY},
        {},
        "region",
        set(),
    ),
    "malformed": ({**STACK, "ucimage:maxRetries": CANARY}, {}, "maxRetries", set()),
    "half of the registry's": (
        {**STACK, "ucimage:registryPassword": ""},
        {},
        "registryUsername",
        {"registryPassword"},
    ),
    "unknown profile": (
        {**STACK, "ucimage:profile": "unknown"},
        {},
        "profile",
        {"projectId", "baseUrl"},
    ),
    "unknown argument profile": (
        STACK,
        {"profile": "unknown"},
        "profile",
        {"publicKey", "privateKey", "securityToken", "region", "projectId", "baseUrl"},
    ),
    "missing file": (
        {**STACK, "ucimage:sharedConfigFile": "/missing"},
        {},
        "sharedConfigFile",
        {"projectId", "baseUrl", "profile"},
    ),
}


@pytest.mark.parametrize(
    ("stack", "arguments", "cause", "others"), PROBLEMS.values(), ids=PROBLEMS
)
def test_a_problem_is_reported_with_its_setting(
    stack: dict[str, str], arguments: dict[str, Any], cause: str, others: set[str]
) -> None:
    """The text is that of the look-up's error; affected settings name the cause."""
    with pytest.raises(ConfigError) as caught:
        load(stack, **arguments).find_registry_credentials()
    reports = described(stack, **arguments)
    problems = {key: r.problem for key, r in reports.items() if r.problem}
    causes = {key: r.caused_by for key, r in reports.items() if r.problem}

    assert dict.fromkeys({cause, *others}, str(caught.value)) == problems
    assert {cause: None, **dict.fromkeys(others, cause)} == causes
    assert all(reports[key].value is None for key in problems)


def test_several_problems_are_all_reported() -> None:
    """The first problem does not hide the others."""
    reports = described({"ucimage:maxRetries": "x", "ucimage:explain": "y"})
    problems = {key for key, r in reports.items() if r.problem and not r.caused_by}

    assert {"publicKey", "region", "maxRetries", "explain"} == problems


@pytest.mark.parametrize(
    "broken", ["publicKey", "maxRetries", "registryPassword", "baseUrl", "region"]
)
def test_no_report_shows_a_secret(profile_files: Path, broken: str) -> None:
    """No value and no problem shows one, whatever is malformed."""
    stack = {**STACK, f"ucimage:{broken}": f"{CANARY}\n"}
    reports = describe_settings(stack)

    assert any(report.problem for report in reports)
    assert CANARY not in repr(reports)
    assert profile_files.is_dir()


def test_an_argument_hides_a_problem_of_its_setting() -> None:
    """A look-up with this argument does not look at the other places."""
    stack = {**STACK, "ucimage:region": "a b"}

    assert load(stack, region="cn-bj2").region == "cn-bj2"
    assert ("cn-bj2", "argument", False) == shown(
        described(stack, region="cn-bj2")["region"]
    )
