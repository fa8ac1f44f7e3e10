"""A restored copy rests: it mails nobody again until an administrator lets it go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

import helpdesk.wiring  # noqa: F401 — due times follow from events only once it is read
from helpdesk import clock, outbox, settings
from helpdesk.due_times import rules
from helpdesk.errors import NotAllowed
from helpdesk.operations import clock_guard, jobs, restored_copy
from helpdesk.settings import run_state
from models import Agent, Customer, Department, DueTime, OutgoingEmail, Service, Ticket
from tests.support import cast, doors
from tests.support.mailbox import Mailbox

HEALTH = "/admin/health/"


@pytest.fixture
def resting(ticket: Ticket, database: Any) -> Iterator[None]:
    """A copy with mail that waits."""
    run_state.write(run_state.RESTORED_COPY, {"made_at": "2026-03-01 12:00:00"})
    yield
    run_state.forget(run_state.RESTORED_COPY)


def owed() -> int:
    return OutgoingEmail.select().where(OutgoingEmail.state == "pending").count()


@pytest.mark.usefixtures("resting", "ana")
def test_a_resting_copy_mails_nobody_until_it_is_let_go(smtp: Mailbox, root: Agent, ben: Agent, app: Any) -> None:
    from_before = owed()
    assert from_before
    assert outbox.deliver_due() == 0
    assert smtp.messages == []
    waiting = restored_copy.current()
    assert waiting is not None
    assert waiting.mails == from_before
    with pytest.raises(NotAllowed):
        restored_copy.let_go(actor=ben)
    restored_copy.let_go(actor=root)
    assert restored_copy.current() is None
    assert outbox.deliver_due() == from_before


@pytest.mark.usefixtures("request_context", "resting", "ana")
def test_a_resting_copy_keeps_what_is_old_and_heaps_up_no_mail(
    ticket: Ticket, root: Agent, carol: Customer, billing: Service, invoices: Department
) -> None:
    rules.save(DueTime(), {"first_reply": 300}, actor=root)
    binned = cast.open_ticket(carol, billing, invoices)
    Ticket.update(in_bin=True, binned_at=clock.now() - timedelta(days=40)).where(Ticket.id == binned.id).execute()
    settings.save({"due_alerts_at_night": True})
    before = owed()
    with time_machine.travel(clock.now() + timedelta(hours=6), tick=False) as moment:
        jobs.TIMETABLE.run()
        moment.shift(timedelta(days=1))
        jobs.TIMETABLE.run()
        assert (Ticket.select().count(), owed()) == (2, before)
        restored_copy.let_go(actor=root)
        moment.shift(timedelta(days=1))
        jobs.TIMETABLE.run()
    assert [row.id for row in Ticket.select()] == [ticket.id]
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "due-list").count() == 1


@pytest.mark.usefixtures("resting")
def test_the_page_of_health_says_it_and_lets_it_go(client_of: Callable[[Agent], FlaskClient], root: Agent) -> None:
    client = client_of(root)
    assert "This desk was restored from a backup and rests" in doors.text_of(client.get(HEALTH))
    doors.post(client, f"{HEALTH}let-go")
    assert "rests" not in doors.text_of(client.get(HEALTH))


def test_the_page_of_health_ends_the_rest_of_the_clock(
    client_of: Callable[[Agent], FlaskClient], root: Agent, data_dir: Path
) -> None:
    client = client_of(root)
    run_state.write(
        clock_guard.KEY, {"last": "2026-03-01T12:00:00", "since": "2026-03-01T12:00:00", "gap_seconds": 9e5}
    )
    assert "The clock is right" in doors.text_of(client.get(HEALTH))
    doors.post(client, f"{HEALTH}clock")
    assert "The clock is right" not in doors.text_of(client.get(HEALTH))
    assert clock_guard.may_delete()
