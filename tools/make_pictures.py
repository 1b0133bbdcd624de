"""Write the pictures of the documents, as SVG made from text: `make docs`.

A picture has a white background of its own, so it is readable on light and dark
pages.
"""

from __future__ import annotations

from datetime import datetime, timezone
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chinese import chinese_picture

from pulumi_ucimage._tags.evaluate import RejectReason, Tag, evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.verdicts import CHOSEN, list_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "pictures"

_INK, _GREY, _LINE = "#1f2328", "#59636e", "#d1d9e0"
_BLUE, _GREEN, _RED = "#0969da", "#1a7f37", "#cf222e"
_PALE_BLUE, _PALE_GREEN, _PALE_GREY = "#ddf4ff", "#dafbe1", "#f6f8fa"


def _text(
    x: int,
    y: int,
    text: str,
    *,
    colour: str = _INK,
    anchor: str = "start",
    bold: bool = False,
    mono: bool = False,
) -> str:
    weight = ' font-weight="600"' if bold else ""
    family = ' font-family="ui-monospace, Menlo, Consolas, monospace"' if mono else ""
    return (
        f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}"{weight}{family}>'
        f"{escape(text)}</text>"
    )


def _box(x: int, y: int, width: int, height: int, *, fill: str, edge: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}"'
        f' stroke="{edge}"/>'
    )


def _line(x1: int, y1: int, x2: int, y2: int, *, colour: str, end: str = "") -> str:
    marker = f' marker-end="url(#{end})"' if end else ""
    return f'<path d="M{x1} {y1}L{x2} {y2}" stroke="{colour}" stroke-width="1.5"{marker}/>'


def _picture(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img" font-size="14"'
        ' font-family="-apple-system, Segoe UI, Helvetica, Arial, sans-serif">'
    )
    arrow = (
        '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
        f' markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="{_GREY}"/></marker>'
    )
    frame = (
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"'
        f' fill="#ffffff" stroke="{_LINE}"/>'
    )
    lines = [head, f"<title>{escape(title)}</title>", f"<defs>{arrow}</defs>", frame]
    return "\n".join([*lines, *parts, "</svg>", ""])


# --- Function and pin ---

_STEPS: Final = ("deployed", "pulumi preview", "pulumi up")
_ROWS: Final = (
    ("function", "", "1.1.0 → 1.2.0", "1.2.0", True),
    ("pin", "", "no change", "1.1.0", False),
    ("pin", "a trigger changed", "1.1.0 → 1.2.0", "1.2.0", True),
    ("pin", 'tag = "1.0.0"', "1.1.0 → 1.0.0", "1.0.0", True),
)
"""Kind, what the user changed, the preview, what runs afterwards, whether it moved."""


def function_and_pin() -> str:
    """What a function and a pin do after a push."""
    left, wide, gap, top = 190, 150, 40, 88
    parts = [_text(24, 34, "1.1.0 is deployed. Somebody pushes 1.2.0.", bold=True)]
    for column, step in enumerate(_STEPS):
        x = left + column * (wide + gap) + wide // 2
        parts.append(_text(x, 70, step, colour=_GREY, anchor="middle", mono=column > 0))
    for row, (kind, change, preview, after, moved) in enumerate(_ROWS):
        y = top + row * 60
        parts.append(_text(24, y + (19 if change else 27), kind, bold=True))
        parts.append(_text(24, y + 37, change, colour=_GREY))
        edge, fill = (_BLUE, _PALE_BLUE) if moved else (_LINE, _PALE_GREY)
        for column, text in enumerate(("1.1.0", preview, after)):
            x = left + column * (wide + gap)
            colours = (edge, fill) if column else (_LINE, _PALE_GREY)
            parts.append(_box(x, y, wide, 44, edge=colours[0], fill=colours[1]))
            parts.append(_text(x + wide // 2, y + 27, text, anchor="middle", mono=True))
            if column:
                parts.append(
                    _line(x - gap + 4, y + 22, x - 4, y + 22, colour=_GREY, end="arrow")
                )
    title = "A function follows each push. A pin stays until one of its inputs changes."
    return _picture(left + 3 * wide + 2 * gap + 24, top + 60 * len(_ROWS) + 8, title, parts)


# --- The order of the rules ---


def _time(day: int) -> int:
    return int(datetime(2026, 3, day, tzinfo=timezone.utc).timestamp())


ARGUMENTS: Final = {
    "policy": "semver",
    "semver_range": "^1.0",
    "tag_regex": r"v?\d.*",
    "tag_exclude_regex": ".*-debug",
    "as_of": "2026-03-20T00:00:00Z",
}
TAGS: Final = (
    Tag("1.4 final", _time(1)),
    Tag(f"sha256-{'0' * 64}.sig", _time(2)),
    Tag("latest", _time(3)),
    Tag("web-1.0", _time(4)),
    Tag("1.4.1-debug", _time(5)),
    Tag("1.5.0", _time(25)),
    Tag("1.3.9", None),
    Tag("20260306", _time(6)),
    Tag("2.0.0", _time(7)),
    Tag("1.3.0", _time(8)),
    Tag("1.4.0", _time(9)),
)
"""A tag for each rule, and two candidates."""


def rules() -> str:
    """How far each tag comes, as the package itself judges it."""
    evaluation = evaluate(Policy.from_arguments(ARGUMENTS), TAGS, now=_time(28))
    by_name = {tag.name: tag.verdict for tag in list_verdicts(evaluation)}
    reasons = [reason.value for reason in RejectReason]
    left, wide, top, high = 170, 96, 100, 30
    end = left + wide * len(reasons)
    bottom = top + high * len(TAGS)
    words = ", ".join(f"{name}={value}" for name, value in ARGUMENTS.items())
    parts = [
        _text(24, 34, "Each tag stops at the first rule that rejects it.", bold=True),
        _text(24, 56, words, colour=_GREY, mono=True),
    ]
    for column, reason in enumerate(reasons):
        x = left + column * wide + wide // 2
        parts.append(_text(x, 86, reason, anchor="middle", colour=_GREY))
        parts.append(_line(x, top, x, bottom, colour=_LINE))
        count = evaluation.count_tags()[reason]
        parts.append(_text(x, bottom + 26, str(count), anchor="middle", colour=_GREY))
    for row, tag in enumerate(TAGS):
        y = top + row * high + high // 2
        name = tag.name or ""
        verdict = by_name[name]
        shown = f"{name[:9]}….sig" if name.startswith("sha256-") else name
        parts.append(_text(left - 20, y + 5, shown, anchor="end", mono=True))
        if verdict in reasons:
            x = left + reasons.index(verdict) * wide + wide // 2
            parts.append(_line(left - 10, y, x, y, colour=_RED))
            parts.append(f'<circle cx="{x}" cy="{y}" r="6" fill="{_RED}"/>')
        else:
            parts.append(_line(left - 10, y, end, y, colour=_GREEN))
            edge, fill = _GREEN, _PALE_GREEN if verdict == CHOSEN else "#ffffff"
            parts.append(_box(end, y - 12, 110, 24, edge=edge, fill=fill))
            parts.append(_text(end + 55, y + 5, verdict, anchor="middle", colour=_GREEN))
    parts.append(_text(left - 20, bottom + 26, "counts", anchor="end", colour=_GREY))
    total = f"{len(evaluation.candidates)} candidates"
    parts.append(_text(end + 55, bottom + 26, total, anchor="middle", colour=_GREY))
    title = "The order of the rules, with one tag that each rule rejects"
    return _picture(end + 134, bottom + 44, title, parts)


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "function-and-pin.svg": function_and_pin,
    "function-and-pin.zh-CN.svg": lambda: chinese_picture(function_and_pin()),
    "rules.svg": rules,
    "rules.zh-CN.svg": lambda: chinese_picture(rules()),
}
"""Each file, and what makes it."""


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in PICTURES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
