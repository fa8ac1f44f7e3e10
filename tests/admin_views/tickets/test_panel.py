"""The panel beside a ticket: each choice is saved as it is made, and taken back; a script speaks JSON with it."""

from __future__ import annotations

import pytest

from helpdesk import tickets
from models import OutgoingEmail, Priority, Status, Ticket
from tests.support import cast
from tests.support.doors import post, text_of
from web import fragments

JSON = {"Accept": "application/json"}


def stored(ticket):
    return Ticket.get_by_id(ticket.id)


def save(client, ticket, **field):
    return post(client, f"/admin/tickets/{ticket.number}/update?view=open", field, headers=JSON)


def value_of(ticket, field):
    row = stored(ticket)
    return {"status": row.status_id, "priority": row.priority_id, "assignee": row.assignee_id}[field]


@pytest.mark.parametrize("field", ["status", "priority", "assignee"])
def test_a_choice_is_saved_and_taken_back(client_of, ticket, root, ana, field):
    client, before = client_of(root), value_of(ticket, field)
    chosen = {
        "status": Status.get(Status.identifier == "closed").id,
        "priority": Priority.get(Priority.identifier == "high").id,
        "assignee": f"agent-{ana.id}",
    }[field]
    answer = save(client, ticket, **{field: chosen}).get_json()
    assert answer["text"] == "The ticket parameters have been updated."
    assert value_of(ticket, field) != before
    undone = post(client, answer["undo"], headers=JSON)
    assert (undone.status_code, undone.get_json()["text"].startswith("1 ticket is as before.")) == (200, True)
    assert value_of(ticket, field) == before


def test_taking_an_assignment_back_cancels_its_mail(client_of, ticket, root, ana):
    client = client_of(root)
    answer = save(client, ticket, assignee=f"agent-{ana.id}").get_json()
    mail = OutgoingEmail.select().where(OutgoingEmail.to_email == ana.email).order_by(OutgoingEmail.id.desc()).get()
    post(client, answer["undo"], headers=JSON)
    assert OutgoingEmail.get_by_id(mail.id).state == "cancelled"


def test_tags_are_saved_as_they_stand(client_of, ticket, ana):
    client = client_of(ana)
    assert save(client, ticket, tags="late, two").get_json()["undo"] == ""
    save(client, ticket, tags="two")
    assert [row.tag.name for row in stored(ticket).ticket_tags] == ["two"]


def tags_of(ticket):
    return sorted(row.tag.name for row in stored(ticket).ticket_tags)


def test_saving_tags_keeps_what_a_colleague_added_meanwhile(client_of, ticket, ana, root):
    client = client_of(ana)
    save(client, ticket, tags="late", shown_tags="")
    tickets.tag(stored(ticket), "vip", actor=root)
    save(client, ticket, tags="late, new", shown_tags="late")
    assert tags_of(ticket) == ["late", "new", "vip"]
    save(client, ticket, tags="late", shown_tags="late, new")
    assert tags_of(ticket) == ["late", "vip"]


def test_update_without_script_keeps_a_tag_added_meanwhile(client_of, ticket, ana, root):
    client, address = client_of(ana), f"/admin/tickets/{ticket.number}/update"
    tickets.tag(stored(ticket), "vip", actor=root)
    refused = post(client, address, {"tags": "late", "shown_tags": "", "assignee": "agent-999", "shown_assignee": ""})
    assert refused.status_code == 422
    # The page that comes back was not yet chosen on.
    assert 'name="shown_tags" value=""' in refused.get_data(as_text=True)
    post(client, address, {"tags": "late", "shown_tags": ""})
    assert tags_of(ticket) == ["late", "vip"]


def test_what_a_form_sends_is_cached_in_no_fragment(client_of, ticket, ana):
    """Each would take the place of a part of the pages of others, with two megabytes of anything."""
    client, address = client_of(ana), f"/admin/tickets/{ticket.number}/update"
    form = {"shown_assignee": "", "shown_status": "0", "shown_priority": "0"}
    before = None
    for place in range(4):
        values = dict.fromkeys(("assignee", "status", "priority"), f"{place}" * 1000)
        assert post(client, address, form | values).status_code == 422
        count = len(fragments.cached_pieces())
        before = before or count
        assert count == before
    other = next(row for row in Priority.select() if row.id != ticket.priority_id)
    page = post(client, address, form | {"assignee": f"agent-{ana.id}", "status": "x", "priority": str(other.id)})
    assert page.status_code == 422
    for value in (f"agent-{ana.id}", other.id):
        assert f'<option value="{value}" selected>' in page.get_data(as_text=True)


def test_a_script_is_told_that_nothing_was_taken_back(client_of, ticket, root, ana):
    client = client_of(root)
    high, follow = (Priority.get(Priority.identifier == name) for name in ("high", "follow"))
    undo = save(client, ticket, priority=high.id).get_json()["undo"]
    tickets.set_priority(stored(ticket), follow, actor=ana)
    answer = post(client, undo, headers=JSON).get_json()
    assert answer == {"text": "1 ticket was left as it is: it has been changed since.", "back": 0}
    assert stored(ticket).priority_id == follow.id
    undo = save(client, ticket, priority=high.id).get_json()["undo"]
    assert post(client, undo, headers=JSON).get_json()["back"] == 1


def test_only_the_page_of_a_merged_ticket_tells_of_it_and_once(client_of, ticket, ana, carol):
    client, other = client_of(ana), cast.open_ticket(carol, ticket.service, ticket.department)
    tickets.merge(stored(ticket), other, actor=ana)
    assert save(client, ticket, tags="late", shown_tags="").status_code == 302
    form = {"tags": "late", "shown_tags": ""}
    page = post(client, f"/admin/tickets/{ticket.number}/update", form, follow_redirects=True)
    assert text_of(page).count("Nothing was changed.") == 1


def test_what_does_not_exist_is_refused_in_words(client_of, ticket, ana):
    client = client_of(ana)
    for field in ({"status": "999"}, {"assignee": "agent-999"}, {"tags": "x" * 60}, {}):
        answer = save(client, ticket, **field)
        assert answer.status_code == 422
        assert answer.get_json()["error"]


def test_what_the_role_does_not_allow_is_not_saved(client_of, ticket, ana):
    role = ana.role
    role.can_set_status = False
    role.save()
    answer = save(client_of(ana), ticket, status=Status.get(Status.identifier == "closed").id)
    assert answer.status_code in (403, 422)
    assert not stored(ticket).is_closed


def test_who_gives_a_ticket_away_is_led_to_the_list(client_of, ticket, ana, ben, carol, sales):
    tickets.move(ticket, sales.id, None, actor=cast.make_agent("Max", is_admin=True))
    tickets.assign(stored(ticket), ana, actor=cast.make_agent("Moe", is_admin=True))
    client = client_of(ana)
    answer = save(client, ticket, assignee=f"agent-{ben.id}").get_json()
    assert answer["leave"] == "/admin/tickets/?view=open"
    page = client.get(answer["leave"])
    assert text_of(page).count("The ticket parameters have been updated.") == 1
    assert f'action="{answer["undo"]}"' in page.text
    assert "1 ticket is as before." in text_of(post(client, answer["undo"], {}, follow_redirects=True))
    assert stored(ticket).assignee == ana
