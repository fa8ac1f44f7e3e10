"""The journal of the desk: who signed in, gave rights, changed settings, took data out, and what happened to tickets.

Lines are written in the transaction of the act; ``helpdesk.journal_listing`` reads them, with the histories of tickets.
Sign-ins keep the network address they came from, nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from database import Base, Label
from helpdesk import clock, events, folding, settings, suppression
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind
from helpdesk.i18n import _
from helpdesk.journal_acts import Act
from helpdesk.journal_fields import CHILDREN, FIELD_NAMES, SILENT
from helpdesk.journal_texts import (
    ACTIVITY,
    ERASURES,
    HOLDING_NAMES,
    KINDS,
    OPTIONAL,
    SENTENCES,
    SETUP,
    TABLE_NAMES,
)
from helpdesk.lib import email_syntax, inputs
from helpdesk.lib.statements import insert
from helpdesk.settings import email_kinds, mail_failures, provider_failures
from helpdesk.settings.mail_failures import Failure
from models import (
    Agent,
    JournalEntry,
    OutgoingEmail,
    TicketEvent,
)

__all__ = ["KINDS", "Act", "deleted", "describe", "record", "saved", "snapshot", "with_sentences"]

#: Characters kept of a text; longer ones are cut.
MAX_TEXT = 500
#: What happens to a ticket and is noted here too, because it must be known when the ticket is gone.
OUTLIVING = frozenset({EventKind.DELETED.value, EventKind.MERGED.value, EventKind.MERGE_UNDONE.value})


def record(
    act: Act,
    *,
    actor: Actor | None,
    subject: object = "",
    network: str = "",
    kind: str | None = None,
    actor_name: str | None = None,
    about: object = "",
    **data: Any,
) -> None:
    """Write a line of the journal, in the caller's transaction; nothing for activity that is not logged.

    `actor` None is the program itself; `network` is the address a sign-in came from. `about` is whom the line is about,
    by name, where the subject is more than that: it is found by it.
    """
    kind = kind or SENTENCES[act][0]
    if kind in OPTIONAL and not settings.get("log_enabled"):
        return
    if actor_name is None:
        actor_name = events.actor_name(actor) if actor is not None else ""
    insert(
        JournalEntry(
            kind=kind,
            act=act.value,
            agent=actor if isinstance(actor, Agent) else None,
            actor_name=inputs.one_line(actor_name, 254),
            subject=inputs.one_line(subject, 254),
            about=folding.fold(inputs.one_line(about or subject, 254)).strip()[:254],
            data=_harmless(data),
            network=inputs.one_line(network, 64),
            created_at=clock.now(),
        )
    )


def _harmless(value: Any) -> Any:
    """Return what is kept of a value: texts on one line without control characters, so that no line is forged."""
    if isinstance(value, Mapping):
        return {str(key): _harmless(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_harmless(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else inputs.one_line(value, MAX_TEXT)


# --- What the hooks call ------------------------------------------------------------------------------------------


def snapshot(row: Base) -> dict[str, Any] | None:
    """Return what is stored of a row and of what belongs to it, or None for a row that is new."""
    if row.id is None or type(row).__name__ not in TABLE_NAMES:
        return None
    stored = type(row).get_or_none(type(row).id == row.id)
    if stored is None:
        return None
    values = {name: value for name, value in stored.__data__.items() if name not in SILENT}
    for name, (table, key) in CHILDREN.get(type(row), {}).items():
        rows = table.select().where(getattr(table, key) == row.id).order_by(table.id).dicts()
        values[name] = [{column: cell for column, cell in child.items() if column != "id"} for child in rows]
    return values


def saved(row: Base, before: Mapping[str, Any] | None, *, actor: Actor | None) -> None:
    """Note that a row was added (`before` is None), or which of its fields changed since `before`, if any did."""
    table = type(row).__name__
    kind = TABLE_NAMES[table][0]
    if before is None:
        record(Act.ADDED, actor=actor, subject=name_of(row), about=_about(row), kind=kind, what=table)
        return
    after = snapshot(row) or {}
    changed = [name for name, value in after.items() if before.get(name) != value]
    if changed:
        named = {"subject": name_of(row), "about": _about(row)}
        record(Act.CHANGED, actor=actor, kind=kind, what=table, fields=changed, **named)


def deleted(row: Base, name: str, *, actor: Actor | None) -> None:
    """Note that a row of this name is gone."""
    table = type(row).__name__
    record(Act.DELETED, actor=actor, subject=name, about=_about(row), kind=TABLE_NAMES[table][0], what=table)


def is_set_up(row: Base) -> bool:
    """Whether a screen notes what it does to this row; rights are noted by their rules."""
    return TABLE_NAMES.get(type(row).__name__, ("", ""))[0] == SETUP


def name_of(row: Any) -> str:
    """Return the name a row has in the journal; a permission is its agent's, for a place."""
    if type(row).__name__ != "Permission":
        return str(row)
    place = row.department or row.service
    return f"{row.agent.name}: {place if place is not None else _('The whole support')}"


def _about(row: Any) -> str:
    """Return whom a line of a row is about, where its name is more than that."""
    return str(row.agent.name) if type(row).__name__ == "Permission" else ""


def settings_changed(changes: Mapping[str, tuple[Any, Any]], actor: Agent | None) -> None:
    """Note the old and the new value of each setting; of a secret only that it changed."""
    for key, (old, new) in changes.items():
        if settings.DECLARED[key].kind == "secret":
            record(Act.SECRET, actor=actor, subject=key)
        elif settings.DECLARED[key].kind == "picture":
            record(Act.SETTING, actor=actor, subject=key, old=_measured(old), new=_measured(new))
        else:
            record(Act.SETTING, actor=actor, subject=key, old=old, new=new)


def _measured(picture: Mapping[str, Any] | None) -> str:
    """Return what the journal keeps of a picture: where it lies is nobody's business."""
    return f"{picture['width']} × {picture['height']}" if picture else ""


def ticket_event(event: TicketEvent, actor: Actor) -> None:
    """Note what happened to a ticket and must be known when the ticket is gone."""
    record(Act.TICKET, actor=actor, subject=event.ticket.number, actor_name=event.actor_name, **_of_event(event))


def ticket_line(event: TicketEvent) -> JournalEntry:
    """Return a line of a ticket's history as a line of the journal, where it is not stored."""
    line = JournalEntry(
        kind=ACTIVITY,
        act=Act.TICKET.value,
        agent=event.agent_id,
        actor_name=inputs.one_line(event.actor_name, 254),
        subject=event.ticket.number,
        data=_harmless(_of_event(event)),
        created_at=event.created_at,
    )
    line.event = event
    return line


def _of_event(event: TicketEvent) -> dict[str, Any]:
    # What a customer commented stays with the ticket, and goes with it; so does what takes a reply back.
    told = {key: value for key, value in event.data.items() if key not in {"comment", "undo"}}
    return {f"event_{key}": value for key, value in {**told, "event": event.kind}.items()}


def tickets_purged(numbers: Iterable[str]) -> None:
    """Note that these tickets are gone for good."""
    for number in numbers:
        record(Act.PURGED, actor=None, subject=number)


def mail_ended(email: OutgoingEmail, failure: Failure | None = None) -> None:
    """Note that a mail was sent, or given up for this reason."""
    act = Act.MAIL_SENT if failure is None else Act.MAIL_FAILED
    reason = asdict(failure) if failure is not None else ""
    record(act, actor=None, subject=email.to_email, email=email.kind, reason=reason)


def sign_in_refused(email: str, network: str) -> None:
    """Note a refused sign-in; neither what is no address, which may be a password, nor one that is no longer kept."""
    try:
        typed = email_syntax.normalise(email)
        typed = "?" if suppression.is_suppressed(typed) else typed
    except InvalidInput:
        typed = "?"
    record(Act.SIGN_IN_FAILED, actor=None, subject=typed, network=network)


# --- Reading ------------------------------------------------------------------------------------------------------


def describe(entry: JournalEntry) -> str:
    """Write a line as a sentence in the reader's language."""
    act = Act(entry.act)
    values: dict[str, Any] = {
        "old": "", "new": "", "reason": "", "count": "", "setting": "", "event": "", "what": "", "fields": "",
        "erasure": "—",
        **{key: _as_text(value) for key, value in entry.data.items()},
        "who": entry.actor_name or _("The desk"),
        "subject": entry.subject,
    }  # fmt: skip
    data = entry.data
    if "fields" in data:
        values["fields"] = ", ".join(str(FIELD_NAMES.get(name, name)) for name in data["fields"])
    if "erasure" in data:
        values["erasure"] = ERASURES.get(data["erasure"], "—")
    if "what" in data:
        values["what"] = TABLE_NAMES[data["what"]][1]
    if "holding" in data:
        values["holding"] = HOLDING_NAMES[data["holding"]]
    if act in (Act.SETTING, Act.SECRET):
        declared = settings.DECLARED.get(entry.subject)
        values["setting"] = declared.label if declared is not None else entry.subject
        choices = dict(declared.choices) if declared is not None else {}
        values |= {key: choices[data[key]] for key in ("old", "new") if choices and data.get(key) in choices}
    if "email" in data:
        values["email"] = email_kinds.label_of(data["email"])
    if "failure" in data:
        values["failure"] = provider_failures.sentence(data["failure"], data["provider"] or "?", data["detail"])
    if act is Act.TICKET:
        values["event"] = _event(entry)
    return str(SENTENCES[act][1]) % values


def _event(entry: JournalEntry) -> str:
    data = {key.removeprefix("event_"): value for key, value in entry.data.items()}
    kind = data.pop("event", "")
    return events.describe(TicketEvent(kind=kind, actor_name=entry.actor_name, data=data))


def _as_text(value: Any) -> str:
    """Write a value of the journal for a reader."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, Mapping):
        value = mail_failures.of(value) if "key" in value else Label(value)
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return ("" if value is None else str(value)) or _("empty")


def with_sentences(lines: Iterable[JournalEntry]) -> list[tuple[JournalEntry, Any, str]]:
    """Return each line with the name of its kind and its sentence."""
    return [(line, KINDS.get(line.kind, line.kind), describe(line)) for line in lines]
