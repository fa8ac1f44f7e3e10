"""The server that confirms senders, as an administrator names it, and the place where it writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from models import Mailbox


def columns(mailbox: Mailbox, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the server that confirms senders, and where it writes: as the test showed, else above everything."""
    server = _trusted(values.get("trusted_server"))
    places = {mailbox.trusted_server: mailbox.trusted_hops, mailbox.seen_server: mailbox.seen_hops}
    return {"trusted_server": server, "trusted_hops": places.get(server, 0)}


def _trusted(text: Any) -> str:
    """Return the name under which a server confirms senders (RFC 8601): one word, as it writes it."""
    name = inputs.one_line(text, 253).strip().casefold()
    if name and not re.fullmatch(r"[a-z0-9._:/-]+", name):
        message = lazy("This is not the name of a server. Example: mx.example.org.")
        raise InvalidInput(message, field="trusted_server")
    return name
