"""The dashboard: figures of a period within the reader's sight, as pages and as CSV."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import settings, tickets
from helpdesk.access import SYSTEM
from helpdesk.examples import demo, first_steps
from helpdesk.lists import counting
from helpdesk.people import agents
from helpdesk.reports import statistics
from models import Agent, JournalEntry, Tag, Ticket
from tests.support import axe, browsing, cast, doors, sqlite_only

URL = "/admin/dashboard/"
#: A Wednesday.
NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen():
    """Stand still at noon."""
    with time_machine.travel(NOW, tick=False):
        yield
        counting.forget_counts()


@pytest.fixture
def answered(billing, invoices, sales, carol, root):
    """Three tickets: replied to after 1, 3 and 8 hours, the first two closed with the reply."""
    made = []
    for hours, place in ((1, (billing, invoices)), (3, (billing, invoices)), (8, (sales, None))):
        with time_machine.travel(NOW - timedelta(days=2), tick=False):
            ticket = cast.open_ticket(carol, *place, subject=f"Waited {hours} h")
            tickets.tag(ticket, "urgent", actor=root)
        with time_machine.travel(NOW - timedelta(days=2) + timedelta(hours=hours), tick=False):
            tickets.reply(Ticket.get_by_id(ticket.id), "<p>Here it is.</p>", actor=root, close=hours < 8)
        made.append(Ticket.get_by_id(ticket.id))
    counting.forget_counts()
    return made


def read(client, **arguments):
    return doors.text_of(client.get(URL, query_string=arguments))


def test_an_empty_desk_is_told_kindly(client_of, ana):
    page = read(client_of(ana))
    assert "Nobody waits for a reply." in page
    assert "No ticket was opened in this period." in page


def test_an_agent_without_anything_in_sight_reads_a_page(client_of, answered):
    page = read(client_of(cast.make_agent("Zoe")))
    assert "Nobody waits for a reply." in page
    assert "Waited" not in page


def test_the_longest_wait_stands_first(client_of, root, billing, invoices, carol):
    for days in (1, 3):
        with time_machine.travel(NOW - timedelta(days=days), tick=False):
            cast.open_ticket(carol, billing, invoices, subject=f"Since {days}")
    counting.forget_counts()
    page = read(client_of(root))
    assert "Longest wait 3 d 2 tickets wait for a reply Unassigned 2 of 2 open tickets" in page
    assert page.index("Since 3") < page.index("Since 1")


def test_an_automatic_reply_is_no_first_response(request_context, root, sales, carol):
    with time_machine.travel(NOW - timedelta(hours=5), tick=False):
        ticket, unanswered = (cast.open_ticket(carol, sales) for _number in range(2))
        for row in (ticket, unanswered):
            tickets.reply(row, "<p>We have your message.</p>", actor=SYSTEM)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Here it is.</p>", actor=cast.make_agent("Zoe", sales))
    agents.delete_agent(Agent.get(Agent.name == "Zoe"), actor=root)
    first = statistics.measure(root, statistics.last_days(2, ZoneInfo("UTC"))).all.first
    assert (first.count, first.median) == (1, 5 * 3600)


def test_first_response_and_resolution_are_measured(client_of, root, answered):
    page = read(client_of(root))
    assert "All tickets 3 h 00 7 h 00 2 h 00 2 h 48" in page
    assert "Billing 2 h 00 2 h 48 2 h 00 2 h 48" in page
    assert "Sales 8 h 00 8 h 00 – –" in page
    assert "Billing, Invoices" in page
    assert "urgent 3 h 00" in page
    assert "Closed in this period 2 3 opened" in page


def test_agents_read_what_they_see(client_of, ben, answered):
    page = read(client_of(ben))
    assert "All tickets 8 h 00 8 h 00 – –" in page
    assert "Billing" not in page
    assert "Closed in this period 0 1 opened" in page


def test_spam_and_the_bin_do_not_count(client_of, root, answered):
    tickets.delete(answered[0], actor=root)
    Ticket.update(is_spam=True).where(Ticket.id == answered[1].id).execute()
    assert "Closed in this period 0 1 opened" in read(client_of(root))


def test_days_are_those_of_the_reader(client_of, root, sales, carol):
    with time_machine.travel(datetime(2026, 3, 17, 23, 50, tzinfo=UTC), tick=False):
        cast.open_ticket(carol, sales)
    client = client_of(root)
    assert "Tue 17 March 1 0" in read(client)
    Agent.update(timezone="Asia/Kathmandu").where(Agent.id == root.id).execute()
    cast.make_service("Moves the stamp")
    assert "Wed 18 March 1 0" in read(client)
    assert ["Hour", "Wednesday 05:00", "1"] in doors.csv_rows(client.get(f"{URL}export/"))


def test_a_day_of_23_hours_loses_nothing(app, root, sales, carol):
    settings.save({"timezone": "Europe/Paris"})
    with time_machine.travel(datetime(2026, 3, 29, 21, 59, tzinfo=UTC), tick=False):
        cast.open_ticket(carol, sales)
    with time_machine.travel(datetime(2026, 3, 29, 22, 1, tzinfo=UTC), tick=False):
        cast.open_ticket(carol, sales)
        page = read(doors.signed_in(app, root), since="2026-03-29", until="2026-03-29")
    assert "Closed in this period 0 1 opened" in page


@pytest.mark.parametrize(("days", "opened"), [(7, 0), (30, 1), (90, 2)])
def test_periods_end_today(client_of, root, sales, carol, days, opened):
    for ago in (10, 60):
        with time_machine.travel(NOW - timedelta(days=ago), tick=False):
            cast.open_ticket(carol, sales)
    assert f"Closed in this period 0 {opened} opened" in read(client_of(root), days=days)


def test_a_long_period_is_drawn_by_week(client_of, root, answered):
    page = read(client_of(root), days=90)
    assert "Opened and closed per week" in page
    assert "Mon 16 March 3 2" in page


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("soon", "", "This is not a date. Example: 2026-12-31."),
        ("2026-03-10", "2026-03-09", "The last day is before the first one."),
        ("2027-01-01", "", "This day is yet to come."),
        ("2020-01-01", "", "Choose at most 366 days."),
        ("", "2026-03-01", "Choose the first day, too."),
        ("0001-01-01", "9999-12-31", "This is not a date."),
    ],
)
def test_bad_days_are_said_and_the_usual_period_shown(client_of, root, since, until, said):
    page = read(client_of(root), since=since, until=until, days="x")
    assert said in page
    assert "17 February 2026 to 18 March 2026" in page


def test_the_figures_are_exported_harmless_and_noted(client_of, root, answered):
    Tag.update(name="=1+1").execute()
    cast.make_service("Moves the stamp")
    answer = client_of(root).get(f"{URL}export/?days=7")
    rows = doors.csv_rows(answer)
    assert answer.headers["Content-Disposition"] == "attachment; filename=dashboard-2026-03-12-2026-03-18.csv"
    assert rows[1][2:] == ["3", "2", "3", "180.0", "420.0", "2", "120.0", "168.0"]
    assert ["Day", "2026-03-16", "3", "2"] in rows
    assert any(row[:2] == ["Tag", "'=1+1"] for row in rows)
    assert JournalEntry.get(JournalEntry.act == "exported").subject == "Dashboard"


def test_it_tells_when_figures_are_cut_short(client_of, root, answered, monkeypatch):
    monkeypatch.setattr(statistics, "MOST_COUNTED", 3)
    monkeypatch.setattr(statistics, "MOST_MEASURED", 2)
    page = read(client_of(root))
    assert "This period holds very many tickets" in page
    assert "First response and resolution are measured on the newest" in page


def test_a_full_desk_asks_no_more_than_a_small_one(app, root, answered):
    client, counted = doors.signed_in(app, root), []
    for more in (1, 20):
        for number in range(more):
            tickets.tag(cast.open_ticket(answered[0].customer, answered[0].service, answered[0].department),
                        f"tag {number}", actor=root)  # fmt: skip
        counting.forget_counts()
        client.get(URL)
        with count_queries() as counter:
            client.get(URL)
        counted.append(counter.count)
    assert counted[0] == counted[1] < 15


def test_the_demo_has_something_to_show(app):
    demo.fill(tickets=300, now=NOW.replace(tzinfo=None))
    page = read(doors.signed_in(app, Agent.get(Agent.name == "Oliver Grant")), days=90)
    assert "Busiest hours" in page
    assert "By department" in page


def test_silent_places_and_steps_are_for_administrators(client_of, root, ana, sales):
    page = read(client_of(root))
    assert "Nobody is told of new tickets of these places: Billing, Invoices" in page
    assert "Set the mail server" in page
    page = read(client_of(ana))
    assert "Nobody is told" not in page
    assert "Set the mail server" not in page


def test_the_list_of_steps_goes_when_all_is_done(client_of, root, ana, billing, smtp):
    client = client_of(root)
    assert [step.is_done for step in first_steps.steps()] == [False, True, True, True, True, True]
    assert "Still to do" in read(client)
    settings.save({"desk_name": "Canal Workshops"})
    assert "Still to do" not in read(client)


def test_a_new_desk_shows_what_is_missing_and_no_empty_figures(client_of, root):
    page = client_of(root).get(URL).text
    assert "Add a service" in page
    assert "Load examples" in page
    assert "Your form is open" not in page
    assert "Longest wait" not in page


def test_a_desk_with_a_service_leads_to_the_address_of_its_form(client_of, root, sales):
    page = client_of(root).get(URL).text
    assert '<a href="/admin/ready/">Your form is open: share its address</a>' in page
    assert "form-address" not in page
    settings.save({"desk_enabled": False})
    assert "Your form is open" not in client_of(root).get(URL).text


def test_a_desk_with_tickets_offers_no_examples(client_of, root, answered):
    page = client_of(root).get(URL).text
    assert "Still to do" in page
    assert "Load examples" not in page
    assert "Longest wait" in page


def test_it_speaks_french(client_of, root, answered):
    root.locale = "fr"
    root.save()
    page = read(client_of(root))
    assert "Tableau de bord du 17 février 2026 au 18 mars 2026" in page
    assert "lun. 16 mars" in page
    head = client_of(root).get(f"{URL}export/").text.splitlines()[0]
    assert "Première réponse\u00a0: médiane (minutes)" in head


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@sqlite_only
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page, root, answered, width):
    browsing.enter(page, root)
    page.set_viewport_size({"width": width, "height": 900})
    for path in (URL, f"{URL}?since=2026-03-10&until=2026-03-09"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details.fold').forEach(fold => { fold.open = true })")
        assert axe.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
