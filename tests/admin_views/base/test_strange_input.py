"""What no form of ours sends: numbers that no row has, characters that no text has."""

from __future__ import annotations

import pytest

from helpdesk import filters, settings
from helpdesk.errors import InvalidInput
from helpdesk.lib import inputs
from helpdesk.lists import criteria
from models import CannedResponse, Message, Role, Tag
from tests.support.doors import post

LONG, PADDED, OTHER = "9" * 4500, "0" * 25 + "9" * 30, "²"
STRANGE = [LONG, "9" * 30, PADDED, OTHER]


@pytest.mark.parametrize("number", STRANGE)
def test_a_list_leaves_out_what_it_does_not_know(client_of, ana, ticket, number):
    assert criteria.parse({"service": number}) == {}
    assert client_of(ana).get("/admin/tickets/", query_string={"status": number}).status_code == 200


@pytest.mark.parametrize("number", STRANGE)
def test_a_thread_begins_at_its_end(client_of, ana, ticket, number):
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}", query_string={"before": number})
    assert page.status_code == 200
    assert "The total looks wrong" in page.text


@pytest.mark.parametrize("number", STRANGE)
def test_a_ticket_is_moved_to_no_strange_place(client_of, ana, ticket, billing, number):
    for place in (number, f"{billing.id}/{number}"):
        assert post(client_of(ana), f"/admin/tickets/{ticket.number}/move", {"place": place}).status_code == 422


@pytest.mark.parametrize("number", STRANGE)
def test_a_row_is_chosen_by_its_id_only(request_context, number):
    with pytest.raises(InvalidInput, match="Choose one from the list"):
        inputs.find_row(Role, number, "role")


@pytest.mark.parametrize("number", STRANGE)
@pytest.mark.parametrize(("kind", "argument"), [("agent", "{}"), ("place", "{}"), ("place", "{}/{}")])
def test_an_action_names_nothing_strange(request_context, database, kind, argument, number):
    with pytest.raises(filters.TargetGone):
        filters.target(kind, argument.replace("{}", number))


@pytest.mark.parametrize("act", ["reply", "draft"])
@pytest.mark.parametrize("name", ["number", "code", "refused", "held", "notes", "said", "basket"])
def test_a_refused_text_comes_back_whatever_came_with_it(client_of, ana, ticket, act, name):
    data = {"body": "", "remove_file": "1", "canned_name": "x", name: "1"}
    answer = post(client_of(ana), f"/admin/tickets/{ticket.number}/{act}", data)
    assert answer.status_code == {"reply": 200, "draft": 302}[act]


@pytest.mark.parametrize("act", ["read", "merge", "close"])
@pytest.mark.parametrize("number", [*STRANGE, "1\x002"])
def test_strange_tickets_are_not_ticked(client_of, ana, act, number):
    assert post(client_of(ana), f"/admin/bulk/{act}", {"number": number}).status_code == 302


@pytest.mark.parametrize("number", STRANGE)
def test_a_button_of_the_filter_editor_for_a_strange_row_does_nothing(client_of, root, number):
    data = {"name": "F", "do": f"conditions-{number}-remove"}
    assert post(client_of(root), "/admin/filters/new/", data).status_code == 200


@pytest.mark.parametrize("key", ["mail_port", "journal_days"])
def test_a_setting_is_no_strange_number(request_context, database, key):
    for number in STRANGE:
        with pytest.raises(InvalidInput, match="Expected a number"):
            settings.save({key: number})


def test_a_tag_keeps_no_nul(client_of, ana, ticket):
    url = f"/admin/tickets/{ticket.number}/update"
    assert [post(client_of(ana), url, {"tags": tags}).status_code for tags in ("ur\0gent", "\0")] == [302, 422]
    assert Tag.get().name == "urgent"


def test_a_reply_and_its_canned_response_keep_no_nul(client_of, ana, ticket):
    data = {"kind": "message", "body": "Yes\0!", "save_as": "1", "canned_name": "Y\0es"}
    assert post(client_of(ana), f"/admin/tickets/{ticket.number}/reply", data).status_code == 302
    assert (CannedResponse.get().name, CannedResponse.get().body) == ({"en": "Yes"}, {"en": "<p>Yes!</p>"})
    assert Message.select().order_by(Message.id.desc()).get().body == "<p>Yes!</p>"
