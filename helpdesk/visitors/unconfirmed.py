"""Tickets asked for by visitors who cannot read the security code: each waits until its author uses a mailed link.

The mail carries nothing the visitor typed (RULES 19); its link is derived from the row and the secret key, so that no
token rests in the database.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import IntegrityError

from helpdesk import clock, events, i18n, links, tickets
from helpdesk.errors import NotFound
from helpdesk.files import uploads
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from helpdesk.links import LinkExpired
from helpdesk.notifications import drafting
from helpdesk.notifications.drafting import Text
from helpdesk.notifications.recipients import Recipient
from helpdesk.people import customers
from helpdesk.settings import email_kinds
from helpdesk.tickets import NewTicket, cc
from helpdesk.visitors import customer_sign_in
from models import HeldRequest, OutgoingEmail, Ticket

KIND = "confirm"
LIFETIME = timedelta(days=7)
#: Requests one address may have mails for in `WINDOW` seconds: the form is nobody's mail relay.
PER_ADDRESS = 3
WINDOW = 3600


def hold(new: NewTicket) -> None:
    """Keep a visitor's request and mail the address a link that sends it; the same form sent twice is kept once.

    Raises InvalidInput at ``email`` or for a place that is not offered, or TooMany.
    """
    address = customers.normalise(new.email)
    tickets.opening.place(new.service_id, new.department_id)
    nonce, now = new.form_key or secrets.token_urlsafe(32), clock.now()
    token_hash = links.hash_token(links.token_of(KIND, nonce))
    if HeldRequest.select().where(HeldRequest.token_hash == token_hash).exists():
        return
    throttle.hit(f"held for {address}", limit=PER_ADDRESS, seconds=WINDOW)
    try:
        with events.transaction():
            HeldRequest.create(
                nonce=nonce,
                token_hash=token_hash,
                request=_frozen(new, until=now + LIFETIME),
                mail=_mail(address, i18n.supported(new.locale)),
                created_at=now,
                expires_at=now + LIFETIME,
            )
    except IntegrityError:
        # Two sendings of one form at once: the other one is kept.
        return


def _mail(address: str, locale: str) -> OutgoingEmail:
    sender = drafting.text("confirmation", locale)
    said = Text(
        subject=email_kinds.CONFIRM_SUBJECT.text(locale),
        body=email_kinds.CONFIRM_BODY.text(locale),
        sender_name=sender.sender_name,
        sender_email=sender.sender_email,
        enabled=True,
    )
    mail = drafting.draft(KIND, said, Recipient(address, locale), {}, automatic="auto-replied", link_kind=KIND)
    drafting.store_all([mail])
    return mail


def link_of(email: OutgoingEmail) -> str | None:
    """Return the private link of a mail, or None once its request is gone or used."""
    row = HeldRequest.get_or_none(HeldRequest.mail == email.id, HeldRequest.used_at.is_null())
    return links.url(KIND, links.token_of(KIND, row.nonce)) if row is not None else None


def find(token: str) -> HeldRequest:
    """Return the request with this token. Raises NotFound, or LinkExpired once it was sent or is too old."""
    row = HeldRequest.get_or_none(HeldRequest.token_hash == links.hash_token(token))
    if row is None:
        raise NotFound(lazy("This link is not known. Copy it whole from the e-mail, or write your message again."))
    if row.used_at is not None or row.expires_at <= clock.now():
        raise LinkExpired(row)
    return row


def ticket_of(token: str) -> Ticket | None:
    """Return the ticket that a used link has opened."""
    row = HeldRequest.get_or_none(HeldRequest.token_hash == links.hash_token(token))
    return row.ticket if row is not None else None


def asked(row: HeldRequest) -> NewTicket:
    """Return what a request asks for."""
    return _thawed(row.request)


def send(row: HeldRequest, elsewhere: tuple[int, int | None] | None = None) -> Ticket:
    """Open the ticket that was asked for: whoever holds the link has proven the address.

    `elsewhere` is another service and department for it. Raises LinkExpired when somebody was faster, or InvalidInput
    when its place is not there any more.
    """
    new = _thawed(row.request)
    if elsewhere is not None:
        new = replace(new, service_id=elsewhere[0], department_id=elsewhere[1])
    with events.transaction():
        first = HeldRequest.update(used_at=clock.now()).where(HeldRequest.id == row.id, HeldRequest.used_at.is_null())
        if not first.execute():
            raise LinkExpired(HeldRequest.get_by_id(row.id))
        names = {"first_name": new.first_name, "last_name": new.last_name}
        customer_sign_in.prove(customers.find_or_make(new.email, locale=new.locale, **names))
        ticket = tickets.open_ticket(new, actor=None)
        cc.release(ticket.address, ticket)
        # What was typed stands in the ticket now.
        HeldRequest.update(ticket=ticket.id, request={}).where(HeldRequest.id == row.id).execute()
    return ticket


def _frozen(new: NewTicket, *, until: datetime) -> dict[str, Any]:
    """Return a request as it is stored; its files wait as long as it does."""
    return asdict(replace(new, files=())) | {"files": uploads.hold(new.files, until=until)}


def _thawed(stored: dict[str, Any]) -> NewTicket:
    known = {field.name for field in fields(NewTicket)}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}
    values["files"] = tuple(uploads.held(values.get("files", ())))
    return NewTicket(**{key: value for key, value in values.items() if key in known})


def purge() -> int:
    """Delete the requests whose time is over; return how many."""
    return int(HeldRequest.delete().where(HeldRequest.expires_at < clock.now()).execute())
