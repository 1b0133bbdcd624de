"""Both halves of a pair come from one source, and errors say how to set them."""

from __future__ import annotations

import pytest
from secrecy import held_by

from config.setting_sources import (
    CANARY,
    KEY_PAIR,
    REGISTRY_PAIR,
    SOURCES_OF_KEYS,
    SettingSources,
    keys_of,
)
from pulumi_ucimage.errors import ConfigError

SOURCE_NAMES = {
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


@pytest.mark.parametrize("first", SOURCES_OF_KEYS)
@pytest.mark.parametrize("blank", [None, ""])
def test_the_first_place_with_keys_gives_both(
    unset: SettingSources, first: str, blank: str | None
) -> None:
    """Stack, environment, profile: both keys come from the first that has any."""
    unset.set("environment", "region", "cn-bj2")
    at = SOURCES_OF_KEYS.index(first)
    for source in SOURCES_OF_KEYS[:at] if blank is not None else ():
        for key in KEY_PAIR:
            unset.set(source, key, "")
    for source in SOURCES_OF_KEYS[at:]:
        unset.set_pair(source, source)
    settings = unset.load()
    origin = SOURCE_NAMES[first].format(file=unset.credentials_file)

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
    unset: SettingSources, pair: str, tokens: list[str], expected: str | None
) -> None:
    """A token is never used with the keys of another source."""
    unset.set("environment", "region", "cn-bj2")
    unset.set_pair(pair)
    for source in tokens:
        unset.set(source, "securityToken", f"{source}-token")

    assert expected == keys_of(unset.load())[2]


@pytest.mark.parametrize("source", SOURCES_OF_KEYS)
@pytest.mark.parametrize("half", [0, 1])
def test_half_a_key_pair_is_an_error(unset: SettingSources, source: str, half: int) -> None:
    """The message names both halves there; other sources do not help."""
    unset.set("environment", "region", "cn-bj2")
    for other in SOURCES_OF_KEYS[SOURCES_OF_KEYS.index(source) + 1 :]:
        unset.set_pair(other, CANARY)
    unset.set(source, KEY_PAIR[half], CANARY)
    error = unset.error()
    name = SOURCE_NAMES[source].format(file=unset.credentials_file)

    assert str(error) == (
        f"T{name[1:]} has {CALLED[source][half]} without {CALLED[source][1 - half]}, and"
        f" both must come from one place: {HOW_TO_SET[source]}, or neither."
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
    unset: SettingSources, whole: str, half: str
) -> None:
    """Places after the one with the pair are not asked for keys."""
    unset.set("environment", "region", "cn-bj2")
    unset.set_pair(whole, whole)
    unset.set(half, "privateKey", "x")

    assert keys_of(unset.load()) == (
        f"{whole}-publicKey",
        f"{whole}-privateKey",
        None,
    )


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
    ("source", "at"),
    [(source, at) for source, names in CALLED.items() for at in range(len(names))],
)
def test_a_malformed_key_is_an_error(
    unset: SettingSources, source: str, at: int, text: str
) -> None:
    """Characters that no key has are reported with the source; the key is not shown."""
    unset.set("environment", "region", "cn-bj2")
    unset.set_pair(source, CANARY)
    unset.set(source, (*KEY_PAIR, "securityToken")[at], text)
    error = unset.error()
    name = SOURCE_NAMES[source].format(file=unset.credentials_file)

    assert str(error) == (
        f"{CALLED[source][at]} in {name} has white space or characters that a key cannot"
        " contain: set it again."
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
def test_missing_keys(unset: SettingSources, ways: str, *, in_plugin: bool) -> None:
    """The message names every way; the plugin says which keys it does not see."""
    unset.arguments["in_plugin"] = in_plugin

    assert f"There are no API keys: {ways}" == str(unset.error())


@pytest.mark.parametrize(
    ("argument", "start"),
    [(None, ""), ("default", "leave out the argument profile and ")],
)
def test_a_profile_without_keys(
    unset: SettingSources, argument: str | None, start: str
) -> None:
    """The message names the profile, its file and every other way that would help."""
    unset.set("profile", "region", "cn-bj2")
    unset.arguments["profile"] = argument

    assert str(unset.error()) == (
        f"The profile 'default' has no API keys in '{unset.credentials_file}': set them"
        f" there, or {start}{ALL_WAYS}"
    )


@pytest.mark.parametrize(
    ("argument", "start"),
    [(None, ""), ("default", "leave out the argument profile and ")],
)
@pytest.mark.parametrize("keys", ["stale", "none", "half"])
def test_an_oauth_profile(
    unset: SettingSources, argument: str | None, start: str, keys: str
) -> None:
    """A profile that logs in with a browser has no keys for us; stale ones are not used."""
    unset.set("profile", "region", "cn-bj2")
    if keys == "stale":
        unset.set_pair("profile", CANARY)
    elif keys == "half":
        unset.set("profile", "publicKey", CANARY)
    unset.set_profile("default", auth_mode="oauth")
    unset.arguments["profile"] = argument
    error = unset.error()

    assert str(error) == (
        f"The profile 'default' in '{unset.credentials_file}' logs in with a browser (its"
        " auth_mode is oauth) and has no keys that can sign a call: name another profile,"
        f" or {start}{ALL_WAYS}"
    )
    assert CANARY not in held_by(error)


def test_an_oauth_profile_with_keys_from_another_place(unset: SettingSources) -> None:
    """With keys from another source an OAuth profile still gives its region."""
    unset.set_pair("environment")
    unset.set_profile("default", region="cn-bj2", auth_mode="oauth")

    assert unset.load().region == "cn-bj2"


def registry_error(with_keys: SettingSources) -> ConfigError:
    """Load the settings, and look for the registry's credentials, which must fail."""
    settings = with_keys.load()
    with pytest.raises(ConfigError) as caught:
        settings.find_registry_credentials()
    return caught.value


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["ucimage", "environment"], ("ucimage-user", "ucimage-password")),
        (["environment"], ("environment-user", "environment-password")),
        ([], None),
    ],
)
def test_registry_credentials(
    with_keys: SettingSources, sources: list[str], expected: tuple[str, str] | None
) -> None:
    """Both come from the first source that has any; without them Docker's are used."""
    for source in sources:
        with_keys.set(source, "registryUsername", f"{source}-user")
        with_keys.set(source, "registryPassword", f"{source}-password")
    found = with_keys.load().find_registry_credentials()

    assert expected == (found and (found.username, found.password.reveal()))
    assert not found or found.origin == SOURCE_NAMES[sources[0]]


@pytest.mark.parametrize(
    ("source", "key", "there", "missing"),
    [
        ("ucimage", 0, "ucimage:registryUsername", "ucimage:registryPassword"),
        ("ucimage", 1, "ucimage:registryPassword", "ucimage:registryUsername"),
        ("environment", 0, "UCIMAGE_REGISTRY_USERNAME", "UCIMAGE_REGISTRY_PASSWORD"),
        ("environment", 1, "UCIMAGE_REGISTRY_PASSWORD", "UCIMAGE_REGISTRY_USERNAME"),
    ],
)
def test_half_of_the_registry_credentials_is_an_error(
    with_keys: SettingSources, source: str, key: int, there: str, missing: str
) -> None:
    """A user name is never used with the password of another source."""
    for pair_key in REGISTRY_PAIR if source == "ucimage" else ():
        with_keys.set("environment", pair_key, "x")
    with_keys.set(source, REGISTRY_PAIR[key], CANARY)
    error = registry_error(with_keys)

    assert f" has {there} without {missing}, and both must come from" in str(error)
    assert CANARY not in held_by(error)


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("registryUsername", "a\nb", "a line break or another control character"),
        ("registryPassword", f"{CANARY}\n", "a line break or another control character"),
        ("registryUsername", "a:b", "a colon, which a user name cannot contain"),
    ],
)
def test_malformed_registry_credentials(
    with_keys: SettingSources, key: str, text: str, problem: str
) -> None:
    """What HTTP cannot carry is an error that names the setting."""
    for pair_key in REGISTRY_PAIR:
        with_keys.set("ucimage", pair_key, CANARY)
    with_keys.set("ucimage", key, text)
    error = registry_error(with_keys)

    assert (
        f"ucimage:{key} in the stack's configuration has {problem}: set it again."
        == str(error)
    )
    assert CANARY not in held_by(error)


def test_a_password_may_have_any_printable_text(with_keys: SettingSources) -> None:
    """Spaces, colons and letters of any language are fine."""
    with_keys.set("ucimage", "registryUsername", "AWS")
    with_keys.set("ucimage", "registryPassword", "a b:ü")
    found = with_keys.load().find_registry_credentials()

    assert found
    assert found.password.reveal() == "a b:ü"
