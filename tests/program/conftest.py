"""Fixtures of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from monitor import running_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine in this process."""
    with running_engine() as running:
        yield running
