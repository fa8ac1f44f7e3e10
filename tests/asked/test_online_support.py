"""Document A, an online support: what crosses several screens."""

from __future__ import annotations

import re

import pytest

from models import Ticket
from tests.asked import DESK, VERA, act, later, mailed, read
from tests.public.filling import fill, send
from tests.support import cast, doors

# --- Services, agents, permissions --------------------------------------------------------------------------------


def test_an_added_service_is_offered_to_visitors(client, client_of, root, sales):
    doors.post(client_of(root), "/admin/services/new/", {"name-en": "Workshop", "enabled": "y"})
    page = client.get("/").text
    assert ">Workshop</option>" in page
    assert ">Sales</option>" in page


def test_who_is_added_to_support_meets_the_tickets_there(client_of, root, ben, ticket, billing):
    assert ticket.number not in read(client_of(ben), DESK)
    doors.post(client_of(root), f"/admin/users/add-to-support/?id={ben.id}", {"place": str(billing.id)})
    assert ticket.number in read(client_of(ben), DESK)


def test_a_signature_ends_the_replies_of_its_place_alone(client_of, root, ben, sales, ticket, carol):
    place = f"{ticket.service_id}/{ticket.department_id}"
    data = {"place": place, "signature": "<b>Ben of Invoices</b>"}
    doors.post(client_of(root), f"/admin/users/add-to-support/?id={ben.id}", data)
    elsewhere = cast.open_ticket(carol, sales)
    for found in (ticket, elsewhere):
        act(client_of(ben), found, "reply", body="It is right.")
    with later():
        assert "It is right. Ben of Invoices" in read(client_of(carol), f"/tickets/{ticket.number}")
        assert "Ben of Invoices" not in read(client_of(carol), f"/tickets/{elsewhere.number}")


@pytest.mark.parametrize("notify", [True, False])
def test_who_asks_for_it_is_mailed_of_each_new_ticket(client, client_of, ana, smtp, invoices, notify):
    row = ana.permissions.get()
    ticked = {"notify": "y"} if notify else {}
    doors.post(client_of(ana), f"/admin/my-settings/edit/?id={row.id}", {"signature": "", **ticked})
    send(client, fill(client, unit=f"d{invoices.id}"))
    assert len(mailed(smtp, ana.email)) == int(notify)


def test_a_canned_response_written_on_its_screen_is_offered_in_a_ticket(client_of, root, ana, ticket, sales):
    for name, service in (("Hours", ticket.service_id), ("Everywhere", ""), ("Offers", sales.id)):
        data = {"service": service, "name-en": name, "body-en": "We open at nine."}
        doors.post(client_of(root), "/admin/canned-responses/new/", data)
    page = read(client_of(ana), f"{DESK}{ticket.number}")
    assert ["Hours" in page, "Everywhere" in page, "Offers" in page] == [True, True, False]


@pytest.mark.parametrize("change", ["can_set_status", "can_set_priority", "can_tag"])
def test_a_role_decides_what_one_may_set(client_of, ticket, billing, change):
    role = cast.make_role("Reader", **{change: False})
    client = client_of(cast.make_agent("Rea", billing, role=role))
    field = {"can_set_status": "status", "can_set_priority": "priority", "can_tag": "tags"}
    page = client.get(f"{DESK}{ticket.number}").text
    assert {name for name in field.values() if f'id="{name}" name="{name}"' in page} == {*field.values()} - {
        field[change]
    }


# --- The desk -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "words"), [("subject", "certificate"), ("content", "windmill"), ("author", "carol jones")]
)
def test_a_search_looks_at_subject_content_or_author(client_of, ana, carol, billing, invoices, scope, words):
    ticket = cast.open_ticket(carol, billing, invoices, subject="A certificate", body="It shows a windmill.")
    client = client_of(ana)
    for looked_at in ("subject", "content", "author", "everywhere"):
        page = client.get(DESK, query_string={"view": "search", "scope": looked_at, "q": words}).text
        assert (ticket.number in page) is (looked_at in (scope, "everywhere")), looked_at


def test_a_subject_leads_to_who_wrote_and_what(client_of, ana, ticket):
    client = client_of(ana)
    link = re.search(r'<a class="subject" href="([^"]*)"', client.get(DESK).text).group(1)
    page = read(client, link)
    for words in (ticket.subject, "Carol Jones", "The total looks wrong to me.", "Reply"):
        assert words in page


def test_my_tickets_are_those_one_has_taken(client_of, ana, ticket, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    client = client_of(ana)
    act(client, ticket, "take")
    page = read(client, f"{DESK}?view=mine")
    assert (ticket.number in page, other.number in page) == (True, False)


def test_later_tickets_of_a_spammer_are_spam(client, client_of, ana, invoices):
    send(client, fill(client, unit=f"d{invoices.id}"))
    first, desk = Ticket.get(), client_of(ana)
    act(desk, first, "spam")
    answer = send(client, fill(client, unit=f"d{invoices.id}", subject="Again"))
    assert answer.location == "/tickets/sent"
    assert "Again" in read(desk, f"{DESK}?view=spam")
    assert "Again" not in read(desk, DESK)


def test_important_tickets_stand_first(client_of, ana, carol, billing, invoices):
    older, newer = (cast.open_ticket(carol, billing, invoices) for _each in range(2))
    client = client_of(ana)
    for important in (newer, older):
        act(client, important, "important")
        page = read(client, DESK)
        other = older if important is newer else newer
        assert page.index(important.number) < page.index(other.number)
        act(client, important, "not-important")


@pytest.mark.parametrize(("field", "value"), [("email", VERA), ("subject", "question"), ("content", "in March")])
def test_a_filter_acts_at_once_on_each_new_ticket(client, client_of, root, ana, invoices, field, value):
    rule = {
        "name": "Vera", "enabled": "y", "mode-was": "all", "mode": "all", "conditions-0-field": field,
        "conditions-0-operator": "contains", "conditions-0-value": value,
        "actions-0-action": "transfer", "actions-0-kind": "agent", "actions-0-argument": str(ana.id),
    }  # fmt: skip
    doors.post(client_of(root), "/admin/filters/new/", rule)
    send(client, fill(client, unit=f"d{invoices.id}"))
    send(client, fill(client, unit=f"d{invoices.id}", email="x@visitor.example", subject="Other", message="No word."))
    assert [ticket.assignee for ticket in Ticket.select().order_by(Ticket.id)] == [ana, None]


def test_a_filter_deletes_before_anybody_sees(client, client_of, root, invoices):
    rule = {
        "name": "Vera", "enabled": "y", "mode-was": "all", "mode": "all", "conditions-0-field": "subject",
        "conditions-0-operator": "contains", "conditions-0-value": "question", "actions-0-action": "delete",
    }  # fmt: skip
    doors.post(client_of(root), "/admin/filters/new/", rule)
    assert send(client, fill(client, unit=f"d{invoices.id}")).location == "/tickets/sent"
    assert Ticket.get().in_bin
    assert Ticket.get().number not in read(client_of(root), DESK)
