"""What the eye found in the screens of the desk: names instead of ids, no act without sense, states told from tags."""

from __future__ import annotations

import re

import pytest

from helpdesk import tickets
from helpdesk.people import api_keys
from models import OutgoingEmail, Permission, Status
from tests.support import cast, doors, sqlite_only

pytestmark = sqlite_only


def test_a_permission_is_called_by_what_it_covers(client_of, root):
    row, client = cast.permit(root, None), client_of(root)
    assert "<h1>The whole support</h1>" in client.get(f"/admin/my-settings/edit/?id={row.id}").text
    assert "Delete “The whole support”?" in doors.text_of(
        doors.post(client, "/admin/my-settings/delete/", {"id": row.id})
    )


def test_a_key_is_revoked_once(client_of, root):
    key, _secret = api_keys.make("Web shop", actor=root)
    client = client_of(root)
    assert "/revoke/" in client.get("/admin/api-keys/").text
    api_keys.revoke(key, actor=root)
    assert "/revoke/" not in client.get("/admin/api-keys/").text


def test_only_who_is_in_support_is_removed_from_it(client_of, root, ana):
    rows = client_of(root).get("/admin/users/").text.split("<tr")
    offered = {
        name: any(name in row and "Remove from support" in row for row in rows) for name in (ana.name, root.name)
    }
    assert offered == {ana.name: True, root.name: Permission.select().where(Permission.agent == root).exists()}


def test_each_category_says_what_it_means(client_of, root):
    page = doors.text_of(client_of(root).get(f"/admin/statuses/edit/?id={Status.get().id}"))
    assert "Open The team is expected to act." in page


@pytest.mark.parametrize(("act", "word"), [(tickets.mark_spam, "Spam"), (tickets.delete, "Bin")])
def test_spam_and_bin_are_no_tags(client_of, ana, ticket, act, word):
    act(ticket, actor=ana)
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}").text
    assert re.search(rf'class="flag is-danger">.*?{word}</span>', page)


def test_a_long_history_is_folded(client_of, ana, carol, billing, invoices, ticket):
    for number in range(7):
        cast.open_ticket(carol, billing, invoices, subject=f"Earlier question {number}")
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}").text
    shown, _more, folded = page.partition("Show the others")
    assert (shown.count("Earlier question"), folded.count("Earlier question")) == (5, 2)


def test_a_mail_is_told_before_its_headers(client_of, root, ticket):
    email = OutgoingEmail.get(OutgoingEmail.ticket == ticket)
    page = doors.text_of(client_of(root).get(f"/admin/outbox/details/?id={email.id}"))
    assert page.index(email.to_email) < page.index("Headers") < page.index("Message-ID")


@pytest.mark.parametrize("view", ["spam", "bin"])
def test_an_empty_spam_list_or_bin_says_what_it_is_for(client_of, ana, ticket, view):
    page = client_of(ana).get(f"/admin/tickets/?view={view}").text
    assert "kept apart here" in page or "30 days, then it is gone" in page


def test_an_error_wears_the_owners_name_and_an_expired_form_is_called_so(client, database):
    assert "Guichet" in doors.text_of(client.get("/nothing"))
    answer = client.post("/tickets/new", data={"message": "Hello"}, headers={"Origin": "http://localhost"})
    assert "This form has expired" in doors.text_of(answer)
