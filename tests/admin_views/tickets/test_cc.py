"""The people in copy, beside a ticket of the desk."""

from __future__ import annotations

import pytest

from helpdesk.tickets import cc
from models import Message
from tests.support import cast, doors

EVE = "eve@copied.example"


def beside(client, ticket) -> str:
    return doors.text_of(client.get(f"/admin/tickets/{ticket.number}"))


def test_an_agent_adds_and_drops_somebody(client_of, ana, ticket):
    client = client_of(ana)
    doors.post(client, f"/admin/copies/{ticket.number}/add", {"copies": f"{EVE}, fay@copied.example"})
    text = beside(client, ticket)
    assert "In copy from now on: they get the next messages." in text
    assert f"Ana put {EVE} in copy" in text
    assert f"In copy {EVE} × fay@copied.example ×" in text
    doors.post(client, f"/admin/copies/{ticket.number}/drop", {"email": EVE})
    assert f"Ana took {EVE} out of copy" in beside(client, ticket)
    assert [address.email for address in cc.in_copy(ticket)] == ["fay@copied.example"]


def test_an_address_that_cannot_be_is_named_and_kept(client_of, ana, ticket):
    client = client_of(ana)
    for typed, said in {
        "nobody": "“nobody” is not an e-mail address.",
        "carol@customer.example": "carol@customer.example needs no copy",
        "": "Write an e-mail address to put in copy.",
    }.items():
        answer = doors.post(client, f"/admin/copies/{ticket.number}/add", {"copies": typed})
        page = client.get(answer.location)
        assert said in doors.text_of(page)
        assert f'name="copies" value="{typed}"' in page.get_data(as_text=True)


@pytest.mark.parametrize("is_stored", [True, False])
def test_taking_out_who_is_not_in_copy_is_done_already(client_of, ana, ticket, is_stored):
    if is_stored:
        cc.add_cc(ticket, [EVE], actor=ana)
        cc.leave(ticket.id, cc.in_copy(ticket)[0].id)
    client = client_of(ana)
    assert doors.post(client, f"/admin/copies/{ticket.number}/drop", {"email": EVE}).status_code == 302
    text = beside(client, ticket)
    assert f"{EVE} is not in copy any more." in text
    assert f"Ana took {EVE} out of copy" not in text


def test_an_agent_without_sight_meets_no_ticket(client_of, ben, ticket):
    client = client_of(ben)
    assert doors.post(client, f"/admin/copies/{ticket.number}/add", {"copies": EVE}).status_code == 404
    assert cc.in_copy(ticket) == []


def test_the_thread_tells_who_is_in_copy_from_who_asked(client_of, ana, ticket, carol, dan):
    cc.add_cc(ticket, ["dan@customer.example"], actor=carol)
    doors.post(client_of(dan), f"/tickets/{ticket.number}", {"message": "I know more"})
    text = beside(client_of(ana), ticket)
    assert "Dan Brown in copy" in text
    assert "Carol Jones customer" in text


def test_who_waits_is_marked_and_is_no_recipient(client_of, root, sales):
    ticket = cast.open_ticket("vera@visitor.example", sales, copies=(EVE,))
    text = beside(client_of(root), ticket)
    assert f"{EVE} waits until the customer has proven the address" in text
    assert f"In copy {EVE}" not in text.partition("In copy 1")[0]


def test_the_link_to_add_somebody_is_called_what_one_reads(client_of, ana, ticket):
    assert "In copy : Put somebody in copy" in beside(client_of(ana), ticket)
    cc.add_cc(ticket, [EVE], actor=ana)
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}")
    assert "Add : Put somebody in copy" in doors.text_of(page)
    assert 'href="#new-copies" aria-label' not in page.text


def test_who_gets_the_answer_is_one_sentence(client_of, ana, ticket):
    ana.locale = "fr"
    ana.save()
    for copies, sentence in (([EVE], "et 1 personne en copie"), (["fay@copied.example"], "et 2 personnes en copie")):
        cc.add_cc(ticket, copies, actor=ana)
        assert f"À Carol Jones {sentence}" in beside(client_of(ana), ticket)


def test_a_cross_of_the_composer_drops_somebody_and_keeps_the_text(client_of, ana, ticket):
    cc.add_cc(ticket, [EVE], actor=ana)
    client = client_of(ana)
    assert f'name="drop_copy" value="{EVE}"' in client.get(f"/admin/tickets/{ticket.number}").get_data(as_text=True)
    answer = doors.post(client, f"/admin/tickets/{ticket.number}/reply", {"body": "Half a sen", "drop_copy": EVE})
    assert "Half a sen" in doors.text_of(answer)
    assert f"{EVE} is not in copy any more." in doors.text_of(answer)
    assert cc.in_copy(ticket) == []
    assert not ticket.messages.where(Message.kind == "reply").exists()


@pytest.mark.parametrize("email", [EVE, "no@body.example"])
def test_a_cross_for_somebody_who_has_left_keeps_the_text(client_of, ana, ticket, email):
    cc.add_cc(ticket, [EVE], actor=ana)
    cc.leave(ticket.id, cc.in_copy(ticket)[0].id)
    form = {"body": "Half a sen", "drop_copy": email}
    answer = doors.post(client_of(ana), f"/admin/tickets/{ticket.number}/reply", form)
    assert answer.status_code == 200
    assert f"{email} is not in copy any more." in doors.text_of(answer)
    assert "Half a sen" in doors.text_of(answer)
    assert 'name="drop_copy"' not in answer.get_data(as_text=True)


def test_a_script_is_told_in_words(client_of, ana, ticket):
    client, json = client_of(ana), {"Accept": "application/json"}
    added = doors.post(client, f"/admin/copies/{ticket.number}/add", {"copies": EVE}, headers=json)
    assert added.get_json() == {"text": "In copy from now on: they get the next messages."}
    dropped = doors.post(client, f"/admin/copies/{ticket.number}/drop", {"email": EVE}, headers=json)
    assert dropped.get_json() == {"text": f"{EVE} is not in copy any more."}
    wrong = doors.post(client, f"/admin/copies/{ticket.number}/add", {"copies": "nobody"}, headers=json)
    assert (wrong.status_code, wrong.get_json()) == (422, {"error": "“nobody” is not an e-mail address."})
