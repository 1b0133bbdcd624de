"""Fixtures of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from config.setting_sources import SettingSources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def unset(home: Path, monkeypatch: pytest.MonkeyPatch) -> SettingSources:
    """Sources in which nothing is set."""
    return SettingSources(home, monkeypatch)


@pytest.fixture
def with_keys(unset: SettingSources) -> SettingSources:
    """Sources with keys and a region in the environment, which is enough."""
    unset.set_pair("environment")
    unset.set("environment", "region", "cn-bj2")
    return unset
