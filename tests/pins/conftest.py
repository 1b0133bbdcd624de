"""Fixtures of pins: both providers in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pins.pin_providers import PROVIDERS, EngineLog

if TYPE_CHECKING:
    from pins.pin_providers import PinProvider


@pytest.fixture
def engine_log(monkeypatch: pytest.MonkeyPatch) -> EngineLog:
    """Keep what providers log."""
    return EngineLog(monkeypatch)


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, engine_log: EngineLog) -> PinProvider:
    """One of the two providers; a test whose provider makes calls serves an API for it."""
    del engine_log
    return PROVIDERS[request.param]()
