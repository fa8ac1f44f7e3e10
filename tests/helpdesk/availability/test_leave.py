"""Leave: when somebody is away, who stands in, and who is mailed meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

import helpdesk.wiring
from helpdesk import availability, filters, outbox, settings, tickets
from helpdesk.availability import leaves
from helpdesk.departures import leave as depart
from helpdesk.departures import undo
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.people import agents, assignees
from models import Agent, Leave, OutgoingEmail, Ticket
from tests.support import cast

assert helpdesk.wiring
pytestmark = pytest.mark.usefixtures("request_context")

MONDAY = date(2026, 12, 7)


@pytest.fixture
def now(root):
    settings.save({"timezone": "Europe/Paris"})
    with time_machine.travel("2026-12-07T12:00:00+00:00", tick=False) as clock:
        yield clock


def go(agent: Agent, first: date = MONDAY, last: date = date(2026, 12, 12), substitute: Agent | None = None) -> Leave:
    """Plan leave as its agent does."""
    values = {"agent": agent, "first_day": first, "last_day": last, "substitute": substitute}
    return availability.save_leave(Leave(), values, actor=agent)


def mailed(ticket: Ticket, kind: str) -> list[str]:
    """Return who is mailed of this kind, and forget these mails."""
    rows = OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind == kind)
    names = sorted(row.to_email.partition("@")[0] for row in rows)
    OutgoingEmail.delete().execute()
    return names


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


# --- When ---------------------------------------------------------------------------------------------------------


def test_leave_begins_and_ends_by_itself_in_the_zone_of_its_agent(now, ana):
    agents.save_agent(ana, {"timezone": "Pacific/Auckland"}, actor=cast.owner())
    ana = Agent.get_by_id(ana.id)
    # In Auckland it is Tuesday already.
    now.move_to("2026-12-07T09:00:00+00:00")
    go(ana, date(2026, 12, 8), date(2026, 12, 9))
    assert availability.current(ana) is None
    now.move_to("2026-12-07T11:00:00+00:00")
    assert not availability.is_present(ana)
    now.move_to("2026-12-09T10:59:00+00:00")
    assert availability.last_day(ana) == date(2026, 12, 9)
    now.move_to("2026-12-09T11:00:00+00:00")
    assert availability.is_present(ana)
    assert availability.planned(ana) == []


def test_leave_that_follows_at_once_is_one_absence(now, ana):
    go(ana, last=date(2026, 12, 11))
    go(ana, date(2026, 12, 12), date(2026, 12, 20))
    go(ana, date(2026, 12, 24), date(2027, 1, 3))
    assert availability.last_day(ana) == date(2026, 12, 20)
    assert availability.notes(availability.absences())[ana.id] == "absent until 20 December"
    assert len(availability.planned(ana)) == 3


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (None, date(2026, 12, 9), "first_day"),
        (date(2026, 12, 9), None, "last_day"),
        (date(2026, 12, 9), date(2026, 12, 8), "last_day"),
        (date(2026, 12, 1), date(2026, 12, 6), "last_day"),
        (date(2040, 1, 1), date(2040, 1, 2), "first_day"),
        (date(2026, 12, 9), date(2036, 12, 9), "last_day"),
        (date(2026, 12, 19), date(2026, 12, 26), "first_day"),
    ],
)
def test_bad_days_are_refused_at_their_field(now, ana, first, last, field):
    go(ana, date(2026, 12, 20), date(2026, 12, 24))
    with pytest.raises(InvalidInput) as error:
        go(ana, first, last)
    assert error.value.field == field


def test_a_leave_is_changed_and_one_has_twenty_at_most(now, ana):
    row = go(ana)
    values = {"agent": ana.id, "first_day": MONDAY, "last_day": date(2026, 12, 8), "substitute": None}
    availability.save_leave(Leave.get_by_id(row.id), values, actor=ana)
    assert Leave.get().last_day == date(2026, 12, 8)
    for number in range(1, 20):
        day = date(2027, 1, 1) + timedelta(days=number)
        go(ana, day, day)
    with pytest.raises(InvalidInput):
        go(ana, date(2027, 5, 1), date(2027, 5, 1))


def test_one_plans_ones_own_and_administrators_anybodys(now, ana, ben, root):
    values = {"agent": ana, "first_day": MONDAY, "last_day": MONDAY}
    with pytest.raises(NotAllowed):
        availability.save_leave(Leave(), values, actor=ben)
    row = availability.save_leave(Leave(), values, actor=root)
    with pytest.raises(NotAllowed):
        availability.save_leave(Leave.get_by_id(row.id), {**values, "agent": ben}, actor=ben)
    with pytest.raises(NotAllowed):
        availability.delete_leave(row, actor=ben)
    with pytest.raises(NotAllowed):
        availability.set_takes_tickets(ana, False, actor=ben)
    availability.delete_leave(row, actor=ana)
    availability.set_takes_tickets(ana, False, actor=root)
    assert not availability.is_present(Agent.get_by_id(ana.id))


def test_what_ended_a_year_ago_is_forgotten(now, ana):
    go(ana)
    now.move_to("2027-12-10T12:00:00+00:00")
    assert leaves.purge() == 0
    now.move_to("2027-12-14T12:00:00+00:00")
    assert leaves.purge() == 1


# --- Who stands in ------------------------------------------------------------------------------------------------


def test_nobody_stands_in_for_themselves_nor_does_who_is_disabled(now, ana, ben, root):
    agents.disable_agent(ben, actor=root)
    for one in (ana, ben):
        with pytest.raises(InvalidInput) as error:
            go(ana, substitute=one)
        assert error.value.field == "substitute"


def test_a_substitute_on_leave_hands_on_and_a_circle_has_nobody(now, ana, ben, root):
    mia = cast.make_agent("Mia", None)
    go(ana, substitute=ben)
    row = go(ben, substitute=mia)
    assert availability.find_substitute(ana, lambda one: True) == mia
    assert availability.find_substitute(ana, lambda one: False) is None
    availability.set_substitute(row, ana, actor=ben)
    assert availability.find_substitute(ana, lambda one: True) is None
    availability.set_substitute(row, mia, actor=ben)
    agents.disable_agent(mia, actor=root)
    assert availability.find_substitute(ana, lambda one: True) is None


def test_what_should_be_known_of_a_substitute_is_said(now, ana, ben):
    row = go(ana, substitute=ben)
    assert availability.concerns(row) == [
        "Ben does not see all of it: Billing. Whoever is notified of new tickets there is told instead."
    ]
    cast.permit(ben, None)
    assert availability.concerns(row) == []
    go(ben, date(2026, 12, 10), date(2026, 12, 30))
    (text,) = availability.concerns(row)
    assert text.startswith("Ben is on leave, too: 10 December 2026 to 30 December 2026.")


# --- Mails --------------------------------------------------------------------------------------------------------


@pytest.fixture
def mia(billing):
    """Covers Billing, and is told of new tickets there."""
    mia = cast.make_agent("Mia")
    cast.permit(mia, billing, notify=True)
    return mia


def answer(ticket: Ticket, carol) -> list[str]:
    OutgoingEmail.delete().execute()
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    return mailed(ticket, "team_message")


def test_an_answer_goes_to_the_substitute_too(now, ticket, ana, ben, mia, carol):
    tickets.take(ticket, actor=ana)
    assert answer(ticket, carol) == ["ana"]
    row = go(ana, substitute=mia)
    assert answer(ticket, carol) == ["ana", "mia"]
    # Who may not see the ticket is mailed nothing of it: those told of new tickets are.
    availability.set_substitute(row, ben, actor=ana)
    assert answer(ticket, carol) == ["ana", "mia"]
    zoe = cast.make_agent("Zoe", None)
    availability.set_substitute(row, zoe, actor=ana)
    assert answer(ticket, carol) == ["ana", "zoe"]
    now.move_to("2026-12-13T12:00:00+00:00")
    assert answer(ticket, carol) == ["ana"]


def test_a_team_that_is_away_is_told_with_those_told_of_new_tickets(now, ticket, ana, ben, mia, carol):
    pair = cast.make_team("Pair", ana, ben)
    tickets.assign(ticket, pair, actor=mia)
    go(ana)
    assert answer(ticket, carol) == ["ana", "ben"]
    go(ben)
    assert answer(ticket, carol) == ["ana", "ben", "mia"]


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_the_mail_says_why_it_came(app, now, ticket, ana, mia, carol, locale):
    Agent.update(locale=locale).execute()
    tickets.take(ticket, actor=ana)
    row = go(ana, substitute=mia)
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    mail = OutgoingEmail.get(OutgoingEmail.to_email == mia.email, OutgoingEmail.kind == "team_message")
    mail.locale = locale
    words = {"en": "you stand in for Ana, who is on leave until 12 December 2026",
             "fr": "vous remplacez Ana, en congé jusqu’au 12 décembre 2026"}  # fmt: skip
    assert words[locale] in outbox.render(mail).get_body(("plain",)).get_content()
    availability.set_substitute(row, None, actor=ana)
    words = {"en": "Ana, who has the ticket, is on leave until 12 December 2026",
             "fr": "Ana, à qui le ticket est assigné, est en congé jusqu’au 12 décembre 2026"}  # fmt: skip
    assert words[locale] in " ".join(outbox.render(mail).get_body(("plain",)).get_content().split())


def test_whoever_gets_a_ticket_on_leave_has_it_and_the_substitute_is_told(
    now, carol, billing, invoices, ana, mia, root
):
    go(ana, substitute=mia)
    values = {"name": "A", "conditions": [{"field": "subject", "operator": "contains", "value": "invoice"}],
              "actions": [{"action": "transfer", "argument": str(ana.id)}]}  # fmt: skip
    filters.save_filter(None, values, actor=root)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert fresh(ticket).assignee == ana
    kinds = {(row.kind, row.to_email) for row in OutgoingEmail.select() if row.agent_id is not None}
    assert kinds == {("transfer", ana.email), ("stand-in", mia.email)}
    OutgoingEmail.delete().execute()
    tickets.assign(fresh(ticket), None, actor=root)
    tickets.assign(fresh(ticket), ana, actor=root)
    assert mailed(ticket, "stand-in") == ["mia"]
    settings.save({"mail_on_assignment": False})
    tickets.assign(fresh(ticket), None, actor=root)
    tickets.assign(fresh(ticket), ana, actor=root)
    assert mailed(ticket, "stand-in") == []


def test_the_page_says_who_is_told(now, ticket, ana, mia):
    tickets.take(ticket, actor=ana)
    assert assignees.absence_text(fresh(ticket)) == ""
    row = go(ana, substitute=mia)
    assert assignees.absence_text(fresh(ticket)) == "Ana is on leave until 12 December; Mia stands in."
    availability.set_substitute(row, None, actor=ana)
    assert assignees.absence_text(fresh(ticket)).startswith("Ana is on leave until 12 December; whoever is notified")


# --- Departures ---------------------------------------------------------------------------------------------------


def test_for_whom_a_leaving_agent_stands_in_is_handed_over(now, ana, ben, mia, root):
    go(ana, substitute=ben)
    departure = depart(ben, {"substitutions": f"agent-{mia.id}"}, actor=root)
    assert Leave.get().substitute == mia
    undo(departure, actor=root)
    assert Leave.get().substitute == ben
    depart(Agent.get_by_id(ben.id), {}, actor=root)
    assert Leave.get().substitute is None
