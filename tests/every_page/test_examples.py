"""Examples are loaded into a running desk and removed from it: those rows, whatever became of them, and no other."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
from peewee import IntegrityError

from database import Stamp, database
from helpdesk import clock, examples, outbox, settings, tickets
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.joining import merging as merging_customers
from helpdesk.settings import lookups
from helpdesk.tickets import merging
from models import (
    TABLES,
    CannedResponse,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Department,
    JournalEntry,
    Message,
    OutgoingEmail,
    Permission,
    PossibleDuplicate,
    Service,
    Ticket,
    TicketCc,
)
from tests.asked import later
from tests.support import attached, cast, doors

SCREEN = "/admin/configuration/examples"
#: What moves with every change, and what is written of every act.
NOTES = (Stamp, JournalEntry)


def everything() -> dict[str, list]:
    """All rows of all tables but the notes, and the words of the index."""
    rows = {table.__name__: list(table.select().order_by(table.id).dicts()) for table in TABLES if table not in NOTES}
    index = database.execute_sql("SELECT rowid, subject, author, body FROM message_search ORDER BY rowid")
    return rows | {"index": list(map(tuple, index.fetchall()))}


@pytest.fixture
def busy(ticket, root, ana):
    """A desk in use."""
    tickets.reply(ticket, "<p>Hello</p>", actor=ana)
    return root


@pytest.fixture
def loaded(busy):
    """What the desk held before the examples came."""
    before = everything()
    examples.load(actor=busy)
    return before


def example() -> Ticket:
    return Ticket.select().join(CustomerAddress).where(CustomerAddress.email.endswith(".guichet.example")).get()


def own_ticket(customer, place: Department) -> Ticket:
    """The owner puts an example to use."""
    place.service.enabled = True
    place.service.save()
    return cast.open_ticket(customer, place.service, place)


def test_removing_gives_back_the_desk_as_it_was(loaded, busy):
    assert Ticket.select().count() == 7
    assert everything() != loaded
    gone = examples.remove(actor=busy)
    assert gone.kept == []
    assert everything() == loaded


def test_what_agents_did_to_them_goes_too(loaded, busy, ana, billing, invoices):
    row = example()
    tickets.reply(row, "<p>Here you are.</p>", actor=busy, files=[attached.received()])
    tickets.transfer(row, ana, actor=busy)
    tickets.move(row, billing.id, invoices.id, actor=busy)
    tickets.close(row, actor=busy)
    tickets.mark_spam(Ticket.select().order_by(Ticket.id.desc()).get(), actor=busy, block_author=True)
    Service.update(name="Mine").where(Service.id == examples._ids()["services"][0]).execute()
    Stamp.bump()
    assert examples.remove(actor=busy).kept == []
    assert everything() == loaded


def test_no_mail_is_written_and_none_ever_leaves(app, loaded, busy, smtp):
    assert OutgoingEmail.select().where(OutgoingEmail.to_email.endswith(".guichet.example")).count() == 0
    tickets.reply(example(), "<p>Here you are.</p>", actor=busy)
    mail = OutgoingEmail.get(OutgoingEmail.to_email.endswith(".guichet.example"))
    with later():
        outbox.deliver_due()
    assert OutgoingEmail.get_by_id(mail.id).state == "cancelled"
    assert smtp.to(mail.to_email) == []
    assert smtp.messages


def test_a_ticket_of_the_owner_keeps_its_place(loaded, busy, carol):
    place = Department.get_by_id(examples._ids()["departments"][0])
    own = own_ticket(carol, place)
    gone = examples.remove(actor=busy)
    assert set(gone.kept) == {str(place), str(place.service)}
    assert Ticket.get_by_id(own.id).department_id == place.id
    assert Service.select().count() == len(loaded["Service"]) + 1


def test_a_customer_of_an_own_ticket_stays(loaded, busy, sales):
    someone = Customer.get_by_id(examples._ids()["customers"][0])
    cast.open_ticket(someone, sales)
    assert examples.remove(actor=busy).kept == [str(someone)]
    assert Customer.get_by_id(someone.id).primary_address


def test_an_address_in_copy_of_an_own_ticket_stays(loaded, busy, ticket):
    address = CustomerAddress.get_by_id(examples._ids()["addresses"][1])
    TicketCc.create(ticket=ticket, address=address, added_by="agent", created_at=clock.now())
    assert examples.remove(actor=busy).kept == [str(address.customer)]
    assert TicketCc.select().count() == 1


def test_rights_on_an_example_keep_it(loaded, busy, ana):
    service = Service.get_by_id(examples._ids()["services"][1])
    Permission.create(agent=ana, service=service)
    assert examples.remove(actor=busy).kept == [str(service)]


def test_an_own_canned_response_keeps_its_service(loaded, busy):
    service = Service.get_by_id(examples._ids()["services"][1])
    own = CannedResponse.create(service=service, name="Mine", body="<p>x</p>")
    assert examples.remove(actor=busy).kept == [str(service)]
    assert [row.id for row in CannedResponse.select()] == [own.id]


def test_a_ticket_in_which_somebody_real_wrote_stays(loaded, busy, carol):
    row = example()
    Message.create(ticket=row, kind="customer", customer=carol, author_name="C", body="x", created_at=clock.now())
    assert str(Ticket.get_by_id(row.id)) in examples.remove(actor=busy).kept


def merged(source: Ticket, target: Ticket, root) -> Ticket:
    merging.merge(source, target, actor=root)
    return Ticket.get_by_id(target.id)


def test_two_examples_that_became_one_go(loaded, busy):
    first = example()
    second = Ticket.get(Ticket.customer == first.customer, Ticket.id != first.id)
    merged(second, first, busy)
    assert examples.remove(actor=busy).kept == []
    assert everything() == loaded


def joined(source: Customer, target: Customer, root) -> Customer:
    seen = frozenset(row.id for row in CustomerAddress.select())
    return merging_customers.merge(source, target, merging_customers.Choices(seen=seen), actor=root)


def test_two_example_customers_that_became_one_go(loaded, busy):
    first, second = map(Customer.get_by_id, examples._ids()["customers"][:2])
    joined(second, first, busy)
    assert examples.remove(actor=busy).kept == []
    assert everything() == loaded


def test_an_own_customer_who_went_into_an_example_stays(loaded, busy, carol):
    target = Customer.get_by_id(examples._ids()["customers"][0])
    emails = {row.email for row in carol.addresses}
    kept = joined(carol, target, busy)
    assert str(kept) in examples.remove(actor=busy).kept
    assert emails < {row.email for row in Customer.get_by_id(kept.id).addresses}
    assert CustomerMerge.get().customer_id == kept.id


def test_who_is_like_an_example_does_not_keep_it(loaded, busy, carol):
    before = everything()
    example_id = examples._ids()["customers"][0]
    pair = {"first": min(carol.id, example_id), "second": max(carol.id, example_id), "reason": "name"}
    PossibleDuplicate.create(**pair, found_at=clock.now(), decided_at=clock.now(), decided_by="Root")
    assert everything() != before
    assert examples.remove(actor=busy).kept == []
    assert everything() == loaded


def test_an_own_ticket_that_went_into_an_example_stays(loaded, busy, sales):
    target = example()
    own = cast.open_ticket(target.customer, sales)
    kept = merged(own, target, busy)
    assert str(kept) in examples.remove(actor=busy).kept
    assert Message.select().where(Message.ticket == kept).count() >= 2


def test_the_id_of_an_example_deleted_by_hand_is_nobodys(loaded, client_of, busy):
    client = client_of(busy)
    last = max(examples._ids()["canned_responses"])
    doors.post(client, "/admin/canned-responses/delete/", {"id": last, "confirmed": "1"})
    own = CannedResponse.create(name="Mine", body="<p>x</p>")
    examples.remove(actor=busy)
    assert [row.id for row in CannedResponse.select()] == [own.id]


def test_they_are_loaded_once(loaded, busy):
    with pytest.raises(InvalidInput):
        examples.load(actor=busy)


def test_they_come_back_after_they_went(loaded, busy, sales):
    cast.open_ticket(Customer.get_by_id(examples._ids()["customers"][0]), sales)
    examples.remove(actor=busy)
    examples.load(actor=busy)
    assert Ticket.select().count() == 8


def test_tickets_go_on_counting(loaded, busy, carol, sales):
    last = Ticket.select().order_by(Ticket.id.desc()).get()
    assert cast.open_ticket(carol, sales).id == last.id + 1


def test_only_administrators_load_and_remove(busy, ana):
    for act in (examples.load, examples.remove):
        with pytest.raises(NotAllowed):
            act(actor=ana)


def test_they_speak_the_language_of_the_desk(busy):
    settings.save({"language": "fr"})
    examples.load(actor=busy)
    assert any(row.name.get("fr", "").endswith("(exemple)") for row in lookups.services())
    assert Ticket.select().where(Ticket.locale == "fr", Ticket.subject.contains("commande")).exists()


def test_visitors_are_not_offered_them(loaded, client):
    assert "(example)" not in client.get("/").text


def test_the_button_of_the_configuration(client_of, busy):
    client = client_of(busy)
    before = everything()
    answer = doors.post(client, SCREEN, {"act": "load"}, follow_redirects=True)
    assert "The examples are loaded." in doors.text_of(answer)
    assert "Orders and delivery (example)" in doors.text_of(client.get("/admin/tickets/"))
    assert "What you made yourself stays." in doors.text_of(doors.post(client, SCREEN, {"act": "remove"}))
    answer = doors.post(client, SCREEN, {"act": "remove", "confirmed": "1"}, follow_redirects=True)
    assert "The examples are removed." in doors.text_of(answer)
    after = everything()
    # The browser signed in meanwhile.
    assert {**after, "SignIn": []} == {**before, "SignIn": []}


def test_the_page_names_what_stays(client_of, loaded, busy, carol):
    place = Department.get_by_id(examples._ids()["departments"][0])
    own_ticket(carol, place)
    answer = doors.post(client_of(busy), SCREEN, {"confirmed": "1"}, follow_redirects=True)
    assert "stay, because you have built on them." in doors.text_of(answer)


def test_an_example_taken_into_use_meanwhile_is_a_message(client_of, loaded, busy, monkeypatch):
    monkeypatch.setattr(examples, "_remove_tickets", Mock(side_effect=IntegrityError))
    answer = doors.post(client_of(busy), SCREEN, {"confirmed": "1"}, follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, "/admin/configuration/")
    assert "Somebody has just used an example. Try again." in doors.text_of(answer)
    assert examples.are_loaded()


def test_the_first_steps_offer_them(client_of, root):
    page = client_of(root).get("/admin/dashboard/").text
    assert "Load examples" in page
    assert 'value="load"' in page


def test_the_journal_keeps_a_line_of_both(loaded, busy):
    examples.remove(actor=busy)
    acts = [row.act for row in JournalEntry.select().order_by(JournalEntry.id) if row.act.startswith("examples")]
    assert acts == ["examples-loaded", "examples-removed"]


def test_they_look_lived_in(loaded):
    rows = Ticket.select().where(Ticket.id > 1)
    assert {row.is_open for row in rows} == {True, False}
    assert all(row.last_activity <= clock.now() for row in rows)
    assert max(row.created_at for row in rows) - min(row.created_at for row in rows) > timedelta(days=5)
