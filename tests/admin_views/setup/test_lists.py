"""Agents and departments from a list: pasted or as a file, previewed, stored whole, harmless when sent again."""

from __future__ import annotations

import io
import os
import re
import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playhouse.test_utils import count_queries
from werkzeug.datastructures import FileStorage

from database import Label
from helpdesk import settings, tickets
from helpdesk.errors import NotFound
from helpdesk.imports import confirmation, formats
from helpdesk.people import invitations
from helpdesk.settings import environment
from models import (
    AccessLink,
    Agent,
    Department,
    JournalEntry,
    OutgoingEmail,
    Permission,
    Role,
    Service,
    TeamMember,
    Ticket,
)
from tests.support import cast, doors

AGENTS, DEPARTMENTS = "/admin/users/import/", "/admin/departments/import/"


@pytest.fixture
def client(client_of, root):
    return client_of(root)


def paste(client, url, *lines, **values):
    """Send lines to the first step."""
    return doors.post(client, url, {"text": "\n".join(lines), **values})


def upload(client, url, text, **values):
    """Send a file to the first step."""
    return doors.post(client, url, {"file": FileStorage(io.BytesIO(text.encode()), "list.csv", "file"), **values})


def key_of(page):
    return page.text.partition('name="key" value="')[2].partition('"')[0]


def confirm(client, url, page, **values):
    """Press the button of the preview."""
    return doors.post(client, f"{url}confirm", {"key": key_of(page), **values}, follow_redirects=True)


def covered(agent):
    """Return what an agent covers, as service and department."""
    rows = Permission.select().where(Permission.agent == agent).order_by(Permission.id)
    return [
        (str(row.service) if row.service else None, str(row.department.name) if row.department else None)
        for row in rows
    ]


def agent(email):
    return Agent.get(Agent.email == f"{email}@desk.example")


# --- Agents -------------------------------------------------------------------------------------------------------


def test_a_list_without_a_good_line_offers_nothing(client, billing, invoices, team):
    page = paste(client, AGENTS, "nora@desk.example; Nora Petit; Agent; Billing/Invoices | sales; Night; yes")
    text = doors.text_of(page)
    # There is no service Sales yet.
    assert "1 Service and department Nothing is called “sales”. There is: Billing, Billing/Invoices" in text
    assert "None of these lines can be taken." in text


def test_people_are_invited_with_all_that_a_line_says(client, billing, invoices, sales, team):
    lines = (
        f"Nora@Desk.example; Nora Petit; agent; billing / invoices | SALES; {team.label}; oui",
        "pia@desk.example; Pia; Administrator; tout",
        "quin@desk.example; Quin; Agent",
    )
    page = paste(client, AGENTS, *lines)
    text = doors.text_of(page)
    assert "New 3 Changed 0 As they are 0 Lines left out 0" in text
    assert "Billing/Invoices | Sales" in text
    assert "1 person covers no place and sees no ticket yet." in text
    assert "Invite 3 people" in text
    # The preview invites nobody.
    assert not Agent.select().where(Agent.email == "nora@desk.example").exists()
    assert "3 people were invited." in doors.text_of(confirm(client, AGENTS, page))
    nora = agent("nora")
    assert (nora.name, nora.role.can_configure, nora.is_admin, nora.password_hash) == ("Nora Petit", False, False, None)
    assert covered(nora) == [("Billing", "Invoices"), ("Sales", None)]
    assert all(row.notify for row in Permission.select().where(Permission.agent == nora))
    assert TeamMember.select().where(TeamMember.team == team, TeamMember.agent == nora).exists()
    assert (covered(agent("pia")), covered(agent("quin"))) == ([(None, None)], [])
    assert agent("pia").role.can_configure
    assert not agent("pia").is_admin


def test_a_team_keeps_whom_it_had(client, billing, team, ana):
    before = {row.agent_id for row in team.memberships}
    confirm(
        client,
        AGENTS,
        paste(
            client, AGENTS, f"nora@desk.example;Nora;Agent;;{team.label}", f"pia@desk.example;Pia;Agent;;{team.label}"
        ),
    )
    assert {row.agent_id for row in team.memberships} == before | {agent("nora").id, agent("pia").id}


def test_invitations_are_mailed_as_one_alone_would_be(client, billing):
    settings.save({"mail_host": "localhost"})
    page = paste(client, AGENTS, "nora@desk.example,Nora,Agent,Billing", "pia@desk.example,Pia,Agent,Billing")
    assert "An invitation is mailed to each of these people." in doors.text_of(page)
    answer = doors.post(client, f"{AGENTS}confirm", {"key": key_of(page)})
    assert answer.location == "/admin/users/"
    mails = OutgoingEmail.select().where(OutgoingEmail.kind == "invitation")
    assert {mail.to_email for mail in mails} == {"nora@desk.example", "pia@desk.example"}
    acts = [row.act for row in JournalEntry.select().order_by(JournalEntry.id)]
    assert (acts.count("invited"), acts.count("imported")) == (2, 1)


def test_without_a_mail_server_each_link_is_shown(client, billing):
    page = confirm(client, AGENTS, paste(client, AGENTS, "nora@desk.example\tNora\tAgent\tBilling"))
    assert "1 person was invited." in doors.text_of(page)
    assert "Show a link for each" in doors.text_of(page)
    assert not AccessLink.select().exists()
    links = doors.post(client, "/admin/users/invitations/")
    assert links.text.count("/admin/invitation/") == 1
    assert AccessLink.get().agent == agent("nora")
    assert JournalEntry.select().where(JournalEntry.act == "link-made").get().subject == "Nora (nora@desk.example)"
    assert "1 person has been invited and has not come yet" in doors.text_of(client.get("/admin/users/"))


def test_nobody_is_waited_for(client):
    assert "Nobody is waited for" in doors.text_of(client.get("/admin/users/invitations/"))
    assert "has not come yet" not in doors.text_of(client.get("/admin/users/"))


def test_a_file_names_its_columns_in_any_order_and_language(client, billing, invoices):
    text = "Équipe;Rôle;Nom;Adresse e-mail;Service et département;Âge\n;Agent;Nora;nora@desk.example;Facturation;42\n"
    billing.name = Label(en="Billing", fr="Facturation")
    billing.save()
    page = upload(client, AGENTS, text.replace("Adresse e-mail", "adresse email"))
    assert "Columns left out: Âge" in doors.text_of(page)
    confirm(client, AGENTS, page)
    assert covered(agent("nora")) == [("Billing", None)]


WRONG = {
    "nobody; N; Agent": "E-mail address This is not an e-mail address.",
    "; N; Agent": "E-mail address This field is required.",
    "ANA@desk.example; N; Agent": "E-mail address There is an account with this e-mail address.",
    "n@desk.example; ; Agent": "Name This field is required.",
    "n@desk.example; N;": "Role This field is required.",
    "n@desk.example; N; Boss": "Role Nothing is called “Boss”. There is: ",
    "n@desk.example; N; Agent; Nowhere": "Service and department Nothing is called “Nowhere”. There is: Billing, Bil",
    "n@desk.example; N; Agent; Billing/Invoice": "Service and department Nothing is called “Billing/Invoice”. Close to",
    "n@desk.example; N; Agent; ; Nobody": "Teams Nothing is called “Nobody”",
    "n@desk.example; N; Agent; ; ; perhaps": "Notify by e-mail Write yes or no.",
    "n@desk.example; N; Agent; ; ; no; more": "More cells than there are columns",
    f"n@desk.example; {'n' * 121}; Agent": "Name At most 120 characters.",
    f"n@desk.example; N; Agent; {'Billing|' * 21}": "Service and department At most 20 in one line.",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_named_with_its_reason(client, billing, invoices, ana, line):
    page = paste(client, AGENTS, "pia@desk.example; Pia; Agent", line)
    assert f"2 {WRONG[line]}" in doors.text_of(page)
    assert "1 line was left out" in doors.text_of(confirm(client, AGENTS, page))
    assert agent("pia").name == "Pia"


def test_wrong_lines_in_french_hold_no_english(client, root, billing):
    root.locale = "fr"
    root.save()
    text = doors.text_of(paste(client, AGENTS, "n@desk.example; N; Patron", "n@desk.example; N; Agent; ; ; bof"))
    text = text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "Aucun élément ne s’appelle « Patron »" in text
    assert "Écrivez oui ou non." in text


def test_empty_lines_count_and_say_nothing(client, billing):
    page = paste(client, AGENTS, "", "  ", "n@desk.example; N; Agent; Billing", "", "nobody; N; Agent")
    assert "5 E-mail address This is not an e-mail address." in doors.text_of(page)
    assert "New 1 Changed 0 As they are 0 Lines left out 1" in doors.text_of(page)


def test_a_long_list_asks_the_database_no_more_than_a_short_one(client, invoices, team):
    def queries(count):
        lines = [f"n{number}@desk.example; N; Agent; Billing/Invoices; {team.label}" for number in range(count)]
        with count_queries() as counter:
            assert f"New {count} Changed" in doors.text_of(paste(client, AGENTS, *lines))
        return counter.count

    queries(1)
    assert queries(100) == queries(2)


def test_the_same_address_twice_is_taken_once(client, billing):
    page = paste(client, AGENTS, "n@desk.example; N; Agent", "N@desk.example; M; Agent")
    assert "2 The same stands on line 1 already." in doors.text_of(page)
    confirm(client, AGENTS, page)
    assert agent("n").name == "N"


def test_a_name_that_several_bear_is_not_guessed(client, billing, sales):
    for service in (billing, sales):
        Department.create(service=service, name=Label(en="Returns"))
    text = doors.text_of(
        paste(client, AGENTS, "n@desk.example; N; Agent; Returns", "m@desk.example; M; Agent; Sales/Returns")
    )
    assert "1 Service and department More than one is called “Returns”." in text
    assert "Lines left out 1" in text


def test_a_service_whose_name_holds_a_slash_is_found(client, billing):
    service = Service.create(name=Label(en="Web/Shop"))
    Department.create(service=service, name=Label(en="Carts/Baskets"))
    lines = ("n@desk.example; N; Agent; Web/Shop", "m@desk.example; M; Agent; web/shop/carts/baskets")
    confirm(client, AGENTS, paste(client, AGENTS, *lines))
    assert covered(agent("n")) == [("Web/Shop", None)]
    assert covered(agent("m")) == [("Web/Shop", "Carts/Baskets")]


def test_a_service_called_as_the_whole_support_gives_no_more_than_itself(client, billing):
    Service.create(name=Label(en="All", fr="Tout"))
    lines = ("n@desk.example; N; Agent; tout", "m@desk.example; M; Agent; *")
    confirm(client, AGENTS, paste(client, AGENTS, *lines))
    assert covered(agent("n")) == [("All", None)]
    assert covered(agent("m")) == [(None, None)]


def test_a_second_click_invites_nobody_twice(client, billing):
    page = paste(client, AGENTS, "nora@desk.example; Nora; Agent; Billing")
    confirm(client, AGENTS, page)
    assert "This file is not kept any more" in doors.text_of(confirm(client, AGENTS, page))
    assert "There is an account with this e-mail address." in doors.text_of(
        paste(client, AGENTS, "nora@desk.example; Nora; Agent; Billing")
    )
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "invitation").count() == 1


def test_who_was_invited_meanwhile_is_left_as_they_are(client, root, billing):
    page = paste(client, AGENTS, "nora@desk.example; Nora; Agent; Billing", "pia@desk.example; Pia; Agent")
    cast.make_agent("Nora", password_hash=None)
    assert "1 person was invited. 1 line was left out." in doors.text_of(confirm(client, AGENTS, page))
    assert covered(agent("nora")) == []


def test_nothing_is_half_done(client, billing, monkeypatch):
    """The last of three fails in the middle: nobody is invited, and the list can be confirmed once more."""
    lines = (
        "n@desk.example; N; Agent; Billing",
        "m@desk.example; M; Agent; Billing",
        "o@desk.example; O; Odd; Billing",
    )
    odd = Role.create(name=Label(en="Odd"))
    page = paste(client, AGENTS, *lines)
    parse = confirmation.parse

    def gone(kind, data):
        plan = parse(kind, data)
        Role.delete().where(Role.id == odd.id).execute()
        return plan

    with monkeypatch.context() as patch:
        patch.setattr(confirmation, "parse", gone)
        confirm(client, AGENTS, page)
    assert not Agent.select().where(Agent.password_hash.is_null()).exists()
    assert not OutgoingEmail.select().exists()
    assert not TeamMember.select().exists()
    assert "2 people were invited. 1 line was left out." in doors.text_of(confirm(client, AGENTS, page))


def test_of_two_confirmations_at_once_the_second_is_told(root, billing):
    def store(rows, actor, write):
        with pytest.raises(NotFound, match="not kept any more"):
            confirmation.run(kind, key, actor=root)
        return formats.AGENTS.store(rows, actor, write)

    kind = replace(formats.AGENTS, store=store)
    key = confirmation.keep(kind, b"nora@desk.example; Nora; Agent; Billing", actor=root)
    assert confirmation.run(kind, key, actor=root)[0].made == 1
    assert confirmation.undo(kind, key, actor=root) == (1, 0)
    for wrong in (key, "", "../../etc/passwd", "x" * 43):
        with pytest.raises(NotFound, match="undone no more"):
            confirmation.undo(kind, wrong, actor=root)


def test_what_was_pasted_can_be_changed(client, billing):
    page = paste(client, AGENTS, "nobody; <b>N</b>; Agent")
    again = doors.post(client, AGENTS, {"text": "nobody; <b>N</b>; Agent", "change": "1"})
    assert "Change the lines" in doors.text_of(page)
    assert "nobody; &lt;b&gt;N&lt;/b&gt;; Agent</textarea>" in again.text
    assert again.status_code == 200


def test_too_many_lines_come_back_with_what_was_pasted(client, billing):
    lines = [f"n{number}@desk.example; N; Agent" for number in range(201)]
    page = paste(client, AGENTS, *lines)
    assert page.status_code == 422
    assert "At most 200 lines at a time: split the list." in doors.text_of(page)
    assert "n200@desk.example; N; Agent</textarea>" in page.text
    assert paste(client, AGENTS, *lines[:200]).status_code == 200


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "\ufeff", "sep=;\n\n", "sep=;\n \n"])
def test_no_lines_are_refused(client, text):
    page = doors.post(client, AGENTS, {"text": text})
    assert page.status_code in {200, 422}
    assert not Agent.select().where(Agent.password_hash.is_null()).exists()


def test_who_may_not_give_a_role_may_not_import_it(client_of, root, ana, billing):
    page = paste(client_of(root), AGENTS, "nora@desk.example; Nora; Administrator; tout")
    ana.role = cast.make_role("Keeper", can_configure=True)
    ana.save()
    client = client_of(ana)
    assert paste(client, AGENTS, "nora@desk.example; Nora; Administrator").status_code == 403
    assert doors.post(client, f"{AGENTS}confirm", {"key": key_of(page)}).status_code == 403
    assert doors.post(client, "/admin/users/invitations/").status_code == 403
    # The list of an administrator who is none any more.
    other = cast.make_agent("Other", is_admin=True)
    page = paste(client_of(other), AGENTS, "nora@desk.example; Nora; Administrator; tout")
    other.is_admin = False
    other.save()
    assert doors.post(client_of(other), f"{AGENTS}confirm", {"key": key_of(page)}).status_code == 403
    assert not Agent.select().where(Agent.email == "nora@desk.example").exists()


def test_the_list_of_somebody_else_cannot_be_confirmed(client_of, root, billing):
    page = paste(client_of(root), AGENTS, "nora@desk.example; Nora; Agent")
    other = client_of(cast.make_agent("Other", is_admin=True))
    assert "not kept any more" in doors.text_of(confirm(other, AGENTS, page))
    # Nor as another kind of list.
    assert "not kept any more" in doors.text_of(confirm(client_of(root), "/admin/customers/import/", page))


def undo(client, page):
    """Press *Undo* below the message."""
    url = re.search(r'action="([^"]*/import/undo[^"]*)"', page.text)[1].replace("&amp;", "&")
    return doors.text_of(doors.post(client, url, follow_redirects=True))


def test_invitations_are_taken_back(client, billing, team):
    page = paste(
        client, AGENTS, f"nora@desk.example; Nora; Agent; Billing; {team.label}", "pia@desk.example; Pia; Agent"
    )
    assert "The page that follows offers to undo it, for an hour." in doors.text_of(page)
    page = confirm(client, AGENTS, page)
    nora, members = agent("nora"), TeamMember.select().where(TeamMember.team == team).count()
    link = invitations.invitation_link(nora, actor=cast.owner())
    assert "2 rows were removed again." in undo(client, page)
    assert not Agent.select().where(Agent.password_hash.is_null()).exists()
    assert TeamMember.select().where(TeamMember.team == team).count() == members - 1
    assert not OutgoingEmail.select().where(OutgoingEmail.state == "pending").exists()
    assert client.get(urlsplit(link).path).status_code in {404, 410}
    assert "This can be undone no more" in undo(client, page)


def test_who_has_come_stays(client, billing):
    page = confirm(
        client, AGENTS, paste(client, AGENTS, "nora@desk.example; Nora; Agent", "pia@desk.example; Pia; Agent")
    )
    Agent.update(password_hash=cast.password_hash()).where(Agent.email == "pia@desk.example").execute()
    text = undo(client, page)
    assert "1 row was removed again." in text
    assert "1 is in use and stays." in text
    assert agent("pia").active


def test_who_has_work_by_now_stays(client, root, carol, billing, invoices):
    lines = [f"{name}@desk.example; {name}; Agent; Billing" for name in ("nora", "pia", "quin")]
    page = confirm(client, AGENTS, paste(client, AGENTS, *lines))
    ticket = cast.open_ticket(carol, billing, invoices)
    tickets.assign(ticket, agent("nora"), actor=root)
    cast.make_team("Second line", manager=agent("pia"))
    text = undo(client, page)
    assert "1 row was removed again." in text
    assert "2 are in use and stay." in text
    assert Ticket.get_by_id(ticket.id).assignee_id == agent("nora").id


def test_only_who_imported_takes_it_back_and_only_new_rows_go(client_of, root, client, billing):
    page = confirm(client, AGENTS, paste(client, AGENTS, "nora@desk.example; Nora; Agent"))
    other = client_of(cast.make_agent("Other", is_admin=True))
    assert "This can be undone no more" in undo(other, page)
    # Another person has the number of the account by now.
    Agent.update(email="other@person.example").where(Agent.email == "nora@desk.example").execute()
    assert "0 rows were removed again." in undo(client, page)


def test_after_an_hour_nothing_is_taken_back(client, billing):
    page = confirm(client, AGENTS, paste(client, AGENTS, "nora@desk.example; Nora; Agent"))
    for file in (environment.current().data_dir / "imports").glob("*.created"):
        os.utime(file, (time.time() - 3_700, time.time() - 3_700))
    assert "This can be undone no more" in undo(client, page)
    assert agent("nora").name == "Nora"


# --- Departments --------------------------------------------------------------------------------------------------


def names(service):
    rows = Department.select().where(Department.service == service).order_by(Department.position, Department.id)
    return [dict(row.name) for row in rows]


def test_departments_are_pasted_into_a_service(client, sales):
    page = paste(
        client, DEPARTMENTS, "Orders, returns", "", "Repairs; Réparations", "orders, RETURNS", service=str(sales.id)
    )
    text = doors.text_of(page)
    assert "New 2 Changed 0 As they are 0 Lines left out 1" in text
    assert "4 The same stands on line 1 already." in text
    assert "They are added to the service “Sales”." in text
    assert names(sales) == []
    text = doors.text_of(confirm(client, DEPARTMENTS, page, service=str(sales.id)))
    assert "Imported: 2 new, 0 changed, 0 as they were, 1 line left out." in text
    assert names(sales) == [{"en": "Orders, returns"}, {"en": "Repairs", "fr": "Réparations"}]


def test_the_same_list_again_adds_nothing_and_fills_in_what_is_missing(client, sales):
    confirm(client, DEPARTMENTS, paste(client, DEPARTMENTS, "Repairs", service=sales.id), service=sales.id)
    page = paste(client, DEPARTMENTS, "repairs; Réparations", "Loans", service=sales.id)
    assert "New 1 Changed 1 As they are 0" in doors.text_of(page)
    confirm(client, DEPARTMENTS, page, service=sales.id)
    page = paste(client, DEPARTMENTS, "repairs; Ateliers", "Loans", service=sales.id)
    assert "New 0 Changed 0 As they are 2" in doors.text_of(page)
    confirm(client, DEPARTMENTS, page, service=sales.id)
    assert names(sales) == [{"en": "Repairs", "fr": "Réparations"}, {"en": "Loans"}]


def test_each_line_may_name_its_service(client, sales, billing):
    confirm(
        client, DEPARTMENTS, paste(client, DEPARTMENTS, "Sales; Orders", "Billing; Refunds; Remboursements", service="")
    )
    assert names(sales) == [{"en": "Orders"}]
    assert {"en": "Refunds", "fr": "Remboursements"} in names(billing)
    assert "Nothing is called “Nowhere”. There is: " in doors.text_of(paste(client, DEPARTMENTS, "Nowhere; Orders"))


def test_a_file_has_names_in_each_language(client, root, sales):
    root.locale = "fr"
    root.save()
    text = "service;nom;nom anglais\nSales;Commandes;Orders\nSales;Retours;\n"
    confirm(client, DEPARTMENTS, upload(client, DEPARTMENTS, text))
    assert names(sales) == [{"fr": "Commandes", "en": "Orders"}, {"fr": "Retours"}]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("x" * 121, "Use at most 120 characters for a name."), ("; ; ;", "More cells than there are columns")],
)
def test_a_wrong_department_is_named(client, sales, line, reason):
    assert reason in doors.text_of(
        paste(client, DEPARTMENTS, "Good", line + "x" if line[0] == ";" else line, service=sales.id)
    )


def test_what_is_chosen_on_the_page_comes_before_its_address(client, sales, billing):
    page = paste(client, f"{DEPARTMENTS}?service={sales.id}", "Loans", service=billing.id)
    confirm(client, DEPARTMENTS, page, service=billing.id)
    assert Department.select().where(Department.service == sales).count() == 0
    assert "Loans" in [str(row.name) for row in Department.select().where(Department.service == billing)]


def test_a_confirmation_that_is_refused_gives_the_lines_back(client, sales):
    page = paste(client, DEPARTMENTS, "Loans", "Repairs", service=sales.id)
    assert '<textarea name="text" hidden>\nLoans\nRepairs</textarea>' in page.text
    refused = doors.post(
        client, f"{DEPARTMENTS}confirm", {"key": "gone", "text": "Loans\nRepairs", "service": sales.id}
    )
    assert refused.status_code == 422
    assert ">\nLoans\nRepairs</textarea>" in refused.text
    assert f'value="{sales.id}" selected' in refused.text
    assert f'action="{DEPARTMENTS}"' in refused.text


def test_a_service_that_is_not_there_is_404(client, sales):
    assert paste(client, DEPARTMENTS, "Orders", service="999999").status_code == 404
    assert client.get(f"{DEPARTMENTS}?service=%00").status_code == 404
    assert client.get(f"{DEPARTMENTS}?service={sales.id}").status_code == 200


def test_a_list_for_one_service_is_not_confirmed_for_another(client, sales, billing):
    page = paste(client, DEPARTMENTS, "Orders", service=sales.id)
    assert "not kept any more" in doors.text_of(confirm(client, DEPARTMENTS, page, service=billing.id))
    assert names(sales) == []


def test_departments_are_taken_back_unless_they_are_in_use(client, ana, carol, sales):
    lines = ("Orders", "Repairs", "Loans")
    page = confirm(client, DEPARTMENTS, paste(client, DEPARTMENTS, *lines, service=sales.id), service=sales.id)
    orders, repairs, _loans = Department.select().where(Department.service == sales).order_by(Department.position)
    cast.open_ticket(carol, sales, orders)
    cast.permit(ana, repairs)
    text = undo(client, page)
    assert "1 row was removed again." in text
    assert "2 are in use and stay." in text
    assert names(sales) == [{"en": "Orders"}, {"en": "Repairs"}]
