"""Properties of a ticket: subject, priority, importance, tags."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import ModelSelect

from helpdesk import folding, search
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import act
from helpdesk.settings import lookups
from helpdesk.tickets.derived_columns import priority_columns, store
from helpdesk.tickets.opening import clean_subject
from models import Priority, Tag, Ticket, TicketTag

#: Characters of a tag.
MAX_TAG = 40


def rename(ticket: Ticket, subject: str, *, actor: Actor) -> None:
    """Change the subject. Raises InvalidInput at ``subject`` for an empty or too long one."""
    new = clean_subject(subject)
    with act(ticket, "rename", actor=actor):
        old = ticket.subject
        if new == old:
            return
        store(ticket, subject=new)
        search.rename(ticket, old)
        record(ticket, EventKind.RENAMED, actor=actor, old=old, new=new)


def set_priority(ticket: Ticket, priority: Priority, *, actor: Actor) -> None:
    """Set the priority. Raises InvalidInput for a disabled one."""
    with act(ticket, "set_priority", actor=actor):
        if ticket.priority_id == priority.id:
            return
        if not priority.enabled:
            raise InvalidInput(lazy("This priority is disabled."), field="priority")
        old = lookups.priority(ticket.priority_id)
        store(ticket, former_priority=None, **priority_columns(priority))
        record(ticket, EventKind.PRIORITY, actor=actor, old=old.label if old else "", new=priority.label)


def mark_important(ticket: Ticket, *, actor: Actor) -> None:
    """Give the ticket the priority of important tickets, keeping the former one (RULES 14)."""
    with act(ticket, "important", actor=actor):
        if ticket.is_important:
            return
        store(ticket, former_priority=ticket.priority_id, **priority_columns(lookups.important_priority()))
        record(ticket, EventKind.IMPORTANT, actor=actor)


def not_important(ticket: Ticket, *, actor: Actor) -> None:
    """Set the priority that the ticket had before it was marked as important."""
    with act(ticket, "important", actor=actor):
        former = lookups.priority(ticket.former_priority_id)
        if former is None:
            return
        store(ticket, former_priority=None, **priority_columns(former))
        record(ticket, EventKind.NOT_IMPORTANT, actor=actor)


def tag(ticket: Ticket, name: str, *, actor: Actor) -> None:
    """Add a tag to the ticket, creating it when there is none. Raises InvalidInput at ``tags`` for a wrong name."""
    with act(ticket, "tag", actor=actor):
        row = _tag(name)
        if _wears.first(ticket=ticket.id, tag=row.id) is not None:
            return
        TicketTag.create(ticket=ticket, tag=row)
        store(ticket)
        record(ticket, EventKind.TAGGED, actor=actor, tag=str(row))


@Prepared
def _wears() -> ModelSelect:
    return TicketTag.select(TicketTag.id).where(TicketTag.ticket == Slot("ticket"), TicketTag.tag == Slot("tag"))


def untag(ticket: Ticket, name: str, *, actor: Actor) -> None:
    """Remove a tag from the ticket."""
    with act(ticket, "tag", actor=actor):
        row = Tag.get_or_none(Tag.key == tag_key(name))
        if row is not None and TicketTag.delete().where(TicketTag.ticket == ticket, TicketTag.tag == row).execute():
            store(ticket)
            record(ticket, EventKind.UNTAGGED, actor=actor, tag=str(row))


def set_tags(ticket: Ticket, names: Iterable[str], *, actor: Actor, shown: Iterable[str] | None = None) -> None:
    """Add and remove tags so that the ticket has exactly these. Raises InvalidInput at ``tags`` for a wrong name.

    `shown` are the tags of the page on which these were chosen: what others added or removed since stays so.
    """
    new_names = {tag_key(name): name for name in names if name.strip(" #")}
    with act(ticket, "tag", actor=actor):
        present = {row.tag.key: str(row.tag) for row in ticket.ticket_tags.join(Tag)}
        before = present.keys() if shown is None else {tag_key(name) for name in shown}
        for key in new_names.keys() - before - present.keys():
            tag(ticket, new_names[key], actor=actor)
        for key in (present.keys() & before) - new_names.keys():
            untag(ticket, present[key], actor=actor)


def tag_key(name: str) -> str:
    """Return the key of the tag that has this name in a language; of a new one its folded name, cut to the column."""
    key = folding.fold(_one_line(name))[:MAX_TAG]
    row = lookups.tag_named(key)
    return str(row.key) if row is not None else key


def _tag(name: str) -> Tag:
    text = _one_line(name)
    key = tag_key(text)
    if not key or len(text) > MAX_TAG:
        raise InvalidInput(lazy("A tag has 1 to 40 characters."), field="tags")
    stored: Tag | None = _with_key.first(key=key)
    return stored if stored is not None else Tag.get_or_create(key=key, defaults={"name": text})[0]


@Prepared
def _with_key() -> ModelSelect:
    return Tag.select().where(Tag.key == Slot("key"))


def _one_line(name: str) -> str:
    return control_characters.one_line(name.replace(",", " ")).lstrip("# ")
