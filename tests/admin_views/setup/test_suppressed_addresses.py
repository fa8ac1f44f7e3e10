"""The list of addresses that are no longer kept: added, tried and taken off, and never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from helpdesk import settings
from helpdesk.erasing import carrying_out, erasure_log
from models import Agent, Customer, Service, SuppressedAddress
from tests.support import cast, doors

LIST = "/admin/suppressed-addresses"
GONE = "vera@visitor.example"


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


@pytest.fixture
def client(client_of: Callable[[Agent | Customer], FlaskClient], root: Agent) -> FlaskClient:
    """The browser of an administrator."""
    return client_of(root)


def say(client: FlaskClient, path: str, **values: str) -> str:
    return doors.text_of(doors.post(client, f"{LIST}{path}", values, follow_redirects=True))


def test_an_address_is_added_tried_and_taken_off_and_never_shown(client: FlaskClient) -> None:
    assert f"{GONE} is not on the list." in say(client, "/try", email=GONE)
    assert "“Address no. 1” was added." in say(client, "/new/", email=GONE)
    text = doors.text_of(client.get(f"{LIST}/"))
    assert "Root" in text
    assert "By hand" in text
    assert "vera" not in text
    assert "on the list already" in say(client, "/new/", email=GONE.upper())
    assert f"{GONE} is no longer kept since" in say(client, "/try", email=GONE)
    row = SuppressedAddress.get()
    assert "stored again, as from anybody new" in say(client, "/delete/", id=str(row.id))
    say(client, "/delete/", id=str(row.id), confirmed="1")
    assert not SuppressedAddress.select().exists()


def test_what_is_no_address_is_said_at_the_field(client: FlaskClient) -> None:
    answer = doors.post(client, f"{LIST}/try", {"email": "vera"})
    assert answer.status_code == 422
    assert "This is not an e-mail address." in doors.text_of(answer)


def test_an_agent_who_opens_a_ticket_for_it_is_told_why(client: FlaskClient, sales: Service) -> None:
    say(client, "/new/", email=GONE)
    form = {"place": f"{sales.id}/", "form_key": "once"}
    form |= {"email": GONE, "last_name": "V", "subject": "S", "message": "M", "source": "phone"}
    answer = doors.post(client, "/admin/tickets/new", form)
    assert answer.status_code == 422
    assert "This address is among those that are no longer kept" in doors.text_of(answer)


def test_a_tick_puts_the_addresses_of_an_erased_person_there(client: FlaskClient) -> None:
    settings.save({"erasure_days": 0})
    vera = cast.make_customer("Vera", email=GONE)
    page = f"/admin/customers/{vera.id}"
    assert "Keep nothing that they write later" in doors.text_of(client.get(f"{page}/erase"))
    doors.post(client, f"{page}/erase", {"kind": "delete", "word": "ERASE", "suppresses": "1"})
    assert "Nothing that comes from their addresses is kept any more then." in doors.text_of(client.get(page))
    with client.application.app_context():
        assert carrying_out.run_due() == 1
    assert "With an erasure" in doors.text_of(client.get(f"{LIST}/"))
