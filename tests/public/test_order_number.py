"""The optional order number of the form."""

from __future__ import annotations

from helpdesk.examples import demo
from models import Order, OrderLine, Ticket
from tests.public import filling
from tests.support import doors


def test_the_field_stands_behind_a_link(client, billing):
    page = client.get("/").text
    behind = page.partition("<summary>Give an order number</summary>")[2].partition("</details>")[0]
    assert 'name="order_number"' in behind


def test_a_visitor_may_give_an_order_number(client, sales):
    filling.send(client, filling.fill(client, order_number=" #A\t1 "))
    assert Ticket.get().order_number == "#A 1"


def test_a_signed_in_customer_may_give_one_too(client_of, carol, sales):
    client = client_of(carol)
    page = client.get("/tickets/new").text
    typed = {**filling.hidden(page), "subject": "My order", "message": "Where is it?", "order_number": "A1"}
    doors.post(client, "/tickets/new", typed)
    assert Ticket.get().order_number == "A1"


def test_nobody_must_give_one(client, sales):
    filling.send(client, filling.fill(client))
    assert Ticket.get().order_number == ""


def test_a_long_number_comes_back_with_a_message(client, sales):
    answer = filling.send(client, filling.fill(client, order_number="9" * 61))
    assert answer.status_code == 422
    assert "Use at most 60 characters." in doors.text_of(answer)
    assert '<details class="field more" open>' in answer.text.replace("\n", " ")
    assert "9" * 61 in answer.text


def test_the_demo_has_orders_of_its_customers(database):
    demo.fill(tickets=40)
    assert Order.select().where(Order.customer.is_null()).count() == 0
    assert OrderLine.select().count() >= Order.select().count() > 5
