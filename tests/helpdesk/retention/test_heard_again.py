"""Nobody and nothing goes that came back, was heard of, or went before: the night, the minutes after it, a restore."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from database import Label
from helpdesk import clock, tickets
from helpdesk.erasing import carrying_out, erasure_log
from helpdesk.people import sign_ins
from helpdesk.retention import batches, due, last_heard, restored_tickets, wording
from helpdesk.tickets import spam_and_bin
from models import (
    RESPONSIBLE,
    Agent,
    Attachment,
    Customer,
    Erasure,
    Identity,
    IdentityProvider,
    RetentionBatch,
    RetentionItem,
    Service,
    Ticket,
    TicketEvent,
)
from tests.helpdesk.retention import aged
from tests.support import attached, cast

pytestmark = pytest.mark.usefixtures("request_context", "no_files")


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests: the numbers of their desks begin again."""
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


@pytest.fixture
def old(carol: Customer, sales: Service, root: Agent) -> Ticket:
    """A ticket that was closed 400 days ago, of a customer who was new long before."""
    aged.age(carol, days=3_000)
    return aged.close(cast.open_ticket(carol, sales), days=400, actor=root)


@pytest.mark.parametrize("act", ["delete", "anonymise"])
def test_the_period_of_a_customer_counts_from_their_last_ticket_also_when_it_is_gone(
    act: str, old: Ticket, carol: Customer, root: Agent
) -> None:
    heard = old.last_activity
    aged.rule(root, **{f"{act}_months": 12}, customer_months=36)
    assert aged.carry_out().state == "done"
    assert not due.is_due_customer(carol.id)
    # The month alone is known: the moment would say which anonymised ticket was theirs.
    item = RetentionItem.get()
    assert (item.act, item.target, item.since.day, item.since.hour) == (last_heard.ACT, carol.id, 1, 0)
    assert heard < item.since <= heard + timedelta(days=31)
    with aged.at(heard + timedelta(days=37 * 31)):
        assert [one.target for one in due.collect(10)] == [carol.id]
        aged.carry_out()
    assert not Customer.select().where(Customer.id == carol.id).exists()
    assert not RetentionItem.select().exists()


def test_cancelling_a_batch_forgets_nobody(old: Ticket, carol: Customer, dan: Customer, root: Agent) -> None:
    aged.rule(root, delete_months=12, customer_months=36)
    batch = aged.carry_out()
    RetentionBatch.update(state="working").where(RetentionBatch.id == batch.id).execute()
    batches.cancel(batch.id, actor=root)
    assert RetentionItem.get().target == carol.id


def test_whom_an_organisation_or_a_provider_needs_stays(carol: Customer, dan: Customer, root: Agent) -> None:
    copied, linked, nobody = (cast.make_customer(name, email=f"{name}@x.example") for name in ("cop", "lin", "nob"))
    for one in (carol, dan, copied, linked, nobody):
        aged.age(one, days=3_000)
    Customer.update(organisation_role=RESPONSIBLE).where(Customer.id << [carol.id, dan.id]).execute()
    Customer.update(organisation_copies=True).where(Customer.id == copied.id).execute()
    provider = IdentityProvider.create(label=Label(en="Town"), issuer="https://id.example", client_id="x")
    Identity.create(
        provider=provider, sub="1", customer=linked, linked_at=clock.now() - timedelta(days=2_000),
        last_used_at=clock.now() - timedelta(days=60),
    )  # fmt: skip
    aged.rule(root, customer_months=12)
    assert [one.target for one in due.collect(10)] == [nobody.id]


@pytest.mark.parametrize("comes_back", [True, False])
def test_who_opens_a_ticket_before_their_turn_stays(
    comes_back: bool, carol: Customer, sales: Service, root: Agent
) -> None:
    aged.age(carol, days=3_000)
    aged.rule(root, customer_months=12)
    assert batches.announce() is not None
    with aged.week_later():
        batches.run()
        if comes_back:
            cast.open_ticket(carol, sales)
        carrying_out.run_due()
    assert Erasure.get().state == ("cancelled" if comes_back else "done")
    assert Ticket.select().exists() == Customer.select().where(Customer.id == carol.id).exists() == comes_back


def test_what_fails_is_named_in_no_log_and_holds_up_none_of_those_with_it(
    old: Ticket, carol: Customer, sales: Service, root: Agent, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = aged.close(cast.open_ticket(carol, sales), days=500, actor=root)
    aged.rule(root, delete_months=12)
    really = spam_and_bin.purge

    def failing(ids: list[int]) -> list[str]:
        if old.id in ids:
            raise RuntimeError
        return really(ids)

    monkeypatch.setattr(spam_and_bin, "purge", failing)
    assert aged.carry_out().state == "working"
    assert [row.id for row in Ticket.select()] == [old.id]
    named = [key for entry in erasure_log.read_tickets(data_dir / erasure_log.NAME) for key, _opened in entry.tickets]
    assert named == [other.id]


def restored(data_dir: Path) -> int:
    """Do again what the log says, as a restore does."""
    return restored_tickets.obey(erasure_log.read_tickets(data_dir / erasure_log.NAME))


def test_a_backup_of_afterwards_keeps_what_came_since(
    old: Ticket, dan: Customer, sales: Service, root: Agent, data_dir: Path
) -> None:
    """Files, and a customer, that a ticket got after its period had taken the former ones."""
    with_files = aged.close(cast.open_ticket(dan, sales), days=200, actor=root)
    attached.file(with_files, attached.PDF, "old.pdf")
    aged.rule(root, anonymise_months=12, files_months=6)
    assert aged.carry_out().done == {"anonymise": 1, "files": 1}
    attached.file(with_files, attached.PDF, "new.pdf")
    tickets.change_customer(Ticket.get_by_id(old.id), dan.primary_address.email, actor=root, seen=9**9)
    Ticket.update(subject="Of Dan").where(Ticket.id == old.id).execute()
    assert restored(data_dir) == 0
    assert Attachment.get().name == "new.pdf"
    assert Ticket.get_by_id(old.id).subject == "Of Dan"
    # A backup of before knows of neither.
    TicketEvent.delete().where(TicketEvent.kind << ["anonymised", "files-deleted"]).execute()
    assert restored(data_dir) == 2
    assert not Attachment.select().exists()
    assert Ticket.get_by_id(old.id).is_anonymised


def test_a_batch_that_was_at_work_waits_anew_after_a_restore(old: Ticket, root: Agent) -> None:
    aged.rule(root, delete_months=12)
    batch = batches.announce()
    assert batch is not None
    RetentionBatch.update(state="working", due_at=clock.now() - timedelta(days=1)).execute()
    restored_tickets.obey([])
    assert RetentionBatch.get().due_at > clock.now() + timedelta(days=6)


def test_visitors_read_the_period_of_a_service_that_is_off_and_has_tickets(
    ticket: Ticket, sales: Service, root: Agent
) -> None:
    empty = cast.make_service("Planned")
    aged.rule(root, delete_months=12)
    for service in (ticket.service, empty):
        aged.rule(root, service=service, delete_months=24)
        service.enabled = False
        service.save()
    titles = [section.title for section in wording.public_sections()]
    assert str(ticket.service) in titles
    assert "Planned" not in titles


def test_many_persons_at_once_let_other_jobs_have_their_turn(
    carol: Customer, dan: Customer, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer in (carol, dan):
        aged.age(customer, days=3_000)
    aged.rule(root, customer_months=12)
    batches.announce()
    monkeypatch.setattr(carrying_out, "LONGEST_RUN", -1.0)
    with aged.week_later():
        batches.run()
        assert [carrying_out.run_due() for _minute in range(3)] == [1, 1, 0]


def test_who_signed_in_was_heard_of_also_once_that_is_over(root: Agent, carol: Customer) -> None:
    aged.age(carol, days=3_000)
    aged.rule(root, customer_months=36)
    assert due.is_due_customer(carol.id)
    sign_ins.end_all_sign_ins(carol)
    sign_ins.start_sign_in(carol)
    sign_ins.end_all_sign_ins(carol)
    assert not due.is_due_customer(carol.id)
    Customer.update(signed_in_at=clock.now() - timedelta(days=2_000)).where(Customer.id == carol.id).execute()
    assert due.is_due_customer(carol.id)
