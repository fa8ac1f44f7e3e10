"""What a screen says after a form, and what it asks first."""

from __future__ import annotations

import re

from helpdesk import counting, outbox, settings
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
    doors.post(client, "/admin/users/new/", person)
    page = doors.text_of(client.get("/admin/users/"))
    assert "zoe@example.org." in page
    assert "Zoé sees no ticket yet" in page


def test_the_test_mail_speaks_the_language_of_who_asks(app, root, smtp):
    settings.save({"mail_host": "127.0.0.1", "mail_port": smtp.port, "mail_tls": "none"}, actor=root)
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        outbox.send_test(root.email, actor=root)
    assert "Votre support sait envoyer des e-mails." in smtp.messages[0].get_body(("plain",)).get_content()


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
    page = client_of(root).get("/admin/tickets/").text
    assert f'class="prio priority-{ticket.priority_id} prio-default"' in page


def test_somebody_new_gets_the_role_that_may_do_least(client_of, root):
    page = client_of(root).get("/admin/users/new/").text
    assert re.search(r"<option selected[^>]*>Agent</option>", page)
