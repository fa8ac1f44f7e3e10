"""What agents decide about held mails: play again, open a ticket, add to one, nothing to do, accept the sender."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from helpdesk import access, clock
from helpdesk.access import TicketGuest
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import (
    collection,
    decision_rules,
    held_mail_count,
    mail_access,
    mail_context,
    mail_record,
    mail_threading,
    pipeline,
    raw_mail,
    sender_rules,
    ticket_from_mail,
)
from helpdesk.incoming.decision_rules import Decision
from helpdesk.incoming.imap_errors import explain
from helpdesk.incoming.mail_threading import COPY, OWNER
from helpdesk.incoming.parsed_mail import ParsedMail, Parser, Person
from helpdesk.lib import richtext
from helpdesk.locking import act
from helpdesk.settings import lookups
from helpdesk.tickets.messages import add_note, receive_message
from helpdesk.tickets.on_behalf import open_for_caller
from helpdesk.tickets.opening import first_message
from models import Agent, CustomerAddress, IncomingMail, Message, Ticket

#: Outcomes that somebody may still decide otherwise.
OPEN_STATES = ("held", "ignored", "automatic", "bounce")
#: Mails that one act takes at most.
AT_ONCE = 100


def _require(mail: IncomingMail, actor: Agent) -> None:
    """Raise NotAllowed where this agent may not read the mail, InvalidInput where it was decided for good."""
    query = mail_access.readable_by(actor, IncomingMail.select(IncomingMail.id)).where(IncomingMail.id == mail.id)
    if not query.exists():
        raise NotAllowed(lazy("Your role does not allow this."))
    if mail.state not in OPEN_STATES:
        raise InvalidInput(lazy("This e-mail has its ticket already."))


def _require_received(mail: IncomingMail) -> None:
    """Raise InvalidInput for what the team has sent itself: it is nobody’s request."""
    if mail.is_sent:
        raise InvalidInput(lazy("Your team has sent this e-mail: add it to the ticket it belongs to."))


def _content(mail: IncomingMail) -> ParsedMail:
    """Read a mail anew. Raises NotFound when it is no longer kept, InvalidInput when it is not here or not readable."""
    if mail.headers_only:
        # A ticket of its headers would look like the whole of it.
        raise InvalidInput(
            lazy("Only the headers of this e-mail are here. An administrator can take the rest from its server.")
        )
    with Parser() as parser:
        content = parser.read(raw_mail.location(mail))
    if content is None:
        raise InvalidInput(lazy("This e-mail cannot be read: download it, and open it with care."))
    return content


# --- Acts -----------------------------------------------------------------------------------------------------------


def would_become(mail: IncomingMail, *, actor: Agent) -> Decision:
    """Return what would become of a mail if it came in now; nothing is done."""
    _require(mail, actor)
    content = _content(mail)
    return decision_rules.decide(content, mail_context.of(mail, content))


def replay(mail: IncomingMail, *, actor: Agent) -> IncomingMail:
    """Decide about a mail as if it came in now. Raises InvalidInput for one that has its ticket."""
    _require(mail, actor)
    content = _content(mail)
    with _claimed(mail):
        pipeline.handle(mail, content)
    return mail


@contextmanager
def _claimed(mail: IncomingMail) -> Iterator[None]:
    """Take a mail for the act inside alone: two who decide at once would make two tickets. What fails gives it back."""
    mine = IncomingMail.update(state="working", claimed_at=clock.now()).where(
        IncomingMail.id == mail.id, IncomingMail.state == mail.state
    )
    if not mine.execute():
        raise InvalidInput(lazy("Somebody else has just decided about this e-mail."))
    before = mail.state
    try:
        yield
    except BaseException:
        IncomingMail.update(state=before, claimed_at=None).where(
            IncomingMail.id == mail.id, IncomingMail.state == "working"
        ).execute()
        raise


def _by_hand(mail: IncomingMail, content: ParsedMail, state: str, reason: str, actor: Agent) -> None:
    """Put on a mail that a person decided."""
    context = mail_context.of(mail, content)
    tests = decision_rules.decide(content, context).tests
    mail_record.remember(mail, content, context, Decision(state, reason, {"who": actor.name}, tests))


def open_ticket(mail: IncomingMail, *, actor: Agent) -> Ticket:
    """Open a ticket from a mail, for who wrote it. Raises InvalidInput."""
    _require(mail, actor)
    _require_received(mail)
    content = _content(mail)
    if not mail_context.author_of(content):
        raise InvalidInput(lazy("It does not say who wrote it: open a ticket for whom you think it was."))
    with _claimed(mail):
        _by_hand(mail, content, "new", "opened", actor)
        return ticket_from_mail.open_from(mail, content)


def open_for(mail: IncomingMail, email: str, name: str, *, actor: Agent) -> Ticket:
    """Open a ticket from a mail for somebody else, as for a caller: whose mail a colleague sent on, for one."""
    _require(mail, actor)
    _require_received(mail)
    content = _content(mail)
    first, last = ticket_from_mail.names_of(Person(name, ""))
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    new = ticket_from_mail.new_ticket(mail, content, mailbox, email)
    with _claimed(mail):
        _by_hand(mail, content, "new", "opened", actor)
        with mail_record.kept_files(mail, content) as kept, transaction():
            request = replace(new, first_name=first, last_name=last, source="email", files=tuple(kept.files))
            ticket = open_for_caller(request, actor=actor)
            message = first_message(ticket)
            more = {"notes": kept.notes, **mail_record.rest_of(content)}
            mail_record.note_origin(message, mail, mailbox, evidence="colleague", **more)
            mail.ticket, mail.message = ticket, message
            mail_record.finish(mail)
        return ticket


def add_to(mail: IncomingMail, number: str, *, actor: Agent) -> Ticket:
    """Add a mail to a ticket: as a message of its customer or of somebody in copy, of anybody else as a note.

    Raises NotFound for a ticket of others, InvalidInput.
    """
    _require(mail, actor)
    ticket = access.find_ticket(actor, number.strip().lstrip("#"))
    content = _content(mail)
    with _claimed(mail):
        person = _participant(ticket, mail_context.author_of(content))
        _by_hand(mail, content, "message" if person is not None else "note", "added", actor)
        with mail_record.kept_files(mail, content) as kept, transaction(), mail_record.mails_of(mail, content):
            message = _written(mail, content, ticket, person, actor, kept)
            mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
            more = {"notes": kept.notes, **mail_record.rest_of(content, is_answer=True)}
            mail_record.note_origin(message, mail, mailbox, evidence="hand", **more)
            mail.ticket, mail.message = message.ticket, message
            mail_record.finish(mail)
        return ticket


def _participant(ticket: Ticket, author: str) -> CustomerAddress | None:
    """Return the address of who wrote, when it is the customer's or of somebody in copy."""
    role, address = mail_threading.role_of(ticket, author, is_agent=False)
    return address if role in {OWNER, COPY} else None


def _written(
    mail: IncomingMail, content: ParsedMail, ticket: Ticket, person: CustomerAddress | None, actor: Agent, kept: Any
) -> Message:
    text = mail_record.text_of(content, is_answer=True) or str(mail_record.NO_TEXT)
    if person is not None:
        guest = TicketGuest(person.customer, ticket.id, person, is_proven=False)
        return receive_message(ticket, text, actor=guest, form_key=mail_record.form_key(mail), files=kept.files)
    heading = lazy("E-mail of %(sender)s: “%(subject)s”", sender=mail.from_email, subject=mail.subject)
    with act(ticket, "note", actor=actor):
        body = richtext.from_text(f"{heading}\n\n{text}")
        return add_note(ticket, body, actor=actor, files=kept.files, form_key=mail_record.form_key(mail))


def close(mail: IncomingMail, *, actor: Agent) -> None:
    """Note that there is nothing to do about a mail."""
    _require(mail, actor)
    explanation = {**(mail.explanation or {}), "data": {"who": actor.name}, "before": [mail.state, mail.reason]}
    _move(mail, state="ignored", reason="closed", explanation=explanation, decided_at=clock.now())


def reopen(mail: IncomingMail, *, actor: Agent) -> None:
    """Take back that there is nothing to do about a mail."""
    _require(mail, actor)
    if mail.reason == "closed":
        state, reason = (mail.explanation or {}).get("before") or ("held", "")
        _move(mail, state=state, reason=reason)


def _move(mail: IncomingMail, **values: Any) -> None:
    IncomingMail.update(**values).where(IncomingMail.id == mail.id, IncomingMail.state == mail.state).execute()
    held_mail_count.forget()
    for name, value in values.items():
        setattr(mail, name, value)


def accept_sender(mail: IncomingMail, *, actor: Agent) -> int:
    """Always accept the mail of this sender, also what waits; return how many waiting mails were decided."""
    _require(mail, actor)
    sender_rules.set_rule(mail.from_email, "accept", actor=actor)
    waiting = mail_access.readable_by(actor, IncomingMail.select()).where(
        held_mail_count.is_held(), IncomingMail.from_email == mail.from_email
    )
    done = 0
    for row in waiting.order_by(IncomingMail.id).limit(AT_ONCE):
        try:
            done += replay(row, actor=actor).state != "held"
        except HelpdeskError:
            # What cannot be read any more stays for a person.
            continue
    return done


def hold_sender(mail: IncomingMail, *, actor: Agent) -> None:
    """Hold whatever comes from this sender."""
    _require(mail, actor)
    sender_rules.set_rule(mail.from_email, "hold", actor=actor)


def fetch_whole(mail: IncomingMail, *, actor: Agent) -> IncomingMail:
    """Take a mail that was left on its server for its size after all, and decide about it. Raises HelpdeskError."""
    access.require(actor, "administer")
    _require(mail, actor)
    if not mail.headers_only or mail.uid is None:
        raise InvalidInput(lazy("This e-mail is here already."))
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    try:
        content = collection.take_whole(mailbox, mail)
    except Exception as error:
        raise HelpdeskError(explain(error)) from error
    if content is None:
        raise InvalidInput(lazy("It is not on its server any more."))
    old, (path, digest) = mail.path, raw_mail.keep(content)
    values = {
        "path": path, "sha256": digest, "size": len(content), "headers_only": False,
        "state": "stored", "reason": "", "attempts": 0,
    }  # fmt: skip
    mine = IncomingMail.update(**values).where(IncomingMail.id == mail.id, IncomingMail.state == mail.state)
    if not mine.where(IncomingMail.headers_only).execute():
        raw_mail.discard([path])
        raise InvalidInput(lazy("Somebody else has just decided about this e-mail."))
    raw_mail.discard([old])
    pipeline.decide_waiting()
    return IncomingMail.get_by_id(mail.id)
