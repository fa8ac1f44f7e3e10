"""Merging two tickets: everything of the source moves into the target, and its number leads there for ever."""

from __future__ import annotations

from typing import Any

from database import Base
from helpdesk import access, clock
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.locking import for_update, hold, hold_actor, mark_locked
from helpdesk.settings import lookups
from helpdesk.tickets import excerpt, first_response, thread, undo_send, unread
from helpdesk.tickets.cc import MOST as MOST_COPIES
from helpdesk.tickets.derived_columns import AWAKE, store
from models import NOTE, Agent, BulkChange, Draft, FormerNumber, Message, Ticket, TicketCc, TicketEvent

#: The columns that say in which state a ticket is.
STANDING = undo_send.STANDING


def merge(source: Ticket, target: Ticket, *, actor: Agent) -> None:
    """Move everything of the source into the target, which keeps its own subject, place, priority and assignee.

    Mails nobody. Merging the same pair again changes nothing. Raises InvalidInput at ``target`` (see `check`),
    NotFound and NotAllowed.
    """
    if _is_done(source, target):
        return
    with transaction():
        hold_actor(actor)
        # Whoever has the source may get the target.
        _hold_assignee(source)
        source, target = _locked(source, target)
        for ticket in (source, target):
            access.require(actor, "merge", ticket)
        check(source, target)
        unread.join(source, target)
        _join_drafts(source, target)
        _join_copies(source, target)
        _name_in_opening_line(source)
        newest = thread.newest_id(source)
        _hand_over(source, target)
        FormerNumber.create(number=source.number, ticket=target, former_id=source.id, merged_at=clock.now())
        Ticket.delete().where(Ticket.id == source.id).execute()
        columns = _merged_columns(source, target)
        waited = first_response.of_history(target, columns["created_at"])
        store(target, **columns, **waited, **excerpt.of_newest(target))
        _keep_withdrawable(target)
        status = lookups.status(target.status_id)
        data = {"former": source.number, "subject": source.subject, "newest": newest}
        record(target, EventKind.MERGED, actor=actor, **data, category=status.category if status is not None else "")


def check(source: Ticket, target: Ticket) -> None:
    """Raise InvalidInput at ``target`` with the reason when these two may not become one."""
    if source.id == target.id:
        raise InvalidInput(lazy("This is the same ticket. Choose another one."), field="target")
    if source.customer_id != target.customer_id:
        raise InvalidInput(
            lazy(
                "Ticket %(number)s is another customer’s: they would read each other’s messages.", number=target.number
            ),
            field="target",
        )
    if source.address_id != target.address_id and not (_is_proven(source) and _is_proven(target)):
        raise InvalidInput(
            lazy(
                "Ticket %(number)s was opened with another address, and one of the two is not proven: somebody else "
                "may have written it.",
                number=target.number,
            ),
            field="target",
        )
    for ticket in (source, target):
        if ticket.in_bin or ticket.is_spam:
            place = lazy("Ticket %(number)s is in the bin or under Spam: take it out first.", number=ticket.number)
            raise InvalidInput(place, field="target")
    _check_copies(source, target)


def _check_copies(source: Ticket, target: Ticket) -> None:
    """Raise InvalidInput when the people in copy of both together are more than one ticket may have (RULES 21)."""
    rows = TicketCc.select(TicketCc.address).where(TicketCc.ticket.in_((source.id, target.id)))
    count = rows.distinct().count()
    if count > MOST_COPIES:
        text = lazy(
            "Together they would have %(count)s people in copy, and a ticket has %(limit)s at most: "
            "take some out of copy first.",
            count=count,
            limit=MOST_COPIES,
        )
        raise InvalidInput(text, field="target")


def candidates(ticket: Ticket, *, actor: Agent) -> list[Ticket]:
    """Return the other open tickets of the customer that this one may be merged into, newest first."""
    others = access.visible_tickets(actor).where(
        Ticket.customer == ticket.customer_id, Ticket.id != ticket.id, Ticket.is_open, ~Ticket.is_spam, ~Ticket.in_bin
    )
    rows = []
    for other in others.order_by(Ticket.id.desc()).limit(20):
        try:
            check(ticket, other)
        except InvalidInput:
            continue
        rows.append(other)
    return rows


def readers(source: Ticket, target: Ticket) -> list[str]:
    """Return the e-mail addresses in copy of one ticket only: after the merge they read the other one, too.

    An address that still waits (``TicketCc.waits``) counts as not in copy.
    """
    tickets_read: dict[str, int] = {}
    for row in TicketCc.select().where(TicketCc.ticket.in_((source, target))):
        tickets_read[row.address.email] = tickets_read.get(row.address.email, 0) + (not row.waits)
    return sorted(email for email, count in tickets_read.items() if count < 2)


def _is_proven(ticket: Ticket) -> bool:
    return ticket.address_id is not None and bool(ticket.address.is_proven)


def _is_done(source: Ticket, target: Ticket) -> bool:
    done = FormerNumber.select().where(FormerNumber.number == source.number, FormerNumber.ticket == target.id)
    return bool(done.exists())


def _locked(source: Ticket, target: Ticket) -> tuple[Ticket, Ticket]:
    """Return both rows, read again and locked until the act is stored.

    A message that a customer is just sending is stored before, or finds the number leading to the target.
    """
    query = Ticket.select().where(Ticket.id.in_((source.id, target.id))).order_by(Ticket.id)
    rows = {row.id: row for row in for_update(query)}
    for ticket in (source, target):
        if ticket.id not in rows:
            raise InvalidInput(
                lazy("Ticket %(number)s is gone: it has been merged meanwhile.", number=ticket.number), field="target"
            )
    for row in rows.values():
        mark_locked(row)
    return rows[source.id], rows[target.id]


def _hold_assignee(source: Ticket) -> bool:
    """Whether the assignee of the source may have another ticket, and goes on being able to until this is stored."""
    agent, team = lookups.agent(source.assignee_id), lookups.team(source.team_id)
    stored = hold(agent) if agent is not None else hold(team) if team is not None else None
    return stored is not None and (stored.active if isinstance(stored, Agent) else stored.enabled)


def _join_drafts(source: Ticket, target: Ticket) -> None:
    """Append each agent's draft of the source to theirs of the target; if either is a note, the result is one."""
    drafts_of_target = {row.agent_id: row for row in Draft.select().where(Draft.ticket == target.id)}
    for draft in Draft.select().where(Draft.ticket == source.id):
        draft_of_target = drafts_of_target.get(draft.agent_id)
        if draft_of_target is not None:
            draft_of_target.body += draft.body
            draft_of_target.kind = NOTE if NOTE in (draft_of_target.kind, draft.kind) else draft_of_target.kind
            draft_of_target.updated_at = max(draft_of_target.updated_at, draft.updated_at)
            draft_of_target.save()


def _join_copies(source: Ticket, target: Ticket) -> None:
    """Let people in copy of the target, who still wait there but not in the source, wait no more."""
    vouched = TicketCc.select(TicketCc.address).where(TicketCc.ticket == source.id, ~TicketCc.waits)
    waiting = TicketCc.update(waits=False).where(TicketCc.ticket == target.id, TicketCc.address.in_(vouched))
    waiting.execute()


def _name_in_opening_line(source: Ticket) -> None:
    """Put number and subject into the event of the ticket's opening, which moves into another ticket's history."""
    for event in TicketEvent.select().where(
        TicketEvent.ticket == source.id, TicketEvent.kind == EventKind.OPENED.value
    ):
        if "former" not in event.data:
            event.data = {**event.data, "former": source.number, "subject": source.subject}
            event.save()


def _hand_over(source: Ticket, target: Ticket) -> None:
    """Point every row that refers to the source at the target; where only one may exist, the target's stays."""
    # The ticket that a bulk action would restore no longer exists.
    BulkChange.delete().where(BulkChange.ticket == source.id).execute()
    for field, table in Ticket._meta.backrefs.items():
        if field.unique and table.select().where(field == target.id).exists():
            table.delete().where(field == source.id).execute()
        for other in _unique_with(table, field.name):
            column = getattr(table, other)
            taken = table.select(column).where(field == target.id)
            table.delete().where(field == source.id, column.in_(taken)).execute()
        table.update({field: target.id}).where(field == source.id).execute()


def _unique_with(table: type[Base], name: str) -> list[str]:
    pairs = [set(columns) for columns, unique in _indexes(table) if unique and name in columns]
    return [other for pair in pairs for other in pair - {name}]


def _indexes(table: type[Base]) -> list[Any]:
    return [index for index in table._meta.indexes if isinstance(index, tuple)]


def _merged_columns(source: Ticket, target: Ticket) -> dict[str, Any]:
    """Return the target's columns after the merge: a customer who waits in either ticket goes on waiting."""
    # Whatever slept, somebody has just looked at it.
    columns: dict[str, Any] = {"created_at": min(source.created_at, target.created_at), **AWAKE}
    if source.is_open and (not target.is_open or (source.awaits_reply and not target.awaits_reply)):
        columns |= {name: getattr(source, name) for name in STANDING}
    elif source.is_open and source.awaits_reply:
        columns["waiting_since"] = min(source.waiting_since, target.waiting_since)
    if not target.is_assigned and _hold_assignee(source):
        columns |= {"assignee": source.assignee_id, "team": source.team_id}
    for name in ("order_number", "form_key"):
        columns[name] = getattr(target, name) or getattr(source, name)
    return columns


def _keep_withdrawable(target: Ticket) -> None:
    """Change what withdrawing a reply that is not sent yet would restore, so that it does not undo the merge."""
    waiting = Message.select(Message.id).where(Message.ticket == target.id, Message.public_at > clock.now())
    ids = {key for (key,) in waiting.tuples()}
    replied = TicketEvent.select().where(TicketEvent.ticket == target.id, TicketEvent.kind == EventKind.REPLIED.value)
    for event in replied.order_by(TicketEvent.id.desc()).limit(20) if ids else ():
        if event.data.get("message") in ids and "undo" in event.data:
            before, _after, *rest = event.data["undo"]
            now = undo_send.snapshot(target)
            waited = {name: before[name] for name in STANDING} if before["awaits_reply"] else {}
            event.data = {**event.data, "undo": [{**now, **waited}, now, *rest]}
            event.save()
