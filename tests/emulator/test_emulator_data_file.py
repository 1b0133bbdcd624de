"""The emulator's data: which shape it has, and what is said of another one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator_calls import DATA, PRIVATE_KEY, PUBLIC_KEY, TOKEN, listed, post, signed

from pulumi_ucimage.emulator import DataError, Emulator
from pulumi_ucimage.emulator.data_file import parse as parse_data

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"PublicKey": "a", "PrivateKey": "b"}
BUCKET = {"Region": "hk", "BucketName": "ucs", "ImageSet": []}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "The data must have Keys."),
        ({"Keys": []}, "The data must have Buckets."),
        ({"Keys": {}, "Buckets": []}, "Keys must be a list."),
        ({"Keys": [], "Buckets": None}, "Buckets must be a list."),
        (
            {"Keys": [], "Buckets": [], "Bucket": []},
            "The data cannot have 'Bucket', only Keys, Buckets.",
        ),
        ({"Keys": ["a"], "Buckets": []}, "Keys[0] must be an object."),
        ({"Keys": [{"PublicKey": "a"}], "Buckets": []}, "Keys[0] must have PrivateKey."),
        (
            {"Keys": [KEY, {**KEY, "PrivateKey": ""}], "Buckets": []},
            "Keys[1].PrivateKey must be text that is not empty.",
        ),
        (
            {"Keys": [{**KEY, "PublicKey": 1}], "Buckets": []},
            "Keys[0].PublicKey must be text that is not empty.",
        ),
        (
            {"Keys": [{**KEY, "SecurityToken": ""}], "Buckets": []},
            "Keys[0].SecurityToken must be text that is not empty.",
        ),
        (
            {"Keys": [KEY, KEY], "Buckets": []},
            "Keys[1] must not have the PublicKey of Keys[0] again.",
        ),
        ({"Keys": [], "Buckets": [[]]}, "Buckets[0] must be an object."),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "Region": None}]},
            "Buckets[0].Region must be text that is not empty.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "BucketName": "a b"}]},
            "Buckets[0].BucketName must be 1 to 63 of letters, digits, '_', '-' and '.'.",
        ),
        (
            {"Keys": [], "Buckets": [BUCKET, {**BUCKET, "ImageSet": None}]},
            "Buckets[1].ImageSet must be a list.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "ImageSet": [{}, 5]}]},
            "Buckets[0].ImageSet[1] must be an object.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "ProjectID": "org"}]},
            "Buckets[0] cannot have 'ProjectID', "
            "only Region, BucketName, ImageSet, ProjectId.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "ProjectId": 5}]},
            "Buckets[0].ProjectId must be text that is not empty.",
        ),
        (
            {"Keys": [], "Buckets": [BUCKET, BUCKET]},
            "Buckets[1] must not have the Region and BucketName of Buckets[0] again.",
        ),
    ],
)
def test_invalid_data_is_one_sentence(data: dict[str, Any], said: str) -> None:
    """It names the place and what must be there."""
    with pytest.raises(DataError) as caught:
        Emulator(data=data)

    assert str(caught.value) == said


def test_optional_fields_may_be_null() -> None:
    """A null SecurityToken or ProjectId is the same as a missing one."""
    data = {
        "Keys": [
            {"PublicKey": PUBLIC_KEY, "PrivateKey": PRIVATE_KEY, "SecurityToken": None}
        ],
        "Buckets": [{**BUCKET, "ProjectId": None}],
    }
    with Emulator(data=data) as emulator:
        call = signed(Region="hk", BucketName="ucs")

        assert post(emulator.url, call).json()["RetCode"] == 0


@pytest.mark.parametrize("as_text", [True, False])
def test_a_data_file_is_read(tmp_path: Path, as_text: bool) -> None:  # noqa: FBT001
    """Its path may be text or a Path."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps(DATA))
    with Emulator(data=str(path) if as_text else path) as emulator:
        assert len(listed(emulator, "many")) == 25


@pytest.mark.usefixtures("no_finalizers")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory): use the path of a JSON file"),
        (b"", "is not JSON (Expecting value"),
        (b'{"Keys": [{"PrivateKey": "secret",}]}', "is not JSON (Expecting property name"),
        (b'"\xff secret"', "is not JSON ("),
        (b"[" * 100_000, "is not JSON ("),
        (b'["secret"]', "The data must be an object."),
    ],
)
def test_an_invalid_data_file_is_one_sentence(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    """It names the file and what to do, and shows nothing of its content."""
    path = tmp_path / "data.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError) as caught:
        Emulator(data=path)

    assert (str(path) in str(caught.value), said in str(caught.value)) == (True, True)
    assert ("secret" in str(caught.value), str(caught.value)[-1]) == (False, ".")


def test_an_invalid_path_is_one_sentence() -> None:
    """A path that no file can have is one too."""
    with pytest.raises(DataError, match="cannot be read"):
        Emulator(data="a\x00b")


def test_keys_are_not_in_a_repr() -> None:
    """A repr shows neither a private key nor a token."""
    keys = parse_data(DATA).keys

    assert PUBLIC_KEY in repr(keys)
    assert (PRIVATE_KEY in repr(keys), TOKEN in repr(keys)) == (False, False)
