"""Writing macros: what their form takes, whom they are for, what marks them, and what an agent leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk.wiring
from database import Label
from helpdesk import departures
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.macros import using, writing
from helpdesk.people import teams
from helpdesk.tickets import canned_responses
from models import Agent, CannedAct, CannedResponse, Tag, Team
from tests.support import cast

assert helpdesk.wiring
pytestmark = pytest.mark.usefixtures("request_context")


def write(actor: Agent, row: CannedResponse | None = None, **values: Any) -> CannedResponse:
    usual = {"name": Label(en="Refund"), "body": Label(en="<p>We refund you.</p>")}
    return writing.save_macro(row, {**usual, **values}, actor=actor)


@pytest.fixture
def refund(database: Any) -> Tag:
    return Tag.create(name="Refund", key="refund", label=Label(fr="Remboursement"))


def test_a_macro_without_text_needs_an_act(root):
    row = write(root, body=Label(), status="close")
    assert (row.body, writing.form_values(row)) == ({}, {"status": "close"})
    with pytest.raises(InvalidInput, match="Write the message"):
        write(root, body=Label(), name=Label(en="Empty"))


def test_acts_are_stored_in_the_order_in_which_they_are_done(root, refund):
    row = write(root, assign="me", status="close", tag="refund, Remboursement,", untag="")
    assert [(act.act, act.argument) for act in writing.acts_of(row)] == [
        ("tag", str(refund.id)), ("status", "close"), ("assign", "me"),
    ]  # fmt: skip


def test_saving_it_again_replaces_its_acts(root):
    row = write(root, assign="me", status="close")
    write(root, row, assign="nobody")
    assert [(act.act, act.argument) for act in CannedAct.select()] == [("assign", "nobody")]


def test_what_it_names_stays_when_it_is_gone_and_is_marked(root, ana):
    row = write(root, assign=f"agent-{ana.id}", tag="")
    assert not writing.has_gone_targets(row)
    ana.active = False
    ana.save()
    assert writing.has_gone_targets(row)
    write(root, row, assign=f"agent-{ana.id}")
    assert writing.form_values(row) == {"assign": f"agent-{ana.id}"}


@pytest.mark.parametrize(
    ("values", "field", "why"),
    [
        ({"status": "99999"}, "status", "Choose one"),
        ({"priority": "x"}, "priority", "Choose one"),
        ({"assign": "agent-99999999999999999999999"}, "assign", "Choose one"),
        ({"assign": "team-1-2"}, "assign", "Choose one"),
        ({"snooze": "2026-12-31"}, "snooze", "Choose one"),
        ({"tag": "unheard"}, "tag", "no tag “unheard”"),
        ({"tag": "refund", "untag": "REFUND"}, "untag", "both added and removed"),
        ({"tag": ",".join(f"t{number}" for number in range(21))}, "tag", "At most 20"),
        ({"status": "close", "snooze": "week"}, "snooze", "closed ticket cannot be snoozed"),
        ({"shortcut": "two words"}, "shortcut", "without blanks"),
        ({"shortcut": "x" * 31}, "shortcut", "At most 30|at most 30"),
        ({"for_whom": "team-77"}, "for_whom", "Choose one"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(root, refund, values, field, why):
    with pytest.raises(InvalidInput, match=why) as refused:
        write(root, **values)
    assert refused.value.field == field
    assert CannedResponse.select().count() == 0


def test_a_shortcut_is_stored_without_its_slash(root):
    assert write(root, shortcut=" /Réf-1 ").shortcut == "réf-1"


def test_one_for_oneself_is_nobody_elses(ana, ben, root, ticket):
    row = write(ana, for_whom="own")
    assert canned_responses.offered_in(ticket, ana) == [row]
    assert canned_responses.offered_in(ticket, root) == []
    assert list(canned_responses.readable_by(root)) == []
    for other in (ben, root):
        with pytest.raises(NotFound):
            write(other, row, name=Label(en="Mine"))
    # Nor does its name keep anybody from theirs.
    assert write(root).name == write(ben, for_whom="own").name


def test_only_who_manages_writes_for_everybody(ana, root):
    with pytest.raises(NotAllowed):
        write(ana)
    assert write(root).audience == "everybody"
    # One that was saved from a reply stays as it is.
    row = CannedResponse.create(name=Label(en="Old"), body=Label(en="<p>x</p>"), author=ana)
    assert write(ana, row, for_whom="", name=Label(en="New")).audience == "everybody"


def test_one_for_a_team_is_its_members_and_managers(ana, ben, mona, root, team, ticket):
    cast.TeamMember.create(team=team, agent=ana)
    row = write(ana, for_whom=f"team-{team.id}")
    assert [canned_responses.offered_in(ticket, agent) for agent in (ana, mona, ben)] == [[row], [row], []]
    with pytest.raises(InvalidInput):
        write(ben, for_whom=f"team-{team.id}", name=Label(en="Theirs"))
    teams.delete_team(Team.get_by_id(team.id), actor=root)
    assert [canned_responses.offered_in(ticket, agent) for agent in (ana, mona)] == [[row], []]
    assert canned_responses.audience_name(CannedResponse.get()) == "A team that is gone"
    # Who may configure finds it all the same, and may delete it.
    assert list(canned_responses.readable_by(root)) == [row]


def test_macros_of_other_services_are_not_offered_in_bulk(ana, root, sales):
    write(root, service=sales, status="close")
    mine = write(root, name=Label(en="General"), status="close")
    write(root, name=Label(en="Text alone"))
    assert using.offered_to(ana) == [mine]


def test_an_agent_who_leaves_is_named_and_handed_over(ana, ben, root):
    row = write(root, assign=f"agent-{ana.id}")
    held = {holding.key: count for holding, count in departures.overview(ana)}
    assert held["macro_acts"] == 1
    departure = departures.leave(ana, {"macro_acts": f"agent-{ben.id}"}, actor=root)
    assert writing.form_values(row) == {"assign": f"agent-{ben.id}"}
    departures.undo(departure, actor=root)
    assert writing.form_values(row) == {"assign": f"agent-{ana.id}"}


def test_what_was_for_an_agent_alone_is_not_handed_over(ana, ben, root):
    mine = write(ana, for_whom="own")
    write(ben, for_whom="own", name=Label(en="Secret"), assign=f"agent-{ana.id}")
    held = {holding.key: (count, holding.names(ana)) for holding, count in departures.overview(ana)}
    assert "canned_responses" not in held
    assert held["macro_acts"] == (1, [])
    departures.leave(ana, {"macro_acts": f"agent-{ben.id}"}, actor=root)
    assert CannedResponse.get_by_id(mine.id).author_id == ana.id
