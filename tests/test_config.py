"""Each setting comes from the first place that has it, and errors say how to set it."""

from __future__ import annotations

import json
import pwd
import resource
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from secrecy import held_by

from pulumi_ucimage._config import parse
from pulumi_ucimage._config.resolve import Settings, argument, configured_registry, load
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY, STACK_KEYS
from pulumi_ucimage.errors import ArgumentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = "canary-51c7"
KEY_PAIR = ("publicKey", "privateKey")
REGISTRY_PAIR = ("registryUsername", "registryPassword")
ARGUMENTS = {
    "region": "region",
    "projectId": "project_id",
    "profile": "profile",
    "registry": "registry",
}


@dataclass
class World:
    """Every place that a setting can come from.

    The places are `argument`, `ucimage` and `ucloud` (both in the stack's configuration),
    `environment` and `profile` (the one named `default`).
    """

    home: Path
    environment: pytest.MonkeyPatch
    stack: dict[str, str | Secret | None] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    configs: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[dict[str, Any]] = field(default_factory=list)

    @property
    def config_file(self) -> Path:
        """The CLI's file of profiles."""
        return self.home / ".ucloud" / "config.json"

    @property
    def credentials_file(self) -> Path:
        """The CLI's file of keys."""
        return self.home / ".ucloud" / "credential.json"

    def set(self, place: str, key: str, value: str) -> None:
        """Set a setting in a place."""
        setting = SETTINGS_BY_KEY[key]
        if place == "argument":
            self.arguments[ARGUMENTS[key]] = value
        elif place in {"ucimage", "ucloud"}:
            self.stack[f"{place}:{key}"] = Secret(value)
        elif place == "environment":
            self.environment.setenv(setting.variable, value)
        elif place == "profile":
            self.set_profile("default", **{setting.in_profile or key: value})
        else:
            raise AssertionError(place)

    def set_profile(self, name: str, **fields: str) -> None:
        """Set some fields of a profile."""
        for key, value in fields.items():
            of_key = key in {"public_key", "private_key", "auth_mode"}
            rows = self.credentials if of_key else self.configs
            row = next((row for row in rows if row["profile"] == name), None)
            if row is None:
                rows.append(row := {"profile": name})
            row[key] = value

    def set_pair(self, place: str, value: str = "demo") -> None:
        """Set a key pair, made from one text."""
        for key in KEY_PAIR:
            self.set(place, key, f"{value}-{key}")

    def load(self) -> Settings:
        """Load the settings, from profile files that hold what was set."""
        for path, rows in (
            (self.config_file, self.configs),
            (self.credentials_file, self.credentials),
        ):
            if rows:
                path.parent.mkdir(exist_ok=True)
                path.write_text(json.dumps(rows))
        return load(self.stack, **self.arguments)

    def error(self) -> ConfigError:
        """Load the settings, which must fail."""
        with pytest.raises(ConfigError) as caught:
            self.load()
        return caught.value


@pytest.fixture
def bare(home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which nothing is set."""
    return World(home, monkeypatch)


@pytest.fixture
def world(bare: World) -> World:
    """A world with keys and a region in the environment, which is enough."""
    bare.set_pair("environment")
    bare.set("environment", "region", "cn-bj2")
    return bare


def keys_of(settings: Settings) -> tuple[str, str, str | None]:
    """Public key, private key and token."""
    found = settings.credentials
    token = found.security_token
    return (
        found.public_key.reveal(),
        found.private_key.reveal(),
        token.reveal() if token else None,
    )


# --- The order of the places ---


@dataclass
class Row:
    """Where a setting can be set, and what comes out of it."""

    attribute: str
    values: dict[str, tuple[str, Any]]
    default: Any = None


NAMES = {
    place: (f"by-{place}", f"by-{place}")
    for place in ("argument", "ucimage", "ucloud", "environment", "profile")
}
URLS = {
    place: (f"https://{place}.test/", Endpoint.parse(f"https://{place}.test/"))
    for place in ("ucimage", "ucloud", "environment", "profile")
}
HOSTS = {
    place: (f"{place}.test:5000", f"{place}.test:5000")
    for place in ("argument", "ucimage", "environment")
}
ORDER = {
    "region": Row("region", NAMES, ConfigError),
    "projectId": Row("project_id", NAMES),
    "baseUrl": Row("endpoint", URLS, Endpoint.parse("https://api.ucloud.cn/")),
    "registry": Row("registry", HOSTS),
    "timeoutSeconds": Row(
        "timeout_s", {"ucimage": ("10", 10.0), "environment": ("2.5", 2.5)}, 60.0
    ),
    "maxRetries": Row("max_retries", {"ucimage": ("0", 0), "environment": ("9", 9)}, 3),
    "explain": Row(
        "explain",
        {"ucimage": ("true", True), "environment": ("1", True)},
        default=False,
    ),
    "checkTotalCount": Row(
        "check_total_count",
        {"ucimage": ("false", False), "environment": ("0", False)},
        default=True,
    ),
}


@pytest.mark.parametrize(
    ("key", "first"), [(key, place) for key, row in ORDER.items() for place in row.values]
)
@pytest.mark.parametrize("blank", [None, ""])
def test_the_first_place_with_a_value_wins(
    world: World, key: str, first: str, blank: str | None
) -> None:
    """The contract's order of places; an empty text counts as not set."""
    row = ORDER[key]
    places = list(row.values)
    world.set("environment", key, "")
    for place in places[: places.index(first)]:
        if blank is not None:
            world.set(place, key, blank)
    for place in places[places.index(first) :]:
        world.set(place, key, row.values[place][0])

    assert row.values[first][1] == getattr(world.load(), row.attribute)


@pytest.mark.parametrize("key", [key for key in ORDER if key != "region"])
@pytest.mark.parametrize("blank", [None, ""])
def test_the_default_is_used_if_nothing_is_set(
    world: World, key: str, blank: str | None
) -> None:
    """Empty texts in all places are the same as nothing."""
    row = ORDER[key]
    for place in row.values if blank is not None else ():
        world.set(place, key, "")

    assert row.default == getattr(world.load(), row.attribute)


def test_a_null_in_the_stack_is_not_set(world: World) -> None:
    """A null value counts as not set."""
    world.stack.update(dict.fromkeys(STACK_KEYS))
    settings = world.load()

    assert (settings.region, settings.timeout_s) == ("cn-bj2", 60.0)
    assert settings.credentials.origin == "the environment"


def test_settings_can_come_from_different_places(bare: World) -> None:
    """Each setting is looked for by itself; only the halves of a pair go together."""
    bare.set_pair("ucloud")
    bare.set("ucimage", "timeoutSeconds", "5")
    bare.set("environment", "region", "cn-sh2")
    bare.set("profile", "projectId", "org-1")
    settings = bare.load()

    assert ("cn-sh2", "org-1", 5.0) == (
        settings.region,
        settings.project_id,
        settings.timeout_s,
    )


def test_a_stack_for_the_ucloud_provider_is_enough(bare: World) -> None:
    """Keys, region, project and address are configured once for both packages."""
    bare.stack = {
        "ucloud:publicKey": "a",
        "ucloud:privateKey": Secret("b"),
        "ucloud:region": "cn-bj2",
        "ucloud:projectId": "org-1",
        "ucloud:baseUrl": "https://internal.test",
    }
    settings = bare.load()

    assert keys_of(settings) == ("a", "b", None)
    assert (settings.region, settings.project_id) == ("cn-bj2", "org-1")
    assert settings.endpoint.host == "internal.test"


def test_other_keys_of_the_ucloud_provider_are_not_read(world: World) -> None:
    """Only the five keys of the contract count; others mean something else there."""
    world.stack = {
        "ucloud:profile": "unknown",
        "ucloud:maxRetries": "many",
        "ucloud:sharedCredentialsFile": "/missing",
        "ucloud:securityToken": "x",
    }

    assert world.load().max_retries == 3
    assert keys_of(world.load())[2] is None


def test_the_plugin_does_not_read_the_ucloud_provider_s_keys(world: World) -> None:
    """The plugin gives one answer, whatever a caller puts into the mapping."""
    world.set_pair("ucloud")
    world.set("ucloud", "region", "cn-sh2")
    world.arguments["in_plugin"] = True
    settings = world.load()

    assert (settings.region, settings.credentials.origin) == ("cn-bj2", "the environment")


# --- Which profile, and which files ---


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["argument", "ucimage", "environment"], "argument"),
        (["ucimage", "environment"], "ucimage"),
        (["environment"], "environment"),
        ([], "active"),
    ],
)
@pytest.mark.parametrize("blank", [None, ""])
def test_which_profile_is_used(
    bare: World, places: list[str], expected: str, blank: str | None
) -> None:
    """The profile that argument, stack or environment name, else the active one."""
    for name in ("default", "active", "argument", "ucimage", "environment"):
        bare.set_profile(name, region=f"of-{name}", public_key="a", private_key="b")
    bare.configs[1]["active"] = True
    for place in ("argument", "ucimage", "environment"):
        if place in places:
            bare.set(place, "profile", place)
        elif blank is not None:
            bare.set(place, "profile", blank)

    assert bare.load().region == f"of-{expected}"


def test_the_profile_default_is_used_if_none_is_active(bare: World) -> None:
    """Without an active profile it is the one named `default`."""
    bare.set_profile("other", region="x", public_key="a", private_key="b")
    bare.set_profile("default", region="y", public_key="c", private_key="d")

    assert keys_of(bare.load()) == ("c", "d", None)


def test_no_home_is_needed(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process without a home, such as in a container, has no profiles."""

    def unknown(_uid: int) -> NoReturn:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)

    assert world.load().project_id is None


@pytest.mark.parametrize("place", ["ucimage", "environment"])
def test_the_profile_files_can_be_elsewhere(
    bare: World, tmp_path: Path, place: str
) -> None:
    """Both files are read where the stack or the environment says."""
    bare.set_profile("default", region="of-home", public_key="home", private_key="home")
    configs, credentials = tmp_path / "c.json", tmp_path / "k.json"
    configs.write_text('[{"profile": "default", "region": "elsewhere"}]')
    credentials.write_text(
        '[{"profile": "default", "public_key": "a", "private_key": "b"}]'
    )
    bare.set("environment", "sharedConfigFile", "/missing")
    bare.set("environment", "sharedCredentialsFile", "/missing")
    bare.set(place, "sharedConfigFile", str(configs))
    bare.set(place, "sharedCredentialsFile", str(credentials))
    settings = bare.load()

    assert (settings.region, keys_of(settings)) == ("elsewhere", ("a", "b", None))


def test_a_path_may_begin_with_a_tilde(bare: World) -> None:
    """A tilde is the home."""
    bare.set("ucimage", "sharedConfigFile", "~/c.json")
    bare.home.joinpath("c.json").write_text('[{"profile": "default", "region": "r"}]')
    bare.set_pair("ucimage")

    assert bare.load().region == "r"


FILES = {
    ("ucimage", "sharedConfigFile"): "ucimage:sharedConfigFile",
    ("ucimage", "sharedCredentialsFile"): "ucimage:sharedCredentialsFile",
    ("environment", "sharedConfigFile"): "UCLOUD_SHARED_CONFIG_FILE",
    ("environment", "sharedCredentialsFile"): "UCLOUD_SHARED_CREDENTIAL_FILE",
}


@pytest.mark.parametrize(("place", "key"), FILES)
@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("~/missing.json", "does not exist"),
        ("~/missing/config.json", "does not exist"),
        ("~/", "cannot be read (Is a directory)"),
    ],
)
def test_a_named_file_must_exist(
    world: World, place: str, key: str, path: str, problem: str
) -> None:
    """A misspelled path is an error that names the setting, not an empty profile."""
    world.set(place, key, path)
    setting = SETTINGS_BY_KEY[key]

    assert str(world.error()) == (
        f"The profile file '{path.replace('~', str(world.home))}', named by"
        f" {FILES[place, key]}, {problem}: correct it, or name another file"
        f" (`pulumi config set ucimage:{key} PATH` or {setting.variable})."
    )


@pytest.mark.parametrize(("place", "key"), FILES)
def test_a_named_file_must_exist_even_if_it_is_not_needed(
    world: World, place: str, key: str
) -> None:
    """With everything set elsewhere the wrong path is still a mistake."""
    world.set("environment", "projectId", "org-1")
    world.set("environment", "baseUrl", "https://environment.test/")
    world.set(place, key, "/missing")

    assert "'/missing'" in str(world.error())


@pytest.mark.parametrize(("place", "key"), FILES)
def test_a_named_file_may_be_empty(world: World, place: str, key: str) -> None:
    """`/dev/null` is a file without profiles."""
    world.set(place, key, "/dev/null")

    assert world.load().project_id is None


def test_a_named_profile_must_exist_even_if_it_is_not_needed(world: World) -> None:
    """With everything set elsewhere a misspelled profile is still a mistake."""
    world.set("environment", "projectId", "org-1")
    world.set("environment", "baseUrl", "https://environment.test/")
    world.set("environment", "profile", "wrok")

    assert "No profile is named 'wrok'" in str(world.error())


@pytest.mark.parametrize("place", ["default path", "environment"])
def test_too_many_open_files_is_the_machine_s_problem(bare: World, place: str) -> None:
    """The message does not blame a profile file that is correct."""
    bare.set_profile("default", region="cn-bj2", public_key="a", private_key="b")
    bare.load()
    if place == "environment":
        bare.set("environment", "sharedConfigFile", str(bare.config_file))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(ConfigError) as caught:
            load({})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert str(caught.value) == (
        f"The profile file '{bare.config_file}' was not read, because this process has too"
        " many open files; close some or raise the limit (ulimit -n)."
    )


# --- Key pairs ---

PLACES_OF_KEYS = ("ucimage", "ucloud", "environment", "profile")
PLACE_NAMES = {
    "ucimage": "the stack's configuration",
    "ucloud": "the stack's configuration",
    "environment": "the environment",
    "profile": "the profile 'default' in '{file}'",
}
CALLED = {
    "ucimage": ("ucimage:publicKey", "ucimage:privateKey", "ucimage:securityToken"),
    "ucloud": ("ucloud:publicKey", "ucloud:privateKey"),
    "environment": ("UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY", "UCIMAGE_SECURITY_TOKEN"),
    "profile": ("public_key", "private_key"),
}
HOW_TO_SET = {
    "ucimage": "set both (`pulumi config set ucimage:publicKey VALUE` and `pulumi config"
    " set --secret ucimage:privateKey`)",
    "ucloud": "set both (`pulumi config set ucloud:publicKey VALUE` and `pulumi config"
    " set --secret ucloud:privateKey`)",
    "environment": "set both variables",
    "profile": "set both in that file",
}


@pytest.mark.parametrize("first", PLACES_OF_KEYS)
@pytest.mark.parametrize("blank", [None, ""])
def test_the_first_place_with_keys_gives_both(
    bare: World, first: str, blank: str | None
) -> None:
    """Stack, environment, profile: both keys come from the first that has any."""
    bare.set("environment", "region", "cn-bj2")
    at = PLACES_OF_KEYS.index(first)
    for place in PLACES_OF_KEYS[:at] if blank is not None else ():
        for key in KEY_PAIR:
            bare.set(place, key, "")
    for place in PLACES_OF_KEYS[at:]:
        bare.set_pair(place, place)
    settings = bare.load()
    origin = PLACE_NAMES[first].format(file=bare.credentials_file)

    assert keys_of(settings) == (f"{first}-publicKey", f"{first}-privateKey", None)
    assert settings.credentials.origin == origin


@pytest.mark.parametrize(
    ("pair", "tokens", "expected"),
    [
        ("ucimage", ["ucimage", "environment"], "ucimage-token"),
        ("environment", ["environment"], "environment-token"),
        ("ucimage", ["environment"], None),
        ("ucloud", ["ucimage", "environment"], None),
        ("environment", ["ucimage"], None),
        ("profile", ["ucimage", "environment"], None),
    ],
)
def test_a_token_comes_from_the_place_of_its_pair(
    bare: World, pair: str, tokens: list[str], expected: str | None
) -> None:
    """A token is never used with the keys of another place."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair(pair)
    for place in tokens:
        bare.set(place, "securityToken", f"{place}-token")

    assert expected == keys_of(bare.load())[2]


@pytest.mark.parametrize("place", PLACES_OF_KEYS)
@pytest.mark.parametrize("half", [0, 1])
def test_half_a_key_pair_is_an_error(bare: World, place: str, half: int) -> None:
    """The message names both halves there; other places do not help."""
    bare.set("environment", "region", "cn-bj2")
    for other in PLACES_OF_KEYS[PLACES_OF_KEYS.index(place) + 1 :]:
        bare.set_pair(other, CANARY)
    bare.set(place, KEY_PAIR[half], CANARY)
    error = bare.error()
    name = PLACE_NAMES[place].format(file=bare.credentials_file)

    assert str(error) == (
        f"T{name[1:]} has {CALLED[place][half]} without {CALLED[place][1 - half]}, and both"
        f" must come from one place: {HOW_TO_SET[place]}, or neither."
    )
    assert CANARY not in held_by(error)


@pytest.mark.parametrize(
    ("whole", "half"),
    [
        ("ucimage", "ucloud"),
        ("ucimage", "environment"),
        ("ucloud", "environment"),
        ("environment", "profile"),
    ],
)
def test_half_a_key_pair_in_a_later_place_is_ignored(
    bare: World, whole: str, half: str
) -> None:
    """Places after the one with the pair are not asked for keys."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair(whole, whole)
    bare.set(half, "privateKey", "x")

    assert keys_of(bare.load()) == (f"{whole}-publicKey", f"{whole}-privateKey", None)


MALFORMED_KEYS = {
    "line break": f"{CANARY}\n",
    "carriage return": f"{CANARY}\r\n",
    "space": f" {CANARY}",
    "tab": f"{CANARY}\t{CANARY}",
    "only a space": " ",
    "escape": f"\x1b{CANARY}",
    "letter of no key": f"{CANARY}é",
    "full width": f"\uff21{CANARY}",
}


@pytest.mark.parametrize("text", MALFORMED_KEYS.values(), ids=MALFORMED_KEYS)
@pytest.mark.parametrize(
    ("place", "at"),
    [(place, at) for place, names in CALLED.items() for at in range(len(names))],
)
def test_a_malformed_key_is_an_error(bare: World, place: str, at: int, text: str) -> None:
    """Characters that no key has are reported with the place; the key is not shown."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair(place, CANARY)
    bare.set(place, (*KEY_PAIR, "securityToken")[at], text)
    error = bare.error()
    name = PLACE_NAMES[place].format(file=bare.credentials_file)

    assert str(error) == (
        f"{CALLED[place][at]} in {name} has white space or characters that no key has:"
        " set it again."
    )
    assert CANARY not in held_by(error)


WAYS = (
    "set ucimage:publicKey and ucimage:privateKey in the stack's configuration (`pulumi"
    " config set ucimage:publicKey KEY` and `pulumi config set --secret"
    " ucimage:privateKey`){ucloud}, or UCLOUD_PUBLIC_KEY and UCLOUD_PRIVATE_KEY in the"
    " environment, or both in a profile of the UCloud CLI (`ucloud init` writes"
    " ~/.ucloud/credential.json; the argument profile, ucimage:profile or UCLOUD_PROFILE"
    " selects a profile that is not active)."
)
ALL_WAYS = WAYS.format(ucloud=", or ucloud:publicKey and ucloud:privateKey there")


@pytest.mark.parametrize(
    ("in_plugin", "ways"),
    [
        (False, ALL_WAYS),
        (
            True,
            f"{WAYS.format(ucloud='')} The plugin sees only ucimage: keys, not the UCloud"
            " provider's ucloud:publicKey and ucloud:privateKey.",
        ),
    ],
    ids=["program", "plugin"],
)
def test_missing_keys(bare: World, ways: str, *, in_plugin: bool) -> None:
    """The message names every way; the plugin says which keys it does not see."""
    bare.arguments["in_plugin"] = in_plugin

    assert f"There are no API keys: {ways}" == str(bare.error())


@pytest.mark.parametrize(
    ("argument", "start"),
    [(None, ""), ("default", "leave the argument profile out and ")],
)
def test_a_profile_without_keys(bare: World, argument: str | None, start: str) -> None:
    """The message names the profile, its file and every other way that would help."""
    bare.set("profile", "region", "cn-bj2")
    bare.arguments["profile"] = argument

    assert str(bare.error()) == (
        f"The profile 'default' has no API keys in '{bare.credentials_file}': set them"
        f" there, or {start}{ALL_WAYS}"
    )


@pytest.mark.parametrize(
    ("argument", "start"),
    [(None, ""), ("default", "leave the argument profile out and ")],
)
@pytest.mark.parametrize("keys", ["stale", "none", "half"])
def test_an_oauth_profile(bare: World, argument: str | None, start: str, keys: str) -> None:
    """A profile that logs in with a browser has no keys for us; stale ones are not used."""
    bare.set("profile", "region", "cn-bj2")
    if keys == "stale":
        bare.set_pair("profile", CANARY)
    elif keys == "half":
        bare.set("profile", "publicKey", CANARY)
    bare.set_profile("default", auth_mode="oauth")
    bare.arguments["profile"] = argument
    error = bare.error()

    assert str(error) == (
        f"The profile 'default' in '{bare.credentials_file}' logs in with a browser (its"
        " auth_mode is oauth) and has no keys that can sign a call: name another profile,"
        f" or {start}{ALL_WAYS}"
    )
    assert CANARY not in held_by(error)


def test_an_oauth_profile_with_keys_from_another_place(bare: World) -> None:
    """With keys from another place an OAuth profile still gives its region."""
    bare.set_pair("environment")
    bare.set_profile("default", region="cn-bj2", auth_mode="oauth")

    assert bare.load().region == "cn-bj2"


# --- User name and password of the registry ---


def registry_error(world: World) -> ConfigError:
    """Load the settings, and look for the registry's credentials, which must fail."""
    settings = world.load()
    with pytest.raises(ConfigError) as caught:
        settings.find_registry_credentials()
    return caught.value


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["ucimage", "environment"], ("ucimage-user", "ucimage-password")),
        (["environment"], ("environment-user", "environment-password")),
        ([], None),
    ],
)
def test_registry_credentials(
    world: World, places: list[str], expected: tuple[str, str] | None
) -> None:
    """Both come from the first place that has any; without them Docker's are used."""
    for place in places:
        world.set(place, "registryUsername", f"{place}-user")
        world.set(place, "registryPassword", f"{place}-password")
    found = world.load().find_registry_credentials()

    assert expected == (found and (found.username, found.password.reveal()))
    assert not found or found.origin == PLACE_NAMES[places[0]]


@pytest.mark.parametrize(
    ("place", "key", "there", "missing"),
    [
        ("ucimage", 0, "ucimage:registryUsername", "ucimage:registryPassword"),
        ("ucimage", 1, "ucimage:registryPassword", "ucimage:registryUsername"),
        ("environment", 0, "UCIMAGE_REGISTRY_USERNAME", "UCIMAGE_REGISTRY_PASSWORD"),
        ("environment", 1, "UCIMAGE_REGISTRY_PASSWORD", "UCIMAGE_REGISTRY_USERNAME"),
    ],
)
def test_half_of_the_registry_credentials_is_an_error(
    world: World, place: str, key: int, there: str, missing: str
) -> None:
    """A user name is never used with the password of another place."""
    for pair_key in REGISTRY_PAIR if place == "ucimage" else ():
        world.set("environment", pair_key, "x")
    world.set(place, REGISTRY_PAIR[key], CANARY)
    error = registry_error(world)

    assert f" has {there} without {missing}, and both must come from" in str(error)
    assert CANARY not in held_by(error)


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("registryUsername", "a\nb", "a line break or another control character"),
        ("registryPassword", f"{CANARY}\n", "a line break or another control character"),
        ("registryUsername", "a:b", "a colon, which no user name can have"),
    ],
)
def test_malformed_registry_credentials(
    world: World, key: str, text: str, problem: str
) -> None:
    """What HTTP cannot carry is an error that names the setting."""
    for pair_key in REGISTRY_PAIR:
        world.set("ucimage", pair_key, CANARY)
    world.set("ucimage", key, text)
    error = registry_error(world)

    assert (
        f"ucimage:{key} in the stack's configuration has {problem}: set it again."
        == str(error)
    )
    assert CANARY not in held_by(error)


def test_a_password_may_have_any_printable_text(world: World) -> None:
    """Spaces, colons and letters of any language are fine."""
    world.set("ucimage", "registryUsername", "AWS")
    world.set("ucimage", "registryPassword", "a b:ü")
    found = world.load().find_registry_credentials()

    assert found
    assert found.password.reveal() == "a b:ü"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["ucimage", "environment"], "ucimage.test"),
        (["environment"], "environment.test"),
        ([], None),
    ],
)
def test_the_configured_registry(
    bare: World, places: list[str], expected: str | None
) -> None:
    """It is found without keys, a region or the profile files."""
    bare.set("ucimage", "sharedConfigFile", "/missing")
    for place in places:
        bare.set(place, "registry", f"{place}.test")

    assert expected == configured_registry(bare.stack)


# --- The argument `profile` ---


@pytest.fixture
def two_accounts(bare: World) -> World:
    """A world where everything is set everywhere, and a second profile `other`."""
    for place in PLACES_OF_KEYS:
        bare.set_pair(place, place)
        for key in ("region", "projectId"):
            bare.set(place, key, f"by-{place}")
    for place in ("ucimage", "environment"):
        bare.set(place, "securityToken", f"{place}-token")
        bare.set(place, "profile", "default")
    bare.set_profile("other", region="r", project_id="p", public_key="a", private_key="b")
    bare.arguments["profile"] = "other"
    return bare


@pytest.mark.parametrize(
    ("arguments", "without", "expected"),
    [
        ({}, "", ("r", "p")),
        ({"region": "r2", "project_id": "p2"}, "", ("r2", "p2")),
        # The project of another place belongs to another account.
        ({}, "project_id", ("r", None)),
    ],
    ids=["profile", "other arguments", "no project"],
)
def test_the_argument_profile_gives_keys_region_and_project(
    two_accounts: World,
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
    two_accounts: World, profile: str, without: str, message: str
) -> None:
    """What it lacks is an error that does not name places that would not help."""
    two_accounts.arguments["profile"] = profile
    for rows in (two_accounts.configs, two_accounts.credentials):
        rows[1].pop(without, None)

    assert message.format(config=two_accounts.config_file) in str(two_accounts.error())


def test_the_argument_profile_does_not_change_other_settings(two_accounts: World) -> None:
    """Address, registry and times come from the usual places."""
    two_accounts.set("environment", "baseUrl", "https://environment.test/")
    two_accounts.set("ucimage", "registry", "stack.test")
    two_accounts.set_profile("other", base_url="https://profile.test/")
    settings = two_accounts.load()

    assert (settings.endpoint.host, settings.registry) == ("environment.test", "stack.test")


# --- Missing and malformed settings ---

WAYS_OF_REGION = (
    "There is no region: give the argument region, or set ucimage:region (`pulumi config"
    " set ucimage:region cn-bj2`){ucloud} in the stack's configuration, UCLOUD_REGION in"
    " the environment, or the region of {profile}."
)
ANY_PROFILE = "a profile of the UCloud CLI (`ucloud init` writes ~/.ucloud/config.json)"


PLUGIN = " The plugin sees only ucimage: keys, not the UCloud provider's ucloud:region."


@pytest.mark.parametrize(
    ("place", "in_plugin", "profile", "ucloud", "end"),
    [
        ("environment", False, ANY_PROFILE, " or ucloud:region", ""),
        ("environment", True, ANY_PROFILE, "", PLUGIN),
        ("profile", False, "the profile 'default' in '{file}'", " or ucloud:region", ""),
    ],
    ids=["program", "plugin", "with a profile"],
)
def test_missing_region(
    bare: World, place: str, profile: str, ucloud: str, end: str, *, in_plugin: bool
) -> None:
    """The message names every way; the plugin says that it does not see ucloud:region."""
    bare.set_pair(place)
    bare.arguments["in_plugin"] = in_plugin
    named = profile.format(file=bare.config_file)

    assert f"{WAYS_OF_REGION.format(ucloud=ucloud, profile=named)}{end}" == str(
        bare.error()
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
    ("key", "place"),
    [
        (key, place)
        for key in MALFORMED
        for place in ORDER[key].values
        if place != "argument"
    ],
)
def test_a_malformed_setting(world: World, key: str, place: str) -> None:
    """The message names the place and what the value must be; the value is not shown."""
    parser, text = MALFORMED[key]
    setting = SETTINGS_BY_KEY[key]
    world.environment.delenv(setting.variable, raising=False)
    world.set(place, key, text)
    error = world.error()
    called = {
        "ucimage": f"ucimage:{key} in the stack's configuration",
        "ucloud": f"ucloud:{key} in the stack's configuration",
        "environment": f"{setting.variable} in the environment",
        "profile": f"{setting.in_profile} in the profile 'default' in"
        f" '{world.config_file}'",
    }

    assert f"{called[place]} {clause(parser, text)}." == str(error)
    assert CANARY not in held_by(error)


@pytest.mark.parametrize("place", ["ucimage", "ucloud", "environment"])
def test_a_malformed_setting_is_not_skipped(world: World, place: str) -> None:
    """It is an error even if a later place has a good value."""
    world.set("profile", "projectId", "org-1")
    world.set(place, "projectId", "org 1")

    assert "must have letters, digits, '_' and '-' only" in str(world.error())


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
        argument(name, value, parser)

    assert f"{name} {clause(parser, value)}{shown}." == str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("", None), ("x", "x")])
def test_an_argument(value: str | None, expected: str | None) -> None:
    """An empty argument is not given."""
    assert expected == argument("region", value, parse.name)


# --- Secrecy ---

FAILURES: dict[str, dict[str, str]] = {
    "region": {"region": "a b"},
    "retries": {"maxRetries": "many"},
    "profile": {"profile": "unknown"},
    "file": {"sharedConfigFile": "/"},
}


@pytest.mark.parametrize("settings", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("place", ["ucimage", "environment"])
def test_no_error_leads_to_a_key(bare: World, place: str, settings: dict[str, str]) -> None:
    """No variable of a traceback holds a key of any place."""
    for keys in PLACES_OF_KEYS:
        bare.set_pair(keys, CANARY)
    bare.set("environment", "securityToken", CANARY)
    bare.set("environment", "region", "cn-bj2")
    for key in REGISTRY_PAIR:
        bare.set("environment", key, CANARY)
    for key, value in settings.items():
        bare.set(place, key, value)

    assert CANARY not in held_by(bare.error())


def test_settings_show_no_key(world: World) -> None:
    """Settings can be printed."""
    world.set_pair("environment", CANARY)
    world.set("environment", "securityToken", CANARY)
    world.set("environment", "registryUsername", "me")
    world.set("environment", "registryPassword", CANARY)

    assert CANARY not in repr(world.load())
