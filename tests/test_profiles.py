"""The UCloud CLI's profiles are read as the CLI writes them, and never shown."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from secrecy import held_by

from pulumi_ucimage._config.profiles import Profile, read_profile
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


class Files:
    """The two files of profiles; a part that is None is a file that is missing."""

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
            name, config_file=str(self.config), credentials_file=str(self.credentials)
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a folder for the two files."""
    return Files(tmp_path)


def config(profile: str, **fields: Any) -> dict[str, Any]:
    """Make a row of the file of profiles."""
    return {"profile": profile, **fields}


def test_a_profile_is_read_from_both_files(files: Files) -> None:
    """Region, project and address come from the one file, the keys from the other."""
    files.write([CONFIG], [CREDENTIAL])
    profile = files.read()

    assert profile is not None
    assert (profile.name, profile.is_oauth) == ("work", False)
    assert profile.texts == {
        "region": "cn-bj2",
        "project_id": "org-abc",
        "base_url": "https://api.ucloud.cn/",
    }
    assert {key: secret.reveal() for key, secret in profile.keys.items()} == {
        "public_key": "public",
        "private_key": "private",
    }


def test_a_profile_knows_its_files(files: Files) -> None:
    """The paths of both files are there for messages."""
    files.write([CONFIG], [CREDENTIAL])
    profile = files.read()

    assert profile is not None
    assert (profile.config_file, profile.credentials_file) == (
        str(files.config),
        str(files.credentials),
    )


@pytest.mark.parametrize(
    ("configs", "credentials", "expected"),
    [
        pytest.param([config("a"), config("b", active=True)], [], "b", id="active"),
        pytest.param(
            [config("a", active=True), config("default")], [], "a", id="active, not default"
        ),
        pytest.param(
            [config("a", active=True), config("b", active=True)], [], "b", id="last active"
        ),
        pytest.param([config("a"), config("default")], [], "default", id="default"),
        pytest.param([config("default", active=False)], [], "default", id="not active"),
        pytest.param(
            [config("default", active=None)], [], "default", id="null is not active"
        ),
        pytest.param([], [config("default")], "default", id="default has keys alone"),
        pytest.param([config("a")], [config("a")], None, id="neither"),
        pytest.param(
            [config("a")], [config("a", active=True)], None, id="active elsewhere"
        ),
        pytest.param([config("Default")], [], None, id="upper case is another name"),
        pytest.param([], [], None, id="empty lists"),
        pytest.param(None, None, None, id="no files"),
        pytest.param(None, [config("default")], "default", id="no file of profiles"),
        pytest.param([config("default")], None, "default", id="no file of keys"),
    ],
)
def test_the_profile_that_no_one_named(
    files: Files, configs: object, credentials: object, expected: str | None
) -> None:
    """Without a name it is the active profile, else `default`, else none."""
    files.write(configs, credentials)
    profile = files.read()

    assert expected == (profile.name if profile else None)


def test_a_name_wins_over_the_active_profile(files: Files) -> None:
    """A profile that is asked for by name is taken, whichever is active."""
    files.write([config("a", region="x", active=True), config("b", region="y")], [])
    profile = files.read("b")

    assert profile is not None
    assert profile.texts == {"region": "y"}


def test_of_two_rows_with_one_name_the_last_counts(files: Files) -> None:
    """The CLI reads the last row of a name, and so does this."""
    files.write([config("a", region="x"), config("a", region="y")], [])
    profile = files.read("a")

    assert profile is not None
    assert profile.texts == {"region": "y"}


@pytest.mark.parametrize("value", ["", None])
def test_empty_fields_are_not_set(files: Files, value: str | None) -> None:
    """An empty text and null are as good as no field."""
    files.write(
        [config("a", region=value, project_id=value, base_url=value)],
        [config("a", public_key=value, private_key=value)],
    )
    profile = files.read("a")

    assert profile is not None
    assert (profile.texts, profile.keys) == ({}, {})


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
    """A profile logs in with a browser where the CLI says so in the CLI's own words."""
    files.write([config("a")], [config("a", auth_mode=mode, public_key="stale")])
    profile = files.read("a")

    assert profile is not None
    assert expected == profile.is_oauth


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty file"),
        pytest.param(b"null", id="null, as the CLI writes for none"),
        pytest.param(b"[]", id="empty list"),
    ],
)
def test_a_file_without_profiles_is_as_none(files: Files, content: bytes) -> None:
    """A file that holds nothing, in each of the CLI's ways, is as good as no file."""
    files.write(content, content)

    assert files.read() is None


def test_a_byte_order_mark_does_no_harm(files: Files) -> None:
    """A file that an editor of Windows saved can be read."""
    files.write(b"\xef\xbb\xbf" + json.dumps([CONFIG]).encode())
    profile = files.read()

    assert profile is not None
    assert profile.name == "work"


MALFORMED = {
    "no JSON": CANARY.encode(),
    "cut off": f'[{{"profile": "default", "private_key": "{CANARY}'.encode(),
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
    "not UTF-8": b'[{"profile": "\xff", "private_key": "' + CANARY.encode() + b'"}]',
    "nested without end": b"[" * 100_000 + CANARY.encode(),
    "a number without end": b"[" + b"9" * 5000 + b"]" + CANARY.encode(),
    "two values": b"[]" + CANARY.encode(),
    "white space": b" \n",
}
HOW_TO_NAME_ANOTHER = {
    "config": "(`pulumi config set ucimage:sharedConfigFile PATH` or"
    " UCLOUD_SHARED_CONFIG_FILE)",
    "credentials": "(`pulumi config set ucimage:sharedCredentialsFile PATH` or"
    " UCLOUD_SHARED_CREDENTIAL_FILE)",
}


def refusal(files: Files, name: str | None = None) -> ConfigError:
    """Read a profile, which must fail."""
    with pytest.raises(ConfigError) as caught:
        files.read(name)
    return caught.value


@pytest.mark.parametrize("which", ["config", "credentials"])
@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_told(files: Files, which: str, content: bytes) -> None:
    """A file that is no list of profiles is named, with every way out, and not shown."""
    files.write(**{which: content})
    path = getattr(files, which)

    assert str(refusal(files)) == (
        f"The profile file '{path}' is not a list of profiles in JSON; mend it, make it"
        f" anew with `ucloud init`, or name another {HOW_TO_NAME_ANOTHER[which]}."
    )


@pytest.mark.parametrize("which", ["config", "credentials"])
@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_not_shown(files: Files, which: str, content: bytes) -> None:
    """Nothing that an error leads to holds what the file holds."""
    files.write(**{which: content})

    assert CANARY not in held_by(refusal(files))


def test_a_huge_file_is_not_read(files: Files) -> None:
    """A file larger than 1 MiB is no file of profiles, and is not shown either."""
    files.write(credentials=b"[" + f'"{CANARY}"'.encode() + b" " * 2**20 + b"]")
    error = refusal(files)

    assert f"The profile file '{files.credentials}' is larger than 1 MiB; mend it" in str(
        error
    )
    assert CANARY not in held_by(error)


def test_the_largest_file_is_read(files: Files) -> None:
    """A file of exactly 1 MiB is read."""
    files.write(config=b"[" + b" " * (2**20 - 2) + b"]")

    assert files.read() is None


@pytest.mark.parametrize("which", ["config", "credentials"])
def test_a_file_that_cannot_be_read(files: Files, which: str) -> None:
    """A folder, or whatever else cannot be read, is named with every way out."""
    path = getattr(files, which)
    path.mkdir()

    assert str(refusal(files)) == (
        f"The profile file '{path}' cannot be read; mend it, make it anew with `ucloud"
        f" init`, or name another {HOW_TO_NAME_ANOTHER[which]}."
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [("a\0b", "a\\x00b"), ("\ud800", "\\ud800"), ("x" * 5000, "x" * 200 + "...")],
    ids=["null", "surrogate", "long"],
)
def test_a_path_that_cannot_be(path: str, shown: str) -> None:
    """A path that no file can have is told as one that cannot be read, printable."""
    with pytest.raises(ConfigError) as caught:
        read_profile(None, config_file=path, credentials_file="missing")

    assert str(caught.value).startswith(f"The profile file '{shown}' cannot be read; ")


def test_a_pipe_is_read(files: Files) -> None:
    """A file may be a pipe, such as a shell makes of `<(command)`."""
    reader, writer = os.pipe()
    os.write(writer, json.dumps([CREDENTIAL]).encode())
    os.close(writer)
    profile = read_profile(
        "work", config_file=str(files.config), credentials_file=f"/dev/fd/{reader}"
    )
    os.close(reader)

    assert profile is not None
    assert set(profile.keys) == {"public_key", "private_key"}


WRONG_VALUES = [[CANARY], {CANARY: CANARY}, 7, 0, True, False]


@pytest.mark.parametrize("field", ["region", "project_id", "base_url"])
@pytest.mark.parametrize("value", WRONG_VALUES, ids=repr)
def test_a_wrong_field_of_the_profile(files: Files, field: str, value: object) -> None:
    """A field of the used profile that is no text is named, and not shown."""
    files.write([config("a", **{field: value})], [])
    error = refusal(files, "a")

    assert str(error) == (
        f"{field} of the profile 'a' in '{files.config}' is no text; mend it, or make the"
        " profile anew with `ucloud config`."
    )
    assert CANARY not in held_by(error)


@pytest.mark.parametrize("field", ["public_key", "private_key"])
@pytest.mark.parametrize("value", WRONG_VALUES, ids=repr)
def test_a_wrong_field_of_the_keys(files: Files, field: str, value: object) -> None:
    """A key of the used profile that is no text is named, and not shown."""
    keys = {"public_key": CANARY, "private_key": CANARY, field: value}
    files.write([], [config("a", **keys)])
    error = refusal(files, "a")

    assert str(error) == (
        f"{field} of the profile 'a' in '{files.credentials}' is no text; mend it, or make"
        " the profile anew with `ucloud config`."
    )
    assert CANARY not in held_by(error)


def test_wrong_fields_of_others_do_no_harm(files: Files) -> None:
    """Another profile's malformed fields, and fields that are not used, are passed over."""
    files.write(
        [config("a", region="x", zone=[1], timeout_sec="?"), config("b", region=[1])],
        [config("a", cookie=1), config("b", private_key=[1])],
    )
    profile = files.read("a")

    assert profile is not None
    assert profile.texts == {"region": "x"}


@pytest.mark.parametrize(
    ("configs", "credentials", "there"),
    [
        ([config("a"), config("b")], [config("b"), config("c")], "there are 'a', 'b', 'c'"),
        ([config("a")], [], "there are 'a'"),
        ([], [config("\x1b[2J")], "there are '\\x1b[2J'"),
        ([], [], "there is none at all"),
        (None, None, "there is none at all"),
        (
            [config(name) for name in "abcdefghijkl"],
            [],
            "there are 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j' and 2 more",
        ),
    ],
    ids=["both files", "one", "hostile", "empty lists", "no files", "many"],
)
def test_an_unknown_profile(
    files: Files, configs: object, credentials: object, there: str
) -> None:
    """A profile that is nowhere is told with those there are, and every way to name one."""
    files.write(configs, credentials)

    assert str(refusal(files, "wrok")) == (
        f"No profile is named 'wrok' in '{files.config}' or '{files.credentials}', {there}:"
        " name another (argument profile, `pulumi config set ucimage:profile NAME` or"
        " UCLOUD_PROFILE), or make it with `ucloud config`."
    )


def test_an_unknown_profile_shows_no_keys(files: Files) -> None:
    """The error about a name leads to no key of the profiles that were read."""
    files.write(
        [config("a", cookie=CANARY)], [config("a", private_key=CANARY, cookie=CANARY)]
    )

    assert CANARY not in held_by(refusal(files, "b"))


def test_a_profile_shows_no_keys(files: Files) -> None:
    """A profile can be printed."""
    files.write([], [config("a", public_key=CANARY, private_key=CANARY)])

    assert CANARY not in repr(files.read("a"))
