"""The editor of e-mail texts: variables by name, the preview on a real ticket, the test, the way back."""

from __future__ import annotations

import pytest

from helpdesk import outbox, tickets
from helpdesk.notifications import email_texts
from helpdesk.settings.email_kinds import KINDS
from models import EmailText, OutgoingEmail
from tests.support import cast, doors

TEXT = {
    "sender_name-en": "Support Team",
    "subject-en": "News",
    "body-en": "Hello {{customer_firstname}}",
    "enabled": "y",
}
EDIT = "/admin/emails/notification"


def preview(client, key="notification", **changes):
    return doors.post(client, f"/admin/emails/{key}/preview", {**TEXT, "preview_language": "en", **changes})


# --- Writing ------------------------------------------------------------------------------------------------------


def test_an_unknown_variable_is_refused_by_name(client_of, root):
    data = {**TEXT, "body-en": "Hello {{customer_password}}"}
    page = doors.text_of(doors.post(client_of(root), EDIT, data))
    assert "{{customer_password}}" in page
    assert "cannot be used here" in page
    assert EmailText.select().count() == 0


def test_a_variable_may_be_the_address_of_a_link_and_another_address_is_refused_by_name(client_of, root, ticket):
    link = '<a href="{{customer_account_link}}">your ticket</a>'
    data = {**TEXT, "body-en": f"<p>See {link}. {{{{message}}}}</p>"}
    assert doors.post(client_of(root), EDIT, data).status_code == 302
    assert 'href="{{customer_account_link}}"' in EmailText.get().body["en"]
    tickets.reply(ticket, "<p>Done</p>", actor=root)
    mail = outbox.render(OutgoingEmail.get(OutgoingEmail.kind == "notification"), "https://desk.example/t/1")
    assert 'href="https://desk.example/t/1"' in mail.get_body(("html",)).get_content()
    page = doors.post(client_of(root), EDIT, {**TEXT, "body-en": '<p><a href="/contact">x</a> {{message}}</p>'})
    assert "leads to “/contact”" in doors.text_of(page)
    assert "/contact" not in EmailText.get().body["en"]


def test_the_account_link_is_refused_outside_the_notification(client_of, root):
    data = {**TEXT, "subject-en": "{{customer_account_link}}", "body-en": "{{customer_account_link}}"}
    page = doors.post(client_of(root), "/admin/emails/confirmation", data).text
    assert page.count("cannot be used here: {{customer_account_link}}") >= 2


@pytest.mark.parametrize("frame", ["<div>{}</div>", "{}"])
@pytest.mark.parametrize("key", ["notification", "assignment"])
def test_saving_a_text_as_it_is_keeps_it_the_original(client_of, root, key, frame):
    client, kind = client_of(root), email_texts.kind_of(key)
    now = email_texts.form_values(kind)
    data = {f"{name}-{code}": text for name in ("sender_name", "subject") for code, text in now[name].items()}
    data |= {f"body-{code}": frame.format(text) for code, text in now["body"].items()}
    doors.post(client, f"/admin/emails/{key}", {**data, "enabled": "y"})
    assert not email_texts.is_changed(kind)


def test_a_plain_text_keeps_its_lines(client_of, root):
    doors.post(client_of(root), EDIT, {**TEXT, "body-en": "Hello\nBye"})
    assert EmailText.get().body == {"en": "<p>Hello<br>Bye</p>"}


def test_what_is_stored_is_clean(client_of, root):
    doors.post(
        client_of(root), EDIT, {**TEXT, "body-en": '<p style="color:red" onclick="x()">Hi<script>x()</script></p>'}
    )
    assert EmailText.get().body == {"en": "<p>Hi</p>"}


def test_a_mail_can_be_switched_off_where_the_desk_can_do_without(client_of, root):
    client = client_of(root)
    doors.post(client, EDIT, {key: text for key, text in TEXT.items() if key != "enabled"})
    assert not EmailText.get().enabled
    assert 'name="enabled"' not in client.get("/admin/emails/sign-in").text


def test_the_editor_says_who_gets_the_text_of_the_confirmation(client_of, root):
    page = doors.text_of(client_of(root).get("/admin/emails/confirmation"))
    assert "An address that is not proven yet gets a fixed text instead" in page


@pytest.mark.parametrize("key", sorted(KINDS))
def test_every_editor_lists_its_variables_and_no_other(client_of, root, key):
    page = client_of(root).get(f"/admin/emails/{key}").text
    assert ("data-variable=" in page) is (key != "invitation")
    assert ("{{customer_account_link}}" in page.partition("<dl")[2]) is (key == "notification")


# --- The preview --------------------------------------------------------------------------------------------------


def test_the_preview_is_the_newest_ticket_one_sees(client_of, root, ticket, carol, billing, invoices):
    newest = cast.open_ticket(carol, billing, invoices, subject="My bicycle")
    page = client_of(root).get(f"{EDIT}/preview")
    assert "Carol" in page.text
    assert newest.number in page.text
    assert "[private link]" in page.text


def test_the_preview_is_a_page_that_runs_nothing(client_of, root, ticket):
    policy = client_of(root).get(f"{EDIT}/preview").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy


def test_the_preview_shows_what_was_typed_and_stores_nothing(client_of, root, ticket):
    mails = OutgoingEmail.select().count()
    page = preview(
        client_of(root), **{"subject-en": "About {{ticket_object}}", "body-en": "Dear <b>{{customer_lastname}}</b>"}
    )
    assert "About A question about my invoice" in page.text
    assert "Dear <b>Jones</b>" in page.text
    assert (EmailText.select().count(), OutgoingEmail.select().count()) == (0, mails)


def test_the_preview_is_of_the_chosen_ticket_and_language(client_of, root, ticket, dan, sales):
    other = cast.open_ticket(dan, sales)
    client = client_of(root)
    assert "Hello Dan" in preview(client).text
    assert "Hello Carol" in preview(client, preview_ticket=f"#{ticket.number}").text
    assert "Bonjour Dan" in preview(client, preview_language="fr", preview_ticket=other.number).text


def test_the_preview_names_what_is_wrong(client_of, root, ticket):
    page = doors.text_of(preview(client_of(root), preview_ticket="777", **{"body-en": "{{password}}"}))
    assert "cannot be used here: {{password}}" in page
    assert "There is no such ticket, or you may not see it." in page


def test_the_preview_shows_no_ticket_of_others(client_of, ben, ticket):
    ben.role = cast.make_role("Keeper", can_configure=True)
    ben.save()
    page = preview(client_of(ben), preview_ticket=ticket.number).text
    assert "There is no such ticket, or you may not see it." in page
    assert "Carol" not in page


def test_what_a_customer_typed_stays_text_in_the_preview(client_of, root, carol, sales):
    cast.open_ticket(carol, sales, body="<script>x()</script> {{customer_email}}")
    page = preview(client_of(root), "confirmation", **{"body-en": "{{message}}"}).text
    assert "<script>" not in page
    assert "{{customer_email}}" in page


def test_the_preview_of_a_reply_holds_the_reply(client_of, root, ticket):
    tickets.reply(ticket, "<p>Mended today.</p>", actor=root)
    assert "Mended today." in preview(client_of(root), **{"body-en": "{{message}}"}).text


@pytest.mark.parametrize("key", sorted(KINDS))
def test_a_preview_shows_the_frame(client_of, root, ticket, key):
    page = client_of(root).get(f"/admin/emails/{key}/preview").text
    is_of_ticket = KINDS[key].group != "accounts"
    assert (f"Ticket {ticket.number}" in page) is is_of_ticket
    assert page.count('class="button"') >= 1
    assert ("because" in page) or ("has put you in copy" in page) or KINDS[key].group == "support"


@pytest.mark.parametrize("key", sorted(KINDS))
def test_every_mail_has_a_preview_without_any_ticket(client_of, root, key):
    page = client_of(root).get(f"/admin/emails/{key}/preview")
    assert page.status_code == 200
    assert "{{" not in page.text


# --- The test and the way back ------------------------------------------------------------------------------------


def test_a_test_holds_what_was_typed_and_goes_to_who_asks(client_of, root, ticket, smtp):
    page = doors.post(client_of(root), f"{EDIT}/test", {**TEXT, "preview_language": "en", "subject-en": "Only typed"})
    assert f"took the message for {root.email}" in doors.text_of(page)
    (mail,) = smtp.to(root.email)
    assert mail["Subject"] == f"Only typed – A question about my invoice [#{ticket.number}]"
    assert "/t/" not in mail.get_body(("plain",)).get_content()
    assert 'value="Only typed"' in page.text


def test_without_a_mail_server_the_test_says_so(client_of, root):
    page = doors.post(client_of(root), f"{EDIT}/test", TEXT)
    assert "There is no mail server yet" in doors.text_of(page)
    assert OutgoingEmail.select().count() == 0


def test_a_text_that_is_wrong_is_not_sent_as_a_test(client_of, root, smtp):
    page = doors.post(client_of(root), f"{EDIT}/test", {**TEXT, "body-en": "{{password}}"})
    assert "cannot be used here" in page.text
    assert smtp.to(root.email) == []


def test_the_original_comes_back_once_it_was_asked(client_of, root):
    client = client_of(root)
    doors.post(client, EDIT, TEXT)
    assert "Forget your text" in doors.post(client, f"{EDIT}/restore").text
    assert EmailText.get().subject == {"en": "News"}
    doors.post(client, f"{EDIT}/restore", {"confirmed": "1"})
    assert EmailText.select().count() == 0
