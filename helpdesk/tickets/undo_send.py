"""Undo send: withdrawing a reply before it is public, with everything it changed; delaying it, or sending it now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from helpdesk import access, clock, search, settings
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, record, recorded, transaction
from helpdesk.files import uploads
from helpdesk.i18n import lazy
from helpdesk.lib import richtext
from helpdesk.lib.statements import update
from helpdesk.locking import for_update, hold, hold_actor, mark_locked
from helpdesk.settings import lookups
from helpdesk.tickets import drafts, excerpt, first_response, unread
from helpdesk.tickets.derived_columns import AWAKE, store
from helpdesk.tickets.ticket_state import plain, read
from models import NOTE, REPLY, Agent, CannedResponse, Message, OutgoingEmail, Ticket, TicketEvent, TicketTag

#: The columns that a reply, or a macro with it, changes, in groups: each is restored whole, or not when somebody
#: changed it since.
STANDING = ("status", "is_open", "closed_at", "closed_by_customer", "awaits_reply", "waiting_since")
HANDLER = ("assignee", "team")
WEIGHT = ("priority", "rank", "former_priority")
SLEEP = tuple(AWAKE)
#: The lines of the history that a reply and the acts of a macro write.
WRITTEN = (
    *(EventKind.REPLIED, EventKind.CLOSED, EventKind.STATUS, EventKind.PRIORITY, EventKind.SNOOZED),
    *(EventKind.ASSIGNED, EventKind.TAKEN, EventKind.UNASSIGNED, EventKind.TAGGED, EventKind.UNTAGGED),
)
#: The states of a mail that has gone out, or was at least tried. A withheld or cancelled one tells nobody anything.
GONE = ("sending", "sent", "failed")
#: How much longer each delay makes a reply wait, how long it may wait in all; seconds to write each of many at most.
MORE_TIME, LONGEST, EACH = timedelta(minutes=2), timedelta(hours=1), 0.1

Snapshot = dict[str, Any]


#: When replies become public that belong to one act on many tickets.
_together: ContextVar[datetime | None] = ContextVar("together", default=None)


def public_from(actor: Actor) -> datetime | None:
    """Return the time (UTC) at which a reply of this actor becomes public; None for at once."""
    seconds = settings.get("undo_send_seconds") if isinstance(actor, Agent) else 0
    return _together.get() or (clock.now() + timedelta(seconds=seconds)) if seconds else None


def seconds_for(count: int) -> int:
    """Return after how many seconds so many replies of one act become public: the last one written, as any."""
    seconds = int(settings.get("undo_send_seconds"))
    return seconds + math.ceil(count * EACH) if seconds else 0


@contextmanager
def together(count: int) -> Iterator[None]:
    """Let the replies that are written inside become public at one moment: none while others are still written."""
    token = _together.set(clock.now() + timedelta(seconds=seconds_for(count)))
    try:
        yield
    finally:
        _together.reset(token)


def snapshot(ticket: Ticket) -> Snapshot:
    """Return the columns of a ticket that a reply may change, as JSON values for an event."""
    return {name: plain(ticket.__data__.get(name)) for name in (*STANDING, *HANDLER, *WEIGHT, *SLEEP)}


def remember(event: TicketEvent, before: Snapshot, *, canned: CannedResponse | None) -> None:
    """Store in a reply's event what `withdraw_reply` restores; call it after the reply's last event is recorded.

    `before` is the ticket's snapshot from before the reply, `canned` the response saved with it.
    """
    canned_values = {"id": canned.id, "name": canned.name.text()} if canned is not None else {}
    undo = [before, snapshot(event.ticket), canned_values, _last_line(event.ticket_id)]
    event.data = {**event.data, "undo": undo}
    update(event)


def remember_acts(message: Message, ticket: Ticket, acts: dict[str, Any]) -> None:
    """Store in the event of a reply what else was done with it; call it after the last of these acts.

    `acts` holds the macro (id), the responses `used`, the tags before, whether the writer ticked to close the ticket,
    and the mails of the acts: none of them goes out while the reply may be withdrawn.
    """
    if message.public_at is None:
        return
    event = _event_of(message)
    before, _after, saved, _last = event.data["undo"]
    acts["after"] = _tags_of(ticket)
    undo = [before, snapshot(ticket), saved, _last_line(ticket.id), acts]
    event.data = {**event.data, "undo": undo}
    update(event)
    OutgoingEmail.update(due_at=message.public_at).where(OutgoingEmail.id.in_(acts["mails"])).execute()


def _last_line(ticket_id: int) -> int:
    # Nobody else writes in the history of a locked ticket.
    return max(line.id for line in recorded() if line.ticket_id == ticket_id)


def _tags_of(ticket: Ticket) -> list[int]:
    return sorted(key for (key,) in TicketTag.select(TicketTag.tag_id).where(TicketTag.ticket == ticket.id).tuples())


def withdraw_reply(
    message: Message, *, actor: Agent, files_key: str = "", owner: str = "", keeps_text: bool = True
) -> None:
    """Withdraw a reply that is not public yet; its text becomes its author's draft. Twice changes nothing.

    One of many that had the same text leaves no draft (`keeps_text`).
    Its files become uploads of the form `files_key` of `owner`. Raises InvalidInput when it is too late or somebody
    wrote in the ticket meanwhile, NotAllowed for another agent's reply, NotFound for a message that is no reply.
    """
    with transaction():
        ticket = _ticket_of(message, actor)
        if ticket is None or not _claim(message):
            return
        event = _event_of(message)
        # A reply of before the update remembers no acts.
        before, after, saved, last, acts = [*event.data["undo"], {}][:5]
        closed = acts.get("close", before["is_open"] and not after["is_open"])
        _cancel_mails(message, acts.get("mails", []))
        uploads.take_back(message.id, form_key=files_key, owner=owner)
        if keeps_text:
            _restore_draft(message, saved, acts, closed=closed, actor=actor)
        _restore_columns(ticket, before, after)
        _restore_tags(ticket, acts)
        lines = TicketEvent.delete().where(TicketEvent.ticket == ticket.id, TicketEvent.id.between(event.id, last))
        lines.where(TicketEvent.kind.in_([kind.value for kind in WRITTEN])).execute()
        search.forget(message.id)
        unread.forget(message)
        message.delete_instance()
        store(ticket, **excerpt.of_newest(ticket), **first_response.of_history(ticket, ticket.created_at))
        record(ticket, EventKind.WITHDRAWN, actor=actor)


def waiting_of(agent: Agent) -> list[Message]:
    """Return the replies of this agent that are not public yet, by ticket: none waits longer than an hour."""
    now = clock.now()
    lines = TicketEvent.select().where(
        TicketEvent.agent == agent.id,
        TicketEvent.created_at >= now - LONGEST,
        TicketEvent.kind == EventKind.REPLIED.value,
    )
    ids = [line.data.get("message") for line in lines]
    waits = (Message.public_at > now) & (Message.agent == agent.id) & Message.deleted_at.is_null()
    return list(Message.select().where(Message.id.in_(ids), waits).order_by(Message.ticket, Message.id)) if ids else []


def delay_reply(message: Message, *, actor: Agent) -> datetime:
    """Delay a reply by two minutes, by an hour at most in all; return the time (UTC) at which it becomes public.

    Raises InvalidInput when it is public already.
    """
    until = min(clock.now() + MORE_TIME, message.created_at + LONGEST)
    return _set_due(message, max(until, message.public_at or until), actor)


def send_reply_now(message: Message, *, actor: Agent) -> None:
    """Send a delayed reply at once. Raises InvalidInput when it is public already."""
    _set_due(message, clock.now(), actor)


def _set_due(message: Message, until: datetime, actor: Agent) -> datetime:
    with transaction():
        _ticket_of(message, actor)
        waits = Message.public_at > clock.now()
        same = Message.update(public_at=until).where(Message.id == message.id, Message.deleted_at.is_null(), waits)
        mails = OutgoingEmail.message == message.id
        with_it = OutgoingEmail.id.in_(_mails_of_acts(message))
        OutgoingEmail.update(due_at=until).where(mails | with_it, OutgoingEmail.state == "pending").execute()
        if not same.execute() or OutgoingEmail.select().where(mails, OutgoingEmail.state.in_(GONE)).exists():
            raise InvalidInput(lazy("Your message has gone out already: it cannot be taken back any more."))
    return until


def _ticket_of(message: Message, actor: Agent) -> Ticket | None:
    """Return the locked ticket of a reply that this agent may withdraw; None once the reply is gone.

    The ticket is locked first, as in every act: it may be just being merged into another one, and the reply with it.
    """
    hold_actor(actor)
    ticket = _locked(message.id) or _locked(message.id)
    if ticket is None:
        return None
    message.ticket = ticket
    access.require(actor, "reply", ticket)
    if message.kind != REPLY:
        raise NotFound(lazy("There is no such reply."))
    if message.agent_id != actor.id:
        raise NotAllowed(lazy("Only its author takes a reply back."))
    return ticket


def _locked(message_id: int) -> Ticket | None:
    """Return the ticket of a message, locked; None when it was merged while this waited, or is gone."""
    place = Message.select(Message.ticket).where(Message.id == message_id)
    query = Ticket.select().where(Ticket.id == place)
    ticket: Ticket | None = for_update(query).first()
    if ticket is not None:
        mark_locked(ticket)
    return ticket


def _claim(message: Message) -> bool:
    """Mark the message as deleted before it is public; False when that was done before. Raises InvalidInput."""
    now = clock.now()
    mine = Message.update(deleted_at=now).where(Message.id == message.id, Message.deleted_at.is_null())
    if mine.where(Message.public_at > now).execute():
        if _written_since(message):
            raise InvalidInput(lazy("Somebody wrote in this ticket meanwhile: your message was sent."))
        return True
    if Message.select().where(Message.id == message.id, Message.deleted_at.is_null()).exists():
        raise InvalidInput(lazy("Your message has gone out already: it cannot be taken back any more."))
    return False


def _written_since(message: Message) -> bool:
    later = Message.select().where(Message.ticket == message.ticket_id, Message.id > message.id, Message.kind != NOTE)
    return bool(later.exists())


def _event_of(message: Message) -> TicketEvent:
    replies = TicketEvent.select().where(
        TicketEvent.ticket == message.ticket_id, TicketEvent.kind == EventKind.REPLIED.value
    )
    newest: Sequence[TicketEvent] = replies.order_by(TicketEvent.id.desc()).limit(20)
    return next(event for event in newest if event.data.get("message") == message.id)


def _mails_of_acts(message: Message) -> list[int]:
    """Return the mails (ids) of what a macro did with this reply."""
    undo = _event_of(message).data.get("undo", ())
    return list(undo[4]["mails"]) if len(undo) > 4 else []


def _cancel_mails(message: Message, more: list[int]) -> None:
    """Delete the message's unsent mails, and `more` of them. Raises InvalidInput when one was sent already."""
    mails = OutgoingEmail.message == message.id
    OutgoingEmail.delete().where(mails | OutgoingEmail.id.in_(more), OutgoingEmail.state.not_in(GONE)).execute()
    if OutgoingEmail.select().where(mails).exists():
        raise InvalidInput(lazy("Your message has gone out already: it cannot be taken back any more."))


def _restore_draft(
    message: Message, saved: dict[str, Any], acts: dict[str, Any], *, closed: bool, actor: Agent
) -> None:
    """Make the text the author's draft, above the draft they may have begun since, whose kind (note, reply) stays."""
    row = CannedResponse.get_or_none(CannedResponse.id == saved.get("id"), CannedResponse.author == actor.id)
    # A response is saved without the pictures of the reply; one that was changed since stays.
    if row is not None and richtext.clean(message.body) in row.body.values():
        row.delete_instance()
    writing = drafts.Writing(
        message.body,
        close=closed,
        save_as=bool(saved),
        canned_name=saved.get("name", ""),
        macro=acts.get("macro"),
        used=tuple(acts.get("used", ())),
    )
    drafts.put_above(message.ticket, writing, actor=actor)


def _restore_columns(ticket: Ticket, before: Snapshot, after: Snapshot) -> None:
    columns: dict[str, Any] = {}
    if ticket.status_id == after["status"] and lookups.status(before["status"]) is not None:
        columns |= {name: read(Ticket, name, before[name]) for name in STANDING}
        now = snapshot(ticket)
        # A reply of before the update remembers no sleep.
        if all(name in before and now[name] == after[name] for name in SLEEP):
            columns |= {name: read(Ticket, name, before[name]) for name in SLEEP}
    weight = [ticket.__data__[name] for name in WEIGHT]
    if weight == [after.get(name) for name in WEIGHT] and lookups.priority(before["priority"]) is not None:
        columns |= {name: before[name] for name in WEIGHT}
    if (ticket.assignee_id, ticket.team_id) == (after["assignee"], after["team"]):
        agent, team = lookups.agent(before["assignee"]), lookups.team(before["team"])
        held_agent, held_team = agent and hold(agent), team and hold(team)
        columns["assignee"] = agent if held_agent is not None and held_agent.active else None
        columns["team"] = team if held_team is not None and held_team.enabled else None
    store(ticket, **columns)


def _restore_tags(ticket: Ticket, acts: dict[str, Any]) -> None:
    """Give the tags back that a macro added or removed, unless somebody did otherwise since; count its use no more."""
    before, after = set(acts.get("tags", ())), set(acts.get("after", ()))
    TicketTag.delete().where(TicketTag.ticket == ticket.id, TicketTag.tag.in_(after - before)).execute()
    for tag in sorted(before - after - set(_tags_of(ticket))):
        if lookups.tag(tag) is not None:
            TicketTag.create(ticket=ticket, tag=tag)
    CannedResponse.update(uses=CannedResponse.uses - 1).where(CannedResponse.id.in_(acts.get("used", ()))).execute()
