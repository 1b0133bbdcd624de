"""The options of the commands are the arguments of the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest

from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.arguments import ArgumentType
from pulumi_ucimage.cli.main import ucimage
from pulumi_ucimage.cli.options import with_option_names
from pulumi_ucimage.errors import ApiError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Ended

    from pulumi_ucimage.emulator import Emulator

    Run = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("outside_of_projects")

OF_SESSION = {"session", "as_json", "cwd", "stack_name", "no_stack", "help"}


def command(name: str) -> click.Command:
    """A command by its name."""
    found = ucimage.get_command(click.Context(ucimage), name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "table", "own"),
    [
        ("images", arguments.GET_DOCKER_IMAGES, set()),
        ("tags", arguments.GET_DOCKER_IMAGE, {"show_all"}),
        ("choose", arguments.GET_DOCKER_IMAGE, {"explain"}),
    ],
)
def test_the_options_are_the_arguments_of_the_function(
    name: str, table: tuple[arguments.Argument, ...], own: set[str]
) -> None:
    """Each argument is an option, or is given by position, and there are no others."""
    params = {param.name: param for param in command(name).params}

    assert {a.name for a in table} == params.keys() - own - OF_SESSION
    for argument in table:
        param = params[argument.name]
        if isinstance(param, click.Option):
            assert [f"--{argument.name.replace('_', '-')}"] == param.opts
            assert param.help
        else:
            assert argument.name in {"bucket_name", "image_name"}


@pytest.mark.parametrize("name", ["tags", "choose"])
@pytest.mark.parametrize(
    "argument", arguments.CHOICE_ARGUMENTS, ids=lambda argument: argument.name
)
def test_an_option_has_the_type_of_its_argument(
    name: str, argument: arguments.Argument
) -> None:
    """Listed values are offered, lists take several values, and flags take none."""
    (option,) = (p for p in command(name).params if p.name == argument.name)

    assert isinstance(option, click.Option)
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    assert argument.choices == tuple(choices)
    assert (argument.type is ArgumentType.STRINGS) == option.multiple
    assert (argument.type is ArgumentType.BOOLEAN) == option.is_flag


def test_every_option_reaches_the_policy(
    call: Run, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is passed under its argument's name, with its value."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr("pulumi_ucimage.cli.choose.ImageQuery", Recorder(seen))

    call(
        *("choose", "ucs", "helloworld", "--region", "cn-sh2", "--project-id", "org-1"),
        *("--profile", "work", "--registry", "m.example", "--order-by", "Default"),
        *("--policy", "semver", "--order", "lowest", "--semver-range", "^1"),
        *("--semver-loose", "--tag-regex", "(.*)", "--tag-exclude-regex", "x"),
        *("--tag-extract", "$1", "--min-age", "1d", "--as-of", "2026-01-01T00:00:00Z"),
        *("--floating-tags", "a", "--floating-tags", "b", "--tag", "1", "--wait", "1s"),
        *("--default-tag", "2", "--resolve-digest"),
    )

    given = {
        "bucket_name": "ucs",
        "image_name": "helloworld",
        "region": "cn-sh2",
        "project_id": "org-1",
        "profile": "work",
        "registry": "m.example",
        "order_by": "Default",
        "policy": "semver",
        "order": "lowest",
        "semver_range": "^1",
        "semver_loose": True,
        "tag_regex": "(.*)",
        "tag_exclude_regex": "x",
        "tag_extract": "$1",
        "min_age": "1d",
        "as_of": "2026-01-01T00:00:00Z",
        "floating_tags": ["a", "b"],
        "tag": "1",
        "wait": "1s",
        "default_tag": "2",
        "resolve_digest": True,
    }
    assert given == seen
    assert {a.name for a in arguments.GET_DOCKER_IMAGE} == given.keys()


class Recorder:
    """A query that keeps the values it is made of, and answers nothing."""

    def __init__(self, seen: dict[str, Any]) -> None:
        self._seen = seen

    def of(self, values: dict[str, Any]) -> None:
        """Keep them."""
        self._seen.update(values)
        raise click.exceptions.Exit(0)


def test_an_option_that_is_not_given_is_none(
    call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function's own default counts then."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr("pulumi_ucimage.cli.tags.ImageQuery", Recorder(seen))

    call("tags", "ucs")

    assert {"bucket_name": "ucs"} == {k: v for k, v in seen.items() if v is not None}


def test_the_words_of_a_server_are_kept() -> None:
    """The rest of the message names the command's options."""
    said = "Params [project_id] not available, set region to True"
    api = ApiError(ret_code=230, message=said, action="A", bucket="b", region="r")
    registry = RegistryError(status=403, code="DENIED", message=said, host="h", name="n")

    with click.Context(command("tags")):
        texts = [with_option_names(f"set region. {error}") for error in (api, registry)]

    for text in texts:
        assert text.startswith("set --region. ")
        assert f'"{said}"' in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--wait", "5s"),
            "--wait waits for one tag; set --tag to it, or leave out --wait.",
        ),
        (
            ("--tag", "1", "--default-tag", "1"),
            "--default-tag cannot be used with --tag, which must be listed; leave one of"
            " them out.",
        ),
        (("--profile", "x"), "name another profile (--profile, "),
        (("app:1.0",), "(write IMAGE='app', --tag='1.0')"),
        (
            ("--policy", "newest", "--tag-regex", "(.)", "--tag-extract", "$1"),
            "or leave out --tag-extract.",
        ),
        (
            ("--policy", "numerical", "--tag-regex", "1.(1)..", "--tag-extract", "$1"),
            "or set --tag to one of them.",
        ),
    ],
)
def test_a_message_names_options(
    call: Run, configured: Emulator, words: tuple[str, ...], expected: str
) -> None:
    """What is an argument of a function is an option here."""
    configured.push("ucs", "helloworld", "1.1.1")

    assert expected in call("choose", "ucs", *words).err
