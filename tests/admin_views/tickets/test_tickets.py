"""The desk through its pages: lists, thread, reply, acts, bulk."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from playhouse.test_utils import count_queries

from helpdesk import tickets
from helpdesk.lists import counting
from models import CannedResponse, Message, OutgoingEmail, Priority, Status, Ticket
from tests.support import cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


def url(ticket, act=""):
    return f"{LIST}{ticket.number}{'/' if act else ''}{act}"


def stored(ticket):
    return Ticket.get_by_id(ticket.id)


def test_the_list_shows_what_waits(client_of, ticket, ana):
    page = text_of(client_of(ana).get(LIST))
    for words in (ticket.number, ticket.subject, "Carol Jones", "Invoices", "Active", "Normal", "Unassigned"):
        assert words in page


def test_a_list_costs_eight_queries_at_most(client_of, ticket, ana, carol, billing, invoices):
    client = client_of(ana)
    client.get(LIST)
    counts = []
    for _more in range(2):
        counting.forget_counts()
        with count_queries() as counted:
            client.get(LIST)
        counts.append(counted.count)
        for _again in range(5):
            cast.open_ticket(carol, billing, invoices)
    assert counts[0] == counts[1] <= 8


def test_a_thread_costs_ten_queries_at_most(client_of, ticket, ana, carol):
    client = client_of(ana)
    client.get(url(ticket))
    counts = []
    for _more in range(2):
        counting.forget_counts()
        with count_queries() as counted:
            client.get(url(ticket))
        counts.append(counted.count)
        for _again in range(5):
            tickets.receive_message(ticket, "More.", actor=carol)
    assert counts[0] == counts[1] <= 10


def test_a_foreign_ticket_is_not_there(client_of, ticket, ben):
    client = client_of(ben)
    assert client.get(url(ticket)).status_code == 404
    assert post(client, url(ticket, "close")).status_code == 404
    assert post(client, url(ticket, "reply"), {"body": "Hi"}).status_code == 404


def test_a_reply_is_sent_and_said(client_of, ticket, ana):
    answer = post(client_of(ana), url(ticket, "reply"), {"body": "It is right.", "kind": "message"})
    assert (answer.status_code, answer.location) == (302, f"{url(ticket)}#newest")
    assert Message.get(Message.kind == "reply").body == "<p>It is right.</p>"
    assert stored(ticket).status.identifier == "pending"


def test_send_and_close_is_one_act(client_of, ticket, ana):
    client = client_of(ana)
    post(client, url(ticket, "reply"), {"body": "<p>Done.</p>", "format": "html", "close": "1"})
    assert stored(ticket).is_closed
    assert "Your message has been sent." in text_of(client.get(url(ticket)))


def test_a_note_is_saved_and_said(client_of, ticket, ana):
    client = client_of(ana)
    post(client, url(ticket, "reply"), {"body": "Call her.", "kind": "note"})
    page = text_of(client.get(url(ticket)))
    assert "Your note has been saved." in page
    assert "internal note, never seen by the customer" in page


def test_a_note_is_deleted(client_of, ticket, ana):
    note = tickets.add_note(ticket, "<p>Secret</p>", actor=ana)
    client = client_of(ana)
    address = url(ticket, f"notes/{note.id}/delete")
    asked = post(client, address)
    assert "Delete this note for good?" in text_of(asked)
    assert "Secret" in text_of(client.get(url(ticket))), "one click deletes nothing"
    post(client, address, {"confirmed": "1"})
    page = text_of(client.get(url(ticket)))
    assert "The note has been deleted." in page
    assert "Secret" not in page


def test_an_empty_reply_comes_back(client_of, ticket, ana):
    answer = post(client_of(ana), url(ticket, "reply"), {"body": "  ", "close": "1"})
    assert answer.status_code == 422
    assert "Write a message first." in text_of(answer)


def test_a_canned_name_already_taken_keeps_the_reply(client_of, ticket, ana):
    CannedResponse.create(name="Hours", body="<p>9–5</p>", service=ticket.service)
    data = {"body": "We open at nine.", "save_as": "1", "canned_name": "Hours"}
    answer = post(client_of(ana), url(ticket, "reply"), data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "We open at nine." in page
    assert Message.select().where(Message.kind == "reply").count() == 0


def test_a_reply_is_saved_as_canned_response(client_of, ticket, ana):
    data = {"body": "We open at nine.", "save_as": "1", "canned_name": "Hours"}
    post(client_of(ana), url(ticket, "reply"), data)
    row = CannedResponse.get()
    assert (row.service, row.author) == (ticket.service, ana)
    assert (row.name, row.body) == ({"en": "Hours"}, {"en": "<p>We open at nine.</p>"})


def test_a_canned_response_comes_into_the_box_with_its_variables(client_of, ticket, ana):
    row = CannedResponse.create(name="Hi", body="<p>Dear {{customer_firstname}}</p>", service=ticket.service)
    client = client_of(ana)
    assert client.get(url(ticket, f"canned/{row.id}")).get_json()["html"] == "<p>Dear Carol</p>"
    page = post(client, url(ticket, "reply"), {"body": "Typed. ", "insert": str(row.id)}).get_data(as_text=True)
    assert "Typed. Dear Carol" in page


def test_a_canned_response_of_another_service_is_not_offered(client_of, ticket, ana, sales):
    row = CannedResponse.create(name="Offer", body="<p>Cheap</p>", service=sales)
    client = client_of(ana)
    assert "Offer" not in text_of(client.get(url(ticket)))
    assert client.get(url(ticket, f"canned/{row.id}")).status_code == 404


@pytest.mark.parametrize(
    ("act", "holds"),
    [
        ("close", lambda t: t.is_closed),
        ("take", lambda t: t.assignee_id is not None),
        ("important", lambda t: t.is_important),
        ("spam", lambda t: t.is_spam),
        ("delete", lambda t: t.in_bin),
    ],
)
def test_each_button_does_what_it_says(client_of, ticket, ana, act, holds):
    assert post(client_of(ana), url(ticket, act)).status_code == 302
    assert holds(stored(ticket))


@pytest.mark.parametrize(
    ("act", "back"), [("spam", "not-spam"), ("delete", "restore"), ("close", "reopen"), ("important", "not-important")]
)
def test_each_button_has_its_way_back(client_of, ticket, ana, act, back):
    client = client_of(ana)
    before = stored(ticket)
    post(client, url(ticket, act))
    post(client, url(ticket, back))
    after = stored(ticket)
    assert (after.is_spam, after.in_bin, after.is_open, after.priority) == (False, False, True, before.priority)


def test_an_act_that_is_none_is_not_found(client_of, ticket, ana):
    assert post(client_of(ana), url(ticket, "explode")).status_code == 404


def test_what_one_may_not_do_is_not_shown(client_of, ticket, billing):
    role = cast.make_role("Reader", can_set_status=False, can_assign=False, can_delete=False)
    client = client_of(cast.make_agent("Rea", billing, role=role))
    page = text_of(client.get(url(ticket)))
    for words in ("Mark as spam", "Close the ticket", "Transfer", "Delete"):
        assert words not in page.replace("Delete: 30 days", "")
    assert post(client, url(ticket, "close")).status_code == 403


def test_one_update_changes_everything_with_one_message(client_of, ticket, ana):
    hold, follow = Status.get(Status.identifier == "on hold"), Priority.get(Priority.identifier == "follow")
    data = {"assignee": f"agent-{ana.id}", "status": hold.id, "priority": follow.id, "tags": "vip, Stage"}
    client = client_of(ana)
    post(client, url(ticket, "update"), data)
    now = stored(ticket)
    assert (now.assignee, now.status, now.priority) == (ana, hold, follow)
    assert sorted(row.tag.name for row in now.ticket_tags) == ["Stage", "vip"]
    assert "The ticket parameters have been updated." in text_of(client.get(url(ticket)))


@pytest.mark.parametrize(
    "data", [{"status": "999"}, {"assignee": "agent-x"}, {"assignee": "team-9"}, {"priority": "-1"}]
)
def test_an_update_to_nothing_changes_nothing(client_of, ticket, ana, data):
    answer = post(client_of(ana), url(ticket, "update"), {"tags": "vip", **data})
    assert answer.status_code == 422
    assert "Choose one from the list." in text_of(answer)
    assert 'value="vip"' in answer.get_data(as_text=True)
    assert stored(ticket).ticket_tags.count() == 0


def test_a_transfer_hands_over_and_mails(client_of, ticket, ana, ben):
    post(client_of(ana), url(ticket, "transfer"), {"to": f"agent-{ben.id}", "note": "Yours."})
    assert stored(ticket).assignee == ben
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "transfer").get().to_email == ben.email


def test_giving_a_ticket_away_may_end_ones_sight(client_of, ticket, ana, ben, billing, root):
    tickets.assign(ticket, ben, actor=root)
    answer = post(client_of(ben), url(ticket, "transfer"), {"to": f"agent-{ana.id}"})
    assert answer.location == LIST


def test_a_move_goes_to_another_place(client_of, ticket, root, sales):
    post(client_of(root), url(ticket, "move"), {"place": str(sales.id)})
    assert stored(ticket).service == sales


@pytest.mark.parametrize("place", ["", "x", "999", "1/999", "999999999999999999999"])
def test_a_move_to_nowhere_is_refused(client_of, ticket, root, place):
    assert post(client_of(root), url(ticket, "move"), {"place": place}).status_code == 422
    assert stored(ticket).service == ticket.service


# --- Lists --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "view=mine",
        "view=spam",
        "view=bin",
        "view=search",
        "view=closed",
        "service=1",
        "after=zz",
        "department=99999999999999999999",
        "status=-1",
        "q=%00&view=search",
    ],
)
def test_no_address_of_a_list_errs(client_of, ticket, ana, query):
    assert client_of(ana).get(f"{LIST}?{query}").status_code == 200


def test_a_view_that_is_none_is_not_found(client_of, ana):
    assert client_of(ana).get(f"{LIST}?view=nothing").status_code == 404


def test_an_exact_number_jumps_to_its_ticket(client_of, ticket, ana, ben):
    assert client_of(ana).get(f"{LIST}?view=search&q={ticket.number}").location == url(ticket)
    assert client_of(ben).get(f"{LIST}?view=search&q={ticket.number}").status_code == 200


def test_a_search_says_when_nothing_matches(client_of, ticket, ana):
    client = client_of(ana)
    assert ticket.subject in text_of(client.get(f"{LIST}?view=search&q=invoic"))
    assert "Nothing matches" in text_of(client.get(f"{LIST}?view=search&q=hippopotamus"))


def test_the_menu_stands_in_its_order(client_of, ticket, root):
    page = text_of(client_of(root).get(LIST))
    words = ["Open tickets", "Search", "My tickets", "Billing", "Invoices", "Unassigned", "Spam", "Bin"]
    places = [page.index(word) for word in words]
    assert places == sorted(places)


# --- Bulk ---------------------------------------------------------------------------------------------------------


def bulk(client, act, *found, **data):
    return post(client, f"/admin/bulk/{act}", {"number": [t.number for t in found], **data})


def test_ticked_tickets_are_assigned_and_counted(client_of, ticket, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    client = client_of(ana)
    bulk(client, "assign", ticket, other, value=f"agent-{ana.id}")
    assert {stored(ticket).assignee, stored(other).assignee} == {ana}
    assert "2 tickets have been assigned." in text_of(client.get(LIST))


@pytest.mark.parametrize(("act", "identifier"), [("status", "closed"), ("priority", "high")])
def test_ticked_tickets_are_updated_and_counted(client_of, ticket, ana, act, identifier):
    model = Status if act == "status" else Priority
    client = client_of(ana)
    bulk(client, act, ticket, value=str(model.get(model.identifier == identifier).id))
    assert getattr(stored(ticket), act).identifier == identifier
    assert "1 ticket has been updated." in text_of(client.get(LIST))


def test_foreign_tickets_in_a_bulk_act_are_left_alone(client_of, ticket, ben):
    client = client_of(ben)
    bulk(client, "delete", ticket)
    assert not stored(ticket).in_bin
    assert "Tick at least one ticket first." in text_of(client.get(LIST))


def test_what_is_refused_is_counted_with_its_reason(client_of, ticket, billing):
    role = cast.make_role("Keeper", can_delete=False)
    client = client_of(cast.make_agent("Kim", billing, role=role))
    bulk(client, "delete", ticket)
    assert "1 ticket was refused: Your role does not allow this." in text_of(client.get(LIST))
    assert not stored(ticket).in_bin


def test_a_bulk_act_goes_back_to_its_list(client_of, ticket, ana):
    answer = bulk(client_of(ana), "spam", ticket, list_view="unassigned", list_next="//evil.example")
    assert answer.location == f"{LIST}?view=unassigned"


def test_assigning_many_sends_one_mail(client_of, ticket, ana, root, carol, billing, invoices):
    others = [cast.open_ticket(carol, billing, invoices) for _n in range(3)]
    bulk(client_of(root), "assign", ticket, *others, value=f"agent-{ana.id}")
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == ana.email).count() == 1


# --- Out of the lists, and nothing taken by oversight ---------------------------------------------------------------


def test_a_ticket_in_the_bin_says_until_when_and_comes_back(client_of, ticket, ana):
    client = client_of(ana)
    tickets.delete(ticket, actor=ana)
    Ticket.update(binned_at=datetime(2031, 3, 1, 12)).execute()
    assert "In the bin until 31 March 2031, then gone for good." in text_of(client.get(url(ticket)))
    post(client, f"{url(ticket)}/restore")
    assert "In the bin" not in text_of(client.get(url(ticket)))


def test_whoever_may_not_delete_is_only_told_of_the_bin(client_of, ticket, billing, ana):
    tickets.delete(ticket, actor=ana)
    reader = cast.make_agent("Rita", billing, role=cast.make_role("Reader", can_delete=False))
    page = client_of(reader).get(url(ticket)).get_data(as_text=True)
    assert "then gone for good." in page
    assert "/restore" not in page


def test_a_ticket_under_spam_says_so(client_of, ticket, ana):
    client = client_of(ana)
    assert "Marked as spam" not in text_of(client.get(url(ticket)))
    tickets.mark_spam(ticket, actor=ana)
    assert "Marked as spam: it stands under Spam only." in text_of(client.get(url(ticket)))


@pytest.mark.parametrize(("act", "said"), [("transfer", "Choose to whom."), ("move", "Choose a service.")])
def test_giving_a_ticket_away_begins_at_nothing(client_of, ticket, ana, act, said):
    client = client_of(ana)
    page = client.get(url(ticket)).get_data(as_text=True)
    form = page.partition(f'{url(ticket)}/{act}"')[2].partition("</form>")[0]
    assert 'required><option value="">Choose…</option>' in form
    assert "selected" not in form
    answer = post(client, f"{url(ticket)}/{act}", {"note": "For you"})
    assert answer.status_code == 422
    assert said in text_of(answer)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("delete", "is in the bin. It can be restored for 30 days."),
        ("spam", "is marked as spam. Its author’s next tickets will be too."),
    ],
)
def test_what_leaves_the_list_is_named_and_can_be_undone(client_of, ticket, ana, act, said):
    client = client_of(ana)
    answer = post(client, f"{url(ticket, act)}?view=open")
    assert answer.location.endswith(f"{LIST}?view=open")
    page = client.get(answer.location).get_data(as_text=True)
    assert f"Ticket {ticket.number} {said}" in page
    post(client, re.search(r'action="(/admin/bulk/undo/[^"]+)"', page)[1].replace("&amp;", "&"))
    assert (stored(ticket).in_bin, stored(ticket).is_spam, stored(ticket).customer.blocked_at) == (False, False, None)


def test_deleting_what_is_in_the_bin_already_offers_nothing_to_undo(client_of, ticket, ana):
    tickets.delete(ticket, actor=ana)
    client = client_of(ana)
    assert "bulk/undo" not in client.get(post(client, url(ticket, "delete")).location).get_data(as_text=True)


def test_one_update_is_one_line_of_history_that_opens(client_of, ticket, ana, billing):
    client = client_of(ana)
    high, hold = Priority.get(Priority.identifier == "high"), Status.get(Status.identifier == "on hold")
    post(client, url(ticket, "update"), {"status": hold.id, "priority": high.id, "tags": "one,two"})
    page = client.get(url(ticket)).text
    (line,) = re.findall(r'<details class="event">.*?</details>', page, re.DOTALL)
    assert "Ana made 4 changes" in line
    assert line.count("<p ") == 4
    post(client, url(ticket, "update"), {"status": hold.id, "priority": high.id, "tags": "one"})


def test_one_change_is_a_line_of_its_own(client_of, ticket, ana):
    client = client_of(ana)
    post(client, url(ticket, "update"), {"tags": "one"})
    page = client.get(url(ticket)).text
    assert '<details class="event">' not in page
    assert "made 1 change" not in page
