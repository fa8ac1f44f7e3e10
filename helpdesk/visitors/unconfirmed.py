"""Tickets requested by visitors who cannot read the security code: each waits until its author uses a mailed link.

The mail carries nothing the visitor typed (RULES 19); its link is derived from the row and the secret key, so that no
token rests in the database.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import IntegrityError

from helpdesk import clock, events, i18n, links, notifications, suppression, tickets
from helpdesk.errors import NotFound
from helpdesk.files import uploads
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from helpdesk.links import LinkExpired
from helpdesk.notifications import Cause, Occasion, Recipient
from helpdesk.people import customers, deliverability
from helpdesk.tickets import NewTicket, cc
from helpdesk.visitors import customer_sign_in
from models import OutgoingEmail, Ticket, UnconfirmedRequest

KIND = "confirm"
LIFETIME = timedelta(days=7)
#: Requests one address may have mails for in `WINDOW` seconds: the form is nobody's mail relay.
PER_ADDRESS = 3
WINDOW = 3600


def store(new: NewTicket) -> None:
    """Store a visitor's request and mail the address a link that sends it; the same form sent twice is stored once.

    Raises InvalidInput at ``email`` or for a place that is not offered, FormSent when the form has sent another text,
    or TooMany.
    """
    address = customers.normalise(new.email)
    tickets.opening.place(new.service_id, new.department_id)
    if customers.lookup(address) is None:
        suppression.refuse(address)
    suppression.refuse_copies(map(customers.normalise, new.copies))
    nonce, now = new.form_key or secrets.token_urlsafe(32), clock.now()
    token_hash = links.hash_token(links.token_of(KIND, nonce))
    if _is_stored(new, token_hash):
        return
    throttle.hit(f"unconfirmed {address}", limit=PER_ADDRESS, seconds=WINDOW)
    recipient = Recipient(address, i18n.supported(new.locale))
    try:
        with events.transaction():
            (mail,) = notifications.owe(Cause(Occasion.UNCONFIRMED, people=(recipient,)))
            UnconfirmedRequest.create(
                nonce=nonce,
                token_hash=token_hash,
                request=_to_json(new, until=now + LIFETIME),
                mail=mail,
                created_at=now,
                expires_at=now + LIFETIME,
            )
    except IntegrityError:
        # One form sent twice at the same time: the other request is stored.
        _is_stored(new, token_hash)


def _is_stored(new: NewTicket, token_hash: str) -> bool:
    """Whether this request is stored, or sent, already. Raises FormSent when its form has sent another text."""
    row = UnconfirmedRequest.get_or_none(UnconfirmedRequest.token_hash == token_hash)
    if row is None:
        return False
    if row.used_at is not None:
        tickets.opening.find_made(new)
        return True
    stored = _from_json(row.request)
    tickets.opening.require_same(new, {stored.digest}, {(file.name, file.sha256) for file in stored.files})
    return True


def link_of(email: OutgoingEmail) -> str | None:
    """Return the private link of a mail, or None once its request is gone or used."""
    row = UnconfirmedRequest.get_or_none(UnconfirmedRequest.mail == email.id, UnconfirmedRequest.used_at.is_null())
    return links.url(KIND, links.token_of(KIND, row.nonce)) if row is not None else None


def find(token: str) -> UnconfirmedRequest:
    """Return the request with this token. Raises NotFound, or LinkExpired once it was sent or is too old."""
    row = UnconfirmedRequest.get_or_none(UnconfirmedRequest.token_hash == links.hash_token(token))
    if row is None:
        raise NotFound(lazy("This link is not known. Copy it whole from the e-mail, or write your message again."))
    if row.used_at is not None or row.expires_at <= clock.now():
        raise LinkExpired(row)
    return row


def ticket_of(token: str) -> Ticket | None:
    """Return the ticket that a used link opened, or None."""
    row = UnconfirmedRequest.get_or_none(UnconfirmedRequest.token_hash == links.hash_token(token))
    return row.ticket if row is not None else None


def new_ticket_of(row: UnconfirmedRequest) -> NewTicket:
    """Return the ticket that a request would open."""
    return _from_json(row.request)


def send(row: UnconfirmedRequest, elsewhere: tuple[int, int | None] | None = None) -> Ticket:
    """Open the ticket of a request; using its link proves the address.

    `elsewhere` is another service id and department id for it. Raises LinkExpired when the link was used meanwhile,
    or InvalidInput when the service or department no longer exists.
    """
    new = _from_json(row.request)
    if elsewhere is not None:
        new = replace(new, service_id=elsewhere[0], department_id=elsewhere[1])
    with events.transaction():
        first = UnconfirmedRequest.update(used_at=clock.now()).where(
            UnconfirmedRequest.id == row.id, UnconfirmedRequest.used_at.is_null()
        )
        if not first.execute():
            raise LinkExpired(UnconfirmedRequest.get_by_id(row.id))
        names = {"first_name": new.first_name, "last_name": new.last_name}
        address = customers.find_or_make(new.email, locale=new.locale, **names)
        customer_sign_in.prove(address)
        deliverability.note_reader(address)
        ticket = tickets.open_ticket(new, actor=None)
        cc.release(ticket.address, ticket)
        # What was typed stands in the ticket now.
        UnconfirmedRequest.update(ticket=ticket.id, request={}).where(UnconfirmedRequest.id == row.id).execute()
    return ticket


def _to_json(new: NewTicket, *, until: datetime) -> dict[str, Any]:
    """Return a request as it is stored, and keep its files until the same time."""
    return asdict(replace(new, files=())) | {"files": uploads.keep_until(new.files, until=until)}


def _from_json(request: dict[str, Any]) -> NewTicket:
    names = {field.name for field in fields(NewTicket)}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in request.items()}
    values["files"] = tuple(uploads.find_all(values.get("files", ())))
    return NewTicket(**{key: value for key, value in values.items() if key in names})


def purge() -> int:
    """Delete the expired requests; return how many."""
    return int(UnconfirmedRequest.delete().where(UnconfirmedRequest.expires_at < clock.now()).execute())
