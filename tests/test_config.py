"""Settings come from the first place that has them, and errors say how to make them."""

from __future__ import annotations

import json
import pwd
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from secrecy import held_by

from pulumi_ucimage._config.resolve import Settings, load
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import SECRET_KEYS, SETTINGS_BY_KEY
from pulumi_ucimage.errors import ArgumentError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-51c7"
PAIR = ("publicKey", "privateKey")


@dataclass
class World:
    """Everything that a setting can come from."""

    home: Path
    environment: pytest.MonkeyPatch
    stack: dict[str, str | Secret] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
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
        """Set a setting in a place: argument, stack, environment, or profile `default`."""
        setting = SETTINGS_BY_KEY[key]
        if place == "argument":
            self.arguments[ARGUMENTS[key]] = value
        elif place == "stack":
            secret = key in SECRET_KEYS or key == "publicKey"
            self.stack[key] = Secret(value) if secret else value
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
        """Set a pair of keys, made from one text."""
        self.set(place, "publicKey", f"{value}-public")
        self.set(place, "privateKey", f"{value}-private")

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

    def refusal(self) -> ConfigError:
        """Load the settings, which must fail."""
        with pytest.raises(ConfigError) as caught:
            self.load()
        return caught.value


ARGUMENTS = {
    "region": "region",
    "projectId": "project_id",
    "profile": "profile",
    "registry": "registry",
}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a world where nothing is set."""
    return World(tmp_path / "home", monkeypatch)


@pytest.fixture
def world(bare: World) -> World:
    """Give a world with keys and a region in the environment, which is enough."""
    bare.set_pair("environment")
    bare.set("environment", "region", "cn-bj2")
    return bare


def keys_of(settings: Settings) -> tuple[str, str, str | None]:
    """Tell public key, private key and token."""
    token = settings.credentials.security_token
    return (
        settings.credentials.public_key.reveal(),
        settings.credentials.private_key.reveal(),
        token.reveal() if token else None,
    )


# --- The order of places ---

EVERYWHERE = ("argument", "stack", "environment", "profile")


@dataclass
class Row:
    """Where a setting can stand, what it is there, and what holds if it stands nowhere."""

    attribute: str
    places: tuple[str, ...]
    texts: tuple[str, ...]
    values: tuple[Any, ...]
    default: Any

    def __post_init__(self) -> None:
        assert len(self.places) == len(self.texts) == len(self.values)


URLS = ("https://stack.test/", "https://environment.test/", "https://profile.test/")
NAMES = ("by-argument", "by-stack", "by-environment", "by-profile")
ORDER = {
    "region": Row("region", EVERYWHERE, NAMES, NAMES, ConfigError),
    "projectId": Row("project_id", EVERYWHERE, NAMES, NAMES, None),
    "baseUrl": Row(
        "endpoint",
        EVERYWHERE[1:],
        URLS,
        tuple(map(Endpoint.parse, URLS)),
        Endpoint.parse("https://api.ucloud.cn/"),
    ),
    "registry": Row(
        "registry",
        EVERYWHERE[:3],
        ("a.test", "b.test", "c.test:5000"),
        ("a.test", "b.test", "c.test:5000"),
        None,
    ),
    "timeoutSeconds": Row(
        "timeout_s", ("stack", "environment"), ("10", "2.5"), (10.0, 2.5), 60.0
    ),
    "maxRetries": Row("max_retries", ("stack", "environment"), ("0", "9"), (0, 9), 3),
    "explain": Row(
        "explain",
        ("stack", "environment"),
        ("true", "false"),
        (True, False),
        default=False,
    ),
    "checkTotalCount": Row(
        "check_total_count",
        ("stack", "environment"),
        ("false", "true"),
        (False, True),
        default=True,
    ),
}


@pytest.mark.parametrize(
    ("key", "first"),
    [(key, place) for key, row in ORDER.items() for place in row.places],
)
@pytest.mark.parametrize("blank", ["absent", "empty"])
def test_the_first_place_that_has_a_setting_wins(
    bare: World, key: str, first: str, blank: str
) -> None:
    """Argument, stack, environment, profile: the first counts; an empty text is none."""
    row = ORDER[key]
    bare.set_pair("environment")
    if key != "region":
        bare.set("environment", "region", "cn-bj2")
    at = row.places.index(first)
    for place in row.places[:at]:
        if blank == "empty":
            bare.set(place, key, "")
    for place, text in zip(row.places[at:], row.texts[at:], strict=True):
        bare.set(place, key, text)

    assert row.values[at] == getattr(bare.load(), row.attribute)


@pytest.mark.parametrize("key", [key for key in ORDER if key != "region"])
@pytest.mark.parametrize("blank", ["absent", "empty"])
def test_the_default_holds_where_nothing_is_set(bare: World, key: str, blank: str) -> None:
    """What no place has, or has as an empty text, is the default."""
    row = ORDER[key]
    bare.set_pair("environment")
    bare.set("environment", "region", "cn-bj2")
    for place in row.places if blank == "empty" else ():
        bare.set(place, key, "")

    assert row.default == getattr(bare.load(), row.attribute)


def test_a_null_of_the_stack_is_not_set(world: World) -> None:
    """A null in the stack's configuration counts as nothing."""
    nulls: dict[str, Any] = dict.fromkeys(SETTINGS_BY_KEY)
    world.stack.update(nulls)
    settings = world.load()

    assert (settings.region, settings.timeout_s) == ("cn-bj2", 60.0)
    assert settings.credentials.origin == "the environment"


def test_settings_can_come_from_different_places(bare: World) -> None:
    """Each setting is looked for by itself; only keys and token go together."""
    bare.set_pair("stack")
    bare.set("environment", "region", "cn-sh2")
    bare.set("profile", "projectId", "org-1")
    settings = bare.load()

    assert (settings.region, settings.project_id) == ("cn-sh2", "org-1")


# --- Which profile, and which files ---


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["argument", "stack", "environment"], "argument"),
        (["stack", "environment"], "stack"),
        (["environment"], "environment"),
        ([], "active"),
    ],
)
@pytest.mark.parametrize("blank", ["absent", "empty"])
def test_which_profile_is_used(
    bare: World, places: list[str], expected: str, blank: str
) -> None:
    """The profile is named by argument, stack or environment, else it is the active one."""
    for name in ("default", "active", "argument", "stack", "environment"):
        bare.set_profile(name, region=f"of-{name}", public_key="a", private_key="b")
    bare.configs[1]["active"] = True
    for place in ("argument", "stack", "environment"):
        if place in places:
            bare.set(place, "profile", place)
        elif blank == "empty":
            bare.set(place, "profile", "")

    assert bare.load().region == f"of-{expected}"


def test_the_profile_named_default_is_used_where_none_is_active(bare: World) -> None:
    """Without an active profile it is the one named `default`."""
    bare.set_profile("other", region="x", public_key="a", private_key="b")
    bare.set_profile("default", region="y", public_key="c", private_key="d")

    assert keys_of(bare.load()) == ("c", "d", None)


def test_no_profile_is_needed(world: World) -> None:
    """Missing profile files are as good as none."""
    assert world.load().project_id is None


def test_a_home_without_files_is_not_needed_either(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process without a home, such as in a container, has no profiles."""

    def unknown(_uid: int) -> NoReturn:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)

    assert world.load().region == "cn-bj2"


@pytest.mark.parametrize("place", ["stack", "environment"])
def test_the_profile_files_can_be_elsewhere(
    bare: World, tmp_path: Path, place: str
) -> None:
    """Both files are looked for where the stack or the environment says."""
    bare.set_profile("default", region="of-home", public_key="home", private_key="home")
    configs, credentials = tmp_path / "c.json", tmp_path / "k.json"
    configs.write_text('[{"profile": "default", "region": "elsewhere"}]')
    credentials.write_text(
        '[{"profile": "default", "public_key": "a", "private_key": "b"}]'
    )
    if place == "stack":
        bare.set("environment", "sharedConfigFile", "/nowhere")
        bare.set("environment", "sharedCredentialsFile", "/nowhere")
    bare.set(place, "sharedConfigFile", str(configs))
    bare.set(place, "sharedCredentialsFile", str(credentials))
    settings = bare.load()

    assert (settings.region, keys_of(settings)) == ("elsewhere", ("a", "b", None))


def test_a_path_may_begin_at_home(bare: World) -> None:
    """A tilde in a file's path stands for the home."""
    bare.set("stack", "sharedConfigFile", "~/c.json")
    bare.home.joinpath("c.json").write_text('[{"profile": "default", "region": "r"}]')
    bare.set_pair("stack")

    assert bare.load().region == "r"


def test_an_unknown_profile_is_refused(world: World) -> None:
    """A profile that is not there is an error even where nothing of it is needed."""
    world.set("environment", "profile", "wrok")
    world.set_profile("work", region="cn-bj2")

    assert "No profile is named 'wrok' in " in str(world.refusal())
    assert "there are 'work': name another" in str(world.refusal())


# --- The pair of keys ---

PLACES_OF_KEYS = ("stack", "environment", "profile")
ORIGINS = {
    "stack": "the stack's configuration",
    "environment": "the environment",
    "profile": "the profile 'default'",
}


@pytest.mark.parametrize("first", PLACES_OF_KEYS)
@pytest.mark.parametrize("blank", ["absent", "empty"])
def test_the_first_place_with_keys_gives_the_pair(
    bare: World, first: str, blank: str
) -> None:
    """Stack, environment, profile: the first that has keys gives both, and is named."""
    bare.set("environment", "region", "cn-bj2")
    at = PLACES_OF_KEYS.index(first)
    for place in PLACES_OF_KEYS[:at] if blank == "empty" else ():
        for key in PAIR:
            bare.set(place, key, "")
    for place in PLACES_OF_KEYS[at:]:
        bare.set_pair(place, place)
    settings = bare.load()

    assert keys_of(settings) == (f"{first}-public", f"{first}-private", None)
    assert settings.credentials.origin == ORIGINS[first]


def test_keys_of_the_stack_may_be_plain_texts(world: World) -> None:
    """Keys that come as texts are as good as those that come as secrets."""
    world.stack |= {"publicKey": "a", "privateKey": "b", "securityToken": "c"}

    assert keys_of(world.load()) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("pair", "tokens", "expected"),
    [
        ("stack", ["stack", "environment"], "stack-token"),
        ("environment", ["environment"], "environment-token"),
        ("stack", ["environment"], None),
        ("environment", ["stack"], None),
        ("profile", ["stack", "environment"], None),
    ],
)
def test_a_token_is_taken_from_the_pair_s_place(
    bare: World, pair: str, tokens: list[str], expected: str | None
) -> None:
    """A token counts beside its own pair, and is never mixed with another's."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair(pair)
    for place in tokens:
        bare.set(place, "securityToken", f"{place}-token")

    assert expected == keys_of(bare.load())[2]


BOTH_COMMANDS = (
    "(`pulumi config set ucimage:publicKey KEY` and `pulumi config set --secret"
    " ucimage:privateKey`)"
)
HALVES = {
    ("stack", "publicKey"): "The stack's configuration has ucimage:publicKey without"
    " ucimage:privateKey, and a pair of keys is taken from one place: set both"
    f" {BOTH_COMMANDS}, or neither.",
    ("stack", "privateKey"): "The stack's configuration has ucimage:privateKey without"
    " ucimage:publicKey, and a pair of keys is taken from one place: set both"
    f" {BOTH_COMMANDS}, or neither.",
    ("environment", "publicKey"): "The environment has UCLOUD_PUBLIC_KEY without"
    " UCLOUD_PRIVATE_KEY, and a pair of keys is taken from one place: set both variables,"
    " or neither.",
    ("environment", "privateKey"): "The environment has UCLOUD_PRIVATE_KEY without"
    " UCLOUD_PUBLIC_KEY, and a pair of keys is taken from one place: set both variables,"
    " or neither.",
    ("profile", "publicKey"): "The profile 'default' has public_key without private_key,"
    " and a pair of keys is taken from one place: set both in '{file}', or neither.",
    ("profile", "privateKey"): "The profile 'default' has private_key without public_key,"
    " and a pair of keys is taken from one place: set both in '{file}', or neither.",
}


@pytest.mark.parametrize(("place", "half"), HALVES)
def test_half_a_pair_is_refused(bare: World, place: str, half: str) -> None:
    """Half a pair is an error that names both halves there, whatever other places have."""
    bare.set("environment", "region", "cn-bj2")
    for other in PLACES_OF_KEYS[PLACES_OF_KEYS.index(place) + 1 :]:
        bare.set_pair(other, CANARY)
    bare.set(place, half, CANARY)
    error = bare.refusal()

    assert HALVES[place, half].format(file=bare.credentials_file) == str(error)
    assert CANARY not in held_by(error)


@pytest.mark.parametrize(
    ("whole", "half"),
    [("stack", "environment"), ("stack", "profile"), ("environment", "profile")],
)
def test_half_a_pair_behind_a_whole_one_does_no_harm(
    bare: World, whole: str, half: str
) -> None:
    """Places after the one that gave the pair are not looked at for keys."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair(whole, whole)
    bare.set(half, "privateKey", "x")

    assert keys_of(bare.load()) == (f"{whole}-public", f"{whole}-private", None)


def test_a_token_alone_is_no_half(bare: World) -> None:
    """A token without keys leaves the pair to the places that follow."""
    bare.set("stack", "securityToken", "x")
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair("environment")

    assert keys_of(bare.load()) == ("demo-public", "demo-private", None)


ODD_KEYS = {
    "line's end": f"{CANARY}\n",
    "carriage return": f"{CANARY}\r\n",
    "space": f" {CANARY}",
    "tab": f"{CANARY}\t{CANARY}",
    "only a space": " ",
    "escape": f"\x1b{CANARY}",
    "letters of no key": f"{CANARY}é",
    "full width": f"\uff21{CANARY}",
}
CALLED = {
    "stack": ("ucimage:publicKey", "ucimage:privateKey", "ucimage:securityToken"),
    "environment": ("UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY", "UCIMAGE_SECURITY_TOKEN"),
    "profile": ("public_key", "private_key"),
}


@pytest.mark.parametrize("text", ODD_KEYS.values(), ids=ODD_KEYS)
@pytest.mark.parametrize(
    ("place", "at"),
    [(place, at) for place, names in CALLED.items() for at in range(len(names))],
)
def test_a_key_that_is_none_is_refused(bare: World, place: str, at: int, text: str) -> None:
    """White space and other signs that no key has are told by place, and not shown."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair(place, CANARY)
    bare.set(place, (*PAIR, "securityToken")[at], text)
    error = bare.refusal()

    assert str(error) == (
        f"{CALLED[place][at]} in {ORIGINS[place]} has white space or other signs that no"
        " key has: set it anew, without a line's end."
    )
    assert CANARY not in held_by(error)


ALL_WAYS = (
    "set ucimage:publicKey and ucimage:privateKey in the stack's configuration"
    f" {BOTH_COMMANDS}, or UCLOUD_PUBLIC_KEY and UCLOUD_PRIVATE_KEY in the environment, or"
    " both in a profile of the UCloud CLI (`ucloud init` writes ~/.ucloud/credential.json;"
    " another profile than the active one is named by the argument profile,"
    " ucimage:profile or UCLOUD_PROFILE)"
)


def test_no_keys_at_all(bare: World) -> None:
    """Without keys every way to set them is named."""
    assert f"There are no API keys: {ALL_WAYS}." == str(bare.refusal())


def test_a_profile_without_keys(bare: World) -> None:
    """A profile that has no keys is named, with its file and every other way."""
    bare.set("profile", "region", "cn-bj2")

    assert str(bare.refusal()) == (
        f"The profile 'default' has no API keys in '{bare.credentials_file}': set them"
        f" there, or {ALL_WAYS}."
    )


def test_an_oauth_profile(bare: World) -> None:
    """A profile that logs in with a browser has no keys for us; stale ones are not used."""
    bare.set("profile", "region", "cn-bj2")
    bare.set_pair("profile", CANARY)
    bare.set_profile("default", auth_mode="oauth")
    error = bare.refusal()

    assert str(error) == (
        f"The profile 'default' in '{bare.credentials_file}' logs in with a browser (its"
        " auth_mode is oauth) and has no keys that could sign a call: name another profile,"
        f" or {ALL_WAYS}."
    )
    assert CANARY not in held_by(error)


def test_keys_elsewhere_serve_an_oauth_profile(bare: World) -> None:
    """With keys from another place an OAuth profile still gives its region."""
    bare.set_pair("environment")
    bare.set_profile("default", region="cn-bj2", auth_mode="oauth")

    assert bare.load().region == "cn-bj2"


# --- The argument `profile` ---


@pytest.fixture
def two_accounts(bare: World) -> World:
    """Give a world where everything is set everywhere, and a second profile `other`."""
    for place in PLACES_OF_KEYS:
        bare.set_pair(place, place)
        for key in ("region", "projectId"):
            bare.set(place, key, f"by-{place}")
    for place in ("stack", "environment"):
        bare.set(place, "securityToken", f"{place}-token")
        bare.set(place, "profile", "default")
    bare.set_profile("other", region="r", project_id="p", public_key="a", private_key="b")
    bare.arguments["profile"] = "other"
    return bare


def test_the_argument_profile_takes_everything(two_accounts: World) -> None:
    """Keys, region and project come from the named profile alone, with no token."""
    settings = two_accounts.load()

    assert keys_of(settings) == ("a", "b", None)
    assert (settings.region, settings.project_id) == ("r", "p")


def test_explicit_arguments_win_over_the_argument_profile(two_accounts: World) -> None:
    """Region and project given as arguments are used instead of the profile's."""
    two_accounts.arguments |= {"region": "r2", "project_id": "p2"}
    settings = two_accounts.load()

    assert (settings.region, settings.project_id) == ("r2", "p2")


def test_the_argument_profile_mixes_no_project_in(two_accounts: World) -> None:
    """Where the named profile has no project there is none."""
    del two_accounts.configs[1]["project_id"]

    assert two_accounts.load().project_id is None


def test_the_argument_profile_leaves_the_rest(two_accounts: World) -> None:
    """Address, registry and times are looked for as always."""
    two_accounts.set("environment", "baseUrl", "https://environment.test/")
    two_accounts.set("stack", "registry", "stack.test")
    two_accounts.set_profile("other", base_url="https://profile.test/")
    settings = two_accounts.load()

    assert (settings.endpoint.host, settings.registry) == ("environment.test", "stack.test")


def test_the_argument_profile_mixes_no_region_in(two_accounts: World) -> None:
    """Where the named profile has no region, other places are no help, nor named."""
    del two_accounts.configs[1]["region"]

    assert str(two_accounts.refusal()) == (
        "There is no region: give the argument region, or set the region of the profile"
        f" 'other' in '{two_accounts.config_file}'."
    )


def test_the_argument_profile_mixes_no_keys_in(two_accounts: World) -> None:
    """Where the named profile has no keys, other places serve only without the argument."""
    two_accounts.credentials.pop()

    assert str(two_accounts.refusal()) == (
        f"The profile 'other' has no API keys in '{two_accounts.credentials_file}': set"
        f" them there, or leave the argument profile out and {ALL_WAYS}."
    )


def test_the_argument_profile_with_half_a_pair(two_accounts: World) -> None:
    """Half a pair in the named profile is not made whole by another place."""
    del two_accounts.credentials[1]["public_key"]

    assert str(two_accounts.refusal()) == (
        "The profile 'other' has private_key without public_key, and a pair of keys is"
        f" taken from one place: set both in '{two_accounts.credentials_file}', or neither."
    )


def test_the_argument_profile_with_oauth(two_accounts: World) -> None:
    """A named profile in OAuth mode is not helped out by another place's keys."""
    two_accounts.set_profile("other", auth_mode="oauth")

    assert str(two_accounts.refusal()) == (
        f"The profile 'other' in '{two_accounts.credentials_file}' logs in with a browser"
        " (its auth_mode is oauth) and has no keys that could sign a call: name another"
        f" profile, or leave the argument profile out and {ALL_WAYS}."
    )


def test_the_argument_profile_must_be_there(two_accounts: World) -> None:
    """A named profile that is not there is told with those that are."""
    two_accounts.arguments["profile"] = "third"

    assert "there are 'default', 'other': name another" in str(two_accounts.refusal())


# --- Missing and malformed settings ---


def test_no_region(bare: World) -> None:
    """Without a region every way to set one is named."""
    bare.set_pair("environment")

    assert str(bare.refusal()) == (
        "There is no region: give the argument region, or set ucimage:region (`pulumi"
        " config set ucimage:region cn-bj2`), UCLOUD_REGION in the environment, or the"
        " region of a profile of the UCloud CLI (`ucloud init` writes"
        " ~/.ucloud/config.json)."
    )


def test_no_region_in_the_profile(bare: World) -> None:
    """Where a profile is used, its name and file are told."""
    bare.set_pair("profile")

    assert str(bare.refusal()) == (
        "There is no region: give the argument region, or set ucimage:region (`pulumi"
        " config set ucimage:region cn-bj2`), UCLOUD_REGION in the environment, or the"
        f" region of the profile 'default' in '{bare.config_file}'."
    )


NAME = "must have letters, digits, '_' and '-' only"
URL = (
    "must be an address such as https://api.ucloud.cn/, with a port from 1 to 65535 if any,"
    " and no user name, query or fragment"
)
HTTPS = (
    "must begin with https://, because anyone who sees a signed request can send it again;"
    " http:// is accepted only for a loopback address and for api.service.ucloud.cn"
)
MALFORMED = {
    "region": (f"{CANARY}==", NAME),
    "projectId": (f"org {CANARY}", NAME),
    "baseUrl": (f"https://user:{CANARY}@api.ucloud.cn/", URL),
    "registry": (
        f"https://{CANARY}",
        "must be host[:port], such as mirror.example.com or 10.0.0.5:5000, with no scheme"
        " and no path",
    ),
    "timeoutSeconds": (
        f"{CANARY}s",
        "must be a number of seconds above 0 and below 1000000, such as 60",
    ),
    "maxRetries": (CANARY, "must be a whole number from 0 to 99"),
    "explain": (CANARY, "must be true or false"),
    "checkTotalCount": (CANARY, "must be true or false"),
}


@pytest.mark.parametrize("key", MALFORMED)
@pytest.mark.parametrize("place", ["stack", "environment"])
def test_a_malformed_setting(world: World, key: str, place: str) -> None:
    """A malformed setting is told by its place and what it must be, and is not shown."""
    text, clause = MALFORMED[key]
    world.set(place, key, text)
    called = (
        f"The setting ucimage:{key}"
        if place == "stack"
        else f"The environment variable {SETTINGS_BY_KEY[key].variable}"
    )

    assert f"{called} {clause}." == str(world.refusal())


@pytest.mark.parametrize(
    ("key", "text", "clause"),
    [
        ("region", f"{CANARY}==", NAME),
        ("projectId", f"org {CANARY}", NAME),
        ("baseUrl", f"https://user:{CANARY}@api.ucloud.cn/", URL),
        ("baseUrl", f"http://{CANARY}.cn/", HTTPS),
    ],
)
def test_a_malformed_setting_of_a_profile(
    bare: World, key: str, text: str, clause: str
) -> None:
    """A malformed field of a profile is told by profile and file, and is not shown."""
    bare.set_pair("profile")
    bare.set("profile", "region", "cn-bj2")
    bare.set("profile", key, text)

    assert str(bare.refusal()) == (
        f"The {SETTINGS_BY_KEY[key].in_profile} of the profile 'default' in"
        f" '{bare.config_file}' {clause}."
    )


@pytest.mark.parametrize("place", ["stack", "environment"])
def test_a_wrong_value_is_not_passed_over(world: World, place: str) -> None:
    """A malformed setting is an error even where a later place would serve."""
    world.set("profile", "projectId", "org-1")
    world.set(place, "projectId", "org 1")

    assert "must have letters, digits, '_' and '-' only" in str(world.refusal())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("region", "cn bj2", f"region {NAME}, not 'cn bj2'."),
        ("project_id", "org/1", f"project_id {NAME}, not 'org/1'."),
        ("region", "\x1b[2J", f"region {NAME}, not '\\x1b[2J'."),
        (
            "registry",
            "mirror/ucs",
            f"registry {MALFORMED['registry'][1]}, not 'mirror/ucs'.",
        ),
        ("registry", "u:hunter2@mirror.test", f"registry {MALFORMED['registry'][1]}."),
    ],
)
def test_a_malformed_argument(world: World, name: str, value: str, expected: str) -> None:
    """A malformed argument is told, and shown unless it may hold a password."""
    world.arguments[name] = value
    with pytest.raises(ArgumentError) as caught:
        world.load()

    assert expected == str(caught.value)


@pytest.mark.parametrize("which", ["config", "credentials"])
def test_a_malformed_file_is_told(world: World, which: str) -> None:
    """A file that is no file of profiles is named, and nothing leads to what it holds."""
    path = getattr(world, f"{which}_file")
    path.parent.mkdir()
    path.write_text(CANARY)
    error = world.refusal()

    assert str(error).startswith(f"The profile file '{path}' is not a list of profiles")
    assert CANARY not in held_by(error)


# --- Secrecy ---

FAILURES: dict[str, dict[str, str]] = {
    "region": {"region": "a b"},
    "project": {"projectId": "a b"},
    "address": {"baseUrl": "ftp://x"},
    "retries": {"maxRetries": "many"},
    "profile": {"profile": "unknown"},
    "file": {"sharedConfigFile": "/"},
}


@pytest.mark.parametrize("settings", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("place", ["stack", "environment"])
def test_no_error_leads_to_a_key(bare: World, place: str, settings: dict[str, str]) -> None:
    """Whatever is wrong, nothing that the error leads to holds a key of any place."""
    for keys in PLACES_OF_KEYS:
        bare.set_pair(keys, CANARY)
    bare.set("environment", "securityToken", CANARY)
    bare.set("environment", "region", "cn-bj2")
    for key, value in settings.items():
        bare.set(place, key, value)

    assert CANARY not in held_by(bare.refusal())


def test_settings_show_no_key(bare: World) -> None:
    """What was loaded can be printed."""
    bare.set("environment", "region", "cn-bj2")
    bare.set_pair("environment", CANARY)
    bare.set("environment", "securityToken", CANARY)

    assert CANARY not in repr(bare.load())
