"""The command line in process: commands, options, help, errors and exit statuses."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import pytest
from command_line import SHARED, Ended, data, run
from conftest import environment_for

from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.arguments import Type
from pulumi_ucimage._spec.results import GetDockerImageResult, GetDockerImagesResult
from pulumi_ucimage.cli.main import main, ucimage
from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ended]

EXAMPLES = {
    "images": "ucimage images ucs",
    "tags": "ucimage tags ucs helloworld --policy semver",
    "choose": 'docker pull "$(ucimage choose ucs helloworld --policy semver)"',
    "pins": "pulumi stack export --show-secrets | ucimage pins --from -",
    "config": "ucimage config ucs",
    "emulator": "curl",
}
OF_SESSION = {"session", "as_json", "cwd", "stack_name", "no_stack", "help"}


@pytest.fixture(autouse=True)
def outside_of_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder that is no Pulumi project."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in process."""
    return partial(run, capsys=capsys)


def command(name: str) -> click.Command:
    """A command by its name."""
    found = ucimage.get_command(click.Context(ucimage), name)
    assert found is not None
    return found


# --- Options ---


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
@pytest.mark.parametrize("argument", arguments.CHOICE, ids=lambda argument: argument.name)
def test_an_option_has_the_type_of_its_argument(
    name: str, argument: arguments.Argument
) -> None:
    """Listed values are offered, lists take several values, and flags take none."""
    (option,) = (p for p in command(name).params if p.name == argument.name)

    assert isinstance(option, click.Option)
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    assert argument.choices == tuple(choices)
    assert (argument.type is Type.STRINGS) == option.multiple
    assert (argument.type is Type.BOOLEAN) == option.is_flag


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
    """So that the function's own default counts."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr("pulumi_ucimage.cli.tags.ImageQuery", Recorder(seen))

    call("tags", "ucs")

    assert {"bucket_name": "ucs"} == {k: v for k, v in seen.items() if v is not None}


# --- Results ---


def test_images_shows_each_image(call: Run, configured: Emulator) -> None:
    """Image, number of tags, latest tag, and when that was pushed."""
    configured.push("ucs", f"{SHARED}/web", "2.0", create_time=1_700_000_000)

    ended = call("images", "ucs")

    lines = ended.out.splitlines()
    assert (0, "") == (ended.status, ended.err)
    assert ["IMAGE", "TAGS", "LATEST", "PUSHED", "AGE"] == lines[0].split()
    assert [DEMO_IMAGE, "5", "1.1.0", "2024-07-01T00:00:00Z"] == lines[1].split()[:4]
    assert [f"{SHARED}/web", "1", "2.0", "2023-11-14T22:13:20Z"] == lines[2].split()[:4]


def test_images_filters(call: Run, configured: Emulator) -> None:
    """By the function's own arguments."""
    configured.push("ucs", f"{SHARED}/web", "2.0")

    assert "web" not in call("images", "ucs", "--name-regex", "hello.*").out
    assert "hello" not in call("images", "ucs", "--image-name", "web").out
    assert "web" not in call("images", "ucs", "--limit", "1").out


def test_tags_shows_every_verdict(call: Run, configured: Emulator) -> None:
    """Candidates best first, then rejected tags newest first, each with its reason."""
    ended = call("tags", "ucs", "--policy", "semver", "--semver-range", "^1")

    rows = [line.split(maxsplit=3) for line in ended.out.splitlines()[1:]]
    assert (0, "") == (ended.status, ended.err)
    assert [
        ("1.1.0", "chosen: highest version in ^1 (policy semver)"),
        ("1.0.0", "candidate 2"),
        ("latest", "floating: in --floating-tags, and not matched by a --tag-regex"),
        ("1.2.0-rc.1", "out_of_range: a prerelease, and the range ^1 names none"),
        ("6", "unparsable: not a version with three parts"),
    ] == [(row[0], row[3]) for row in rows]


def test_tags_says_what_to_change_if_nothing_is_chosen(
    call: Run, configured: Emulator
) -> None:
    """The nearest change, in the words of the options; the table is still there."""
    ended = call("tags", "ucs", "--policy", "semver", "--semver-range", "^2")

    assert 0 == ended.status
    assert "1.1.0" in ended.out
    assert "chosen" not in ended.out
    assert "set --semver-range to '1.1.0' to choose it" in ended.err
    assert "set --semver-loose and leave out --semver-range" in ended.err
    assert "set --tag to 'latest'" in ended.err
    assert "Rejected" not in ended.err  # the table says it


@pytest.mark.parametrize("shown_by", ["--tag", "--default-tag"])
def test_tags_knows_explicit_and_default_tags(
    call: Run, configured: Emulator, shown_by: str
) -> None:
    """An explicit tag is chosen whatever rejects it; a default tag is no problem."""
    ended = call("tags", "ucs", "--policy", "numerical", shown_by, "latest")

    chosen = [line.split()[0] for line in ended.out.splitlines() if "chosen" in line]
    assert {"--tag": ["latest"], "--default-tag": ["6"]}[shown_by] == chosen
    assert "" == ended.err


@pytest.mark.parametrize(
    ("tags", "words", "shown", "expected_err"),
    [
        (20, (), 20, ""),
        (25, (), 20, "5 more tags are not shown; use --all.\n"),
        (25, ("--all",), 25, ""),
        (25, ("--tag", "1.0.3"), 21, "4 more tags are not shown; use --all.\n"),
    ],
)
def test_a_long_list_is_cut(  # noqa: PLR0917
    call: Run,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tags: int,
    words: tuple[str, ...],
    shown: int,
    expected_err: str,
) -> None:
    """With a line that says so; the chosen tag is always shown."""
    many = [(f"1.0.{number}", 1_700_000_000 + number) for number in range(tags)]
    with Emulator(data=data((f"{SHARED}/web", many))) as api:
        configure(monkeypatch, api)
        ended = call("tags", "ucs", *words)

    assert shown == len(ended.out.splitlines()) - 1
    assert "chosen" in ended.out
    assert expected_err == ended.err


def configure(monkeypatch: pytest.MonkeyPatch, api: Emulator) -> None:
    """Configure the environment for an emulator."""
    for variable, value in environment_for(api).items():
        monkeypatch.setenv(variable, value)


def test_choose_prints_the_reference_alone(call: Run, configured: Emulator) -> None:
    """So that it can stand in `docker pull "$(ucimage choose ...)"`."""
    ended = call("choose", "ucs", "helloworld", "--policy", "semver", "--explain")

    assert (0, f"{DEMO_IMAGE}:1.1.0\n") == ended[:2]
    assert "Chose '1.1.0'" in ended.err
    assert "--floating-tags" in ended.err
    assert "" == call("choose", "ucs", "helloworld").err


def test_choose_takes_another_registry(call: Run, configured: Emulator) -> None:
    """As the function does."""
    ended = call("choose", "ucs", "--registry", "mirror.example.com")

    assert "mirror.example.com/ucs/helloworld:1.1.0\n" == ended.out


def test_a_choice_is_explained_if_the_setting_says_so(
    call: Run, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a program: UCIMAGE_EXPLAIN is one line, here on stderr."""
    monkeypatch.setenv("UCIMAGE_EXPLAIN", "true")

    ended = call("choose", "ucs")

    assert f"{DEMO_IMAGE}:1.1.0\n" == ended.out
    assert ended.err.startswith("Chose '1.1.0'")


# --- Digests ---


@pytest.fixture
def with_digest(configured: Emulator) -> tuple[str, ...]:
    """The options that resolve digests at the emulator, which is a registry too."""
    return "--resolve-digest", "--registry", configured.url.split("/")[2]


def test_choose_prints_the_reference_by_digest(
    call: Run, configured: Emulator, with_digest: tuple[str, ...]
) -> None:
    """Ready for a deployment; the JSON has both references."""
    host = with_digest[-1]

    reference = call("choose", "ucs", *with_digest).out
    result = document(call("choose", "ucs", *with_digest, "--json"))

    assert f"{result['repoDigest']}\n" == reference
    assert f"{host}/ucs/helloworld@{result['digest']}" == result["repoDigest"]
    assert f"{host}/ucs/helloworld:1.1.0" == result["image"]


def test_tags_shows_the_digest_of_the_chosen_tag(
    call: Run, configured: Emulator, with_digest: tuple[str, ...]
) -> None:
    """In its verdict, and in JSON; one call per tag would be too many."""
    digest = document(call("choose", "ucs", *with_digest, "--json"))["digest"]

    lines = call("tags", "ucs", *with_digest).out.splitlines()
    tags = document(call("tags", "ucs", *with_digest, "--json"))["tags"]

    assert [f"(policy newest), {digest}"] == [
        line[-len(digest) - 17 :] for line in lines[1:2]
    ]
    assert [digest, None, None, None, None] == [tag["digest"] for tag in tags]


def test_tags_resolves_no_digest_if_nothing_is_chosen(
    call: Run, configured: Emulator, with_digest: tuple[str, ...]
) -> None:
    """The table says why."""
    ended = call("tags", "ucs", *with_digest, "--tag-regex", "x")

    assert 0 == ended.status
    assert "not_matched" in ended.out
    assert "sha256" not in ended.out


def test_a_registry_that_fails_is_an_error(call: Run, configured: Emulator) -> None:
    """Never a fallback to the tag."""
    gone = ("--resolve-digest", "--registry", "127.0.0.1:9")

    for name in ("choose", "tags"):
        ended = call(name, "ucs", *gone)
        assert (1, "") == ended[:2]
        assert "127.0.0.1:9" in ended.err


def test_config_says_where_each_setting_comes_from(call: Run, configured: Emulator) -> None:
    """Secrets are masked; without a bucket there is no call."""
    ended = call("config", "--region", "cn-sh2")

    rows = {row[0]: row[1:] for line in ended.out.splitlines() if (row := line.split())}
    assert (0, "") == (ended.status, ended.err)
    assert ["********", "environment", "variable", "UCLOUD_PRIVATE_KEY"] == rows[
        "privateKey"
    ]
    assert ["cn-sh2", "argument"] == rows["region"]
    assert ["60", "default"] == rows["timeoutSeconds"]
    assert not {DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY} & set(ended.out.split())
    assert [] == configured.requests


def test_config_calls_the_api_once(call: Run, configured: Emulator) -> None:
    """With a bucket, and says that it worked."""
    ended = call("config", "ucs")

    assert 0 == ended.status
    assert "The call worked: bucket 'ucs' has 1 image." == ended.out.splitlines()[-1]
    assert 1 == len(configured.requests)


@pytest.mark.parametrize(
    ("fault", "variables", "says", "calls"),
    [
        ("retcode=171", {}, "RetCode 171", 1),
        (None, {"UCLOUD_REGION": ""}, "There is no region: give --region", 0),
        (None, {"UCLOUD_PRIVATE_KEY": ""}, "UCLOUD_PUBLIC_KEY without", 0),
        (None, {"UCIMAGE_MAX_RETRIES": "many"}, "UCIMAGE_MAX_RETRIES", 0),
    ],
)
def test_config_says_what_is_wrong(  # noqa: PLR0917
    call: Run,
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: str | None,
    variables: dict[str, str],
    says: str,
    calls: int,
) -> None:
    """Each problem once, on stderr, after the table; no call with settings that fail."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if fault:
        configured.fault(fault)

    ended = call("config", "ucs")

    assert 1 == ended.status
    assert 1 == ended.err.count(says)
    assert "timeoutSeconds" in ended.out
    assert calls == len(configured.requests)


# --- JSON ---


def document(ended: Ended) -> Any:
    """The JSON that a command printed, alone on stdout."""
    assert 0 == ended.status, ended.err
    return json.loads(ended.out)


@pytest.mark.parametrize(
    ("words", "result"),
    [(("images", "ucs"), GetDockerImagesResult), (("choose", "ucs"), GetDockerImageResult)],
)
def test_json_is_the_result_of_the_function(
    call: Run, configured: Emulator, words: tuple[str, ...], result: Any
) -> None:
    """With the wire names and types of the result's table, nested ones too."""
    found = document(call(*words, "--json"))

    assert_fits(found, result)


def assert_fits(found: Any, result: Any) -> None:
    """Whether a document has the fields of a result, and each its type."""
    assert {field.wire for field in result.fields} == found.keys()
    for field in result.fields:
        value, hint = found[field.wire], str(field.type)
        if value is None:
            assert "None" in hint
        elif isinstance(value, dict):
            assert_fits(value, nested(field.type))
        elif isinstance(value, list) and isinstance(value[0], dict):
            for item in value:
                assert_fits(item, nested(field.type))
        else:
            assert type(value).__name__ in hint, field


def nested(hint: Any) -> Any:
    """The result type in an annotation."""
    inner = getattr(hint, "__args__", ())
    return hint if hasattr(hint, "fields") else next(filter(None, map(nested, inner)), None)


TEXT, NUMBER, NULL = "str", "int", "NoneType"
TAG = {
    "name": {TEXT, NULL},
    "createTime": {NUMBER, NULL},
    "createdAt": {TEXT, NULL},
    "digest": {TEXT, NULL},
    "verdict": {TEXT},
    "reason": {TEXT, NULL},
}
SETTING = {
    "key": {TEXT},
    "value": {TEXT, NULL},
    "origin": {TEXT},
    "problem": {TEXT, NULL},
}


def assert_types(found: dict[str, Any], schema: dict[str, set[str]]) -> None:
    """Whether a document has exactly these keys, with values of these types."""
    assert schema.keys() == found.keys()
    for key, types in schema.items():
        assert type(found[key]).__name__ in types, key


def test_the_json_of_tags(call: Run, configured: Emulator) -> None:
    """Every tag with its verdict, and the counts; nothing is cut."""
    found = document(call("tags", "ucs", "--policy", "semver", "--json"))

    assert {"imageName", "tags", "counts"} == found.keys()
    assert DEMO_IMAGE == found["imageName"]
    assert found["counts"]["total"] == len(found["tags"]) == 5
    for tag in found["tags"]:
        assert_types(tag, TAG)
    assert {"1.1.0", "chosen"} <= {*found["tags"][0].values()}


def test_the_json_of_config(call: Run, configured: Emulator) -> None:
    """Every setting, and what the call found."""
    found = document(call("config", "ucs", "--json"))

    assert {"settings", "bucketName", "totalCount", "error"} == found.keys()
    assert ("ucs", 1, None) == (found["bucketName"], found["totalCount"], found["error"])
    for setting in found["settings"]:
        assert_types(setting, SETTING)
    assert None is document(call("config", "--json"))["totalCount"]


def test_config_says_why_the_call_failed(call: Run, configured: Emulator) -> None:
    """In one sentence on stderr, and in the document."""
    ended = call("config", "nope", "--json")

    assert 1 == ended.status
    error = json.loads(ended.out)["error"]
    assert "RetCode 43023" in error
    assert "check BUCKET" in error
    assert f"Error: {error}\n" == ended.err


# --- Help ---


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_each_command_has_help_with_an_example(
    call: Run, name: str, example: str, option: str
) -> None:
    """Without the Markdown of the tables, and with options instead of arguments."""
    ended = call(name, option)

    assert (0, "") == (ended.status, ended.err)
    assert f"  {example}" in ended.out
    if name != "emulator":  # it has a page of its own
        assert max(map(len, ended.out.splitlines())) <= 80
        assert "`" not in ended.out
        assert "_name" not in ended.out


def test_the_help_lists_every_command(call: Run) -> None:
    """With shell completion and the exit statuses."""
    text = call("--help").out

    for name in EXAMPLES:
        assert f"\n  {name} " in text
    for shell in ("bash", "zsh", "fish"):
        assert f"_UCIMAGE_COMPLETE={shell}_source" in text
    assert "130 Ctrl-C" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_command_alone_shows_the_help(call: Run) -> None:
    """As click has it: releases differ in the stream and the status."""
    ended = call()

    assert call("--help").out.strip() in ended.out + ended.err


def test_the_version(call: Run) -> None:
    """Alone, as other tools print it."""
    assert (0, f"ucimage {__version__}\n", "") == call("--version")


# --- Errors ---


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("--nothing",),
        ("tags",),
        ("tags", "ucs", "helloworld", "more"),
        ("tags", "ucs", "--nothing"),
        ("tags", "ucs", "--policy", "best"),
        ("tags", "ucs", "--order", "best"),
        ("images", "ucs", "--limit", "many"),
        ("choose", "ucs", "--cwd", "nowhere"),
        ("choose", "ucs", "--stack", "dev"),
        ("choose", "ucs", "--stack", "dev", "--no-stack"),
        ("pins",),
        ("pins", "--from", "nothing.json"),
        ("emulator", "--port", "x"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(
    call: Run, configured: Emulator, words: tuple[str, ...]
) -> None:
    """On stderr, before any call."""
    ended = call(*words)

    assert (2, "") == ended[:2]
    assert ended.err
    assert "Traceback" not in ended.err
    assert [] == configured.requests


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("tags", "none"), "RetCode 43023"),
        (("tags", "ucs", "none"), "check IMAGE, BUCKET, --region and --project-id."),
        (("choose", "ucs", "--policy", "semver", "--semver-range", "^9"), "^9"),
        (
            ("choose", "ucs", "--semver-range", "^1"),
            "--semver-range works only with policy",
        ),
        (("choose", "ucs/web"), "write BUCKET='ucs', IMAGE='web'"),
        (("choose", "ucs", "--tag-regex", "("), "--tag-regex '(' is invalid"),
        (("images", "ucs", "--limit", "0"), "Error: --limit must be 1 or more"),
        (("images", "ucs", "--image-name", "none:1"), "--image-name must be an image"),
        (("config", "ucs/web"), "BUCKET must be only the bucket"),
    ],
)
def test_an_error_is_status_1(
    call: Run, configured: Emulator, words: tuple[str, ...], says: str
) -> None:
    """The package's own sentence on stderr, in the words of the options."""
    ended = call(*words)

    assert (1, "") == ended[:2]
    assert says in ended.err
    assert ended.err.startswith("Error: ")
    assert "Traceback" not in ended.err


def test_an_api_that_is_down_is_status_1(
    call: Run, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the host and what to check."""
    configured.stop()
    monkeypatch.setenv("UCIMAGE_MAX_RETRIES", "0")

    ended = call("choose", "ucs")

    assert (1, "") == ended[:2]
    assert "127.0.0.1" in ended.err


def test_a_name_in_quotes_is_no_option(call: Run, configured: Emulator) -> None:
    """What the user wrote is repeated as it is."""
    ended = call("choose", "ucs", "--tag-regex", "tag_regex[")

    assert "--tag-regex 'tag_regex['" in ended.err


def test_a_bug_is_one_sentence(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says where, and not what the error holds, which may be a secret."""
    monkeypatch.setattr("pulumi_ucimage.cli.choose.ImageQuery", Faulty())

    ended = call("choose", "ucs")

    assert (1, "") == ended[:2]
    assert 1 == len(ended.err.splitlines())
    assert f"ucimage {__version__} has a bug, please report it: KeyError" in ended.err
    assert "canary" not in ended.err


class Faulty:
    """A query with a bug."""

    def of(self, _: dict[str, Any]) -> None:
        """Fail."""
        raise KeyError("canary")


def test_main_takes_the_words_of_the_process(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it is given none."""
    monkeypatch.setattr("sys.argv", ["ucimage", "--version"])

    with pytest.raises(SystemExit) as end:
        main()

    assert 0 == end.value.code
    assert __version__ in capsys.readouterr().out
