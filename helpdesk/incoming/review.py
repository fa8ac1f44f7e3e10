"""What people decide about mails that came in: play again, open a ticket, add to one, nothing to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from peewee import Expression, ModelSelect

from helpdesk import access, clock
from helpdesk.access import TicketGuest
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import collection, decision, evidence, held, outcome, senders, storage, work
from helpdesk.incoming.decision import Decision
from helpdesk.incoming.imap_errors import explain
from helpdesk.incoming.reading import Content, Person, Reader
from helpdesk.lib import richtext
from helpdesk.locking import act
from helpdesk.people import customers
from helpdesk.settings import lookups
from helpdesk.tickets import cc
from helpdesk.tickets.messages import add_note, receive_message
from helpdesk.tickets.on_behalf import open_for_caller
from models import Agent, CustomerAddress, IncomingMail, Message, Ticket

#: Outcomes that somebody may still decide otherwise.
OPEN_STATES = ("held", "ignored", "automatic", "bounce")
#: Mails that one act takes at most.
AT_ONCE = 100


def readable_by(agent: Agent, mails: ModelSelect) -> ModelSelect:
    """Keep to the mails this agent may read: those of tickets they see, and of mailboxes whose place they cover."""
    if access.sees_all(agent):
        return mails
    tickets = access.visible_tickets(agent).select(Ticket.id)
    own = IncomingMail.ticket.is_null() & IncomingMail.mailbox.in_(_mailboxes_of(agent) or [0])
    return mails.where(own | IncomingMail.ticket.in_(tickets))


def _mailboxes_of(agent: Agent) -> list[int]:
    configures = access.can(agent, "configure")
    return [row.id for row in lookups.mailboxes() if _is_theirs(agent, row, configures)]


def _is_theirs(agent: Agent, mailbox: Any, configures: bool) -> bool:
    service = lookups.service(mailbox.service_id)
    unplaced = service is None or not service.enabled
    return access.covers(agent, mailbox.service_id, mailbox.department_id) or (unplaced and configures)


def reads_any(agent: Agent) -> bool:
    """Whether there is a mailbox whose mails this agent decides about."""
    return bool(lookups.mailboxes()) and (access.sees_all(agent) or bool(_mailboxes_of(agent)))


def held_count(agent: Agent) -> int:
    """Return how many mails wait for a decision that this agent may take, as of some seconds ago."""
    if not reads_any(agent):
        return 0
    counts = held.by_mailbox()
    return sum(counts.values()) if access.sees_all(agent) else sum(counts.get(key, 0) for key in _mailboxes_of(agent))


def is_held() -> Expression:
    """Return the condition of mails that wait for a person; the text is that of the partial index."""
    return IncomingMail.state == "held"


def may_read_whole(agent: Agent, mail: IncomingMail) -> bool:
    """Whether this agent may have the mail as it came: of a ticket they see, else as an administrator."""
    return agent.is_admin or (mail.ticket_id is not None and access.sees(agent, mail.ticket))


def _require(mail: IncomingMail, actor: Agent) -> None:
    """Raise NotAllowed where this agent may not read the mail, InvalidInput where it was decided for good."""
    query = readable_by(actor, IncomingMail.select(IncomingMail.id)).where(IncomingMail.id == mail.id)
    if not query.exists():
        raise NotAllowed(lazy("Your role does not allow this."))
    if mail.state not in OPEN_STATES:
        raise InvalidInput(lazy("This e-mail has its ticket already."))


def _content(mail: IncomingMail) -> Content:
    """Read a mail anew. Raises NotFound when it is no longer kept, InvalidInput when it cannot be read."""
    with Reader() as reader:
        content = reader.read(storage.location(mail))
    if content is None:
        raise InvalidInput(lazy("This e-mail cannot be read: download it, and open it with care."))
    return content


# --- Acts -----------------------------------------------------------------------------------------------------------


def would_become(mail: IncomingMail, *, actor: Agent) -> Decision:
    """Return what would become of a mail if it came in now; nothing is done."""
    _require(mail, actor)
    content = _content(mail)
    return decision.decide(content, evidence.of(mail, content))


def replay(mail: IncomingMail, *, actor: Agent) -> IncomingMail:
    """Decide about a mail as if it came in now. Raises InvalidInput for one that has its ticket."""
    _require(mail, actor)
    content = _content(mail)
    _claim(mail)
    try:
        work.handle(mail, content)
    except BaseException:
        _give_back(mail)
        raise
    return mail


def _claim(mail: IncomingMail) -> None:
    """Take a mail for this act alone: two who decide at once would make two tickets."""
    mine = IncomingMail.update(state="working", claimed_at=clock.now()).where(
        IncomingMail.id == mail.id, IncomingMail.state == mail.state
    )
    if not mine.execute():
        raise InvalidInput(lazy("Somebody else has just decided about this e-mail."))
    mail.before = mail.state


def _give_back(mail: IncomingMail) -> None:
    IncomingMail.update(state=mail.before, claimed_at=None).where(
        IncomingMail.id == mail.id, IncomingMail.state == "working"
    ).execute()


def _by_hand(mail: IncomingMail, content: Content, state: str, reason: str, actor: Agent) -> None:
    """Put on a mail that a person decided."""
    known = evidence.of(mail, content)
    outcome.remember(
        mail, content, known, Decision(state, reason, {"who": actor.name}, decision.decide(content, known).tests)
    )


def open_ticket(mail: IncomingMail, *, actor: Agent) -> Ticket:
    """Open a ticket from a mail, for who wrote it. Raises InvalidInput."""
    _require(mail, actor)
    content = _content(mail)
    if not evidence.author_of(content):
        raise InvalidInput(lazy("It does not say who wrote it: open a ticket for whom you think it was."))
    _claim(mail)
    try:
        _by_hand(mail, content, "new", "opened", actor)
        return outcome.open_from(mail, content)
    except BaseException:
        _give_back(mail)
        raise


def open_for(mail: IncomingMail, email: str, name: str, *, actor: Agent) -> Ticket:
    """Open a ticket from a mail for somebody else, as for a caller: whose mail a colleague sent on, for one."""
    _require(mail, actor)
    content = _content(mail)
    first, last = outcome.names_of(Person(name, ""))
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    new = outcome.draft(mail, content, mailbox, email)
    _claim(mail)
    try:
        _by_hand(mail, content, "new", "opened", actor)
        with outcome.kept_files(mail, content) as kept, transaction():
            asked = replace(new, first_name=first, last_name=last, source="email", files=tuple(kept.files))
            ticket = open_for_caller(asked, actor=actor)
            message = Message.select().where(Message.ticket == ticket.id).order_by(Message.id).get()
            outcome.note_origin(message, mail, mailbox, evidence="colleague", notes=kept.notes)
            mail.ticket, mail.message = ticket, message
            outcome.finish(mail)
        return ticket
    except BaseException:
        _give_back(mail)
        raise


def add_to(mail: IncomingMail, number: str, *, actor: Agent) -> Ticket:
    """Add a mail to a ticket: as a message of its customer or of somebody in copy, of anybody else as a note.

    Raises NotFound for a ticket of others, InvalidInput.
    """
    _require(mail, actor)
    ticket = access.find_ticket(actor, number.strip().lstrip("#"))
    content = _content(mail)
    _claim(mail)
    try:
        person = _participant(ticket, evidence.author_of(content))
        _by_hand(mail, content, "message" if person is not None else "note", "added", actor)
        with outcome.kept_files(mail, content) as kept, transaction():
            message = _written(mail, content, ticket, person, actor, kept)
            mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
            outcome.note_origin(message, mail, mailbox, evidence="hand", notes=kept.notes)
            mail.ticket, mail.message = message.ticket, message
            outcome.finish(mail)
        return ticket
    except BaseException:
        _give_back(mail)
        raise


def _participant(ticket: Ticket, author: str) -> CustomerAddress | None:
    """Return the address of who wrote, when it is the customer's or of somebody in copy."""
    address = customers.lookup(author) if author else None
    if address is None or address.customer_id == ticket.customer_id:
        return address
    return next((one for one in cc.in_copy(ticket) if one.id == address.id and not one.waits), None)


def _written(
    mail: IncomingMail, content: Content, ticket: Ticket, person: CustomerAddress | None, actor: Agent, kept: Any
) -> Message:
    text = outcome.text_of(content) or str(outcome.NO_TEXT)
    if person is not None:
        guest = TicketGuest(person.customer, ticket.id, person, is_proven=False)
        return receive_message(ticket, text, actor=guest, form_key=outcome.form_key(mail), files=kept.files)
    told = lazy("E-mail of %(sender)s: “%(subject)s”", sender=mail.from_email, subject=mail.subject)
    with act(ticket, "note", actor=actor):
        body = richtext.from_text(f"{told}\n\n{text}")
        return add_note(ticket, body, actor=actor, files=kept.files, form_key=outcome.form_key(mail))


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
    held.forget()
    for name, value in values.items():
        setattr(mail, name, value)


def accept_sender(mail: IncomingMail, *, actor: Agent) -> int:
    """Always accept the mail of this sender, also what waits; return how many waiting mails were decided."""
    _require(mail, actor)
    senders.set_rule(mail.from_email, "accept", actor=actor)
    waiting = readable_by(actor, IncomingMail.select()).where(is_held(), IncomingMail.from_email == mail.from_email)
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
    senders.set_rule(mail.from_email, "hold", actor=actor)


def fetch_whole(mail: IncomingMail, *, actor: Agent) -> IncomingMail:
    """Take a mail that was left on its server for its size after all, and decide about it. Raises HelpdeskError."""
    access.require(actor, "administer")
    _require(mail, actor)
    if mail.reason != "too-large" or mail.uid is None:
        raise InvalidInput(lazy("This e-mail is here already."))
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    try:
        content = collection.take_whole(mailbox, mail.folder, mail.uid)
    except Exception as error:
        raise HelpdeskError(explain(error)) from error
    if content is None:
        raise InvalidInput(lazy("It is not on its server any more."))
    old, (path, digest) = mail.path, storage.keep(content)
    values = {"path": path, "sha256": digest, "size": len(content), "state": "stored", "reason": "", "attempts": 0}
    IncomingMail.update(**values).where(IncomingMail.id == mail.id, IncomingMail.state == "held").execute()
    storage.discard([old])
    work.decide_waiting()
    return IncomingMail.get_by_id(mail.id)
