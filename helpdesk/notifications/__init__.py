"""Which e-mails are owed to whom: one table from the kinds of events to rows of the outbox (RULES 18 to 22).
It may import journal, locking and what stands before them.
No sending: that is `helpdesk/outbox`.

Written in the transaction of the act. Nobody is told of what they did themselves; an address gets one mail of a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape

from database import Label
from helpdesk import clock, i18n, settings
from helpdesk.access import Actor, System
from helpdesk.events import EventKind, transaction
from helpdesk.lib import richtext
from helpdesk.notifications import drafting, recipients
from helpdesk.notifications.drafting import Text, text
from helpdesk.notifications.recipients import Recipient
from helpdesk.settings import email_kinds
from models import Agent, CustomerAddress, Message, OutgoingEmail, Ticket, TicketEvent

__all__ = ["KINDS", "TABLE", "Text", "one_mail", "plan", "send_account_mail", "text"]

KINDS = email_kinds.KINDS

#: Minutes between two confirmations to an address that is not proven: the form is nobody's mail relay.
QUIET = 60
#: Tickets named in the mail about several of them.
LISTED = 100


@dataclass(frozen=True)
class Notice:
    """One line of the table: a kind of e-mail, who gets it, and when it is not sent at all."""

    kind: str
    audience: Callable[[TicketEvent], Iterable[Recipient]]
    unless: Callable[[TicketEvent, Actor], bool] = lambda _event, _actor: False


def _is_silenced(event: TicketEvent, _actor: Actor) -> bool:
    return bool(event.data.get("silent"))


def _by_program(_event: TicketEvent, actor: Actor) -> bool:
    return isinstance(actor, System)


def _to_stranger_by_program(event: TicketEvent, actor: Actor) -> bool:
    """Hold back an automatic reply: it would carry a stranger's words to somebody who may not have asked."""
    return isinstance(actor, System) and not any(
        one.address and one.address.is_proven for one in recipients.customer(event)
    )


def _switched_off(_event: TicketEvent, _actor: Actor) -> bool:
    return not settings.get("mail_on_assignment")


TABLE: dict[EventKind, tuple[Notice, ...]] = {
    EventKind.OPENED: (
        Notice("confirmation", recipients.customer),
        Notice("team_message", recipients.new_ticket_team, unless=_is_silenced),
        Notice("notification", recipients.copies),
    ),
    EventKind.CUSTOMER_WROTE: (
        Notice("confirmation", recipients.author),
        Notice("team_message", recipients.handlers),
        Notice("notification", recipients.other_customers),
    ),
    EventKind.REPLIED: (
        Notice("notification", recipients.customer, unless=_to_stranger_by_program),
        Notice("notification", recipients.copies, unless=_to_stranger_by_program),
    ),
    EventKind.TRANSFERRED: (Notice("transfer", recipients.target),),
    EventKind.ASSIGNED: (Notice("assignment", recipients.target, unless=_switched_off),),
    # Filters move before the new-ticket mail, which then goes to the right place.
    EventKind.MOVED: (Notice("move", recipients.notified_there, unless=_by_program),),
}


# --- Planning -----------------------------------------------------------------------------------------------------


def plan(event: TicketEvent, *, actor: Actor) -> None:
    """Write the mails an event owes into the outbox, in the caller's transaction."""
    kind = EventKind(event.kind)
    if isinstance(actor, System) and kind in {EventKind.ASSIGNED, EventKind.TRANSFERRED}:
        # A later filter overrides an earlier one: only the last hand-over is told.
        _withdraw(event.ticket, ["assignment", "transfer"])
    if event.ticket.is_spam or event.ticket.in_bin:
        if kind == EventKind.OPENED:
            _withdraw(event.ticket, list(KINDS))
        return
    gathered = _gathered.get()
    if gathered is not None and kind == EventKind.ASSIGNED:
        gathered.append(event)
        return
    notices = [notice for notice in TABLE.get(kind, ()) if not notice.unless(event, actor)]
    author, told = recipients.addresses_of(actor) if notices else set(), set[str]()
    mails: list[OutgoingEmail] = []
    for notice in notices:
        mails += _drafts(notice, event, actor, author, told)
    drafting.store_all(mails)


def _withdraw(ticket: Ticket, kinds: list[str]) -> None:
    OutgoingEmail.delete().where(
        OutgoingEmail.ticket == ticket.id, OutgoingEmail.state == "pending", OutgoingEmail.kind.in_(kinds)
    ).execute()


def _drafts(
    notice: Notice, event: TicketEvent, actor: Actor, author: set[str], told: set[str]
) -> Iterator[OutgoingEmail]:
    """Give the mails of one notice, and add to `told` whom they tell."""
    message = _message(event)
    # A confirmation answers the one who acted; any other mail tells the others.
    spared = told if notice.kind == "confirmation" else told | author
    for recipient in notice.audience(event):
        key = recipient.email.casefold()
        mail = _draft(notice.kind, recipient, event.ticket, message, actor) if key not in spared | told else None
        if mail is not None:
            told.add(key)
            yield mail


def _message(event: TicketEvent) -> Message | None:
    """Return the message that caused the event; the first one for a ticket that was opened."""
    if getattr(event, "about", None) is not None:
        return event.about
    message_id = event.data.get("message") or event.data.get("note")
    if message_id is not None:
        return Message.get_or_none(Message.id == message_id)
    if event.kind == EventKind.OPENED:
        return Message.select().where(Message.ticket == event.ticket_id).order_by(Message.id).first()
    return None


def tell_copy(ticket: Ticket, address: CustomerAddress) -> None:
    """Mail the first message to somebody in copy who had to wait, in the caller’s transaction."""
    if not ticket.is_spam and not ticket.in_bin:
        first = Message.select().where(Message.ticket == ticket.id).order_by(Message.id).first()
        mail = _draft("notification", recipients.in_copy(ticket, address), ticket, first, ticket.customer)
        drafting.store_all([mail] if mail is not None else [])


def _draft(
    kind: str, recipient: Recipient, ticket: Ticket, message: Message | None, actor: Actor
) -> OutgoingEmail | None:
    """Return one mail as it will be written, or None when there is none to write."""
    said = text(kind, recipient.locale)
    if not said.enabled:
        return None
    automatic = "auto-generated"
    if kind == "confirmation":
        automatic = "auto-replied"
        if recipient.address is not None and not recipient.address.is_proven:
            if _was_answered(recipient.address):
                return None
            kind, said = "received", _received(said, recipient.locale)
    elif kind == "notification" and isinstance(actor, Agent):
        automatic = ""
    if _is_copy(ticket, recipient):
        said = _with(said, email_kinds.COPY_LINE, recipient)
    elif kind == "notification" and ticket.is_closed and settings.get("ask_satisfaction"):
        said = _with(said, email_kinds.SATISFACTION_LINE, recipient)
    return drafting.draft(kind, said, recipient, values_of(ticket, recipient, message), ticket, message, automatic)


def _with(said: Text, line: Label, recipient: Recipient) -> Text:
    return replace(said, body=f"{said.body}<p>{escape(line.text(recipient.locale))}</p>")


def _is_copy(ticket: Ticket, recipient: Recipient) -> bool:
    return recipient.address is not None and recipient.address.customer_id != ticket.customer_id


def _was_answered(address: CustomerAddress) -> bool:
    since = clock.now() - timedelta(minutes=QUIET)
    return (
        OutgoingEmail.select()
        .where(OutgoingEmail.address == address.id, OutgoingEmail.kind == "received", OutgoingEmail.created_at > since)
        .exists()
    )


def _received(said: Text, locale: str) -> Text:
    return Text(
        subject=email_kinds.RECEIVED_SUBJECT.text(locale),
        body=email_kinds.RECEIVED_BODY.text(locale),
        sender_name=said.sender_name,
        sender_email=said.sender_email,
        enabled=True,
    )


def values_of(ticket: Ticket, recipient: Recipient, message: Message | None) -> dict[str, str]:
    """Return what the variables of a mail about a ticket stand for."""
    address = recipient.address or ticket.address
    names = {"customer_firstname": ticket.customer.first_name, "customer_lastname": ticket.customer.last_name}
    if recipient.address is not None and _is_copy(ticket, recipient):
        names = {"customer_firstname": "", "customer_lastname": "", **_names(recipient.address)}
    return {
        **names,
        "customer_email": address.email if address is not None else "",
        "customer_account_link": f"{settings.site_url()}/tickets",
        "ticket_id": str(ticket.id),
        "prefixed_id": ticket.number,
        "ticket_object": ticket.subject,
        "message": richtext.to_text(message.body) if message is not None else "",
    }


# --- Several tickets at once --------------------------------------------------------------------------------------

_gathered: ContextVar[list[TicketEvent] | None] = ContextVar("gathered", default=None)


@contextmanager
def one_mail(*, actor: Actor) -> Iterator[None]:
    """Send each new assignee one mail about all tickets assigned inside, as bulk acts do."""
    events: list[TicketEvent] = []
    token = _gathered.set(events)
    try:
        yield
    finally:
        _gathered.reset(token)
    if not events:
        return
    with transaction():
        if len(events) == 1:
            plan(events[0], actor=actor)
        elif settings.get("mail_on_assignment"):
            _write_digests(events, actor)


def _write_digests(events: list[TicketEvent], actor: Actor) -> None:
    tickets: dict[Recipient, list[Ticket]] = {}
    for event in events:
        for recipient in dict.fromkeys(recipients.target(event)):
            tickets.setdefault(recipient, []).append(event.ticket)
    told = recipients.addresses_of(actor)
    for recipient, handed in tickets.items():
        said = text("assignment", recipient.locale)
        if said.enabled and recipient.email.casefold() not in told:
            mail = drafting.draft("digest", _digest(said, handed, recipient.locale), recipient, {})
            drafting.store_all([mail])


def _digest(said: Text, tickets: list[Ticket], locale: str) -> Text:
    count = {"count": len(tickets)}
    lines = "".join(
        f'<li><a href="{escape(settings.site_url())}/admin/tickets/{escape(ticket.number)}">'
        f"#{escape(ticket.number)}</a> {escape(ticket.subject)}</li>"
        for ticket in tickets[:LISTED]
    )
    return Text(
        subject=email_kinds.DIGEST_SUBJECT.text(locale) % count,
        body=email_kinds.DIGEST_BODY.text(locale) % count + f"<ul>{lines}</ul>",
        sender_name=said.sender_name,
        sender_email=said.sender_email,
        enabled=True,
    )


# --- Accounts -----------------------------------------------------------------------------------------------------


def send_account_mail(
    kind: str, *, agent: Agent | None = None, address: CustomerAddress | None = None
) -> OutgoingEmail:
    """Write a mail that carries a private link: "sign-in" (to an address), "invitation" or "reset" (to an agent).

    Raises ValueError when it is given nobody.
    """
    if agent is not None:
        recipient, names = Recipient(agent.email, i18n.supported(agent.locale), agent=agent), {}
    elif address is not None:
        recipient = Recipient(address.email, i18n.supported(address.customer.locale), address=address)
        names = _names(address)
    else:
        raise ValueError(kind)
    values = {"customer_firstname": "", "customer_lastname": "", "customer_email": recipient.email, **names}
    mail = drafting.draft(kind, text(kind, recipient.locale), recipient, values, link_kind=kind)
    drafting.store_all([mail])
    return mail


def _names(address: CustomerAddress) -> dict[str, str]:
    """Return the customer's names for a mail to them; none where a stranger may have typed them."""
    if not address.is_member:
        return {}
    return {"customer_firstname": address.customer.first_name, "customer_lastname": address.customer.last_name}
