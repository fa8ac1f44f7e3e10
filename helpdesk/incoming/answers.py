"""Mails that belong to a ticket: as a message of its customer, a stranger's, a note, or a line of its history."""

from __future__ import annotations

from helpdesk.access import SYSTEM, TicketGuest
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import outcome, senders
from helpdesk.incoming.decision import Decision
from helpdesk.incoming.evidence import Evidence
from helpdesk.incoming.files import Kept
from helpdesk.incoming.reading import Content
from helpdesk.incoming.threading import CODE, OURS, Trace
from helpdesk.lib import richtext
from helpdesk.locking import lock
from helpdesk.people import customers
from helpdesk.settings import lookups
from helpdesk.tickets.messages import add_note, receive_message
from helpdesk.tickets.strangers import DOUBT, receive_from_stranger
from helpdesk.visitors import customer_sign_in
from models import Agent, CustomerAddress, IncomingMail, Mailbox, Message

#: Outcomes that a ticket holds.
OF_TICKETS = frozenset({"message", "note", "automatic"})


def carry_out(mail: IncomingMail, content: Content, evidence: Evidence, decision: Decision) -> None:
    """Do what was decided. Whatever goes wrong, nothing of it is stored; doing it again makes nothing twice."""
    outcome.remember(mail, content, evidence, decision)
    if evidence.rule is not None:
        senders.count_hit(evidence.rule)
    try:
        if decision.state == "new":
            outcome.open_from(mail, content, spam=decision.reason == "spam", related=decision.data.get("related"))
        elif evidence.trace is not None and decision.state in OF_TICKETS:
            _store(mail, content, evidence, evidence.trace)
        else:
            _confirm_probe(decision)
            outcome.finish(mail)
    except (InvalidInput, NotFound) as error:
        # Held, never refused: somebody can still make something of it.
        outcome.keep_held(mail, "refused", why=str(error))


def _confirm_probe(decision: Decision) -> None:
    """Note that sub-addresses work, where the mail that tried them out has come back."""
    if decision.reason == "probe":
        mailbox = Mailbox.get_or_none(Mailbox.id == decision.data["mailbox"])
        if mailbox is not None and not mailbox.sub_addresses:
            mailbox.sub_addresses = True
            mailbox.save()


def _store(mail: IncomingMail, content: Content, evidence: Evidence, trace: Trace) -> None:
    if mail.state == "automatic":
        with transaction():
            lock(trace.ticket, actor=SYSTEM)
            subject = mail.subject or str(outcome.NO_SUBJECT)
            facts = {"email": mail.from_email, "subject": subject, "mail": mail.id}
            record(trace.ticket, EventKind.AUTOMATIC, actor=SYSTEM, **facts)
            mail.ticket = trace.ticket
            outcome.finish(mail)
        return
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    with outcome.kept_files(mail, content) as kept, transaction(), outcome.mails_of(mail):
        message = _message(mail, content, evidence, trace, kept)
        doubt = DOUBT if mail.reason == "stranger" else ""
        outcome.note_origin(message, mail, mailbox, evidence=trace.kind, doubt=doubt, notes=kept.notes)
        mail.ticket, mail.message = message.ticket, message
        outcome.finish(mail)


def _message(mail: IncomingMail, content: Content, evidence: Evidence, trace: Trace, kept: Kept) -> Message:
    text, key = outcome.text_of(content) or str(outcome.NO_TEXT), outcome.form_key(mail)
    if mail.state == "note":
        return _note(mail, text, trace, kept, key)
    if mail.reason == "stranger":
        first, last = outcome.names_of(content.author)
        address = customers.find_or_make(evidence.author, first_name=first, last_name=last)
        return receive_from_stranger(trace.ticket, text, address=address, form_key=key, files=kept.files)
    known = evidence.address
    if known is None:
        raise NotFound(lazy("There is no such ticket."))
    guest = TicketGuest(known.customer, trace.ticket.id, known, is_proven=_proves(trace, known))
    return receive_message(trace.ticket, text, actor=guest, form_key=key, files=kept.files)


def _proves(trace: Trace, address: CustomerAddress) -> bool:
    """Whether a mail shows that its author receives mail at the address: it holds what was sent there alone."""
    if trace.kind not in {CODE, OURS} or trace.address != address.id:
        return False
    customer_sign_in.prove(address)
    return True


def _note(mail: IncomingMail, text: str, trace: Trace, kept: Kept, key: str) -> Message:
    sender = mail.from_email
    agent: Agent | None = next((row for row in lookups.agents() if row.email.casefold() == sender), None)
    told = lazy("E-mail of %(name)s, not verified", name=agent.name if agent is not None else mail.from_email)
    body = richtext.from_text(f"{told}\n\n{text}")
    return add_note(trace.ticket, body, actor=SYSTEM, files=kept.files, form_key=key)
