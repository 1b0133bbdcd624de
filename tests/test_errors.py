"""Errors are a tree, each is one clear sentence, and each can be sent on whole."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from pulumi_ucimage import errors
from pulumi_ucimage.errors import (
    AmbiguousImageError,
    AmbiguousTagError,
    ApiError,
    ArgumentError,
    ArgumentTypeError,
    ConfigError,
    DowngradeError,
    InvalidPolicyError,
    NoMatchingTagError,
    NoSuchImageError,
    RegistryError,
    ResponseError,
    SelectionError,
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TREE: dict[type[Exception], tuple[type[Exception], ...]] = {
    UcimageError: (pulumi.RunError,),
    ArgumentError: (UcimageError, ValueError),
    ArgumentTypeError: (ArgumentError, TypeError),
    ConfigError: (UcimageError,),
    TransportError: (UcimageError,),
    ResponseError: (UcimageError,),
    ApiError: (UcimageError,),
    RegistryError: (UcimageError,),
    SelectionError: (UcimageError,),
    InvalidPolicyError: (SelectionError, ArgumentError),
    NoSuchImageError: (SelectionError,),
    AmbiguousImageError: (SelectionError,),
    NoMatchingTagError: (SelectionError,),
    AmbiguousTagError: (SelectionError,),
    DowngradeError: (SelectionError,),
}


def api_error(
    ret_code: int = 171,
    message: str = "",
    action: str = "GetDockerImageList",
    bucket: str = "ucs",
    region: str = "cn-bj2",
) -> ApiError:
    """Make the error that the API's refusal becomes."""
    return ApiError(
        ret_code=ret_code, message=message, action=action, bucket=bucket, region=region
    )


def registry_error(
    message: str = "", host: str = "h:5000", name: str = "ucs/app:1"
) -> RegistryError:
    """Make the error for a tag that the registry does not know."""
    return RegistryError(
        status=404, code="MANIFEST_UNKNOWN", message=message, host=host, name=name
    )


EXAMPLES: list[UcimageError] = [
    *(
        make("Something is wrong.")
        for make in (
            UcimageError,
            ArgumentError,
            ArgumentTypeError,
            ConfigError,
            ResponseError,
            SelectionError,
            InvalidPolicyError,
            NoSuchImageError,
            AmbiguousImageError,
            NoMatchingTagError,
            AmbiguousTagError,
        )
    ),
    TransportError("timed out.", host="api.ucloud.cn", port=443),
    ResponseError("The answer is invalid.", status=502),
    api_error(299, "Permission denied"),
    registry_error("manifest unknown"),
    DowngradeError("1.2 is pinned and 1.1 was chosen.", pinned="1.2", chosen="1.1"),
]


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_each_error_has_its_base_classes(error: type[Exception]) -> None:
    """Each class has the bases that the tree shows."""
    assert TREE[error] == error.__bases__


def test_the_tree_is_whole() -> None:
    """The module has no other errors than those of the tree."""
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }

    assert set(TREE) == defined


def test_the_docstring_draws_the_tree() -> None:
    """Each class is in the drawing at the head of the module, below its first base."""
    drawn: dict[str, int] = {}
    for line in (errors.__doc__ or "").splitlines():
        first = line.split()[:1]
        if line.startswith("    ") and first:
            drawn[first[0]] = len(line) - len(line.lstrip())

    def depth(error: type[Exception]) -> int:
        return 2 if error is UcimageError else depth(error.__bases__[0]) + 2

    assert {error.__name__: depth(error) + 2 for error in TREE} == drawn


def test_every_class_has_an_example() -> None:
    """The examples of the tests below leave no class out."""
    assert set(TREE) == {type(error) for error in EXAMPLES}


SENDS: dict[str, Callable[[UcimageError], UcimageError]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301 - our own
    "pickle 0": lambda error: pickle.loads(pickle.dumps(error, protocol=0)),  # noqa: S301
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("error", EXAMPLES, ids=repr)
@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_an_error_can_be_sent_on(
    send: Callable[[UcimageError], UcimageError], error: UcimageError
) -> None:
    """Pickling and copying keep an error's class, message and facts."""
    sent = send(error)

    assert (type(error), str(error), vars(error)) == (type(sent), str(sent), vars(sent))
    assert sent is not error


def test_a_note_is_sent_on_too() -> None:
    """What was added to an error before it was pickled is there after."""
    error = ConfigError("There is no region.")
    error.__dict__["__notes__"] = ["in stack dev"]

    assert ["in stack dev"] == vars(pickle.loads(pickle.dumps(error)))["__notes__"]  # noqa: S301


HOSTILE = "\x1b[2J\u202e\ud800\x00\x85\u2028"

WITH_FOREIGN_TEXT: dict[str, Callable[[str], UcimageError]] = {
    "any": lambda text: UcimageError(f"No {text}."),
    "argument": lambda text: ArgumentError(f"No {text}."),
    "transport": lambda text: TransportError(f"said {text}.", host="h", port=1),
    "host": lambda text: TransportError("timed out.", host=text, port=1),
    "response": lambda text: ResponseError(f"No {text}.", status=500),
    "downgrade": lambda text: DowngradeError(f"No {text}.", pinned=text, chosen=text),
    "message": lambda text: api_error(message=text),
    "bucket": lambda text: api_error(bucket=text),
    "region": lambda text: api_error(region=text),
    "the registry's message": lambda text: registry_error(message=text),
    "registry": lambda text: registry_error(host=text),
    "image": lambda text: registry_error(name=text),
}


@pytest.mark.parametrize("make", WITH_FOREIGN_TEXT.values(), ids=WITH_FOREIGN_TEXT)
def test_a_hostile_text_is_printable(make: Callable[[str], UcimageError]) -> None:
    """No control, bidirectional or broken character reaches the terminal."""
    shown = str(make(HOSTILE))

    assert shown.isprintable()
    assert "\\x1b[2J\\u202e\\ud800\\x00\\x85\\u2028" in shown


@pytest.mark.parametrize("field", ["message", "bucket", "region"])
def test_a_foreign_line_end_starts_no_line(field: str) -> None:
    """Text from outside cannot begin a line of its own in the API's error."""
    facts: dict[str, Any] = {field: "x\nerror: all is lost"}

    assert "\n" not in str(api_error(**facts))


def test_an_error_may_have_lines_of_its_own() -> None:
    """The lines that this package puts under an error's sentence stay lines."""
    assert str(NoMatchingTagError("None is left.\n  2 excluded")) == (
        "None is left.\n  2 excluded"
    )


@pytest.mark.parametrize(
    ("ret_code", "message", "expected"),
    [
        (
            171,
            "Signature VerifyAC Error",
            'RetCode 171 ("Signature VerifyAC Error"): the private key does not belong to'
            " the public key; set both again, using one key pair from UCloud's console.",
        ),
        (
            172,
            "User not found",
            'RetCode 172 ("User not found"): UCloud does not know the public key; set the'
            " key pair again.",
        ),
        (
            174,
            "",
            "RetCode 174: the key needs a security token, which is missing or has expired;"
            " set ucimage:securityToken (`pulumi config set --secret"
            " ucimage:securityToken`) or UCIMAGE_SECURITY_TOKEN, in the same place as the"
            " key pair.",
        ),
        (
            299,
            "IAM permission error",
            'RetCode 299 ("IAM permission error"): the key\'s user lacks the permission;'
            " allow GetDockerImageList in UCloud's IAM.",
        ),
        (
            292,
            "",
            "RetCode 292: the key may not use this project; set ucimage:projectId (`pulumi"
            " config set ucimage:projectId org-abc123`), UCLOUD_PROJECT_ID, the profile's"
            " project_id or the argument project_id to one of the account's projects.",
        ),
        (
            43023,
            "bucket not exist",
            'RetCode 43023 ("bucket not exist"): the bucket does not exist in this region'
            " and project, or the API could not list it (it has one code for both); check"
            " bucket_name, region and project_id.",
        ),
        (
            43025,
            "",
            "RetCode 43025: UCloud does not accept the bucket's name; check bucket_name.",
        ),
        (
            153,
            "",
            "RetCode 153: the API limits how often these keys may call it; try again later,"
            " or look up fewer images at once.",
        ),
        (
            4711,
            "no idea",
            'RetCode 4711 ("no idea"): look it up in UCloud\'s list of error codes.',
        ),
        (-1, "", "RetCode -1: look it up in UCloud's list of error codes."),
    ],
)
def test_what_the_api_refused(ret_code: int, message: str, expected: str) -> None:
    """It names action, bucket, region, RetCode, the API's words and what to do."""
    beginning = "GetDockerImageList for bucket 'ucs' in region 'cn-bj2' failed with "

    assert beginning + expected == str(api_error(ret_code, message))


def test_quotes_in_the_words_of_the_api_do_not_end_them() -> None:
    """Entry points change no name between quotes, and the attribute keeps the words."""
    error = api_error(message='say "min_age" now')

    assert "(\"say 'min_age' now\")" in str(error)
    assert 'say "min_age" now' == error.message


def test_long_words_of_the_api_are_cut() -> None:
    """Of the API's words 500 characters are shown, and kept."""
    error = api_error(message="x" * 10_000)

    assert "x" * 500 + "..." == error.message
    assert f'("{error.message}")' in str(error)


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (
            api_error(171, "no\x00"),
            {
                "ret_code": 171,
                "message": "no\\x00",
                "action": "GetDockerImageList",
                "bucket": "ucs",
                "region": "cn-bj2",
            },
        ),
        (
            TransportError("timed out.", host="h", port=1),
            {"host": "h", "port": 1},
        ),
        (ResponseError("No.", status=502), {"status": 502}),
        (ResponseError("No."), {"status": None}),
        (
            DowngradeError("No.", pinned="2", chosen="1"),
            {"pinned": "2", "chosen": "1"},
        ),
        (
            registry_error(),
            {
                "status": 404,
                "code": "MANIFEST_UNKNOWN",
                "host": "h:5000",
                "name": "ucs/app:1",
            },
        ),
        (ConfigError("No."), {}),
    ],
)
def test_errors_have_typed_attributes(error: UcimageError, facts: dict[str, Any]) -> None:
    """An error has attributes for what a program may want to know of it."""
    assert facts == vars(error)


@pytest.mark.parametrize(
    ("host", "named"),
    [("api.ucloud.cn", "api.ucloud.cn:443"), ("fd00::1", "[fd00::1]:443")],
)
def test_a_transport_error_names_host_and_port(host: str, named: str) -> None:
    """A connection's error says whom it was to, and what happened."""
    error = TransportError("refused the connection.", host=host, port=443)

    assert str(error) == f"The UCloud API at {named} refused the connection."
