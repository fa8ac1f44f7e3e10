"""Handing tickets out in turn: to whom, in which order, and what is said of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

import helpdesk.wiring
from database import database, is_sqlite
from helpdesk import availability, clock, events, filters, round_robin, settings, snooze, tickets
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput
from helpdesk.lists import bulk, undo
from helpdesk.people import agents
from helpdesk.round_robin import Draw, NobodyPresent
from helpdesk.rules import explaining
from models import Agent, Filter, Leave, Ticket, TicketEvent
from tests.support import cast
from tests.support.racing import beside

assert helpdesk.wiring
pytestmark = pytest.mark.usefixtures("request_context")


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def away(agent: Agent) -> None:
    """Let an agent be on leave from today on."""
    today = clock.now().date()
    values = {"agent": agent, "first_day": today - timedelta(days=1), "last_day": today + timedelta(days=9)}
    availability.save_leave(Leave(), values, actor=agent)


@pytest.fixture
def three(billing) -> list[Agent]:
    """Three agents of Billing."""
    return [cast.make_agent(name, billing) for name in ("Uma", "Vic", "Wim")]


@pytest.fixture
def new(carol, billing, invoices):
    """Gives a new ticket of Billing, with an assignee: ``new(uma)``."""

    def make(agent: Agent | None = None) -> Ticket:
        ticket = cast.open_ticket(carol, billing, invoices)
        if agent is not None:
            tickets.assign(ticket, agent, actor=SYSTEM)
        return fresh(ticket)

    return make


def drawn(ticket: Ticket, team=None) -> str:
    round_robin.assign(ticket, team, actor=SYSTEM)
    return fresh(ticket).assignee.name


# --- To whom ------------------------------------------------------------------------------------------------------


def test_the_fewest_open_tickets_come_first_then_who_waited_longest(three, new):
    uma, vic, _wim = three
    new(uma), new(uma), new(vic)
    assert [drawn(new()) for _ in range(6)] == ["Wim", "Vic", "Wim", "Uma", "Vic", "Wim"]


def test_spam_the_bin_closed_and_snoozed_tickets_do_not_count(three, new, root):
    uma, vic, wim = three
    for agent in (uma, uma, vic, wim):
        new(agent)
    snooze.snooze(new(uma), clock.now() + timedelta(days=1), actor=root)
    # Spam comes last: its author is blocked.
    for act in (tickets.close, tickets.delete, tickets.mark_spam):
        act(new(uma), actor=root)
    assert Draw.look().loads == {uma.id: 2, vic.id: 1, wim.id: 1}


def test_only_who_covers_the_place_and_is_there_is_drawn(three, new, ben, root, mona):
    uma, vic, wim = three
    away(uma)
    availability.set_takes_tickets(vic, False, actor=vic)
    # Ben covers another service; an administrator and a manager cover none.
    assert {row.name for row in round_robin.candidates(new())} == {"Uma", "Vic", "Wim"}
    assert [drawn(new()) for _ in range(2)] == ["Wim", "Wim"]
    agents.disable_agent(wim, actor=root)
    with pytest.raises(NobodyPresent):
        drawn(new())


def test_who_was_invited_and_has_not_come_is_not_drawn(three, new):
    Agent.update(password_hash=None).where(Agent.name != "Wim").execute()
    agents.save_agent(Agent.get(Agent.name == "Wim"), {}, actor=cast.owner())
    assert drawn(new()) == "Wim"


def test_a_team_is_its_members_whatever_they_cover(new, ben, ana, mona):
    team = cast.make_team("Second line", ben, manager=mona)
    assert drawn(new(), team) == "Ben"


def test_it_goes_to_somebody_else_than_who_has_it(three, new):
    uma, vic, wim = three
    new(vic), new(vic), new(wim), new(wim)
    assert drawn(new(uma)) == "Vic"


def test_an_agent_with_as_many_as_the_limit_gets_none(three, new):
    settings.save({"turn_limit": 1})
    assert {drawn(new()) for _ in range(3)} == {"Uma", "Vic", "Wim"}
    ticket = new()
    with pytest.raises(NobodyPresent, match="room for another"):
        drawn(ticket)
    assert fresh(ticket).assignee is None


def test_what_is_not_open_is_not_handed_out(three, new, root):
    ticket = new()
    tickets.close(ticket, actor=root)
    with pytest.raises(InvalidInput, match="Only an open ticket"):
        drawn(ticket)


def test_two_hosts_never_count_past_each_other(three, new):
    rows = [new() for _ in range(9)]
    ends = beside(
        *(lambda row=row: events.twice_at_most(lambda: round_robin.assign(row, actor=SYSTEM)) for row in rows)
    )
    assert ends == ["done"] * 9
    assert sorted(Draw.look().loads.values()) == [3, 3, 3]


def test_the_open_tickets_are_counted_by_one_statement_of_one_index(three, new):
    ticket, other = new(), new()
    drawn(ticket)
    with count_queries() as counter:
        round_robin.assign(other, actor=SYSTEM)
    counted = [query for query in counter.get_queries() if "COUNT" in str(query)]
    assert len(counted) == 1
    if is_sqlite():
        sql, arguments = counted[0].msg
        plan = " ".join(str(row) for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", arguments).fetchall())
        assert "USING INDEX ticket_live_assignee" in plan


# --- What is said -------------------------------------------------------------------------------------------------


def make_filter(root, argument="all", **values) -> Filter:
    condition = {"field": "subject", "operator": "contains", "value": "invoice"}
    actions = [{"action": "in_turn", "argument": argument}]
    return filters.save_filter(
        None, {"name": "Turns", "conditions": [condition], "actions": actions, **values}, actor=root
    )


def test_a_filter_hands_out_and_says_by_which_numbers(three, new, root, carol, billing, invoices):
    uma, vic, wim = three
    new(uma), new(vic)
    make_filter(root)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert fresh(ticket).assignee == wim
    lines = [events.describe(row) for row in ticket.events.order_by(TicketEvent.id)]
    assert "The filter “Turns” assigned the ticket to Wim in turn (open tickets until then: 0)" in lines
    (moment,) = explaining.moments_of(ticket, actor=root)
    (act,) = moment.rules[0].acts
    assert (act.text, act.reason) == ("assign in turn among those who cover it", "")
    assert act.seen == "Open tickets: Wim 0 · Uma 1 · Vic 1."


def test_where_nobody_is_there_it_stays_unassigned_and_says_so(three, root, carol, billing, invoices):
    for agent in three[:2]:
        away(agent)
    settings.save({"turn_limit": 1})
    make_filter(root)
    assert fresh(cast.open_ticket(carol, billing, invoices)).assignee == three[2]
    ticket = cast.open_ticket(carol, billing, invoices)
    assert fresh(ticket).assignee is None
    lines = [events.describe(row) for row in ticket.events.order_by(TicketEvent.id)]
    assert any("was skipped: Nobody who is there has room for another ticket." in line for line in lines)
    (moment,) = explaining.moments_of(ticket, actor=root)
    (act,) = moment.rules[0].acts
    assert act.reason == "Nobody who is there has room for another ticket."
    assert act.seen == "Not there: Uma, Vic. At the limit: Wim."


def test_a_rule_says_in_the_history_that_nobody_has_it(three, new, root):
    for agent in three:
        away(agent)
    make_filter(root, beginning="happens", trigger="tags", conditions=[])
    ticket = new()
    tickets.tag(ticket, "hot", actor=root)
    lines = [events.describe(row) for row in ticket.events.order_by(TicketEvent.id)]
    assert "An action of the rule “Turns” was skipped: Nobody is there to whom the ticket could be handed." in lines


def test_a_team_that_is_gone_is_skipped(three, root, ben, carol, billing, invoices):
    team = cast.make_team("Second line", ben)
    rule = make_filter(root, str(team.id))
    assert filters.sentence(filters.with_parts([rule])[0]).endswith("assign in turn among Second line.")
    assert fresh(cast.open_ticket(carol, billing, invoices)).assignee == ben
    team.enabled = False
    team.save()
    assert fresh(cast.open_ticket(carol, billing, invoices)).assignee is None
    assert filters.broken(filters.with_parts([Filter.get()])) == {rule.id}


def test_a_trial_says_who_would_get_each_and_changes_nothing(three, new, root):
    for _ in range(2):
        new()
    condition = filters.conditions_from([{"field": "subject", "operator": "contains", "value": "invoice"}])
    matches = filters.try_out(condition, "all", actor=root)
    shown = filters.with_turns(matches, [{"action": "in_turn", "argument": "all"}])
    assert [match.turn for match in shown] == [
        "It would go to Vic. Open tickets: Vic 0 · Wim 0 · Uma 1.",
        "It would go to Uma. Open tickets: Uma 0 · Vic 0 · Wim 0.",
    ]
    assert filters.with_turns(matches, [{"action": "tag", "argument": "x"}]) == matches
    assert Ticket.select().where(Ticket.assignee.is_null(False)).count() == 0


# --- Many at once -------------------------------------------------------------------------------------------------


def hand_out(ids: list[int], actor: Agent) -> bulk.Outcome:
    draws: list[Draw] = []

    def rule(ticket: Ticket) -> object:
        return round_robin.assign(ticket, actor=actor, draw=draws[-1])

    return bulk.run("in-turn", ids, rule, actor=actor, begin=lambda: draws.append(Draw.begin()))


def test_many_are_handed_out_as_planned_and_back(three, new, root, monkeypatch):
    uma, vic, wim = three
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    rows = [new(uma), new(), new(), new(), new(), new(wim)]
    tickets.close(rows[4], actor=root)
    rows = [fresh(row) for row in rows]
    plan = round_robin.plan(rows)
    assert plan.rows == [(uma, 1, 2), (vic, 0, 2), (wim, 1, 1)]
    assert plan.refused == {"Only an open ticket is handed out, not one under Spam or in the bin.": 1}
    with count_queries() as counter:
        outcome = hand_out([row.id for row in rows], root)
    assert sum("GROUP BY" in str(query) and "assignee_id" in str(query) for query in counter.get_queries()) == 2
    assert (outcome.done, outcome.refused) == (5, plan.refused)
    assert Draw.look().loads == {uma.id: 2, vic.id: 2, wim.id: 1}
    assert undo.undo(outcome.action, actor=root).back == 5
    assert [fresh(row).assignee for row in rows] == [uma, None, None, None, None, wim]
    line = rows[0].events.order_by(TicketEvent.id.desc()).first()
    assert events.describe(line) == "Root undid a change: assigned to Uma again"
