"""Taking a reply back before it goes out: what it changed is given back, and nobody outside has seen it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from helpdesk import access, clock, search, settings
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.files import uploads
from helpdesk.i18n import lazy
from helpdesk.locking import for_update, mark_locked
from helpdesk.settings import lookups
from helpdesk.tickets import unread
from helpdesk.tickets.columns import store
from models import NOTE, REPLY, Agent, CannedResponse, Draft, Message, OutgoingEmail, Ticket, TicketEvent

#: What a reply changes, in groups that are given back together or, where somebody changed them since, not at all.
STANDING = ("status", "is_open", "closed_at", "closed_by_customer", "awaits_reply", "waiting_since")
HANDLER = ("assignee", "team")
#: The lines of the history that a reply writes.
WRITTEN = (EventKind.REPLIED, EventKind.CLOSED, EventKind.STATUS)
#: What one press for more time gives, and how long a reply may be kept from going out by many.
MORE_TIME = timedelta(minutes=2)
LONGEST = timedelta(hours=1)
_TIMES = frozenset({"closed_at", "waiting_since"})

Standing = dict[str, Any]


def public_from(actor: Actor) -> datetime | None:
    """Return when a reply of this actor goes out; None for at once."""
    seconds = settings.get("undo_send_seconds") if isinstance(actor, Agent) else 0
    return clock.now() + timedelta(seconds=seconds) if seconds else None


def standing_of(ticket: Ticket) -> Standing:
    """Return the columns of a ticket that a reply may change, as an event keeps them."""
    values = {name: ticket.__data__.get(name) for name in (*STANDING, *HANDLER)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def remember(event: TicketEvent, before: Standing, *, canned: CannedResponse | None) -> None:
    """Keep with a reply's event what `withdraw_reply` gives back; the last act of the reply must be recorded."""
    last = TicketEvent.select(TicketEvent.id).where(TicketEvent.ticket == event.ticket_id)
    saved = {"id": canned.id, "name": canned.name} if canned is not None else {}
    undo = [before, standing_of(event.ticket), saved, last.order_by(TicketEvent.id.desc()).scalar()]
    event.data = {**event.data, "undo": undo}
    event.save()


def withdraw_reply(message: Message, *, actor: Agent, files_key: str = "", owner: str = "") -> None:
    """Take a reply back that did not go out yet; its text is its author's draft again. Twice changes nothing.

    Its files wait under `files_key` for the form of `owner`. Raises InvalidInput when it is too late, or somebody
    wrote in the ticket meanwhile; NotAllowed for a reply of others; NotFound for what is no reply.
    """
    with transaction():
        ticket = _ticket_of(message, actor)
        if ticket is None or not _claim(message):
            return
        event = _event_of(message)
        before, after, saved, last = event.data["undo"]
        _recall(message)
        uploads.take_back(message.id, form_key=files_key, owner=owner)
        _give_back_text(message, saved, closed=before["is_open"] and not after["is_open"], actor=actor)
        _give_back_standing(ticket, before, after)
        acts = TicketEvent.delete().where(TicketEvent.ticket == ticket.id, TicketEvent.id.between(event.id, last))
        acts.where(TicketEvent.kind.in_([kind.value for kind in WRITTEN])).execute()
        search.forget(message.id)
        unread.forget(message)
        message.delete_instance()
        record(ticket, EventKind.WITHDRAWN, actor=actor)


def delay_reply(message: Message, *, actor: Agent) -> datetime:
    """Keep a reply from going out for two minutes more, an hour at most in all; return when it goes out.

    Raises InvalidInput when it is too late.
    """
    until = min(clock.now() + MORE_TIME, message.created_at + LONGEST)
    return _put_off(message, max(until, message.public_at or until), actor)


def send_reply_now(message: Message, *, actor: Agent) -> None:
    """Let a reply that was kept back go out at once. Raises InvalidInput when it has gone."""
    _put_off(message, clock.now(), actor)


def _put_off(message: Message, until: datetime, actor: Agent) -> datetime:
    with transaction():
        _ticket_of(message, actor)
        waits = Message.public_at > clock.now()
        same = Message.update(public_at=until).where(Message.id == message.id, Message.deleted_at.is_null(), waits)
        mails = OutgoingEmail.message == message.id
        OutgoingEmail.update(due_at=until).where(mails, OutgoingEmail.state == "pending").execute()
        if not same.execute() or OutgoingEmail.select().where(mails, OutgoingEmail.state != "pending").exists():
            raise InvalidInput(lazy("Your message has gone out already: it cannot be taken back any more."))
    return until


def _ticket_of(message: Message, actor: Agent) -> Ticket | None:
    """Return the ticket of a reply that is this agent's to take back; None once the reply is gone.

    The ticket is locked first, as in every act: it may be just being merged into another one, and the reply with it.
    """
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
    """Take the message away from readers before it is public; False when that was done before."""
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


def _recall(message: Message) -> None:
    """Forget the mails of the message, so that nobody sends them later. Raises InvalidInput when one has left."""
    mails = OutgoingEmail.message == message.id
    OutgoingEmail.delete().where(mails, OutgoingEmail.state == "pending").execute()
    if OutgoingEmail.select().where(mails).exists():
        raise InvalidInput(lazy("Your message has gone out already: it cannot be taken back any more."))


def _give_back_text(message: Message, saved: dict[str, Any], *, closed: bool, actor: Agent) -> None:
    """Make the text the author's draft again, above what they began since: a note, if that was one."""
    begun = Draft.get_or_none(Draft.ticket == message.ticket_id, Draft.agent == actor.id)
    body = message.body + (begun.body if begun is not None else "")
    row = CannedResponse.get_or_none(CannedResponse.id == saved.get("id"), CannedResponse.author == actor.id)
    if row is not None and row.body == message.body:
        row.delete_instance()
    values = {
        "kind": begun.kind if begun is not None else REPLY,
        "body": body,
        "close": closed,
        "save_as": bool(saved),
        "canned_name": saved.get("name", ""),
        "updated_at": clock.now(),
    }
    # The page may save what they write at the very moment.
    row = Draft.insert(ticket=message.ticket_id, agent=actor.id, **values)
    row.on_conflict(conflict_target=[Draft.ticket, Draft.agent], update=values).execute()


def _give_back_standing(ticket: Ticket, before: Standing, after: Standing) -> None:
    columns: dict[str, Any] = {}
    if ticket.status_id == after["status"] and lookups.status(before["status"]) is not None:
        columns |= {name: _read(name, before[name]) for name in STANDING}
    if (ticket.assignee_id, ticket.team_id) == (after["assignee"], after["team"]):
        agent, team = lookups.agent(before["assignee"]), lookups.team(before["team"])
        columns["assignee"] = agent if agent is not None and agent.active else None
        columns["team"] = team if team is not None and team.enabled else None
    store(ticket, **columns)


def _read(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in _TIMES and value else value
