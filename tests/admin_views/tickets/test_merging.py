"""Merging and renaming tickets through the pages of the desk and of customers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from database import database
from helpdesk import journal, links, tickets
from helpdesk.tickets import drafts
from helpdesk.tickets.drafts import Writing
from models import JournalEntry, Message, Ticket
from tests.support import cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


@pytest.fixture
def source(ticket):
    """Carol's first ticket."""
    return ticket


@pytest.fixture
def target(carol, billing, invoices, source):
    """Carol's second ticket."""
    return cast.open_ticket(carol, billing, invoices, subject="Again about my invoice", body="Are you there?")


def url(ticket, act=""):
    return f"{LIST}{ticket.number}{'/' if act else ''}{act}"


def test_the_page_offers_the_customers_other_open_tickets(client_of, source, target, ana):
    client = client_of(ana)
    assert f"{source.number}/merge" in client.get(url(source)).text
    page = text_of(client.get(url(source, "merge")))
    assert "Again about my invoice" in page
    assert "“A question about my invoice” of Carol Jones becomes part of another ticket" in page


def test_a_customers_only_ticket_offers_no_merging(client_of, ticket, ana):
    assert f"{ticket.number}/merge" not in client_of(ana).get(url(ticket)).text


def test_it_asks_then_merges_and_leads_on(client_of, source, target, ana):
    client = client_of(ana)
    asked = text_of(post(client, url(source, "merge"), {"into": target.number}))
    assert f"Everything of ticket {source.number} moves into {target.number}" in asked
    assert Ticket.select().count() == 2
    done = post(client, url(source, "merge"), {"into": target.number, "confirmed": "1"})
    assert done.location == url(target)
    page = text_of(client.get(url(target)))
    assert "The total looks wrong to me." in page
    assert f"Ana merged ticket {source.number}" in page


@pytest.mark.parametrize("typed", ["{target}", " #{target} "])
def test_a_number_is_typed(client_of, source, target, ana, typed):
    number = typed.format(target=target.number)
    post(client_of(ana), url(source, "merge"), {"number": number, "confirmed": "1"})
    assert Ticket.get() == target


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "Choose a ticket"), ("999", "There is no ticket 999"), ("x\0" * 30, "There is no ticket")],
)
def test_what_cannot_be_is_said_kindly(client_of, source, target, ana, typed, said):
    answer = post(client_of(ana), url(source, "merge"), {"number": typed})
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_a_foreign_ticket_is_no_target(client_of, source, ana, dan, sales, billing):
    hidden, foreign = (
        cast.open_ticket("x@visitor.example", sales),
        cast.open_ticket(dan, billing, None or _first(billing)),
    )
    client = client_of(ana)
    assert "There is no ticket" in text_of(post(client, url(source, "merge"), {"number": hidden.number}))
    assert "another customer" in text_of(post(client, url(source, "merge"), {"number": foreign.number}))


def _first(service):
    return service.departments.get()


def test_the_number_leads_on_everywhere(client_of, source, target, ana):
    tickets.merge(source, target, actor=ana)
    client = client_of(ana)
    assert client.get(f"{url(source)}?view=mine").location == f"{url(target)}?view=mine"
    assert client.get(f"{LIST}?view=search&q={source.number}").location == url(target)
    assert f"Ticket {source.number} is part of this one now." in text_of(client.get(url(target)))
    assert [
        line["detail"].split(" ")[0]
        for group in client.get(f"/admin/find/?q={source.number}", headers={"Accept": "application/json"}).json[
            "groups"
        ]
        for line in group["lines"]
    ] == [target.number]


def test_an_act_on_the_old_page_changes_nothing(client_of, source, target, ana):
    tickets.merge(source, target, actor=ana)
    client = client_of(ana)
    answer = post(client, url(source, "close"), follow_redirects=True)
    assert "Nothing was changed." in text_of(answer)
    assert Ticket.get().is_open


def test_a_reply_from_the_old_page_comes_back_in_the_target(client_of, source, target, ana):
    tickets.merge(source, target, actor=ana)
    answer = post(client_of(ana), url(source, "reply"), {"body": "My long text", "seen": "0"})
    assert answer.status_code == 409
    assert f"Ticket {source.number} is part of this one now. Look at it" in text_of(answer)
    assert "My long text" in answer.text
    assert f'action="{url(target, "reply")}"' in answer.text
    assert Message.select().where(Message.kind == "reply").count() == 0


def test_a_draft_saved_from_the_old_page_says_so_and_loses_nothing(client_of, source, target, ana):
    drafts.save(target, Writing("<p>older</p>"), actor=ana)
    tickets.merge(source, target, actor=ana)
    client, wants = client_of(ana), {"Accept": "application/json"}
    saved = post(client, url(source, "draft"), {"body": "newer"}, headers=wants)
    assert (saved.status_code, saved.json["saved"]) == (422, "")
    assert f"merged into {target.number}" in saved.json["error"]
    assert f"merged into {target.number}" in post(client, url(source, "presence"), headers=wants).json["news"][0]
    assert drafts.of(target, ana).body == "<p>older</p>"


def test_a_customer_follows_the_number_and_answers(client_of, source, target, ana, carol):
    tickets.merge(source, target, actor=ana)
    client = client_of(carol)
    assert client.get(f"/tickets/{source.number}").location == f"/tickets/{target.number}"
    assert f"Ticket {source.number} is part of this one now." in text_of(client.get(f"/tickets/{target.number}"))
    assert post(client, f"/tickets/{source.number}/close").status_code == 303
    post(client, f"/tickets/{source.number}", {"message": "Here I am"})
    assert "Here I am" in target.messages.order_by(Message.id.desc()).get().body
    assert Ticket.get().is_open


def test_a_link_and_the_browser_that_used_it_go_on(app, source, target, ana):
    client, token = app.test_client(), links.make("ticket", address=source.address, ticket=source)
    post(client, f"/t/{token}")
    tickets.merge(source, target, actor=ana)
    assert client.get(f"/tickets/{source.number}").location == f"/tickets/{target.number}"
    assert client.get(f"/tickets/{target.number}").status_code == 200
    assert post(app.test_client(), f"/t/{token}").location == f"/tickets/{target.number}"


def test_a_stranger_follows_no_number(app, client_of, source, target, ana, dan):
    tickets.merge(source, target, actor=ana)
    for client in (app.test_client(), client_of(dan)):
        assert client.get(f"/tickets/{source.number}").status_code == 404


def test_ticked_tickets_are_merged_into_the_oldest(client_of, source, target, ana):
    client, data = client_of(ana), {"number": [target.number, source.number], "list_view": "open"}
    asked = post(client, "/admin/bulk/merge", data)
    assert f"Merge into {source.number}?" in text_of(asked)
    done = post(client, "/admin/bulk/merge", {**data, "confirmed": "1"})
    assert done.location == f"{url(source)}?view=open"
    assert Ticket.get() == source
    assert source.messages.count() == 2


@pytest.mark.parametrize(("number", "said"), [(1, "Tick two tickets"), (2, "another customer’s")])
def test_ticked_tickets_that_cannot_be_merged(client_of, source, ana, dan, billing, number, said):
    other = cast.open_ticket(dan, billing, _first(billing))
    data = {"number": [source.number, other.number][:number]}
    assert said in text_of(post(client_of(ana), "/admin/bulk/merge", data, follow_redirects=True))
    assert Ticket.select().count() == 2


def test_the_journal_names_both_numbers(source, target, ana, request_context):
    tickets.merge(source, target, actor=ana)
    line = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert line.subject == target.number
    assert f"Ana merged ticket {source.number}, “{source.subject}”, into this one" in journal.describe(line)


def test_a_subject_is_changed_on_the_page(client_of, ticket, ana):
    client = client_of(ana)
    answer = post(client, url(ticket, "subject"), {"subject": " Wrong   total "}, follow_redirects=True)
    assert "The subject has been changed." in text_of(answer)
    assert "changed the subject from “A question about my invoice” to “Wrong total”" in text_of(answer)
    assert Ticket.get().subject == "Wrong total"


def test_an_empty_subject_comes_back_with_its_message(client_of, ticket, ana):
    answer = post(client_of(ana), url(ticket, "subject"), {"subject": " "})
    assert answer.status_code == 422
    assert 'id="subject-error"' in answer.text
    assert Ticket.get().subject == ticket.subject


def test_a_strange_query_goes_on_with_the_former_number(client_of, source, target, ana):
    tickets.merge(source, target, actor=ana)
    client = client_of(ana)
    for query in ("endpoint=x", "_scheme=javascript&_external=1", "number=0&self=1"):
        answer = client.get(f"/admin/tickets/{source.number}?{query}")
        assert (answer.status_code, answer.location) == (302, f"/admin/tickets/{target.number}?{query}")


@pytest.mark.parametrize("kind", ["note", "reply"])
def test_what_was_being_sent_during_the_merge_comes_back(client_of, source, target, ana, kind):
    client = client_of(ana)
    client.get(url(source))
    with ThreadPoolExecutor(1) as pool:
        with database.atomic():
            tickets.merge(source, target, actor=ana)
            sent = pool.submit(post, client, url(source, "reply"), {"body": "One moment later", "kind": kind})
            # The writer sees the ticket still, and waits for what is being stored.
            time.sleep(0.4)
        answer = sent.result(60)
    assert answer.status_code == 409
    assert "One moment later" in answer.text
    assert f"Ticket {source.number} is part of this one now." in text_of(answer)
