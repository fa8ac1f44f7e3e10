"""All that an agent may have, a line each, in the order in which it is shown and moved.

A capability that gives agents something of their own adds its line here, and its name to `journal_texts.HOLDING_NAMES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from helpdesk.departures import people_holdings as people
from helpdesk.departures import setup_holdings as setup
from helpdesk.departures import ticket_holdings as tickets
from helpdesk.departures.holding import NAMED, Heir, Holding, Word, colleagues, handlers, teams_and_handlers
from helpdesk.i18n import lazy
from models import OWN, Agent

Rows = Callable[[Agent], Sequence[Any]]


def _counted(rows: Rows) -> Callable[[Agent], int]:
    return lambda agent: len(rows(agent))


def _listed(key: str, rows: Rows, otherwise: Any, **further: Any) -> Holding:
    """Return the line of what is shown by name."""
    return Holding(
        key, _counted(rows), otherwise, names=lambda agent: [str(row) for row in rows(agent)[:NAMED]], **further
    )


def _page(endpoint: str, **arguments: Any) -> Callable[[Agent], tuple[str, dict[str, Any]]]:
    return lambda _agent: (endpoint, arguments)


def _nobody_but(word: Word) -> Callable[[Agent], list[Heir]]:
    return lambda _agent: [word]


HOLDINGS: tuple[Holding, ...] = (
    # What is taken back is a draft then, and goes where the drafts go.
    Holding(
        "replies",
        tickets.count_replies,
        lazy("If they are left as they are, they go out as they are written. One that is taken back loses its files."),
        heirs=_nobody_but(Word("withdraw", lazy("Take back, as drafts"), lazy("Taken back, as drafts"))),
        transfer=tickets.withdraw_replies,
    ),
    Holding(
        "scheduled_replies",
        tickets.count_scheduled,
        lazy("They become drafts of their tickets: whoever answers there sends, changes or discards them."),
    ),
    # Before the teams, whose rules would unassign some of them.
    Holding(
        "tickets",
        tickets.count_open,
        lazy("If nobody gets them, they are unassigned."),
        page=lambda agent: ("desk_tickets.index_view", {"assignee": agent.id}),
        heirs=teams_and_handlers,
        transfer=tickets.move_open,
        restore=tickets.give_back,
        is_freed=True,
    ),
    Holding(
        "other_tickets",
        tickets.count_others,
        lazy("If nobody gets them, they are unassigned."),
        page=lambda agent: ("desk_tickets.index_view", {"view": "all", "assignee": agent.id}),
        heirs=teams_and_handlers,
        transfer=tickets.move_others,
        restore=tickets.give_back,
        is_freed=True,
    ),
    _listed(
        "managed_teams",
        people.managed,
        lazy("If nobody gets them, they have no manager."),
        page=_page("desk_teams.index_view"),
        heirs=colleagues,
        transfer=people.move_managed,
        restore=people.give_back_managed,
        is_freed=True,
    ),
    _listed(
        "memberships",
        people.joined,
        lazy("They leave these teams, whether somebody takes their place or not."),
        page=_page("desk_teams.index_view"),
        heirs=colleagues,
        transfer=people.move_memberships,
        restore=people.give_back_memberships,
        is_freed=True,
    ),
    _listed(
        "places",
        people.places,
        lazy("If nobody takes their place, those who cover these places beside them go on alone."),
        heirs=colleagues,
        transfer=people.move_places,
        restore=people.give_back_places,
    ),
    _listed(
        "substitutions",
        people.substitutions,
        lazy("If nobody gets them, nobody stands in: whoever is notified of new tickets is told instead."),
        page=_page("desk_leave.index_view"),
        heirs=colleagues,
        transfer=people.move_substitutions,
        restore=people.give_back_substitutions,
        is_freed=True,
    ),
    # After what lets their heir see more tickets.
    Holding(
        "drafts",
        tickets.count_drafts,
        lazy("If nobody gets them, they stay with the account and are deleted 30 days after their last change."),
        heirs=handlers,
        transfer=tickets.move_drafts,
        restore=tickets.give_back_drafts,
    ),
    _listed(
        "filters",
        setup.saved_by,
        lazy("If nobody gets them, they rest until somebody saves them again."),
        page=_page("desk_filters.index_view"),
        heirs=setup.configurers,
        transfer=setup.move_filters,
        restore=setup.give_back_filters,
    ),
    _listed(
        "filter_actions",
        setup.transferring_to,
        lazy("If nobody gets them, that action is skipped, and the history of the ticket says so."),
        page=_page("desk_filters.index_view"),
        heirs=handlers,
        transfer=setup.move_actions,
        restore=setup.give_back_actions,
    ),
    _listed(
        "filter_conditions",
        setup.looking_for,
        lazy("They stay as they are: look whether they are still right."),
        page=_page("desk_filters.index_view"),
    ),
    _listed(
        "lists",
        setup.shared_by,
        lazy("If nobody gets them, they stay shared, and administrators may rename or delete them."),
        page=_page("desk_views.index_view"),
        heirs=colleagues,
        transfer=setup.move_lists,
        restore=setup.give_back_lists,
    ),
    Holding(
        "lists_of_theirs",
        _counted(setup.lists_of_theirs),
        lazy("They stay as they are: look whether they are still right."),
        # Nobody but its owner reads the name of a list that is not shared.
        names=lambda agent: [str(row) for row in setup.lists_of_theirs(agent) if row.shared][:NAMED],
    ),
    _listed(
        "canned_responses",
        setup.written_by,
        lazy("If nobody gets them, managers and administrators edit them."),
        page=_page("desk_canned_responses.index_view"),
        heirs=handlers,
        transfer=setup.move_responses,
        restore=setup.give_back_responses,
    ),
    Holding(
        "macro_acts",
        _counted(setup.assigned_by_macros),
        lazy("If nobody gets them, that act is left out when they are used, and they are marked."),
        # Nobody but its author reads the name of one that is for its author alone.
        names=lambda agent: [str(row) for row in setup.assigned_by_macros(agent) if row.audience != OWN][:NAMED],
        page=_page("desk_canned_responses.index_view"),
        heirs=handlers,
        transfer=setup.move_macro_acts,
        restore=setup.give_back_macro_acts,
    ),
    _listed(
        "organisations",
        setup.organisations_of,
        lazy("If nobody gets them, new tickets of these organisations are assigned to nobody."),
        page=_page("desk_organisations.index_view"),
        heirs=handlers,
        transfer=setup.move_organisations,
        restore=setup.give_back_organisations,
    ),
    _listed(
        "keys",
        people.keys,
        lazy("If they are not revoked, they go on working, also for whoever has a copy of them."),
        page=_page("desk_api_keys.index_view"),
        heirs=_nobody_but(Word("revoke", lazy("Revoke"), lazy("Revoked"))),
        transfer=people.revoke_keys,
        restore=people.restore_keys,
    ),
)
