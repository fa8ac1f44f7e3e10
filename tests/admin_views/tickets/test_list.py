"""The lists of tickets through their pages: criteria, search, acts on many, undo, saved lists, news."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from database import Stamp
from helpdesk import search, tickets
from helpdesk.lists import counting, criteria, display, saved_views
from helpdesk.lists.bulk import MAX_TICKETS
from models import BulkAction, OutgoingEmail, SavedView, Status, Tag, Ticket
from tests.support import cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"
SUBJECT = re.compile(r'<a class="subject".*?<span>([^<]+)</span></a>')


@pytest.fixture
def many(carol, billing, invoices):
    """Thirty tickets: more than a page."""
    return [cast.open_ticket(carol, billing, invoices, subject=f"Ticket {n}") for n in range(30)]


def stored(ticket):
    return Ticket.get_by_id(ticket.id)


def page(client, address=LIST):
    return client.get(address).get_data(as_text=True)


def act(client, name, *found, **data):
    return post(client, f"/admin/bulk/{name}", {"number": [ticket.number for ticket in found], **data})


def undo(client):
    """Press the button that the last act offers."""
    return post(client, re.search(r'action="(/admin/bulk/undo/[^"]+)"', page(client)).group(1).replace("&amp;", "&"))


# --- Criteria -----------------------------------------------------------------------------------------------------


def test_criteria_stand_as_chips_that_can_be_taken_away(client_of, ticket, ana):
    html = page(client_of(ana), f"{LIST}?view=open&status={ticket.status_id}&waits=1")
    assert '<span class="chip"><span>Status</span><b>Active</b>' in html
    assert f'href="{LIST}?waits=1" aria-label="Remove the filter Status"' in html
    assert ticket.subject in html


def test_a_form_of_filters_leads_to_the_short_address(client_of, ticket, ana):
    answer = client_of(ana).get(f"{LIST}?view=open&service={ticket.service_id}&status=&tag=&waits=1")
    assert answer.location in {f"{LIST}?waits=1&service={ticket.service_id}"}


def test_a_chosen_filter_is_chosen_in_the_form(client_of, ticket, ana):
    html = page(client_of(ana), f"{LIST}?status={ticket.status_id}&assignee=me")
    assert f'<option value="{ticket.status_id}" selected>Active' in html
    assert '<option value="me" selected>Me' in html


def test_the_order_stays_on_the_next_page(client_of, many, ana):
    client = client_of(ana)
    html = page(client, f"{LIST}?sort=oldest&status={many[0].status_id}")
    following = re.search(r'href="([^"]+after=[^"]+)"', html).group(1).replace("&amp;", "&")
    assert SUBJECT.findall(html)[0] == "Ticket 0"
    assert SUBJECT.findall(page(client, following)) == [f"Ticket {n}" for n in range(25, 30)]
    assert f"sort=oldest&status={many[0].status_id}" in following


def test_a_page_whose_tickets_left_the_list_leads_to_its_first_page(client_of, many, root):
    client = client_of(root)
    following = re.search(r'href="([^"]+after=[^"]+)"', page(client, f"{LIST}?waits=1")).group(1).replace("&amp;", "&")
    for ticket in many[25:]:
        tickets.close(ticket, actor=root)
    assert client.get(following).location == f"{LIST}?waits=1"
    assert len(SUBJECT.findall(page(client, f"{LIST}?waits=1"))) == 25
    for ticket in many[:25]:
        tickets.close(ticket, actor=root)
    assert client.get(f"{LIST}?waits=1").status_code == 200


def test_a_row_is_ticked_by_its_number(client_of, ana, ticket):
    ana.locale = "fr"
    ana.save()
    assert f">Cocher le ticket {ticket.number}</span>" in page(client_of(ana))


def test_the_list_says_how_many_and_the_title_how_many_wait(client_of, many, ana):
    tickets.reply(many[0], "<p>Hi</p>", actor=ana)
    counting.forget_counts()
    html = page(client_of(ana))
    assert "30 tickets · 29 wait for a reply" in html
    assert re.search(r"<title>\(29\) Open tickets", html)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("?view=open", "All done"),
        ("?view=mine", "None of your tickets is open."),
        ("?view=open&waits=1&status=1", "Take a filter away to see more."),
        ("?view=search", "Search tickets"),
        ("?view=search&q=hippopotamus", "Nothing matches"),
    ],
)
def test_an_empty_list_says_why(client_of, ticket, ana, address, words):
    tickets.close(ticket, actor=ana)
    counting.forget_counts()
    assert words in text_of(client_of(ana).get(LIST + address))


def test_a_desk_without_tickets_says_that_nothing_came_yet(client_of, ana):
    assert "Nothing yet" in text_of(client_of(ana).get(LIST))


@pytest.mark.parametrize("address", ["", "?status=1&waits=1", "?view=search&q=ticket", "?view=search&q=ticket&tag=1"])
def test_no_list_asks_more_than_eight_times(client_of, many, root, address):
    client = client_of(root)
    page(client, LIST + address)
    counting.forget_counts()
    with count_queries() as counted:
        page(client, LIST + address)
    assert counted.count <= 8


# --- Search -------------------------------------------------------------------------------------------------------


def test_a_search_shows_the_passage_with_its_words_marked(client_of, carol, billing, invoices, ana):
    cast.open_ticket(carol, billing, invoices, subject="Hello", body="The élève said 1 < 2 & left.")
    html = page(client_of(ana), f"{LIST}?view=search&q=ELEVE")
    assert '<span class="passage">The <mark>élève</mark> said 1 &lt; 2 &amp; left.</span>' in html


def test_a_search_marks_its_words_in_the_subject(client_of, ticket, ana):
    word = ticket.subject.split()[0]
    assert f"<mark>{word}</mark>" in page(client_of(ana), f"{LIST}?view=search&q={word}")


@pytest.mark.parametrize("sign", ["", "%23", "%23%20"])
def test_an_exact_number_jumps(client_of, ticket, ana, sign):
    answer = client_of(ana).get(f"{LIST}?view=search&q={sign}{ticket.number}")
    assert answer.location == f"{LIST}{ticket.number}"


def test_a_foreign_number_does_not_jump(client_of, ticket, ben):
    answer = client_of(ben).get(f"{LIST}?view=search&q={ticket.number}")
    assert answer.status_code == 200
    assert ticket.subject not in answer.get_data(as_text=True)


def test_filters_narrow_a_search(client_of, many, ana):
    tickets.close(many[3], actor=ana)
    html = page(client_of(ana), f"{LIST}?view=search&q=ticket&state=closed")
    assert html.count('class="subject"') == 1
    assert "<span>State</span><b>Closed</b>" in html


# --- Acts on many -------------------------------------------------------------------------------------------------


def test_all_that_match_are_updated(client_of, many, ana):
    client = client_of(ana)
    closed = Status.get(Status.identifier == "closed")
    act(client, "status", value=str(closed.id), all="1", list_view="open", list_waits="1")
    assert Ticket.select().where(Ticket.status == closed).count() == 30
    assert "30 tickets have been updated." in text_of(client.get(LIST))


def test_all_that_match_is_asked_anew_within_ones_sight(client_of, many, ben, carol, sales):
    own = cast.open_ticket(carol, sales)
    act(client_of(ben), "delete", all="1", list_view="all")
    assert [row.id for row in Ticket.select().where(Ticket.in_bin)] == [own.id]


def test_no_act_meets_more_than_its_limit(client_of, many, ana, monkeypatch):
    monkeypatch.setattr("admin_views.tickets.bulk.MAX_TICKETS", 10)
    client = client_of(ana)
    act(client, "tag", value="late", all="1", list_view="open", list_sort="oldest")
    assert [stored(ticket).ticket_tags.count() for ticket in many] == [1] * 10 + [0] * 20
    assert "Only the first 10 tickets were met" in text_of(client.get(LIST))
    assert MAX_TICKETS == 1_000


def test_too_many_ticked_tickets_are_not_cut_in_silence(client_of, many, ana, monkeypatch):
    monkeypatch.setattr("admin_views.tickets.bulk.MAX_TICKETS", 10)
    client = client_of(ana)
    act(client, "tag", value="late", number=["unknown", *(ticket.number for ticket in many)])
    assert [stored(ticket).ticket_tags.count() for ticket in many] == [1] * 9 + [0] * 21
    assert "Only the first 10 tickets were met" in text_of(client.get(LIST))


def test_the_bar_offers_all_that_match(client_of, many, ana):
    html = page(client_of(ana))
    assert "Tick all 30" in html
    assert '<input type="hidden" name="list_view" value="open">' in page(client_of(ana), f"{LIST}?view=open")


def test_the_bar_of_a_list_behind_a_figure_offers_no_more_than_one_act_meets(client_of, many, ana, monkeypatch):
    monkeypatch.setattr("helpdesk.lists.bulk.MAX_TICKETS", 28)
    html = page(client_of(ana), f"{LIST}?view=all&opened=2000-01-01--2999-12-31")
    assert "30 tickets" in html
    assert "Tick the first 1,000" in html
    assert 'data-count="28"' in html


def test_a_new_tag_is_typed(client_of, ticket, ana):
    client = client_of(ana)
    act(client, "tag", ticket, new_tag="  brand new ")
    assert [row.tag.name for row in stored(ticket).ticket_tags.join(Tag)] == ["brand new"]
    act(client, "tag", ticket, new_tag="")
    assert "Write a tag, or choose one." in text_of(client.get(LIST))


@pytest.mark.parametrize(("name", "value"), [("status", "999"), ("assign", "agent-999"), ("priority", "x")])
def test_what_does_not_exist_is_refused_once(client_of, many, ana, name, value):
    client = client_of(ana)
    act(client, name, *many, value=value)
    assert text_of(client.get(LIST)).count("Choose one from the list.") == 1
    assert BulkAction.select().count() == 0


def test_an_unknown_act_is_not_found(client_of, ticket, ana):
    assert act(client_of(ana), "explode", ticket).status_code == 404


# --- Undo ---------------------------------------------------------------------------------------------------------


def test_an_act_is_taken_back_by_its_button(client_of, many, ana, root):
    client = client_of(root)
    act(client, "assign", *many[:3], value=f"agent-{ana.id}", list_view="open")
    assert undo(client).location == f"{LIST}?view=open"
    assert {stored(ticket).assignee for ticket in many[:3]} == {None}
    said = text_of(client.get(LIST))
    assert "3 tickets are as before. " in said
    assert "1 e-mail was not sent yet: it is cancelled." in said


def test_what_was_changed_since_and_what_had_gone_is_said(client_of, many, ana, root):
    client = client_of(root)
    act(client, "assign", *many[:3], value=f"agent-{ana.id}")
    tickets.assign(stored(many[0]), None, actor=root)
    OutgoingEmail.update(state="sent").where(OutgoingEmail.to_email == ana.email).execute()
    undo(client)
    said = text_of(client.get(LIST))
    assert "2 tickets are as before." in said
    assert "1 ticket was left as it is: it has been changed since." in said
    assert f"1 e-mail had already gone, to {ana.email}." in said


def test_an_act_is_not_taken_back_by_somebody_else(client_of, ticket, ana, root):
    act(client_of(ana), "delete", ticket)
    assert post(client_of(root), f"/admin/bulk/undo/{BulkAction.get().id}").status_code == 404
    assert stored(ticket).in_bin


def test_taking_back_twice_is_answered_kindly(client_of, ticket, ana):
    client = client_of(ana)
    act(client, "delete", ticket)
    undo(client)
    post(client, f"/admin/bulk/undo/{BulkAction.get().id}")
    assert "This was undone already." in text_of(client.get(LIST))


@pytest.mark.parametrize("key", ["0", "99", str(2**64)])
def test_no_such_act_is_not_found(client_of, ana, key):
    assert post(client_of(ana), f"/admin/bulk/undo/{key}").status_code == 404


# --- Saved lists --------------------------------------------------------------------------------------------------


def test_a_list_is_saved_and_stands_in_the_menu(client_of, ticket, ana):
    client = client_of(ana)
    answer = post(client, "/admin/views/save", {"name": "Late", "list_waits": "1", "list_next": "//evil.example"})
    assert answer.location == f"{LIST}?waits=1"
    html = page(client, answer.location)
    assert re.search(r'href="/admin/tickets/\?waits=1" aria-current="page">.*?Late', html)
    assert "Saved as “Late”" in html


def test_a_list_without_a_name_is_not_saved(client_of, ana):
    client = client_of(ana)
    post(client, "/admin/views/save", {"name": " ", "list_waits": "1"})
    assert "A name has 1 to 80 characters." in text_of(client.get(LIST))


def test_lists_are_arranged_by_buttons(client_of, ana):
    one, two = (saved_views.save(name, {"waits": "1"}, actor=ana) for name in ("One", "Two"))
    client = client_of(ana)
    post(client, "/admin/views/move/", {"id": two.id, "to": "up"})
    post(client, f"/admin/views/edit/?id={one.id}", {"name": "First", "shared": "y"})
    assert [(row.name, row.shared) for row in saved_views.offered(ana)] == [("Two", False), ("First", True)]
    post(client, f"/admin/views/edit/?id={one.id}", {"name": "First"})
    assert "Its tickets stay." in text_of(post(client, "/admin/views/delete/", {"id": two.id}))
    post(client, "/admin/views/delete/", {"id": two.id, "confirmed": "1"})
    assert [(row.name, row.shared) for row in SavedView.select()] == [("First", False)]


def test_a_saved_list_leads_to_its_tickets(client_of, ana):
    view = saved_views.save("Late", {"waits": "1"}, actor=ana)
    client = client_of(ana)
    assert f'href="/admin/views/details/?id={view.id}' in page(client, "/admin/views/")
    assert client.get(f"/admin/views/details/?id={view.id}").location == f"{LIST}?waits=1"


def test_one_list_has_no_order(client_of, ana):
    saved_views.save("Late", {"waits": "1"}, actor=ana)
    assert "Move up" not in page(client_of(ana), "/admin/views/")


def test_a_shared_list_is_read_by_all_and_changed_by_its_owner(client_of, ana, ben, root):
    view = saved_views.save("Late", {"waits": "1"}, actor=ana)
    saved_views.change(view, {"name": "Late", "shared": True}, actor=ana)
    client = client_of(ben)
    for name in ("One", "Two"):
        saved_views.save(name, {}, actor=ben)
    assert "Late" in text_of(client.get(LIST))
    html = page(client, "/admin/views/")
    assert f"/admin/views/details/?id={view.id}" in html
    assert (f"/admin/views/edit/?id={view.id}" in html, f'id="up-{view.id}"' in html) == (False, False)
    assert client.get(f"/admin/views/details/?id={view.id}").status_code == 302
    assert client.get(f"/admin/views/edit/?id={view.id}").status_code == 404
    assert post(client, "/admin/views/delete/", {"id": view.id, "confirmed": "1"}).status_code == 404
    assert post(client, "/admin/views/move/", {"id": view.id, "to": "up"}).status_code == 404
    assert client_of(root).get(f"/admin/views/edit/?id={view.id}").status_code == 200


def test_a_taken_name_is_refused_in_words(client_of, ana):
    saved_views.save("One", {}, actor=ana)
    two = saved_views.save("Two", {}, actor=ana)
    answer = post(client_of(ana), f"/admin/views/edit/?id={two.id}", {"name": "One"})
    assert "There is another list of this name." in text_of(answer)


# --- News ---------------------------------------------------------------------------------------------------------


def news(client, html):
    return client.get(re.search(r'data-news="([^"]+)"', html).group(1).replace("&amp;", "&")).get_json()


def test_news_counts_what_came_since_within_ones_sight(client_of, ticket, ana, ben, carol, billing, invoices):
    ours, theirs = client_of(ana), client_of(ben)
    shown = page(ours), page(theirs)
    cast.open_ticket(carol, billing, invoices)
    assert news(ours, shown[0]) == {"count": 1, "text": "1 new ticket since you came"}
    assert news(theirs, shown[1])["count"] == 0


def test_news_asks_little(client_of, many, ana):
    client = client_of(ana)
    html = page(client)
    with count_queries() as counted:
        news(client, html)
    assert counted.count <= 3


@pytest.mark.parametrize("since", ["", "x", "-5", str(2**70)])
def test_odd_news_are_answered(client_of, ticket, ana, since):
    assert client_of(ana).get(f"{LIST}news?since={since}&view=nowhere&status=x").status_code == 200


def test_an_agent_without_a_permission_is_told_to_ask(client_of, ticket, database):
    new = cast.make_agent("Noor")
    for view in ("open", "mine", "unassigned"):
        assert "Ask an administrator to add you to support." in page(client_of(new), f"{LIST}?view={view}")


def test_a_saved_list_wears_its_name(client_of, ticket, ana):
    saved_views.save("Late", {"waits": "1"}, actor=ana)
    client = client_of(ana)
    html = page(client, f"{LIST}?waits=1")
    assert "<h1>Late</h1>" in html
    assert '<h2 class="side-title">Lists</h2>' in html
    assert "Late</a>" in page(client, f"{LIST}{ticket.number}?waits=1").partition('class="crumbs"')[2]


def test_the_list_without_a_word_leads_to_neighbours_too(client_of, ticket, many, ana):
    client = client_of(ana)
    assert f'href="{LIST}{ticket.number}?view=open#newest"' in page(client)
    html = page(client, f"{LIST}{ticket.number}?view=open")
    assert f'href="{LIST}{many[0].number}?view=open#newest" rel="next"' in html


def test_the_order_in_use_is_marked(client_of, ticket, ana):
    html = page(client_of(ana), f"{LIST}?sort=oldest")
    assert re.findall(r"aria-current=true>([^<]+)<svg", html) == ["Oldest first"]


def test_a_list_carries_some_tags_and_the_box_finds_the_others(client_of, ana, ticket):
    Tag.insert_many([{"name": f"tag {number:04}", "key": f"tag {number:04}"} for number in range(2_000)]).execute()
    Stamp.bump()
    last = Tag.get(Tag.name == "tag 1999")
    client = client_of(ana)
    page = client.get("/admin/tickets/").get_data(as_text=True)
    assert "tag 0001" in page
    assert page.count(">tag ") <= 300
    found = client.get("/admin/find/?q=TAG+1999", headers={"Accept": "application/json"}).get_json()["groups"]
    assert [line["url"] for group in found for line in group["lines"]] == [f"/admin/tickets/?tag={last.id}"]
    chosen = client.get(f"/admin/tickets/?tag={last.id}").get_data(as_text=True)
    assert f'<option value="{last.id}" selected>tag 1999</option>' in chosen


# --- How it looks -------------------------------------------------------------------------------------------------


def headings(html):
    row = html.partition("<thead>")[2].partition("</thead>")[0]
    return re.findall(r'role="columnheader">([^<]+)</th>', row)


def test_a_row_says_the_first_words_and_who_wrote_them(client_of, ticket, ana, ben):
    assert f'<span class="words">{ticket.excerpt}</span>' in page(client_of(ana))
    tickets.assign(ticket, ben, actor=ana)
    tickets.reply(ticket, "<p>We <b>look</b> at it &amp; answer.</p>", actor=ben)
    assert '<span class="words">Ben: We look at it &amp; answer.</span>' in page(client_of(ana))
    assert '<span class="words">You: We look at it &amp; answer.</span>' in page(client_of(ben))


def test_a_row_says_how_long_its_customer_waits(client_of, ticket, ana):
    Ticket.update(waiting_since=ticket.waiting_since - timedelta(hours=3)).execute()
    assert re.search(r'<td class="c-when is-waiting" role="cell"><time [^>]+>waits 3\Whr</time>', page(client_of(ana)))
    tickets.reply(stored(ticket), "<p>Hi</p>", actor=ana)
    assert re.search(r'<td class="c-when" role="cell"><time [^>]+>just now</time>', page(client_of(ana)))


def test_a_column_that_nothing_fills_takes_no_room(client_of, ticket, ana):
    client = client_of(ana)
    assert headings(page(client)) == ["Customer", "Subject", "Service", "Status", "Activity", "Number"]
    tickets.take(ticket, actor=ana)
    assert "Assigned to" in headings(page(client))
    assert "Service" not in headings(page(client, f"{LIST}?department={ticket.department_id}"))


def test_tags_and_an_unusual_priority_stand_behind_the_subject(client_of, ticket, ana):
    client = client_of(ana)
    assert 'class="prio' not in page(client).partition("<tbody>")[2].partition("</tbody>")[0]
    tickets.mark_important(ticket, actor=ana)
    for name in ("one", "three", "two"):
        tickets.tag(ticket, name, actor=ana)
    row = page(client).partition("<tbody>")[2]
    assert '<span class="tag">one</span><span class="tag">three</span><span title="two">+1</span>' in row
    assert 'class="prio priority-' in row


def test_an_agent_chooses_rows_and_columns(client_of, ticket, ana, ben):
    tickets.tag(ticket, "late", actor=ana)
    client = client_of(ana)
    look = {"rows": "dense", "columns": ["number", "tags", "priority", "nonsense"], "list_waits": "1"}
    assert post(client, "/admin/views/display", look).location == f"{LIST}?waits=1"
    html = page(client)
    assert headings(html) == ["Subject", "Priority", "Tags", "Number"]
    assert 'id="rows-dense" checked' in html
    assert len(headings(page(client_of(ben)))) != 4
    post(client, "/admin/views/display", {"reset": "1"})
    assert (stored_agent := type(ana).get_by_id(ana.id)).list_columns == ""
    assert stored_agent.list_rows == "comfortable"


def test_rows_that_do_not_exist_are_refused(client_of, ticket, ana):
    client = client_of(ana)
    post(client, "/admin/views/display", {"rows": "huge"})
    assert "Choose one from the list." in text_of(client.get(LIST))


def test_short_names_tell_people_of_one_first_name_apart(database):
    ids = [cast.make_agent(name).id for name in ("Ines Roux", "Ines Moreau", "Ada")]
    names = display.short_names()
    assert [names[key] for key in ids] == ["Ines R.", "Ines M.", "Ada"]


def test_saved_lists_are_counted_in_one_statement(client_of, many, ana, monkeypatch):
    tickets.tag(many[0], "late", actor=ana)
    for name, words in {
        "Waiting": {"waits": "1"},
        "Late": {"tag": str(Tag.get().id)},
        "High": {"priority": str(many[0].priority_id), "waits": "1"},
        "Closed": {"view": "closed"},
        "Found": {"view": "search", "q": "ticket"},
    }.items():
        saved_views.save(name, words, actor=ana)
    client = client_of(ana)
    page(client)
    counting.forget_counts()
    with count_queries() as counted:
        html = page(client)
    menu = html.partition('<h2 class="side-title">Lists</h2>')[2].partition("</div>")[0]
    shown = re.findall(r'<span class="side-text"[^>]*>([^<]+)</span>(?:<span class="count">([^<]+)</span>)?', menu)
    assert shown[:5] == [("Waiting", "30"), ("Late", "1"), ("High", "30"), ("Closed", ""), ("Found", "")]
    assert counted.count <= 9
    monkeypatch.setattr(counting, "MOST_COUNTED", 5)
    counting.forget_counts()
    assert '<span class="count">4+</span>' in page(client)


def test_a_search_says_that_only_the_newest_were_looked_at_and_looks_further(client_of, ana, many, monkeypatch):
    client = client_of(ana)
    address = f"{LIST}?view=search&q=ticket"
    assert "looked at" not in page(client, address)
    monkeypatch.setattr(search, "REACHES", (5, 8, 100))
    monkeypatch.setitem(criteria.WORDS, "reach", ("8", "100"))
    html = page(client, address)
    assert "Only the newest 5 matches were looked at." in html
    assert f"{LIST}?view=search&amp;q=ticket&amp;reach=8" in html
    assert html.count('name="number"') == 5
    html = page(client, f"{address}&reach=8")
    assert "newest 8 matches" in html
    assert "reach=100" in html
    assert "looked at" not in page(client, f"{address}&reach=100")
    monkeypatch.setattr(search, "REACHES", (5, 8))
    html = page(client, f"{address}&reach=8")
    assert "One more word narrows the search." in html
    assert "Look further" not in html
