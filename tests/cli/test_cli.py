"""What each command prints, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from buckets import bucket, image
from command_line import SHARED, Ended, document

from pulumi_ucimage.cli.main import main
from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ServeApi

    Run = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("outside_of_projects")

EXAMPLES = {
    "images": "ucimage images ucs",
    "tags": "ucimage tags ucs helloworld --policy semver",
    "choose": 'docker pull "$(ucimage choose ucs helloworld --policy semver)"',
    "pins": "pulumi stack export --show-secrets | ucimage pins --from -",
    "config": "ucimage config ucs",
    "emulator": "curl",
}


def test_images_shows_each_image(call: Run, configured: Emulator) -> None:
    """Image, number of tags, latest tag, and when that was pushed."""
    configured.push("ucs", f"{SHARED}/web", "2.0", create_time=1_700_000_000)

    ended = call("images", "ucs")

    lines = ended.out.splitlines()
    assert (0, "") == (ended.status, ended.err)
    assert ["IMAGE", "TAGS", "LATEST", "PUSHED", "AGE"] == lines[0].split()
    assert [DEMO_IMAGE, "5", "1.1.0", "2024-07-01T00:00:00Z"] == lines[1].split()[:4]
    assert [f"{SHARED}/web", "1", "2.0", "2023-11-14T22:13:20Z"] == lines[2].split()[:4]


def test_images_takes_the_filters_of_the_function(call: Run, configured: Emulator) -> None:
    """The filters are the arguments of the function."""
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


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_tags_says_what_to_change_if_nothing_is_chosen(
    call: Run, configured: Emulator, form: list[str]
) -> None:
    """The nearest change, in the words of the options; the tags are still shown."""
    ended = call("tags", "ucs", "--policy", "semver", "--semver-range", "^2", *form)

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
    """An explicit tag is chosen whatever rejects it; a default tag does not matter."""
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
    serve_api: ServeApi,
    tags: int,
    words: tuple[str, ...],
    shown: int,
    expected_err: str,
) -> None:
    """With a line that says so; the chosen tag is always shown."""
    many = [(f"1.0.{number}", 1_700_000_000 + number) for number in range(tags)]
    serve_api(bucket(image(f"{SHARED}/web", many)))

    ended = call("tags", "ucs", *words)

    assert shown == len(ended.out.splitlines()) - 1
    assert "chosen" in ended.out
    assert expected_err == ended.err


def test_choose_prints_the_reference_alone(call: Run, configured: Emulator) -> None:
    """The output can be used in `docker pull "$(ucimage choose ...)"`."""
    ended = call("choose", "ucs", "helloworld", "--policy", "semver", "--explain")

    assert (0, f"{DEMO_IMAGE}:1.1.0\n") == ended[:2]
    assert "Chose '1.1.0'" in ended.err
    assert "--floating-tags" in ended.err
    assert "" == call("choose", "ucs", "helloworld").err


def test_choose_takes_another_registry(call: Run, configured: Emulator) -> None:
    """The option `--registry` works like the argument."""
    ended = call("choose", "ucs", "--registry", "mirror.example.com")

    assert "mirror.example.com/ucs/helloworld:1.1.0\n" == ended.out


def test_a_choice_is_explained_if_the_setting_says_so(
    call: Run, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UCIMAGE_EXPLAIN adds one line on stderr, as it does in a program."""
    monkeypatch.setenv("UCIMAGE_EXPLAIN", "true")

    ended = call("choose", "ucs")

    assert f"{DEMO_IMAGE}:1.1.0\n" == ended.out
    assert ended.err.startswith("Chose '1.1.0'")


@pytest.fixture
def with_digest(configured: Emulator) -> tuple[str, ...]:
    """The options that resolve digests at the emulator, which is a registry too."""
    return "--resolve-digest", "--registry", configured.url.split("/")[2]


def test_choose_prints_the_reference_by_digest(
    call: Run, configured: Emulator, with_digest: tuple[str, ...]
) -> None:
    """The reference is ready for a deployment; the JSON has both references."""
    host = with_digest[-1]

    reference = call("choose", "ucs", *with_digest).out
    result = document(call("choose", "ucs", *with_digest, "--json"))

    assert f"{result['repoDigest']}\n" == reference
    assert f"{host}/ucs/helloworld@{result['digest']}" == result["repoDigest"]
    assert f"{host}/ucs/helloworld:1.1.0" == result["image"]


def test_tags_shows_the_digest_of_the_chosen_tag(
    call: Run, configured: Emulator, with_digest: tuple[str, ...]
) -> None:
    """Its verdict and the JSON have the digest; other tags would each need a call."""
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


def test_tags_with_a_digest_lists_once(
    call: Run, configured: Emulator, with_digest: tuple[str, ...]
) -> None:
    """Whether or not anything can be chosen."""
    for words in ((), ("--tag-regex", "x")):
        before = len(configured.requests)
        call("tags", "ucs", *with_digest, *words)

        assert before + 1 == len(configured.requests)


def test_a_registry_that_fails_is_an_error(call: Run, configured: Emulator) -> None:
    """The command never falls back to the tag."""
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


@pytest.mark.parametrize("bucket", [(), ("ucs",)], ids=["settings", "call"])
def test_config_checks_its_options(
    call: Run, configured: Emulator, bucket: tuple[str, ...]
) -> None:
    """An invalid option is an error, and a password in it is not shown."""
    ended = call("config", *bucket, "--registry", "https://user:canary@h/x", "--json")

    assert (1, "") == (ended.status, ended.out)
    assert "Error: --registry must be host[:port]" in ended.err
    assert "canary" not in ended.err
    assert [] == configured.requests


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


def test_config_says_why_the_call_failed(call: Run, configured: Emulator) -> None:
    """One sentence on stderr says it, and so does the document."""
    ended = call("config", "nope", "--json")

    assert 1 == ended.status
    error = json.loads(ended.out)["error"]
    assert "RetCode 43023" in error
    assert "check BUCKET" in error
    assert f"Error: {error}\n" == ended.err


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
    """Releases of click differ in the stream and in the status."""
    ended = call()

    assert call("--help").out.strip() in ended.out + ended.err


def test_the_version_is_printed_alone(call: Run) -> None:
    """The version is printed alone, as other tools print it."""
    assert (0, f"ucimage {__version__}\n", "") == call("--version")


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
    """The message is on stderr, and nothing is called."""
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


def test_a_name_in_quotes_is_not_an_option(call: Run, configured: Emulator) -> None:
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
    """Without arguments, main uses those of the process."""
    monkeypatch.setattr("sys.argv", ["ucimage", "--version"])

    with pytest.raises(SystemExit) as end:
        main()

    assert 0 == end.value.code
    assert __version__ in capsys.readouterr().out
