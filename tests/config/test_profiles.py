"""The UCloud CLI's profiles are read as the CLI writes them, and never shown."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from secrecy import held_by

from pulumi_ucimage._config.profiles import Profile, ProfileFile, read_profile
from pulumi_ucimage._config.resolve import load
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-8f2e"

# All fields that the CLI 0.3 writes (cmd/internal/platform/config.go).
CONFIG = {
    "project_id": "org-abc",
    "region": "cn-bj2",
    "zone": "cn-bj2-04",
    "base_url": "https://api.ucloud.cn/",
    "timeout_sec": 15,
    "profile": "work",
    "active": True,
    "max_retry_times": 3,
    "agree_upload_log": False,
}
CREDENTIAL = {
    "public_key": "public",
    "private_key": "private",
    "cookie": "",
    "csrf_token": "",
    "profile": "work",
}


def at_default_path(key: str, path: Path | str) -> ProfileFile:
    """A profile file that no setting names."""
    return ProfileFile(path=str(path), setting=SETTINGS_BY_KEY[key], named_by=None)


class Files:
    """The two profile files; one that is not written is missing."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.json"
        self.credentials = folder / "credential.json"

    def write(self, config: object = None, credentials: object = None) -> None:
        """Write both files, bytes as they are and other values as JSON."""
        for path, content in ((self.config, config), (self.credentials, credentials)):
            if isinstance(content, bytes):
                path.write_bytes(content)
            elif content is not None:
                path.write_text(json.dumps(content))

    def read(self, name: str | None = None) -> Profile | None:
        """Read a profile from them."""
        return read_profile(
            name,
            config_file=at_default_path("sharedConfigFile", self.config),
            credentials_file=at_default_path("sharedCredentialsFile", self.credentials),
        )

    def values(self, name: str) -> dict[str, str]:
        """Read a profile's fields."""
        profile = self.read(name)
        assert profile is not None
        return {key: secret.reveal() for key, secret in profile.values.items()}

    def error(self, name: str | None = None) -> ConfigError:
        """Read a profile, which must fail."""
        with pytest.raises(ConfigError) as caught:
            self.read(name)
        return caught.value


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder for the two files."""
    return Files(tmp_path)


def row(profile: str, **fields: Any) -> dict[str, Any]:
    """A row of a profile file."""
    return {"profile": profile, **fields}


def test_a_profile_is_read_from_both_files(files: Files) -> None:
    """Region, project and address come from one file, the keys from the other."""
    files.write(
        [{**CONFIG, "public_key": "stale"}], [{**CREDENTIAL, "region": "elsewhere"}]
    )
    profile = files.read()

    assert profile is not None
    assert (profile.name, profile.is_oauth) == ("work", False)
    assert files.values("work") == {
        "region": "cn-bj2",
        "project_id": "org-abc",
        "base_url": "https://api.ucloud.cn/",
        "public_key": "public",
        "private_key": "private",
    }
    assert (str(files.config), str(files.credentials)) == (
        profile.path_of("region"),
        profile.path_of("public_key"),
    )


@pytest.mark.parametrize(
    ("configs", "credentials", "expected"),
    [
        pytest.param([row("a"), row("b", active=True)], [], "b", id="active"),
        pytest.param(
            [row("a", active=True), row("default")], [], "a", id="active, not default"
        ),
        pytest.param(
            [row("a", active=True), row("b", active=True)], [], "b", id="last active"
        ),
        pytest.param([row("a"), row("default")], [], "default", id="default"),
        pytest.param([row("default", active=False)], [], "default", id="not active"),
        pytest.param([row("default", active=None)], [], "default", id="active is null"),
        pytest.param([], [row("default")], "default", id="default has only keys"),
        pytest.param([row("a")], [row("a")], None, id="neither"),
        pytest.param([row("a")], [row("a", active=True)], None, id="active elsewhere"),
        pytest.param([row("Default")], [], None, id="upper case is another name"),
        pytest.param([], [], None, id="empty lists"),
        pytest.param(None, None, None, id="no files"),
        pytest.param(None, [row("default")], "default", id="no file of profiles"),
        pytest.param([row("default")], None, "default", id="no file of keys"),
    ],
)
def test_which_profile_is_used_if_none_is_named(
    files: Files, configs: object, credentials: object, expected: str | None
) -> None:
    """The active profile, else `default`, else none."""
    files.write(configs, credentials)
    profile = files.read()

    assert expected == (profile.name if profile else None)


def test_a_name_wins_over_the_active_profile(files: Files) -> None:
    """The profile that is asked for by name is used, whichever is active."""
    files.write([row("a", region="x", active=True), row("b", region="y")], [])

    assert files.values("b") == {"region": "y"}


def test_the_last_of_two_rows_with_one_name_is_used(files: Files) -> None:
    """The CLI uses the last row of a name, in both files."""
    files.write(
        [row("a", region="x"), row("a", region="y")],
        [row("a", public_key="x", private_key="x"), row("a", public_key="y")],
    )

    assert files.values("a") == {"region": "y", "public_key": "y"}


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_field_is_not_set(files: Files, value: str | None) -> None:
    """An empty text and null are the same as no field."""
    files.write(
        [row("a", region=value, project_id=value, base_url=value)],
        [row("a", public_key=value, private_key=value)],
    )

    assert files.values("a") == {}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("oauth", True),
        ("", False),
        (None, False),
        ("aksk", False),
        ("OAuth", False),
        (1, False),
    ],
)
def test_oauth(files: Files, mode: object, *, expected: bool) -> None:
    """A profile logs in with a browser if its auth_mode is the CLI's word for that."""
    files.write([row("a")], [row("a", auth_mode=mode, public_key="stale")])
    profile = files.read("a")

    assert profile is not None
    assert expected == profile.is_oauth


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"\xef\xbb\xbf"])
def test_a_file_without_profiles(files: Files, content: bytes) -> None:
    """The CLI's forms of an empty file are the same as no file."""
    files.write(content, content)

    assert files.read() is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_accepted(files: Files, encoding: str) -> None:
    """Editors and shells on Windows write one."""
    files.write(json.dumps([CONFIG]).encode(encoding))

    assert files.values("work")["region"] == "cn-bj2"


NOT_JSON = {
    "no JSON": CANARY.encode(),
    "cut off": f'[{{"profile": "default", "private_key": "{CANARY}'.encode(),
    "not UTF-8": b'[{"profile": "\xff", "private_key": "' + CANARY.encode() + b'"}]',
    "nested too deeply": b"[" * 100_000 + CANARY.encode(),
    "a number of 5000 digits": b"[" + b"9" * 5000 + b"]" + CANARY.encode(),
    "two values": b"[]" + CANARY.encode(),
    "white space": b" \n",
}
NOT_PROFILES = {
    "an object": json.dumps({"profile": "default", "private_key": CANARY}).encode(),
    "a text": json.dumps(CANARY).encode(),
    "a number": b"0",
    "false": b"false",
    "an empty object": b"{}",
    "rows that are texts": json.dumps([CANARY]).encode(),
    "rows that are lists": json.dumps([[CANARY]]).encode(),
    "a row that is null": json.dumps([None, {"profile": CANARY}]).encode(),
    "a row without a name": json.dumps([{"private_key": CANARY}]).encode(),
    "a name that is null": json.dumps([{"profile": None, "private_key": CANARY}]).encode(),
    "a name that is a number": json.dumps([{"profile": 1, "private_key": CANARY}]).encode(),
    "active is a text": json.dumps([{"profile": CANARY, "active": "true"}]).encode(),
    "active is a number": json.dumps([{"profile": CANARY, "active": 1}]).encode(),
}
MALFORMED = [
    *(pytest.param(c, "is not valid JSON", id=name) for name, c in NOT_JSON.items()),
    *(
        pytest.param(
            c,
            "is not a list of profiles, each with its name in profile, and true or false in"
            " active",
            id=name,
        )
        for name, c in NOT_PROFILES.items()
    ),
    pytest.param(
        b'["' + CANARY.encode() + b'"' + b" " * 2**20 + b"]",
        "is larger than 1 MiB",
        id="too large",
    ),
]
HOW_TO_NAME_ANOTHER = {
    "config": "(`pulumi config set ucimage:sharedConfigFile PATH` or"
    " UCLOUD_SHARED_CONFIG_FILE)",
    "credentials": "(`pulumi config set ucimage:sharedCredentialsFile PATH` or"
    " UCLOUD_SHARED_CREDENTIAL_FILE)",
}


@pytest.mark.parametrize("which", ["config", "credentials"])
@pytest.mark.parametrize(("content", "problem"), MALFORMED)
def test_a_malformed_file(files: Files, which: str, content: bytes, problem: str) -> None:
    """The message names the file and how to name another; its content is not shown."""
    files.write(**{which: content})
    path = getattr(files, which)
    error = files.error()

    assert str(error) == (
        f"The profile file '{path}' {problem}: correct it, or name another file"
        f" {HOW_TO_NAME_ANOTHER[which]}."
    )
    assert CANARY not in held_by(error)


def test_the_largest_file_is_read(files: Files) -> None:
    """A file of exactly 1 MiB is read."""
    files.write(config=b"[" + b" " * (2**20 - 2) + b"]")

    assert files.read() is None


@pytest.mark.parametrize("which", ["config", "credentials"])
def test_a_file_that_cannot_be_read(files: Files, which: str) -> None:
    """A folder at a default path is an error, with its reason."""
    path = getattr(files, which)
    path.mkdir()

    assert f"The profile file '{path}' cannot be read (Is a directory): correct" in str(
        files.error()
    )


def test_a_home_that_is_not_a_folder_has_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Daemons often have /dev/null as their home; the default files may be missing."""
    monkeypatch.setenv("HOME", "/dev/null")
    environment = {
        "UCLOUD_PUBLIC_KEY": "a",
        "UCLOUD_PRIVATE_KEY": "b",
        "UCLOUD_REGION": "cn-bj2",
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    assert "cn-bj2" == load({}).region


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a\0b", "'a\\x00b' has an invalid path"),
        ("\ud800", "'\\ud800' has an invalid path"),
        ("x" * 5000, f"'{'x' * 200}...' cannot be read (File name too long)"),
    ],
    ids=["null", "surrogate", "long"],
)
def test_an_impossible_path(path: str, shown: str) -> None:
    """The message is printable."""
    with pytest.raises(ConfigError) as caught:
        at_default_path("sharedConfigFile", path).rows()

    assert str(caught.value).startswith(f"The profile file {shown}: ")


def test_a_pipe_is_read(files: Files) -> None:
    """A file may be a pipe, such as a shell makes of `<(command)`."""
    reader, writer = os.pipe()
    os.write(writer, json.dumps([CREDENTIAL]).encode())
    os.close(writer)
    profile = read_profile(
        "work",
        config_file=at_default_path("sharedConfigFile", files.config),
        credentials_file=at_default_path("sharedCredentialsFile", f"/dev/fd/{reader}"),
    )
    os.close(reader)

    assert profile is not None
    assert set(profile.values) == {"public_key", "private_key"}


@pytest.mark.parametrize(
    ("field", "which"),
    [
        ("region", "config"),
        ("project_id", "config"),
        ("base_url", "config"),
        ("public_key", "credentials"),
        ("private_key", "credentials"),
    ],
)
@pytest.mark.parametrize("value", [[CANARY], {CANARY: CANARY}, 7, 0, True, False], ids=repr)
def test_a_malformed_field(files: Files, field: str, which: str, value: object) -> None:
    """A field of the used profile that is not a string is named, and not shown."""
    other = {"public_key": CANARY, "private_key": CANARY, "region": CANARY}
    files.write(**{which: [row("a", **{**other, field: value})]})
    error = files.error("a")

    assert str(error) == (
        f"The field {field} of the profile 'a' in '{getattr(files, which)}' is not a"
        " string: correct it, or create the profile again with `ucloud config`."
    )
    assert CANARY not in held_by(error)


def test_malformed_fields_of_other_profiles_are_ignored(files: Files) -> None:
    """Unused fields and fields of the other file are ignored too."""
    files.write(
        [
            row("a", region="x", zone=[1], timeout_sec="?", private_key=[1]),
            row("b", region=[1]),
        ],
        [row("a", cookie=1, region=[1]), row("b", private_key=[1])],
    )

    assert files.values("a") == {"region": "x"}


@pytest.mark.parametrize(
    ("configs", "credentials", "there"),
    [
        ([row("a"), row("b")], [row("b"), row("c")], "which have 'a', 'b', 'c'"),
        ([], [row("\x1b[2J")], "which have '\\x1b[2J'"),
        ([], [], "which have no profiles"),
        (None, None, "which have no profiles"),
        (
            [row(name) for name in "abcdefghijkl"],
            [],
            "which have 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j' and 2 more",
        ),
    ],
    ids=["both files", "hostile", "empty lists", "no files", "many"],
)
def test_an_unknown_profile(
    files: Files, configs: object, credentials: object, there: str
) -> None:
    """The message lists the profiles that exist and every way to name one."""
    files.write(configs, credentials)

    assert str(files.error("wrok")) == (
        f"No profile is named 'wrok' in '{files.config}' or '{files.credentials}', {there}:"
        " name another profile (the argument profile, `pulumi config set ucimage:profile"
        " NAME`"
        " or UCLOUD_PROFILE), or create it with `ucloud config`."
    )


def test_an_unknown_profile_shows_no_keys(files: Files) -> None:
    """The error leads to no key of the profiles that were read."""
    files.write([row("a", cookie=CANARY)], [row("a", private_key=CANARY, cookie=CANARY)])

    assert CANARY not in held_by(files.error("b"))


def test_a_profile_shows_no_keys(files: Files) -> None:
    """A profile can be printed."""
    files.write([row("a", region=CANARY)], [row("a", private_key=CANARY)])

    assert CANARY not in repr(files.read("a"))
