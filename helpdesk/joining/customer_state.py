"""What a customer is beside what hangs on them, as one flat value: what a merge changes, and its undoing restores.

Every column of a customer is part of it, later ones too: whoever remains keeps theirs, or takes the other's where they
have none. ``primary`` is the id of the main address; ``address:7`` stands for each address (an id) that is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.lib import inputs
from helpdesk.lib.merge_chain import Changes, State
from helpdesk.settings import lookups
from helpdesk.tickets.ticket_state import plain, read
from models import Customer, CustomerAddress

#: What tells a row from others, and is nobody else's.
APART = frozenset({"id", "created_at", "erased_at", "signed_in_at"})
COLUMNS = tuple(field.name for field in Customer._meta.sorted_fields if field.name not in APART)
MEMBERSHIP = tuple(name for name in COLUMNS if name.startswith("organisation"))
#: Columns that make sense together only: they are taken, and restored, together.
GROUPS = (
    ("first_name", "last_name"),
    ("absent_until", "absent_words"),
    # What somebody is in an organisation goes with it.
    MEMBERSHIP,
)
PRIMARY = "primary"
#: Values that say nothing.
BLANK = (None, "", False)


def state_of(customer: Customer) -> State:
    """Return what the customer is at present."""
    rows = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == customer.id)
    keys = [key for (key,) in rows.order_by(CustomerAddress.is_primary.desc(), CustomerAddress.id).tuples()]
    state = {name: plain(customer.__data__[name]) for name in COLUMNS}
    return state | {PRIMARY: keys[0] if keys else None, **{f"address:{key}": True for key in keys}}


def values_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a state as a row takes them; an organisation that is gone by now is left out."""
    values = {name: read(Customer, name, state[name]) for name in COLUMNS if name in state}
    if lookups.organisation(values.get("organisation_id")) is None:
        values |= {name: Customer._meta.fields[name].default for name in MEMBERSHIP if name != "organisation_by_hand"}
    return values


def write(customer: Customer, state: Mapping[str, Any]) -> None:
    """Store a state in the row of a customer; their addresses know which is the main one."""
    inputs.set_attributes(customer, values_of(state))
    customer.save()
    choose(customer.id, state[PRIMARY])


def choose(customer_id: int, *wanted: int | None) -> None:
    """Make the first of these addresses that is the customer's the main one; else the one they have had longest."""
    rows = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == customer_id)
    own = [key for (key,) in rows.order_by(CustomerAddress.proven_at.is_null(), CustomerAddress.id).tuples()]
    chosen = next((key for key in wanted if key in own), own[0] if own else None)
    CustomerAddress.update(is_primary=CustomerAddress.id == chosen).where(CustomerAddress.id.in_(own)).execute()


def combined(source: State, target: State, terms: Mapping[str, Any]) -> State:
    """Return the state of the target after the source became part of it. It depends on nothing else.

    `terms`: whose names and whose language were chosen (``names``, ``locale``: "source" or "target"), and the id of the
    main address (``primary``).
    """
    states = {"source": source, "target": target}
    chosen = {**dict.fromkeys(GROUPS[0], terms["names"]), "locale": terms["locale"]}
    state: State = {name: True for name in (*source, *target) if ":" in name}
    state[PRIMARY] = terms[PRIMARY] if f"address:{terms[PRIMARY]}" in state else target[PRIMARY]
    for group in _groups():
        first = chosen.get(group[0], "target")
        second = "source" if first == "target" else "target"
        whose = first if any(states[first].get(name) not in BLANK for name in group) else second
        state |= {name: states[whose].get(name, states[first].get(name)) for name in group}
    return state


def _groups() -> list[tuple[str, ...]]:
    together = {name for group in GROUPS for name in group}
    return [*GROUPS, *((name,) for name in COLUMNS if name not in together)]


def still_true(changes: Changes, present: State) -> Changes:
    """Return those changes whose former value is the present one: where somebody changed it since, theirs stays."""
    fit = {name: pair for name, pair in changes.items() if present.get(name) == pair[0]}
    for group in GROUPS:
        if any(name in changes and name not in fit for name in group):
            fit = {name: pair for name, pair in fit.items() if name not in group}
    return fit
