"""`make reliability`: runs every case, and writes docs/reliability.md if all are right."""

from __future__ import annotations

import sys

from registry_faults import FAULTS, commit

from reliability import page
from reliability.run import Runner, is_as_expected
from reliability.table import CASES


def main() -> int:
    """Run, say what is not as expected, else write the page."""
    outcomes, wrong = {}, []
    with Runner() as runner:
        for part, cases in CASES.items():
            for name, case in cases.items():
                outcome = outcomes[part, name] = runner.run(case)
                if not is_as_expected(case, outcome):
                    promised = f"{case.expected_text}, {case.calls_text}"
                    wrong.append(f"{part}: {name}: {promised}, but {outcome}")
    for name, fault in FAULTS.items():
        error, made = commit(fault)
        if (type(error), len(made)) != (fault.error, fault.requests):
            wrong.append(f"Digests: {name}: {error!r} after {made}")
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)  # noqa: T201
        return 1
    page.PAGE.parent.mkdir(exist_ok=True)
    page.PAGE.write_text(page.write(outcomes))
    print(f"{len(outcomes) + len(FAULTS)} cases are as expected: {page.PAGE}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
