"""Who writes by the form with an address that is no longer kept reads a text at once; nothing is stored or mailed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk import settings
from helpdesk.erasing import erasure_log, suppression_list
from models import (
    Agent,
    Attachment,
    Customer,
    JournalEntry,
    OutgoingEmail,
    Service,
    SuppressedAddress,
    Ticket,
    UnconfirmedRequest,
    Upload,
)
from tests.helpdesk.erasing import planting
from tests.helpdesk.erasing.planting import MARKERS
from tests.public.filling import fill, send
from tests.support import attached, doors
from tests.support.mailbox import Mailbox

GONE = MARKERS["address"]
TEXT = "We cannot take a message with this e-mail address, and nothing of it was stored."


@pytest.fixture(autouse=True)
def gone(root: Agent, sales: Service, data_dir: Path, request_context: None) -> Iterator[SuppressedAddress]:
    """An address that is no longer kept; no log is left to other tests."""
    yield suppression_list.add(SuppressedAddress(), {"email": GONE}, actor=root)
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


def written(client: FlaskClient, **values: Any) -> dict[str, Any]:
    typed = {"email": GONE, "subject": MARKERS["subject"], "message": MARKERS["body"], "last_name": MARKERS["name"]}
    return fill(client, **{**typed, **values})


@pytest.mark.parametrize("unread", [{}, {"unread": "1", "code": ""}])
def test_the_text_is_read_at_once_and_nothing_is_stored(
    client: FlaskClient, smtp: Mailbox, unread: dict[str, str]
) -> None:
    answer = send(client, written(client, **unread))
    assert answer.status_code == 422
    assert TEXT in doors.text_of(answer)
    for word in ("address", "subject", "body", "name"):
        assert MARKERS[word] in answer.text
    for table in (Ticket, Customer, UnconfirmedRequest, OutgoingEmail):
        assert not table.select().exists()
    assert planting.left() == {}


def test_files_do_not_wait_with_it(client: FlaskClient, smtp: Mailbox) -> None:
    file = (io.BytesIO(attached.PDF), "a.pdf")
    assert TEXT in doors.text_of(send(client, written(client, files=file)))
    assert not Upload.select().exists()
    assert not Attachment.select().exists()


def test_without_the_right_code_nobody_learns_anything(client: FlaskClient, smtp: Mailbox) -> None:
    assert TEXT not in doors.text_of(send(client, written(client, code="wrong")))


def test_the_owner_words_it(client: FlaskClient, smtp: Mailbox) -> None:
    settings.save({"suppressed_notice": {"en": "Call us.", "fr": "Appelez-nous."}})
    assert "Call us." in doors.text_of(send(client, written(client)))


def test_it_cannot_be_in_copy(client: FlaskClient, smtp: Mailbox) -> None:
    for unread in ({}, {"unread": "1", "code": ""}):
        answer = send(client, fill(client, copies=GONE, **unread))
        assert f"{GONE} cannot be in copy of a ticket." in doors.text_of(answer)
    assert not Ticket.select().exists()


def test_neither_a_link_nor_a_refused_sign_in_keeps_it(client: FlaskClient, smtp: Mailbox) -> None:
    doors.post(client, "/sign-in", {"email": GONE, "password": "no matter which"})
    assert JournalEntry.select().order_by(JournalEntry.id.desc()).get().subject == "?"
    other = doors.post(client, "/sign-in", {"email": "nobody@p.example", "link": "1"})
    answer = doors.post(client, "/sign-in", {"email": GONE, "link": "1"})
    assert (answer.status_code, answer.location) == (other.status_code, other.location)
    assert not OutgoingEmail.select().exists()
    assert planting.left() == {}
