"""Versions and ranges behave as in Masterminds/semver and Flux.

The oracle in ``masterminds/`` is a Go program on the real libraries.
"""

import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import settings

from integration.conftest import made_once
from pulumi_ucimage._tags.semver import Range, Version, parse_version

SEED = 20251124
QUESTIONS = 8000 if settings.get_current_profile_name() == "thorough" else 1000
# Masterminds stops at 64 bits; test_semver.py tests that numbers are exact here.
UNREADABLE = re.compile(r"[0-9]{20}")


@dataclass(frozen=True)
class Question:
    """A range, and the versions that it may contain."""

    range: str
    versions: list[str]


@dataclass(frozen=True)
class Answer:
    """What a program says about a question; a flag for each version, in its order."""

    range: bool
    loose: list[bool]
    flux: list[bool]
    contains: list[bool]
    compare: list[int]


Oracle: TypeAlias = Callable[[Sequence[Question]], list[Answer]]


@pytest.fixture(scope="session")
def oracle(
    tmp_path_factory: pytest.TempPathFactory, go_environment: dict[str, str]
) -> Oracle:
    """Build the Go program, and return a function that asks it."""

    def build(folder: Path) -> None:
        subprocess.run(
            ["go", "build", "-mod=readonly", "-o", folder / "masterminds", "."],  # noqa: S607
            cwd=Path(__file__).parent / "masterminds",
            env={**os.environ, **go_environment, "GOWORK": "off"},
            check=True,
        )

    program = made_once(tmp_path_factory, "masterminds", build) / "masterminds"

    def ask(questions: Sequence[Question]) -> list[Answer]:
        answers = subprocess.run(
            [program],
            input="\n".join(json.dumps(vars(query)) for query in questions),
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        return [Answer(**json.loads(line)) for line in answers.stdout.splitlines()]

    return ask


class Generator:
    """Random ranges and versions: small numbers, so that many match; some are invalid."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same each time

    def questions(self, count: int) -> Iterator[Question]:
        """Make up to this many questions, without those that cannot be compared."""
        for _ in range(count):
            query = Question(
                self._broken(self._range(), 0.1),
                [self._broken(self._version(), 0.05) for _ in range(8)],
            )
            if not UNREADABLE.search("\n".join([query.range, *query.versions])):
                yield query

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _maybe(self, chance: float, text: str) -> str:
        return text if self._random.random() < chance else ""

    def _number(self) -> str:
        if self._random.random() < 0.9:
            return self._pick(*"00111223")
        return self._pick("00", "01", "002", "10", "11", "9999999999999999999")

    def _words(self, *words: str) -> str:
        return ".".join(self._pick(*words) for _ in range(self._random.randint(1, 3)))

    def _suffix(self) -> str:
        identifiers = ("0", "0", "1", "2", "10", "a", "b", "rc", "rc1", "B", "0a", "-")
        odd = (*identifiers, "01", "1-", "x", "a-b", "00", "")
        prerelease = self._words(*self._random.choice((identifiers, identifiers, odd)))
        metadata = self._words("b", "1", "01", "5-x", "exp")
        return self._maybe(0.35, f"-{prerelease}") + self._maybe(0.1, f"+{metadata}")

    def _version(self) -> str:
        count = self._random.choice((3, 3, 3, 3, 3, 3, 2, 2, 1, 4))
        numbers = ".".join(self._number() for _ in range(count))
        return self._maybe(0.2, "v") + numbers + self._suffix()

    def _pattern(self) -> str:
        count = self._random.choice((3, 3, 3, 3, 2, 2, 2, 1, 1, 4))
        numbers = [self._number() for _ in range(count)]
        for i in range(count):
            if self._random.random() < 0.15:
                numbers[i] = self._pick("x", "x", "X", "*", "*", "xx", "1x", "|")
        return self._maybe(0.1, "v") + ".".join(numbers) + self._suffix()

    def _space(self) -> str:
        return self._pick("", "", "", "", "", "", " ", " ", "  ", "\t", "\n\r\f ")

    def _comparator(self) -> str:
        operators = "", "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"
        return self._pick(*operators) + self._space() + self._pattern()

    def _hyphen(self) -> str:
        dash = self._pick(" - ", " - ", " - ", "  - ", " -\t", "-", "- ")
        return self._pattern() + dash + self._pattern()

    def _group(self) -> str:
        text = ""
        for i in range(self._random.choice((1, 1, 1, 2, 2, 3))):
            part = self._hyphen() if self._random.random() < 0.2 else self._comparator()
            between = self._pick(" ", " ", " ", ", ", ",", " , ", "  ", "", ",,", "\v")
            text += (between if i else "") + part
        return self._space() + text + self._space()

    def _range(self) -> str:
        groups = [self._group() for _ in range(self._random.choice((1, 1, 1, 2, 2, 3)))]
        return self._pick("||", "||", " || ", " || ", " ||", "|| ", "|").join(groups)

    def _broken(self, text: str, chance: float) -> str:
        while self._random.random() < chance:
            at = self._random.randint(0, len(text))
            new = self._pick("", *"01xX*v.-+~^<>=!|, \n\v_aV", "||", " - ", "\u0661")
            text = text[:at] + new + text[at + self._random.randint(0, 1) :]
        return text


def own_answer(query: Question) -> Answer:
    """Answer a question as the Go program does, by this project's code."""
    loose = [parse_version(text, loose=True) for text in query.versions]
    try:
        own = Range.parse(query.range)
    except ValueError:
        own = None
    return Answer(
        range=own is not None,
        loose=[version is not None for version in loose],
        flux=[parse_version(text) is not None for text in query.versions],
        contains=[
            own is not None and version is not None and own.contains(version)
            for version in loose
        ],
        compare=[compare(one, two) for one, two in pairwise(loose)],
    )


def compare(one: Version | None, two: Version | None) -> int:
    """Return -1, 0 or 1, as Masterminds does; 0 if one is not a version."""
    if one is None or two is None:
        return 0
    return (one.precedence > two.precedence) - (one.precedence < two.precedence)


def has_three_numbers(text: str) -> bool:
    """Whether the dots that Flux counts are between numbers."""
    return re.split("[-+]", text, maxsplit=1)[0].count(".") == 2


def differences(questions: Sequence[Question], answers: Sequence[Answer]) -> list[str]:
    """Describe where this project's answers differ."""
    found = []
    for query, theirs in zip(questions, answers, strict=True):
        own = own_answer(query)
        if own.range != theirs.range:
            found.append(f"{query.range!r} is a range: {theirs.range}")
        for i, text in enumerate(query.versions):
            if own.loose[i] != theirs.loose[i]:
                found.append(f"{text!r} is a loose version: {theirs.loose[i]}")
            if own.flux[i] != (theirs.flux[i] and has_three_numbers(text)):
                found.append(f"{text!r} is a version for Flux: {theirs.flux[i]}")
            if own.contains[i] != theirs.contains[i]:
                found.append(f"{query.range!r} contains {text!r}: {theirs.contains[i]}")
            if own.compare[i:][:1] != theirs.compare[i:][:1]:
                found.append(f"{query.versions[i : i + 2]} compare as {theirs.compare[i]}")
    return found


def test_random_questions_have_the_same_answers(oracle: Oracle) -> None:
    """Random ranges and versions are parsed, matched and ordered as in the originals."""
    questions = list(Generator(SEED).questions(QUESTIONS))
    answers = oracle(questions)

    assert differences(questions, answers) == []
    # No answer is rare, so that equal answers prove something.
    good = [answer for answer in answers if answer.range]
    for flags in (
        [answer.range for answer in answers],
        [flag for answer in answers for flag in answer.loose],
        [flag for answer in answers for flag in answer.flux],
        [flag for answer in good for flag in answer.contains],
        [order > 0 for answer in answers for order in answer.compare],
        [order < 0 for answer in answers for order in answer.compare],
    ):
        assert 0.1 < sum(flags) / len(flags) < 0.9


def test_only_the_deliberate_differences_exist(oracle: Oracle) -> None:
    """Only exact numbers, and three numbers for Flux, differ."""
    deliberate = Question(
        range=">=18446744073709551616",
        versions=["18446744073709551616.0.0", "1.2-3.4", "1-a.b.c", "1.2.3"],
    )
    (theirs,) = oracle([deliberate])

    assert not theirs.range
    assert theirs.loose == theirs.flux == [False, True, True, True]
    assert own_answer(deliberate) == Answer(
        range=True,
        loose=[True, True, True, True],
        flux=[True, False, False, True],
        contains=[True, False, False, False],
        compare=[1, 1, -1],
    )
