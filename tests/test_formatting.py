"""Foreign text is fit for a terminal, and lists of names are short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._formatting import join_names, printable, quoted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("1.4.2", "1.4.2", id="plain"),
        pytest.param("镜像 ü é", "镜像 ü é", id="letters of any script"),
        pytest.param("a\\nb", "a\\nb", id="a backslash stays"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="terminal's escape"),
        pytest.param("\x9b31m", "\\x9b31m", id="escape of the upper half"),
        pytest.param("a\r\nb\tc", "a\\r\\nb\\tc", id="line's end and tab"),
        pytest.param("a\x00b", "a\\x00b", id="null"),
        pytest.param("\u202egnp.exe", "\\u202egnp.exe", id="bidirectional override"),
        pytest.param("\u2066a\u2069", "\\u2066a\\u2069", id="bidirectional isolate"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="of no width"),
        pytest.param("\u2028\u2029\x85", "\\u2028\\u2029\\x85", id="other line's ends"),
        pytest.param("a\ud800b", "a\\ud800b", id="lone surrogate"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag character"),
        pytest.param("a\xa0b", "a\\xa0b", id="a space that looks like one"),
    ],
)
def test_unprintable_characters_are_escaped(text: str, expected: str) -> None:
    """Every character that could steer a terminal is written out; the rest stays."""
    assert expected == printable(text)


def test_a_kept_character_stays() -> None:
    """What is named in `keep` stays as it is, and nothing else does."""
    assert "a\nb\\r" == printable("a\nb\r", keep="\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", "abc"), ("abcd", "abc..."), ("", ""), ("\x00\x00\x00", "\\x00" * 3)],
)
def test_long_text_is_cut(text: str, expected: str) -> None:
    """Text longer than the limit is cut, and shows that it is; the limit itself fits."""
    assert expected == printable(text, limit=3)


@given(st.text(st.characters(), max_size=50))
def test_any_text_becomes_printable(text: str) -> None:
    """What comes out is one line that prints and can be encoded, whatever went in."""
    shown = printable(text)

    assert shown.isprintable()
    assert shown == shown.encode().decode()


def test_a_quoted_name_is_short() -> None:
    """A name is quoted, printable and cut at 200 characters."""
    assert "'\\n" + "x" * 199 + "...'" == quoted("\n" + "x" * 500)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a"], "'a'"),
        (["a", "b"], "'a', 'b'"),
        (["a", "b", "c"], "'a', 'b' and 1 more"),
        (["a", "b", "c", "d"], "'a', 'b' and 2 more"),
        (["\x1b"], "'\\x1b'"),
    ],
)
def test_many_names_become_few(names: list[str], expected: str) -> None:
    """Names are quoted; a limited number is shown, and the count of the rest."""
    assert expected == join_names(names, limit=2)
