"""The history in words."""

from __future__ import annotations

import pytest

from helpdesk import events, tickets
from helpdesk.access import SYSTEM
from helpdesk.events import EventKind
from models import Status, TicketEvent

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_has_its_sentence(ticket, ana, kind):
    event = events.record(
        ticket, kind, actor=ana, old="a", new="b", to="c", tag="d", name="e", reason="f", email="g", agents=[]
    )
    assert "%(" not in events.describe(event)
    assert len(events.describe(event)) > 8


def test_a_sentence_says_who_and_what(ticket, ana):
    hold = Status.get(Status.identifier == "on hold")
    tickets.set_status(ticket, hold, actor=ana)
    event = ticket.events.order_by(TicketEvent.id.desc()).first()
    assert events.describe(event) == "Ana changed the status from Active to On Hold"


def test_the_program_is_called_the_desk(ticket):
    tickets.delete(ticket, actor=SYSTEM)
    assert events.describe(ticket.events.order_by(TicketEvent.id.desc()).first()).startswith("The desk moved")


def test_a_reason_follows_its_sentence(ticket, ana):
    event = events.record(ticket, EventKind.UNASSIGNED, actor=ana, why="team-disabled", name="Night")
    assert events.describe(event) == "Ana unassigned the ticket: the team Night was disabled"
