"""Merging two customers on the screen: looked for, asked side by side, done, undone; possible duplicates decided."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk.joining import merging
from helpdesk.joining.merging import Choices
from models import Agent, Customer, CustomerAddress, CustomerMerge, PossibleDuplicate, Ticket
from tests.support import cast, doors

Clients = Callable[[Agent | Customer], FlaskClient]


@pytest.fixture
def twin(billing: Any, invoices: Any) -> Customer:
    """Carol once more, with a ticket, by an address that nobody has proven."""
    person = cast.make_customer("Caroline", "Jones", email="caroline@home.example", locale="fr")
    cast.open_ticket(person, billing, invoices, subject="Where is my parcel?")
    CustomerAddress.update(proven_at=None).where(CustomerAddress.customer == person.id).execute()
    return person


def test_the_other_one_is_looked_for(client_of: Clients, root: Agent, carol: Customer, twin: Customer) -> None:
    client, path = client_of(root), f"/admin/customers/{carol.id}"
    assert f'href="{path}/merge"' in client.get(path).text
    for text in ("caroline", "Jones", "caroline@home.example"):
        page = client.get(f"{path}/merge", query_string={"q": text}).text
        assert f'href="{path}/merge/{twin.id}"' in page
        assert f'href="{path}/merge/{carol.id}"' not in page
    assert "Nobody was found by “nobody-at-all”." in doors.text_of(client.get(f"{path}/merge?q=nobody-at-all"))


def test_it_is_asked_side_by_side_and_then_done(
    client_of: Clients, root: Agent, carol: Customer, twin: Customer, ticket: Ticket
) -> None:
    client, path = client_of(root), f"/admin/customers/{carol.id}/merge/{twin.id}"
    answer = client.get(path)
    text = doors.text_of(answer)
    for words in (
        "Merge Caroline Jones into Carol Jones?", "Carol Jones Caroline Jones", "English French",
        "Who has carol@customer.example reads 1 more ticket.",
        "caroline@home.example is not proven: whoever proves it reads 1 more ticket.",
        "Tickets 1 1", "Signs in with a password Yes Yes",
    ):  # fmt: skip
        assert words in text
    main = twin.primary_address
    sent = {"names": "source", "locale": "source", "primary": main.id, "listed": main.id}
    refused = doors.post(client, path, sent)
    assert refused.status_code == 422
    assert "An address is not proven" in doors.text_of(refused)
    for value in ("source", str(main.id)):
        assert re.search(rf'<input(?=[^>]* checked)[^>]* value="{value}"', refused.text)
    done = doors.post(client, path, {**sent, "seen": "y"}, follow_redirects=True)
    assert "The two are one customer now." in doors.text_of(done)
    assert "Caroline Jones (caroline @home.example) is part of this customer." in doors.text_of(done)
    again = Customer.get_by_id(carol.id)
    assert (again.full_name, again.locale, again.primary_address) == ("Caroline Jones", "fr", main)
    assert Ticket.select().where(Ticket.customer == carol.id).count() == 2
    # The page of who became part leads there.
    answer = client.get(f"/admin/customers/{twin.id}")
    assert answer.location.endswith(f"/admin/customers/{carol.id}")
    assert client.get(path).status_code == 404


def test_it_is_undone_from_the_page(
    client_of: Clients, root: Agent, carol: Customer, twin: Customer, ticket: Ticket, billing: Any, invoices: Any
) -> None:
    seen = frozenset({twin.primary_address.id})
    merging.merge(twin, carol, Choices(seen=seen), actor=root)
    later = cast.open_ticket("caroline@home.example", billing, invoices, subject="And another parcel")
    client, path = client_of(root), f"/admin/customers/{carol.id}/merged/{twin.id}"
    assert f'href="{path}"' in client.get(f"/admin/customers/{carol.id}").text
    text = doors.text_of(client.get(path))
    for words in ("addresses: caroline@home.example, tickets: 2", "1 ticket, which goes along", later.subject):
        assert words in text
    answer = doors.post(client, path, follow_redirects=True)
    assert "They are two customers again." in doors.text_of(answer)
    assert answer.request.path == f"/admin/customers/{twin.id}"
    assert Ticket.get_by_id(later.id).customer == twin
    for gone in (path, f"/admin/customers/{carol.id}/merged/{2**63}"):
        assert client.get(gone).status_code == 404


def test_two_ticked_in_the_list_lead_to_the_question(
    client_of: Clients, root: Agent, carol: Customer, twin: Customer, dan: Customer
) -> None:
    client, path = client_of(root), "/admin/customers/action/"
    answer = doors.post(client, path, {"action": "merge", "rowid": [str(twin.id), str(carol.id)]})
    older, newer = sorted((carol.id, twin.id))
    assert answer.location.endswith(f"/admin/customers/{older}/merge/{newer}")
    for ids in ([carol.id], [carol.id, twin.id, dan.id], ["x", carol.id]):
        answer = doors.post(client, path, {"action": "merge", "rowid": list(map(str, ids))}, follow_redirects=True)
        assert "Tick two customers" in doors.text_of(answer)
    assert not CustomerMerge.select().exists()


def test_what_cannot_be_merged_is_said_on_the_page(client_of: Clients, root: Agent, carol: Customer) -> None:
    answer = client_of(root).get(f"/admin/customers/{carol.id}/merge/{carol.id}", follow_redirects=True)
    assert "This is the same customer. Choose another one." in doors.text_of(answer)


def test_possible_duplicates_are_listed_and_decided(client_of: Clients, root: Agent, carol: Customer) -> None:
    other = cast.make_customer("Carol", "Jones", email="cj@customer.example")
    client = client_of(root)
    assert "/admin/customers/duplicates/" in client.get("/admin/customers/").text
    page = client.get("/admin/customers/duplicates/")
    text = doors.text_of(page)
    for words in ("Carol Jones (carol @customer.example)", "Carol Jones (cj @customer.example)", "the same name and"):
        assert words in text
    assert f'href="/admin/customers/{carol.id}/merge/{other.id}"' in page.text
    own = client.get(f"/admin/customers/{other.id}")
    assert "has the same name and writes from the same domain" in doors.text_of(own)
    pair = PossibleDuplicate.get()
    answer = doors.post(client, f"/admin/customers/duplicates/{pair.id}", follow_redirects=True)
    assert "It is remembered that these are two people." in doors.text_of(answer)
    assert "No customer stands here twice" in doors.text_of(client.get("/admin/customers/duplicates/"))
    assert doors.post(client, f"/admin/customers/duplicates/{pair.id}").status_code == 404
