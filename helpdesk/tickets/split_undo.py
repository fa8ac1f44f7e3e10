"""Undoing a split: the messages go back where they came from.

For ten minutes it can be undone, unless somebody has written in the new ticket; later the two are merged.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta

from peewee import Value

from helpdesk import access, clock, customer_search
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.locking import hold_actor, lock
from helpdesk.tickets.merging import MOVED, derive
from helpdesk.tickets.splitting import move_messages
from models import Agent, Draft, FormerNumber, GuestPass, Message, ScheduledReply, Ticket, TicketEvent

#: Minutes for which a split can be undone.
UNDO_MINUTES = 10
ELSEWHERE = lazy("The ticket it came from is part of another one now: undo that first, or merge them.")


def undo_split(made: Ticket, *, actor: Agent) -> Ticket:
    """Put the messages of a ticket that was split off back where they came from, and return that ticket.

    Its number goes on leading there. Raises InvalidInput when it is too late, somebody has written in it since, or the
    other ticket is part of another one now; NotFound when it was not split off, or its origin is not seen.
    """
    with transaction():
        hold_actor(actor)
        homes = _homes_of(split_off(made), actor)
        # The lower id first, as in every act on two tickets.
        for ticket in sorted((*homes.values(), made), key=lambda row: row.id):
            lock(ticket, actor=actor)
            access.require(actor, "split", ticket)
        event = split_off(made)
        if _homes_of(event, actor).keys() != homes.keys():
            raise InvalidInput(ELSEWHERE)
        to = _home_by_message(event)
        _check_undo(made, event, to)
        for key, ticket in homes.items():
            ids = [message for message in to if to[message] == key]
            events = [one for message in ids for one in event.data["messages"][str(message)]]
            move_messages(ids, events, ticket)
            note_homes(ids, ticket, {made.id}, datetime.min)
        home = homes.get(event.data["home"]) or next(iter(homes.values()))
        _close(made, home)
        for ticket in homes.values():
            customer_search.rename_author_in(ticket)
            derive(ticket)
        record(home, EventKind.SPLIT_UNDONE, actor=actor, number=made.number)
    return home


def _close(made: Ticket, home: Ticket) -> None:
    """Let a ticket without messages go: its number, its links and what was mailed of it lead home."""
    for table in MOVED:
        if table is not TicketEvent:
            table.update(ticket=home.id).where(table.ticket == made.id).execute()
    FormerNumber.create(number=made.number, ticket=home, former_id=made.id, merged_at=clock.now())
    _let_in(home, made)
    Ticket.delete().where(Ticket.id == made.id).execute()


def _let_in(home: Ticket, made: Ticket) -> None:
    """Let the browsers that open a ticket go on: an unproven one must have a pass to each of its parts.

    All that was in the new ticket came from there.
    """
    columns = [field for field in GuestPass._meta.sorted_fields if field is not GuestPass.id]
    values = [Value(made.id) if field is GuestPass.ticket_id else field for field in columns]
    passes = GuestPass.select(*values).where(GuestPass.ticket_id == home.id)
    GuestPass.insert_from(passes, columns).on_conflict_ignore().execute()


def split_off(made: Ticket) -> TicketEvent:
    """Return the event by which a ticket was split off. Raises NotFound when it was not, or for good."""
    kind = TicketEvent.kind == EventKind.SPLIT_OFF.value
    own = TicketEvent.select().where(TicketEvent.ticket == made.id, kind).order_by(TicketEvent.id)
    # Others came with tickets that were merged into it.
    event: TicketEvent | None = next((row for row in own if row.data.get("made") == made.id), None)
    if event is None:
        raise NotFound(lazy("There is no such action."))
    return event


def _homes_of(event: TicketEvent, actor: Agent) -> dict[int, Ticket]:
    """Return the tickets to which the messages of a split go back, by id."""
    keys = set(_home_by_message(event).values())
    homes = {row.id: row for row in Ticket.select().where(Ticket.id.in_(keys))}
    if len(homes) < len(keys):
        raise InvalidInput(ELSEWHERE)
    if not all(access.sees(actor, row) for row in homes.values()):
        raise NotAllowed(lazy("It would go back to a place that you do not see: ask somebody who sees both."))
    return homes


def _home_by_message(event: TicketEvent) -> dict[int, int]:
    """Return the ticket to which each message of a split goes back (ids)."""
    homes = event.data["homes"]
    return {int(key): homes.get(key, event.data["home"]) for key in event.data["messages"]}


def _check_undo(made: Ticket, event: TicketEvent, to: Mapping[int, int]) -> None:
    if event.created_at < clock.now() - timedelta(minutes=UNDO_MINUTES):
        raise InvalidInput(
            lazy("This can no longer be undone: it is more than ten minutes ago. Merge the two tickets.")
        )
    rows = Message.select(Message.id, Message.ticket).where((Message.ticket == made.id) | Message.id.in_(list(to)))
    # Some of it may have gone back already, when a merge was undone.
    others = [key for key, ticket in rows.tuples() if key not in to or ticket not in (made.id, to[key])]
    if others or any(table.select().where(table.ticket == made.id).exists() for table in (Draft, ScheduledReply)):
        raise InvalidInput(lazy("Somebody has written in it since, or some of it is elsewhere: merge the two tickets."))
    changed = TicketEvent.select().where(
        TicketEvent.ticket.in_([made.id, *to.values()]),
        TicketEvent.kind == EventKind.CUSTOMER_CHANGED.value,
        TicketEvent.id > event.id,
    )
    if changed.exists():
        raise InvalidInput(
            lazy("One of the two tickets has been given to another customer since: this can no longer be undone.")
        )


def note_homes(ids: Sequence[int], home: Ticket, former: Container[int], since: datetime) -> None:
    """Let these messages go to this ticket, not to one of the `former` ones (ids), when their split is undone.

    It has just got them back; `since` is when they left it. An earlier split is below the merge by which they did.
    """
    since = max(since, clock.now() - timedelta(minutes=UNDO_MINUTES))
    kind = TicketEvent.kind == EventKind.SPLIT_OFF.value
    # A part may have been split again: wherever the messages are, all that may still be undone is looked at.
    for event in TicketEvent.select().where(TicketEvent.created_at >= since, kind):
        messages, homes = event.data.get("messages", {}), event.data.get("homes", {})
        own = {
            str(key): home.id
            for key in ids
            if str(key) in messages and homes.get(str(key), event.data["home"]) in former
        }
        # A part that comes back is not its own home.
        if own and event.data["made"] != home.id:
            event.data = {**event.data, "homes": {**event.data["homes"], **own}}
            event.save()
