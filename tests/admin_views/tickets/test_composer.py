"""The ticket's page: drafts, replies that were overtaken, spam of a member, neighbours, mail that failed."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from playhouse.test_utils import count_queries

from helpdesk import clock, settings, tickets
from helpdesk.tickets import canned_responses, drafts, thread
from helpdesk.tickets.drafts import Writing
from models import (
    Attachment,
    CannedResponse,
    Customer,
    CustomerAddress,
    Draft,
    Message,
    OutgoingEmail,
    SignIn,
    Status,
    Ticket,
)
from tests.support import attached, cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"
JSON = {"Accept": "application/json"}


def url(ticket, act=""):
    return f"{LIST}{ticket.number}{'/' if act else ''}{act}"


def replies():
    return Message.select().where(Message.kind == "reply").count()


# --- Drafts -------------------------------------------------------------------------------------------------------


def test_a_draft_is_saved_and_comes_back_elsewhere(client_of, ticket, ana):
    answer = post(client_of(ana), url(ticket, "draft"), {"body": "<p>Half</p>", "format": "html"}, headers=JSON)
    assert answer.get_json()["saved"].startswith("Draft saved at ")
    page = client_of(ana).get(url(ticket)).get_data(as_text=True)
    assert ">Half</textarea>" in page
    assert "&lt;p&gt;Half&lt;/p&gt;" in page


def test_a_draft_is_saved_without_script(client_of, ticket, ana):
    client = client_of(ana)
    post(client, url(ticket, "draft"), {"body": "Half", "kind": "note", "close": "1"})
    page = client.get(url(ticket))
    assert "Draft saved at" in text_of(page)
    assert 'value="note" checked' in page.get_data(as_text=True)


def test_a_draft_of_others_is_not_shown(client_of, ticket, ana, root):
    drafts.save(ticket, Writing("<p>Mine alone</p>"), actor=root)
    assert "Mine alone" not in text_of(client_of(ana).get(url(ticket)))


@pytest.mark.parametrize("kind", ["message", "note"])
def test_what_is_sent_is_no_draft_any_more(client_of, ticket, ana, kind):
    drafts.save(ticket, Writing("<p>Half</p>"), actor=ana)
    post(client_of(ana), url(ticket, "reply"), {"body": "Whole", "kind": kind})
    assert Draft.select().count() == 0


def test_what_is_refused_stays_a_draft(client_of, ticket, ana):
    drafts.save(ticket, Writing("<p>Half</p>"), actor=ana)
    post(client_of(ana), url(ticket, "reply"), {"body": "Whole", "save_as": "1"})
    assert Draft.select().count() == 1


def test_a_draft_is_discarded(client_of, ticket, ana):
    drafts.save(ticket, Writing("<p>Half</p>"), actor=ana)
    post(client_of(ana), url(ticket, "draft"), {"body": "Half", "discard": "1"})
    assert Draft.select().count() == 0


@pytest.mark.parametrize("headers", [JSON, {}])
def test_a_text_too_long_is_refused_and_kept(client_of, ticket, ana, headers):
    answer = post(client_of(ana), url(ticket, "draft"), {"body": "x" * 400_001}, headers=headers)
    assert answer.status_code == 422
    assert "At most 100000 characters." in answer.get_data(as_text=True)


@pytest.mark.parametrize("act", ["reply", "draft"])
def test_whose_sign_in_has_ended_gets_the_text_back(client_of, ticket, ana, act):
    client = client_of(ana)
    client.get(url(ticket))
    SignIn.delete().execute()
    answer = post(client, url(ticket, act), {"body": "<p>Long thoughts</p>", "format": "html"})
    assert answer.status_code == 401
    assert "Long thoughts" in text_of(answer)
    assert f"next={url(ticket)}".replace("/", "%2F") in answer.get_data(as_text=True).replace("/", "%2F")
    assert replies() == 0


# --- What happens while one writes --------------------------------------------------------------------------------


def seen(ticket):
    return str(thread.newest_id(ticket))


def test_a_reply_that_was_overtaken_is_held(client_of, ticket, ana, carol):
    known = seen(ticket)
    tickets.receive_message(ticket, "One more thing.", actor=carol)
    answer = post(client_of(ana), url(ticket, "reply"), {"body": "We are on it", "close": "1", "seen": known})
    page = text_of(answer)
    assert (answer.status_code, replies()) == (409, 0)
    for words in ("1 new message — read, then send", "One more thing.", "Send anyway", "Keep editing", "We are on it"):
        assert words in page


def test_a_held_reply_is_sent_once_it_was_read(client_of, ticket, ana, carol):
    client, known = client_of(ana), seen(ticket)
    tickets.receive_message(ticket, "One more thing.", actor=carol)
    held = post(client, url(ticket, "reply"), {"body": "We are on it", "seen": known}).get_data(as_text=True)
    newest = re.search(r'name="seen" value="(\d+)"', held).group(1)
    assert post(client, url(ticket, "reply"), {"body": "We are on it", "seen": newest}).status_code == 302
    assert replies() == 1


def test_a_colleagues_reply_holds_mine_and_a_note_does_not(client_of, ticket, ana, root):
    known, client = seen(ticket), client_of(ana)
    tickets.add_note(ticket, "<p>Careful</p>", actor=root)
    assert post(client, url(ticket, "reply"), {"body": "First", "seen": known}).status_code == 302
    assert post(client, url(ticket, "reply"), {"body": "Second", "seen": known}).status_code == 409


def test_a_note_is_never_held(client_of, ticket, ana, carol):
    known = seen(ticket)
    tickets.receive_message(ticket, "One more thing.", actor=carol)
    answer = post(client_of(ana), url(ticket, "reply"), {"body": "Hm", "kind": "note", "seen": known})
    assert answer.status_code == 302


@pytest.mark.parametrize("odd", ["", "x", "-1", "9" * 40, "²"])
def test_an_odd_mark_of_what_was_seen_does_no_harm(client_of, ticket, ana, odd):
    assert post(client_of(ana), url(ticket, "reply"), {"body": "Hi", "seen": odd}).status_code == 302


def test_a_page_of_earlier_messages_knows_the_newest(client_of, ticket, ana):
    page = client_of(ana).get(f"{url(ticket)}?before=1").get_data(as_text=True)
    assert f'name="seen" value="{seen(ticket)}"' in page


def test_a_change_meanwhile_is_said_and_holds_nothing(client_of, ticket, ana, root):
    client = client_of(ana)
    known = re.search(r'name="known" value="([^"]+)"', client.get(url(ticket)).get_data(as_text=True)).group(1)
    tickets.assign(ticket, root, actor=root)
    tickets.set_status(ticket, Status.get(Status.identifier == "on hold"), actor=root)
    post(client, url(ticket, "reply"), {"body": "Hi", "known": known})
    page = text_of(client.get(url(ticket)))
    assert "Meanwhile the ticket has been assigned to Root." in page
    assert "Meanwhile the status has become On Hold." in page


def test_saving_a_draft_tells_what_came_in(client_of, ticket, ana, carol):
    known = seen(ticket)
    tickets.receive_message(ticket, "One more thing.", actor=carol)
    answer = post(client_of(ana), url(ticket, "draft"), {"body": "Half", "seen": known}, headers=JSON)
    assert answer.get_json()["news"] == ["1 new message — read, then send"]


# --- Canned responses ---------------------------------------------------------------------------------------------


def test_the_lines_of_a_response_stay_apart_in_the_list(client_of, ticket, ana):
    CannedResponse.create(name="Dear", body="<p>Hello,<br>again.</p><p>See <b>you</b>.</p>", service=ticket.service)
    assert "Hello, again. See you." in text_of(client_of(ana).get(url(ticket)))


def test_an_empty_variable_is_named(client_of, ticket, ana):
    Customer.update(last_name="").execute()
    row = CannedResponse.create(name="Dear", body="<p>Dear {{ customer_lastname }}</p>", service=ticket.service)
    client = client_of(ana)
    assert client.get(url(ticket, f"canned/{row.id}")).get_json()["notes"] == ["{{customer_lastname}} is empty."]
    page = text_of(post(client, url(ticket, "reply"), {"body": "Typed", "insert": str(row.id)}))
    assert "{{customer_lastname}} is empty." in page


# --- Spam of a member ---------------------------------------------------------------------------------------------


@pytest.fixture
def pretended(carol, billing, invoices):
    """A ticket with an address of Carol's that nobody has proven."""
    CustomerAddress.create(customer=carol, email="c@other.example", created_at=carol.created_at, is_primary=False)
    return cast.open_ticket("c@other.example", billing, invoices)


def test_one_is_asked_before_a_member_is_blocked(client_of, pretended, ana):
    answer = post(client_of(ana), url(pretended, "spam"))
    assert "Block the author too?" in text_of(answer)
    assert not Ticket.get_by_id(pretended.id).is_spam


@pytest.mark.parametrize(("answer", "blocked"), [("no", False), ("yes", True)])
def test_the_answer_decides(client_of, pretended, ana, carol, answer, blocked):
    assert post(client_of(ana), url(pretended, "spam"), {"block": answer}).location == LIST
    assert Ticket.get_by_id(pretended.id).is_spam
    assert (Customer.get_by_id(carol.id).blocked_at is not None) == blocked


def test_one_is_not_asked_for_a_stranger(client_of, billing, invoices, ana):
    stranger = cast.open_ticket("new@other.example", billing, invoices)
    post(client_of(ana), url(stranger, "spam"))
    assert Ticket.get_by_id(stranger.id).customer.blocked_at is not None


def test_a_bulk_act_leaves_the_member_to_the_ticket_page(client_of, pretended, ana):
    client = client_of(ana)
    post(client, "/admin/bulk/spam", {"number": pretended.number})
    assert "open the ticket and say whether to block them" in text_of(client.get(LIST))
    assert not Ticket.get_by_id(pretended.id).is_spam


# --- In the list, mail, forms that come back ----------------------------------------------------------------------


def test_the_list_leads_to_the_neighbours(client_of, ticket, ana, carol, billing, invoices):
    second, third = (cast.open_ticket(carol, billing, invoices) for _one in range(2))
    client = client_of(ana)
    query = f"?department={invoices.id}"
    assert f"{url(ticket)}{query}" in client.get(f"{LIST}{query}").get_data(as_text=True)
    page = client.get(f"{url(second)}{query}").get_data(as_text=True)
    assert (
        re.findall(r'href="([^"]+)" rel="(prev|next)"', page)
        == [
            (f"{url(ticket)}{query}#newest", "prev"),
            (f"{url(third)}{query}#newest", "next"),
        ]
        * 2
    )
    assert "2 of 3" in page


@pytest.mark.parametrize("act", ["close", "reply"])
def test_after_an_act_one_goes_on_from_where_the_ticket_stood(client_of, ticket, ana, carol, billing, invoices, act):
    second, third = (cast.open_ticket(carol, billing, invoices) for _one in range(2))
    client = client_of(ana)
    page = client.get(f"{url(second)}?view=open").get_data(as_text=True)
    [address] = set(re.findall(rf'action="([^"]+/{act}\?[^"]+)"', page))
    after = post(client, unescape(address), {"body": "Here it is.", "form_key": "a key of this form"})
    page = client.get(after.location).get_data(as_text=True)
    assert re.findall(r'href="([^"]+)" rel="(prev|next)"', page)[:2] == [
        (f"{url(ticket)}?view=open#newest", "prev"),
        (f"{url(third)}?view=open#newest", "next"),
    ]


@pytest.mark.parametrize("spot", ["", ".", "x", "1.2.3", "//evil.example.", "<b>.1", "9" * 41 + ".1"])
def test_a_spot_that_names_no_tickets_is_nothing(client_of, ticket, ana, spot):
    page = client_of(ana).get(f"{url(ticket)}?view=open&spot={spot}")
    assert page.status_code == 200
    assert 'href="//evil' not in page.text


def test_a_ticket_opened_by_its_address_has_neighbours_too(client_of, ticket, ana, carol, billing, invoices):
    second = cast.open_ticket(carol, billing, invoices)
    client = client_of(ana)
    page = client.get(url(ticket)).get_data(as_text=True)
    assert re.findall(r'href="([^"]+)" rel="(prev|next)"', page)[0] == (f"{url(second)}?view=open#newest", "next")
    tickets.close(ticket, actor=ana)
    assert 'rel="next"' not in client.get(url(ticket)).get_data(as_text=True)


@pytest.mark.parametrize(
    "query", ["view=bin", "view=spam", "view=search&q=invoice", "view=mine", "_scheme=x&endpoint=y"]
)
def test_no_list_in_the_address_of_a_ticket_errs(client_of, ticket, ana, query):
    assert client_of(ana).get(f"{url(ticket)}?{query}").status_code == 200


def test_a_reply_stays_in_its_list(client_of, ticket, ana):
    answer = post(client_of(ana), f"{url(ticket, 'reply')}?view=unassigned", {"body": "Hi"})
    assert answer.location == f"{url(ticket)}?view=unassigned#newest"


def test_a_thread_in_its_list_costs_as_much_however_long(client_of, ticket, ana, carol):
    client, counts = client_of(ana), []
    for _more in range(2):
        client.get(f"{url(ticket)}?view=open")
        with count_queries() as counted:
            client.get(f"{url(ticket)}?view=open")
        counts.append(counted.count)
        tickets.receive_message(ticket, "More.", actor=carol)
    assert counts[0] == counts[1] <= 10


def test_mail_that_was_not_delivered_is_shown_and_tried_again(client_of, ticket, ana):
    message = tickets.reply(ticket, "<p>Hi</p>", actor=ana)
    OutgoingEmail.update(state="failed").where(OutgoingEmail.message == message).execute()
    client = client_of(ana)
    assert "1 e-mail of this message was not delivered." in text_of(client.get(url(ticket)))
    post(client, url(ticket, f"messages/{message.id}/retry"))
    assert OutgoingEmail.get(OutgoingEmail.message == message).state == "pending"
    assert "1 e-mail will be sent again." in text_of(client.get(url(ticket)))


@pytest.mark.parametrize("key", ["999", "9" * 30])
def test_there_is_no_mail_of_no_message(client_of, ticket, ana, key):
    assert post(client_of(ana), url(ticket, f"messages/{key}/retry")).status_code == 404


def test_a_transfer_to_nobody_comes_back_with_its_note(client_of, ticket, ana):
    answer = post(client_of(ana), url(ticket, "transfer"), {"to": "", "note": "She waits"})
    assert answer.status_code == 422
    assert "Choose to whom." in text_of(answer)
    assert "She waits</textarea>" in answer.get_data(as_text=True)


def test_the_five_acts_stand_together_in_their_order(client_of, ticket, ana):
    page = text_of(client_of(ana).get(url(ticket)))
    words = ["Discard the draft", "Close", "Mark as spam", "Mark as important", "Delete", "Transfer"]
    places = [page.rindex(words[0])]
    for word in words[1:]:
        places.append(page.index(word, places[-1]))
    assert places[-1] - places[0] < 120


# --- Taking a reply back ------------------------------------------------------------------------------------------


@pytest.fixture
def pause(database):
    settings.save({"undo_send_seconds": 10})


def undo(client, ticket):
    page = client.get(url(ticket)).get_data(as_text=True)
    return re.search(rf'action="({url(ticket)}/withdraw/\d+)[^"]*" data-undo-seconds="10"', page).group(1)


def test_a_sent_reply_is_taken_back_into_the_composer(client_of, ticket, ana, pause):
    client = client_of(ana)
    post(client, url(ticket, "reply"), {"body": "Too soon", "close": "1"})
    post(client, undo(client, ticket))
    page = client.get(url(ticket))
    assert "Your message was not sent: it is a draft again." in text_of(page)
    assert ">Too soon</textarea>" in page.get_data(as_text=True)
    assert (replies(), OutgoingEmail.select().where(OutgoingEmail.kind == "notification").count()) == (0, 0)


def test_the_files_of_a_reply_taken_back_stand_in_the_form_again(client_of, ticket, ana, pause, no_files):
    client = client_of(ana)
    post(client, url(ticket, "reply"), {"body": "See", "files": (io.BytesIO(attached.PDF), "invoice.pdf")})
    post(client, undo(client, ticket))
    page = client.get(url(ticket)).get_data(as_text=True)
    assert page.count("invoice.pdf") >= 1
    post(client, url(ticket, "reply"), {"body": "See", "files_key": attached.files_key(page)})
    assert Attachment.get().message.body == "<p>See</p>"


def test_too_late_is_said_kindly(client_of, ticket, ana, pause):
    client = client_of(ana)
    post(client, url(ticket, "reply"), {"body": "Too soon"})
    address = undo(client, ticket)
    Message.update(public_at=clock.now()).where(Message.kind == "reply").execute()
    post(client, address)
    assert "it cannot be taken back any more" in text_of(client.get(url(ticket)))
    assert replies() == 1


def test_a_held_reply_is_not_on_the_customers_page(client_of, ticket, ana, carol, pause):
    post(client_of(ana), url(ticket, "reply"), {"body": "Not yet"})
    client = client_of(carol)
    assert "Not yet" not in text_of(client.get(f"/tickets/{ticket.number}"))
    Message.update(public_at=clock.now()).where(Message.kind == "reply").execute()
    assert "Not yet" in text_of(client.get(f"/tickets/{ticket.number}"))


# --- Who else is writing ------------------------------------------------------------------------------------------


def test_others_are_told_who_is_replying(client_of, ticket, ana, root):
    post(client_of(ana), url(ticket, "presence"), {"writing": "1"})
    assert post(client_of(root), url(ticket, "presence")).get_json() == {"replying": ["Ana is replying"]}
    said = post(client_of(root), url(ticket, "draft"), {"body": "Me too"}, headers=JSON).get_json()
    assert said["replying"] == ["Ana is replying"]


def test_who_has_sent_is_not_replying_any_more(client_of, ticket, ana, root):
    post(client_of(ana), url(ticket, "presence"), {"writing": "1"})
    post(client_of(ana), url(ticket, "reply"), {"body": "Done"})
    assert post(client_of(root), url(ticket, "presence")).get_json() == {"replying": []}


def test_who_reads_is_not_replying(client_of, ticket, ana, root):
    post(client_of(ana), url(ticket, "presence"))
    assert post(client_of(root), url(ticket, "presence")).get_json() == {"replying": []}


def test_a_writer_hears_what_came_in(client_of, ticket, ana, carol):
    seen = str(thread.newest_id(ticket))
    tickets.receive_message(ticket, "One more thing.", actor=carol)
    said = post(client_of(ana), url(ticket, "presence"), {"busy": "1", "seen": seen}).get_json()
    assert said["news"] == ["1 new message — read, then send"]


def test_the_page_carries_the_beginning_of_long_responses_only(client_of, ticket, ana):
    for number in range(10):
        body = f"<p>Beginning {number} &amp; more</p><p>{'word ' * 10_000}</p>"
        canned_responses.save_from_reply(ticket, f"Long {number}", body, actor=ana)
    page = client_of(ana).get(url(ticket)).get_data(as_text=True)
    assert 'data-canned-text="Beginning 3 &amp; more word word' in page
    assert page.count("word") < 10 * 100
