"""Filters, shared lists, canned responses, macros and organisations of an agent who leaves."""

from __future__ import annotations

import re

from helpdesk import access, folding
from helpdesk.departures.holding import Heir, Move, colleagues
from helpdesk.filters import saving
from helpdesk.filters.actions import ACTIONS
from helpdesk.lists import saved_views
from helpdesk.macros import writing
from helpdesk.organisations import saving as organisation_saving
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses
from models import OWN, Agent, CannedResponse, Filter, FilterAction, FilterCondition, Organisation, SavedView

#: Actions of filters that name an agent.
TO_AGENTS = [key for key, action in ACTIONS.items() if action.argument == "agent"]


# --- Filters ------------------------------------------------------------------------------------------------------


def configurers(agent: Agent) -> list[Heir]:
    """Return the other active agents who may save a filter."""
    return [row for row in colleagues(agent) if isinstance(row, Agent) and access.can(row, "configure")]


def saved_by(agent: Agent) -> list[Filter]:
    """Return the filters that the agent saved last."""
    return list(Filter.select().where(Filter.author_id == agent.id).order_by(Filter.position, Filter.id))


def transferring_to(agent: Agent) -> list[Filter]:
    """Return the filters that transfer tickets to the agent."""
    named = FilterAction.select(FilterAction.rule).where(
        FilterAction.action.in_(TO_AGENTS), FilterAction.argument == str(agent.id)
    )
    return list(Filter.select().where(Filter.id.in_(named)).order_by(Filter.position, Filter.id))


def looking_for(agent: Agent) -> list[Filter]:
    """Return the filters with a condition that holds the agent's name or address."""
    names = "|".join(re.escape(folding.fold(text)) for text in (agent.email, agent.name))
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)")
    rows = FilterCondition.select(FilterCondition.rule, FilterCondition.value).tuples()
    ids = {rule for rule, value in rows if pattern.search(folding.fold(value))}
    return [row for row in Filter.select().order_by(Filter.position, Filter.id) if row.id in ids] if ids else []


def move_filters(move: Move) -> int:
    """Let somebody else be the author of the filters."""
    rows = saved_by(move.agent)
    for row in rows:
        saving.set_author(row, move.heir, actor=move.actor)
        move.note(row.id, after={"author": move.heir.id})
    return len(rows)


def give_back_filters(move: Move) -> int:
    """Give back the filters whose author is who was given them."""
    count = 0
    for change in move.changes():
        row = Filter.get_or_none(Filter.id == change.row_id)
        if row is not None and row.author_id == change.after["author"] and access.can(move.agent, "configure"):
            saving.set_author(row, move.agent, actor=move.actor)
            count += 1
    return count


def move_actions(move: Move) -> int:
    """Let the filters transfer to somebody else."""
    rows = transferring_to(move.agent)
    for row in rows:
        before = saving.actions_of(row)
        own = str(move.agent.id)
        arguments = [
            str(move.heir.id) if action in TO_AGENTS and argument == own else argument for action, argument in before
        ]
        saving.set_arguments(row, arguments, actor=move.actor)
        move.note(row.id, {"actions": before}, {"actions": saving.actions_of(row)})
    return len(rows)


def give_back_actions(move: Move) -> int:
    """Let the filters whose actions nobody changed since transfer to them again."""
    count = 0
    for change in move.changes():
        row = Filter.get_or_none(Filter.id == change.row_id)
        if row is not None and saving.actions_of(row) == change.after["actions"]:
            arguments = [argument for _action, argument in change.before["actions"]]
            saving.set_arguments(row, arguments, actor=move.actor)
            count += 1
    return count


# --- Lists --------------------------------------------------------------------------------------------------------


def shared_by(agent: Agent) -> list[SavedView]:
    """Return the lists that the agent shares."""
    return [row for row in lookups.saved_views() if row.shared and row.owner_id == agent.id]


def lists_of_theirs(agent: Agent) -> list[SavedView]:
    """Return the lists of others that look for the tickets of the agent."""
    others = [row for row in lookups.saved_views() if row.owner_id != agent.id]
    return [row for row in others if saved_views.criteria_of(row).get("assignee") == str(agent.id)]


def move_lists(move: Move) -> int:
    """Make the shared lists somebody else's."""
    rows = shared_by(move.agent)
    for row in rows:
        before, view = row.name, SavedView.get_by_id(row.id)
        saved_views.hand_over(view, move.heir, actor=move.actor)
        move.note(row.id, {"name": before}, {"owner": view.owner_id, "name": view.name, "query": view.query})
    return len(rows)


def give_back_lists(move: Move) -> int:
    """Give back the lists that nobody changed since."""
    count = 0
    for change in move.changes():
        view = SavedView.get_or_none(SavedView.id == change.row_id)
        if view is None or not view.shared:
            continue
        if {"owner": view.owner_id, "name": view.name, "query": view.query} == change.after:
            view.name = change.before["name"]
            saved_views.hand_over(view, move.agent, actor=move.actor)
            count += 1
    return count


# --- Canned responses ---------------------------------------------------------------------------------------------


def written_by(agent: Agent) -> list[CannedResponse]:
    """Return the canned responses that the agent wrote for others; those for themselves stay with the account."""
    rows = CannedResponse.select().where(CannedResponse.author == agent.id, CannedResponse.audience != OWN)
    return list(rows.order_by(CannedResponse.position, CannedResponse.id))


def move_responses(move: Move) -> int:
    """Let somebody else be the author of the responses."""
    rows = written_by(move.agent)
    for row in rows:
        canned_responses.set_author(row, move.heir, actor=move.actor)
    move.note_all([row.id for row in rows], after={"author": move.heir.id})
    return len(rows)


def give_back_responses(move: Move) -> int:
    """Give back the responses whose author is who was given them."""
    count = 0
    for change in move.changes():
        row = CannedResponse.get_or_none(CannedResponse.id == change.row_id)
        if row is not None and row.author_id == change.after["author"]:
            canned_responses.set_author(row, move.agent, actor=move.actor)
            count += 1
    return count


# --- Macros -------------------------------------------------------------------------------------------------------


def assigned_by_macros(agent: Agent) -> list[CannedResponse]:
    """Return the canned responses that assign tickets to the agent."""
    return writing.assigning_to(agent)


def move_macro_acts(move: Move) -> int:
    """Let the canned responses assign to somebody else."""
    rows = writing.assigning_to(move.agent)
    for row in rows:
        writing.set_assignee(row, move.heir, actor=move.actor)
    move.note_all([row.id for row in rows], after={"to": move.heir.id})
    return len(rows)


def give_back_macro_acts(move: Move) -> int:
    """Let the canned responses assign to the agent again that assign to who was given that."""
    count = 0
    for change in move.changes():
        row = CannedResponse.get_or_none(CannedResponse.id == change.row_id)
        heir = lookups.agent(change.after["to"])
        if row is not None and heir is not None and row.id in {one.id for one in writing.assigning_to(heir)}:
            writing.set_assignee(row, move.agent, actor=move.actor)
            count += 1
    return count


# --- Organisations ------------------------------------------------------------------------------------------------


def organisations_of(agent: Agent) -> list[Organisation]:
    """Return the organisations whose new tickets go to the agent."""
    return [row for row in lookups.organisations() if row.assignee_id == agent.id]


def move_organisations(move: Move) -> int:
    """Let the new tickets of the organisations go to somebody else."""
    rows = organisations_of(move.agent)
    for row in rows:
        organisation_saving.set_assignee(row.id, move.heir, actor=move.actor)
    move.note_all([row.id for row in rows], after={"assignee": move.heir.id})
    return len(rows)


def give_back_organisations(move: Move) -> int:
    """Give back the organisations whose new tickets go to who was given them."""
    count = 0
    for change in move.changes():
        row = lookups.organisation(change.row_id)
        if row is not None and row.assignee_id == change.after["assignee"]:
            organisation_saving.set_assignee(row.id, move.agent, actor=move.actor)
            count += 1
    return count
