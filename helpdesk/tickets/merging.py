"""Merging two tickets: everything of the source moves into the target, and its number leads there for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from peewee import ModelSelect, fn

from database import Base
from helpdesk import access, clock
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.locking import for_update, hold, hold_actor, mark_locked
from helpdesk.settings import lookups
from helpdesk.tickets import excerpt, first_response, merged_outcomes, merged_relations, thread, ticket_state, undo_send
from helpdesk.tickets.cc import MOST as MOST_COPIES
from helpdesk.tickets.ticket_state import State
from models import (
    NOTE,
    AccessLink,
    Agent,
    Attachment,
    BulkChange,
    DueOutcome,
    FormerNumber,
    IncomingMail,
    KeptApart,
    MailId,
    Mask,
    Merge,
    Message,
    OutgoingEmail,
    Presence,
    RuleMoment,
    RuleRecord,
    ScheduledReply,
    Ticket,
    TicketCc,
    TicketEvent,
    UnconfirmedRequest,
)

#: The tables whose rows move into the target, each with the column that goes on naming the same row.
MOVED: dict[type[Base], str] = {
    Message: "id",
    TicketEvent: "id",
    IncomingMail: "id",
    # The outbox forgets an e-mail after a while; its id stays, as a `MailId`.
    OutgoingEmail: "mail_id",
    MailId: "mail_id",
    AccessLink: "token_hash",
    UnconfirmedRequest: "token_hash",
    FormerNumber: "number",
    ScheduledReply: "id",
    RuleRecord: "id",
    Mask: "id",
}
#: What goes with the source: who is writing at this moment, what a bulk action would restore, when a rule would look at
#: it again, and what became of its due times, of which the target gets its own.
DROPPED: tuple[type[Base], ...] = (Presence, BulkChange, DueOutcome, RuleMoment, KeptApart)
#: States of e-mails that have not gone out yet.
WAITING = ("pending", "sending")


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
        hold_assignee(source)
        source, target = _locked(source, target)
        for ticket in (source, target):
            access.require(actor, "merge", ticket)
        check(source, target)
        _name_in_opening_line(source)
        newest, ends = thread.newest_id(source), [_last_id(source), _last_id(target)]
        terms = {"at": clock.now().isoformat(), "assignee": hold_assignee(source), "newest": ends}
        states = ticket_state.state_of(source), ticket_state.state_of(target)
        after = ticket_state.combined(*states, terms)
        _hand_over(source, target, states, after, terms)
        derive(target)
        keep_withdrawable(target)
        data = {"former": source.number, "subject": source.subject, "newest": newest}
        record(target, EventKind.MERGED, actor=actor, **data, category=category_of(target))


def category_of(ticket: Ticket) -> str:
    """Return the category of a ticket's status."""
    status = lookups.status(ticket.status_id)
    return status.category if status is not None else ""


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


class Moving(NamedTuple):
    """What one source brings along: numbers of messages, notes, files, people in copy, and e-mails not sent yet."""

    ticket: Ticket
    messages: int
    notes: int
    files: int
    copies: int
    mails: int


def preview(sources: Sequence[Ticket]) -> list[Moving]:
    """Return what each of these tickets would bring into another one."""
    ids = [ticket.id for ticket in sources]
    written = Message.deleted_at.is_null()
    counts = [
        _counts(Message.select(Message.ticket).where(written, Message.kind != NOTE), Message.ticket, ids),
        _counts(Message.select(Message.ticket).where(written, Message.kind == NOTE), Message.ticket, ids),
        _counts(Attachment.select(Message.ticket).join(Message).where(written), Message.ticket, ids),
        _counts(TicketCc.select(TicketCc.ticket), TicketCc.ticket, ids),
        _counts(
            OutgoingEmail.select(OutgoingEmail.ticket).where(OutgoingEmail.state.in_(WAITING)),
            OutgoingEmail.ticket,
            ids,
        ),
    ]
    return [Moving(ticket, *(count.get(ticket.id, 0) for count in counts)) for ticket in sources]


def _counts(rows: ModelSelect, ticket: Any, ids: list[int]) -> dict[int, int]:
    return dict(rows.select_extend(fn.COUNT(1)).where(ticket.in_(ids)).group_by(ticket).tuples())


def readers(source: Ticket, target: Ticket) -> list[str]:
    """Return the e-mail addresses in copy of one ticket only: after the merge they read the other one, too.

    An address that still waits (``TicketCc.waits``) counts as not in copy.
    """
    tickets_read: dict[str, int] = {}
    # Where one of them is private, colleagues read neither from then on.
    stays = (TicketCc.organisation_id.is_null(),) if source.is_private or target.is_private else ()
    for row in TicketCc.select().where(TicketCc.ticket.in_((source, target)), *stays):
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


def hold_assignee(source: Ticket) -> bool:
    """Whether the assignee of the source may have another ticket, and goes on being able to until this is stored."""
    agent, team = lookups.agent(source.assignee_id), lookups.team(source.team_id)
    stored = hold(agent) if agent is not None else hold(team) if team is not None else None
    return stored is not None and (stored.active if isinstance(stored, Agent) else stored.enabled)


def _name_in_opening_line(source: Ticket) -> None:
    """Put number and subject into the event of the ticket's opening, which moves into another ticket's history."""
    for event in TicketEvent.select().where(
        TicketEvent.ticket == source.id, TicketEvent.kind == EventKind.OPENED.value
    ):
        if "former" not in event.data:
            event.data = {**event.data, "former": source.number, "subject": source.subject}
            event.save()


def forget_opening_name(ticket: Ticket) -> None:
    """Take number and subject out of the event of its opening: the ticket is one of its own again."""
    for event in TicketEvent.select().where(
        TicketEvent.ticket == ticket.id, TicketEvent.kind == EventKind.OPENED.value
    ):
        if event.data.get("former") == ticket.number:
            event.data = {name: value for name, value in event.data.items() if name not in {"former", "subject"}}
            event.save()


def _last_id(ticket: Ticket) -> int:
    """Return the id of the newest message, notes too; 0 without one."""
    mine = Message.select(fn.MAX(Message.id)).where(Message.ticket == ticket.id, Message.deleted_at.is_null())
    return mine.scalar() or 0


def _hand_over(source: Ticket, target: Ticket, states: tuple[State, State], after: State, terms: State) -> None:
    """Point every row that refers to the source at the target, delete the source, and store how to undo it."""
    moved, outcomes = {}, merged_outcomes.join(source, target)
    relations = merged_relations.join(source, target)
    for table, name in MOVED.items():
        mine = table.select(getattr(table, name)).where(table.ticket == source.id)
        moved[table.__name__] = [key for (key,) in mine.tuples()]
        table.update(ticket=target.id).where(table.ticket == source.id).execute()
    former = FormerNumber.create(number=source.number, ticket=target, former_id=source.id, merged_at=clock.now())
    Ticket.delete().where(Ticket.id == source.id).execute()
    of_source, before = states
    ticket_state.write(target, ticket_state.changes_between(before, after))
    Merge.create(
        former=former, into_id=target.id, source=of_source, before=before, after=after, moved=moved,
        terms={**terms, "outcomes": outcomes, "relations": relations},
        merged_at=clock.now(),
    )  # fmt: skip


def derive(ticket: Ticket) -> None:
    """Work out anew what follows from the messages and the history of a ticket that got or lost some."""
    inputs.set_attributes(ticket, first_response.of_history(ticket, ticket.created_at) | excerpt.of_newest(ticket))
    ticket.save()


def keep_withdrawable(target: Ticket) -> None:
    """Change what withdrawing a reply that is not sent yet would restore, so that it undoes no merge."""
    waiting = Message.select(Message.id).where(Message.ticket == target.id, Message.public_at > clock.now())
    ids = {key for (key,) in waiting.tuples()}
    replied = TicketEvent.select().where(TicketEvent.ticket == target.id, TicketEvent.kind == EventKind.REPLIED.value)
    for event in replied.order_by(TicketEvent.id.desc()).limit(20) if ids else ():
        if event.data.get("message") in ids and "undo" in event.data:
            before, _after, *rest = event.data["undo"]
            now = undo_send.snapshot(target)
            names = undo_send.STANDING
            waited = {name: before[name] for name in names} if before["awaits_reply"] else {}
            event.data = {**event.data, "undo": [{**now, **waited}, now, *rest]}
            event.save()
