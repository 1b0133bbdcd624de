"""When the plugin ends by itself."""

from __future__ import annotations

import asyncio

import pytest

from pulumi_ucimage.plugin.server import wait_for_end


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        ([True, False], True),
        ([None, True, True, None, False], True),
        ([False, False, False], False),
        ([None, None], False),
        ([True, None, True, None], False),
    ],
)
def test_only_an_engine_that_was_seen_can_be_gone(
    seen: list[bool | None], *, ends: bool
) -> None:
    """Started for PULUMI_DEBUG_PROVIDERS, it waits for an engine that attaches.

    An engine that is stopped for a while, and does not accept connections, is not gone.
    """
    left = list(seen)

    async def is_listening(_: str) -> bool | None:
        return left.pop(0)

    async def sleep(_: float) -> None:
        if not left:
            raise TimeoutError

    async def wait() -> bool:
        try:
            await wait_for_end(
                "127.0.0.1:1",
                7,
                get_parent_id=lambda: 7,
                is_listening=is_listening,
                sleep=sleep,
            )
        except TimeoutError:
            return False
        return True

    assert ends == asyncio.run(wait())
