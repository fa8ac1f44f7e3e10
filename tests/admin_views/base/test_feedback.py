"""What a screen says after a form, and what it asks first."""

from __future__ import annotations

import re

import pytest

from helpdesk import outbox, settings
from helpdesk.lists import counting
from models import Priority, Role, Service, Status, Tag
from tests.support import doors


def test_the_list_names_what_was_added(client_of, root):
    client = client_of(root)
    doors.post(client, "/admin/services/new/", {"name-en": "Billing", "enabled": "y"})
    assert "“Billing” was added." in client.get("/admin/services/").text


def test_the_list_names_what_was_saved(client_of, root, sales):
    client = client_of(root)
    doors.post(client, f"/admin/services/edit/?id={sales.id}", {"name-en": "Shop", "enabled": "y"})
    assert "“Shop” was saved." in client.get("/admin/services/").text


def test_the_language_of_the_desk_is_asked_first(client_of, root):
    settings.save({"language": "fr"}, actor=root)
    page = client_of(root).get("/admin/services/new/").text
    assert page.index('name="name-fr"') < page.index('name="name-en"')


def test_inviting_says_where_the_invitation_goes(client_of, root, smtp):
    settings.save({"mail_host": "127.0.0.1", "mail_port": smtp.port, "mail_tls": "none"}, actor=root)
    client = client_of(root)
    person = {"name": "Zoé", "email": "zoe@example.org", "role": str(root.role_id), "locale": ""}
    page = client.get(doors.post(client, "/admin/users/new/", person).location)
    assert "“Zoé” was added." in page.text
    assert "successfully" not in page.text
    assert "An invitation was mailed to zoe@example.org." in doors.text_of(page)
    assert "Zoé sees no ticket yet" in doors.text_of(page)
    assert re.search(r'class="btn btn-primary" href="/admin/users/add-to-support/\?id=\d+">Add to support', page.text)


def test_an_administrator_needs_no_place_to_see_tickets(client_of, root):
    client = client_of(root)
    person = {"name": "Zoé", "email": "zoe@example.org", "role": str(root.role_id), "locale": "", "is_admin": "y"}
    assert "sees no ticket yet" not in client.get(doors.post(client, "/admin/users/new/", person).location).text


def test_the_link_of_an_invitation_is_copied_by_a_button(client_of, root):
    client = client_of(root)
    person = {"name": "Zoé", "email": "zoe@example.org", "role": str(root.role_id), "locale": ""}
    page = doors.post(client, doors.post(client, "/admin/users/new/", person).location, {"link": "1"}).text
    assert 'data-copies="link"' in page


def test_the_test_mail_speaks_the_language_of_who_asks(app, root, smtp):
    settings.save({"mail_host": "127.0.0.1", "mail_port": smtp.port, "mail_tls": "none"}, actor=root)
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        outbox.send_test(root.email, actor=root)
    assert "L’envoi d’e-mails fonctionne." in smtp.messages[0].get_body(("plain",)).get_content()


def test_the_menu_counts_again_once_a_ticket_is_gone(client_of, ticket, root):
    client = client_of(root)
    assert counting.counts(root).open == 1
    doors.post(client, f"/admin/tickets/{ticket.number}/delete")
    assert counting.counts(root).open == 0


def test_deleting_many_says_where_they_are(client_of, ticket, root):
    client = client_of(root)
    doors.post(client, "/admin/bulk/delete", {"number": ticket.number})
    assert "1 ticket is in the bin." in client.get("/admin/tickets/").text


def test_the_default_priority_wears_its_own_colours(client_of, ticket, root):
    page = client_of(root).get(f"/admin/tickets/{ticket.number}").text
    assert f'class="prio priority-{ticket.priority_id} prio-default"' in page


def test_somebody_new_gets_the_role_that_may_do_least(client_of, root):
    page = client_of(root).get("/admin/users/new/").text
    assert re.search(r"<option selected[^>]*>Agent</option>", page)


# --- Deleting -----------------------------------------------------------------------------------------------------


def ask_to_delete(client, screen, row):
    return doors.post(client, f"/admin/{screen}/delete/", {"id": row.id}).text


def test_a_chosen_status_says_at_once_why_it_stays(client_of, root):
    page = ask_to_delete(client_of(root), "statuses", Status.get(Status.identifier == "active"))
    assert "“Active” cannot be deleted" in page
    assert "btn-danger" not in page
    assert 'href="/admin/configuration/#default_status"' in page


def test_a_priority_that_tickets_have_leads_to_them(client_of, root, ticket):
    row = Priority.get(Priority.identifier == "follow")
    type(ticket).update(priority=row).execute()
    page = ask_to_delete(client_of(root), "priorities", row)
    assert "1 ticket has it" in page
    assert "btn-danger" not in page
    assert f"priority={row.id}" in page


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "1"}])
def test_a_service_in_use_says_so_on_a_page_of_its_own(client_of, root, ticket, confirmed):
    page = doors.post(client_of(root), "/admin/services/delete/", {"id": ticket.service_id, **confirmed}).text
    assert "cannot be deleted" in page
    assert "btn-danger" not in page
    assert f"/admin/departments/?flt0_0={ticket.service_id}" in page


def test_a_role_somebody_has_leads_to_the_users(client_of, root):
    page = ask_to_delete(client_of(root), "roles", Role.get_by_id(root.role_id))
    assert "cannot be deleted" in page
    assert 'class="btn btn-plain" href="/admin/users/"' in page


def test_the_last_administrator_stays(client_of, root):
    assert "appoint another one first" in ask_to_delete(client_of(root), "users", root)


def test_what_deleting_does_is_said_before_the_button(client_of, root):
    page = ask_to_delete(client_of(root), "tags", Tag.create(name="x", key="x"))
    assert page.index("gone for good") < page.index("btn-danger")


# --- Searching ----------------------------------------------------------------------------------------------------


def test_the_button_of_the_search_is_a_verb(client_of, root):
    assert (
        '<button class="btn btn-plain" type="submit">Search now</button>'
        in client_of(root).get("/admin/tickets/?view=search").text
    )


# --- A closed desk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/admin/tickets/", "/admin/dashboard/"])
def test_agents_are_told_that_the_desk_is_closed(client_of, root, ana, sales, path):
    assert "closed to visitors" not in client_of(ana).get(path).text
    settings.save({"desk_enabled": False}, actor=root)
    assert "closed to visitors" in client_of(ana).get(path).text
    assert "/admin/configuration/#desk_enabled" not in client_of(ana).get(path).text
    assert "/admin/configuration/#desk_enabled" in client_of(root).get(path).text


def test_a_desk_that_offers_no_service_is_closed_too(client_of, root, sales, billing):
    for service in Service.select():
        service.enabled = False
        service.save()
    page = client_of(root).get("/admin/tickets/").text
    assert "no service is offered" in page
    assert ">Open Services</a>" in page
