"""Regular expressions of users and templates over their groups."""

from __future__ import annotations

import re
import time

import pytest

from pulumi_ucimage._tags.regex import Regex, Template

SYNTAX = "; its syntax is listed at https://github.com/google/re2/wiki/Syntax"
TOO_LARGE = (
    "it is too large to be fast; write it with fewer groups and with fewer or smaller"
    " repetitions"
)

NO_GROUP = "it names no group, so every tag would be equal"
FIRST_GROUP = "; write $1 for the first ( ) of tag_regex, or ${name} for (?P<name>...)"

# expression, texts that match as a whole, texts that do not.
MATCHES = [
    ("1", ["1"], ["11", "21", "1\n", ""]),
    ("a|b", ["a", "b"], ["ab", "ac"]),
    ("^a$", ["a"], ["a\n", "ba"]),
    ("(?i)rc", ["rc", "RC"], ["rc1"]),
    (r"\d", ["1"], ["\u0661"]),
    (r"\w+", ["a_1"], ["\u00e9"]),
    (".", ["\u00e9", "\U0001f600"], ["\n", "e\u0301"]),
    ("", [""], ["a"]),
]
INVALID_EXPRESSIONS = [
    ("test-(.*", f"RE2 says missing ): test-(.*{SYNTAX}"),
    ("*", f"RE2 says no argument for repetition operator: *{SYNTAX}"),
    ("a(?!b)", f"RE2 says invalid perl operator: (?!{SYNTAX}"),
    (r"(a)\1", rf"RE2 says invalid escape sequence: \1{SYNTAX}"),
    ("a{1001}", f"RE2 says invalid repetition size: {{1001}}{SYNTAX}"),
    ("(\u202e", f"RE2 says missing ): (\\u202e{SYNTAX}"),
    ("(" + "a" * 300, f"RE2 says missing ): ({'a' * 188}...{SYNTAX}"),
    ("\ud800", "it has half of a surrogate pair, which is not a character; remove it"),
    ("(a)" * 101, TOO_LARGE),
    ("(?:a?){1000}" * 5, TOO_LARGE),
    ("((((.{1,30}){1,30})))", TOO_LARGE),
]

# expression, text, template, what it expands to.
EXPANSIONS = [
    ("test-(.*)", "test-1", "$1", "1"),
    ("test-(.*)", "test-1", "${1}", "1"),
    ("test-(.*)", "test-1", "$0", "test-1"),
    ("test-(.*)", "test-1", "v${1}x", "v1x"),
    ("test-(.*)", "test-1", "$1.$1", "1.1"),
    ("test-(.*)", "test-1", "$1-$$", "1-$"),
    ("test-(.*)", "test-1", "$$$1", "$1"),
    ("(?P<n>.)-(?P<m>.)", "a-b", "$m$n", "ba"),
    ("(?<n>.)", "a", "${n}_", "a_"),
    ("(?P<n_1>.)", "a", "$n_1", "a"),
    ("(?P<\u0438>.)", "a", "$\u0438", "a"),
    ("(?P<n>.)(.)", "ab", "$2$1", "ba"),
    ("\u00e9(.)(.*)", "\u00e9\u00fc\U0001f600", "\u00e9$2$1", "\u00e9\U0001f600\u00fc"),
    ("(a)|(b)", "b", "$1$2", "b"),
    ("(a)?", "", "[$1]", "[]"),
    ("(.)" * 12, "abcdefghijkl", "$12$1", "la"),
    ("(.)" * 100, "a" * 99 + "z", "$100", "z"),
]
INVALID_TEMPLATES = [
    ("(.)", "$2", "tag_regex has no group '2'; it has 1"),
    ("(.)(?P<n>.)", "$m", "tag_regex has no group 'm'; it has 1, 2, n"),
    (
        ".",
        "$1",
        "tag_regex has no group '1'; put what is to be compared between ( and ) in"
        " tag_regex",
    ),
    ("(.)", "$1x", "tag_regex has no group '1x'; write ${1} if text follows a number"),
    ("(.)", "$10", "tag_regex has no group '10'; write ${1} if text follows a number"),
    (
        "(.)" * 12,
        "$12_",
        "tag_regex has no group '12_'; write ${12} if text follows a number",
    ),
    ("(.)", "$01", "tag_regex has no group '01'; it has 1"),
    ("(.)", "$\u0661", "tag_regex has no group '\u0661'; it has 1"),
    ("(.)", "$" + "9" * 5000, "tag_regex has no group '" + "9" * 200 + "...'; it has 1"),
    ("(.)", "$", "a $ in it names no group; write $1, $name, ${name} or $$"),
    ("(.)", "$-", "a $ in it names no group; write $1, $name, ${name} or $$"),
    ("(.)", "${}", "a $ in it names no group; write $1, $name, ${name} or $$"),
    ("(.)", "${1", "a $ in it names no group; write $1, $name, ${name} or $$"),
    ("(.)", "${ 1}", "a $ in it names no group; write $1, $name, ${name} or $$"),
    ("(.)", "$1$", "a $ in it names no group; write $1, $name, ${name} or $$"),
    # A template that is the same for every tag.
    ("(.)", "plain", NO_GROUP + FIRST_GROUP),
    ("(.)", "$$", NO_GROUP + FIRST_GROUP),
    ("(.)", "$$1", NO_GROUP + FIRST_GROUP),
    ("(.)", "{v}", NO_GROUP + FIRST_GROUP),
    ("(.)", r"\2", NO_GROUP + FIRST_GROUP),
    ("(.)", r"\1", NO_GROUP + "; write ${1}"),
    ("(.)", r"v\1", NO_GROUP + "; write ${1}"),
    ("(.)", r"\g<1>", NO_GROUP + "; write ${1}"),
    ("(?P<v>.)", "{v}", NO_GROUP + "; write ${v}"),
    ("(?P<v>.)", r"\g<v>", NO_GROUP + "; write ${v}"),
    (
        ".",
        r"\1",
        NO_GROUP
        + "; put what is to be compared between ( and ) in tag_regex, and write $1",
    ),
]


@pytest.mark.parametrize(("text", "inside", "outside"), MATCHES)
def test_expressions_match_a_whole_text(
    text: str, inside: list[str], outside: list[str]
) -> None:
    """An expression matches the whole text or does not match."""
    expression = Regex.parse(text)

    assert expression.text == text
    for one in inside:
        assert expression.match(one), one
    for one in outside:
        assert not expression.match(one), one


@pytest.mark.parametrize(("text", "message"), INVALID_EXPRESSIONS)
def test_other_text_is_not_an_expression(text: str, message: str) -> None:
    """What RE2 refuses, or what would be slow, is refused with the reason."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        Regex.parse(text)


def test_an_invalid_expression_is_reported_only_by_the_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """RE2 itself writes nothing to the terminal."""
    with pytest.raises(ValueError, match="RE2 says"):
        Regex.parse("(")

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    ["(x+x+)+y", "(a|a)*b", "(a?){64}a{64}b", "(?:a?){1000}(?:a?){1000}", "(a?)" * 100],
)
def test_no_expression_hangs(text: str) -> None:
    """Every accepted expression is fast on the longest tag."""
    expression = Regex.parse(text)
    start = time.process_time()
    for tag in ("a" * 128, "x" * 128, "a" * 127 + "-"):
        expression.match(tag)

    assert time.process_time() - start < 1  # it is some milliseconds


def test_large_expressions_are_accepted() -> None:
    """The limits on the size allow far more than a tag's name needs."""
    Regex.parse(r"[\pL\pN]+-(?P<time>\d{14})-.*")
    Regex.parse("|".join(f"v{i}" for i in range(500)))
    Regex.parse(r".{1,128}-(?:alpine|debian)\d{0,4}-.{1,128}")


@pytest.mark.parametrize(("regex", "text", "template", "expected"), EXPANSIONS)
def test_templates_expand_as_in_go(
    regex: str, text: str, template: str, expected: str
) -> None:
    """References are replaced by their groups; a group that matched nothing is empty."""
    expression = Regex.parse(regex)
    parsed = Template.parse(template, expression)

    assert parsed.text == template
    assert parsed.expand(expression.match(text)) == expected


@pytest.mark.parametrize(("regex", "template", "message"), INVALID_TEMPLATES)
def test_other_text_is_not_a_template(regex: str, template: str, message: str) -> None:
    """An unknown reference (empty in Go), or none at all, is refused with what to write."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        Template.parse(template, Regex.parse(regex))
