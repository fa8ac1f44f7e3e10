"""Permissions and roles: scopes, signatures, and who may change them."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import access
from helpdesk.errors import InvalidInput, NotAllowed, StillInUse
from helpdesk.people import permissions
from models import Agent, Department, Permission, Role, Service, Ticket
from tests.support import cast


def permit(agent: Agent, actor: Agent, **values: Any) -> Permission:
    return permissions.save_permission(agent, values, actor=actor)


def test_a_permission_covers_a_place(mona: Agent, root: Agent, billing: Service, invoices: Department) -> None:
    row = permit(mona, root, service=billing, department=invoices, notify=True)
    stored = Permission.get_by_id(row.id)
    assert (stored.service, stored.department, stored.notify) == (billing, invoices, True)
    assert access.covers(mona, billing.id, invoices.id)


def test_a_new_permission_goes_on_notifying_as_the_wider_one_did(
    mona: Agent, root: Agent, billing: Service, invoices: Department, sales: Service
) -> None:
    permit(mona, root, notify=True)
    assert permit(mona, root, service=billing, signature="Mona").notify
    assert not permit(mona, root, service=sales, notify=False).notify
    billing_row = Permission.get(Permission.service == billing)
    permissions.save_permission(mona, {"notify": False}, actor=root, permission=billing_row)
    assert not permit(mona, root, service=billing, department=invoices).notify


def test_where_nothing_ruled_a_new_permission_notifies_nobody_by_itself(mona: Agent, root: Agent) -> None:
    assert not permit(mona, root).notify


def test_a_place_covered_already_is_told_to_whom_it_concerns(mona: Agent, root: Agent, billing: Service) -> None:
    for agent, told in ((mona, "This agent has"), (root, "You have")):
        permit(agent, root, service=billing)
        with pytest.raises(InvalidInput, match=f"{told} a permission for the same place already."):
            permit(agent, root, service=billing)


def test_forms_may_choose_by_id(mona: Agent, root: Agent, billing: Service, invoices: Department) -> None:
    assert permit(mona, root, service=str(billing.id), department=invoices.id).department == invoices


def test_the_department_belongs_to_the_service(mona: Agent, root: Agent, sales: Service, invoices: Department) -> None:
    for service in (sales, None):
        with pytest.raises(InvalidInput) as refused:
            permit(mona, root, service=service, department=invoices)
        assert refused.value.field == "department"


@pytest.mark.parametrize("value", ["x", "999999", "-1", "1 OR 1=1"])
def test_a_service_that_is_not_there_is_refused(mona: Agent, root: Agent, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        permit(mona, root, service=value)
    assert refused.value.field == "service"


def test_the_same_place_twice_is_refused(mona: Agent, root: Agent, billing: Service, invoices: Department) -> None:
    for place in ({}, {"service": billing}, {"service": billing, "department": invoices}):
        permit(mona, root, **place)
        with pytest.raises(InvalidInput, match="already"):
            permit(mona, root, **place)
    assert Permission.select().where(Permission.agent == mona).count() == 3


def test_a_permission_cannot_be_moved_onto_another(ana: Agent, root: Agent, billing: Service) -> None:
    whole = permit(ana, root)
    with pytest.raises(InvalidInput, match="already"):
        permissions.save_permission(ana, {"service": billing}, actor=root, permission=whole)


def test_a_permission_is_changed_in_place(ana: Agent, root: Agent, billing: Service, invoices: Department) -> None:
    row = Permission.get(Permission.agent == ana)
    permissions.save_permission(ana, {"department": invoices, "notify": True}, actor=root, permission=row)
    stored = Permission.get(Permission.agent == ana)
    assert (stored.service, stored.department, stored.notify) == (billing, invoices, True)


def test_the_permission_of_another_agent_is_not_changed_by_mistake(ana: Agent, ben: Agent, root: Agent) -> None:
    with pytest.raises(NotAllowed):
        permissions.save_permission(ben, {}, actor=root, permission=Permission.get(Permission.agent == ana))


def test_a_signature_is_sanitised(ana: Agent, root: Agent) -> None:
    row = permit(ana, root, signature="<p>Ana <b>Duval</b><script>alert(1)</script><a onclick='x()'>x</a></p>")
    assert "<b>Duval</b>" in row.signature
    assert "script" not in row.signature
    assert "onclick" not in row.signature


def test_an_endless_signature_is_refused(ana: Agent, root: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        permit(ana, root, signature="x" * 20_001)
    assert refused.value.field == "signature"


def test_agents_change_signature_and_notify_of_their_own_only(ana: Agent, ben: Agent, sales: Service) -> None:
    row = Permission.get(Permission.agent == ana)
    permissions.save_own_permission(row, {"signature": "Ana", "notify": True, "service": sales}, actor=ana)
    stored = Permission.get_by_id(row.id)
    assert ("Ana" in stored.signature, stored.notify, stored.service_id) == (True, True, row.service_id)
    with pytest.raises(NotAllowed):
        permissions.save_own_permission(row, {"notify": False}, actor=ben)


def test_removing_from_support_keeps_the_account_and_its_tickets(ticket: Ticket, ana: Agent, root: Agent) -> None:
    Ticket.update(assignee=ana).execute()
    assert permissions.remove_from_support(ana, actor=root) == 1
    assert not access.covers(ana, ticket.service_id, ticket.department_id)
    assert Agent.get_by_id(ana.id).active
    assert Ticket.get().assignee == ana


def test_only_administrators_add_or_remove_permissions(ana: Agent) -> None:
    ana.role = Role.get(Role.can_configure)
    ana.save()
    row = Permission.get(Permission.agent == ana)
    for act in (
        lambda: permit(ana, ana),
        lambda: permissions.delete_permission(row, actor=ana),
        lambda: permissions.remove_from_support(ana, actor=ana),
        lambda: permissions.save_role(ana.role, {"can_delete": True}, actor=ana),
        lambda: permissions.delete_role(ana.role, actor=ana),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_deleted_permission_covers_nothing(ana: Agent, root: Agent, billing: Service) -> None:
    permissions.delete_permission(Permission.get(Permission.agent == ana), actor=root)
    assert not access.covers(ana, billing.id, None)


# --- Roles --------------------------------------------------------------------------------------------------------


def test_a_role_is_made_with_its_capabilities(root: Agent) -> None:
    role = permissions.save_role(Role(), {"name": {"en": " Reader ", "fr": "Lecteur"}, "can_tag": False}, actor=root)
    stored = Role.get_by_id(role.id)
    assert (dict(stored.name), stored.can_tag) == ({"en": "Reader", "fr": "Lecteur"}, False)
    assert not stored.can_configure


def test_a_role_needs_a_name(root: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        permissions.save_role(Role(), {"name": {"en": " ", "xx": "X"}}, actor=root)
    assert refused.value.field == "name"


def test_a_changed_role_acts_at_once(ana: Agent, root: Agent, ticket: Ticket) -> None:
    assert access.can(ana, "delete", ticket)
    permissions.save_role(ana.role, {"can_delete": False, "is_admin": True}, actor=root)
    assert not access.can(ana, "delete", ticket)


def test_a_role_in_use_stays_and_says_whose_it_is(ana: Agent, root: Agent) -> None:
    with pytest.raises(StillInUse, match="1 account has this role: Ana"):
        permissions.delete_role(ana.role, actor=root)


def test_many_users_of_a_role_are_counted(root: Agent) -> None:
    for number in range(7):
        cast.make_agent(f"A{number}")
    with pytest.raises(StillInUse, match="7 accounts have this role: A0, A1, A2, A3, A4, …"):
        permissions.delete_role(Role.get(~Role.can_configure), actor=root)


def test_an_unused_role_goes(root: Agent) -> None:
    role = cast.make_role("Spare")
    permissions.delete_role(role, actor=root)
    assert Role.get_or_none(Role.id == role.id) is None


def test_one_role_remains(database: Any) -> None:
    one, two = Role.select()
    permissions.delete_role(one, actor=access.SYSTEM)
    with pytest.raises(StillInUse, match="One role must remain"):
        permissions.delete_role(two, actor=access.SYSTEM)
