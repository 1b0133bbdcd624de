"""What the documents say about the code is true."""

from __future__ import annotations

import ast
import posixpath
import re
import subprocess
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import make_docs
import make_pictures
import pytest
from chinese import PICTURE_TEXTS, chinese
from conftest import ROOT
from documents import anchor, blocks, translations

from pulumi_ucimage import errors
from pulumi_ucimage._spec.arguments import CHOICE_ARGUMENTS
from pulumi_ucimage._tags.evaluate import RejectReason, Tag, evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.select import select
from pulumi_ucimage.emulator import data_file, faults
from pulumi_ucimage.emulator.control import PREFIX, Control
from pulumi_ucimage.emulator.demo import demo_data
from pulumi_ucimage.emulator.state import State
from pulumi_ucimage.errors import NoMatchingTagError

if TYPE_CHECKING:
    from pathlib import Path


def page(name: str) -> str:
    """The text of a document."""
    return ROOT.joinpath(name).read_text("utf-8")


# --- Tables that are made from the code ---


@pytest.mark.parametrize(
    "path", make_docs.pages(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_the_tables_are_current(path: Path) -> None:
    """`make docs` would change nothing."""
    text = path.read_text("utf-8")

    assert make_docs.renewed(text) == text


def test_every_table_is_used() -> None:
    """Each table that can be made is on a page."""
    written = "".join(path.read_text("utf-8") for path in make_docs.pages())

    assert set(re.findall("<!-- table: (.*) -->", written)) == set(make_docs.TABLES)


def test_every_page_is_in_the_index() -> None:
    """The table of `_index.md` leads to each English page of docs/, once."""
    index = page("docs/_index.md").partition("## Pages")[2]
    names = [
        path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")
    ]
    others = [
        name for name in names if name != "_index.md" and not name.startswith("zh-CN/")
    ]

    assert sorted(re.findall(r"^\| \[[^]]+\]\(([^)]+)\)", index, re.MULTILINE)) == sorted(
        others
    )


def test_the_oldest_pulumi_is_the_one_that_is_tried() -> None:
    """The CLI that the installation asks for is the one on which the tests run."""
    built = re.search(r"pulumi/pkg/v3 v([\d.]+)\.\d+ ", page("tools/pulumi/go.mod"))
    documented = re.search(
        r"Pulumi CLI (\S+) or later", page("docs/installation-configuration.md")
    )

    assert built
    assert documented
    assert built[1] == documented[1]


# --- Choosing tags ---

NOW = datetime(2026, 3, 8, tzinfo=timezone.utc).timestamp()
FIRST = int(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp())


def examples() -> list[tuple[str, str, str]]:
    """The rows of the table of examples: tags, arguments, and what is chosen."""
    table = page("docs/choosing-tags.md").partition("| tags | arguments | chosen |\n")[2]
    lines = table.partition("\n\n")[0].splitlines()[1:]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    whole = [[cell.strip().replace("\\|", "|") for cell in row] for row in cells]
    return [(tags, arguments, chosen) for tags, arguments, chosen in whole]


@pytest.mark.parametrize(("tags", "arguments", "chosen"), examples())
def test_an_example_of_choosing(tags: str, arguments: str, chosen: str) -> None:
    """The real selection chooses what the page says."""
    names = tags.strip("`").split()
    listed = [Tag(name, FIRST + at * 3600) for at, name in enumerate(names)]
    call = ast.parse(f"f({arguments.strip('`')})", mode="eval").body
    assert isinstance(call, ast.Call)
    given = {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
    evaluation = evaluate(Policy.from_arguments(given), listed, now=NOW)

    if chosen.startswith("none: "):
        with pytest.raises(NoMatchingTagError):
            select(evaluation, image_name="app")
    else:
        assert chosen == f"`{select(evaluation, image_name='app').tag}`"


def test_there_are_examples_of_every_argument() -> None:
    """Each argument of a choice is in an example, but `wait`, which needs time."""
    shown = " ".join(arguments for _, arguments, _ in examples())

    assert {"wait"} == {
        argument.name for argument in CHOICE_ARGUMENTS if f"{argument.name}=" not in shown
    }


# --- Errors ---


def test_every_class_is_on_the_page_of_errors() -> None:
    """The page of errors has each class."""
    text = page("docs/errors.md")
    classes = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.UcimageError)
    ]

    assert classes
    assert not [name for name in classes if f"`{name}`" not in text]


# --- Architecture ---


def test_the_architecture_has_every_part() -> None:
    """Its table has each part of the package once, and no other."""
    rows = re.findall(
        r"^\| [\w, ]* ?\| (`[^|]*`) \|", page("docs/architecture.md"), re.MULTILINE
    )
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    parts = {
        path.stem
        for path in (ROOT / "pulumi_ucimage").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert sorted(named) == sorted(parts - {"__init__"})


def test_the_architecture_names_what_there_is() -> None:
    """Each file, and each module with a dot, that the page names exists."""
    text = page("docs/architecture.md")
    package = ROOT / "pulumi_ucimage"
    files = re.findall(r"`([\w/]+\.py)`", text)
    modules = re.findall(r"`((?:_\w+|plugin)\.[a-z_]+)[.\w]*`", text)

    assert files
    assert modules
    assert not [name for name in files if not (package / name).exists()]
    assert not [m for m in modules if not (package / f"{m.replace('.', '/')}.py").exists()]


# --- Pictures ---


@pytest.mark.parametrize("name", make_pictures.PICTURES)
def test_the_pictures_are_current(name: str) -> None:
    """`make docs` would change nothing."""
    made = make_pictures.PICTURES[name]()

    assert (make_pictures.FOLDER / name).read_text("utf-8") == made


def test_there_are_no_other_pictures() -> None:
    """Each picture is made by the script."""
    files = {path.name for path in make_pictures.FOLDER.iterdir()}

    assert files == set(make_pictures.PICTURES)


def test_the_chinese_pictures_have_chinese_texts() -> None:
    """Each text that is translated is in one of them, and in no English picture."""
    shown = {True: "", False: ""}
    for name, make in make_pictures.PICTURES.items():
        shown["zh-CN" in name] += make()

    for english, words in PICTURE_TEXTS.items():
        assert f">{words}<" in shown[True], english
        assert f">{english}<" in shown[False]


def test_the_picture_of_the_rules_has_a_tag_for_each() -> None:
    """Each rule rejects one tag of it."""
    policy = Policy.from_arguments(make_pictures.ARGUMENTS)
    evaluation = evaluate(policy, make_pictures.TAGS, now=NOW)

    assert [1] * len(RejectReason) == [len(tags) for tags in evaluation.rejected.values()]


# --- The emulator ---


def test_every_fault_of_the_emulator_is_documented() -> None:
    """How to test has an example of each kind of fault, and each can be asked for."""
    text = page("docs/how-to/test.md").partition("### Faults")[2].partition("###")[0]
    documented = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)

    kinds = [faults.parse(fault).kind for fault in documented]
    assert kinds == list(faults._KINDS)  # noqa: SLF001 - nothing else has them all


def test_every_request_to_the_emulator_is_documented() -> None:
    """How to test has each request by which other processes change it."""
    control = Control(State(data_file.parse(demo_data())), faults.FaultQueue(()))
    known = [f"POST {PREFIX}{name}" for name in control.posts]
    known += [f"GET {PREFIX}{name}" for name in control.gets]
    rows = r"^\| `((?:GET|POST) [^`]+)` \|"

    assert known == re.findall(rows, page("docs/how-to/test.md"), re.MULTILINE)


# --- Commands ---


def test_every_command_is_documented() -> None:
    """`make help` has each target that is meant for people, and CONTRIBUTING most."""
    targets = re.search(r"^\.PHONY: (.*)$", page("Makefile"), re.MULTILINE)
    assert targets
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607 - the user's own
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    shown_names = {line.split()[0] for line in shown.stdout.splitlines()}
    assert set(targets[1].split()) == shown_names
    for command in re.findall(r"`make ([a-z]+)`", page("CONTRIBUTING.md")):
        assert command in shown_names


# --- The Chinese pages ---

TRANSLATIONS = translations()
ENGLISH = {chinese: english for english, chinese in TRANSLATIONS.items()}


def sections(name: str) -> list[tuple[str, str]]:
    """The depth and the anchor of each heading below the title."""
    found = re.findall(r"^(##+) (.*)$", page(name), re.MULTILINE)
    return [(depth, anchor(text)) for depth, text in found]


def linked(name: str) -> list[tuple[str, str]]:
    """The page or address that each link of a page leads to, and the anchor."""
    return [
        (to if "://" in to else posixpath.normpath(f"{name}/../{to}") if to else name, at)
        for to, at in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page(name))
    ]


def languages_apart(name: str, at: str) -> tuple[str, int | None]:
    """An English page and the position of a section, for a link in either language."""
    anchors = [found for _, found in sections(name)] if at else []
    english = ENGLISH.get(name, name).replace(".zh-CN.svg", ".svg")
    return english, anchors.index(at) if at else None


@pytest.mark.parametrize("english", TRANSLATIONS)
def test_a_chinese_page_has_the_same_code(english: str) -> None:
    """It has the blocks of the English page, and what is done with them."""
    ours, theirs = (
        [(block.text, block.action, block.what) for block in blocks(name)]
        for name in (english, TRANSLATIONS[english])
    )

    assert ours == theirs


@pytest.mark.parametrize("english", TRANSLATIONS)
def test_a_chinese_page_has_the_same_parts(english: str) -> None:
    """It has the same headings, list items and table rows, in the same order."""
    parts = re.compile(r"^ *(#{2,} |- |\d\. |\|(?=.*\|$)|!\[)", re.MULTILINE)

    assert parts.findall(page(english)) == parts.findall(page(TRANSLATIONS[english]))


@pytest.mark.parametrize("english", TRANSLATIONS)
def test_a_chinese_page_has_the_same_names_and_numbers(english: str) -> None:
    """Every name of code, and every number with a dot, of one page is on the other."""
    names = re.compile(r"`[^`\n]+`|\d+(?:\.\d+)+")

    assert set(names.findall(page(english))) == set(
        names.findall(page(TRANSLATIONS[english]))
    )


@pytest.mark.parametrize("english", TRANSLATIONS)
def test_a_chinese_page_has_the_same_links(english: str) -> None:
    """They lead to the same sections; each page has a link to the other language."""
    ours, theirs = (
        sorted((languages_apart(*link) for link in linked(name)), key=str)
        for name in (english, TRANSLATIONS[english])
    )

    assert ours == theirs
    assert (english, None) in ours


@pytest.mark.parametrize("english", TRANSLATIONS)
def test_a_page_leads_to_pages_of_its_language(english: str) -> None:
    """Where there are some; only one link leads to the same page in the other language."""
    chinese = TRANSLATIONS[english]

    assert [chinese] == [name for name, _ in linked(english) if name in ENGLISH]
    assert [english] == [name for name, _ in linked(chinese) if name in TRANSLATIONS]


def test_the_chinese_examples_are_the_english_ones() -> None:
    """The same tags and arguments choose the same tag."""
    rows = r"^\| (`[^|]*` \| .*)\| (`[^`]*`|none|无)"
    ours, theirs = (
        re.findall(rows, page(name).partition("00:00:00Z")[2], re.MULTILINE)
        for name in ("docs/choosing-tags.md", "docs/zh-CN/choosing-tags.md")
    )

    assert ours
    assert ours == [(row, "none" if tag == "无" else tag) for row, tag in theirs]


def test_a_text_without_a_translation_is_an_error() -> None:
    """A changed description cannot stay English, or old, in a Chinese table."""
    assert "无" == chinese("none")
    with pytest.raises(KeyError, match=r"A new setting\."):
        chinese("A new setting.")
