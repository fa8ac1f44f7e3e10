"""What a restored backup forgets again: what the periods did to tickets since it was made, before anybody uses it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from peewee import chunked

from helpdesk import clock
from helpdesk.erasing import vacuuming
from helpdesk.erasing.erasure_log import TicketsEntry
from helpdesk.events import EventKind, transaction
from helpdesk.files import file_store
from helpdesk.locking import locked
from helpdesk.retention import acting
from helpdesk.retention.bounds import NOTICE
from helpdesk.retention.periods import ANONYMISE, FILES
from helpdesk.settings.desk import desk_id
from models import Attachment, Message, RetentionBatch, Ticket, TicketEvent

#: Tickets of one transaction.
AT_ONCE = 50
#: What the history of a ticket says of it; the line is at most so much older than that of the log.
LINES = {ANONYMISE: EventKind.ANONYMISED, FILES: EventKind.FILES_DELETED}
MARGIN = timedelta(hours=1)


def obey(entries: Iterable[TicketsEntry]) -> int:
    """Do to the tickets of this desk what these entries say was done; return how many of them the backup held."""
    due = clock.now() + NOTICE
    # What was announced when the backup was made waits anew: it may have been cancelled since.
    pending = RetentionBatch.state.in_(("announced", "working"))
    RetentionBatch.update(due_at=due).where(pending, RetentionBatch.due_at < due).execute()
    desk, count = desk_id(), 0
    for entry in entries:
        if entry.desk != desk:
            continue
        opened = {key: datetime.fromisoformat(moment) for key, moment in entry.tickets}
        for ids in chunked(opened, AT_ONCE):
            with transaction():
                rows = locked(Ticket.select().where(Ticket.id.in_(list(ids))))
                # A number that another ticket of the restored desk has since is not meant.
                tickets = [row for row in rows if row.created_at == opened[row.id] and _is_left(entry, row)]
                paths = acting.act_on(entry.act, tickets, blanks_replies=entry.blanks_replies)
                if tickets:
                    vacuuming.owe()
            file_store.discard(paths)
            count += len(tickets)
    vacuuming.run()
    return count


def _is_left(entry: TicketsEntry, ticket: Ticket) -> bool:
    """Whether this was not done to the ticket before the backup was made: it may have a customer and files again."""
    if entry.act in LINES:
        since = datetime.fromisoformat(entry.at) - MARGIN
        lines = TicketEvent.select().where(TicketEvent.ticket == ticket.id, TicketEvent.kind == LINES[entry.act].value)
        if lines.where(TicketEvent.created_at >= since).exists():
            return False
    if entry.act == ANONYMISE:
        return not ticket.is_anonymised
    return entry.act != FILES or bool(Attachment.select().join(Message).where(Message.ticket == ticket.id).exists())
