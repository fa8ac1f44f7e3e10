"""Drafts of replies and notes: stored on the server for their author until they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import ModelDelete, chunked

from helpdesk import access, clock
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters, richtext
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import act
from helpdesk.tickets.opening import MAX_BODY, MAX_HTML
from models import NOTE, REPLY, Agent, Draft, Message, ScheduledReply, Ticket

#: Days after which an unchanged draft is deleted.
MAX_DAYS = 30
MAX_NAME = 120
#: Canned responses that one text remembers.
MOST_USED = 10
#: Drafts that change hands by one statement.
BATCH = 500


@dataclass(frozen=True)
class Writing:
    """The values of the composer: `body` is HTML; `note` makes it an internal note instead of a reply."""

    body: str
    note: bool = False
    close: bool = False
    save_as: bool = False
    canned_name: str = ""
    #: The canned response whose acts go with the text, and those that were inserted in it (ids).
    macro: int | None = None
    used: tuple[int, ...] = ()
    #: Of the form: once it was sent, a late save by the page's script must not make a draft again.
    form_key: str = ""


def save(ticket: Ticket, writing: Writing, *, actor: Agent) -> Draft | None:
    """Store the composer's values as the agent's draft and return it; an empty text deletes it and returns None.

    Raises InvalidInput at ``body`` when the text is too long to be sent.
    """
    if len(writing.body) > MAX_HTML:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_BODY), field="body")
    body = richtext.clean(writing.body, pictures=True)
    with act(ticket, "note" if writing.note else "reply", actor=actor):
        if was_sent(writing.form_key):
            # A draft stored since then is newer than this one.
            return None
        if not richtext.to_text(body).strip():
            discard(ticket, actor=actor)
            return None
        _put(ticket, actor, NOTE if writing.note else REPLY, body, writing)
    return of(ticket, actor)


def ids_text(ids: Iterable[int]) -> str:
    """Return ids as a draft stores them: the first ones, between commas."""
    return ",".join(map(str, list(dict.fromkeys(ids))[:MOST_USED]))


def put_above(ticket: Ticket, writing: Writing, *, actor: Agent) -> None:
    """Make a text (clean HTML) the agent's draft, above the draft they may have begun, whose kind stays."""
    begun = of(ticket, actor)
    kind, below = (begun.kind, begun.body) if begun is not None else (REPLY, "")
    _put(ticket, actor, kind, writing.body + below, writing)


def _put(ticket: Ticket, agent: Agent, kind: str, body: str, writing: Writing) -> None:
    values = {
        "kind": kind,
        "body": body,
        "close": writing.close,
        "save_as": writing.save_as,
        "canned_name": control_characters.removed(writing.canned_name)[:MAX_NAME],
        "macro_id": writing.macro,
        "used": ids_text(writing.used),
        "updated_at": clock.now(),
    }
    # Two windows may save at once: the later one counts.
    row = Draft.insert(ticket=ticket.id, agent=agent.id, **values)
    row.on_conflict(conflict_target=[Draft.ticket, Draft.agent], update=values).execute()


def was_sent(form_key: str) -> bool:
    """Whether the form of this key made its message already, or one that is sent later."""
    made = (Message, ScheduledReply)
    return bool(form_key) and any(table.select().where(table.form_key == form_key).exists() for table in made)


def of(ticket: Ticket, agent: Agent) -> Draft | None:
    """Return this agent's draft in this ticket, or None."""
    return Draft.get_or_none(Draft.ticket == ticket.id, Draft.agent == agent.id)


def discard(ticket: Ticket, *, actor: Agent) -> None:
    """Delete this agent's draft in this ticket."""
    _discard.run(ticket=ticket.id, agent=actor.id)


@Prepared
def _discard() -> ModelDelete:
    return Draft.delete().where(Draft.ticket == Slot("ticket"), Draft.agent == Slot("agent"))


def hand_over(agent: Agent, to: Agent) -> list[int]:
    """Let another agent go on with the drafts of this one; return their ids.

    Not those in a ticket that the other does not see, or where they have a draft of their own.
    """
    own = Draft.alias()
    theirs = own.select(own.ticket).where(own.agent == to.id)
    seen = access.visible_tickets(to).select(Ticket.id)
    rows = Draft.select(Draft.id).where(Draft.agent == agent.id, Draft.ticket.not_in(theirs), Draft.ticket.in_(seen))
    ids = [key for (key,) in rows.order_by(Draft.id).tuples()]
    for some in chunked(ids, BATCH):
        Draft.update(agent=to.id).where(Draft.id.in_(some)).execute()
    return ids


def give_back(ids: Sequence[int], agent: Agent, heir: int, since: datetime) -> int:
    """Give these drafts back to the agent who began them, as far as the `heir` (id) left them as they were.

    Return how many.
    """
    own = Draft.alias()
    theirs = own.select(own.ticket).where(own.agent == agent.id)
    count = 0
    for some in chunked(ids, BATCH):
        same = (Draft.id.in_(some), Draft.agent == heir, Draft.updated_at <= since, Draft.ticket.not_in(theirs))
        count += int(Draft.update(agent=agent.id).where(*same).execute())
    return count


def purge() -> int:
    """Delete the drafts that did not change for thirty days; return how many."""
    limit = clock.now() - timedelta(days=MAX_DAYS)
    return int(Draft.delete().where(Draft.updated_at < limit).execute())
