"""Expressions of users: RE2's, matched as a whole, quick, and templates over them."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest

from pulumi_ucimage._tags.regex import Regex, Template

SYNTAX = "; what it takes is listed at https://github.com/google/re2/wiki/Syntax"
TOO_LARGE = (
    "it is too large to be fast; write it with fewer groups and with fewer or smaller"
    " repetitions"
)

# expression, texts that match as a whole, texts that do not.
MATCHES = [
    ("1", ["1"], ["11", "21", "1\n", ""]),
    ("a|b", ["a", "b"], ["ab", "ac"]),
    ("^a$", ["a"], ["a\n", "ba"]),
    ("(?i)rc", ["rc", "RC"], ["rc1"]),
    (r"\d", ["1"], ["\u0661"]),
    (r"\w+", ["a_1"], ["\u00e9"]),
    (".", ["\u00e9", "\U0001f600", "\ud800"], ["\n", "e\u0301"]),
    ("", [""], ["a"]),
]
NO_EXPRESSIONS = [
    ("test-(.*", f"RE2 says missing ): test-(.*{SYNTAX}"),
    ("*", f"RE2 says no argument for repetition operator: *{SYNTAX}"),
    ("a(?!b)", f"RE2 says invalid perl operator: (?!{SYNTAX}"),
    (r"(a)\1", rf"RE2 says invalid escape sequence: \1{SYNTAX}"),
    ("a{1001}", f"RE2 says invalid repetition size: {{1001}}{SYNTAX}"),
    ("(\u202e", f"RE2 says missing ): (\\u202e{SYNTAX}"),
    ("(" + "a" * 300, f"RE2 says missing ): ({'a' * 188}...{SYNTAX}"),
    ("\ud800", "it has a character that is none in Unicode; leave that out"),
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
    ("test-(.*)", "test-1", "$$1", "$1"),
    ("test-(.*)", "test-1", "$$$1", "$1"),
    ("test-(.*)", "test-1", "plain", "plain"),
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
NO_TEMPLATES = [
    ("(.)", "$2", "tag_regex has no group '2'; it has 1"),
    ("(.)(?P<n>.)", "$m", "tag_regex has no group 'm'; it has 1, 2, n"),
    (".", "$1", "tag_regex has no group '1'; put what is to be compared between ( and )"),
    ("(.)", "$1x", "tag_regex has no group '1x'; write ${1} where text follows a number"),
    ("(.)", "$10", "tag_regex has no group '10'; write ${1} where text follows a number"),
    (
        "(.)" * 12,
        "$12_",
        "tag_regex has no group '12_'; write ${12} where text follows a number",
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
]


@pytest.mark.parametrize(("text", "inside", "outside"), MATCHES)
def test_expressions_match_a_whole_text(
    text: str, inside: list[str], outside: list[str]
) -> None:
    """An expression matches the whole of a text or nothing of it."""
    expression = Regex.parse(text)

    assert expression.text == text
    for one in inside:
        assert expression.match(one), one
    for one in outside:
        assert not expression.match(one), one


def test_search_finds_a_part() -> None:
    """A part of a text can be looked for, to tell who expected that."""
    expression = Regex.parse("b")

    assert expression.search("abc")
    assert not expression.search("ac")


@pytest.mark.parametrize(("text", "message"), NO_EXPRESSIONS)
def test_other_text_is_no_expression(text: str, message: str) -> None:
    """What RE2 does not take, or takes too long for, is refused with what is wrong."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        Regex.parse(text)


def test_a_wrong_expression_is_told_by_the_error_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """RE2 writes nothing of its own to the terminal."""
    with pytest.raises(ValueError, match="RE2 says"):
        Regex.parse("(")

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    ["(x+x+)+y", "(a|a)*b", "(a?){64}a{64}b", "(?:a?){1000}(?:a?){1000}", "(a?)" * 100],
)
def test_no_expression_hangs(text: str) -> None:
    """An expression that is taken is done with the longest tag in no time."""
    expression = Regex.parse(text)
    start = time.process_time()
    for tag in ("a" * 128, "x" * 128, "a" * 127 + "-"):
        expression.match(tag)

    assert time.process_time() - start < 1  # it is some milliseconds


def test_large_expressions_are_taken() -> None:
    """The limits on the size leave room for far more than a tag's name needs."""
    Regex.parse(r"[\pL\pN]+-(?P<time>\d{14})-.*")
    Regex.parse("|".join(f"v{i}" for i in range(500)))
    Regex.parse(r".{1,128}-(?:alpine|debian)\d{0,4}-.{1,128}")


@pytest.mark.parametrize(("regex", "text", "template", "expected"), EXPANSIONS)
def test_templates_expand_as_in_go(
    regex: str, text: str, template: str, expected: str
) -> None:
    """A template stands for its text with the groups in it, an unused one empty."""
    expression = Regex.parse(regex)
    parsed = Template.parse(template, expression)

    assert parsed.text == template
    assert parsed.expand(expression.match(text)) == expected


@pytest.mark.parametrize(("regex", "template", "message"), NO_TEMPLATES)
def test_other_text_is_no_template(regex: str, template: str, message: str) -> None:
    """A reference to nothing, which Go takes for empty, is refused with what is there."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        Template.parse(template, Regex.parse(regex))


def test_re2_is_loaded_by_the_first_expression_only() -> None:
    """A program without an expression does not pay for RE2."""
    code = (
        "import sys, pulumi_ucimage\n"
        "from pulumi_ucimage._tags import select\n"
        "from pulumi_ucimage._tags.policy import Policy\n"
        "Policy.of({'policy': 'semver', 'semver_range': '^1'})\n"
        "assert 're2' not in sys.modules\n"
        "Policy.of({'tag_regex': 'a'})\n"
        "assert 're2' in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
