"""The value that each declared setting has now."""

from __future__ import annotations

from typing import Any

from database import Label
from helpdesk.lib.cache import CachedValue
from helpdesk.settings.declared import DECLARED
from models import Setting

_stored: CachedValue[dict[str, Any]] = CachedValue(lambda: dict(Setting.select(Setting.key, Setting.value).tuples()))


def get(key: str) -> Any:
    """Return the value of a declared setting. Raises KeyError for any other key."""
    declared = DECLARED[key]
    value = _stored().get(key, declared.default)
    return Label(value) if declared.kind == "label" else value
