"""Who sees what, who may do what."""

from __future__ import annotations

import pytest

from helpdesk import access, tickets
from helpdesk.access import SYSTEM, TicketGuest
from helpdesk.errors import NotFound
from helpdesk.lists.listing import TicketListing
from helpdesk.people import assignees
from helpdesk.tickets import customer_tickets
from helpdesk.tickets.thread import open_thread
from models import Agent, CustomerAddress, Permission, Team
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def seen(actor):
    return [row.id for row in access.visible_tickets(actor)]


def test_an_agent_sees_what_a_permission_covers(ticket, ana, ben):
    assert (seen(ana), seen(ben)) == ([ticket.id], [])


def test_a_permission_of_one_department_shows_that_one(ticket, billing, carol):
    refunds = billing.departments.where(billing.departments.model.id != ticket.department_id).get()
    other = cast.open_ticket(carol, billing, refunds)
    assert seen(cast.make_agent("Dee", refunds)) == [other.id]


def test_the_whole_support_is_everything(ticket):
    assert seen(cast.make_agent("Abe", None)) == [ticket.id]


def test_agents_of_equal_rights_share_statements_and_no_ticket(ticket, sales, billing, root):
    """Each agent with statements of their own would drive those of the others out of the cache."""
    cat, dee = cast.make_agent("Cat", sales, billing), cast.make_agent("Dee", billing, sales)
    assert access.sight_of(cat) == access.sight_of(dee)
    aside = cast.open_ticket(ticket.customer, cast.make_service("Repairs"))
    tickets.assign(aside, cat, actor=root)
    for read in (access.find_ticket, lambda agent, number: open_thread(agent, number).ticket):
        assert read(cat, aside.number) == aside
        with pytest.raises(NotFound):
            read(dee, aside.number)
    assert aside.id in [row.id for row in TicketListing(cat).page().rows]
    assert aside.id not in [row.id for row in TicketListing(dee).page().rows]
    assert [row.id for row in customer_tickets.earlier(ticket, cat)] == [aside.id]
    assert customer_tickets.earlier(ticket, dee) == []


def test_an_assigned_ticket_is_seen_by_its_assignee_only(ticket, ana, ben, root):
    tickets.assign(ticket, ben, actor=root)
    assert access.sees(ben, ticket)
    assert access.find_ticket(ben, ticket.number) == ticket


def test_a_team_shows_its_tickets_while_enabled(ticket, ben, root):
    team = cast.make_team("Desk", ben)
    tickets.assign(ticket, team, actor=root)
    assert seen(ben) == [ticket.id]
    team.enabled = False
    team.save()
    assert seen(ben) == []


def test_a_manager_sees_all_while_the_team_is_enabled(ticket, mona):
    assert seen(mona) == [ticket.id]
    Team.get().delete_instance()
    assert seen(mona) == []


def test_a_disabled_agent_sees_nothing(ticket, root):
    root.active = False
    assert seen(root) == []
    assert not access.can(root, "read", ticket)


def test_a_right_taken_away_is_gone_at_once(ticket, ana):
    assert seen(ana) == [ticket.id]
    Permission.get(Permission.agent == ana).delete_instance()
    assert seen(ana) == []


def test_a_customer_sees_what_proven_addresses_opened(ticket, carol, dan):
    assert (seen(carol), seen(dan)) == ([ticket.id], [])
    CustomerAddress.update(proven_at=None).where(CustomerAddress.customer == carol).execute()
    assert seen(carol) == []


def test_a_guest_sees_one_ticket(ticket, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    guest = TicketGuest(carol, ticket.id, carol.primary_address)
    assert seen(guest) == [ticket.id]
    with pytest.raises(NotFound):
        access.find_ticket(guest, other.number)


def test_what_a_filter_put_into_the_bin_is_hidden_from_its_customer(ticket, carol):
    tickets.delete(ticket, actor=SYSTEM)
    assert seen(carol) == []


def test_what_the_team_put_into_the_bin_stays_the_customers(ticket, carol, ana):
    tickets.delete(ticket, actor=ana)
    assert seen(carol) == [ticket.id]


def test_the_most_specific_permission_decides(ana, billing, invoices):
    row = cast.permit(ana, invoices)
    assert access.deciding_permission(ana, billing.id, invoices.id) == row
    assert access.deciding_permission(ana, billing.id, None).department_id is None


@pytest.mark.parametrize("verb", sorted(access.CAPABILITY_OF))
def test_a_role_without_capabilities_leaves_reading_writing_and_taking(ticket, billing, verb):
    names = ("set_status", "set_priority", "tag", "assign", "delete")
    role = cast.make_role("None", **{f"can_{name}": False for name in names})
    agent = cast.make_agent("Nat", billing, role=role)
    assert access.can(agent, verb, ticket) is (access.CAPABILITY_OF[verb] is None)


def test_a_manager_reads_answers_and_assigns_whatever_the_role(ticket):
    role = cast.make_role("None", can_assign=False, can_delete=False)
    manager = cast.make_agent("Max", role=role)
    cast.make_team("Desk", manager=manager)
    allowed = {verb for verb in access.CAPABILITY_OF if access.can(manager, verb, ticket)}
    assert {"reply", "assign", "transfer", "move"} <= allowed
    assert "delete" not in allowed


def test_only_administrators_administer(ana, root):
    assert [access.can(agent, "administer") for agent in (ana, root)] == [False, True]
    assert [access.can(agent, "configure") for agent in (ana, root)] == [False, True]


def test_those_who_cover_a_place_are_offered_first(ana, ben, billing, invoices):
    covering, others = assignees.eligible_agents(billing.id, invoices.id)
    assert (covering, others) == ([ana], [ben])


def test_a_number_with_strange_signs_is_not_found(root):
    for number in ("", "\0", "1" * 500, "'; --", "%"):
        with pytest.raises(NotFound):
            access.find_ticket(root, number)


def test_an_agent_without_anything_sees_nothing(ticket):
    assert seen(cast.make_agent("Zoe")) == []
    assert Agent.select().where(Agent.name == "Zoe").count() == 1
