"""Snooze through its screens: the form on a ticket, the list, many at once, what is offered when a customer writes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from helpdesk import clock, snooze, tickets
from models import Agent, Message, Ticket
from tests.support import cast, words
from tests.support.doors import csv_rows, post, text_of

LIST = "/admin/tickets/"
#: A Wednesday, noon in Paris.
NOW = datetime(2026, 3, 25, 11, tzinfo=UTC)


@pytest.fixture
def paris(ana: Agent) -> Agent:
    """Ana, in Paris."""
    ana.timezone = "Europe/Paris"
    ana.save()
    return ana


def url(ticket, what=""):
    return f"{LIST}{ticket.number}/{what}".rstrip("/")


def page(client, address):
    return client.get(address).get_data(as_text=True)


def send(client, ticket, **form):
    with time_machine.travel(NOW, tick=False):
        return post(client, url(ticket, "snooze"), form)


def stored(ticket):
    return Ticket.get_by_id(ticket.id)


def subjects(client, view):
    return re.findall(r'class="subject"', page(client, f"{LIST}?view={view}"))


@pytest.mark.parametrize(
    ("form", "until"),
    [
        ({"moment": "evening"}, datetime(2026, 3, 25, 17)),
        ({"moment": "tomorrow"}, datetime(2026, 3, 26, 8)),
        ({"moment": "monday"}, datetime(2026, 3, 30, 7)),
        ({"moment": "week"}, datetime(2026, 4, 1, 7)),
        ({"moment": "own", "day": "2026-05-01", "time": "14:30"}, datetime(2026, 5, 1, 12, 30)),
    ],
)
def test_each_moment_is_that_of_the_agents_zone(client_of, ticket, paris, form, until):
    answer = send(client_of(paris), ticket, **form)
    assert answer.status_code == 302
    row = stored(ticket)
    assert (row.is_snoozed, row.snoozed_until, row.snoozed_by) == (True, until, paris.id)


@pytest.mark.parametrize(
    ("form", "field", "text"),
    [
        ({"moment": "own", "day": "2026-02-30", "time": "08:15"}, "day", "This day does not exist"),
        ({"moment": "own", "day": "2026-03-24", "time": "08:15"}, "day", "This moment is past"),
        ({"moment": "own", "day": "2028-04-01", "time": "08:15"}, "day", "within two years"),
        ({"moment": "own", "day": "2026-03-29", "time": "02:30"}, "time", "Clocks go forward"),
        ({"moment": "own", "day": "2026-03-30", "time": "soon"}, "time", "Choose a time"),
        ({"moment": "own", "day": '"><script>', "time": "08:15"}, "day", "This day does not exist"),
        ({"moment": "again"}, "moment", "This moment is past"),
        ({"moment": "nonsense"}, "day", "Choose a day"),
    ],
)
def test_a_bad_moment_is_answered_at_its_field_with_what_was_typed(client_of, ticket, paris, form, field, text):
    answer = send(client_of(paris), ticket, ignores_replies="1", **form)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    where = "moment-error" if field == "moment" else f"{field}-error"
    assert re.search(rf'id="{where}" role=alert>.*?{text}', html, re.DOTALL)
    assert f'aria-describedby="{where}"' in html
    assert re.search(r'name="ignores_replies" value="1" checked', html)
    assert "<script>" not in form.get("day", "") or "&#34;&gt;&lt;script&gt;" in html
    if form.get("time"):
        assert f'value="{form["time"]}"' in html
    assert not stored(ticket).is_snoozed


def test_the_list_says_which_ticket_went_and_takes_it_back(client_of, ticket, paris):
    client = client_of(paris)
    assert post(client, url(ticket, "snooze"), {"moment": "tomorrow"}).location == LIST
    html = page(client, LIST)
    assert f"Ticket {ticket.number} is snoozed until" in html
    assert len(subjects(client, "snoozed")) == 1
    undo = re.search(r'action="(/admin/bulk/undo/[^"]+)"', html)
    assert undo is not None
    post(client, undo.group(1).replace("&amp;", "&"))
    assert (len(subjects(client, "open")), len(subjects(client, "snoozed"))) == (1, 0)


@time_machine.travel(NOW, tick=False)
def test_list_and_ticket_say_until_when(client_of, ticket, paris, root):
    snooze.snooze(ticket, datetime(2030, 1, 7, 8), actor=paris, ignores_replies=True)
    client = client_of(paris)
    assert "until Mon 7 Jan 2030, 09:00" in text_of(client.get(f"{LIST}?view=snoozed"))
    assert "until Mon 7 Jan 2030, 09:00" in text_of(client.get(f"{LIST}?view=all"))
    text = text_of(client.get(url(ticket)))
    assert "Snoozed until Mon 7 Jan 2030, 09:00 by Ana. A reply of the customer does not wake it." in text
    assert "Ana snoozed the ticket until 7 Jan 2030, 09:00" in text
    # Each reader in their own zone: the desk's is UTC.
    assert "Snoozed until Mon 7 Jan 2030, 08:00 by Ana." in text_of(client_of(root).get(url(ticket)))


@time_machine.travel(NOW, tick=False)
def test_a_column_that_is_not_shown_takes_the_moment_along(client_of, ticket, paris):
    snooze.snooze(ticket, datetime(2030, 1, 7, 8), actor=paris)
    paris.list_columns = "customer,number"
    paris.save()
    assert "until Mon 7 Jan 2030, 09:00" in text_of(client_of(paris).get(f"{LIST}?view=snoozed"))


def address_of(html, label):
    """Return where the form of this button leads."""
    form = re.search(rf'<form method="post" action="([^"]+)">(?:(?!</form>).)*>{label}</button>', html)
    assert form is not None
    return form.group(1).replace("&amp;", "&")


@pytest.mark.parametrize(("act", "label"), [(tickets.mark_spam, "Not spam"), (tickets.delete, "Restore")])
def test_the_notice_on_a_ticket_out_of_the_lists_brings_it_back(client_of, ticket, paris, act, label):
    act(ticket, actor=paris)
    client = client_of(paris)
    assert post(client, address_of(page(client, url(ticket)), label)).status_code == 302
    assert (stored(ticket).is_spam, stored(ticket).in_bin) == (False, False)


def test_a_button_wakes_it(client_of, ticket, paris):
    client = client_of(paris)
    assert "Wake now" not in page(client, url(ticket))
    snooze.snooze(ticket, clock.now() + timedelta(days=1), actor=paris)
    post(client, address_of(page(client, url(ticket)), "Wake now"))
    assert not stored(ticket).is_snoozed
    assert "The ticket is awake" in text_of(client.get(url(ticket)))


def test_after_its_customer_woke_it_one_button_snoozes_it_again(client_of, ticket, paris, carol):
    until = clock.now() + timedelta(days=3)
    snooze.snooze(ticket, until, actor=paris)
    tickets.receive_message(stored(ticket), "Thanks!", actor=carol)
    client = client_of(paris)
    html = page(client, url(ticket))
    assert "Snooze again until" in html
    seen = re.search(r'name="seen" value="(\d+)"', html).group(1)
    assert int(seen) == Message.select().order_by(Message.id.desc()).first().id
    post(client, url(ticket, "snooze"), {"moment": "again", "seen": seen})
    assert (stored(ticket).is_snoozed, stored(ticket).snoozed_until) == (True, until)
    assert "Snooze again until" not in page(client, url(ticket))


def test_what_the_customer_wrote_meanwhile_is_read_first(client_of, ticket, paris, carol):
    client = client_of(paris)
    seen = re.search(r'name="seen" value="(\d+)"', page(client, url(ticket))).group(1)
    tickets.receive_message(stored(ticket), "Wait!", actor=carol)
    day = (clock.now() + timedelta(days=30)).date().isoformat()
    form = {"moment": "own", "day": day, "time": "10:00", "seen": seen}
    answer = post(client, url(ticket, "snooze"), form)
    assert answer.status_code == 422
    assert "The customer has written meanwhile. Read it first." in text_of(answer)
    # The page shows the message, knows it, and holds what was typed.
    assert "Wait!" in text_of(answer)
    html = answer.get_data(as_text=True)
    assert f'value="{day}"' in html
    newer = set(re.findall(r'name="seen" value="(\d+)"', html))
    assert newer == {str(Message.select().order_by(Message.id.desc()).first().id)}
    assert not stored(ticket).is_snoozed
    assert post(client, url(ticket, "snooze"), {**form, "seen": newer.pop()}).status_code == 302
    assert stored(ticket).is_snoozed


def test_the_list_of_what_sleeps_has_pages_neighbours_and_an_export(client_of, paris, carol, billing, invoices):
    rows = [cast.open_ticket(carol, billing, invoices, subject=f"Sleeper {n:02}") for n in range(30)]
    for days, row in enumerate(reversed(rows)):
        Ticket.update(is_snoozed=True, snoozed_until=datetime(2030, 1, 1) + timedelta(days)).where(
            Ticket.id == row.id
        ).execute()
    client = client_of(paris)
    first = page(client, f"{LIST}?view=snoozed")
    names = re.findall(r"Sleeper \d\d", first)
    second = page(client, re.search(r'href="([^"]+after=[^"]+)"', first).group(1).replace("&amp;", "&"))
    names += re.findall(r"Sleeper \d\d", second)
    assert list(dict.fromkeys(names)) == [f"Sleeper {n:02}" for n in reversed(range(30))]
    html = page(client, f"{url(rows[10])}?view=snoozed")
    assert "20 of 30" in html
    assert f"{rows[11].number}?view=snoozed#newest" in html
    assert f"{rows[9].number}?view=snoozed#newest" in html
    # Once awake, it stands in that list no more.
    snooze.wake(stored(rows[10]), actor=paris)
    html = page(client, f"{url(rows[10])}?view=snoozed")
    assert rows[10].subject in html
    assert "20 of" not in html
    beside = page(client, f"{LIST}beside?at={rows[10].number}&view=snoozed")
    assert "Sleeper 29" in beside
    lines = csv_rows(client.get(f"{LIST}export.csv?view=snoozed&column=subject"))
    assert [line[0] for line in lines[1:3]] == ["Sleeper 29", "Sleeper 28"]


def test_many_are_snoozed_and_woken_from_the_list(client_of, ticket, paris, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    client = client_of(paris)
    html = page(client, LIST)
    assert 'formaction="/admin/bulk/snooze" name="value" value="tomorrow"' in html
    numbers = {"number": [ticket.number, other.number]}
    post(client, "/admin/bulk/snooze", {**numbers, "value": "tomorrow"})
    assert "2 tickets are snoozed." in page(client, LIST)
    assert len(subjects(client, "snoozed")) == 2
    html = page(client, f"{LIST}?view=snoozed")
    assert 'formaction="/admin/bulk/wake"' in html
    assert 'formaction="/admin/bulk/snooze"' not in html
    post(client, "/admin/bulk/wake", numbers)
    assert len(subjects(client, "open")) == 2
    post(client, "/admin/bulk/snooze", {**numbers, "value": "never"})
    assert "Choose a day." in page(client, LIST)
    assert len(subjects(client, "open")) == 2


def test_many_are_snoozed_until_a_day_and_a_time_of_ones_own(client_of, ticket, paris, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    client = client_of(paris)
    assert 'formaction="/admin/bulk/snooze" name="value" value="own"' in page(client, LIST)
    chosen = {"number": [ticket.number, other.number], "value": "own", "list_view": "open"}
    asked = post(client, "/admin/bulk/snooze", chosen)
    assert asked.status_code == 200
    assert "Snooze 2 tickets" in text_of(asked)
    wrong = post(client, "/admin/bulk/snooze", {**chosen, "day": "2027-02-30", "time": "10:15"})
    assert wrong.status_code == 422
    html = wrong.get_data(as_text=True)
    assert "This day does not exist." in html
    assert 'value="2027-02-30"' in html
    assert 'value="10:15"' in html
    assert len(subjects(client, "open")) == 2
    day = (clock.now() + timedelta(days=5)).date()
    answer = post(client, "/admin/bulk/snooze", {**chosen, "day": day.isoformat(), "time": "10:15"})
    assert "view=open" in answer.location
    html = page(client, LIST)
    assert "2 tickets are snoozed." in html
    until = datetime.combine(day, time(10, 15), tzinfo=ZoneInfo(paris.timezone)).astimezone(UTC).replace(tzinfo=None)
    assert {row.snoozed_until for row in Ticket.select()} == {until}
    post(client, re.search(r"/admin/bulk/undo/\d+[^\"]*", html).group().replace("&amp;", "&"))
    assert len(subjects(client, "open")) == 2
    cast.speak_french()
    french = words.in_french(client_of(paris))
    assert words.english_of(post(french, "/admin/bulk/snooze", chosen)) == set()


def test_who_may_not_is_shown_no_way_to_do_it(client_of, ticket, paris, root):
    paris.role = cast.make_role("Reader", can_set_status=False)
    paris.save()
    client = client_of(paris)
    snooze.snooze(ticket, clock.now() + timedelta(days=1), actor=root)
    html = page(client, url(ticket))
    assert "Snoozed until" in html
    assert not {"Wake now", "/snooze"} & set(re.findall(r"Wake now|/snooze", html))
    assert send(client, ticket, moment="week").status_code == 403
    assert post(client, url(ticket, "wake")).status_code == 403
    assert "/admin/bulk/snooze" not in page(client, f"{LIST}?view=all")


def test_a_search_finds_it_and_can_ask_for_what_sleeps(client_of, ticket, paris):
    snooze.snooze(ticket, clock.now() + timedelta(days=1), actor=paris)
    client = client_of(paris)
    counts = [len(subjects(client, f"search&q=invoice{more}")) for more in ("", "&state=snoozed", "&state=open")]
    assert counts == [1, 1, 0]


def test_an_evening_that_is_over_is_not_offered(client_of, ticket, paris):
    client = client_of(paris)
    for now, is_offered in ((NOW, True), (NOW + timedelta(hours=9), False)):
        with time_machine.travel(now, tick=False):
            assert ("This evening" in page(client, url(ticket))) is is_offered


def test_a_bare_address_leads_back_to_the_list_that_holds_the_ticket(client_of, ticket, paris):
    assert f'<a href="{LIST}?view=open">' in page(client_of(paris), url(ticket))
    send(client_of(paris), ticket, moment="tomorrow")
    shown = page(client_of(paris), url(ticket))
    assert re.search(rf'<a href="{re.escape(LIST)}\?view=snoozed"><svg[^>]*>.*?</svg>Snoozed</a>', shown)
