"""The data file: key pairs and buckets as JSON, checked before they are used."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pulumi_ucimage.emulator.errors import DataError
from pulumi_ucimage.emulator.models import Bucket, Key, is_bucket_name

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


class Data(NamedTuple):
    """The data of an emulator."""

    keys: tuple[Key, ...]
    buckets: tuple[Bucket, ...]


def read(path: str | os.PathLike[str]) -> Data:
    """Read a data file.

    Raises:
        DataError: it cannot be read, is not JSON, or is invalid (see `parse`). The sentence
            names the file and never contains what is in it.
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise DataError(
            f"The data file {str(path)!r} cannot be read ({reason}): use the path of a "
            "JSON file with Keys and Buckets."
        ) from None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"The data file {str(path)!r} is not JSON ({error}): correct the file."
        ) from None
    try:
        return parse(document)
    except DataError as error:
        raise DataError(f"In the data file {str(path)!r}: {error}") from None


def parse(document: object) -> Data:
    """Check and copy a document of the data file's form.

    `{"Keys": [{"PublicKey", "PrivateKey", "SecurityToken"?}], "Buckets": [{"Region",
    "BucketName", "ProjectId"?, "ImageSet": [as the API sends it]}]}`. An image's fields are
    not checked: they are sent as they are.

    Raises:
        DataError: something has another form; says where, and what it must be.
    """
    whole = _object(document, "The data", ("Keys", "Buckets"))
    keys = [
        _key(entry, f"Keys[{index}]") for index, entry in enumerate(_list(whole, "Keys"))
    ]
    buckets = [
        _bucket(entry, f"Buckets[{index}]")
        for index, entry in enumerate(_list(whole, "Buckets"))
    ]
    _no_repeat([key.public_key for key in keys], "Keys", "PublicKey")
    _no_repeat(
        [(bucket.region, bucket.name) for bucket in buckets],
        "Buckets",
        "Region and BucketName",
    )
    return Data(tuple(keys), tuple(buckets))


def _key(entry: object, location: str) -> Key:
    """An entry of `Keys`."""
    fields = _object(entry, location, ("PublicKey", "PrivateKey"), ("SecurityToken",))
    return Key(
        _text(fields, location, "PublicKey"),
        _text(fields, location, "PrivateKey"),
        _optional_text(fields, location, "SecurityToken"),
    )


def _bucket(entry: object, location: str) -> Bucket:
    """An entry of `Buckets`."""
    fields = _object(entry, location, ("Region", "BucketName", "ImageSet"), ("ProjectId",))
    images = [
        _object(image, f"{location}.ImageSet[{index}]")
        for index, image in enumerate(_list(fields, "ImageSet", f"{location}."))
    ]
    name = _text(fields, location, "BucketName")
    if not is_bucket_name(name):
        raise DataError(
            f"{location}.BucketName must be 1 to 63 of letters, digits, '_', '-' and '.'."
        )
    return Bucket(
        _text(fields, location, "Region"),
        name,
        tuple(copy.deepcopy(images)),
        _optional_text(fields, location, "ProjectId"),
    )


def _object(
    value: object, location: str, required: Sequence[str] = (), optional: Sequence[str] = ()
) -> Mapping[str, object]:
    """A JSON object with these fields; if any are given, with no others."""
    if not isinstance(value, Mapping):
        raise DataError(f"{location} must be an object.")
    for name in required:
        if name not in value:
            raise DataError(f"{location} must have {name}.")
    allowed = (*required, *optional)
    for name in value:
        if allowed and name not in allowed:
            raise DataError(f"{location} cannot have {name!r}, only {', '.join(allowed)}.")
    return value


def _list(fields: Mapping[str, object], name: str, prefix: str = "") -> list[object]:
    """A field that is a JSON list."""
    value = fields[name]
    if not isinstance(value, list):
        raise DataError(f"{prefix}{name} must be a list.")
    return value


def _text(fields: Mapping[str, object], location: str, name: str) -> str:
    """A required text that is not empty."""
    value = fields[name]
    if not isinstance(value, str) or not value:
        raise DataError(f"{location}.{name} must be text that is not empty.")
    return value


def _optional_text(fields: Mapping[str, object], location: str, name: str) -> str | None:
    """A field that may be missing or null."""
    return None if fields.get(name) is None else _text(fields, location, name)


def _no_repeat(values: Sequence[object], location: str, what: str) -> None:
    """Refuse two entries with the same names."""
    for index, value in enumerate(values):
        if value in values[:index]:
            earlier = values.index(value)
            raise DataError(
                f"{location}[{index}] must not have the {what} of"
                f" {location}[{earlier}] again."
            )
