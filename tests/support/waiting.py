"""Waiting for what another thread or process does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 30, why: Callable[[], object] = str) -> T:
    """Wait until this is true, and return what it is; after so many seconds fail with what `why` returns."""
    until = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < until, f"it did not happen {why()}"
        time.sleep(0.02)
    return met
