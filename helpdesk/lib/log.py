"""The log: one line an event, with time and level, as text or as JSON; nobody's text forges a line of it.

What is logged has a name and fields. No path of a link, no address of a person and nothing typed goes in: the fields
name rows by kind and id.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from helpdesk.lib import control_characters

#: The forms of ``GUICHET_LOG``.
TEXT, JSON = FORMS = ("text", "json")
#: Begins each further line of an entry, a traceback's for one: no reader takes it for an entry of its own.
FURTHER = "  | "

_events = logging.getLogger("guichet")


def begin(form: str = TEXT) -> None:
    """Write the log of this process on standard error: events of the desk, and warnings of whatever it stands on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == JSON else _Text())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _events.setLevel(logging.INFO)


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log that something happened, with what a reader may want to search for."""
    _events.log(level, name, extra={"fields": fields})


def failure(name: str, error: Any, **fields: object) -> None:
    """Log a failure with its traceback; `error` is an exception, or what `sys.exc_info` returns."""
    _events.error(name, exc_info=error, extra={"fields": fields})


def sign_in_refused(account: str, reason: str, address: str) -> None:
    """Log a try to sign in that was refused: the line that fail2ban reads (deploy/fail2ban.conf).

    `account` is what was tried (``agent``, ``customer``, ``key``), `reason` why (``wrong``, ``code``, ``blocked``),
    `address` the visitor's network address. Call it for tries during a block, too.
    """
    fields = {"account": account, "reason": reason, "from": _checked(address)}
    event("sign-in refused", level=logging.WARNING, **fields)


def _checked(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return "unknown"


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return dict(getattr(record, "fields", {}))


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _safe(text: object) -> str:
    return control_characters.IN_LINE.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


class _Text(logging.Formatter):
    """``2026-03-01T09:30:00.000Z INFO request method=GET path=/ status=200 ms=8 who=-``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry of a record."""
        fields = [f"{name}={_safe(value)}" for name, value in _fields(record).items()]
        lines = [" ".join([_time(record), record.levelname, _safe(record.getMessage()), *fields])]
        if record.exc_info:
            lines += [FURTHER + _safe(line) for line in self.formatException(record.exc_info).split("\n")]
        return "\n".join(lines)


class _Json(logging.Formatter):
    """One object a line; the fields of an event stand beside its time, level and message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry of a record."""
        entry = {"time": _time(record), "level": record.levelname, "message": record.getMessage(), **_fields(record)}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
