"""The format of the UCloud CLI's profile files, `config.json` and `credential.json`.

The only module that loads pydantic for the configuration: import it when there is a file
to read. No error of pydantic's leaves it, because such an error holds the file's content.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, TypeAlias, final

from pydantic import ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError

from pulumi_ucimage._secret import Secret


class _Malformed:
    """A field that is not a string; nothing else is known of it."""


def _text(value: Any) -> Secret | _Malformed | None:
    """A field that may be malformed, because only the used row must be correct."""
    if value is None or value == "":
        return None
    return Secret(value) if isinstance(value, str) else _Malformed()


# Other fields than keys are secrets too: a key may have been put into the wrong one.
_Text: TypeAlias = Annotated[Secret | _Malformed | None, PlainValidator(_text)]
_IsOauth: TypeAlias = Annotated[
    bool, Field(alias="auth_mode"), PlainValidator(lambda mode: mode == "oauth")
]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """What is used of one row of either file; None if a field is missing or empty.

    Attributes:
        profile: the profile's name.
        active: whether the CLI uses it if none is named.
        is_oauth: whether the CLI logs in with a browser.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True)

    profile: str
    active: bool | None = None
    is_oauth: _IsOauth = False
    region: _Text = None
    project_id: _Text = None
    base_url: _Text = None
    public_key: _Text = None
    private_key: _Text = None


_ROWS: Final = TypeAdapter(list[ProfileRow] | None)
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def parse_rows(content: bytes) -> list[ProfileRow] | str:
    """The rows of a profile file, or what is wrong with it.

    The CLI writes `null` if it has no profile, and reads an empty file in the same way. A
    byte order mark, which editors on Windows add, is accepted.
    """
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return _ROWS.validate_json(content.decode(encoding) or "null") or []
    except UnicodeDecodeError:
        return "is not valid JSON"
    except ValidationError as error:
        first, *_ = error.errors(include_url=False, include_input=False)
        if first["type"] == "json_invalid":
            return "is not valid JSON"
    return (
        "is not a list of profiles, each with its name in profile, and true or false in"
        " active"
    )
