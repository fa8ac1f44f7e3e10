"""The report of a period on its page: numbers and their lists, sight, days, French, CSV."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import settings, tickets
from helpdesk.lists import counting
from helpdesk.reports import satisfaction
from models import JournalEntry, Tag, Ticket
from tests.support import axe, browsing, cast, doors, sqlite_only

URL = "/admin/report/"
#: A Wednesday; what happens, happens in February and March.
NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
KINDS = ("month", "service", "department", "team", "agent", "tag")


@pytest.fixture(autouse=True)
def frozen():
    """Stand still at noon."""
    with time_machine.travel(NOW, tick=False):
        yield
        counting.forget_counts()


@pytest.fixture
def quarter(billing, invoices, sales, carol, root, ana, team):
    """Five tickets: three answered after 1, 3 and 30 hours, two closed and rated, one of a team, one of last year."""
    settings.save({"ask_satisfaction": True})
    with time_machine.travel(datetime(2025, 12, 30, 9, tzinfo=UTC), tick=False):
        old = cast.open_ticket(carol, sales, subject="Last year")
    made = []
    for hours, place in ((1, (billing, invoices)), (3, (billing, invoices)), (30, (sales, None))):
        with time_machine.travel(NOW - timedelta(days=30), tick=False):
            ticket = cast.open_ticket(carol, *place, subject=f"Waited {hours} h")
            tickets.tag(ticket, "urgent", actor=root)
        with time_machine.travel(NOW - timedelta(days=30) + timedelta(hours=hours), tick=False):
            tickets.reply(Ticket.get_by_id(ticket.id), "<p>Here it is.</p>", actor=root, close=hours < 8)
        made.append(Ticket.get_by_id(ticket.id))
    for ticket, score in zip(made, ("good", "bad"), strict=False):
        satisfaction.rate(ticket, score, actor=carol)
    fresh = cast.open_ticket(carol, billing, invoices, subject="Fresh")
    tickets.assign(fresh, team, actor=root)
    counting.forget_counts()
    return [old, *made, fresh]


def read(client, **arguments):
    return doors.text_of(client.get(URL, query_string=arguments))


def test_an_empty_desk_is_told_kindly(client_of, ana):
    page = read(client_of(ana))
    assert "1 January 2026 to 18 March 2026" in page
    assert "No ticket counts in this period." in page
    assert "What the numbers count" in page


def test_a_year_is_told_by_month_and_place(client_of, root, quarter):
    page = read(client_of(root))
    assert "Tickets opened 4 Tickets closed 2 Open at the end 3 1 at the beginning" in page
    assert "First response, median 3 h 00 of 3 tickets" in page
    assert "February 2026 3 2 2 3 3 h 00 1 33% 2 67% 2 67% 0 0 0" in page
    assert "March 2026 1 0 3 0 – 0 0 0 1 50% 1 2" in page
    assert "Whole period 4 2 3 3 3 h 00 1 33% 2 67% 2 67% 1 50% 1 2" in page
    assert "Sales 1 0 2 1 30 h" not in page
    assert "Sales 1 0 2 1 1 d 6 h 0 0% 0 0% 0 0% 0 0 0" in page
    assert "Billing, Invoices 3 2 1 2 2 h 00" in page
    assert "urgent 3 2 1 3 3 h 00" in page


def test_every_number_leads_to_as_many_tickets(client_of, root, quarter):
    client = client_of(root)
    page = client.get(URL).text
    links = re.findall(r'<a href="(/admin/tickets/\?view=all[^"]*)">\s*([\d,]+)', page)
    assert len(links) > 40
    for address, number in set(links):
        shown = client.get(unescape(address)).text
        assert re.search(r'class="muted num">\s*(\d+) ticket', shown)[1] == number, address
    # A nought leads nowhere, and the numbers at the beginning lead to the eve.
    assert not re.search(r'<a href="/admin/tickets/[^"]*">\s*0\b', page)
    assert "open_on=2025-12-31" in page


def test_a_list_says_what_it_holds_and_keeps_it_when_it_is_narrowed(client_of, root, quarter):
    client = client_of(root)
    words = {"view": "all", "opened": "2026-02-01--2026-02-28", "first_response": "8"}
    page = client.get("/admin/tickets/", query_string=words).text
    text = doors.text_of(client.get("/admin/tickets/", query_string=words))
    assert "Opened 1 February 2026 to 28 February 2026" in text
    assert "First response within 8 h" in text
    assert "Newest first" in text
    assert '<input type="hidden" name="opened" value="2026-02-01--2026-02-28">' in page
    assert "open_on" not in page


@pytest.mark.parametrize(
    "words",
    [
        {"opened": "2026-02-30--2026-03-01"},
        {"opened": "2026-03-01--2026-02-01"},
        {"closed": "2026-02-01"},
        {"closed": "9999-12-31--9999-12-31"},
        {"open_on": "20260201"},
        {"open_on": "0001-01-01"},
        {"first_response": "7"},
        {"rated": "' OR 1=1 --"},
    ],
)
def test_what_no_report_writes_is_no_criterion(client_of, root, quarter, words):
    page = client_of(root).get("/admin/tickets/", query_string={"view": "all", **words})
    assert page.status_code == 200
    assert "5 tickets" in doors.text_of(page)


def test_agents_read_what_they_see(client_of, ben, ana, quarter):
    page = read(client_of(ben))
    assert "These are the tickets that you see." in page
    assert "Tickets opened 1 Tickets closed 0 Open at the end 2 1 at the beginning" in page
    assert "Billing" not in page
    rows = doors.csv_rows(client_of(ana).get(f"{URL}export/?by=service"))
    assert [row[0] for row in rows[1:]] == ["Billing"]
    nobody = read(client_of(cast.make_agent("Zoe")))
    assert "No ticket counts in this period." in nobody


def test_days_are_those_of_the_desk_whatever_the_reader_s(client_of, root, sales, carol):
    settings.save({"timezone": "Europe/Paris"})
    root.timezone = "Asia/Kathmandu"
    root.save()
    with time_machine.travel(datetime(2025, 12, 31, 23, 30, tzinfo=UTC), tick=False):
        cast.open_ticket(carol, sales)
    client = client_of(root)
    page = read(client)
    assert "Tickets opened 1" in page
    assert "Europe/Paris" in page
    assert "Tickets opened 0" in read(client, since="2025-01-01", until="2025-12-31")
    listed = client.get("/admin/tickets/?view=all&opened=2026-01-01--2026-01-01")
    assert "1 ticket" in doors.text_of(listed)


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("soon", "", "This is not a date. Example: 2026-12-31."),
        ("2026-03-10", "2026-03-09", "The last day is before the first one."),
        ("2027-01-01", "", "This day is yet to come."),
        ("2020-01-01", "", "Choose at most 366 days."),
        ("", "2026-03-01", "Choose the first day, too."),
    ],
)
def test_bad_days_are_told_and_the_year_shown(client_of, root, since, until, message):
    page = read(client_of(root), since=since, until=until)
    assert message in page
    assert "1 January 2026 to 18 March 2026" in page


def test_a_leap_year_is_a_year(client_of, root):
    page = client_of(root).get(URL, query_string={"since": "2024-01-01", "until": "2024-12-31"}).text
    assert "1 January 2024 to 31 December 2024" in page
    assert re.search(r'href="/admin/report/\?since=2024-01-01&amp;until=2024-12-31" aria-current="true"', page)


@pytest.mark.parametrize("kind", KINDS)
def test_each_table_is_a_file_of_its_own(client_of, root, quarter, kind):
    answer = client_of(root).get(f"{URL}export/?by={kind}&since=2026-02-01&until=2026-03-18")
    head, *lines = doors.csv_rows(answer)
    name = f"attachment; filename=report-{kind}-2026-02-01-2026-03-18.csv"
    assert answer.headers["Content-Disposition"] == name
    assert head[1:6] == ["Tickets opened", "Tickets closed", "Open at the end", "First responses",
                         "First response: median (minutes)"]  # fmt: skip
    assert lines
    assert {len(line) for line in lines} == {len(head)} == {13}
    assert JournalEntry.get(JournalEntry.act == "exported").subject == "Report"


def test_a_file_says_what_the_page_says(client_of, root, quarter):
    rows = doors.csv_rows(client_of(root).get(f"{URL}export/?by=month"))
    assert rows[2] == ["2026-02", "3", "2", "2", "3", "180.0", "1", "2", "2", "0", "0", "0", ""]
    assert rows[3] == ["2026-03", "1", "0", "3", "0", "", "0", "0", "0", "1", "1", "2", "50"]


def test_a_french_spreadsheet_opens_the_file(client_of, root, quarter):
    root.locale = "fr"
    root.save()
    Tag.update(name="=1+1").execute()
    cast.make_service("Moves the stamp")
    answer = client_of(root).get(f"{URL}export/?by=tag")
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    head, line = answer.get_data().decode("utf-8-sig").splitlines()
    assert head.startswith("Tag;Tickets ouverts;Tickets fermés;Ouverts à la fin;")
    assert line.startswith("'=1+1;3;2;1;3;180,0;")


@pytest.mark.parametrize("kind", ["", "customer", "month'"])
def test_there_is_no_other_table(client_of, root, kind):
    assert client_of(root).get(f"{URL}export/", query_string={"by": kind}).status_code == 404


def test_a_desk_that_never_asked_has_no_satisfaction(client_of, root, ticket):
    page = read(client_of(root))
    assert "Satisf" not in page
    assert len(doors.csv_rows(client_of(root).get(f"{URL}export/?by=month"))[0]) == 9


def test_many_lines_are_cut_on_the_page_and_whole_in_the_file(client_of, root, ticket, monkeypatch):
    monkeypatch.setattr("admin_views.report.MOST_LINES", 2)
    for number in range(4):
        tickets.tag(Ticket.get_by_id(ticket.id), f"tag {number}", actor=root)
    page = read(client_of(root))
    assert "Only the 2 lines with most tickets; the CSV has all." in page
    assert "tag 3" not in page
    assert len(doors.csv_rows(client_of(root).get(f"{URL}export/?by=tag"))) == 5


def test_a_full_desk_asks_no_more_than_a_small_one(app, root, quarter):
    client, counted = doors.signed_in(app, root), []
    for more in (1, 20):
        for number in range(more):
            tickets.tag(cast.open_ticket(quarter[0].customer, quarter[0].service), f"tag {number}", actor=root)
        client.get(URL)
        with count_queries() as counter:
            client.get(URL)
        counted.append(counter.count)
    assert counted[0] == counted[1] <= 12


def test_it_speaks_french(client_of, root, quarter):
    root.locale = "fr"
    root.save()
    page = read(client_of(root))
    assert "Rapport du 1er janvier 2026 au 18 mars 2026" in page
    assert "février 2026" in page
    assert "Ouverts à la fin" in page


def test_the_dashboard_leads_there_and_its_file_counts_places(client_of, root, quarter):
    client = client_of(root)
    assert f'href="{URL}"' in client.get("/admin/dashboard/").text
    rows = doors.csv_rows(client.get("/admin/dashboard/export/?since=2026-02-01&until=2026-03-18"))
    # Satisfaction stands below, by service, too.
    places = {tuple(row[:2]): row[2:4] for row in reversed(rows)}
    assert places["Service", "Billing"] == ["3", "2"]
    assert places["Department", "Billing, Invoices"] == ["3", "2"]
    assert places["Tag", "urgent"] == ["3", "2"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@sqlite_only
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page, root, quarter, width):
    browsing.enter(page, root)
    page.set_viewport_size({"width": width, "height": 900})
    for path in (
        URL,
        f"{URL}?since=2026-03-10&until=2026-03-09",
        "/admin/tickets/?view=all&opened=2026-02-01--2026-02-28",
    ):
        page.goto(path)
        assert axe.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
@sqlite_only
def test_every_table_fits_between_telephone_and_desk(page, root, quarter):
    root.locale = "fr"
    root.save()
    browsing.enter(page, root)
    found = {}
    for width in (1080, 900, 861, 768, 640):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(URL)
        found[width] = page.evaluate("document.documentElement.scrollWidth")
    assert found == {width: width for width in found}
