"""What a decision does: the rules that exist are called, in one transaction with the row of the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from helpdesk import clock, settings
from helpdesk.access import SYSTEM
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import in_language, lazy
from helpdesk.incoming import files, held, language, storage, threading
from helpdesk.incoming.decision import Decision
from helpdesk.incoming.evidence import Evidence, normalised
from helpdesk.incoming.reading import Content, Person
from helpdesk.lib import inputs
from helpdesk.notifications import drafting
from helpdesk.people import customers
from helpdesk.settings import lookups
from helpdesk.tickets.opening import MAX_BODY, MAX_SUBJECT, NewTicket, open_ticket
from models import IncomingMail, Mailbox, MailedMessage, Message, Order, OutgoingEmail, Ticket

#: Letters of a mail's text that its row keeps: for a mail that became no message.
KEPT_TEXT = 20_000
#: People named on the row of a mail.
KEPT_PEOPLE = 50
#: Orders of an address that are looked for in its mail.
KEPT_ORDERS = 50

_PREFIX = re.compile(r"\s*(re|fwd?|tr|rép|rep|aw|wg|rv|sv|vs)\s*(\[\d+\]|\(\d+\))?\s*:\s*", re.IGNORECASE)
_VIA = re.compile(r"\s+via\s+.*", re.IGNORECASE)

NO_TEXT = lazy("(No text)")
NO_SUBJECT = lazy("(No subject)")


def keep_held(mail: IncomingMail, reason: str, **data: Any) -> None:
    """Keep a mail for a person, for this reason."""
    mail.state, mail.reason, mail.ticket, mail.message = "held", reason, None, None
    mail.explanation = {**(mail.explanation or {}), "data": data}
    finish(mail)


def remember(mail: IncomingMail, content: Content, evidence: Evidence, decision: Decision) -> None:
    """Put on the row what lists and pages show of the mail, and why it was decided so."""
    mail.state, mail.reason = decision.state, decision.reason
    mail.from_email = evidence.author or inputs.one_line(content.author.email, 254)
    mail.from_name = inputs.one_line(content.author.name, 120)
    mail.subject = shortened(inputs.one_line(content.subject, 2_000))
    mail.mail_id, mail.body_hash = content.mail_id, content.body_hash
    mail.explanation = {
        "tests": [asdict(test) for test in decision.tests],
        "data": decision.data,
        "read": seen_of(content),
    }


def seen_of(content: Content) -> dict[str, Any]:
    """Return what the page of a mail shows of it."""

    def people(rows: tuple[Person, ...]) -> list[str]:
        return [f"{one.name} <{one.email}>" if one.name else one.email for one in rows[:KEPT_PEOPLE]]

    return {
        "from": people(content.authors),
        "reply_to": people(content.reply_to),
        "to": people(content.to),
        "cc": people(content.cc),
        "delivered": list(content.delivered[:KEPT_PEOPLE]),
        "date": content.date,
        "text": content.text[:KEPT_TEXT],
        "files": [files.name_of(file) for file in content.files],
        "cut": content.cut,
        "notes": list(content.notes),
    }


def shortened(subject: str) -> str:
    """Return a subject as long as a row takes, with an ellipsis where it was cut."""
    return subject if len(subject) <= MAX_SUBJECT else f"{subject[: MAX_SUBJECT - 1].rstrip()}…"


def finish(mail: IncomingMail) -> None:
    """Store what became of a mail."""
    mail.decided_at, mail.claimed_at = clock.now(), None
    mail.save()
    held.forget()


# --- A new ticket -------------------------------------------------------------------------------------------------


def open_from(mail: IncomingMail, content: Content, *, spam: bool = False, related: int | None = None) -> Ticket:
    """Open a ticket from a mail for its author, and store what became of the mail with it.

    `related` is the ticket that it names and does not belong to. Raises InvalidInput; then nothing is stored.
    """
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    with in_language(mailbox.locale):
        new = replace(draft(mail, content, mailbox), is_spam=spam)
    with kept_files(mail, content) as kept, transaction():
        with mails_of(mail):
            ticket = open_ticket(replace(new, files=tuple(kept.files)), actor=None)
        first = Message.select().where(Message.ticket == ticket.id).order_by(Message.id).get()
        note_origin(first, mail, mailbox, evidence="", notes=kept.notes)
        other = threading.ticket_of(related) if related is not None else None
        if other is not None:
            record(ticket, EventKind.RELATED, actor=SYSTEM, number=other.number)
        mail.ticket, mail.message = ticket, first
        finish(mail)
    return ticket


def draft(mail: IncomingMail, content: Content, mailbox: Mailbox, email: str = "") -> NewTicket:
    """Return the ticket a mail asks for: nothing of it is taken for more than what somebody wrote."""
    author = email or normalised(content.author.email) or mail.from_email
    first, last = names_of(content.author) if not email else ("", "")
    subject, text = subject_of(content.subject), text_of(content)
    locale = language.guess(text, content.header("content-language")) or mailbox.locale
    known = customers.lookup(author)
    return NewTicket(
        email=author,
        subject=subject or str(NO_SUBJECT),
        body=text or str(NO_TEXT),
        service_id=mailbox.service_id,
        department_id=mailbox.department_id,
        first_name=first,
        last_name=last,
        locale=(known.customer.locale if known is not None else None) or locale or settings.get("language"),
        form_key=form_key(mail),
        order_number=order_in(author, f"{content.subject}\n{text}"),
    )


def form_key(mail: IncomingMail) -> str:
    """Return the key under which a mail makes one ticket or message, however often it is handled."""
    return f"mail-{mail.sha256[:56]}"


def subject_of(subject: str) -> str:
    """Return a subject without what mail programs put before it, as often as they did."""
    text = inputs.one_line(subject, 2_000)
    while (found := _PREFIX.match(text)) is not None and found.end():
        text = text[found.end() :]
    return shortened(text.strip())


def text_of(content: Content) -> str:
    """Return the text of a mail as a message takes it: what is beyond stays in the mail."""
    text = content.text.strip()
    return text if len(text) <= MAX_BODY else f"{text[: MAX_BODY - 2].rstrip()} …"


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
    found = re.search(rf"(?<!\w){re.escape(number)}(?!\w)", text) if number else None
    return found.start() if found else -1


# --- Beside ticket and message ------------------------------------------------------------------------------------


@contextmanager
def kept_files(mail: IncomingMail, content: Content) -> Iterator[files.Kept]:
    """Store the files of a mail for the message made inside; what fails there keeps none."""
    kept = files.keep(storage.location(mail).read_bytes(), content) if content.files else files.Kept()
    try:
        yield kept
    except BaseException:
        kept.discard()
        raise


@contextmanager
def mails_of(mail: IncomingMail) -> Iterator[None]:
    """Look at the e-mails that a rule writes inside: history that is only now read lets none go out."""
    answered = drafting.theirs.set(((mail.from_email, mail.mail_id),) if mail.mail_id else ())
    try:
        with drafting.noted() as written:
            yield
    finally:
        drafting.theirs.reset(answered)
    if mail.silent and written:
        OutgoingEmail.delete().where(OutgoingEmail.id.in_(written)).execute()


def note_origin(message: Message, mail: IncomingMail, mailbox: Mailbox, *, evidence: str, **more: Any) -> None:
    """Note on a message that it came by mail, once."""
    row = {"sender": mail.from_email, "mailbox": mailbox.address, "evidence": evidence, **more}
    MailedMessage.insert(message=message.id, **row).on_conflict_ignore().execute()
