"""What one mail says to one recipient: the text of its kind, the lines below it, and what its variables stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any

from helpdesk import availability, clock, i18n, settings
from helpdesk.due_times import rules
from helpdesk.event_texts import REASONS
from helpdesk.events import actor_name
from helpdesk.lib import delivery_status, richtext
from helpdesk.notifications import account_link, copy_digest, withholding
from helpdesk.notifications.causes import Cause, Recipient
from helpdesk.notifications.outbox_rows import PERSONAL, NewMail, Text, text
from helpdesk.settings import closing_emails, email_frame, email_kinds, lookups
from helpdesk.settings.placeholders import RichText
from helpdesk.settings.uneditable_emails import UNEDITABLE
from models import Agent, Customer, CustomerAddress, Message, OutgoingEmail, Ticket, TicketCc

#: Minutes between two confirmations to an address that is not proven: the form is nobody's mail relay.
QUIET = 60
#: Tickets named in the mail about several of them.
LISTED = 100


def new_mail(kind: str, recipient: Recipient, cause: Cause) -> NewMail | None:
    """Return a mail of this kind to this recipient, or None when there is none to write."""
    address = recipient.address
    if kind == "confirmation" and address is not None and not address.is_proven:
        kind = "received"
    if kind == "closing_soon" and address is not None and not address.is_proven:
        kind = "closing"
    if kind == "copy" and not _is_copy(cause.ticket, recipient):
        kind = "notification"  # another address of the customer
    in_copy = kind == "copy"
    if in_copy and address is not None and not address.is_proven:
        kind = "copied"
    wording = text(kind, recipient.locale)
    if not wording.enabled or (kind == "received" and _was_answered(address)):
        return None
    is_reached = address is not None and not withholding.is_undeliverable(address)
    if in_copy and is_reached and copy_digest.is_full(recipient):
        copy_digest.gather(recipient, cause.ticket)
        return None
    is_uneditable = kind in UNEDITABLE
    return NewMail(
        kind,
        _worded(wording, cause, recipient.locale) if is_uneditable else _with_lines(wording, kind, recipient, cause),
        recipient,
        {} if is_uneditable else _values(recipient, cause),
        cause.ticket,
        cause.message,
        # An agent's answer is a person's mail, whatever carries it.
        automatic="" if kind in PERSONAL and isinstance(cause.actor, Agent) else None,
    )


def again(mail: OutgoingEmail, message: Message) -> NewMail | None:
    """Return an e-mail of the outbox as its kind would be written now; None for one whose text holds no message."""
    ticket = message.ticket
    if mail.kind not in email_kinds.KINDS or ticket is None:
        return None
    recipient = Recipient(mail.to_email, mail.locale, agent=mail.agent, address=mail.address)
    wording = _with_question(text(mail.kind, mail.locale), mail.kind, recipient, ticket)
    wording = _with_colleagues(wording, mail.kind, recipient, ticket)
    return NewMail(
        mail.kind, wording, recipient, values_of(ticket, recipient, message), ticket, message, mail.automatic
    )


def _was_answered(address: CustomerAddress | None) -> bool:
    since = clock.now() - timedelta(minutes=QUIET)
    return (
        OutgoingEmail.select()
        .where(
            OutgoingEmail.address == address,
            OutgoingEmail.kind == "received",
            OutgoingEmail.created_at > since,
        )
        .exists()
    )


#: Words of fixed texts that what they are sent for brings along.
FROM_CAUSE = ("email", "sentence", "device", "network", "moment", "name", "rule", "details", "link")


def _worded(wording: Text, cause: Cause, locale: str) -> Text:
    """Fill the words of a fixed text in."""
    words = {
        "who": actor_name(cause.actor),
        "number": cause.ticket.number if cause.ticket is not None else cause.data.get("number", ""),
        "count": cause.data.get("count", len(cause.tickets)),
        "reason": "",
        **{name: cause.data.get(name, "") for name in FROM_CAUSE},
    }
    if "code" in cause.data:
        # In the language of who reads it, whoever the mail server reported to.
        with i18n.in_language(locale):
            words["reason"] = str(delivery_status.words(cause.data["code"]))
    absent = lookups.agent(cause.data.get("agent"))
    if absent is not None and (last := availability.last_day(absent)) is not None:
        with i18n.in_language(locale):
            words |= {"name": absent.name, "moment": i18n.day_text(last, "d MMMM y")}
    if "closes" in cause.data:
        with i18n.in_language(locale):
            words["moment"] = i18n.long_day(cause.data["closes"])
    if "author" in cause.data:
        # A scheduled reply that did not leave.
        with i18n.in_language(locale):
            words["reason"] = str(REASONS[cause.data.get("why", "cancelled")]) % {"name": words["name"]}
    safe = {name: escape(str(word)) for name, word in words.items()}
    return replace(wording, subject=wording.subject % words, body=wording.body % safe + _list_of(cause.tickets))


def _list_of(tickets: Sequence[Ticket]) -> str:
    lines = "".join(
        f'<li><a href="{escape(settings.site_url())}/admin/tickets/{escape(ticket.number)}">'
        f"#{escape(ticket.number)}</a> {escape(ticket.subject)}</li>"
        for ticket in tickets[:LISTED]
    )
    return f"<ul>{lines}</ul>" if lines else ""


def _with_lines(wording: Text, kind: str, recipient: Recipient, cause: Cause) -> Text:
    """Return a text with the lines that stand below it: a question, what is due, when it closes, who gets a copy."""
    text = _with_due_time(_with_question(wording, kind, recipient, cause.ticket), recipient, cause)
    return _with_colleagues(_with_closing_day(text, recipient, cause), kind, recipient, cause.ticket)


def _with_question(wording: Text, kind: str, recipient: Recipient, ticket: Any) -> Text:
    if ticket is None or kind != "notification" or not ticket.is_closed or not settings.get("ask_satisfaction"):
        return wording
    line = email_kinds.SATISFACTION_LINE.text(recipient.locale)
    return replace(wording, body=f"{wording.body}<p>{escape(line)}</p>")


def _with_due_time(wording: Text, recipient: Recipient, cause: Cause) -> Text:
    if "due" not in cause.data:
        return wording
    zone = i18n.zone(recipient.agent.timezone if recipient.agent is not None else None)
    with i18n.in_language(recipient.locale):
        words = {"target": rules.TARGETS[cause.data["target"]], "when": i18n.when(cause.data["due"], timezone=zone)}
        line = email_kinds.DUE_LINE.text(recipient.locale) % words
    return replace(wording, body=f"{wording.body}<p>{escape(line)}</p>")


def _with_colleagues(wording: Text, kind: str, recipient: Recipient, ticket: Any) -> Text:
    """Name the colleagues who get a copy of a new ticket, below its confirmation."""
    if kind != "confirmation" or ticket is None or ticket.organisation_id is None:
        return wording
    copied = TicketCc.select(TicketCc.address).where(TicketCc.ticket == ticket.id, TicketCc.organisation_id > 0)
    people = CustomerAddress.select(CustomerAddress, Customer).join(Customer).where(CustomerAddress.id.in_(copied))
    names = ", ".join(row.customer.full_name or row.email for row in people.order_by(CustomerAddress.id))
    line = email_frame.COLLEAGUES_LINE.text(recipient.locale) % {"names": names}
    return replace(wording, body=f"{wording.body}<p>{escape(line)}</p>") if names else wording


def _with_closing_day(wording: Text, recipient: Recipient, cause: Cause) -> Text:
    if "closes" not in cause.data:
        return wording
    with i18n.in_language(recipient.locale):
        words = {"day": i18n.long_day(cause.data["closes"])}
        line = closing_emails.DAY_LINE.text(recipient.locale) % words
    return replace(wording, body=f"{wording.body}<p>{escape(line)}</p>")


def _is_copy(ticket: Ticket, recipient: Recipient) -> bool:
    return recipient.address is not None and recipient.address.customer_id != ticket.customer_id


def _values(recipient: Recipient, cause: Cause) -> dict[str, str]:
    if cause.ticket is not None:
        return values_of(cause.ticket, recipient, cause.message)
    names = _names(recipient.address) if recipient.address is not None else {}
    return {"customer_firstname": "", "customer_lastname": "", "customer_email": recipient.email, **names}


def values_of(ticket: Ticket, recipient: Recipient, message: Message | None) -> dict[str, str]:
    """Return what the variables of a mail about a ticket stand for."""
    address = recipient.address or ticket.address
    names = {"customer_firstname": ticket.customer.first_name, "customer_lastname": ticket.customer.last_name}
    if recipient.address is not None and _is_copy(ticket, recipient):
        names = {"customer_firstname": "", "customer_lastname": "", **_names(recipient.address)}
    return {
        **names,
        "customer_email": address.email if address is not None else "",
        "customer_account_link": account_link.of(ticket),
        "ticket_id": str(ticket.id),
        "prefixed_id": ticket.number,
        "ticket_object": ticket.subject,
        "message": _text_of(message) if message is not None else "",
    }


def _text_of(message: Message) -> str:
    plain, html = richtext.to_text(message.body), richtext.inside(message.body)
    return RichText(plain, html) if html is not None else plain


def _names(address: CustomerAddress) -> dict[str, str]:
    """Return the customer's names for a mail to them; none where a stranger may have typed them."""
    if not address.is_member:
        return {}
    return {"customer_firstname": address.customer.first_name, "customer_lastname": address.customer.last_name}
