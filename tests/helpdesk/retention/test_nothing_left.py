"""The proof: after the periods are over, none of the words of a person stands anywhere, nor comes back by a restore."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from database import database
from helpdesk import clock
from helpdesk.erasing import carrying_out, erasure_log, vacuuming
from helpdesk.operations import backup, migrate, restore, upkeep
from models import (
    Agent,
    Customer,
    CustomerMerge,
    Filter,
    Identity,
    Message,
    Order,
    SavedView,
    SenderRule,
    Service,
    Ticket,
    UnconfirmedRequest,
)
from tests.helpdesk.erasing import planting
from tests.helpdesk.retention import aged
from tests.support.desks import Desks
from tests.support.fresh import fresh_database

pytestmark = pytest.mark.usefixtures("request_context", "no_files")


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


def plant_of_old(sales: Service, ben: Agent, dan: Customer) -> Ticket:
    """Let a person leave a trace everywhere, three years ago; drafts were sent since."""
    customer = planting.person()
    ticket = planting.plant(customer, sales, agent=ben, other=dan)
    for one in Ticket.select().where(Ticket.customer.in_([customer.id, dan.id])):
        aged.close(one, days=1_100, actor=ben)
    for person in (customer, dan):
        aged.age(person, days=1_200)
    Order.update(placed_at=clock.now() - timedelta(days=1_100)).execute()
    CustomerMerge.update(merged_at=clock.now() - timedelta(days=1_100)).execute()
    Identity.update(linked_at=clock.now() - timedelta(days=1_100)).execute()
    database.execute_sql("DELETE FROM draft")
    database.execute_sql("DELETE FROM merge")
    return ticket


def forget(root: Agent, kind: str) -> None:
    """Let the periods of tickets, then those of customers, be over."""
    aged.rule(root, **{f"{kind}_months": 24}, blanks_replies=True, customer_months=25)
    aged.live_on(days=16)
    vacuuming.run()


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_nothing_is_left_anywhere(kind: str, sales: Service, ben: Agent, root: Agent, dan: Customer) -> None:
    ticket = plant_of_old(sales, ben, dan)
    forget(root, kind)
    assert planting.left() == {}
    assert Ticket.select().where(Ticket.id == ticket.id).exists() == (kind == "anonymise")


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_of_the_ticket_alone_nothing_is_left_while_its_customer_stays(
    kind: str, sales: Service, ben: Agent, root: Agent, dan: Customer
) -> None:
    """The customer still writes: what belongs to the old ticket goes, their name and address stay."""
    plant_of_old(sales, ben, dan)
    for table in (SavedView, Filter, SenderRule, UnconfirmedRequest):
        table.delete().execute()
    aged.rule(root, **{f"{kind}_months": 24}, blanks_replies=True)
    aged.carry_out()
    gone = {
        *("subject", "former subject", "body", "note", "file name", "file content", "comment", "raw mail", "outbox"),
        *("journal", "search", "draft", "quotation", "reply"),
    }
    left = {place: words & gone for place, words in planting.left().items() if words & gone}
    # A held mail, and one of somebody else, belong to no ticket and have periods of their own.
    assert {word for words in left.values() for word in words} <= {"raw mail"}


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_an_older_backup_forgets_it_again(
    kind: str, sales: Service, ben: Agent, root: Agent, dan: Customer, data_dir: Path, engine: str, desks: Desks,
    tmp_path: Path,
) -> None:  # fmt: skip
    ticket = plant_of_old(sales, ben, dan)
    archive = tmp_path / "away" / "desk.zip"
    archive.parent.mkdir()
    backup.backup(archive)
    forget(root, kind)
    shutil.copy(data_dir / erasure_log.NAME, archive.parent / erasure_log.NAME)
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(archive)
        migrate.migrate(database)
        assert planting.left() == {}
        assert Ticket.select().where(Ticket.id == ticket.id).exists() == (kind == "anonymise")
        assert not Message.select().where(Message.body.contains(planting.MARKERS["body"])).exists()


def test_the_night_does_it(sales: Service, ben: Agent, root: Agent, dan: Customer) -> None:
    """As the timetable does: the steps of upkeep, night by night, and what is due each minute."""
    plant_of_old(sales, ben, dan)
    aged.rule(root, delete_months=24, customer_months=25)
    begun = clock.now()
    for night in range(23):
        with aged.at(begun + timedelta(days=night)):
            upkeep.STEPS["what its period ends"]()
            upkeep.by_age(carrying_out.run_due)()
    assert not Ticket.select().exists()
    assert not Customer.select().where(Customer.erased_at.is_null()).exists()
