"""A customer takes from their account what the desk keeps of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk import links
from helpdesk.privacy import person_archive, person_exports
from models import Agent, Customer, Ticket
from tests.support import doors

Clients = Callable[[Agent | Customer], FlaskClient]
PATH = "/account/data"


def test_it_is_downloaded_from_the_account(client_of: Clients, ticket: Ticket, carol: Customer, dan: Customer) -> None:
    client = client_of(carol)
    assert f'action="{PATH}"' in client.get("/account").text
    answer = doors.post(client, PATH)
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=personal-data-")
    assert "private" in answer.headers["Cache-Control"]
    names = zipfile.ZipFile(io.BytesIO(answer.get_data())).namelist()
    assert f"tickets/{ticket.number}.html" in names
    other = zipfile.ZipFile(io.BytesIO(doors.post(client_of(dan), PATH).get_data()))
    assert not [name for name in other.namelist() if name.startswith("tickets/")]


def test_it_is_not_taken_without_end(client_of: Clients, carol: Customer) -> None:
    client = client_of(carol)
    for _time in range(person_archive.PER_DAY):
        assert doors.post(client, PATH).status_code == 200
    answer = doors.post(client, PATH, follow_redirects=True)
    assert answer.status_code == 200
    assert "is-error" in answer.text


def test_a_large_one_is_written_first_and_fetched_from_the_account(
    client_of: Clients, app: Any, ticket: Ticket, carol: Customer, monkeypatch: pytest.MonkeyPatch, no_files: None
) -> None:
    monkeypatch.setattr(person_exports, "TICKETS", 0)
    client = client_of(carol)
    assert "The file is being written." in doors.text_of(doors.post(client, PATH, follow_redirects=True))
    assert client.get(f"{PATH}/file").status_code == 404
    with app.app_context():
        person_exports.run()
    assert "Fetch the file" in doors.text_of(client.get("/account"))
    answer = client.get(f"{PATH}/file")
    assert f"tickets/{ticket.number}.html" in zipfile.ZipFile(io.BytesIO(answer.get_data())).namelist()
    assert "private" in answer.headers["Cache-Control"]
    answer.close()
    assert app.test_client().get(f"{PATH}/file").status_code == 303


def test_strangers_and_guests_are_asked_to_sign_in(app: Any, ticket: Ticket, client_of: Clients, root: Agent) -> None:
    guest = app.test_client()
    doors.post(guest, f"/t/{links.make('ticket', address=ticket.address, ticket=ticket)}")
    for client in (guest, app.test_client(), client_of(root)):
        answer = doors.post(client, PATH)
        assert (answer.status_code, answer.location) == (303, "/sign-in?next=/account")
    assert client_of(root).get(PATH).status_code == 405
