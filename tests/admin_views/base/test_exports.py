"""What the desk exports opens in the reader's spreadsheet, and can be imported again."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import clock, imports, orders
from helpdesk.imports import formats
from models import Agent, CustomerAddress, Order, OrderLine, Tag, TicketTag
from tests.support import cast, doors


@pytest.fixture
def many(carol):
    """Carol with three addresses and a name a spreadsheet could run."""
    carol.last_name = "=Jones"
    carol.save()
    for place in (2, 3):
        CustomerAddress.create(customer=carol, email=f"carol{place}@customer.example", created_at=clock.now())
    return carol


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("fr", ";")])
def test_cells_stand_between_what_the_readers_spreadsheet_takes(client_of, root, many, dan, language, delimiter):
    Agent.update(locale=language).where(Agent.id == root.id).execute()
    header, *lines = doors.csv_rows(client_of(root).get("/admin/customers/export/csv/"), delimiter)
    assert len(header) == 9
    own = next(line for line in lines if "carol@customer.example" in line)
    assert own[0] == "carol@customer.example"
    assert own[-2:] == ["carol2@customer.example", "carol3@customer.example"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_exported_customers_can_be_imported_again(client_of, root, many, dan, language):
    Agent.update(locale=language).where(Agent.id == root.id).execute()
    data = client_of(root).get("/admin/customers/export/csv/").get_data()
    plan = imports.parse(formats.MEMBERS, data)
    assert plan.bad == []
    assert {(row.email, row.last_name) for row in plan.rows} >= {("carol@customer.example", "=Jones")}


ORDERS = (
    ("web", "A 1", "2026-03-31", "1234,50", "EUR", "paid", "https://shop.example/a1", "2 x Brake = pads = 12,50"),
    ("web", "A2", "2026-03-31T14:30:00+02:00", "1500", "JPY", "", "", "1 x Bell = 1200 | 3 x Nut = 100"),
    ("=web", "A3", "2026-01-02", "0.125", "KWD", "", "", ""),
)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_exported_orders_can_be_imported_again(client_of, root, carol, language):
    names = ("shop", "number", "date", "total", "currency", "status", "url", "lines")
    for row in ORDERS:
        cells = {**dict(zip(names, row, strict=True)), "email": "carol@customer.example"}
        orders.store([formats.read_order({key: text for key, text in cells.items() if text})])
    Agent.update(locale=language).where(Agent.id == root.id).execute()
    data = client_of(root).get("/admin/orders/export/csv/").get_data()
    plan = imports.parse(formats.ORDERS, data)
    assert plan.bad == []
    before = stored_orders()
    Order.delete().execute()
    orders.store(plan.rows)
    assert stored_orders() == before
    assert len(before) == 3


def stored_orders() -> list[Any]:
    """Return all orders as they are stored, with their lines, but for ids and the time of the change."""
    rows = []
    for row in Order.select().order_by(Order.number):
        lines = [(line.name, line.quantity, line.price) for line in row.lines.order_by(OrderLine.position)]
        rows.append(
            (row.shop, row.number, row.email, row.placed_at, row.total, row.currency, row.status, row.url, lines)
        )
    return rows


def test_a_line_that_names_the_separator_is_skipped(database):
    text = "sep=;\r\nE-mail address;Last name\r\nzoe@customer.example;Zed\r\nwrong;Zed\r\n"
    plan = imports.parse(formats.MEMBERS, text.encode())
    assert [row.last_name for row in plan.rows] == ["Zed"]
    assert [line.line for line in plan.bad] == [4]


def test_a_list_is_exported_as_filtered_with_the_columns_one_chose(client_of, ticket, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, subject="Other")
    TicketTag.create(ticket=other, tag=Tag.create(name="late", key="late"))
    client, tag = client_of(ana), Tag.get().id
    page = client.get(f"/admin/tickets/?tag={tag}").text
    assert f'href="/admin/tickets/export?tag={tag}"' in page
    form = client.get(f"/admin/tickets/export?tag={tag}").text
    assert form.count('name="column"') == 15
    assert f'name="tag" value="{tag}"' in form
    answer = client.get(f"/admin/tickets/export.csv?tag={tag}&column=subject&column=number&column=tags&column=strange")
    assert doors.csv_rows(answer) == [["Number", "Subject", "Tags"], [other.number, "Other", "late"]]
    whole = doors.csv_rows(client.get("/admin/tickets/export.csv"))
    assert len(whole[0]) == 15
    assert {line[0] for line in whole[1:]} == {ticket.number, other.number}


def test_an_export_keeps_to_ones_sight(client_of, ticket, ben):
    assert doors.csv_rows(client_of(ben).get("/admin/tickets/export.csv?view=all"))[1:] == []
