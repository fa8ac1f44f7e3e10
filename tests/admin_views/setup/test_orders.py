"""Orders on the desk: the list, the imports of orders and members, the panel beside a ticket."""

from __future__ import annotations

import io
import os
import time

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from helpdesk import orders, settings
from helpdesk.settings import environment
from models import Customer, CustomerAddress, JournalEntry, Order
from tests.support import cast, doors

ORDERS, MEMBERS = "/admin/orders/import/", "/admin/customers/import/"
HEADER = "shop,number,email,date,total,currency"
GOOD = "web,A1,carol@customer.example,2026-03-31,129.90,EUR"


def order(**values):
    told = {"shop": "web", "number": "A1", "email": "carol@customer.example", "date": "2026-03-31T14:30:00+00:00"}
    return orders.save_order({**told, "total": "129.90", "currency": "EUR", **values})[0]


def send(client, url, data):
    """Send a file (a text or bytes) to the first step."""
    raw = data if isinstance(data, bytes) else data.encode()
    values = {"csrf_token": doors.csrf_token(client), "file": FileStorage(io.BytesIO(raw), "list.csv", "file")}
    # Encoded here: the client would leave the temporary file of a large body open.
    boundary, body = encode_multipart(values)
    return client.post(url, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def confirm(client, url, page):
    """Press the button of the preview."""
    key = page.text.partition('name="key" value="')[2].partition('"')[0]
    return doors.post(client, f"{url}confirm", {"key": key}, follow_redirects=True)


def import_(client, url, data):
    return doors.text_of(confirm(client, url, send(client, url, data)))


@pytest.fixture
def client(client_of, root):
    return client_of(root)


def refused(client, *lines, header=HEADER):
    """Return what the preview says of a file with these lines."""
    return doors.text_of(send(client, ORDERS, "\n".join([header, *lines])))


# --- The import of orders -----------------------------------------------------------------------------------------


def test_a_preview_stores_nothing(client, carol):
    page = doors.text_of(send(client, ORDERS, f"{HEADER}\n{GOOD}\n"))
    assert "New 1 Changed 0 As they are 0 Lines left out 0" in page
    assert "€129.90" in page
    assert Order.select().count() == 0


def test_confirming_stores_the_orders(client, carol):
    assert "1 new, 0 changed, 0 as they were, 0 lines left out." in import_(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    row = Order.get()
    assert (row.number, row.total, row.customer) == ("A1", 12_990, carol)


def test_nothing_left_out_is_said_in_the_singular_in_french(client, root):
    root.locale = "fr"
    root.save()
    assert "1 nouvelle, 0 modifiée, 0 sans changement, 0 ligne ignorée." in import_(
        client, ORDERS, f"{HEADER}\n{GOOD}\n"
    )


def test_a_date_without_a_time_shows_none(client):
    settings.save({"timezone": "Europe/Paris"})
    page = send(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    assert "12:00" not in doors.text_of(page)
    assert "12:00" not in doors.text_of(confirm(client, ORDERS, page))
    order(number="A2", date="2026-03-31T14:30:00+00:00")
    assert "16:30" in doors.text_of(client.get("/admin/orders/"))


def test_the_same_file_again_changes_nothing(client):
    import_(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    before = list(Order.select().tuples())
    assert "0 new, 0 changed, 1 as it was" in import_(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    assert list(Order.select().tuples()) == before


def test_a_newer_file_changes_what_differs(client):
    import_(client, ORDERS, f"{HEADER},status\n{GOOD},Paid\n")
    assert "0 new, 1 changed" in import_(client, ORDERS, f"{HEADER},status\n{GOOD},Shipped\n")
    assert Order.get().status == "Shipped"


def test_a_file_without_articles_keeps_those_known(client):
    import_(client, ORDERS, f"{HEADER},articles\n{GOOD},2 x Brake pads = 12.50 | Bell = 104.90\n")
    import_(client, ORDERS, f"{HEADER},status\n{GOOD},Shipped\n")
    assert [(line.name, line.quantity, line.price) for line in Order.get().lines] == [
        ("Brake pads", 2, 1_250), ("Bell", 1, 10_490)
    ]  # fmt: skip


def test_bad_lines_are_named_and_the_rest_imported(client):
    data = f"{HEADER}\n{GOOD}\nweb,A2,nobody,2026-03-31,1,EUR\n\nweb,A3,a@b.example,31/04/2026,1,EUR\n"
    page = send(client, ORDERS, data)
    text = doors.text_of(page)
    assert "3 E-mail address This is not an e-mail address." in text
    assert "5 Date This is not a date." in text
    assert "1 new, 0 changed, 0 as they were, 2 lines left out." in doors.text_of(confirm(client, ORDERS, page))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_french_file_is_read_as_it_was_saved(client, encoding, delimiter):
    header = ["Boutique", "N° de commande", "E-mail", "Date de commande", "Montant", "Devise", "État"]
    row = ["Vélo", "A1", "carol@customer.example", "31/03/2026", '"1 234,50"', "eur", "Expédiée"]
    import_(client, ORDERS, "\r\n".join(delimiter.join(cells) for cells in (header, row)).encode(encoding))
    stored = Order.get()
    assert (stored.shop, stored.total, stored.status) == ("Vélo", 123_450, "Expédiée")
    assert (stored.placed_at.day, stored.placed_at.month) == (31, 3)


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("1234.5", 123_450), ("1 234,5 €", 123_450), ("1,234.50", 123_450), ("1.234,50", 123_450),
        ("1'234'567.00", 123_456_700), ("1,234,567", 123_456_700), ("0,125", None), ("1,234", None),
        ("12,34,56", None), ("-5", None), ("", None), ("=1+1", None), ("1e5", None),
    ],
)  # fmt: skip
def test_amounts_are_read_as_written_or_refused(client, amount, cents):
    import_(client, ORDERS, f'{HEADER}\nweb,A1,a@b.example,2026-03-31,"{amount}",EUR\n')
    assert [row.total for row in Order.select()] == ([] if cents is None else [cents])


@pytest.mark.parametrize(
    "date", ["", "31.02.2026", "12/31/2026", "2026-13-01", "1066-01-01", "9999-01-01", "٣١/٠٣/٢٠٢٦"]
)
def test_bad_dates_are_refused(client, date):
    assert "Lines left out 1" in refused(client, f"web,A1,a@b.example,{date},1,EUR")


def test_a_date_alone_stays_the_same_day_everywhere(client):
    settings.save({"timezone": "Pacific/Auckland"})
    import_(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    assert Order.get().placed_at.isoformat() == "2026-03-30T23:00:00"


def test_the_same_order_twice_is_refused_the_second_time(client):
    assert "3 The same stands on line 2 already." in refused(client, GOOD, GOOD)


def test_cells_that_would_be_formulas_are_texts(client):
    import_(client, ORDERS, f'{HEADER},status\n{GOOD},"=HYPERLINK(""http://evil.example"")"\n')
    page = client.get("/admin/orders/").text
    assert "=HYPERLINK(&#34;http://evil.example&#34;)" in page


def test_markup_in_a_cell_is_shown_not_obeyed(client):
    page = send(client, ORDERS, f"{HEADER},status\n{GOOD},<b>x</b>\n<script>alert(1)</script>,,,,,,\n")
    assert "&lt;b&gt;x&lt;/b&gt;" in page.text
    assert "<script>alert" not in page.text


def test_a_nul_does_no_harm(client):
    import_(client, ORDERS, f"{HEADER},status\n{GOOD},a\0b\n")
    assert Order.get().status == "a b"


def test_a_line_of_a_megabyte_is_one_bad_line(client):
    assert "2 This line cannot be read" in refused(client, "web," + "x" * 1_000_000, GOOD)


def test_a_quotation_mark_that_is_not_closed_is_a_bad_line(client):
    text = refused(client, GOOD, 'web,"A2,a@b.example,2026-03-31,1,EUR', "x" * 140_000)
    assert "Import 1 row" in text
    assert "3 This line cannot be read" in text


def test_a_comma_too_many_is_named(client):
    assert "2 More cells than the first line has" in refused(client, f"{GOOD},50")


def test_an_address_of_another_scheme_is_refused(client):
    text = refused(client, f"{GOOD},javascript:alert(1)", header=f"{HEADER},url")
    assert "Address in the shop Write an address that begins with https://" in text


def test_columns_that_are_not_known_are_named(client):
    assert "Columns left out: colour" in refused(client, f"{GOOD},red", header=f"{HEADER},colour")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "The file is empty."),
        ("shop,number\nweb,A1\n", "names no column “E-mail address”"),
        ("nothing known\n", "names no column “Shop”"),
        (f"{HEADER},e-mail\n{GOOD},x\n", "names the column “E-mail address” twice"),
        (f"{HEADER}\n", "no line below its first one"),
        (b"\x81\x8d" * 10, "This is not a text file."),
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (f"{HEADER}\n" + "web\n" * 50_001, "more than 50,000 lines"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_kindly(client, data, problem):
    answer = send(client, ORDERS, data)
    assert answer.status_code == 422
    assert problem in doors.text_of(answer)


def test_no_file_is_refused_kindly(client):
    answer = doors.post(client, ORDERS)
    assert (answer.status_code, "Choose a file." in doors.text_of(answer)) == (422, True)


# --- Between preview and confirmation -----------------------------------------------------------------------------


def kept_files():
    return list((environment.current().data_dir / "imports").glob("*.csv"))


@pytest.fixture
def nothing_kept(app):
    for path in kept_files():
        path.unlink()


@pytest.mark.usefixtures("nothing_kept")
def test_the_file_is_kept_for_its_sender_and_goes(client):
    page = send(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    [file] = kept_files()
    assert file.stat().st_mode & 0o777 == 0o600
    confirm(client, ORDERS, page)
    assert kept_files() == []


@pytest.mark.usefixtures("nothing_kept")
def test_a_file_is_forgotten_after_an_hour(client):
    page = send(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    [file] = kept_files()
    os.utime(file, (time.time() - 3_700, time.time() - 3_700))
    assert "This file is not kept any more" in doors.text_of(confirm(client, ORDERS, page))
    assert (kept_files(), Order.select().count()) == ([], 0)


def test_nobody_confirms_the_file_of_another(client, client_of):
    page = send(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    other = client_of(cast.make_agent("Rita", is_admin=True))
    assert "This file is not kept any more" in doors.text_of(confirm(other, ORDERS, page))
    assert Order.select().count() == 0


def test_a_file_of_orders_is_no_file_of_members(client):
    page = send(client, ORDERS, f"{HEADER}\n{GOOD}\n")
    assert "This file is not kept any more" in doors.text_of(confirm(client, MEMBERS, page))


@pytest.mark.parametrize("key", ["", "../../secret_key", "x" * 43, "\0"])
def test_a_made_up_key_is_refused(client, key):
    answer = doors.post(client, f"{ORDERS}confirm", {"key": key}, follow_redirects=True)
    assert "This file is not kept any more" in doors.text_of(answer)


# --- The import of members ----------------------------------------------------------------------------------------


def test_members_are_imported(client):
    import_(
        client,
        MEMBERS,
        "E-mail;Nom;Prénom\nZoé@Club.example;Martin;Zoé\n".encode("cp1252").replace(b"Zo\xe9@", b"zoe@"),
    )
    address = CustomerAddress.get(CustomerAddress.email == "zoe@club.example")
    assert (address.customer.full_name, address.origin, address.is_member) == ("Zoé Martin", "imported", True)


def test_importing_members_twice_changes_nothing(client):
    data = "email,last name,first name\na@club.example,Martin,Zoé\nb@club.example,Martin,Zoé\n"
    assert "2 new" in import_(client, MEMBERS, data)
    before = list(Customer.select().tuples()), list(CustomerAddress.select().tuples())
    assert "0 new, 0 changed, 2 as they were" in import_(client, MEMBERS, data)
    assert (list(Customer.select().tuples()), list(CustomerAddress.select().tuples())) == before


def test_a_visitor_becomes_a_member_and_keeps_the_name(client, carol):
    assert "0 new, 1 changed" in import_(client, MEMBERS, "email,nom\ncarol@customer.example,Smith\n")
    address = CustomerAddress.get()
    assert (address.origin, address.customer.last_name) == ("imported", "Jones")


def test_a_member_without_a_stored_name_gets_one(client, billing, invoices):
    cast.open_ticket("vera@visitor.example", billing, invoices)
    import_(client, MEMBERS, "email,nom\nvera@visitor.example,Blue\n")
    assert Customer.get().last_name == "Blue"


def test_imported_members_find_their_orders(client):
    order(email="a@club.example")
    import_(client, MEMBERS, "email\na@club.example\n")
    assert Order.get().customer == Customer.get()


def test_bad_members_are_named(client):
    text = doors.text_of(send(client, MEMBERS, f"email,nom\n,x\na@b.example,{'x' * 81}\nA@B.example,\n a@b.example,\n"))
    assert "2 E-mail address This field is required." in text
    assert "3 Last name At most 80 characters." in text
    assert "5 The same stands on line 4 already." in text


def test_imports_are_in_the_journal(client):
    import_(client, MEMBERS, "email\na@club.example\n")
    assert "imported" in [row.act for row in JournalEntry.select()]


# --- The list -----------------------------------------------------------------------------------------------------


def test_the_list_searches_and_links_to_the_shop(client, carol):
    order(url="https://shop.example/A1")
    order(number="SHOP-B2", email="x@y.example")
    page = client.get("/admin/orders/?search=carol")
    assert '<a href="https://shop.example/A1" rel="noopener noreferrer"' in page.text
    assert "Carol Jones" in page.text
    # Two letters alone stand in one nonce of a hundred.
    assert "SHOP-B2" not in page.text
    assert "not known yet" in client.get("/admin/orders/?search=SHOP-B2").text


def test_a_keeper_sees_the_orders_of_the_customers_in_sight(client_of, billing, ticket, dan):
    keeper = cast.make_agent("Kim", billing, role=cast.make_role("Keeper", can_configure=True))
    order()
    order(number="B2", email="dan@customer.example")
    page = client_of(keeper).get("/admin/orders/").text
    assert "A1" in page
    assert "B2" not in page


def test_an_order_cannot_be_changed_by_hand(client):
    row = order()
    assert client.get(f"/admin/orders/edit/?id={row.id}").status_code == 302
    assert doors.post(client, "/admin/orders/delete/", {"id": row.id, "confirmed": "1"}).status_code == 404
    assert Order.select().count() == 1


# --- Beside a ticket ----------------------------------------------------------------------------------------------


def panel(client, ticket):
    page = client.get(f"/admin/tickets/{ticket.number}").text
    return page.partition('id="orders"')[2].partition("</aside>")[0]


def test_whoever_sees_the_ticket_sees_the_orders(client_of, ana, ticket):
    order(status="Shipped", url="https://shop.example/A1", lines=[{"name": "Bell", "quantity": 2, "price": "8.90"}])
    shown = panel(client_of(ana), ticket)
    assert '<a href="https://shop.example/A1" rel="noopener noreferrer"' in shown
    for text in ("web · Shipped", "€129.90", "31 Mar 2026", "2 × Bell", "€8.90"):
        assert text in shown


def test_amounts_follow_the_reader(client_of, ana, ticket):
    ana.locale = "fr"
    ana.save()
    order()
    assert "129,90\u00a0€" in panel(client_of(ana), ticket)


def test_orders_of_others_are_not_shown(client_of, ana, ticket, dan):
    order(email="dan@customer.example")
    order(number="B2", email="unknown@customer.example")
    shown = panel(client_of(ana), ticket)
    assert "No order." in shown
    assert "A1" not in shown


def test_the_twenty_newest_are_shown(client_of, ana, ticket):
    for day in range(1, 23):
        order(number=f"N{day}", date=f"2026-03-{day:02}")
    shown = panel(client_of(ana), ticket)
    assert "N22" in shown
    assert shown.count("€129.90") == 20


@pytest.mark.parametrize("typed", ["a1", " #A1 ", "A1"])
def test_the_order_named_in_the_form_stands_first(client_of, ana, carol, billing, invoices, typed):
    order(date="2020-01-01")
    for day in range(1, 23):
        order(number=f"N{day}", date=f"2026-03-{day:02}")
    shown = panel(client_of(ana), cast.open_ticket(carol, billing, invoices, order_number=typed))
    assert shown.index("Asked about") < shown.index("N22")
    assert shown.count("Asked about") == 1


def test_an_order_of_somebody_else_is_not_pointed_to(client_of, ana, carol, dan, billing, invoices):
    order(email="dan@customer.example")
    shown = panel(client_of(ana), cast.open_ticket(carol, billing, invoices, order_number="A1"))
    assert "Order number given: A1. None of this customer’s orders has it." in shown
    assert "€129.90" not in shown
