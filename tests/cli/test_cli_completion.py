"""What shell completion offers."""

from __future__ import annotations

import pytest
from command_line import run

pytestmark = pytest.mark.usefixtures("outside_of_projects")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ch"], ["choose"]),
        ([""], ["images", "tags", "choose", "pins", "config", "emulator"]),
        (["tags", "--policy", ""], ["newest", "semver", "numerical", "alphabetical"]),
        (["choose", "--order", "l"], ["lowest"]),
        (["choose", "--semver-"], ["--semver-range", "--semver-loose"]),
    ],
    ids=str,
)
def test_what_completion_offers(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shell: str,
    words: list[str],
    offered: list[str],
) -> None:
    """Commands, options, and the values of an option that has a list of them."""
    monkeypatch.setenv("_UCIMAGE_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(["ucimage", *words]))
    # fish sends the word itself, the others its number.
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words)))

    lines = run(capsys=capsys).out.splitlines()

    if shell == "zsh":
        found = lines[1::3]  # kind, value, help
    else:
        found = [line.split(",", 1)[1].split("\t")[0] for line in lines]
    assert offered == found
