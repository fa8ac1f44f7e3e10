"""One's own permissions (A7), and what is said before people and teams lose something (RULES 7)."""

from __future__ import annotations

import re

import pytest

from models import CAPABILITIES, Agent, Permission, Role, Team, Ticket
from tests.support import cast, doors

OWN = "/admin/my-settings"


def scopes(agent):
    rows = Permission.select().where(Permission.agent == agent).order_by(Permission.id)
    return [(row.service_id, row.department_id) for row in rows]


# --- My settings --------------------------------------------------------------------------------------------------


def test_an_administrator_adds_a_permission_of_their_own(client_of, root, billing, invoices):
    data = {"place": f"{billing.id}/{invoices.id}", "signature": "<b>Root</b>", "notify": "y"}
    doors.post(client_of(root), f"{OWN}/new/", data)
    row = Permission.get(Permission.agent == root)
    assert (row.department_id, row.signature, row.notify) == (invoices.id, "<b>Root</b>", True)


def test_an_administrator_moves_a_permission_of_their_own(client_of, root, billing, sales):
    row = cast.permit(root, billing)
    doors.post(client_of(root), f"{OWN}/edit/?id={row.id}", {"place": str(sales.id), "signature": "x"})
    assert scopes(root) == [(sales.id, None)]


def test_the_same_place_twice_is_refused_at_its_field(client_of, root, billing):
    cast.permit(root, billing)
    page = doors.post(client_of(root), f"{OWN}/new/", {"place": str(billing.id), "signature": "Typed"})
    assert 'aria-invalid="true"' in page.text
    assert "Typed" in page.text
    assert scopes(root) == [(billing.id, None)]


def test_an_administrator_removes_a_permission_of_their_own(client_of, root, billing):
    row, client = cast.permit(root, billing), client_of(root)
    assert "Delete “" in doors.text_of(doors.post(client, f"{OWN}/delete/", {"id": row.id}))
    doors.post(client, f"{OWN}/delete/", {"id": row.id, "confirmed": "1"})
    assert scopes(root) == []


def test_an_agent_removes_none_of_their_own(client_of, ana):
    row, client = Permission.get(Permission.agent == ana), client_of(ana)
    assert f"{OWN}/delete/" not in client.get(f"{OWN}/edit/?id={row.id}").text
    assert doors.post(client, f"{OWN}/delete/", {"id": row.id, "confirmed": "1"}).status_code == 404
    assert len(scopes(ana)) == 1


def test_an_agent_chooses_no_place(client_of, ana):
    row = Permission.get(Permission.agent == ana)
    assert 'name="place"' not in client_of(ana).get(f"{OWN}/edit/?id={row.id}").text


def test_nobody_opens_the_permission_of_another(client_of, ana, ben):
    row = Permission.get(Permission.agent == ben)
    assert client_of(ana).get(f"{OWN}/edit/?id={row.id}").status_code == 404


# --- What is said before ------------------------------------------------------------------------------------------


@pytest.fixture
def anas(ticket, ana):
    """A ticket that is Ana's."""
    Ticket.update(assignee=ana).where(Ticket.id == ticket.id).execute()
    return ticket


def test_deleting_an_account_says_how_many_tickets_it_unassigns(client_of, root, ana, anas):
    client = client_of(root)
    page = doors.text_of(doors.post(client, "/admin/users/delete/", {"id": ana.id}))
    assert "1 ticket will be unassigned." in page
    doors.post(client, "/admin/users/delete/", {"id": ana.id, "confirmed": "1"})
    assert Agent.get_or_none(Agent.name == "Ana") is None
    assert Ticket.get_by_id(anas.id).assignee_id is None


def test_deleting_a_team_says_how_many_tickets_it_unassigns(client_of, root, team, ticket):
    Ticket.update(team=team).where(Ticket.id == ticket.id).execute()
    page = doors.text_of(doors.post(client_of(root), "/admin/teams/delete/", {"id": team.id}))
    assert "1 ticket will be unassigned." in page
    assert Team.get_by_id(team.id)


def test_leaving_a_team_says_which_tickets_are_lost(client_of, root, team, ben, ticket):
    doors.post(
        client_of(root),
        f"/admin/teams/edit/?id={team.id}",
        {"label-en": "Night", "manager": team.manager_id, "members": [ben.id], "enabled": "y"},
    )
    Ticket.update(assignee=ben).where(Ticket.id == ticket.id).execute()
    data = {"label-en": "Night", "manager": team.manager_id, "enabled": "y"}
    page = doors.text_of(doors.post(client_of(root), f"/admin/teams/edit/?id={team.id}", data))
    assert "1 ticket will be unassigned." in page


# --- Departments --------------------------------------------------------------------------------------------------


def test_without_a_service_departments_lead_to_adding_one(client_of, root):
    client = client_of(root)
    page = client.get("/admin/departments/")
    assert "Add a service" in page.text
    assert "Add a department" not in page.text
    assert client.get("/admin/departments/new/").location == "/admin/services/new/"


def test_with_a_service_departments_are_added(client_of, root, billing):
    assert "Add a department" in client_of(root).get("/admin/departments/").text


# --- One form of a permission, wherever it stands -----------------------------------------------------------------


@pytest.mark.parametrize("path", ["/admin/my-settings/new/", "/admin/users/add-to-support/?id={}"])
def test_a_permission_has_one_form_everywhere(client_of, root, ben, path):
    page = client_of(root).get(path.format(ben.id)).text
    notify = re.search(r'<input[^>]*name="notify"[^>]*>', page)
    assert 'role="switch"' in notify.group()
    assert 'Service and department <span class="required" aria-hidden="true">*</span>' in page
    assert ">Choose a place</option>" in page


@pytest.mark.parametrize("path", ["/admin/my-settings/new/", "/admin/users/add-to-support/?id={}"])
def test_the_switch_stands_as_it_ruled_until_now(client_of, root, billing, sales, path):
    client = client_of(root)
    address = path.format(root.id)
    is_on = lambda page: "checked" in re.search(r'<input[^>]*name="notify"[^>]*>', page).group()  # noqa: E731
    assert not is_on(client.get(address).text)
    cast.permit(root, None, notify=True)
    page = client.get(address).text
    assert is_on(page)
    assert "Until now: The whole support: on." in doors.text_of(client.get(address))
    assert f'data-notify="on" value="{billing.id}"' in page
    doors.post(client, address, {"place": str(billing.id), "signature": "Root", "notify": "y"})
    doors.post(client, address, {"place": str(sales.id), "signature": "Root"})
    rows = Permission.select().where(Permission.agent == root).order_by(Permission.id)
    assert [(row.service_id, row.notify) for row in rows] == [(None, True), (billing.id, True), (sales.id, False)]


def test_a_new_row_under_a_user_says_what_ruled_until_now(client_of, root, ben):
    page = doors.text_of(client_of(root).get(f"/admin/users/edit/?id={ben.id}"))
    assert page.count("Until now: Sales: off.") == 2


@pytest.mark.parametrize(
    ("path", "said"),
    [("/admin/my-settings/new/", "Choose what you cover."), ("/admin/users/add-to-support/?id={}", "the agent covers")],
)
def test_a_permission_without_a_place_is_refused_at_its_field(client_of, root, ben, path, said):
    before = Permission.select().count()
    page = doors.post(client_of(root), path.format(ben.id), {"place": "", "notify": "y"})
    assert said in doors.text_of(page)
    assert 'aria-invalid="true"' in page.text
    assert Permission.select().count() == before


def test_the_form_of_a_user_tells_role_and_all_rights_apart(client_of, root):
    page = doors.text_of(client_of(root).get("/admin/users/new/"))
    assert "A role gives sight of no ticket." in page
    assert "An administrator of the desk, whatever the role" in page


def test_places_are_written_as_on_the_ticket(client_of, root, invoices, sales):
    cast.permit(root, invoices)
    cast.permit(root, sales)
    assert "Billing, Invoices · Sales" in doors.text_of(client_of(root).get("/admin/users/"))


def test_a_new_role_may_do_nothing_until_somebody_ticks_it(client_of, root):
    page = client_of(root).get("/admin/roles/new/").text
    boxes = re.findall(r'<input[^>]*type="checkbox"[^>]*name="can_\w+"[^>]*>|<input[^>]*name="can_\w+"[^>]*>', page)
    assert len(boxes) == len(CAPABILITIES)
    assert not [box for box in boxes if "checked" in box]
    doors.post(client_of(root), "/admin/roles/new/", {"name-en": "Readers"})
    role = Role.select().order_by(Role.id.desc()).get()
    assert not any(getattr(role, f"can_{name}") for name in CAPABILITIES)


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_another_role_says_who_is_signed_out(client_of, root, ana, is_signed_in):
    other, theirs = cast.make_role("Reader", can_assign=False), client_of(ana) if is_signed_in else None
    address, client = f"/admin/users/edit/?id={ana.id}", client_of(root)
    form = {"name": ana.name, "email": ana.email, "role": other.id, "active": "y", "locale": "en"}
    answer = doors.post(client, address, form)
    if theirs is None:
        assert answer.status_code == 302
        return
    assert "Ana is signed out everywhere." in doors.text_of(answer)
    assert theirs.get("/admin/tickets/").status_code == 200
    doors.post(client, address, form | {"confirmed": "1"})
    assert theirs.get("/admin/tickets/").status_code != 200
    assert doors.post(client, address, form).status_code == 302, "the same role signs nobody out"


def test_the_help_names_no_key_that_does_nothing(client_of, ana, billing):
    reader = cast.make_agent("Rea", billing, role=cast.make_role("Reader", can_set_status=False))
    assert "<kbd>c</kbd>" in client_of(ana).get("/admin/tickets/").text
    assert "<kbd>c</kbd>" not in client_of(reader).get("/admin/tickets/").text


def test_the_row_that_waits_is_no_second_permission(client_of, root, ana):
    page = client_of(root).get(f"/admin/users/edit/?id={ana.id}").text
    rows = re.findall(r'<fieldset class="card-row" data-row="\d+"( data-blank)?>.*?<span>(.*?)</span>', page, re.DOTALL)
    assert rows == [("", "Permission 1"), (" data-blank", "New permission")]
