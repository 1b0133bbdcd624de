"""Fixtures of the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plugin_calls import in_process

if TYPE_CHECKING:
    from plugin_calls import Client

    from pulumi_ucimage.emulator import Emulator


@pytest.fixture
def provider(configured: Emulator) -> Client:
    """A plugin whose environment leads to the emulator."""
    return in_process()
