"""The question about satisfaction, through its page."""

from __future__ import annotations

import re

import pytest

from helpdesk import settings, tickets
from helpdesk.reports import satisfaction
from helpdesk.tickets import cc
from models import Rating
from tests.support import cast
from tests.support.doors import post, text_of

ASKED = "Are you satisfied with our help?"


@pytest.fixture(autouse=True)
def asks(database):
    settings.save({"ask_satisfaction": True})


def url(ticket, act=""):
    return f"/tickets/{ticket.number}{act}"


@pytest.fixture
def closed(ticket, ana):
    tickets.close(ticket, actor=ana)
    return ticket


def test_a_closed_ticket_asks_and_reading_answers_nothing(client_of, closed, carol):
    client = client_of(carol)
    assert ASKED in text_of(client.get(url(closed)))
    assert client.get(url(closed, "/rating?score=bad")).status_code == 405
    assert Rating.select().count() == 0


def test_an_open_ticket_does_not_ask_nor_a_desk_that_does_not(client_of, ticket, ana, carol):
    client = client_of(carol)
    assert ASKED not in text_of(client.get(url(ticket)))
    tickets.close(ticket, actor=ana)
    settings.save({"ask_satisfaction": False})
    assert ASKED not in text_of(client.get(url(ticket)))


def test_one_button_answers_and_it_can_be_changed(client_of, closed, carol):
    client = client_of(carol)
    post(client, url(closed, "/rating"), {"score": "good", "comment": "<b>Thanks</b>"})
    page = client.get(url(closed))
    assert "Thank you for your answer." in text_of(page)
    assert "You answered: I am satisfied." in text_of(page)
    assert "&lt;b&gt;Thanks&lt;/b&gt;" in page.text
    post(client, url(closed, "/rating"), {"score": "bad", "comment": ""})
    assert "You answered: I am not satisfied." in text_of(client.get(url(closed)))


def test_a_refused_answer_comes_back_with_its_comment(client_of, closed, carol):
    answer = post(client_of(carol), url(closed, "/rating"), {"score": "", "comment": "My words"})
    assert answer.status_code == 422
    assert "Choose an answer." in text_of(answer)
    assert re.search(r'<textarea[^>]*aria-invalid="true"[^>]*>My words</textarea>', answer.text)


def test_agents_read_the_answer_in_the_history(client_of, closed, carol, ana):
    satisfaction.rate(closed, "bad", actor=carol, comment="<script>alert(1)</script>")
    page = client_of(ana).get(f"/admin/tickets/{closed.number}").text
    assert "Carol Jones is not satisfied: &lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_answers_run_out(client_of, closed, carol):
    client = client_of(carol)
    for number in range(60):
        post(client, url(closed, "/rating"), {"score": "good", "comment": str(number)})
    answer = post(client, url(closed, "/rating"), {"score": "bad"})
    assert (answer.status_code, Rating.get().score) == (429, "good")


def test_the_dashboard_shows_and_exports_the_share(client_of, closed, carol, root):
    satisfaction.rate(closed, "good", actor=carol, comment="Quick")
    client = client_of(root)
    page = text_of(client.get("/admin/dashboard/"))
    assert re.search(r"Satisfaction .* All tickets 1 100% Billing Service 1 100%", page)
    assert "Quick" in page
    lines = client.get("/admin/dashboard/export/").text.splitlines()
    assert "By,Name,Answers,Satisfied,Satisfied (%)" in lines
    assert "Service,Billing,1,1,100" in lines


def test_a_desk_that_does_not_ask_shows_no_share(client_of, root):
    settings.save({"ask_satisfaction": False})
    assert "Satisfaction" not in text_of(client_of(root).get("/admin/dashboard/"))


def test_who_is_in_copy_never_reads_the_answer(client_of, closed, carol, dan, ana):
    cc.add_cc(closed, [dan.addresses.first().email], actor=ana)
    satisfaction.rate(closed, "bad", actor=carol, comment="Between us")
    client = client_of(dan)
    answers = [post(client, url(closed, "/rating"), {"score": "good"}) for _number in range(62)]
    assert {answer.status_code for answer in answers} == {403}
    assert not any("Between us" in answer.text for answer in answers)


def test_spam_is_not_rated(client_of, closed, carol, ana):
    tickets.mark_spam(closed, actor=ana, block_author=False)
    assert post(client_of(carol), url(closed, "/rating"), {"score": "good"}).status_code == 404
    assert Rating.select().count() == 0


def test_the_number_of_a_merged_ticket_does_not_rate_the_other_one(client_of, closed, carol, ana, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    satisfaction.rate(closed, "good", actor=carol, comment="Great")
    tickets.merge(other, closed, actor=ana)
    client = client_of(carol)
    answer = post(client, url(other, "/rating"), {"score": "bad"})
    assert (answer.status_code, answer.location) == (303, url(closed))
    assert (Rating.get().score, Rating.get().comment) == ("good", "Great")
    assert f"Ticket {other.number} is part of this one now." in text_of(client.get(answer.location))
