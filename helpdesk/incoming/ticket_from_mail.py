"""A mail as a new ticket: author, subject, text, language, order and files, through the rules that exist."""

from __future__ import annotations

import re
from dataclasses import replace

from helpdesk import settings
from helpdesk.access import SYSTEM
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import in_language
from helpdesk.incoming import language_guess, mail_record, mail_threading, people_in_copy
from helpdesk.incoming.mail_context import normalised
from helpdesk.incoming.parsed_mail import ParsedMail, Person
from helpdesk.lib import inputs
from helpdesk.people import customers
from helpdesk.settings import lookups
from helpdesk.tickets.opening import NewTicket, first_message, open_ticket
from models import IncomingMail, Mailbox, Order, Ticket

#: Orders of an address that are looked for in its mail.
KEPT_ORDERS = 50

_PREFIX = re.compile(r"\s*(re|fwd?|tr|rép|rep|aw|wg|rv|sv|vs)\s*(\[\d+\]|\(\d+\))?\s*:\s*", re.IGNORECASE)
_VIA = re.compile(r"\s+via\s+.*", re.IGNORECASE)


def open_from(mail: IncomingMail, content: ParsedMail, *, spam: bool = False, related: int | None = None) -> Ticket:
    """Open a ticket from a mail for its author, and store what became of the mail with it.

    `related` is the ticket that it names and does not belong to. Raises InvalidInput; then nothing is stored.
    """
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    with in_language(mailbox.locale):
        new = replace(new_ticket(mail, content, mailbox), is_spam=spam)
    with mail_record.kept_files(mail, content) as kept, transaction():
        with mail_record.mails_of(mail, content):
            ticket = open_ticket(replace(new, files=tuple(kept.files)), actor=None)
        first = first_message(ticket)
        named = people_in_copy.named(content, mail.from_email)
        proposed = people_in_copy.take(ticket, named, mailbox, actor=ticket.customer)
        more = {"notes": kept.notes + proposed, **mail_record.rest_of(content)}
        mail_record.note_origin(first, mail, mailbox, evidence="", **more)
        other = mail_threading.ticket_of(related) if related is not None else None
        if other is not None:
            record(ticket, EventKind.RELATED, actor=SYSTEM, number=other.number)
        mail.ticket, mail.message = ticket, first
        mail_record.finish(mail)
    return ticket


def new_ticket(mail: IncomingMail, content: ParsedMail, mailbox: Mailbox, email: str = "") -> NewTicket:
    """Return the ticket a mail asks for: nothing of it is taken for more than what somebody wrote."""
    author = email or normalised(content.author.email) or mail.from_email
    first, last = names_of(content.author) if not email else ("", "")
    subject, text = subject_of(content.subject), mail_record.text_of(content)
    locale = language_guess.guess(text, content.header("content-language")) or mailbox.locale
    address = customers.lookup(author)
    return NewTicket(
        email=author,
        subject=subject or str(mail_record.NO_SUBJECT),
        body=text or str(mail_record.NO_TEXT),
        service_id=mailbox.service_id,
        department_id=mailbox.department_id,
        first_name=first,
        last_name=last,
        locale=(address.customer.locale if address is not None else None) or locale or settings.get("language"),
        form_key=mail_record.form_key(mail),
        mail=mail,
        order_number=order_in(author, f"{content.subject}\n{text}"),
    )


def subject_of(subject: str) -> str:
    """Return a subject without what mail programs put before it, as often as they did."""
    text = inputs.one_line(subject, 2_000)
    while (prefix := _PREFIX.match(text)) is not None and prefix.end():
        text = text[prefix.end() :]
    return mail_record.shortened(text.strip())


def names_of(person: Person) -> tuple[str, str]:
    """Return first and last name from the name before an address; none from what is no name."""
    name = _VIA.sub("", inputs.one_line(person.name, 160)).strip(" ,'\"")
    if not name or "@" in name or len(name) > 80:
        return "", ""
    if "," in name:
        last, _comma, first = name.partition(",")
        return first.strip(), last.strip()
    first, _space, last = name.rpartition(" ")
    return (first.strip(), last.strip()) if first else (last, "")


def order_in(email: str, text: str) -> str:
    """Return the first order of this address whose number stands in the text."""
    orders = Order.select(Order.number).where(Order.email == email).order_by(Order.id.desc()).limit(KEPT_ORDERS)
    places = {number: _place_of(number, text) for (number,) in orders.tuples()}
    named = [(place, number) for number, place in places.items() if place >= 0]
    return min(named)[1] if named else ""


def _place_of(number: str, text: str) -> int:
    match = re.search(rf"(?<!\w){re.escape(number)}(?!\w)", text) if number else None
    return match.start() if match else -1
