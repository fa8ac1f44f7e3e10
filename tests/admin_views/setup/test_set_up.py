"""What an administrator sets up on the generated screens, beyond what every screen does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from database import Label
from helpdesk import clock, journal, search, settings, tickets
from helpdesk.errors import InvalidInput
from helpdesk.outbox import outbox_health
from helpdesk.settings import environment
from helpdesk.settings.mail_failures import Failure
from models import (
    Agent,
    CannedResponse,
    Customer,
    Department,
    OutgoingEmail,
    Permission,
    Priority,
    Status,
    Team,
    Ticket,
)
from tests.support import cast, doors, sqlite_only

STATUS = {"text_color": "white", "background_color": "#007afc", "position": "9", "enabled": "y"}


def status_form(status, **changes):
    labels = {f"label-{code}": text for code, text in status.label.items()}
    kept = {"identifier": status.identifier, "category": status.category, **STATUS}
    return {**labels, **kept, **changes}


# --- Organisation -------------------------------------------------------------------------------------------------


def test_departments_without_a_service_lead_to_adding_one(client_of, root):
    assert client_of(root).get("/admin/departments/new/").location == "/admin/services/new/"


def test_a_department_with_tickets_stays_in_its_service(client_of, root, ticket, sales):
    data = {"service": sales.id, "name-en": "Invoices"}
    page = doors.post(client_of(root), f"/admin/departments/edit/?id={ticket.department_id}", data)
    assert "1 ticket is in this department" in doors.text_of(page)
    assert Department.get_by_id(ticket.department_id).service_id == ticket.service_id


# --- People -------------------------------------------------------------------------------------------------------


def test_inviting_without_a_mail_server_leads_to_the_link(client_of, root):
    client = client_of(root)
    data = {"name": "Nora", "email": "nora@desk.example", "role": root.role_id}
    answer = doors.post(client, "/admin/users/new/", data)
    nora = Agent.get(Agent.name == "Nora")
    assert answer.location == f"/admin/users/invitation/?id={nora.id}"
    assert "/admin/invitation/" in doors.post(client, answer.location, {"link": "1"}).text


def test_who_has_not_come_yet_is_invited_again_from_the_list(client_of, root, ben):
    client = client_of(root)
    doors.post(client, "/admin/users/new/", {"name": "Nora", "email": "nora@desk.example", "role": root.role_id})
    nora = Agent.get(Agent.name == "Nora")
    page = client.get("/admin/users/").text
    assert "Invited" in page
    assert f"/invitation/?id={nora.id}" in page
    assert f"/invitation/?id={ben.id}" not in page


def test_adding_to_support_gives_a_permission(client_of, root, ben, billing, invoices):
    data = {"place": f"{billing.id}/{invoices.id}", "signature": "<b>Ben</b>", "notify": "y"}
    doors.post(client_of(root), f"/admin/users/add-to-support/?id={ben.id}", data)
    row = Permission.get(Permission.department == invoices)
    assert (row.agent_id, row.notify) == (ben.id, True)


def test_removing_from_support_asks_and_keeps_the_account(client_of, root, ana):
    client = client_of(root)
    assert "?" in doors.text_of(client.get(f"/admin/users/remove-from-support/?id={ana.id}"))
    doors.post(client, "/admin/users/remove-from-support/", {"id": ana.id, "confirmed": "1"})
    assert Permission.select().where(Permission.agent == ana).count() == 0
    assert Agent.get_by_id(ana.id).active


def test_disabling_an_agent_says_how_many_tickets_it_unassigns(client_of, root, ana, ticket):
    Ticket.update(assignee=ana).where(Ticket.id == ticket.id).execute()
    client, data = client_of(root), {"name": "Ana", "email": ana.email, "role": ana.role_id}
    page = doors.post(client, f"/admin/users/edit/?id={ana.id}", data)
    assert "1 ticket will be unassigned." in doors.text_of(page)
    assert Agent.get_by_id(ana.id).active
    doors.post(client, f"/admin/users/edit/?id={ana.id}", {**data, "confirmed": "1"})
    assert Ticket.get_by_id(ticket.id).assignee_id is None


def test_only_administrators_open_users_and_roles(client_of, ana):
    ana.role = cast.make_role("Keeper", can_configure=True)
    ana.save()
    client = client_of(ana)
    assert client.get("/admin/services/").status_code == 200
    assert client.get("/admin/users/").status_code == client.get("/admin/roles/").status_code == 403


def test_an_agent_edits_signature_and_notification_of_their_own(client_of, ana):
    row = Permission.get(Permission.agent == ana)
    data = {"signature": "Ana", "notify": "y", "place": "all"}
    doors.post(client_of(ana), f"/admin/my-settings/edit/?id={row.id}", data)
    stored = Permission.get_by_id(row.id)
    assert (stored.signature, stored.notify, stored.service_id) == ("<p>Ana</p>", True, row.service_id)


def test_an_agent_adds_no_permission(client_of, ana):
    answer = doors.post(client_of(ana), "/admin/my-settings/new/", {"place": "all"})
    assert answer.status_code == 302
    assert Permission.select().where(Permission.agent == ana).count() == 1


def test_a_team_keeps_its_members(client_of, root, team, ana, ben):
    data = {"label-en": "Night", "manager": team.manager_id, "members": [ana.id, ben.id], "enabled": "y"}
    doors.post(client_of(root), f"/admin/teams/edit/?id={team.id}", data)
    assert {row.agent_id for row in Team.get_by_id(team.id).memberships} == {ana.id, ben.id}
    page = client_of(root).get(f"/admin/teams/edit/?id={team.id}").text
    assert page.count("checked") == 3


def test_disabling_a_team_asks_with_the_number(client_of, root, team, ticket):
    Ticket.update(team=team).where(Ticket.id == ticket.id).execute()
    data = {"label-en": "Night", "manager": team.manager_id}
    page = doors.post(client_of(root), f"/admin/teams/edit/?id={team.id}", data)
    assert "1 ticket will be unassigned." in doors.text_of(page)
    assert Team.get_by_id(team.id).enabled


# --- Statuses and priorities --------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", ["active", "pending", "closed"])
def test_a_chosen_status_is_neither_disabled_nor_deleted(client_of, root, identifier):
    client, status = client_of(root), Status.get(Status.identifier == identifier)
    data = status_form(status)
    del data["enabled"]
    assert "Configuration" in doors.text_of(doors.post(client, f"/admin/statuses/edit/?id={status.id}", data))
    doors.post(client, "/admin/statuses/delete/", {"id": status.id, "confirmed": "1"})
    assert Status.get_by_id(status.id).enabled


def test_renaming_a_chosen_status_keeps_it_chosen(client_of, root):
    status = Status.get(Status.identifier == "active")
    doors.post(client_of(root), f"/admin/statuses/edit/?id={status.id}", status_form(status, identifier="in work"))
    assert settings.get("default_status") == "in work"


@pytest.mark.parametrize("category", ["pending", "closed"])
def test_tickets_of_a_status_that_asks_nothing_wait_no_more(client_of, root, ticket, category):
    done = Status.create(identifier="done", label=Label(en="Done"), category="open", position=9)
    tickets.set_status(ticket, done, actor=root)
    assert Ticket.get_by_id(ticket.id).awaits_reply
    form = {"identifier": "done", "label-en": "Done", "category": category, **STATUS}
    doors.post(client_of(root), f"/admin/statuses/edit/?id={done.id}", form)
    row = Ticket.get_by_id(ticket.id)
    assert (row.awaits_reply, row.is_open, row.closed_at is None) == (
        False,
        category == "pending",
        category == "pending",
    )
    assert row.waiting_since > ticket.created_at
    doors.post(client_of(root), f"/admin/statuses/edit/?id={done.id}", {**form, "category": "open"})
    row = Ticket.get_by_id(ticket.id)
    assert (row.awaits_reply, row.is_open, row.closed_at) == (False, True, None)


def test_a_new_category_moves_the_tickets_of_the_status(client_of, root, ticket):
    hold = Status.get(Status.identifier == "on hold")
    Ticket.update(status=hold).where(Ticket.id == ticket.id).execute()
    doors.post(client_of(root), f"/admin/statuses/edit/?id={hold.id}", status_form(hold, category="closed"))
    stored = Ticket.get_by_id(ticket.id)
    assert not stored.is_open
    assert stored.closed_at is not None


def test_a_new_weight_reorders_the_tickets_of_the_priority(client_of, root, ticket):
    data = {"identifier": "normal", "label-en": "Normal", "text_color": "white", "background_color": "black"}
    doors.post(
        client_of(root), f"/admin/priorities/edit/?id={ticket.priority_id}", {**data, "weight": "7", "enabled": "y"}
    )
    assert Ticket.get_by_id(ticket.id).rank == -14


def test_configuration_warns_of_a_priority_as_heavy_as_the_important_one(client_of, root):
    client = client_of(root)
    assert "stand first alone" not in client.get("/admin/configuration/").text
    heavy = Priority.get(Priority.identifier == "high").weight
    Priority.update(weight=heavy).where(Priority.identifier == "follow").execute()
    assert "stand first alone" in client.get("/admin/configuration/").text


# --- Canned responses ---------------------------------------------------------------------------------------------


def test_a_plain_text_becomes_paragraphs(client_of, root):
    data = {"service": "", "name-en": "Thanks", "body-en": "Thank you\nBye"}
    doors.post(client_of(root), "/admin/canned-responses/new/", data)
    assert "<br" in CannedResponse.get().body["en"]
    assert CannedResponse.get().author_id == root.id


def test_agents_write_no_canned_response_here(client_of, ana):
    doors.post(
        client_of(ana), "/admin/canned-responses/new/", {"service": "", "name-en": "Thanks", "body-en": "Thank you"}
    )
    assert CannedResponse.select().count() == 0


def test_a_canned_response_is_changed_by_its_author(client_of, ana):
    row = CannedResponse.create(name="Mine", body="<p>x</p>", author=ana)
    client = client_of(ana)
    assert "/admin/canned-responses/edit/" in client.get("/admin/canned-responses/").text
    doors.post(
        client, f"/admin/canned-responses/edit/?id={row.id}", {"service": "", "name-en": "Ours", "body-en": "Hi"}
    )
    assert CannedResponse.get_by_id(row.id).name == {"en": "Ours"}


def test_a_canned_response_of_another_is_read_only(client_of, ana, ben):
    row = CannedResponse.create(name="Mine", body="<p>Read <b>me</b></p>", author=ana)
    client = client_of(ben)
    assert "/admin/canned-responses/edit/" not in client.get("/admin/canned-responses/").text
    assert "Read <b>me</b>" in client.get(f"/admin/canned-responses/details/?id={row.id}").text
    assert client.get(f"/admin/canned-responses/edit/?id={row.id}").status_code == 403


def test_a_manager_changes_any_canned_response(client_of, mona, ana):
    row = CannedResponse.create(name="Mine", body="<p>x</p>", author=ana)
    assert client_of(mona).get(f"/admin/canned-responses/edit/?id={row.id}").status_code == 200


def test_a_canned_response_is_deleted_by_whoever_may_change_it(client_of, ana, ben):
    row = CannedResponse.create(name="Mine", body="<p>x</p>", author=ana)
    path, form = "/admin/canned-responses/delete/", {"id": row.id, "confirmed": "1"}
    doors.post(client_of(ben), path, form)
    assert CannedResponse.get_or_none(CannedResponse.id == row.id)
    doors.post(client_of(ana), path, form)
    assert CannedResponse.select().count() == 0


def test_the_list_names_the_service_or_says_general(client_of, root, billing):
    CannedResponse.create(name="One", body="<p>x</p>", service=billing)
    CannedResponse.create(name="Two", body="<p>x</p>")
    page = doors.text_of(client_of(root).get("/admin/canned-responses/"))
    assert "One Billing" in page
    assert "Two General" in page


def test_the_form_of_a_canned_response_lists_the_variables(client_of, root):
    page = doors.text_of(client_of(root).get("/admin/canned-responses/new/"))
    assert "{{customer_firstname}}" in page
    assert "{{customer_account_link}}" not in page


@pytest.mark.parametrize("variable", ["password", "customer_account_link", "message"])
def test_a_variable_that_is_never_filled_in_is_refused_by_name(client_of, root, variable):
    data = {"service": "", "name-en": "Thanks", "body-en": f"Hello {{{{{variable}}}}}"}
    page = doors.text_of(doors.post(client_of(root), "/admin/canned-responses/new/", data))
    assert f"cannot be used here: {{{{{variable}}}}}" in page
    assert CannedResponse.select().count() == 0


# --- Mail ---------------------------------------------------------------------------------------------------------


def test_the_outbox_hides_the_private_link_and_retries(client_of, root, ticket):
    client = client_of(root)
    email = OutgoingEmail.select().where(OutgoingEmail.link_kind == "ticket").get()
    page = client.get(f"/admin/outbox/details/?id={email.id}")
    assert "[private link]" in page.text
    assert "/t/" not in page.text
    OutgoingEmail.update(state="failed", attempts=6).where(OutgoingEmail.id == email.id).execute()
    doors.post(client, "/admin/outbox/retry/", {"id": email.id})
    assert OutgoingEmail.get_by_id(email.id).state == "pending"


@pytest.fixture
def failed(ticket):
    """Mails that could not be sent, to addresses that a server refused."""
    answer = Failure("recipient", {"answer": "550 no such user"})
    OutgoingEmail.update(state="failed", last_error=answer.stored).execute()
    return list(OutgoingEmail.select())


def test_the_menu_says_that_no_mail_leaves_until_the_set_up_is_corrected(client_of, root, ben, database):
    settings.save({"mail_host": "127.0.0.1", "mail_port": 25, "mail_tls": "none"})
    for key, is_shown in (("silent", False), ("sign-in", True)):
        outbox_health.note_fault(settings.mail_server(), Failure(key, {"answer": "535"}))
        outbox_health.forget_count()
        page = client_of(root).get("/admin/tickets/").text
        link = re.search(r'href="/admin/health/"[^>]*>(?:(?!</a>).)*No mail leaves', page, re.S)
        assert (link is not None) is is_shown
        assert "No mail leaves" not in client_of(ben).get("/admin/tickets/").text


def test_failed_mails_are_counted_and_sent_again_together(client_of, root, failed):
    client = client_of(root)
    for path in ("/admin/tickets/", "/admin/dashboard/"):
        assert "Mails not sent 1" in doors.text_of(client.get(path))
    assert "Outbox 1" in doors.text_of(client.get("/admin/services/"))
    page = doors.text_of(client.get("/admin/outbox/?flt0_0=failed"))
    assert "1 mail could not be sent. Send all again" in page
    assert "The mail server refused the recipient: 550 no such user" in page
    sent = doors.post(client, "/admin/outbox/retry-all/", follow_redirects=True)
    assert "1 mail is being sent again." in doors.text_of(sent)
    assert OutgoingEmail.select().where(OutgoingEmail.state == "failed").count() == 0
    assert "Mails not sent" not in doors.text_of(client.get("/admin/tickets/"))


def test_failed_mails_are_left_unsent_once_asked(client_of, root, failed):
    client = client_of(root)
    asked = doors.text_of(doors.post(client, "/admin/outbox/leave-all/"))
    assert "1 mail will not be sent." in asked
    assert OutgoingEmail.select().where(OutgoingEmail.state == "failed").count() == 1
    doors.post(client, "/admin/outbox/leave-all/", {"confirmed": "1"})
    assert OutgoingEmail.select().where(OutgoingEmail.state == "cancelled").count() == 1


def test_why_a_mail_failed_is_told_in_the_readers_language(client_of, root, failed):
    root.locale = "fr"
    root.save()
    client = client_of(root)
    journal.mail_ended(failed[0], Failure("silent"))
    page = doors.text_of(client.get("/admin/outbox/"))
    assert "Le serveur de messagerie a refusé le destinataire : 550 no such user" in page
    assert "Le serveur de messagerie ne répond pas." in doors.text_of(client.get("/admin/journal/"))


def test_a_mail_that_cannot_be_written_is_read_on_its_page(client_of, root, failed):
    failure = Failure("bad-sender", {"email": "nobody"})
    OutgoingEmail.update(from_email="nobody", last_error=failure.stored).execute()
    page = client_of(root).get(f"/admin/outbox/details/?id={failed[0].id}")
    assert page.status_code == 200
    assert "The sender nobody is not an e-mail address" in doors.text_of(page)
    assert "Your message has been sent" in doors.text_of(page)


def test_the_outbox_tells_why_all_mails_wait(client_of, root, ticket, smtp):
    outbox_health.note_fault(settings.mail_server(), Failure("silent"))
    page = doors.text_of(client_of(root).get("/admin/outbox/"))
    assert "The mail server does not answer. Mails wait since" in page


def test_the_mails_of_unseen_tickets_are_not_read(client_of, ticket, ben):
    ben.role = cast.make_role("Keeper", can_configure=True)
    ben.save()
    email = OutgoingEmail.select().where(OutgoingEmail.ticket == ticket).get()
    assert client_of(ben).get(f"/admin/outbox/details/?id={email.id}").status_code == 404


@pytest.fixture
def keeper(sales):
    """Who sets the desk up and answers for Sales only."""
    return cast.make_agent("Eve", sales, role=cast.make_role("Keeper", can_configure=True))


def mails_of_none(*kinds):
    """Mails of no ticket, one of each kind."""
    now, row = clock.now(), OutgoingEmail.select().dicts().first()
    del row["id"]
    common = {**row, "ticket": None, "message": None, "address": None, "link_kind": "", "created_at": now}
    return [
        OutgoingEmail.create(**{**common, "kind": kind, "mail_id": f"<{kind}@x>", "subject": f"Of {kind}"})
        for kind in kinds
    ]


def test_digests_and_mails_of_purged_tickets_are_not_read(client_of, ticket, keeper):
    client, mails = client_of(keeper), mails_of_none("digest", "notification")
    page = doors.text_of(client.get("/admin/outbox/"))
    searched = doors.text_of(client.get("/admin/outbox/?search=Of"))
    for email in mails:
        assert email.subject not in page + searched
        assert client.get(f"/admin/outbox/details/?id={email.id}").status_code == 404
        assert doors.post(client, "/admin/outbox/retry/", {"id": email.id}).status_code == 404


def test_mails_of_accounts_are_read_by_whoever_sets_up(client_of, ticket, keeper):
    client, mails = client_of(keeper), mails_of_none("invitation", "reset", "sign-in", "confirm", "test")
    page = doors.text_of(client.get("/admin/outbox/"))
    for email in mails:
        assert email.subject in page
        assert client.get(f"/admin/outbox/details/?id={email.id}").status_code == 200


# --- Configuration ------------------------------------------------------------------------------------------------


def configuration(**changes):
    values = {
        key: settings.get(key)
        for key, row in settings.DECLARED.items()
        if row.kind not in {"switch", "label", "secret", "picture"}
    }
    return {**values, "desk_enabled": "y", "top_link": "y", "mail_on_assignment": "y", **changes}


def test_settings_are_stored_and_given_back_to_their_default(client_of, root):
    client = client_of(root)
    doors.post(client, "/admin/configuration/", configuration(desk_name="Canal"))
    assert settings.get("desk_name") == "Canal"
    doors.post(client, "/admin/configuration/", {"reset": "desk_name"})
    assert settings.get("desk_name") == "Guichet"


def test_configuration_begins_with_its_sections(client_of, root):
    page = client_of(root).get("/admin/configuration/").text
    for key in settings.GROUPS:
        assert f'<a href="#part-{key}">' in page
        assert f'id="part-{key}"' in page
    assert 'href="#own-site"' in page
    assert 'href="#examples"' in page


def test_an_empty_default_is_not_spoken_of(client_of, root):
    page = doors.text_of(client_of(root).get("/admin/configuration/"))
    assert "Default: empty" not in page
    assert "Default: Guichet." in page


def test_going_back_to_one_default_keeps_what_else_was_typed(client_of, root):
    settings.save({"desk_name": "Canal"}, actor=root)
    page = doors.post(
        client_of(root), "/admin/configuration/", configuration(mail_host="typed.example", reset="desk_name")
    )
    assert 'value="typed.example"' in page.text
    assert 'value="Canal"' not in page.text
    assert (settings.get("desk_name"), settings.get("mail_host")) == ("Guichet", "")


def test_everything_wrong_is_said_at_once_and_nothing_stored(client_of, root):
    data = configuration(desk_name="Canal", mail_port="x", site_url="ftp://x", timezone="Nowhere")
    page = doors.post(client_of(root), "/admin/configuration/", data).text
    assert page.count("is-invalid") >= 3
    assert "ftp://x" in page
    assert settings.get("desk_name") == "Guichet"


def test_closing_must_close(client_of, root):
    doors.post(client_of(root), "/admin/configuration/", configuration(closed_status="pending"))
    assert settings.get("closed_status") == "closed"


@pytest.mark.parametrize(("key", "chosen"), [("closed_status", "pending"), ("default_status", "closed")])
def test_nothing_but_closing_closes_whoever_asks(database, key, chosen):
    with pytest.raises(InvalidInput) as refused:
        settings.save({key: chosen})
    assert refused.value.field == key


@pytest.mark.parametrize("text", ["a..b@example.org", ".a@x.org", "a@", "two words@example.org"])
def test_the_default_sender_is_an_address_that_mail_can_leave_from(database, text):
    with pytest.raises(InvalidInput) as refused:
        settings.save({"default_sender": text})
    assert refused.value.field == "default_sender"


def test_what_the_environment_gives_is_read_only(client_of, root, desk):
    environment.use(replace(environment.current(), site_url="http://localhost"))
    client = client_of(root)
    assert "GUICHET_SITE_URL" in client.get("/admin/configuration/").text
    doors.post(client, "/admin/configuration/", configuration(site_url="http://other.example"))
    assert settings.get("site_url") == ""


@sqlite_only
def test_a_public_address_that_leads_away_is_asked_about(client_of, root):
    client, url = client_of(root), "/admin/configuration/"
    data = configuration(desk_name="Canal", site_url="https://hlep.example.org")
    page = doors.post(client, url, data)
    assert "Yes, https://hlep.example.org leads to this desk" in doors.text_of(page)
    assert "GUICHET_SITE_URL=http://localhost," in doors.text_of(page)
    # The box speaks of one address: another one is asked about again.
    doors.post(client, url, {**data, "site_url_confirmed": "https://help.example.org"})
    assert (settings.get("site_url"), settings.get("desk_name")) == ("", "Guichet")
    doors.post(client, url, {**data, "site_url_confirmed": "https://hlep.example.org"})
    assert settings.get("site_url") == "https://hlep.example.org"
    # It was said once: other settings are stored without a question.
    doors.post(client, url, {**data, "desk_name": "Quay"})
    assert settings.get("desk_name") == "Quay"


@sqlite_only
def test_https_is_asked_about_where_the_page_came_without(client_of, root):
    data, headers = configuration(site_url="https://localhost"), {"Origin": "http://localhost"}
    page = doors.post(client_of(root), "/admin/configuration/", data, headers=headers)
    assert "Yes, https://localhost leads to this desk" in doors.text_of(page)
    assert settings.get("site_url") == ""


@sqlite_only
def test_the_address_in_use_is_stored_without_a_question(client_of, root):
    doors.post(client_of(root), "/admin/configuration/", configuration(site_url="http://localhost:8000"))
    assert settings.get("site_url") == "http://localhost:8000"


@sqlite_only
def test_giving_up_the_public_address_is_asked_about(app, client_of, root):
    settings.save({"site_url": "http://help.example.org"})
    client, url, base = client_of(root), "/admin/configuration/", {"base_url": "http://help.example.org"}
    with client.session_transaction() as here:
        signed_in = dict(here)
    with client.session_transaction(base_url="http://help.example.org") as there:
        there.update(signed_in)
    token = doors.TOKEN.search(client.get(url, **base).text).group(1)
    page = client.post(url, data={"reset": "site_url", "csrf_token": token}, **base)
    assert "Yes, do without a public address" in doors.text_of(page)
    assert settings.get("site_url") == "http://help.example.org"
    moved = {**configuration(site_url=""), "site_url_confirmed": "none", "csrf_token": token}
    assert client.post(url, data=moved, **base).location == "http://127.0.0.1:8000/admin/configuration/"
    answer = client.get(url, **base)
    assert (answer.status_code, "GUICHET_SITE_URL" in answer.text) == (400, True)


def test_the_test_mail_uses_what_the_form_holds(client_of, root, smtp):
    data = configuration(test="1", mail_host="127.0.0.1", mail_port=str(smtp.port), mail_tls="none")
    page = doors.post(client_of(root), "/admin/configuration/", data)
    assert "took the message" in doors.text_of(page)


# --- Customers ----------------------------------------------------------------------------------------------------


def test_a_customer_s_names_and_language_are_edited(client_of, root, carol):
    data = {"first_name": "Caroline", "last_name": "", "locale": "fr"}
    doors.post(client_of(root), f"/admin/customers/edit/?id={carol.id}", data)
    stored = Customer.get_by_id(carol.id)
    assert (stored.first_name, stored.last_name, stored.locale) == ("Caroline", "", "fr")


def test_a_customer_is_found_by_the_name_that_was_written_on_their_page(client_of, root, carol, ticket):
    form = {"first_name": " Carolina ", "last_name": "de Souza", "locale": ""}
    doors.post(client_of(root), f"/admin/customers/edit/?id={carol.id}", form)
    assert Customer.get_by_id(carol.id).full_name == "Carolina de Souza"
    assert list(search.ticket_ids("carolina souza", "author").tuples()) == [(ticket.id,)]


def test_customers_are_found_by_address(client_of, root, carol, dan):
    page = doors.text_of(client_of(root).get("/admin/customers/?search=carol@"))
    assert "Carol Jones" in page
    assert "Dan Brown" not in page


# --- The menu -----------------------------------------------------------------------------------------------------


def test_the_menu_holds_what_one_may_open(client_of, ana, root):
    page = client_of(ana).get("/admin/my-settings/").text
    assert "/admin/canned-responses/" in page
    assert "/admin/services/" not in page
    assert "/admin/users/" in client_of(root).get("/admin/my-settings/").text


def test_health_shows_ones_address_as_the_desk_sees_it(client_of, root):
    page = client_of(root).get("/admin/health/", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert "Your address as the desk sees it: 203.0.113.9." in doors.text_of(page)


def test_health_shows_the_checks(client_of, root):
    assert "Mail server" in doors.text_of(client_of(root).get("/admin/health/"))
