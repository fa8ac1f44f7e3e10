"""Waiting for what another thread or process does by itself: for a state, never for a time.

How long a thing takes is the machine's matter: a test that fails after so many seconds fails because nothing came.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds after which nothing will come any more, on a machine that does ten other things as well.
PATIENCE = 90.0


def wait_until(condition: Callable[[], T], seconds: float = PATIENCE, why: Callable[[], object] = str) -> T:
    """Wait until this is true, and return what it is; after so many seconds fail with what `why` returns."""
    until = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < until, f"it did not happen {why()}"
        time.sleep(0.02)
    return met
