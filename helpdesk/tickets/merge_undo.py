"""Undoing a merge: the ticket that became part of another is a ticket again, with everything that came from it.

What was written since stays where it is. Several merges are undone in any order: each change that another one was
built on is taken out from below it, so that the last undoing restores what was before the first merge.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import ModelSelect, chunked

from helpdesk import access, clock, customer_search
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.lib import merge_chain
from helpdesk.locking import hold_actor, lock, mark_locked
from helpdesk.people import former_customers
from helpdesk.settings import lookups
from helpdesk.tickets import merged_outcomes, merged_relations, ticket_state
from helpdesk.tickets.merging import MOVED, category_of, derive, forget_opening_name, hold_assignee, keep_withdrawable
from helpdesk.tickets.split_undo import note_homes
from helpdesk.tickets.ticket_state import GROUPS, Changes, State
from models import (
    NOTE,
    Agent,
    Attachment,
    CustomerAddress,
    FormerNumber,
    MailId,
    Merge,
    Message,
    OutgoingEmail,
    Ticket,
)

#: Days for which a merge can be undone.
DAYS = 30
#: Rows that move by one statement.
AT_ONCE = 500
#: Messages named that stay where they are.
NAMED = 20
GONE = lazy("This can no longer be undone: it was done before, or is more than thirty days ago.")


class Preview(NamedTuple):
    """What undoing a merge would do. `ticket` is the one that lives again, as it will be; it is not stored."""

    ticket: Ticket
    tags: Sequence[str]
    copies: int
    messages: int
    files: int
    mails: int
    #: What was written since: how many messages stay, and the oldest of them.
    staying: int
    stays: Sequence[Message]
    #: Whether its former assignee, or its former place, is no longer there.
    loses_assignee: bool
    loses_place: bool
    until: datetime


def find(number: str, ticket: Ticket) -> Merge:
    """Return the merge by which this number became part of the ticket. Raises NotFound when it cannot be undone."""
    merge: Merge | None = _undoable(ticket).where(FormerNumber.number == access.clean_number(number)).first()
    if merge is None:
        raise NotFound(GONE)
    return merge


def numbers(ticket: Ticket) -> set[str]:
    """Return the numbers that are part of this ticket and may become tickets of their own again."""
    return {row.number for row in _undoable(ticket).select(FormerNumber.number).objects()}


def _undoable(ticket: Ticket) -> ModelSelect:
    since = clock.now() - timedelta(days=DAYS)
    return Merge.select(Merge, FormerNumber).join(FormerNumber).where(
        FormerNumber.ticket == ticket.id, Merge.merged_at > since
    )  # fmt: skip


def preview(merge: Merge, ticket: Ticket, *, actor: Agent) -> Preview:
    """Return what undoing this merge would do. Raises NotFound and NotAllowed."""
    _require(merge, ticket, actor)
    state, came = _restored(merge, ticket), merge.moved
    mine = Message.select().where(Message.ticket == ticket.id)
    stays = mine.where(*_since(merge, ticket)).order_by(Message.id)
    written, mails = mine.select(Message.id).where(Message.deleted_at.is_null()), 0
    ids = [row for some in chunked(came["Message"], AT_ONCE) for (row,) in written.where(Message.id.in_(some)).tuples()]
    for some in chunked(came["OutgoingEmail"], AT_ONCE):
        mine_too = OutgoingEmail.ticket == ticket.id
        mails += OutgoingEmail.select().where(OutgoingEmail.mail_id.in_(some), mine_too).count()
    files = sum(Attachment.select().where(Attachment.message.in_(some)).count() for some in chunked(ids, AT_ONCE))
    tags = [lookups.tag(int(name.partition(":")[2])) for name in state if name.startswith("tag:")]
    return Preview(
        ticket=ticket_state.as_ticket(state, merge.former.former_id),
        tags=sorted(str(tag) for tag in tags if tag is not None),
        copies=sum(name.startswith("copy:") for name in state),
        messages=len(ids), files=files, mails=mails, staying=stays.count(), stays=list(stays.limit(NAMED)),
        loses_assignee=_has_handler(merge.source) and not _has_handler(state),
        loses_place=any(state[name] != merge.source[name] for name in ("service", "department")),
        until=merge.merged_at + timedelta(days=DAYS),
    )  # fmt: skip


def undo_merge(merge: Merge, ticket: Ticket, *, actor: Agent) -> Ticket:
    """Take the ticket that this merge made part of `ticket` out of it again, and return it. Mails nobody.

    Raises NotFound when it cannot be undone any more, Merged when `ticket` is itself part of another one now, and
    NotAllowed for an agent who would not see both.
    """
    with transaction():
        hold_actor(actor)
        hold_assignee(ticket_state.as_ticket(merge.source, merge.former.former_id))
        lock(ticket, actor=actor)
        merge = find(merge.former.number, ticket)
        _require(merge, ticket, actor)
        state, levels = _restored(merge, ticket), _levels(merge, ticket)
        _take_out(levels, ticket)
        number, made = merge.former.number, _bring_back(merge, levels, ticket, state)
        note_homes(merge.moved["Message"], made, {level.into_id for level in levels}, merge.merged_at)
        merged_outcomes.give_back(merge, levels[1:], ticket, made)
        merged_relations.give_back(merge, levels[1:], ticket, made)
        # Its customer may have been part of the other’s meanwhile.
        customer_search.rename_author_in(made)
        for row in (ticket, made):
            derive(row)
            keep_withdrawable(row)
        record(ticket, EventKind.MERGE_UNDONE, actor=actor, former=number, subject=made.subject, **_standing(ticket))
        record(made, EventKind.TAKEN_OUT, actor=actor, number=ticket.number, **_standing(made))
    return made


def _standing(ticket: Ticket) -> State:
    """Return what the history says of a ticket's state, for what is due in it."""
    return {"category": category_of(ticket), "asleep": ticket.is_snoozed}


def purge() -> int:
    """Forget how to undo the merges that nobody can undo any more; return how many."""
    return int(Merge.delete().where(Merge.merged_at < clock.now() - timedelta(days=DAYS)).execute())


def _require(merge: Merge, ticket: Ticket, actor: Agent) -> None:
    access.require(actor, "merge", ticket)
    if not access.sees(actor, ticket_state.as_ticket(merge.source, merge.former.former_id)):
        raise NotAllowed(lazy("It would go back to a place that you do not see: ask somebody who sees both."))


def _has_handler(state: State) -> bool:
    return state["assignee"] is not None or state["team"] is not None


def _since(merge: Merge, ticket: Ticket) -> list[Any]:
    """Return the conditions of the messages that were written in the ticket after the merge."""
    last = max(merge.terms["newest"])
    came = {key for row in _undoable(ticket) for key in row.moved["Message"] if key > last}
    since = [Message.deleted_at.is_null(), Message.id > last, Message.created_at >= merge.merged_at]
    return [*since, *(Message.id.not_in(some) for some in chunked(sorted(came), AT_ONCE))]


# --- What the merge changed in the target, taken out from below what came after it ----------------------------------


def _levels(merge: Merge, ticket: Ticket) -> list[Merge]:
    """Return this merge and those by which its target became part of `ticket` in turn."""
    return merge_chain.levels(merge, ticket.id, _above)


def _above(former_id: int) -> Merge | None:
    row: Merge | None = Merge.select(Merge, FormerNumber).join(FormerNumber).where(
        FormerNumber.former_id == former_id
    ).first()  # fmt: skip
    return row


def _take_out(levels: Sequence[Merge], ticket: Ticket) -> None:
    """Undo what the merge changed, in the states that later merges were built on and in the ticket itself."""
    changes = merge_chain.take_out(levels, ticket_state)
    if levels[-1].into_id == ticket.id:
        _restore_target(levels[-1], ticket, changes)


def _restore_target(last: Merge, ticket: Ticket, changes: Changes) -> None:
    present = ticket_state.state_of(ticket)
    # What its customer or the team wrote since counts, and decides how the ticket stands.
    written = Message.select().where(Message.ticket == ticket.id, Message.kind != NOTE, *_since(last, ticket)).exists()
    fit = ticket_state.still_true(changes, present, but=(*GROUPS[0], "waiting_since") if written else ())
    state = merge_chain.patched(present, fit)
    if "awaits_reply" in fit and "waiting_since" not in fit:
        state |= ticket_state.settled(state, {})
    # What comes back may be gone by now.
    if "status" in fit:
        state |= ticket_state.status_left(state)
    if "assignee" in fit or "team" in fit:
        state |= _assignee_left(state, ticket)
    ticket_state.write(ticket, ticket_state.changes_between(present, state))


# --- What comes back ----------------------------------------------------------------------------------------------


def _restored(merge: Merge, ticket: Ticket) -> State:
    """Return the state in which the source comes back: as it was, without what is no longer there."""
    state: State = dict(merge.source)
    present = ticket_state.state_of(ticket)
    last = Merge.select().where(Merge.into_id == ticket.id).order_by(Merge.id.desc()).first() or merge
    for name in list(state):
        kind, now, then = name.partition(":")[0], present.get(name), last.after.get(name)
        # Who left, and a draft that was sent or went on, are not brought back.
        if (kind == "copy" and then is not None and now is None) or (kind == "draft" and now != then):
            del state[name]
    state |= ticket_state.copies_left(state, last.after, present)
    if ticket.is_private and not last.after.get("is_private"):
        # Its author has kept all of it from colleagues since.
        state["is_private"] = True
    newest = merge.terms["newest"][0]
    for name, mark in present.items():
        # Whoever has read all of both has read this one.
        if name.startswith("mark:") and mark != last.after.get(name) and mark["message"] >= newest:
            state[name] = {"message": max((state.get(name) or mark)["message"], newest)}
    return (
        state | _people(state, merge, ticket) | ticket_state.place_left(state, ticket) | ticket_state.labels_left(state)
    )


def _people(state: State, merge: Merge, ticket: Ticket) -> State:
    """Return customer, address and assignee: the former ones where they are still there.

    Where the ticket was given to another customer since, what comes out of it is theirs, too.
    """
    then, levels = merge.merged_at, _levels(merge, ticket)
    owners = [*(former_customers.owner_of(level.source) for level in levels[1:]), ticket.customer_id]
    is_given = any(former_customers.owner_of(level.after) != owner for level, owner in zip(levels, owners, strict=True))
    owner = ticket.customer_id if is_given else former_customers.owner_of(state) or ticket.customer_id
    address = CustomerAddress.get_or_none(
        CustomerAddress.id == state["address"], CustomerAddress.customer == owner, CustomerAddress.created_at <= then
    )
    other = ticket.address_id if is_given else None
    people: State = {"customer": owner, "address": address.id if address is not None else other}
    if is_given:
        # So do they bring their own colleagues.
        people["organisation_id"] = ticket.organisation_id
    return people | _assignee_left(state, ticket)


def _assignee_left(state: State, ticket: Ticket) -> State:
    """Return the assignee of a state: nobody where they can no longer get a ticket."""
    if hold_assignee(ticket_state.as_ticket(state, ticket.id)):
        return {}
    return {"assignee": None, "team": None}


def _bring_back(merge: Merge, levels: Sequence[Merge], ticket: Ticket, state: State) -> Ticket:
    """Make the source's row again, and point at it what came from it and is still in the ticket."""
    number, key = merge.former.number, merge.former.former_id
    made = ticket_state.as_ticket(state, key)
    if made.form_key is not None and Ticket.select().where(Ticket.form_key == made.form_key).exists():
        made.form_key = None
    merge.former.delete_instance()
    made.save(force_insert=True)
    mark_locked(made)
    for table, name in MOVED.items():
        # A table of later versions has no rows in an earlier merge.
        keys = merge.moved.get(table.__name__, [])
        if table is MailId:
            keys = [*keys, *merge.moved["OutgoingEmail"]]
        column: Any = getattr(table, name)
        for some in chunked(keys, AT_ONCE):
            table.update(ticket=key).where(column.in_(some), table.ticket == ticket.id).execute()
    for name, values in state.items():
        if ":" in name:
            ticket_state.write_row(made, name, values)
    forget_opening_name(made)
    gone = {**merge.moved, "FormerNumber": [*merge.moved.get("FormerNumber", ()), number]}
    merge_chain.forget_moved(levels[1:], gone)
    return made
