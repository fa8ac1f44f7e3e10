"""What is due is announced, waits a week, can be cancelled, and goes once; what somebody still needs never does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from database import Label
from helpdesk import clock, send_later, tickets
from helpdesk.erasing import carrying_out, erasure_log
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.files import file_store
from helpdesk.incoming import raw_mail
from helpdesk.operations import clock_guard, upkeep
from helpdesk.reports import period_report
from helpdesk.retention import acting, batches, bounds, due, last_heard, wording
from helpdesk.send_later import NewReply
from helpdesk.settings import run_state
from helpdesk.tickets import cc, drafts
from models import (
    Agent,
    Attachment,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Department,
    Erasure,
    IncomingMail,
    Mailbox,
    Message,
    OutgoingEmail,
    RetentionBatch,
    RetentionItem,
    Service,
    Tag,
    Ticket,
    TicketEvent,
    TicketTag,
)
from tests.helpdesk.retention import aged
from tests.support import attached, cast

pytestmark = pytest.mark.usefixtures("request_context", "no_files")


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests: the numbers of their desks begin again."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


def many(customer: Customer, service: Service, actor: Agent, *days: int) -> list[Ticket]:
    """Open and close tickets so many days ago."""
    return [
        aged.close(cast.open_ticket(customer, service, subject=f"No. {place}"), days=one, actor=actor)
        for place, one in enumerate(days)
    ]


def test_nothing_goes_by_itself_until_somebody_says_so(ticket: Ticket, root: Agent) -> None:
    aged.close(ticket, days=9_000, actor=root)
    batches.run()
    assert not RetentionBatch.select().exists()


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"anonymise": 3}, "3 tickets will be anonymised on "),
        ({"anonymise": 3, "spam": 1}, "4 tickets will be erased on "),
        ({"delete": 1}, "1 ticket will be erased on "),
    ],
)
def test_what_keeps_its_figures_is_not_called_erased(
    app: object, request_context: None, counts: dict[str, int], words: str
) -> None:
    assert wording.headline(counts, date(2026, 12, 7)).startswith(words)


def test_it_is_announced_to_administrators_waits_a_week_and_goes_once(
    carol: Customer, sales: Service, root: Agent, ana: Agent
) -> None:
    old, older, young = many(carol, sales, root, 800, 900, 300)
    aged.rule(root, delete_months=24)
    OutgoingEmail.delete().execute()
    batches.run()
    batch = RetentionBatch.get()
    assert (batch.state, batch.planned, batch.due_at - batch.announced_at) == (
        "announced", {"delete": 2}, timedelta(days=7)
    )  # fmt: skip
    mail = OutgoingEmail.get()
    assert (OutgoingEmail.select().count(), mail.to_email, mail.kind) == (1, root.email, "retention-announced")
    assert mail.subject.startswith("2 tickets will be erased on ")
    assert "2 closed tickets are deleted." in mail.body
    # Neither is it announced again, nor does it go before its day.
    with aged.at(clock.now() + timedelta(days=6, hours=23)):
        batches.run()
    assert (RetentionBatch.select().count(), Ticket.select().count()) == (1, 3)
    with aged.week_later():
        batches.run()
        batches.run()
    batch = RetentionBatch.get_by_id(batch.id)
    assert (batch.state, batch.done) == ("done", {"delete": 2})
    assert [row.id for row in Ticket.select()] == [young.id]
    [line] = aged.lines("retention-done")
    assert (line.agent_id, line.data["delete_count"]) == (None, 2)
    assert {row.subject for row in aged.lines("purged")} == {older.number, old.number}


def test_the_next_batch_comes_a_week_later_and_tells_again(carol: Customer, sales: Service, root: Agent) -> None:
    first, second = many(carol, sales, root, 800, 728)
    aged.rule(root, delete_months=24)
    assert batches.announce() is not None
    with aged.week_later():
        batches.run()
        assert [row.state for row in RetentionBatch.select().order_by(RetentionBatch.id)] == ["done", "announced"]
        going = RetentionItem.select().where(RetentionItem.act != last_heard.ACT)
        assert [row.target for row in going] == [second.id]
    assert not Ticket.select().where(Ticket.id == first.id).exists()
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "retention-announced").count() == 2


def test_an_administrator_cancels_it_and_it_is_not_announced_again_at_once(
    carol: Customer, sales: Service, root: Agent, ana: Agent
) -> None:
    many(carol, sales, root, 800)
    aged.rule(root, delete_months=24)
    batch = batches.announce()
    assert batch is not None
    with pytest.raises(NotAllowed):
        batches.cancel(batch.id, actor=ana)
    batches.cancel(batch.id, actor=root)
    assert batches.announce() is None
    with aged.at(clock.now() + timedelta(days=6)):
        batches.run()
    assert Ticket.select().count() == 1
    assert RetentionBatch.get_by_id(batch.id).cancelled_by == "Root"
    with pytest.raises(NotFound):
        batches.cancel(batch.id, actor=root)
    assert [line.actor_name for line in aged.lines("retention-cancelled")] == ["Root"]


def test_anonymised_it_stays_for_the_figures_without_its_customer(
    carol: Customer, dan: Customer, sales: Service, root: Agent, ben: Agent
) -> None:
    ticket = cast.open_ticket(carol, sales, subject="About my divorce")
    attached.file(ticket, attached.PDF, "divorce.pdf")
    cc.add_cc(ticket, [dan.primary_address.email], actor=ben)
    tickets.receive_message(ticket, "Dan reads along.", actor=dan)
    tickets.reply(ticket, "<p>Dear Carol</p>", actor=ben)
    ticket = aged.close(ticket, days=400, actor=root)
    living = cast.open_ticket(carol, sales, subject="Of today")
    year = period_report.year(ticket.closed_at.year, clock.now().date(), period_report.desk_zone())
    before = period_report.measure(root, year).whole
    aged.rule(root, anonymise_months=12)
    batch = aged.carry_out()
    assert (batch.state, batch.done) == ("done", {"anonymise": 1})
    after = Ticket.get_by_id(ticket.id)
    assert (after.subject, after.is_anonymised, after.closed_at) == ("[[erased]]", True, ticket.closed_at)
    assert (after.customer.display_name, after.last_activity) == ("[[erased:0]]", ticket.last_activity)
    written = Message.select().where(Message.ticket == ticket.id).order_by(Message.id)
    assert [(row.author_name, row.body) for row in written] == [
        ("[[erased:0]]", "<p>[[erased]]</p>"), ("Dan Brown", "<p>Dan reads along.</p>"),
        ("Ben", "<p>Dear Carol</p>"),
    ]  # fmt: skip
    assert not Attachment.select().exists()
    # The figures of months gone by are what they were.
    figures = period_report.measure(root, year).whole
    assert (figures.opened, figures.closed, figures.responded) == (before.opened, before.closed, before.responded)
    # Her other ticket, and she herself, are untouched.
    assert Ticket.get_by_id(living.id).customer_id == carol.id
    assert Ticket.get_by_id(living.id).subject == "Of today"
    assert TicketEvent.select().where(TicketEvent.ticket == ticket.id, TicketEvent.kind == "anonymised").count() == 1
    assert not TicketEvent.select().where(TicketEvent.ticket == ticket.id, TicketEvent.customer == carol.id).exists()
    # Done once, it is due no more.
    assert due.totals() == []


def test_what_the_team_wrote_is_blanked_where_that_is_ticked(
    carol: Customer, sales: Service, root: Agent, ben: Agent
) -> None:
    ticket = cast.open_ticket(carol, sales)
    tickets.reply(ticket, "<p>Dear Carol</p>", actor=ben)
    aged.close(ticket, days=400, actor=root)
    aged.rule(root, anonymise_months=12, blanks_replies=True)
    aged.carry_out()
    assert {row.body for row in Message.select()} == {"<p>[[erased]]</p>"}


def test_it_is_anonymised_first_and_deleted_later(carol: Customer, sales: Service, root: Agent) -> None:
    ticket = many(carol, sales, root, 400)[0]
    aged.rule(root, anonymise_months=12, delete_months=36)
    aged.carry_out()
    assert Ticket.get_by_id(ticket.id).is_anonymised
    with aged.at(clock.now() + timedelta(days=800)):
        aged.carry_out()
    assert not Ticket.select().exists()


def test_files_go_before_their_ticket_with_the_originals_that_brought_them(
    carol: Customer, sales: Service, root: Agent
) -> None:
    ticket = cast.open_ticket(carol, sales)
    file = attached.file(ticket, attached.PDF, "invoice.pdf")
    path, digest = raw_mail.keep(b"From: carol@customer.example\r\n\r\nhere it is")
    IncomingMail.create(
        mailbox=Mailbox.create(name="Support", address="support@desk.example", service=sales), sha256=digest, size=1,
        path=path, received_at=clock.now(), ticket=ticket, state="new", explanation={},
    )  # fmt: skip
    other = cast.open_ticket(carol, sales)
    for one in (ticket, other):
        aged.close(one, days=200, actor=root)
    aged.rule(root, files_months=6)
    batch = aged.carry_out()
    assert (batch.planned, batch.done) == ({"files": 1}, {"files": 1})
    assert not Attachment.select().exists()
    assert IncomingMail.get().path is None
    assert [one for one in (file.path, path) if where(one).exists()] == []
    assert Ticket.get_by_id(ticket.id).customer_id == carol.id
    event = TicketEvent.get(TicketEvent.kind == "files-deleted")
    assert (event.ticket_id, event.data["name"]) == (ticket.id, "1")
    assert due.totals() == []


def where(path: str) -> Path:
    """Return where a file of the data folder lies."""
    return file_store.location(path)


def test_what_somebody_still_needs_never_is_due(
    carol: Customer, sales: Service, root: Agent, ben: Agent, dan: Customer
) -> None:
    aged.rule(root, delete_months=1)
    keeps = Tag.create(name="Lawsuit", key="lawsuit", keeps=True)
    kept, written, planned, undone, snoozed, binned, noted, gone = many(carol, sales, root, *[100] * 8)
    TicketTag.create(ticket=kept, tag=keeps)
    drafts.save(written, drafts.Writing("<p>I am just writing</p>"), actor=ben)
    send_later.schedule(planned, NewReply("<p>Later</p>"), clock.now() + timedelta(days=2), actor=ben)
    tickets.merge(cast.open_ticket(carol, sales), undone, actor=root)
    Ticket.update(is_snoozed=True, snoozed_until=clock.now()).where(Ticket.id == snoozed.id).execute()
    tickets.delete(binned, actor=root)
    tickets.add_note(noted, "<p>Still of use</p>", actor=ben)
    opened = cast.open_ticket(dan, sales)
    Ticket.update(last_activity=clock.now() - timedelta(days=999)).where(Ticket.id == opened.id).execute()
    for one in (planned, undone):
        # Old in all else: it is the reply, and the merge, that keep them.
        moment = clock.now() - timedelta(days=100)
        status = Ticket.get_by_id(gone.id).status_id
        columns = {"is_open": False, "status": status, "closed_at": moment, "last_activity": moment}
        Ticket.update(columns).where(Ticket.id == one.id).execute()
    assert [(total.act, total.number) for total in due.totals()] == [("delete", 1)]
    assert [one.target for one in due.collect(100)] == [gone.id]


def test_what_is_needed_again_until_its_day_stays(carol: Customer, sales: Service, root: Agent, ben: Agent) -> None:
    tagged, reopened, answered, moved, _gone = many(carol, sales, root, *[900] * 5)
    aged.rule(root, delete_months=24)
    archive = cast.make_service("Archive")
    aged.rule(root, service=archive, delete_months=600)
    batch = batches.announce()
    assert batch is not None
    assert batch.planned == {"delete": 5}
    TicketTag.create(ticket=tagged, tag=Tag.create(name="Lawsuit", key="lawsuit", keeps=True))
    tickets.reopen(reopened, actor=root)
    tickets.receive_message(answered, "One more question", actor=carol)
    Ticket.update(service=archive, department=None).where(Ticket.id == moved.id).execute()
    with aged.week_later():
        batches.run()
    assert {row.id for row in Ticket.select()} == {tagged.id, reopened.id, answered.id, moved.id}
    assert RetentionBatch.get_by_id(batch.id).done == {"delete": 1}


def test_a_rule_taken_back_until_the_day_saves_them(carol: Customer, sales: Service, root: Agent) -> None:
    many(carol, sales, root, 900)
    row = aged.rule(root, delete_months=24)
    batches.announce()
    row.delete_instance()
    with aged.week_later():
        batches.run()
    assert Ticket.select().count() == 1
    assert RetentionBatch.get().state == "done"


def test_each_place_has_its_own_period(
    carol: Customer, sales: Service, billing: Service, invoices: Department, root: Agent
) -> None:
    others = Department.create(service=billing, name=Label(en="Others"))
    in_sales, in_billing, in_invoices = (
        aged.close(cast.open_ticket(carol, service, department), days=200, actor=root)
        for service, department in ((sales, None), (billing, others), (billing, invoices))
    )
    aged.rule(root, delete_months=12)
    aged.rule(root, service=billing, delete_months=6)
    aged.rule(root, department=invoices, files_months=1)
    assert [one.target for one in due.collect(10)] == [in_billing.id]
    assert {in_sales.id, in_invoices.id} == {row.id for row in Ticket.select().where(Ticket.id != in_billing.id)}


def test_spam_goes_by_its_own_period(carol: Customer, dan: Customer, sales: Service, root: Agent) -> None:
    ticket, other = cast.open_ticket(carol, sales), cast.open_ticket(dan, sales)
    tickets.mark_spam(ticket, actor=root)
    moment = clock.now() - timedelta(days=60)
    Ticket.update(last_activity=moment).execute()
    aged.rule(root, spam_months=1)
    assert aged.carry_out().done == {"spam": 1}
    assert [row.id for row in Ticket.select()] == [other.id]


def test_customers_without_tickets_are_erased_as_persons_are(
    carol: Customer, dan: Customer, sales: Service, root: Agent
) -> None:
    """Whoever has a ticket, or was heard of since, stays; who goes stands in the register and in the log."""
    reading, writing, joined, young = (
        cast.make_customer(name, email=f"{name.lower()}@x.example") for name in ("Rita", "Will", "Jo", "Yan")
    )
    CustomerMerge.create(customer=joined, former_id=999, into_id=joined.id, merged_at=clock.now())
    for one in (carol, dan, reading, writing, joined):
        aged.age(one, days=500)
    ticket = cast.open_ticket(dan, sales)
    cc.add_cc(ticket, ["rita@x.example"], actor=root)
    tickets.receive_message(ticket, "I wrote lately", actor=reading)
    Message.create(
        ticket=ticket, kind="customer", customer=writing, author_name="Will", body="<p>x</p>", created_at=clock.now()
    )
    aged.rule(root, customer_months=12)
    assert [one.target for one in due.collect(10)] == [carol.id]
    batch = aged.carry_out()
    assert batch.done == {"customer": 1}
    row = Erasure.get()
    assert (row.state, row.kind, row.actor_name, row.customer_id) == ("done", "delete", "Retention", None)
    assert not CustomerAddress.select().where(CustomerAddress.email == "carol@customer.example").exists()
    assert {row.id for row in Customer.select()} == {dan.id, reading.id, writing.id, joined.id, young.id}


def test_no_more_than_so_many_go_in_a_night_the_oldest_first(
    carol: Customer, sales: Service, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (batches, bounds):
        monkeypatch.setattr(module, "MOST", 3)
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    rows = many(carol, sales, root, 901, 900, 905, 904, 903, 902, 906)
    aged.rule(root, delete_months=24)
    batch = batches.announce()
    assert batch is not None
    with aged.at(batch.due_at + timedelta(hours=1)):
        batches.run()
        # The job failed somewhere and runs again, an hour later in the same night.
        batches.run()
    assert {row.id for row in Ticket.select()} == {rows[place].id for place in (0, 1, 4, 5)}
    assert RetentionBatch.get_by_id(batch.id).state == "working"
    for night in (1, 2):
        with aged.at(batch.due_at + timedelta(days=night, hours=1)):
            batches.run()
    assert (Ticket.select().count(), RetentionBatch.get_by_id(batch.id).done) == (0, {"delete": 7})


def test_one_batch_holds_no_more_than_the_nights_of_a_week(
    carol: Customer, sales: Service, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bounds.LARGEST == 3_500
    monkeypatch.setattr(batches, "LARGEST", 2)
    rows = many(carol, sales, root, 901, 903, 902)
    aged.rule(root, delete_months=24)
    batches.announce()
    assert {row.target for row in RetentionItem.select()} == {rows[1].id, rows[2].id}


@pytest.mark.parametrize("act", ["delete", "anonymise"])
def test_what_was_interrupted_goes_on_once(
    act: str, carol: Customer, sales: Service, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    rows = many(carol, sales, root, 900, 901, 902)
    files = [attached.file(row, attached.PDF, "a.pdf").path for row in rows]
    aged.rule(root, **{f"{act}_months": 24})
    batch = batches.announce()
    assert batch is not None
    drop, ends = batches._drop_files, iter(range(100))

    def killed(batch_id: int) -> None:
        # Each second time the process ends before it has deleted the files.
        if next(ends) % 2:
            raise KeyboardInterrupt
        drop(batch_id)

    monkeypatch.setattr(batches, "_drop_files", killed)
    interruptions = 0
    with aged.week_later():
        while RetentionBatch.get_by_id(batch.id).state != "done":
            try:
                batches.run()
            except KeyboardInterrupt:
                interruptions += 1
    assert interruptions >= 2
    assert RetentionBatch.get_by_id(batch.id).done == {act: 3}
    monkeypatch.undo()
    batches._drop_files(batch.id)
    assert [path for path in files if where(path).exists()] == []


def test_one_that_fails_holds_up_no_other(
    carol: Customer, sales: Service, root: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    rows = many(carol, sales, root, 902, 901)
    aged.rule(root, delete_months=24)
    batch = batches.announce()
    assert batch is not None
    really = acting.act_on

    def failing(act: str, some: list[Ticket], **values: Any) -> list[str]:
        if rows[0].id in [ticket.id for ticket in some]:
            raise RuntimeError
        return really(act, some, **values)

    monkeypatch.setattr(acting, "act_on", failing)
    with aged.week_later():
        batches.run()
        assert [row.id for row in Ticket.select()] == [rows[0].id]
        assert "batch no." in caplog.text
        monkeypatch.setattr(acting, "act_on", really)
        batches.run()
    assert RetentionBatch.get_by_id(batch.id).state == "done"


def test_it_rests_while_the_clock_may_be_wrong(carol: Customer, sales: Service, root: Agent) -> None:
    """Neither is anything announced that only a wrong clock makes old, nor does anything go (RULES 42)."""
    many(carol, sales, root, 10)
    aged.rule(root, delete_months=24)
    night = upkeep.STEPS["what its period ends"]
    night()
    assert clock_guard.current() is not None
    with aged.at(clock.now() + timedelta(days=3_000)):
        night()
        assert not RetentionBatch.select().exists()
        assert not OutgoingEmail.select().where(OutgoingEmail.kind == "retention-announced").exists()
    # Nor in a restored copy that nobody has let go.
    many(carol, sales, root, 900)
    run_state.write(run_state.RESTORED_COPY, "2026-01-01")
    run_state.forget(clock_guard.KEY)
    night()
    assert not RetentionBatch.select().exists()


def test_the_log_names_nobody(carol: Customer, sales: Service, root: Agent, data_dir: Path) -> None:
    many(carol, sales, root, 900)
    aged.rule(root, anonymise_months=24)
    aged.carry_out()
    text = (data_dir / erasure_log.NAME).read_text()
    assert "carol" not in text.lower()
    [entry] = erasure_log.read_tickets(data_dir / erasure_log.NAME)
    assert (entry.act, len(entry.tickets)) == ("anonymise", 1)
    # Older programs pass over the line.
    assert erasure_log.read(data_dir / erasure_log.NAME) == []


def test_who_is_erased_takes_no_ticket_out_of_a_batch_twice(carol: Customer, sales: Service, root: Agent) -> None:
    """A person who is erased between announcement and day leaves tickets that are anonymised already."""
    many(carol, sales, root, 900)
    aged.rule(root, anonymise_months=24)
    batch = batches.announce()
    assert batch is not None
    Erasure.create(customer=carol, actor_name="Root", requested_at=clock.now(), due_at=clock.now())
    assert carrying_out.run_due() == 1
    with aged.week_later():
        batches.run()
    assert RetentionBatch.get_by_id(batch.id).done == {"anonymise": 0}
    assert Ticket.get().customer_id == carol.id
