"""One mail instead of many to somebody in copy (RULES 40): what comes after the first mails of an hour is gathered.

The mails of the documents go to customers and the team and are never gathered.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import Any

from peewee import ModelSelect

from database import is_sqlite
from helpdesk import clock, links, settings
from helpdesk.notifications import outbox_rows
from helpdesk.notifications.causes import Recipient
from helpdesk.notifications.outbox_rows import NewMail, Text
from helpdesk.settings import email_kinds
from models import CustomerAddress, FormerNumber, OutgoingEmail, Ticket, TicketCc

#: Mails about tickets that somebody in copy gets within an hour, each by itself.
AN_HOUR = 5
HOUR = timedelta(hours=1)
#: The kinds of mail that are counted.
COUNTED = ("notification", "copy", "copied")
#: Tickets of one digest that get a private link each.
LINKED = 100
END = "</ul>"


def is_full(recipient: Recipient) -> bool:
    """Whether this address got its mails of the hour."""
    counted = OutgoingEmail.select(OutgoingEmail.id).where(
        OutgoingEmail.address == recipient.address,
        OutgoingEmail.kind.in_(COUNTED),
        OutgoingEmail.created_at > clock.now() - HOUR,
    )
    return counted.limit(AN_HOUR).count() >= AN_HOUR


def gather(recipient: Recipient, ticket: Ticket) -> None:
    """Name a ticket in the digest of this address, which goes out an hour after it was begun."""
    line = f'<li><a href="{escape(settings.site_url())}/tickets/{ticket.number}">#{ticket.number}</a></li>'
    digest = _locked(OutgoingEmail.address == recipient.address, OutgoingEmail.due_at > clock.now()).first()
    if digest is None:
        outbox_rows.store_all([_new(recipient, line)])
    elif f">#{ticket.number}<" not in digest.body:
        _store(digest, body=digest.body.removesuffix(END) + line + END)


def forget(ticket: Ticket, address: CustomerAddress) -> None:
    """Take a ticket, also by its former numbers, out of the digests that wait for an address; cancel an empty one."""
    former = FormerNumber.select(FormerNumber.number).where(FormerNumber.ticket == ticket.id).tuples()
    numbers = "|".join(re.escape(number) for number in (ticket.number, *(number for (number,) in former)))
    for digest in _locked(OutgoingEmail.address == address.id):
        body = re.sub(rf"<li><a [^>]*>#(?:{numbers})</a></li>", "", digest.body)
        if body != digest.body:
            _store(digest, body=body, **({} if "<li>" in body else {"state": "cancelled"}))


def with_private_links(digest: OutgoingEmail) -> str:
    """Return the body of a digest whose links open their tickets without an account, for the mail alone."""
    number = re.compile(rf'(?<=href="){re.escape(escape(settings.site_url()))}/tickets/([^"/]+)(?=")')
    copied = TicketCc.select(TicketCc.ticket).where(TicketCc.address == digest.address_id)
    named = Ticket.number.in_(number.findall(digest.body)[:LINKED])
    links_of = {
        ticket.number: links.url("ticket", links.make("ticket", address=digest.address, ticket=ticket))
        for ticket in Ticket.select().where(named, Ticket.id.in_(copied))
    }
    return number.sub(lambda match: escape(links_of.get(match[1], match[0])), digest.body)


def _locked(*conditions: Any) -> ModelSelect:
    """Return the digests that wait, locked: what was claimed while this waited for the lock is none of them."""
    waiting = OutgoingEmail.select().where(
        *conditions, OutgoingEmail.kind == "digest", OutgoingEmail.state == "pending"
    )
    ordered = waiting.order_by(OutgoingEmail.id)
    return ordered if is_sqlite() else ordered.for_update()


def _store(digest: OutgoingEmail, **values: Any) -> None:
    OutgoingEmail.update(values).where(OutgoingEmail.id == digest.id, OutgoingEmail.state == "pending").execute()


def _new(recipient: Recipient, line: str) -> OutgoingEmail:
    like = outbox_rows.text("notification", recipient.locale)
    body = f"{email_kinds.GATHERED_BODY.text(recipient.locale)}<ul>{line}{END}"
    subject = email_kinds.GATHERED_SUBJECT.text(recipient.locale)
    words = Text(subject, body, like.sender_name, like.sender_email, enabled=True)
    mail = outbox_rows.new_email(NewMail("digest", words, recipient, {}))
    mail.due_at = clock.now() + HOUR
    return mail
