"""A mail in the ticket it belongs to: a message, a stranger’s message, or a line of its history."""

from __future__ import annotations

from helpdesk.access import SYSTEM, TicketGuest
from helpdesk.errors import NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import absence_words, automatic_mail, mail_record, people_in_copy, ticket_from_mail
from helpdesk.incoming.mail_attachments import StoredFiles
from helpdesk.incoming.mail_context import MailContext
from helpdesk.incoming.mail_threading import OWNER, STRONG, Trace
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.locking import lock
from helpdesk.people import customer_absences, customers
from helpdesk.settings import lookups
from helpdesk.tickets.messages import receive_message
from helpdesk.tickets.strangers import DOUBT, receive_from_stranger
from helpdesk.visitors import customer_sign_in
from models import CustomerAddress, IncomingMail, Mailbox, Message


def store(mail: IncomingMail, content: ParsedMail, context: MailContext, trace: Trace) -> None:
    """Put a mail into the ticket it belongs to, as what was decided, and store what became of the mail with it."""
    if mail.state == "automatic":
        with transaction():
            lock(trace.ticket, actor=SYSTEM)
            subject = mail.subject or str(mail_record.NO_SUBJECT)
            facts = {"email": mail.from_email, "subject": subject, "mail": mail.id}
            record(trace.ticket, EventKind.AUTOMATIC, actor=SYSTEM, **facts)
            mail.ticket = trace.ticket
            _note_absence(content, context, trace)
            mail_record.finish(mail)
        return
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    with mail_record.kept_files(mail, content) as kept, transaction(), mail_record.mails_of(mail, content):
        message = _message(mail, content, context, trace, kept)
        doubt = DOUBT if mail.reason == "stranger" else ""
        notes = kept.notes + _people(mail, content, context, trace, mailbox)
        mail_record.note_origin(
            message, mail, mailbox, evidence=trace.kind, doubt=doubt, notes=notes,
            **mail_record.rest_of(content, is_answer=True),
        )  # fmt: skip
        mail.ticket, mail.message = message.ticket, message
        mail_record.finish(mail)


def _note_absence(content: ParsedMail, context: MailContext, trace: Trace) -> None:
    """Note that the customer is away where their program says until when; anybody else could write such a mail."""
    if context.role != OWNER or trace.kind not in STRONG or not automatic_mail.is_answer(content):
        return
    absence = absence_words.read(content, customer_absences.today())
    if absence is not None:
        customer_absences.note(trace.ticket.customer_id, absence.last, absence.words)


def _people(
    mail: IncomingMail, content: ParsedMail, context: MailContext, trace: Trace, mailbox: Mailbox
) -> list[dict[str, str | int]]:
    """Return the notes on who else was named; only the customer’s own mail may add anybody."""
    address = context.address
    if address is None or mail.reason != "owner":
        return []
    guest = TicketGuest(address.customer, trace.ticket.id, address, is_proven=address.is_proven)
    return people_in_copy.take(trace.ticket, people_in_copy.named(content, mail.from_email), mailbox, actor=guest)


def _message(mail: IncomingMail, content: ParsedMail, context: MailContext, trace: Trace, kept: StoredFiles) -> Message:
    text, key = mail_record.text_of(content, is_answer=True) or str(mail_record.NO_TEXT), mail_record.form_key(mail)
    if mail.reason == "stranger":
        first, last = ticket_from_mail.names_of(content.author)
        theirs = customers.find_or_make(context.author, first_name=first, last_name=last)
        return receive_from_stranger(trace.ticket, text, address=theirs, form_key=key, files=kept.files)
    address = context.address
    if address is None:
        raise NotFound(lazy("There is no such ticket, or you may not see it."))
    guest = TicketGuest(address.customer, trace.ticket.id, address, is_proven=_proves(trace, address))
    return receive_message(trace.ticket, text, actor=guest, form_key=key, files=kept.files)


def _proves(trace: Trace, address: CustomerAddress) -> bool:
    """Whether a mail shows that its author receives mail at the address: it holds what was sent there alone."""
    if trace.kind not in STRONG or trace.address != address.id:
        return False
    customer_sign_in.prove(address)
    return True
