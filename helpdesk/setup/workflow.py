"""Statuses, priorities and tags, as an administrator defines them (B15, B16)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from peewee import IntegrityError, fn

from database import Label, Stamp, database
from helpdesk import access, clock, folding, settings
from helpdesk.access import Actor
from helpdesk.due_times import overdue
from helpdesk.errors import InvalidInput, StillInUse
from helpdesk.i18n import lazy, ngettext
from helpdesk.lib import colors, inputs, sort_position
from helpdesk.locking import lock_all
from helpdesk.settings import lookups
from helpdesk.tickets.derived_columns import AWAKE, answered_columns
from helpdesk.tickets.properties import MAX_TAG
from models import CATEGORIES, CLOSED, NO_DUE_TIME, OPEN, Agent, Priority, Status, Tag, Ticket

#: Settings of Configuration that choose a status or a priority by its identifier.
CHOOSING_SETTINGS: dict[type[Status] | type[Priority], tuple[str, ...]] = {
    Status: ("default_status", "pending_status", "closed_status"),
    Priority: ("default_priority", "important_priority"),
}
MAX_WEIGHT = 1_000_000
MAX_IDENTIFIER = 60
#: Of an identifier made from a label: a number may follow.
MAX_STEM = 52


def save_status(status: Status, values: Mapping[str, Any], *, actor: Actor) -> Status:
    """Store ``identifier``, ``label``, colours, ``category`` and ``enabled``, as far as given; a new one is put last.

    A new one without an identifier gets one made from its label, which it keeps when the label changes.

    A new category opens or closes the tickets of the status, and may end their customers' wait. Raises NotAllowed,
    StillInUse for a status chosen in Configuration, or InvalidInput at a field.
    """
    access.require(actor, "configure")
    chosen_by = settings_using(status)
    before = _set_common(status, values, chosen_by)
    category = str(values.get("category", status.category))
    if category not in CATEGORIES:
        raise InvalidInput(lazy("Choose one from the list."), field="category")
    _check_category(category, chosen_by)
    moved = status.id is not None and category != status.category
    status.category = category
    if status.id is None:
        status.position = sort_position.after_last(Status)
    with database.atomic():
        if moved:
            lock_all(Ticket.select().where(Ticket.status == status.id))
        _store(status, before, chosen_by, actor)
        if moved:
            _reopen_or_close(status)
    return status


def save_priority(priority: Priority, values: Mapping[str, Any], *, actor: Actor) -> Priority:
    """Store ``identifier``, ``label``, colours, ``weight`` and ``enabled``, as far as given.

    A new one without an identifier gets one made from its label, which it keeps when the label changes.

    A new weight reorders the tickets of the priority. Raises NotAllowed, StillInUse for a priority chosen in
    Configuration, or InvalidInput at a field.
    """
    access.require(actor, "configure")
    chosen_by = settings_using(priority)
    before = _set_common(priority, values, chosen_by)
    weight = values.get("weight", priority.weight)
    if not isinstance(weight, int) or abs(weight) > MAX_WEIGHT:
        raise InvalidInput(lazy("Expected a whole number up to a million."), field="weight")
    reordered = priority.id is not None and weight != priority.weight
    priority.weight = weight
    with database.atomic():
        if reordered:
            lock_all(Ticket.select().where(Ticket.priority == priority.id))
        _store(priority, before, chosen_by, actor)
        if reordered:
            # What is overdue goes on standing first.
            Ticket.update(rank=overdue.rank(priority) - Ticket.rank.bin_and(1)).where(
                Ticket.priority == priority.id
            ).execute()
    return priority


def settings_using(row: Status | Priority) -> list[str]:
    """Return the keys of the settings that use this status or priority."""
    identifier = type(row).select(type(row).identifier).where(type(row).id == (row.id or 0)).scalar()
    return [key for key in CHOOSING_SETTINGS[type(row)] if identifier and settings.get(key) == identifier]


def _set_common(row: Any, values: Mapping[str, Any], chosen_by: list[str]) -> str:
    """Set the fields that statuses and priorities share; return the former identifier."""
    before = row.identifier
    if "label" in values or row.id is None:
        row.label = inputs.label(values.get("label"), "label", MAX_IDENTIFIER)
    if row.id is None and not inputs.one_line(values.get("identifier"), MAX_IDENTIFIER):
        row.identifier = _made_identifier(row)
    elif "identifier" in values:
        row.identifier = inputs.required(values["identifier"], "identifier", MAX_IDENTIFIER)
    for name in ("text_color", "background_color"):
        if name in values:
            setattr(row, name, _colour(values[name], name))
    row.enabled = bool(values.get("enabled", row.enabled))
    if chosen_by and not row.enabled:
        raise StillInUse(_chosen_text(chosen_by), field="enabled")
    return str(before or "")


def _made_identifier(row: Status | Priority) -> str:
    """Return an identifier made from the label of a new row: folded, and of its own.

    Raises InvalidInput at ``label`` when another row reads the same: a form that is sent twice adds one.
    """
    rows = list(type(row).select(type(row).identifier, type(row).label))
    texts = {folding.fold(text) for text in row.label.values()}
    if any(texts & {folding.fold(text) for text in other.label.values()} for other in rows):
        raise InvalidInput(lazy("There is one with this label already."), field="label")
    text = folding.fold(row.label.text(settings.get("language")))
    stem = re.sub(r"[\W_]+", " ", text).strip()[:MAX_STEM].strip() or "new"
    taken = {folding.fold(other.identifier) for other in rows}
    return next(name for name in _numbered(stem) if name not in taken)


def _numbered(stem: str) -> Iterator[str]:
    """Yield a name, then the same with the numbers from 2."""
    yield stem
    yield from (f"{stem} {number}" for number in count(2))


def _colour(value: Any, field: str) -> str:
    text = str(value or "").strip()
    try:
        colors.parse(text)
    except ValueError as error:
        raise InvalidInput(lazy("This is not a colour. Examples: #007afc, white."), field=field) from error
    return text


def _chosen_text(chosen_by: list[str]) -> Any:
    label = settings.DECLARED[chosen_by[0]].label
    return lazy("It is chosen in Configuration as “%(setting)s”: choose another one there first.", setting=label)


def _check_category(category: str, chosen_by: list[str]) -> None:
    """Raise StillInUse when a setting has chosen the status for which this category is not allowed."""
    for key in chosen_by:
        if not settings.takes(key, category):
            raise StillInUse(_chosen_text([key]), field="category")


def _store(row: Any, before: str, chosen_by: list[str], actor: Actor) -> None:
    try:
        with database.atomic():
            row.save()
    except IntegrityError as error:
        raise InvalidInput(lazy("This identifier is used already."), field="identifier") from error
    if before != row.identifier and chosen_by:
        settings.save(dict.fromkeys(chosen_by, row.identifier), actor=actor if isinstance(actor, Agent) else None)


def _reopen_or_close(status: Status) -> None:
    """Open or close the tickets of a status according to its category."""
    tickets = Ticket.status == status.id
    if status.category == CLOSED:
        closed_at = fn.COALESCE(Ticket.closed_at, clock.now())
        Ticket.update(is_open=False, closed_at=closed_at, due_at=NO_DUE_TIME, **AWAKE).where(tickets).execute()
    else:
        Ticket.update(is_open=True, closed_at=None, closed_by_customer=False).where(tickets).execute()
    if status.category != OPEN:
        # As if the status were set now: one that asks nothing of the team ends the customer's wait.
        Ticket.update(**answered_columns()).where(tickets, Ticket.awaits_reply).execute()


def delete_status(status: Status, *, actor: Actor) -> None:
    """Delete a status. Raises NotAllowed, or StillInUse while a setting or tickets use it."""
    access.require(actor, "configure")
    _delete(status)


def delete_priority(priority: Priority, *, actor: Actor) -> None:
    """Delete a priority. Raises NotAllowed, or StillInUse while a setting or tickets use it."""
    access.require(actor, "configure")
    _delete(priority)


def _tickets_using(row: Status | Priority) -> Any:
    if isinstance(row, Status):
        return Ticket.status == row.id
    # Without its former priority an important ticket would count as an ordinary one.
    return (Ticket.priority == row.id) | (Ticket.former_priority == row.id)


def refuse_in_use(row: Status | Priority) -> None:
    """Raise StillInUse while a setting or tickets use a status or priority, so that it cannot be deleted."""
    chosen_by = settings_using(row)
    if chosen_by:
        raise StillInUse(_chosen_text(chosen_by))
    used = Ticket.select().where(_tickets_using(row)).count()
    if used:
        text = ngettext(
            "%(num)d ticket has it: disable it instead.", "%(num)d tickets have it: disable it instead.", used
        )
        raise StillInUse(text)


def _delete(row: Status | Priority) -> None:
    refuse_in_use(row)
    try:
        with database.atomic():
            row.delete_instance()
    except IntegrityError as error:
        raise StillInUse(lazy("A ticket was given it just now.")) from error


def equally_heavy_priorities() -> list[Priority]:
    """Return the other priorities at least as heavy as the one of important tickets (RULES 14)."""
    important = Priority.get_or_none(Priority.identifier == settings.get("important_priority"))
    if important is None:
        return []
    return list(Priority.select().where(Priority.weight >= important.weight, Priority.id != important.id))


def save_tag(tag: Tag, values: Mapping[str, Any], *, actor: Actor) -> Tag:
    """Store the ``name`` of a tag and its ``label``, what it is called in each language; also ``keeps``.

    Raises NotAllowed, or InvalidInput at ``name`` or ``label``: a name belongs to one tag.
    """
    access.require(actor, "configure")
    name = _tag_name(inputs.required(values.get("name"), "name", MAX_TAG + 1), "name")
    label = {code: _tag_name(text, "label") for code, text in (values.get("label") or {}).items() if text.strip()}
    inputs.set_attributes(tag, {"name": name, "key": folding.fold(name)[:MAX_TAG], "label": Label(label)})
    if "keeps" in values:
        tag.keeps = bool(values["keeps"])
    for key in lookups.tag_keys(tag):
        other = lookups.tag_named(key)
        if other is not None and other.id != tag.id:
            raise InvalidInput(lazy("There is such a tag already."), field="name" if key == tag.key else "label")
    try:
        with database.atomic():
            tag.save()
    except IntegrityError as error:
        raise InvalidInput(lazy("There is such a tag already."), field="name") from error
    return tag


def _tag_name(text: str, field: str) -> str:
    name = inputs.one_line(text, MAX_TAG + 1).lstrip("# ")
    if len(name) > MAX_TAG:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_TAG), field=field)
    if not name or "," in name:
        raise InvalidInput(lazy("Use a word or a few, without a comma."), field=field)
    return name


def delete_tag(tag: Tag, *, actor: Actor) -> None:
    """Delete a tag and remove it from its tickets. Raises NotAllowed."""
    access.require(actor, "configure")
    with database.atomic():
        tag.delete_instance()
        Stamp.bump()
