"""Whether a reply or the end came in time: judged once, in the transaction of the act, and stored.

Rules and hours that change afterwards judge nothing anew, so that figures stay what they were. What an act takes back
(a reply, a closing) is taken away again. What was over before the act is not judged by it: no rule held for it then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from peewee import SQL, fn

from helpdesk import clock
from helpdesk.due_times.targets import Ending, History, resolution
from helpdesk.events import EventKind
from helpdesk.lib.statements import insert
from helpdesk.opening_hours.arithmetic import Calendar, add_open_minutes
from models import DueOutcome, DueTime, IncomingMail, Message, Ticket

#: The acts that end something that was due, or take such an end back.
ENDING = frozenset(
    {
        *(EventKind.REPLIED, EventKind.SENT_ELSEWHERE, EventKind.WITHDRAWN, EventKind.UNDONE, EventKind.MERGED),
        *(EventKind.CLOSED, EventKind.CLOSED_BY_CUSTOMER, EventKind.STATUS),
        *(EventKind.MERGE_UNDONE, EventKind.TAKEN_OUT),
        *(EventKind.REOPENED, EventKind.CUSTOMER_WROTE, EventKind.RESTORED, EventKind.NOT_SPAM),
    }
)
#: How long one act lasts at most: what ended before that was no part of it.
AN_ACT = timedelta(minutes=5)
#: How far the reply and the closing of one act lie apart.
INSTANT = timedelta(seconds=2)


def read(ids: Iterable[int]) -> dict[int, list[DueOutcome]]:
    """Return what was judged in these tickets."""
    rows: dict[int, list[DueOutcome]] = {key: [] for key in ids}
    for row in DueOutcome.select().where(DueOutcome.ticket.in_(list(rows))).order_by(DueOutcome.id) if rows else ():
        rows[row.ticket_id].append(row)
    return rows


def of_ticket(ticket: Ticket) -> list[DueOutcome]:
    """Return what was judged in a ticket, the earliest first."""
    rows = DueOutcome.select().where(DueOutcome.ticket == ticket.id)
    return list(rows.order_by(DueOutcome.ended_at, DueOutcome.id))


def store(ticket: Ticket, history: History, rule: DueTime | None, calendar: Calendar, stored: list[DueOutcome]) -> None:
    """Judge what this act has ended, and forget what it has taken back."""
    endings = {(end.name, end.start, end.at): end for end in history.endings}
    judged = {(row.target, row.started_at, row.ended_at): row for row in stored}
    gone = [row.id for key, row in judged.items() if key not in endings]
    if gone:
        DueOutcome.delete().where(DueOutcome.id.in_(gone)).execute()
    if rule is None or ticket.is_spam or ticket.in_bin:
        return
    since = clock.now() - AN_ACT
    new = [end for key, end in endings.items() if key not in judged and end.at >= since]
    rows = [row for end in new if (row := _judged(ticket, end, history, rule, calendar)) is not None]
    if rows and not _came_from_program(ticket):
        insert(*rows)


def _judged(ticket: Ticket, end: Ending, history: History, rule: DueTime, calendar: Calendar) -> DueOutcome | None:
    """Return what is to be stored of an end; nothing where no time was set, or what was given up was not due yet."""
    minutes = getattr(rule, end.name)
    if minutes is None:
        return None
    due: datetime | None
    if end.name == "resolution":
        due = resolution(history.stretches, minutes, calendar) or resolution(_until(history, end.at), minutes, calendar)
    else:
        due = add_open_minutes(calendar, end.start, minutes)
    in_time = due is None or end.at <= due
    if in_time and not end.is_met:
        return None
    return DueOutcome(
        ticket=ticket.id,
        target=end.name,
        started_at=end.start,
        ended_at=end.at,
        due_at=due,
        minutes=minutes,
        is_met=in_time,
    )


def _until(history: History, at: datetime) -> list[tuple[datetime, datetime | None]]:
    """Return when the resolution counted, as it stood before the act that closed it, which may have replied first."""
    return [(start, None if end is not None and at - end <= INSTANT else end) for start, end in history.stretches]


def _came_from_program(ticket: Ticket) -> bool:
    """Whether a program's e-mail opened the ticket: nobody waits for an answer to it, and it counts nowhere."""
    first = Message.select(fn.MIN(Message.id)).where(Message.ticket == ticket.id)
    mails = IncomingMail.select(SQL("1")).where(IncomingMail.ticket == ticket.id, IncomingMail.automatic)
    return bool(mails.where(IncomingMail.message == first).exists())
