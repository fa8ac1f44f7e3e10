"""Links between tickets through their pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk import settings
from helpdesk.relations import relating
from helpdesk.settings import lookups
from models import KeptApart, Message, Relation, Ticket
from tests.support import cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


@pytest.fixture
def second(carol, billing, invoices):
    return cast.open_ticket(carol, billing, department=invoices, subject="Second")


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def test_a_ticket_is_linked_by_number_and_unlinked(client_of, ticket, second, ana):
    client, url = client_of(ana), f"{LIST}{ticket.number}/links"
    done = post(client, url, {"way": "blocked", "number": f"#{second.number}"})
    assert done.location == f"{LIST}{ticket.number}#links"
    page = text_of(client.get(done.location))
    assert f"Ticket {second.number} is linked." in page
    assert f"Blocked by {second.number}" in page
    assert f"Blocks {ticket.number}" in text_of(client.get(f"{LIST}{second.number}"))
    post(client, f"{url}/{Relation.get().id}/remove")
    assert Relation.select().count() == 0


@pytest.mark.parametrize(("number", "said"), [("", "Write the number"), ("99999", "There is no ticket 99999")])
def test_a_wrong_number_comes_back(client_of, ticket, ana, number, said):
    answer = post(client_of(ana), f"{LIST}{ticket.number}/links", {"way": "same", "number": number})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'value="{number}" list="link-numbers"' in answer.text


def test_closing_a_blocked_ticket_asks_first(client_of, ticket, second, ana):
    relating.relate(second, ticket, "blocks", actor=ana)
    client, url = client_of(ana), f"{LIST}{ticket.number}"
    asked = text_of(post(client, f"{url}/close"))
    assert f"blocked by ticket {second.number}" in asked
    assert again(ticket).is_open
    assert post(client, f"{url}/close", {"blocked": "1"}).status_code == 302
    assert not again(ticket).is_open


def test_sending_and_closing_asks_and_keeps_the_text(client_of, ticket, second, ana):
    relating.relate(second, ticket, "blocks", actor=ana)
    client, url = client_of(ana), f"{LIST}{ticket.number}/reply"
    held = post(client, url, {"body": "Done", "kind": "message", "close": "1"})
    assert held.status_code == 409
    assert f"blocked by ticket {second.number}" in text_of(held)
    assert ">Done</textarea>" in held.text
    assert 'name="even_blocked"' in held.text
    assert Message.select().where(Message.kind == "reply").count() == 0
    assert (
        post(client, url, {"body": "Done", "kind": "message", "way": "close", "even_blocked": "1"}).status_code == 302
    )
    assert not again(ticket).is_open


@pytest.mark.parametrize("answer", ["leave", "close"])
@pytest.mark.parametrize("act", ["close", "status"])
def test_closing_many_asks_about_the_blocked_ones(client_of, ticket, second, ana, answer, act):
    relating.relate(second, ticket, "blocks", actor=ana)
    third = cast.open_ticket(ticket.customer, ticket.service, department=ticket.department)
    client, url = client_of(ana), f"/admin/bulk/{act}"
    data = {"number": [ticket.number, third.number], "value": str(lookups.closed_status().id)}
    asked = text_of(post(client, url, data))
    assert "1 of these tickets is blocked" in asked
    assert again(third).is_open
    post(client, url, {**data, "blocked": answer})
    assert not again(third).is_open
    assert again(ticket).is_open == (answer == "leave")


def test_the_panel_says_why_it_does_not_close(client_of, ticket, second, ana):
    relating.relate(second, ticket, "blocks", actor=ana)
    closed = str(lookups.closed_status().id)
    answer = post(
        client_of(ana), f"{LIST}{ticket.number}/update", {"status": closed}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert second.number in answer.json["error"]


def test_all_linked_tickets_are_answered(client_of, ticket, second, dan, ana):
    settings.save({"undo_send_seconds": 10})
    third = cast.open_ticket(dan, ticket.service, department=ticket.department)
    for row in (second, third):
        relating.relate(ticket, row, "same", actor=ana)
    client, url = client_of(ana), f"{LIST}{ticket.number}/answer-linked"
    assert f'href="{url}"' in client.get(f"{LIST}{ticket.number}").text
    form = client.get(url).text
    assert form.count(" checked") == 2
    data = {
        "number": [second.number, third.number],
        "body": "Dear {{customer_firstname}}",
        "form_key": "k",
        "way": "send",
    }
    asked = text_of(post(client, url, data))
    assert "Answer 2 tickets?" in asked
    assert "Dear Carol" in asked
    done = post(client, url, {**data, "confirmed": "1"})
    page = client.get(done.location)
    assert "2 tickets have been answered." in text_of(page)
    assert Message.select().where(Message.kind == "reply").count() == 2
    undo = f"{url}/undo/k"
    assert f'action="{undo}"' in page.text
    assert "2 replies have been taken back." in text_of(client.get(post(client, undo).location))
    assert Message.select().where(Message.kind == "reply").count() == 0
    refused = post(client, url, {**data, "body": "{{nobody}}"})
    assert refused.status_code == 422
    assert "There is no variable" in text_of(refused)


def test_two_of_one_subject_are_proposed_to_be_merged_until_somebody_says_no(client_of, ticket, carol, ana):
    alike = cast.open_ticket(
        carol, ticket.service, department=ticket.department, subject="a QUESTION about  my invoice"
    )
    client, url = client_of(ana), f"{LIST}{ticket.number}"
    page = client.get(url)
    assert f"Merge with {alike.number}?" in text_of(page)
    merge = f"{url}/merge?into={alike.number}"
    assert f'href="{merge}"' in page.text
    assert f'value="{alike.number}" checked' in " ".join(client.get(merge).text.split())
    assert post(client, f"{url}/apart/{alike.number}").status_code == 302
    for number in (ticket.number, alike.number):
        assert "Merge with" not in text_of(client.get(f"{LIST}{number}"))
    KeptApart.delete().execute()
    Ticket.update(created_at=ticket.created_at - timedelta(days=8)).where(Ticket.id == alike.id).execute()
    assert "Merge with" not in text_of(client.get(url))


def test_who_may_not_merge_is_proposed_nothing(client_of, ticket, carol, ana):
    cast.open_ticket(carol, ticket.service, department=ticket.department, subject=ticket.subject)
    ana.role.can_assign = False
    ana.role.save()
    assert "Merge with" not in text_of(client_of(ana).get(f"{LIST}{ticket.number}"))
