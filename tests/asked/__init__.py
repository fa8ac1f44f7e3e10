"""From one screen to the next, where what was asked for crosses several (docs/features.md names each)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine

from helpdesk import outbox, settings
from models import Ticket
from tests.support import doors
from tests.support.mailbox import text_of as words_of

DESK = "/admin/tickets/"
VERA = "vera@visitor.example"


def stored(ticket):
    """Return the ticket as it is now."""
    return Ticket.get_by_id(ticket.id)


def act(client, ticket, deed, **data):
    """Send one of the forms of a ticket's page."""
    return doors.post(client, f"{DESK}{ticket.number}/{deed}", data)


def read(client, path):
    """Return what a page says."""
    return doors.text_of(client.get(path))


def later():
    """Look at the desk when replies can be taken back no more."""
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=40), tick=True)


def mailed(smtp, address):
    """Send what is due, and return subject and text of what this address got."""
    with later():
        outbox.deliver_due()
    return [(mail["Subject"], words_of(mail)) for mail in smtp.to(address)]


def configure(client, **changes):
    """Send the screen of settings as it stands, with these changes (None: switched off)."""
    kept = {key: settings.get(key) for key, row in settings.DECLARED.items() if row.kind not in {"secret", "picture"}}
    data = {key: "y" if value is True else value for key, value in kept.items() if not isinstance(value, dict)}
    labels = {f"{key}-{code}": text for key, value in kept.items() if isinstance(value, dict)
              for code, text in value.items()}  # fmt: skip
    data = {**data, **labels, **changes}
    sent = {key: value for key, value in data.items() if value not in (False, None)}
    return doors.post(client, "/admin/configuration/", sent)
