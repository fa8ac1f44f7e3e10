"""An e-mail text before it is stored: shown with a real ticket as the outbox would send it, and mailed as a test."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from helpdesk import access, outbox, settings
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.lib import richtext
from helpdesk.notifications import outbox_rows
from helpdesk.notifications.causes import Recipient
from helpdesk.notifications.contents import values_of
from helpdesk.notifications.outbox_rows import NewMail, Text
from helpdesk.outbox.smtp_errors import MailFailure
from helpdesk.settings.email_kind import Kind
from helpdesk.settings.email_kinds import KINDS
from models import CUSTOMER_MESSAGE, NOTE, Agent, Customer, CustomerAddress, Message, OutgoingEmail, Ticket, TicketCc

#: Mails that go to agents although they are about no ticket.
TO_AGENTS = ("reset", "invitation")


def newest_ticket(actor: Agent) -> Ticket | None:
    """Return the newest ticket the actor sees: what a preview shows unless another one is chosen."""
    query = access.with_author(access.visible_tickets(actor))
    return query.where(~Ticket.is_spam, ~Ticket.in_bin).order_by(Ticket.id.desc()).first()


def chosen_ticket(number: str, actor: Agent) -> Ticket | None:
    """Return the ticket with this number, or (empty) the newest one. Raises NotFound, also for a ticket of others."""
    wanted = number.strip().lstrip("#")
    return access.find_ticket(actor, wanted) if wanted else newest_ticket(actor)


def preview_email(
    kind: Kind, values: Mapping[str, Any], locale: str, ticket: Ticket | None, *, actor: Agent
) -> OutgoingEmail:
    """Return this kind of e-mail with these texts, as it would go out about this ticket; nothing is stored.

    `values` are those of the form. Without a ticket the variables stand for examples. Raises NotAllowed.
    """
    access.require(actor, "configure")
    said, address = _form_text(kind, values, locale), _address(kind, ticket)
    to_agent = kind.group == "support" or kind.key in TO_AGENTS
    recipient = Recipient(actor.email, locale, agent=actor) if to_agent else _customer(address, locale)
    if kind.group == "accounts":
        filled = _example() if ticket is None else values_of(ticket, recipient, None)
        return outbox_rows.new_email(NewMail(kind.key, said, recipient, filled))
    link = None if to_agent else "ticket"
    if ticket is not None:
        message = _cause(kind, ticket)
        filled = values_of(ticket, recipient, message)
        return outbox_rows.new_email(NewMail(kind.key, said, recipient, filled, ticket, message, link=link))
    example = _example()
    email = outbox_rows.new_email(NewMail(kind.key, said, recipient, example, link=link))
    email.ticket = Ticket(number=example["prefixed_id"], subject=example["ticket_object"], customer=_example_customer())
    email.message = Message(kind=kind.caused_by or CUSTOMER_MESSAGE, author_name="Camille Martin", body=_paragraph())
    email.subject = outbox_rows.subject_of(email.subject, kind.key, email.ticket)
    return email


def _address(kind: Kind, ticket: Ticket | None) -> CustomerAddress | None:
    """Return the address that a preview is for: the first one in copy, for what goes to people in copy."""
    if ticket is None:
        return None
    if kind.key != "copy":
        return ticket.address
    copied = CustomerAddress.select().join(TicketCc).where(TicketCc.ticket == ticket.id)
    first: CustomerAddress | None = copied.order_by(TicketCc.id).first()
    return first


def _form_text(kind: Kind, values: Mapping[str, Any], locale: str) -> Text:
    """Return the texts of a form in one language; what is left empty says what is shipped."""
    shipped = KINDS[kind.key]

    def text(name: str) -> str:
        return str((values.get(name) or {}).get(locale) or getattr(shipped, name).text(locale, "en"))

    stored = outbox_rows.text(kind.key, locale)
    sender = str(values.get("sender_email") or "").strip() or stored.sender_email
    return Text(text("subject"), richtext.from_form(text("body")), text("sender_name"), sender, enabled=True)


def _customer(address: CustomerAddress | None, locale: str) -> Recipient:
    return Recipient(address.email if address is not None else _example()["customer_email"], locale, address=address)


def _cause(kind: Kind, ticket: Ticket | None) -> Message | None:
    """Return the newest message of the ticket that could have caused this mail, else its first."""
    if ticket is None or not kind.caused_by:
        return None
    messages = Message.select().where(Message.ticket == ticket.id, Message.deleted_at.is_null())
    newest = messages.where(Message.kind == kind.caused_by).order_by(Message.id.desc()).first()
    return newest or messages.where(Message.kind != NOTE).order_by(Message.id).first()


def _example() -> dict[str, str]:
    return {
        "customer_firstname": "Camille",
        "customer_lastname": "Martin",
        "customer_email": "camille@example.org",
        "customer_account_link": f"{settings.site_url()}/tickets/{settings.get('ticket_prefix')}42",
        "ticket_id": "42",
        "prefixed_id": f"{settings.get('ticket_prefix')}42",
        "ticket_object": _("An example"),
        "message": _("This is an example."),
    }


def _example_customer() -> Customer:
    return Customer(first_name="Camille", last_name="Martin")


def _paragraph() -> str:
    return f"<p>{escape(_example()['message'])}</p>"


def send_test(email: OutgoingEmail, *, actor: Agent) -> str:
    """Mail a draft to who asks, its private link hidden, and return the sentence that says so.

    Raises NotAllowed, HelpdeskError without a mail server, MailFailure: with the reason in words for administrators.
    """
    access.require(actor, "configure")
    if settings.mail_server() is None:
        raise HelpdeskError(lazy("There is no mail server yet: name one in Configuration, then send the test again."))
    email.to_email = actor.email
    try:
        return outbox.hand_over(email)
    except MailFailure:
        if access.can(actor, "administer"):
            raise
        raise MailFailure(lazy("The mail server did not take the message: ask an administrator to look.")) from None
