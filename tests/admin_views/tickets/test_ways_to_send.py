"""How a reply is sent: the ways, none of them remembered, a forgotten file, more time, the signature, waiting files."""

from __future__ import annotations

import io
import re

import pytest

from helpdesk import settings
from models import Attachment, CannedResponse, Draft, Message, Permission, Status, Ticket, Upload
from tests.support import attached, cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"
JSON = {"Accept": "application/json"}


def url(ticket, act=""):
    return f"{LIST}{ticket.number}{'/' if act else ''}{act}"


def status_of(ticket):
    return str(Ticket.get_by_id(ticket.id).status)


def send(client, ticket, **values):
    return post(client, url(ticket, "reply"), {"body": "We are on it", **values})


# --- The ways -----------------------------------------------------------------------------------------------------


@pytest.fixture
def on_hold(database):
    return f"status-{Status.get(Status.identifier == 'on hold').id}"


def test_each_way_gives_its_status(client_of, ticket, ana, on_hold):
    client = client_of(ana)
    for then, status in (("send", "Pending"), ("close", "Closed"), (on_hold, "On Hold")):
        assert send(client, ticket, then=then).status_code == 302
        assert status_of(ticket) == status


def test_a_button_of_the_menu_wins_over_the_tick(client_of, ticket, ana):
    send(client_of(ana), ticket, then="send", close="1")
    assert status_of(ticket) == "Pending"


@pytest.mark.parametrize("way", [{"close": "1"}, {"then": "close"}, {"then": "on hold"}])
def test_each_ticket_starts_to_send_plainly(client_of, ticket, ana, carol, billing, on_hold, way):
    """RULES 35: neither the tick nor another way is remembered, here or on the next ticket."""
    client, later = client_of(ana), cast.open_ticket(carol, billing, ticket.department)
    assert send(client, ticket, **{"then": on_hold} if "on hold" in way.values() else way).status_code == 302
    for other in (later, ticket):
        page = client.get(url(other)).text
        assert 'name="close" value="1">' in page
        assert 'name="way" value="send" data-submit><span class="if-open">Send<' in page
    assert client.get_cookie("sends") is None
    assert send(client, later, way="send").status_code == 302
    assert status_of(later) == "Pending"


def test_a_form_that_came_back_is_sent_as_chosen(client_of, ticket, ana, on_hold):
    client = client_of(ana)
    held = send(client, ticket, body="See the attachment", then=on_hold)
    assert held.status_code == 409
    assert f'name="way" value="{on_hold}" data-submit' in held.text
    send(client, ticket, body="See the attachment", no_file="1", way=on_hold)
    assert status_of(ticket) == "On Hold"


@pytest.mark.parametrize(
    "then", ["status-0", "status-x", "status-99999999999999999999", "status-" + "ü" * 3_000, "else", ""]
)
def test_a_way_that_is_none_sends_plainly(client_of, ticket, ana, then):
    assert send(client_of(ana), ticket, then=then).status_code == 302
    assert status_of(ticket) == "Pending"


def test_who_may_not_set_the_status_only_sends(client_of, ticket, billing, on_hold):
    client = client_of(cast.make_agent("Rea", billing, role=cast.make_role("Reader", can_set_status=False)))
    assert 'name="then"' not in client.get(url(ticket)).text
    assert send(client, ticket, then=on_hold).status_code == 403


# --- A forgotten file ---------------------------------------------------------------------------------------------


def test_a_forgotten_file_is_asked_about_once(client_of, ticket, ana):
    client = client_of(ana)
    asked = send(client, ticket, body="See the attachment", then="close")
    assert asked.status_code == 409
    assert "Your message speaks of a file, but none is attached." in text_of(asked)
    for kept in (">See the attachment</textarea>", 'name="no_file" value="1"', 'name="close" value="1" checked'):
        assert kept in asked.text
    send(client, ticket, body="See the attachment", no_file="1", close="1", way="")
    assert status_of(ticket) == "Closed"


def test_nobody_is_asked_when_a_file_is_there_nor_for_a_note(client_of, ticket, ana, no_files):
    client = client_of(ana)
    send(client, ticket, body="See the attachment", files=(io.BytesIO(attached.PDF), "invoice.pdf"))
    send(client, ticket, body="Her attachment is broken", kind="note")
    assert [row.kind for row in Message.select().order_by(Message.id)][1:] == ["reply", "note"]


# --- More time ----------------------------------------------------------------------------------------------------


def test_a_reply_is_given_more_time_and_let_go(client_of, ticket, ana):
    settings.save({"undo_send_seconds": 10})
    client = client_of(ana)
    send(client, ticket)
    wait = re.search(rf'formaction="({url(ticket)}/wait/\d+)"', client.get(url(ticket)).text).group(1)
    post(client, wait)
    page = client.get(url(ticket))
    assert "Your message waits: it goes out at " in text_of(page)
    assert 'data-undo-seconds="120"' in page.text
    post(client, wait, {"now": "1"})
    assert "Two more minutes" not in text_of(client.get(url(ticket)))
    post(client, wait)
    assert "has gone out already" in text_of(client.get(url(ticket)))


def test_the_offer_to_take_back_survives_a_reload_and_is_mine_alone(client_of, ticket, ana, root):
    settings.save({"undo_send_seconds": 10})
    client = client_of(ana)
    send(client, ticket)
    for reader, shown in ((client, True), (client, True), (client_of(root), False)):
        assert ("Two more minutes" in text_of(reader.get(url(ticket)))) is shown


def test_what_was_taken_back_elsewhere_is_not_said_to_be_sent(client_of, ticket, ana):
    settings.save({"undo_send_seconds": 10})
    client = client_of(ana)
    send(client, ticket)
    key = Message.get(Message.kind == "reply").id
    post(client, url(ticket, f"withdraw/{key}"))
    client.get(url(ticket))
    assert post(client, url(ticket, f"wait/{key}"), {"now": "1"}).status_code == 302
    page = text_of(client.get(url(ticket)))
    assert "Your message was not sent: it is a draft again." in page
    assert "has been sent" not in page


@pytest.mark.parametrize("act", ["wait", "withdraw"])
def test_a_number_beyond_every_id_is_no_reply(client_of, ticket, ana, act):
    assert post(client_of(ana), url(ticket, f"{act}/{10**30}")).status_code == 302


# --- The signature ------------------------------------------------------------------------------------------------


def test_the_signature_is_shown_as_it_is_sent(client_of, ticket, ana, carol, invoices):
    Permission.delete().where(Permission.agent == ana).execute()
    cast.permit(ana, invoices.service, signature="<p>Ana, Billing</p>")
    cast.permit(ana, invoices, signature="<p><strong>Ana</strong>, Invoices</p>")
    client = client_of(ana)
    shown = re.search(r'data-signature><div>(.*?)</div><p class="muted">Signature, added', client.get(url(ticket)).text)
    send(client, ticket)
    assert shown.group(1) == Message.get(Message.kind == "reply").signature == "<p><strong>Ana</strong>, Invoices</p>"
    assert f'<div class="signature">{shown.group(1)}</div>' in client_of(carol).get(f"/tickets/{ticket.number}").text


def test_an_empty_signature_shows_nothing(client_of, ticket, ana):
    assert "data-signature>" not in client_of(ana).get(url(ticket)).text


# --- Files of a draft ---------------------------------------------------------------------------------------------


def upload(client, ticket, page):
    values = {"files_key": attached.files_key(page), "files": (io.BytesIO(attached.PDF), "invoice.pdf")}
    return post(client, f"/admin/files/upload?ticket={ticket.number}", values)


def test_the_files_of_a_draft_survive_a_reload(client_of, ticket, ana, no_files):
    client = client_of(ana)
    upload(client, ticket, client.get(url(ticket)).text)
    page = client.get(url(ticket)).text
    assert "invoice.pdf" in page
    send(client, ticket, files_key=attached.files_key(page))
    assert Attachment.get().message.kind == "reply"
    assert Upload.select().count() == 0


def test_they_stay_in_their_ticket_and_with_their_author(
    client_of, ticket, ana, root, carol, billing, invoices, no_files
):
    client, other = client_of(ana), cast.open_ticket(carol, billing, invoices)
    upload(client, ticket, client.get(url(ticket)).text)
    assert "invoice.pdf" not in client.get(url(other)).text
    assert "invoice.pdf" not in client_of(root).get(url(ticket)).text


def test_a_discarded_draft_shows_no_file_any_more(client_of, ticket, ana, no_files):
    client = client_of(ana)
    upload(client, ticket, client.get(url(ticket)).text)
    post(client, url(ticket, "draft"), {"discard": "1"})
    assert "invoice.pdf" not in client.get(url(ticket)).text


def test_saving_the_draft_lets_the_files_wait_on(client_of, ticket, ana, no_files):
    client = client_of(ana)
    page = client.get(url(ticket)).text
    upload(client, ticket, page)
    before = Upload.get().expires_at
    post(client, url(ticket, "draft"), {"body": "Half", "files_key": attached.files_key(page)}, headers=JSON)
    assert Upload.get().expires_at > before
    assert Draft.select().count() == 1


def test_a_canned_response_is_previewed_as_it_will_read(client_of, ticket, ana, carol):
    CannedResponse.create(name="Hello", body="<p>Hello {{customer_firstname}}, about {{prefixed_id}}.</p>", position=1)
    page = client_of(ana).get(url(ticket)).text
    assert f"Hello Carol, about {ticket.number}." in page
    assert "{{" not in page
