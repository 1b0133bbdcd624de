"""Each setting comes from the first source that has it."""

from __future__ import annotations

import pwd
import resource
from typing import TYPE_CHECKING, NoReturn

import pytest

from config.setting_sources import ORDER, SettingSources, keys_of
from pulumi_ucimage._config.resolve import load
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY, STACK_KEYS
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("key", "first"), [(key, source) for key, row in ORDER.items() for source in row.values]
)
@pytest.mark.parametrize("blank", [None, ""])
def test_the_first_place_with_a_value_wins(
    with_keys: SettingSources, key: str, first: str, blank: str | None
) -> None:
    """The contract's order of sources; an empty text counts as not set."""
    row = ORDER[key]
    sources = list(row.values)
    with_keys.set("environment", key, "")
    for source in sources[: sources.index(first)]:
        if blank is not None:
            with_keys.set(source, key, blank)
    for source in sources[sources.index(first) :]:
        with_keys.set(source, key, row.values[source][0])

    assert row.values[first][1] == getattr(with_keys.load(), row.attribute)


@pytest.mark.parametrize("key", [key for key in ORDER if key != "region"])
@pytest.mark.parametrize("blank", [None, ""])
def test_the_default_is_used_if_nothing_is_set(
    with_keys: SettingSources, key: str, blank: str | None
) -> None:
    """Empty texts in all sources are the same as nothing."""
    row = ORDER[key]
    for source in row.values if blank is not None else ():
        with_keys.set(source, key, "")

    assert row.default == getattr(with_keys.load(), row.attribute)


def test_a_null_in_the_stack_is_not_set(with_keys: SettingSources) -> None:
    """A null value counts as not set."""
    with_keys.stack.update(dict.fromkeys(STACK_KEYS))
    settings = with_keys.load()

    assert (settings.region, settings.timeout_s) == ("cn-bj2", 60.0)
    assert settings.credentials.origin == "the environment"


def test_settings_can_come_from_different_places(unset: SettingSources) -> None:
    """Each setting is looked for by itself; only the halves of a pair go together."""
    unset.set_pair("ucloud")
    unset.set("ucimage", "timeoutSeconds", "5")
    unset.set("environment", "region", "cn-sh2")
    unset.set("profile", "projectId", "org-1")
    settings = unset.load()

    assert ("cn-sh2", "org-1", 5.0) == (
        settings.region,
        settings.project_id,
        settings.timeout_s,
    )


def test_a_stack_for_the_ucloud_provider_is_enough(unset: SettingSources) -> None:
    """Keys, region, project and address are configured once for both packages."""
    unset.stack = {
        "ucloud:publicKey": "a",
        "ucloud:privateKey": Secret("b"),
        "ucloud:region": "cn-bj2",
        "ucloud:projectId": "org-1",
        "ucloud:baseUrl": "https://internal.test",
    }
    settings = unset.load()

    assert keys_of(settings) == ("a", "b", None)
    assert (settings.region, settings.project_id) == ("cn-bj2", "org-1")
    assert settings.endpoint.host == "internal.test"


def test_other_keys_of_the_ucloud_provider_are_not_read(with_keys: SettingSources) -> None:
    """Only the five keys of the contract count; others mean something else there."""
    with_keys.stack = {
        "ucloud:profile": "unknown",
        "ucloud:maxRetries": "many",
        "ucloud:sharedCredentialsFile": "/missing",
        "ucloud:securityToken": "x",
    }

    assert with_keys.load().max_retries == 3
    assert keys_of(with_keys.load())[2] is None


def test_the_plugin_does_not_read_the_ucloud_provider_s_keys(
    with_keys: SettingSources,
) -> None:
    """The plugin gives one answer, whatever a caller puts into the mapping."""
    with_keys.set_pair("ucloud")
    with_keys.set("ucloud", "region", "cn-sh2")
    with_keys.arguments["in_plugin"] = True
    settings = with_keys.load()

    assert (settings.region, settings.credentials.origin) == ("cn-bj2", "the environment")


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["argument", "ucimage", "environment"], "argument"),
        (["ucimage", "environment"], "ucimage"),
        (["environment"], "environment"),
        ([], "active"),
    ],
)
@pytest.mark.parametrize("blank", [None, ""])
def test_which_profile_is_used(
    unset: SettingSources, sources: list[str], expected: str, blank: str | None
) -> None:
    """The profile that argument, stack or environment name, else the active one."""
    for name in ("default", "active", "argument", "ucimage", "environment"):
        unset.set_profile(name, region=f"of-{name}", public_key="a", private_key="b")
    unset.configs[1]["active"] = True
    for source in ("argument", "ucimage", "environment"):
        if source in sources:
            unset.set(source, "profile", source)
        elif blank is not None:
            unset.set(source, "profile", blank)

    assert unset.load().region == f"of-{expected}"


def test_the_profile_default_is_used_if_none_is_active(unset: SettingSources) -> None:
    """Without an active profile it is the one named `default`."""
    unset.set_profile("other", region="x", public_key="a", private_key="b")
    unset.set_profile("default", region="y", public_key="c", private_key="d")

    assert keys_of(unset.load()) == ("c", "d", None)


def test_no_home_is_needed(
    with_keys: SettingSources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process without a home, such as in a container, has no profiles."""

    def unknown(_uid: int) -> NoReturn:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)

    assert with_keys.load().project_id is None


@pytest.mark.parametrize("source", ["ucimage", "environment"])
def test_the_profile_files_can_be_elsewhere(
    unset: SettingSources, tmp_path: Path, source: str
) -> None:
    """Both files are read where the stack or the environment says."""
    unset.set_profile("default", region="of-home", public_key="home", private_key="home")
    configs, credentials = tmp_path / "c.json", tmp_path / "k.json"
    configs.write_text('[{"profile": "default", "region": "elsewhere"}]')
    credentials.write_text(
        '[{"profile": "default", "public_key": "a", "private_key": "b"}]'
    )
    unset.set("environment", "sharedConfigFile", "/missing")
    unset.set("environment", "sharedCredentialsFile", "/missing")
    unset.set(source, "sharedConfigFile", str(configs))
    unset.set(source, "sharedCredentialsFile", str(credentials))
    settings = unset.load()

    assert (settings.region, keys_of(settings)) == ("elsewhere", ("a", "b", None))


def test_a_path_may_begin_with_a_tilde(unset: SettingSources) -> None:
    """A tilde is the home."""
    unset.set("ucimage", "sharedConfigFile", "~/c.json")
    unset.home.joinpath("c.json").write_text('[{"profile": "default", "region": "r"}]')
    unset.set_pair("ucimage")

    assert unset.load().region == "r"


FILES = {
    ("ucimage", "sharedConfigFile"): "ucimage:sharedConfigFile",
    ("ucimage", "sharedCredentialsFile"): "ucimage:sharedCredentialsFile",
    ("environment", "sharedConfigFile"): "UCLOUD_SHARED_CONFIG_FILE",
    ("environment", "sharedCredentialsFile"): "UCLOUD_SHARED_CREDENTIAL_FILE",
}


@pytest.mark.parametrize(("source", "key"), FILES)
@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("~/missing.json", "does not exist"),
        ("~/missing/config.json", "does not exist"),
        ("~/", "cannot be read (Is a directory)"),
    ],
)
def test_a_named_file_must_exist(
    with_keys: SettingSources, source: str, key: str, path: str, problem: str
) -> None:
    """A misspelled path is an error that names the setting, not an empty profile."""
    with_keys.set(source, key, path)
    setting = SETTINGS_BY_KEY[key]

    assert str(with_keys.error()) == (
        f"The profile file '{path.replace('~', str(with_keys.home))}', named by"
        f" {FILES[source, key]}, {problem}: correct it, or name another file"
        f" (`pulumi config set ucimage:{key} PATH` or {setting.variable})."
    )


@pytest.mark.parametrize(("source", "key"), FILES)
def test_a_named_file_must_exist_even_if_it_is_not_needed(
    with_keys: SettingSources, source: str, key: str
) -> None:
    """With everything set elsewhere the wrong path is still a mistake."""
    with_keys.set("environment", "projectId", "org-1")
    with_keys.set("environment", "baseUrl", "https://environment.test/")
    with_keys.set(source, key, "/missing")

    assert "'/missing'" in str(with_keys.error())


@pytest.mark.parametrize(("source", "key"), FILES)
def test_a_named_file_may_be_empty(
    with_keys: SettingSources, source: str, key: str
) -> None:
    """`/dev/null` is a file without profiles."""
    with_keys.set(source, key, "/dev/null")

    assert with_keys.load().project_id is None


def test_a_named_profile_must_exist_even_if_it_is_not_needed(
    with_keys: SettingSources,
) -> None:
    """With everything set elsewhere a misspelled profile is still a mistake."""
    with_keys.set("environment", "projectId", "org-1")
    with_keys.set("environment", "baseUrl", "https://environment.test/")
    with_keys.set("environment", "profile", "wrok")

    assert "No profile is named 'wrok'" in str(with_keys.error())


@pytest.mark.parametrize("source", ["default path", "environment"])
def test_too_many_open_files_is_the_machine_s_problem(
    unset: SettingSources, source: str
) -> None:
    """The message does not blame a profile file that is correct."""
    unset.set_profile("default", region="cn-bj2", public_key="a", private_key="b")
    unset.load()
    if source == "environment":
        unset.set("environment", "sharedConfigFile", str(unset.config_file))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(ConfigError) as caught:
            load({})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert str(caught.value) == (
        f"The profile file '{unset.config_file}' was not read, because this process has too"
        " many open files; close some or raise the limit (ulimit -n)."
    )
