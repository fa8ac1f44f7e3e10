"""Organisations: their domains, who belongs to them, what their new tickets get."""

from __future__ import annotations

from typing import Any

import pytest

from database import Stamp
from helpdesk import access, clock, departures, imports, tickets
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.imports import formats
from helpdesk.lists.listing import TicketListing
from helpdesk.organisations import domains, membership, place, responsible, saving
from helpdesk.organisations.place import BY_DOMAIN, BY_NAME, NONE, Place
from helpdesk.people import addresses, customers
from helpdesk.settings import lookups
from helpdesk.tickets import organisation_panel, thread
from models import (
    Agent,
    Customer,
    CustomerAddress,
    JournalEntry,
    Order,
    Organisation,
    OrganisationDomain,
    Priority,
    Ticket,
    TicketCc,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def make(root: Agent, name: str = "Acme", *names: str, **values: Any) -> Organisation:
    return saving.save(Organisation(), {"name": name, "domains": "\n".join(names), **values}, actor=root)


def of(customer: Customer) -> str | None:
    row = lookups.organisation(Customer.get_by_id(customer.id).organisation_id)
    return row.name if row is not None else None


# --- Domains ------------------------------------------------------------------------------------------------------


def test_domains_are_read_as_addresses_are_stored():
    assert domains.read("Acme.Example, @bücher.example\n*.paris.acme.example.") == [
        "acme.example", "xn--bcher-kva.example", "paris.acme.example",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "orange.fr", "laposte.net", "free.fr", "outlook.com", "hotmail.fr", "yahoo.co.uk", "perso.free.fr"],
)
def test_a_domain_where_anybody_may_have_an_address_is_refused_by_name(domain):
    with pytest.raises(InvalidInput, match=domain) as refusal:
        domains.read(f"acme.example {domain}")
    assert refusal.value.field == "domains"


@pytest.mark.parametrize("domain", ["fr", "co.uk", "gouv.fr", "not a domain!", "-a.example", "a..example"])
def test_what_is_no_domain_of_one_organisation_is_refused(domain):
    with pytest.raises(InvalidInput):
        domains.read(domain)


def test_a_company_may_be_called_like_a_provider():
    assert domains.read("free.example web.example") == ["free.example", "web.example"]


def test_a_domain_belongs_to_one(root):
    make(root, "Acme", "acme.example")
    with pytest.raises(InvalidInput, match="is a domain of Acme"):
        make(root, "Beta", "beta.example", "acme.example")
    assert Organisation.select().count() == 1


def test_a_name_belongs_to_one(root):
    make(root, "Vélos Martin")
    with pytest.raises(InvalidInput):
        make(root, "velos  MARTIN")


def test_a_huge_name_is_cut_and_html_is_cleaned(root):
    row = make(root, "x" * 5000, pinned="<p onclick=x>Hello<script>alert(1)</script></p>", note="n" * 900)
    assert (len(row.name), len(row.note)) == (120, 500)
    assert row.pinned == "<p>Hello</p>"


def test_who_may_not_configure_adds_none(ana):
    with pytest.raises(NotAllowed):
        make(ana, "Acme")


# --- Membership ---------------------------------------------------------------------------------------------------


def test_people_join_by_domain_and_whole_labels_count(root, billing):
    make(root, "Acme", "acme.example")
    lea, notlea, sub = (
        cast.open_ticket(email, billing, billing.departments.get())
        for email in ("lea@acme.example", "lea@notacme.example", "lea@paris.acme.example")
    )
    assert [of(ticket.customer) for ticket in (lea, notlea, sub)] == ["Acme", None, "Acme"]
    assert lea.organisation_id == sub.organisation_id == Organisation.get().id


def test_the_longest_domain_wins(root):
    make(root, "Acme", "acme.example")
    make(root, "Paris", "paris.acme.example")
    row = addresses.customers.find_or_make("lea@paris.acme.example")
    assert of(row.customer) == "Paris"


def test_a_new_domain_brings_those_who_are_there_with_their_tickets(root, billing, carol, ticket):
    row = make(root, "Acme")
    effects = saving.effects(row, {"domains": "customer.example"})
    assert (effects.joining, effects.leaving) == (1, 0)
    saving.save(row, {"name": "Acme", "domains": "customer.example"}, actor=root)
    assert of(carol) == "Acme"
    assert Ticket.get_by_id(ticket.id).organisation_id == row.id
    saving.save(row, {"name": "Acme", "domains": ""}, actor=root)
    assert of(carol) is None
    assert Ticket.get_by_id(ticket.id).organisation_id is None


def test_a_domain_below_one_of_another_takes_its_people_over_and_gives_them_back(root, billing):
    acme = make(root, "Acme", "acme.example")
    ticket = cast.open_ticket("lea@paris.acme.example", billing, billing.departments.get())
    assert saving.effects(Organisation(), {"domains": "paris.acme.example"}).below == [
        ("paris.acme.example", "acme.example", "Acme")
    ]
    paris = make(root, "Paris", "paris.acme.example")
    assert of(ticket.customer) == "Paris"
    assert Ticket.get_by_id(ticket.id).organisation_id == paris.id
    saving.delete(paris, actor=root)
    assert of(ticket.customer) == "Acme"
    assert Ticket.get_by_id(ticket.id).organisation_id == acme.id


def test_membership_by_hand_wins_over_the_domain(root, carol):
    make(root, "Acme", "customer.example")
    make(root, "Beta")
    place.save(carol, Place(BY_NAME, "béta"), actor=root)
    assert of(carol) == "Beta"
    membership.refresh([carol.id])
    assert of(carol) == "Beta"
    place.save(Customer.get_by_id(carol.id), Place(NONE), actor=root)
    membership.refresh([carol.id])
    assert of(carol) is None
    place.save(Customer.get_by_id(carol.id), Place(BY_DOMAIN), actor=root)
    assert of(carol) == "Acme"


def test_an_organisation_that_does_not_exist_is_refused_by_name(root, carol):
    with pytest.raises(InvalidInput, match="Nowhere") as refusal:
        place.save(carol, Place(BY_NAME, "Nowhere"), actor=root)
    assert refusal.value.field == "name"


def test_tickets_so_far_go_along_when_asked(root, carol, ticket, billing, invoices):
    row = make(root, "Acme")
    place.save(carol, Place(BY_NAME, "Acme"), actor=root)
    assert Ticket.get_by_id(ticket.id).organisation_id is None
    later = cast.open_ticket(Customer.get_by_id(carol.id), billing, invoices)
    assert later.organisation_id == row.id
    place.save(Customer.get_by_id(carol.id), Place(BY_NAME, "Acme", with_tickets=True), actor=root)
    assert Ticket.get_by_id(ticket.id).organisation_id == row.id


def test_whoever_gets_another_address_belongs_where_it_is(root, carol):
    make(root, "Acme", "acme.example")
    added = addresses.add(carol, "carol@acme.example", actor=root)
    assert of(carol) == "Acme"
    addresses.correct(added, "carol@elsewhere.example", actor=root)
    assert of(carol) is None


def test_a_list_of_customers_says_where_they_belong(root, carol):
    row = make(root, "Vélos Martin", "velos.example")
    csv = (
        "email,name,organisation\ncarol@customer.example,Jones,velos martin\neve@velos.example,,\n"
        "pia@home.example,,VÉLOS MARTIN\nrosa@home.example,,Nowhere\n"
    )
    plan = imports.parse(formats.MEMBERS, csv.encode())
    assert [(line.line, "Nowhere" in str(line.reason)) for line in plan.bad] == [(5, True)]
    stored = formats.MEMBERS.store(plan.rows, root, True)
    assert (stored.made, stored.changed) == (2, 1)
    people = {address.email: address.customer for address in CustomerAddress.select()}
    assert {email: person.organisation_id for email, person in people.items()} == dict.fromkeys(people, row.id)
    by_hand = {email for email, person in people.items() if person.organisation_by_hand}
    assert by_hand == {"carol@customer.example", "pia@home.example"}
    assert formats.MEMBERS.store(plan.rows, root, True).same == 3


def test_who_does_not_see_all_puts_nobody_where_all_is_read(root, carol, ticket):
    row = make(root, "Acme", everybody_sees=True)
    Ticket.update(organisation_id=row.id).where(Ticket.id == ticket.id).execute()
    clerk = cast.make_agent("Clerk", role=cast.make_role("Clerk", can_configure=True))
    plan = imports.parse(formats.MEMBERS, b"email,name,organisation\neve@home.example,Eve,Acme\n")
    for act in (
        lambda: formats.MEMBERS.store(plan.rows, clerk, True),
        lambda: place.save(carol, Place(BY_NAME, "Acme"), actor=clerk),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_proven_address_says_more_than_one_that_somebody_typed(root):
    make(root, "Acme", "acme.example")
    make(root, "Beta", "beta.example")
    first = customers.find_or_make("lea@acme.example")
    second = addresses.add(first.customer, "lea@beta.example", actor=root)
    assert of(first.customer) == "Acme"
    customers.prove(second)
    assert of(first.customer) == "Beta"


def test_an_organisation_that_is_deleted_leaves_its_people_and_tickets(root, carol, ticket):
    row = make(root, "Acme", "customer.example")
    saving.delete(row, actor=root)
    stored = Customer.get_by_id(carol.id)
    assert (stored.organisation_id, stored.organisation_by_hand) == (None, False)
    assert Ticket.get_by_id(ticket.id).organisation_id is None
    assert not OrganisationDomain.select().exists()


def test_the_journal_says_who_changed_where_a_customer_belongs(root, carol):
    make(root, "Acme")
    place.save(carol, Place(BY_NAME, "Acme"), actor=root)
    line = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert line.data["fields"] == ["organisation_id", "organisation_by_hand"]


# --- New tickets --------------------------------------------------------------------------------------------------


def test_a_new_ticket_gets_what_its_organisation_says(root, ana, billing, invoices, carol):
    high = Priority.get(Priority.identifier == "high")
    row = make(root, "Acme", "customer.example", priority=high, assignee=ana)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert (ticket.priority_id, ticket.assignee_id) == (high.id, ana.id)
    saving.save(row, {"name": "Acme", "domains": "customer.example", "enabled": False, "assignee": ana}, actor=root)
    assert cast.open_ticket(carol, billing, invoices).assignee_id is None


def test_an_assignee_who_has_gone_is_nobodys_default(root, ana, billing, invoices, carol):
    make(root, "Acme", "customer.example", assignee=ana)
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    Stamp.bump()
    assert cast.open_ticket(carol, billing, invoices).assignee_id is None


def test_an_agent_and_a_team_are_not_both_chosen(root, ana, team):
    with pytest.raises(InvalidInput) as refusal:
        make(root, "Acme", assignee=ana, team=team)
    assert refusal.value.field == "team"


def test_blocking_sends_new_tickets_of_all_its_people_to_spam_and_is_undone(root, billing, invoices, carol, ticket):
    row = make(root, "Acme", "customer.example")
    values = {"name": "Acme", "domains": "customer.example"}
    saving.save(row, {**values, "blocked": True}, actor=root)
    assert cast.open_ticket(carol, billing, invoices).is_spam
    assert not Ticket.get_by_id(ticket.id).is_spam
    assert Customer.get_by_id(carol.id).blocked_at is None
    saving.save(row, values, actor=root)
    assert not cast.open_ticket(carol, billing, invoices).is_spam


def test_another_customer_brings_their_organisation(root, ana, carol, dan, ticket):
    make(root, "Acme")
    place.save(dan, Place(BY_NAME, "Acme"), actor=root)
    tickets.change_customer(ticket, "dan@customer.example", actor=ana, seen=thread.newest_id(ticket))
    assert Ticket.get_by_id(ticket.id).organisation_id == Organisation.get().id


# --- Beside a ticket, and in lists --------------------------------------------------------------------------------


def test_the_panel_shows_some_open_tickets_within_sight_and_orders(root, ana, sales, billing, invoices, carol, dan):
    row = make(root, "Acme", "customer.example", pinned="Contract until June")
    first = cast.open_ticket(carol, billing, invoices)
    for _count in range(organisation_panel.SHOWN + 1):
        cast.open_ticket(dan, billing, invoices)
    cast.open_ticket(dan, sales)
    for owner in (carol, dan):
        Order.create(
            shop="s", number=f"A{owner.id}", email=owner.primary_address.email, customer=owner, placed_at=clock.now(),
            total=100, currency="EUR", updated_at=clock.now(),
        )  # fmt: skip
    panel = organisation_panel.of_ticket(first, ana)
    assert panel is not None
    assert (panel.organisation.id, len(panel.tickets), panel.has_more) == (row.id, organisation_panel.SHOWN, True)
    assert all(access.find_ticket(ana, one.number) for one in panel.tickets)
    assert [order.customer_id for order in panel.orders] == [dan.id]
    assert organisation_panel.of_ticket(Ticket(organisation_id=None), ana) is None


def test_a_list_is_narrowed_to_an_organisation(root, billing, invoices, carol):
    row = make(root, "Acme", "customer.example")
    mine = cast.open_ticket(carol, billing, invoices)
    cast.open_ticket("eve@elsewhere.example", billing, invoices)
    listing = TicketListing(root, organisation_id=row.id)
    assert [one.id for one in listing.page().rows] == [mine.id]
    assert listing.tally().total == 1
    assert listing.page().rows[0].organisation_id == row.id


def test_ten_thousand_people_join_by_few_statements(root, database, monkeypatch):
    now, count = clock.now(), 2_000
    Customer.insert_many([{"first_name": f"P{place}", "created_at": now} for place in range(count)]).execute()
    ids = [key for (key,) in Customer.select(Customer.id).tuples()]
    rows = [{"customer": key, "email": f"p{key}@big.example", "created_at": now} for key in ids]
    CustomerAddress.insert_many(rows).execute()
    statements: list[str] = []
    run = type(database.obj).execute_sql

    def counted(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
        statements.append(sql)
        return run(self, sql, *args, **kwargs)

    monkeypatch.setattr(type(database.obj), "execute_sql", counted)
    make(root, "Big", "big.example")
    assert Customer.select().where(Customer.organisation_id.is_null(False)).count() == count
    # Four or five for every five hundred people.
    assert len(statements) < 60


def test_whoever_leaves_hands_their_organisations_over(root, ana, ben, carol):
    row = make(root, "Acme", "customer.example", assignee=ana)
    departure = departures.leave(ana, {"organisations": departures.value_of(ben)}, actor=root)
    assert lookups.organisation(row.id).assignee_id == ben.id
    departures.undo(departure, actor=root)
    assert lookups.organisation(row.id).assignee_id == ana.id


def test_an_erased_person_belongs_to_none(root, carol, dan, billing, invoices):
    make(root, "Acme", "customer.example")
    responsible.set_responsible(dan, True, actor=root)
    responsible.set_copies(Customer.get_by_id(dan.id), True, actor=root)
    ticket = cast.open_ticket(Customer.get_by_id(carol.id), billing, invoices)
    stored = Customer.get_by_id(dan.id)
    membership.forget(stored)
    stored.save()
    assert (stored.organisation_id, stored.organisation_role, stored.organisation_copies) == (None, "", False)
    assert not TicketCc.select().where(TicketCc.ticket == ticket.id).exists()


def test_whoever_sets_up_adds_no_domain_that_a_responsible_person_would_read(root: Agent, dan: Customer) -> None:
    keeper = cast.make_agent("Eve", None, role=cast.make_role("Keeper", can_configure=True))
    row = saving.save(Organisation(), {"name": "Acme", "domains": "acme.example"}, actor=keeper)
    more = {"name": "Acme", "domains": "acme.example, other.example"}
    saving.save(row, more, actor=keeper)
    Customer.update(organisation_id=row.id, organisation_role="responsible").where(Customer.id == dan.id).execute()
    yet_more = {"name": "Acme", "domains": "acme.example, third.example"}
    with pytest.raises(NotAllowed, match="an administrator adds it"):
        saving.save(row, yet_more, actor=keeper)
    # Taking one away gives nobody more to read.
    saving.save(row, {"name": "Acme", "domains": "acme.example"}, actor=keeper)
    saving.save(row, yet_more, actor=root)
    assert saving.domains_of(row) == ["acme.example", "third.example"]


def test_addresses_at_and_below_a_domain_are_found_and_no_others() -> None:
    for email in ("a@acme.example", "b@mail.acme.example", "c@notacme.example", "d@acme.example.org"):
        cast.make_customer(email[0].upper(), email=email)
    query = CustomerAddress.select(CustomerAddress.email).where(domains.holds(["acme.example", "other.example"]))
    assert sorted(email for (email,) in query.tuples()) == ["a@acme.example", "b@mail.acme.example"]
    assert not CustomerAddress.select().where(domains.holds(["other.example"])).exists()
