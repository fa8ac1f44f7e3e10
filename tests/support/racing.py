"""Acts at the same moment, each on a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from database import database


def beside(*acts: Callable[[], object]) -> list[str]:
    """Do these at the same moment, each on a connection of its own; tell how each ended: “done”, or what it raised."""
    ready = threading.Barrier(len(acts), timeout=60)

    def one(act: Callable[[], object]) -> str:
        try:
            ready.wait()
            act()
        except Exception as error:
            return type(error).__name__
        else:
            return "done"
        finally:
            database.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def meeting(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, seconds: float = 0.7) -> threading.Event:
    """Let whoever comes to this function tell so and stay there for a while; return what it sets, for the other one."""
    come, real = threading.Event(), getattr(module, name)

    def slow(*values: Any, **named: Any) -> Any:
        come.set()
        time.sleep(seconds)
        return real(*values, **named)

    monkeypatch.setattr(module, name, slow)
    return come
