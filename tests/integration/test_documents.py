"""README and docs: every block is run, or is known not to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import documents
import pytest
from conftest import ROOT
from documents import (
    Block,
    Session,
    anchor,
    blocks,
    not_printed,
    pages,
    translations,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_ucimage.emulator import Emulator

OTHER_PAGES = [
    "CONTRIBUTING.md",
    "RELEASING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    *translations().values(),
]
INDEX = "an installation from a public index"
NOT_RUN = {
    ("README.md", "make demo", "CI runs both"),
    ("README.md", "pip install pulumi-ucimage", INDEX),
    (
        "README.md",
        "python3 -m venv venv && . venv/bin/activate && pip install .",
        INDEX,
    ),
    ("README.md", "python3 -m venv venv && . venv/bin/activate", INDEX),
    (
        "docs/how-to/many-images.md",
        "Listing bucket 'ucs': 1200 of 4096 images so far.",
        "what a listing of some thousand images says while it runs",
    ),
    ("docs/installation-configuration.md", "pip install pulumi-ucimage", INDEX),
    (
        "docs/troubleshooting.md",
        "Traceback (most recent call last):",
        "what Pulumi's launcher prints in some of the failing runs",
    ),
    (
        "docs/command-line.md",
        'docker pull "$(ucimage choose ucs helloworld --policy semver)"',
        "it needs Docker",
    ),
    (
        "docs/command-line.md",
        'eval "$(_UCIMAGE_COMPLETE=bash_source ucimage)"',
        "a line of a shell's start-up file",
    ),
}


@pytest.mark.parametrize("page", pages())
def test_a_page_can_be_followed(
    page: str, tmp_path: Path, emulator: Emulator, tools: Path
) -> None:
    """Each block of it, from top to end, does and prints what the page says."""
    to_follow = [block for block in blocks(page) if block.action != "not run"]
    if not to_follow:
        return
    with Session(tmp_path / "session", emulator, tools) as session:
        for block in to_follow:
            session.follow(block)


def first_words(block: Block) -> str:
    """What identifies a block: its first line up to a gap."""
    return re.split(" {2}", block.text.strip())[0].splitlines()[0]


def test_the_blocks_that_are_not_run() -> None:
    """Each of them has a reason, and there are no others."""
    not_run = {
        (block.page, first_words(block), block.what)
        for page in pages()
        for block in blocks(page)
        if block.action == "not run"
    }

    assert not_run == NOT_RUN


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("a\nc\n", ""),
        ("  a ...\n\n c\n", "  a ..."),
        ("b... c\n", ""),
        ("c\na\n", "a"),
        ("b\n", "b"),
        ("a\na\n", "a"),
        ("c\n1.0  2y   chosen\n", ""),
        ("1.0  2y   other\n", "1.0  2y   other"),
    ],
)
def test_what_was_not_printed(expected: str, missing: str) -> None:
    """Lines are whole, in their order, and `...` is anything."""
    assert missing == not_printed(expected, "  a\nb and c\nc\n1.0  12d  chosen\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```sh\ntrue\n```\n", "x.md:1 does not say"),
        ("<!-- run: shell -->\n\ntext\n", "x.md:3 has a comment for a block"),
    ],
)
def test_a_block_has_to_say_what_it_is(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block without a comment, or a comment without a block, is an error."""
    (tmp_path / "x.md").write_text(text)
    monkeypatch.setattr(documents, "ROOT", tmp_path)

    with pytest.raises(ValueError, match=problem):
        list(blocks("x.md"))


@pytest.mark.parametrize("page", [*pages(), *OTHER_PAGES])
def test_links_lead_somewhere(page: str) -> None:
    """Each link to a file, and each to a heading, finds what it names."""
    for target in re.findall(
        r"\]\(([^)#]*)(#[^)]*)?\)", ROOT.joinpath(page).read_text("utf-8")
    ):
        path, heading = target
        if path.startswith("https://"):
            continue
        file = (ROOT / page).parent.joinpath(path).resolve() if path else ROOT / page
        assert file.exists(), target
        assert not heading or heading[1:] in headings(file), target


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {anchor(text) for text in found}
