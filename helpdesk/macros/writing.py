"""Writing a macro: a canned response with the acts of its form, stored together; which of them name something gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from database import Stamp, database
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs, moments
from helpdesk.lib.cache import CachedValue
from helpdesk.macros.acts import CLOSE, KINDS, ME, NOBODY
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses, properties
from models import CLOSED, Agent, CannedAct, CannedResponse

#: Tags that one macro adds, or removes.
MOST_TAGS = 20
#: The acts of which a macro has several.
SEVERAL = ("tag", "untag")


def _read() -> dict[int, list[CannedAct]]:
    rows: dict[int, list[CannedAct]] = {}
    for row in CannedAct.select().order_by(CannedAct.id):
        rows.setdefault(row.response_id, []).append(row)
    return rows


_acts = CachedValue(_read)


def acts_of(response: CannedResponse) -> list[CannedAct]:
    """Return the stored acts of a response in the order in which they are done; none where it only has a text."""
    order = list(KINDS)
    rows = [row for row in _acts().get(response.id, []) if row.act in KINDS]
    return sorted(rows, key=lambda row: order.index(row.act))


def form_values(response: CannedResponse) -> dict[str, str]:
    """Return what a form shows of the acts of a response: an argument by the key of each act, of tags their names."""
    values: dict[str, str] = {}
    for row in acts_of(response):
        if row.act not in SEVERAL:
            values[row.act] = row.argument
        elif (tag := lookups.tag(inputs.row_key(row.argument))) is not None:
            values[row.act] = ", ".join(filter(None, (values.get(row.act), str(tag))))
    return values


def save_macro(response: CannedResponse | None, values: Mapping[str, Any], *, actor: Actor) -> CannedResponse:
    """Store a canned response with the acts of its form, all or nothing; with acts it needs no text.

    Raises what `canned_responses.save_canned_response` raises, and InvalidInput at the act that is wrong.
    """
    acts = _chosen(values, form_values(response) if response is not None else {})
    with database.atomic():
        row = canned_responses.save_canned_response(response, values, actor=actor, needs_text=not acts)
        if acts != [(act.act, act.argument) for act in row.acts.order_by(CannedAct.id)]:
            CannedAct.delete().where(CannedAct.response == row.id).execute()
            rows = [{"response": row.id, "act": key, "argument": argument} for key, argument in acts]
            if rows:
                CannedAct.insert_many(rows).execute()
            Stamp.bump()
    return row


def _chosen(values: Mapping[str, Any], before: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the acts of a form: key and argument. Raises InvalidInput at the field of one that cannot be chosen."""
    acts: list[tuple[str, str]] = []
    for key in KINDS:
        typed = str(values.get(key) or "")
        if key in SEVERAL:
            acts += [(key, str(tag)) for tag in _tags(typed, key)]
        elif typed:
            # What is gone since it was chosen may stay: it is marked, and comes to life again with what it names.
            if typed != before.get(key) and typed not in dict(choices(key)):
                raise InvalidInput(lazy("Choose one from the list."), field=key)
            acts.append((key, typed))
    _refuse_contradictions(acts)
    return acts


def _tags(typed: str, field: str) -> list[int]:
    """Return the tags (ids) that a text names between commas. Raises InvalidInput for a name that no tag has."""
    names = [name for name in typed.split(",") if name.strip(" #")]
    if len(names) > MOST_TAGS:
        raise InvalidInput(lazy("At most %(limit)s of them.", limit=MOST_TAGS), field=field)
    ids = []
    for name in names:
        tag = lookups.tag_named(properties.tag_key(name))
        if tag is None:
            raise InvalidInput(lazy("There is no tag “%(name)s” yet.", name=name.strip(" #")), field=field)
        ids.append(tag.id)
    return list(dict.fromkeys(ids))


def _refuse_contradictions(acts: list[tuple[str, str]]) -> None:
    chosen = dict(acts)
    both = {argument for key, argument in acts if key == "tag"} & {arg for key, arg in acts if key == "untag"}
    if both:
        name = lookups.tag(inputs.row_key(both.pop()))
        raise InvalidInput(lazy("The tag %(name)s cannot be both added and removed.", name=str(name)), field="untag")
    status = lookups.status(inputs.row_key(chosen.get("status", "")))
    ends = chosen.get("status") == CLOSE or (status is not None and status.category == CLOSED)
    if ends and "snooze" in chosen:
        raise InvalidInput(lazy("A closed ticket cannot be snoozed: choose one of the two."), field="snooze")


def choices(key: str) -> list[tuple[str, str]]:
    """Return what an act may name: argument and words."""
    if key == "status":
        return [(CLOSE, _("Close the ticket")), *_rows(lookups.statuses(enabled_only=True))]
    if key == "priority":
        return _rows(lookups.priorities(enabled_only=True))
    if key == "snooze":
        return [(name, moments.label_of(name)) for name in moments.NAMES]
    agents = [(f"agent-{row.id}", row.name) for row in lookups.agents() if assignees.in_support(row)]
    teams = [(f"team-{row.id}", str(row)) for row in lookups.teams()]
    return [(ME, _("Whoever uses it")), (NOBODY, _("Nobody")), *teams, *agents]


def _rows(rows: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(row.id), str(row)) for row in rows]


def has_gone_targets(response: CannedResponse) -> bool:
    """Whether an act of this response names something that is gone or disabled: it is left out when it is used."""
    rows = acts_of(response)
    tags = [row for row in rows if row.act in SEVERAL]
    return any(lookups.tag(inputs.row_key(row.argument)) is None for row in tags) or any(
        row.argument not in dict(choices(row.act)) for row in rows if row.act not in SEVERAL
    )


# --- When an agent leaves -----------------------------------------------------------------------------------------


def assigning_to(agent: Agent) -> list[CannedResponse]:
    """Return the responses that assign tickets to this agent."""
    named = f"agent-{agent.id}"
    ids = [key for key, rows in _acts().items() if any((row.act, row.argument) == ("assign", named) for row in rows)]
    if not ids:
        return []
    query = CannedResponse.select().where(CannedResponse.id.in_(ids))
    return list(query.order_by(CannedResponse.position, CannedResponse.id))


def set_assignee(response: CannedResponse, to: Agent, *, actor: Actor) -> None:
    """Let a response assign tickets to another agent. Raises NotAllowed."""
    canned_responses.require_manage(actor)
    with database.atomic():
        for row in response.acts.where(CannedAct.act == "assign"):
            row.argument = f"agent-{to.id}"
            row.save()
