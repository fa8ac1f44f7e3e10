"""What an erased person wrote, and the tickets they opened: each step takes the next rows until none is left.

A step runs in the transaction of its caller, and finds by the rows alone what is left to do: what was interrupted goes
on. Rows are locked as every act locks them: tickets first, by their ids.
"""

from __future__ import annotations

from typing import Any

from helpdesk import customer_search, folding
from helpdesk.access import SYSTEM
from helpdesk.erasing.person import Person
from helpdesk.files import attachments, uploads
from helpdesk.journal import Act
from helpdesk.locking import locked
from helpdesk.tickets import close, excerpt, reindexing, spam_and_bin
from models import (
    CUSTOMER_MESSAGE,
    Attachment,
    BulkChange,
    Draft,
    FormerNumber,
    JournalEntry,
    MailedMessage,
    MailId,
    Mask,
    Merge,
    Message,
    MessageVersion,
    Rating,
    RuleRecord,
    ScheduledReply,
    Ticket,
    TicketEvent,
)

#: Messages and tickets of one transaction.
MESSAGES, TICKETS = 100, 10
#: Values of a history that somebody typed, or that are an address.
TYPED = frozenset({"subject", "comment", "email", "customer", "reason"})
#: Lines of a history whose old and new values are texts that somebody typed.
RENAMING = frozenset(
    {"renamed", "customer-changed", "customer-merged", "customers-parted", "address-corrected", "address-removed"}
)


def blank_messages(person: Person, _cursor: int) -> int | None:
    """Blank the next messages that the person wrote, in their own tickets and in those of others."""
    left = Message.select().where(Message.customer == person.customer_id, Message.author_name != person.label)
    rows = list(left.order_by(Message.id).limit(MESSAGES))
    if not rows:
        return None
    tickets = locked(Ticket.select().where(Ticket.id.in_({row.ticket_id for row in rows})))
    blank(person, rows)
    # What rules saw of these messages.
    RuleRecord.delete().where(RuleRecord.ticket.in_([ticket.id for ticket in tickets])).execute()
    for ticket in tickets:
        if ticket.customer_id != person.customer_id:
            _store(ticket, **excerpt.of_newest(ticket))
            _index(ticket, rows)
    person.count("messages", len(rows))
    return 0


def blank(person: Person, rows: list[Message]) -> None:
    """Blank these messages, which the person wrote, and delete their files, in the caller's transaction."""
    ids = [row.id for row in rows]
    _detach(person, ids)
    MailedMessage.delete().where(MailedMessage.message.in_(ids)).execute()
    Message.update(
        body=person.body, signature="", author_name=person.label, form_key=None
    ).where(Message.id.in_(ids)).execute()  # fmt: skip


def _detach(person: Person, message_ids: list[int]) -> None:
    paths = attachments.paths_of(message_ids)
    person.paths += paths
    person.count("files", len(paths))
    Attachment.delete().where(Attachment.message.in_(message_ids)).execute()


def purge_tickets(person: Person, _cursor: int) -> int | None:
    """Delete the next tickets of the person, with all that hangs on them."""
    rows = locked(Ticket.select().where(Ticket.customer == person.customer_id).limit(TICKETS))
    if not rows:
        return None
    for ticket in rows:
        blank_journal(person, ticket)
    person.paths += spam_and_bin.purge([row.id for row in rows])
    person.count("tickets", len(rows))
    return 0


def blank_tickets(person: Person, _cursor: int) -> int | None:
    """Take the next tickets of the person from them: no subject, no order, no history with names, and closed."""
    # Their addresses have given way to one that stands for them: a ticket with it is done.
    left = Ticket.address.is_null() | (Ticket.address != person.address_id)
    rows = locked(Ticket.select().where(Ticket.customer == person.customer_id, left).limit(TICKETS))
    if not rows:
        return None
    for ticket in rows:
        if not ticket.is_closed and not ticket.in_bin:
            close(ticket, actor=SYSTEM, even_blocked=True)
            person.count("closed", 1)
        blank_ticket(person, ticket)
    person.count("tickets", len(rows))
    return 0


def blank_ticket(person: Person, ticket: Ticket) -> None:
    """Take a locked ticket from the person, with all that hangs on it but their messages; it is theirs no more."""
    of_team = Message.select().where(Message.ticket == ticket.id, Message.kind != CUSTOMER_MESSAGE)
    if person.erasure.blanks_replies:
        team = [key for (key,) in of_team.select(Message.id).tuples()]
        _detach(person, team)
        MailedMessage.delete().where(MailedMessage.message.in_(team)).execute()
        Message.update(body=person.body, signature="").where(Message.id.in_(team)).execute()
        person.count("replies", len(team))
    # What a mail quotes below its text is the person's, too; so is what a reply said to them before it was corrected.
    inside = Message.select(Message.id).where(Message.ticket == ticket.id)
    MessageVersion.delete().where(MessageVersion.message.in_(inside)).execute()
    MailedMessage.update(rest="", notes=[]).where(MailedMessage.message.in_(inside)).execute()
    _nameless_messages(person, ticket)
    for row in TicketEvent.select().where(TicketEvent.ticket == ticket.id):
        blank_line(person, row, own=True)
    scheduled = ScheduledReply.select(ScheduledReply.id).where(ScheduledReply.ticket == ticket.id)
    person.paths += uploads.drop_of_replies([key for (key,) in scheduled.tuples()])
    for table in (Draft, ScheduledReply, MailId, BulkChange, RuleRecord, Mask):
        table.delete().where(table.ticket == ticket.id).execute()
    # A merge remembers both tickets as they were; it is undone no more.
    former = FormerNumber.select(FormerNumber.id).where(FormerNumber.ticket == ticket.id)
    Merge.delete().where(Merge.former.in_(former)).execute()
    Rating.update(comment="").where(Rating.ticket == ticket.id).execute()
    blank_journal(person, ticket)
    columns = {
        "subject": person.text, "order_number": "", "form_key": None, "address": person.address_id,
        "is_anonymised": True,
    }  # fmt: skip
    _store(ticket, **columns, **excerpt.of_newest(ticket))
    _index(ticket)


def _nameless_messages(person: Person, ticket: Ticket) -> None:
    """Blank what the person wrote and no row says so: of before a customer of theirs was deleted."""
    lost = Message.select().where(
        Message.ticket == ticket.id, Message.kind == CUSTOMER_MESSAGE, Message.customer.is_null(),
        Message.author_name.in_([*person.emails, *person.names]),
    )  # fmt: skip
    if rows := list(lost):
        blank(person, rows)


def blank_line(person: Person, row: TicketEvent, *, own: bool) -> None:
    """Take the person out of a line of a history; of their own ticket also what they typed."""
    if row.customer_id == person.customer_id or person.names_them(row.actor_name):
        row.actor_name = person.label if row.agent_id is None else row.actor_name
    data = person.scrubbed(row.data, names=own or row.customer_id == person.customer_id)
    if own:
        typed = TYPED | ({"old", "new"} if row.kind in RENAMING else set())
        data = {key: person.text if key in typed and isinstance(one, str) and one else one for key, one in data.items()}
    # What takes a reply back holds columns of the ticket as they were.
    data.pop("undo", None)
    if row.is_dirty() or data != row.data:
        row.data = data
        row.save()


def blank_lines_elsewhere(person: Person, _cursor: int) -> int | None:
    """Take the person out of what they did in tickets of others."""
    theirs = TicketEvent.select().where(TicketEvent.customer == person.customer_id)
    rows = list(theirs.where(TicketEvent.actor_name != person.label).order_by(TicketEvent.id).limit(MESSAGES))
    for row in rows:
        row.actor_name = person.label
        row.data = person.scrubbed({key: one for key, one in row.data.items() if key not in TYPED})
        row.save()
    return 0 if rows else None


def blank_journal(person: Person, ticket: Ticket) -> None:
    """Leave of the journal's lines of a ticket what happened, and nothing that was typed."""
    lines = JournalEntry.select().where(JournalEntry.about == folding.fold(ticket.number).strip())
    for row in lines.where(JournalEntry.act == Act.TICKET.value):
        data = {key: one for key, one in row.data.items() if key.removeprefix("event_") not in TYPED | {"old", "new"}}
        row.data = person.scrubbed(data)
        row.save()


def _store(ticket: Ticket, **columns: Any) -> None:
    """Write columns of a ticket; when it was last active stays as it is."""
    Ticket.update(columns).where(Ticket.id == ticket.id).execute()
    for name, value in columns.items():
        setattr(ticket, name, value)


def _index(ticket: Ticket, messages: list[Message] | None = None) -> None:
    """Index messages of a ticket anew: these, or all of them and under the present name of its customer."""
    ids = [row.id for row in messages or ()]
    query = Message.select().where(Message.ticket == ticket.id, Message.deleted_at.is_null())
    rows = list(query.where(Message.id.in_(ids)) if messages is not None else query)
    reindexing.index_again(ticket, rows)
    if messages is None:
        customer_search.rename_author_in(ticket)
