"""Erasing a person: asked for, waited for, cancelled, carried out once, and nothing left of them anywhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from peewee import CharField, JSONField, TextField

from helpdesk import clock, send_later, settings, tickets
from helpdesk.erasing import carrying_out, elsewhere, erasure_log, requests
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.files import file_store, uploads
from helpdesk.lists import quick_search
from helpdesk.people import customers
from helpdesk.send_later import NewReply
from helpdesk.settings import environment
from models import (
    TABLES,
    Agent,
    Customer,
    CustomerAddress,
    Erasure,
    FilterCondition,
    JournalEntry,
    Message,
    OutgoingEmail,
    Rating,
    SavedView,
    ScheduledReply,
    SenderRule,
    Service,
    Tag,
    Ticket,
    TicketTag,
    Upload,
)
from tests.helpdesk.erasing import planting
from tests.helpdesk.erasing.planting import MARKERS
from tests.support import attached, cast

pytestmark = pytest.mark.usefixtures("request_context", "no_files")

WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests: the numbers of their desks begin again."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


def erase(customer: Customer, actor: Agent, kind: str = "anonymise", *, blanks: bool = True) -> Erasure:
    """Erase somebody at once."""
    settings.save({"erasure_days": 0})
    row = requests.request(customer, kind=kind, word="erase", actor=actor, blanks_replies=blanks)
    assert carrying_out.run_due() == 1
    return Erasure.get_by_id(row.id)


def test_every_word_is_there_before(sales: Service, ben: Agent, dan: Customer) -> None:
    planting.plant(planting.person(), sales, agent=ben, other=dan)
    there = set().union(*planting.left().values())
    assert there >= set(MARKERS) - {"second address"}


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_nothing_is_left_anywhere(kind: str, sales: Service, ben: Agent, root: Agent, dan: Customer) -> None:
    customer = planting.person()
    ticket = planting.plant(customer, sales, agent=ben, other=dan)
    row = erase(customer, root, kind)
    assert planting.left() == {}
    assert (row.state, row.person) == ("done", {})
    assert row.counts["messages" if kind == "anonymise" else "tickets"] >= 1
    assert Ticket.select().where(Ticket.id == ticket.id).exists() == (kind == "anonymise")
    assert Customer.select().where(Customer.id == customer.id).exists() == (kind == "anonymise")


def test_the_figures_and_what_others_wrote_stay(sales: Service, ben: Agent, root: Agent, dan: Customer) -> None:
    customer = planting.person()
    ticket = planting.plant(customer, sales, agent=ben, other=dan)
    tickets.receive_message(ticket, "Dan reads along.", actor=dan)
    opened, elsewhere = ticket.created_at, Ticket.get(Ticket.subject == "Of somebody else")
    row = erase(customer, root)
    ticket = Ticket.get_by_id(ticket.id)
    assert (ticket.subject, ticket.is_closed, ticket.created_at) == ("[[erased]]", True, opened)
    assert ticket.customer.display_name == f"[[erased:{row.id}]]"
    assert Rating.get(Rating.ticket == ticket).score == "bad"
    assert [one.body for one in Message.select().where(Message.customer == dan.id, Message.ticket == ticket)] == [
        "<p>Dan reads along.</p>"
    ]
    # In tickets of others the person's own words go, and nothing else.
    texts = [one.body for one in Message.select().where(Message.ticket == elsewhere).order_by(Message.id)]
    assert texts == ["<p>The total looks wrong to me.</p>", "<p>[[erased]]</p>"]
    assert Ticket.get_by_id(elsewhere.id).customer_id == dan.id
    assert [one.customer_id for one in quick_search.customers(root, "erased customer")] == [customer.id]
    # A filter without its condition would match everything.
    assert FilterCondition.get().value == f"erased-{row.id}@people.guichet.example"
    assert not SavedView.select().exists()
    assert [one.pattern for one in SenderRule.select()] == ["person.example"]


def test_what_the_team_wrote_stays_where_nobody_ticks_it(
    sales: Service, ben: Agent, root: Agent, dan: Customer
) -> None:
    customer = planting.person()
    planting.plant(customer, sales, agent=ben, other=dan)
    erase(customer, root, blanks=False)
    left = set().union(*planting.left().values())
    assert left == {"reply", "note", "name"}


def test_it_waits_and_can_be_cancelled(carol: Customer, ticket: Ticket, ana: Agent, root: Agent) -> None:
    with pytest.raises(NotAllowed):
        requests.request(carol, kind="anonymise", word="ERASE", actor=ana)
    for kind, word in (("anonymise", "yes"), ("all", "ERASE")):
        with pytest.raises(InvalidInput):
            requests.request(carol, kind=kind, word=word, actor=root)
    row = requests.request(carol, kind="anonymise", word=" effacer ", actor=root)
    assert row.due_at - row.requested_at == timedelta(days=7)
    with pytest.raises(InvalidInput, match="already"):
        requests.request(carol, kind="delete", word="ERASE", actor=root)
    assert carrying_out.run_due() == 0
    with pytest.raises(NotAllowed):
        requests.cancel(carol, actor=ana)
    requests.cancel(carol, actor=root)
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert carrying_out.run_due() == 0
    assert Ticket.get_by_id(ticket.id).subject == "A question about my invoice"
    # Asked for again, it comes.
    requests.request(carol, kind="anonymise", word="ERASE", actor=root)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert carrying_out.run_due() == 1
        assert carrying_out.run_due() == 0
    with pytest.raises(NotFound):
        requests.cancel(carol, actor=root)
    with pytest.raises(InvalidInput, match="erased already"):
        requests.request(Customer.get_by_id(carol.id), kind="anonymise", word="ERASE", actor=root)
    acts = [
        line.act for line in JournalEntry.select().where(JournalEntry.act.contains("eras")).order_by(JournalEntry.id)
    ]
    assert acts == ["erasure-requested", "erasure-cancelled", "erasure-requested", "person-erased"]


def test_a_tag_that_keeps_stops_it_at_first_and_at_last(carol: Customer, ticket: Ticket, root: Agent) -> None:
    tag = Tag.create(name="Lawsuit", key="lawsuit", keeps=True)
    TicketTag.create(ticket=ticket, tag=tag)
    with pytest.raises(InvalidInput, match=f"{ticket.number}.*Lawsuit"):
        requests.request(carol, kind="delete", word="ERASE", actor=root)
    TicketTag.delete().execute()
    settings.save({"erasure_days": 0})
    requests.request(carol, kind="delete", word="ERASE", actor=root)
    TicketTag.create(ticket=ticket, tag=tag)
    assert carrying_out.run_due() == 0
    TicketTag.delete().execute()
    assert carrying_out.run_due() == 1


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_what_was_interrupted_goes_on(
    kind: str, sales: Service, ben: Agent, root: Agent, dan: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = planting.person()
    planting.plant(customer, sales, agent=ben, other=dan)
    settings.save({"erasure_days": 0})
    row = requests.request(customer, kind=kind, word="ERASE", actor=root, blanks_replies=True)
    step, steps = carrying_out._step, iter(range(1, 100))

    def killed(erasure_id: int) -> bool:
        went_on = step(erasure_id)
        # Each second transaction is the last one of its process.
        if next(steps) % 2:
            raise KeyboardInterrupt
        return went_on

    monkeypatch.setattr(carrying_out, "_step", killed)
    interruptions = 0
    while Erasure.get_by_id(row.id).state != "done":
        try:
            carrying_out.carry_out(row.id)
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions > 5
    carrying_out.vacuuming.run()
    assert planting.left() == {}
    assert erasure_log.read(environment.current().data_dir / erasure_log.NAME)[-1].number == row.id


def test_files_of_rows_that_went_before_a_crash_go_after_it(
    sales: Service, ben: Agent, root: Agent, dan: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = planting.person()
    planting.plant(customer, sales, agent=ben, other=dan)
    settings.save({"erasure_days": 0})
    requests.request(customer, kind="delete", word="ERASE", actor=root)
    with monkeypatch.context() as broken:
        broken.setattr(carrying_out.file_store, "discard", lambda _paths: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            carrying_out.run_due()
    assert carrying_out.run_due() == 1
    assert planting.left() == {}


def test_one_that_fails_holds_up_no_other_and_ends_once_it_can(
    carol: Customer, ticket: Ticket, dan: Customer, root: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    settings.save({"erasure_days": 0})
    # A folder stands where a file of hers should be: it cannot be deleted.
    path = file_store.location(attached.file(ticket, attached.PDF, "invoice.pdf").path)
    path.unlink()
    path.mkdir()
    first, second = (requests.request(one, kind="anonymise", word="ERASE", actor=root) for one in (carol, dan))
    assert carrying_out.run_due() == 1
    assert [Erasure.get_by_id(row.id).state for row in (first, second)] == ["working", "done"]
    assert f"The erasure no. {first.id} could not be carried out" in caplog.text
    path.rmdir()
    assert carrying_out.run_due() == 1
    assert Erasure.get_by_id(first.id).state == "done"


def test_who_writes_again_is_a_new_person(carol: Customer, ticket: Ticket, sales: Service, root: Agent) -> None:
    erase(carol, root)
    address = customers.find_or_make("carol@customer.example")
    assert address.customer_id != carol.id
    new = cast.open_ticket("carol@customer.example", sales)
    assert new.customer_id == address.customer_id
    assert not Ticket.select().where(Ticket.customer == carol.id, Ticket.id != ticket.id).exists()
    assert CustomerAddress.select().where(CustomerAddress.customer == carol.id).count() == 1


def test_the_name_of_a_namesake_and_of_a_word_stay(carol: Customer, ticket: Ticket, root: Agent, ana: Agent) -> None:
    other = cast.make_customer("Carol", "Jones", email="other@customer.example")
    theirs = cast.open_ticket(other, ticket.service, ticket.department)
    tickets.set_status(theirs, Ticket.get_by_id(theirs.id).status, actor=ana)
    erase(carol, root)
    assert Customer.get_by_id(other.id).full_name == "Carol Jones"
    assert Message.get(Message.ticket == theirs).author_name == "Carol Jones"


def test_the_log_names_nobody(carol: Customer, ticket: Ticket, root: Agent, data_dir: Path) -> None:
    row = erase(carol, root)
    path = data_dir / erasure_log.NAME
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text()
    assert "carol" not in text.lower()
    assert erasure_log.read(path)[-1].number == row.id
    path.write_text(text + '{"desk": "cut o')
    assert erasure_log.read(path)[-1].number == row.id


def test_what_was_scheduled_to_the_person_goes_with_its_files(ticket: Ticket, ana: Agent, root: Agent) -> None:
    file = uploads.keep(io.BytesIO(attached.png()), "a.png", form_key="form", owner="agent 1")
    row = send_later.schedule(ticket, NewReply("<p>Dear Carol</p>", files=[file]), clock.now() + WEEK, actor=ana)
    tickets.close(ticket, actor=root)
    assert ScheduledReply.get_by_id(row.id).stopped_why == "closed"
    erase(ticket.customer, root)
    assert not ScheduledReply.select().exists()
    assert not Upload.select().exists()
    assert not file_store.location(file.path).exists()


#: Tables with texts that name no customer: set-up, agents, hashes, states.
NAMELESS = {
    *("Setting", "Service", "Department", "OpeningHours", "ClosedDay", "Role", "Agent", "Permission", "Team", "Status"),
    *("Priority", "Tag", "CannedAct", "EmailText", "Filter", "BulkAction", "Departure", "DueOutcome", "FormerNumber"),
    *("SecondFactor", "Passkey", "RecoveryCode", "PendingSignIn", "Throttle", "SecurityCode", "TimetableRun", "Worker"),
    *("ApiKey", "Mailbox", "MailFolder", "RetentionBatch", "RetentionItem", "Relation"),
    *("OrganisationDomain", "IdentityProvider", "SuppressedAddress"),
}
#: Tables whose rows of a person are found by what they belong to, or go with it.
BY_OWNER = {
    *("Customer", "CustomerAddress", "Ticket", "TicketCc", "Message", "Attachment", "Upload", "Rating", "MailId"),
    *("AccessLink", "GuestPass", "SignIn", "UnconfirmedRequest", "Order", "OrderLine", "MailRecipient", "Erasure"),
    *("CustomerMerge", "CustomerKey", "PossibleDuplicate", "Identity", "PersonExport"),
    # What a mask hides is encrypted, and forgotten after an hour.
    "Mask",
}


def test_each_table_with_texts_is_dealt_with() -> None:
    texts = (CharField, TextField, JSONField)
    there = {row.__name__ for row in TABLES if any(isinstance(one, texts) for one in row._meta.sorted_fields)}
    walked = {walk.table.__name__ for walk in elsewhere.WALKS}
    assert there - walked - BY_OWNER - NAMELESS == set(), "say where erasing finds a person in it"


def test_where_two_are_needed_another_administrator_confirms_it(carol: Customer, ticket: Ticket, root: Agent) -> None:
    settings.save({"erasure_second": True, "erasure_days": 0})
    other, plain = cast.make_agent("Olga", is_admin=True), cast.make_agent("Pia")
    row = requests.request(carol, kind="delete", word="ERASE", actor=root)
    mails = OutgoingEmail.select().where(OutgoingEmail.kind == "erasure-to-confirm")
    assert [(mail.to_email, "Carol" in mail.body) for mail in mails] == [(other.email, False)]
    with time_machine.travel(clock.now() + timedelta(days=30)):
        assert carrying_out.run_due() == 0
        # Nor does it begin when the switch is taken back meanwhile.
        settings.save({"erasure_second": False})
        assert not carrying_out.carry_out(row.id)
        for agent in (root, plain):
            with pytest.raises(NotAllowed):
                requests.confirm(carol, actor=agent)
        requests.confirm(carol, actor=other)
        with pytest.raises(NotFound):
            requests.confirm(carol, actor=other)
        assert carrying_out.run_due() == 1
    row = Erasure.get_by_id(row.id)
    assert (row.state, row.actor_name, row.confirmed_by) == ("done", "Root", "Olga")
    assert "carol" not in str([line.subject for line in JournalEntry.select()]).lower()


def test_without_the_switch_one_is_enough(carol: Customer, root: Agent) -> None:
    requests.request(carol, kind="delete", word="ERASE", actor=root)
    with pytest.raises(NotFound):
        requests.confirm(carol, actor=cast.make_agent("Olga", is_admin=True))
