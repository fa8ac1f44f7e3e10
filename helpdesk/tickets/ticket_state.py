"""What a ticket is beside what is written in it, as one flat value: what a merge changes, and its undoing restores.

A key without a colon is a column. The others are rows of which a ticket has one for each tag, address or agent:
``tag:7``, ``copy:12``, ``mark:3``, ``draft:3``, ``rule:5``, and ``rating:``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import DateTimeField

from database import Base
from helpdesk.due_times import overdue
from helpdesk.lib import inputs
from helpdesk.lib.merge_chain import Changes, State, changes_between
from helpdesk.settings import lookups
from helpdesk.tickets.derived_columns import AWAKE, BEHIND
from models import (
    CLOSED,
    NOTE,
    Customer,
    CustomerAddress,
    Draft,
    Rating,
    ReadMark,
    RuleMark,
    Ticket,
    TicketCc,
    TicketTag,
)

__all__ = [
    "COLUMNS", "DERIVED", "GROUPS", "KEYED", "STANDING", "Changes", "State", "as_ticket", "changes_between",
    "columns_of", "combined", "copies_left", "labels_left", "place_left", "plain", "read", "settled",
    "state_of", "status_left", "still_true", "write", "write_row",
]  # fmt: skip

#: The tables of such rows, each with the column that tells those of one ticket apart.
KEYED: dict[str, tuple[type[Base], str]] = {
    "tag": (TicketTag, "tag"),
    "copy": (TicketCc, "address"),
    "mark": (ReadMark, "agent"),
    "draft": (Draft, "agent"),
    "rating": (Rating, ""),
    "rule": (RuleMark, "rule"),
}
#: What follows from messages, history and rules: it is worked out anew, and no part of a state.
DERIVED = frozenset({"id", "due_at", "closes_at", "closing_step_at", "first_response", "excerpt", "excerpt_by"})
#: Columns that make sense together only: where somebody changed one of them since, none is restored.
GROUPS = (
    ("status", "is_open", "closed_at", "closed_by_customer", "awaits_reply"),
    ("assignee", "team"),
    tuple(AWAKE),
)
#: The columns that say how a ticket stands.
STANDING = GROUPS[0]


def state_of(ticket: Ticket) -> State:
    """Return what the ticket is at present."""
    state = {name: plain(value) for name, value in ticket.__data__.items() if name in COLUMNS}
    for kind, (table, column) in KEYED.items():
        for row in table.select().where(table.ticket == ticket.id).dicts():
            values = {name: plain(value) for name, value in row.items() if name not in {"id", "ticket", column}}
            state[f"{kind}:{row.get(column, '')}"] = values
    return state


#: The columns of a ticket that are part of its state.
COLUMNS = tuple(field.name for field in Ticket._meta.sorted_fields if field.name not in DERIVED)


def plain(value: Any) -> Any:
    """Return a value of a column as JSON holds it."""
    return value.isoformat() if isinstance(value, datetime) else value


def columns_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a state, as a row takes them."""
    return {name: read(Ticket, name, state[name]) for name in COLUMNS if name in state}


def read(table: type[Base], name: str, value: Any) -> Any:
    """Return a value as the column takes it."""
    is_time = isinstance(table._meta.fields[name], DateTimeField)
    return datetime.fromisoformat(value) if is_time and value else value


def as_ticket(state: Mapping[str, Any], key: int) -> Ticket:
    """Return a ticket as it was in this state, which is not stored."""
    return Ticket(id=key, **columns_of(state))


def write(ticket: Ticket, changes: Changes) -> None:
    """Store the new values of these changes."""
    rows = {name: new for name, (_old, new) in changes.items() if ":" in name}
    inputs.set_attributes(ticket, columns_of({name: new for name, (_old, new) in changes.items() if ":" not in name}))
    ticket.save()
    for name, values in rows.items():
        write_row(ticket, name, values)


def write_row(ticket: Ticket, name: str, values: State | None) -> None:
    """Store one row of a ticket's state; None deletes it. What it refers to may be gone: then nothing is stored."""
    kind, _colon, key = name.partition(":")
    table, column = KEYED[kind]
    mine = table.ticket == ticket.id
    if column:
        mine &= getattr(table, column) == int(key)
        other = table._meta.fields[column].rel_model
        if values is not None and not other.select().where(other.id == int(key)).exists():
            return
        if values is not None and _is_colleague(name, values) and not _still_belongs(int(key), values):
            return
    if values is None:
        table.delete().where(mine).execute()
        return
    row = {field: read(table, field, value) for field, value in values.items()}
    if not table.update(row or {"ticket": ticket.id}).where(mine).execute():
        table.insert({**row, "ticket": ticket.id, **({column: int(key)} if column else {})}).execute()


def _still_belongs(address_id: int, values: State) -> bool:
    """Whether somebody who is to be in copy as a colleague has not left the organisation."""
    query = CustomerAddress.select().join(Customer).where(CustomerAddress.id == address_id)
    return bool(query.where(Customer.organisation_id == values["organisation_id"]).exists())


def still_true(changes: Changes, present: State, *, but: Iterable[str] = ()) -> Changes:
    """Return those changes whose former value is the present one: where somebody changed it since, theirs stays.

    None of `but` is among them.
    """
    fit = {name: pair for name, pair in changes.items() if _stands(name, pair, present) and name not in set(but)}
    for group in GROUPS:
        if any(name in changes and name not in fit for name in group):
            fit = {name: pair for name, pair in fit.items() if name not in group}
    return fit


def _stands(name: str, pair: tuple[Any, Any], present: State) -> bool:
    """Whether the former value of a change is the present one; of somebody put in copy by it, let in since or not."""
    former, now = pair[0], present.get(name)
    if name.startswith("copy:") and pair[1] is None and former is not None and now is not None:
        now = {**now, "waits": former["waits"]}
    return bool(former == now)


def combined(source: State, target: State, terms: Mapping[str, Any]) -> State:
    """Return the state of the target after the source was merged into it. It depends on nothing else.

    `terms`: when it was (`at`), whether the source's assignee may have the target (`assignee`), and the newest messages
    of both (`newest`: ids, 0 for none).
    """
    state = {**target, **_columns(source, target, terms)}
    for name, value in source.items():
        kind, own = name.partition(":")[0], target.get(name)
        if kind == "draft" and own is not None:
            state[name] = _joined_draft(value, own)
        elif kind == "copy" and own is not None:
            # Who waits in one of them only reads both; who is in copy of one by name is so of both.
            is_named = any(row.get("organisation_id") is None for row in (own, value))
            state[name] = {**own, "waits": own["waits"] and value["waits"]}
            state[name] |= {"organisation_id": None} if is_named else {}
        elif ":" in name and kind != "mark" and own is None:
            state[name] = value
    if state["is_private"]:
        state = {name: value for name, value in state.items() if not _is_colleague(name, value)}
    return state | _marks(source, target, *terms["newest"])


def _is_colleague(name: str, value: Any) -> bool:
    """Whether a row of a state is somebody in copy as a colleague of the author."""
    return name.startswith("copy:") and value is not None and value.get("organisation_id") is not None


def _columns(source: State, target: State, terms: Mapping[str, Any]) -> State:
    """Return the target's columns after the merge: a customer who waits in either ticket goes on waiting."""
    columns = {"created_at": _earliest(source, target, "created_at"), "last_activity": terms["at"]}
    # Whatever slept, somebody has just looked at it.
    columns |= AWAKE
    if source["is_open"] and (not target["is_open"] or (source["awaits_reply"] and not target["awaits_reply"])):
        columns |= {name: source[name] for name in (*STANDING, "waiting_since")}
    elif source["is_open"] and source["awaits_reply"]:
        columns["waiting_since"] = _earliest(source, target, "waiting_since")
    if terms["assignee"] and target["assignee"] is None and target["team"] is None:
        columns |= {"assignee": source["assignee"], "team": source["team"]}
    # What either author keeps from colleagues stays so.
    columns["is_private"] = bool(source.get("is_private") or target.get("is_private"))
    # As soon as there is a customer in it again, its period counts again.
    columns["is_anonymised"] = bool(source.get("is_anonymised") and target.get("is_anonymised"))
    for name in ("order_number", "form_key"):
        columns[name] = target[name] or source[name]
    return settled({**target, **columns}, columns)


def settled(state: Mapping[str, Any], columns: State) -> State:
    """Return these columns with the place in the lists of a ticket that does not wait: behind, by its last activity."""
    if state["awaits_reply"]:
        return columns
    return {**columns, "waiting_since": (datetime.fromisoformat(state["last_activity"]) + BEHIND).isoformat()}


def _earliest(source: State, target: State, name: str) -> str:
    return min(source[name], target[name], key=datetime.fromisoformat)


def _joined_draft(source: State, target: State) -> State:
    """Append an agent's draft of the source to theirs of the target; if either is a note, the result is one."""
    kind = NOTE if NOTE in (source["kind"], target["kind"]) else target["kind"]
    updated = max(source["updated_at"], target["updated_at"], key=datetime.fromisoformat)
    return {**target, "body": target["body"] + source["body"], "kind": kind, "updated_at": updated}


def _marks(source: State, target: State, newest_source: int, newest_target: int) -> State:
    """Return each agent's mark: unread messages of either ticket stay unread."""
    marks: State = {}
    for name in {name for state in (source, target) for name in state if name.startswith("mark:")}:
        upto = []
        for state, newest in ((source, newest_source), (target, newest_target)):
            # Without a mark, nothing of a ticket is read while its customer waits, and all of it otherwise.
            unmarked = 0 if state["awaits_reply"] else newest
            upto.append((state[name]["message"] if name in state else unmarked, newest))
        unread = [mark for mark, newest in upto if mark < newest]
        marks[name] = {"message": min(unread or [max(newest_source, newest_target)])}
    return marks


# --- What is left of it later --------------------------------------------------------------------------------------


def place_left(state: State, ticket: Ticket) -> State:
    """Return service and department: the former ones where both are still there, else the target's."""
    service, department = lookups.service(state["service"]), lookups.department(state["department"])
    if service is None or (state["department"] is not None and department is None):
        return {"service": ticket.service_id, "department": ticket.department_id}
    return {}


def copies_left(state: State, then: State, present: State) -> State:
    """Return those in copy who waited in a ticket `then` and were let in since: they wait no more."""
    names = [name for name in state if name.startswith("copy:") and name in then and name in present]
    return {
        name: {**state[name], "waits": False} for name in names if then[name]["waits"] and not present[name]["waits"]
    }


def labels_left(state: State) -> State:
    """Return status and priority: the former ones where they are still there, else those that stand for them."""
    priority = lookups.priority(state["priority"]) or lookups.default_priority()
    # Its weight may be another by now. What is overdue is marked at the end of the act.
    labels = status_left(state) | {"priority": priority.id, "rank": overdue.rank(priority)}
    if state["former_priority"] is not None and lookups.priority(state["former_priority"]) is None:
        labels["former_priority"] = None
    return labels


def status_left(state: State) -> State:
    """Return the status, the former one where it is still there, and what follows where it opens or closes by now."""
    usual = lookups.default_status if state["is_open"] else lookups.closed_status
    status = lookups.status(state["status"]) or usual()
    left: State = {"status": status.id, "is_open": status.category != CLOSED}
    if left["is_open"] == state["is_open"]:
        return left
    if left["is_open"]:
        return left | {"closed_at": None, "closed_by_customer": False}
    left |= {"closed_at": state["last_activity"], "awaits_reply": False, **AWAKE}
    return settled({**state, **left}, left)
