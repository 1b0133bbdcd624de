"""Fixtures of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator_calls import DATA

from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def many() -> Iterator[Emulator]:
    """Run an emulator with 25 images in the bucket `many`."""
    with Emulator(data=DATA) as running:
        yield running
