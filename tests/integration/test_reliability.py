"""Every row of docs/reliability.md is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reliability import page
from reliability.run import Outcome, Runner, is_as_expected
from reliability.table import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reliability.cases import Case

ROWS = {
    f"{part}: {name}": case for part, cases in CASES.items() for name, case in cases.items()
}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Certificates, and all modules loaded, once."""
    with Runner() as running:
        yield running


@pytest.mark.usefixtures("no_finalizers")
@pytest.mark.parametrize("case", ROWS.values(), ids=ROWS)
def test_each_fault_has_its_result(case: Case, runner: Runner) -> None:
    """The right error or answer, with the right number of calls, in time and memory."""
    outcome = runner.run(case)

    assert is_as_expected(case, outcome), (case.expected_text, case.calls_text, outcome)


def test_the_page_promises_what_the_table_does() -> None:
    """No row is missing or changed by hand; time and memory depend on the machine."""
    assert page.promises() == page.read(page.PAGE.read_text())


def test_a_page_is_read_as_it_was_written() -> None:
    """The comparison notices a change of each promise."""
    outcomes = {
        (part, name): Outcome("", 0, 0.0, 0)
        for part, cases in CASES.items()
        for name in cases
    }
    text = page.write(outcomes)

    assert page.promises() == page.read(text)
    assert page.promises() != page.read(text.replace("| 4 |", "| 3 |", 1))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Outcome("TransportError", 4, 0.1, 1), True),
        (Outcome("ResponseError", 4, 0.1, 1), False),
        (Outcome("whole answer", 4, 0.1, 1), False),
        (Outcome("TransportError", 3, 0.1, 1), False),
        (Outcome("TransportError", 5, 0.1, 1), False),
        (Outcome("TransportError", 4, 9.0, 1), False),
        (Outcome("TransportError", 4, 0.1, 200), False),
    ],
)
def test_what_is_not_as_expected_is_seen(seen: Outcome, *, expected: bool) -> None:
    """A wrong class, number of calls, time or memory does not match."""
    assert expected == is_as_expected(CASES["Connections"]["refused"], seen)
