"""The folder outside the checkout that keeps what was installed or built."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_engine.process import say

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPORARY = "tmp-"


def digest(*parts: object) -> str:
    """A short name for whatever determines a result."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Be the only one that writes to the cache; remove what killed runs left."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that installs or builds the same programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in cache.glob(f"{TEMPORARY}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield


@contextlib.contextmanager
def published(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes the target if the block succeeds.

    For holders of the lock, who have seen that the target is absent or incomplete.
    """
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=target.parent))
    try:
        yield temporary
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
