"""Places whose new tickets nobody is told of are named to administrators (RULES 6)."""

from __future__ import annotations

from helpdesk.people.permissions import places_without_notification
from models import Agent, Permission, Service
from tests.support import cast, doors


def test_places_are_silent_until_somebody_is_told(billing, sales, ana):
    assert list(map(str, places_without_notification())) == ["Billing, Invoices", "Billing, Refunds", "Sales"]
    cast.permit(cast.make_agent("Tom"), sales, notify=True)
    assert list(map(str, places_without_notification())) == ["Billing, Invoices", "Billing, Refunds"]


def test_the_most_specific_permission_decides(billing, invoices, ana):
    Permission.get(agent=ana).delete_instance()
    cast.permit(ana, None, notify=True)
    assert places_without_notification() == []
    cast.permit(ana, invoices, notify=False)
    assert places_without_notification() == [invoices]


def test_the_disabled_are_not_told_and_hidden_services_not_named(sales, ana):
    ben = cast.make_agent("Ben")
    cast.permit(ben, None, notify=True)
    assert places_without_notification() == []
    row = Agent.get_by_id(ben.id)
    row.active = False
    row.save()
    assert sales in places_without_notification()
    service = Service.get_by_id(sales.id)
    service.enabled = False
    service.save()
    assert sales not in places_without_notification()


def test_administrators_read_it_above_the_list_and_in_health(client_of, root, ana, sales):
    text = "Nobody is told of new tickets of"
    assert text in doors.text_of(client_of(root).get("/admin/tickets/"))
    assert "Sales" in doors.text_of(client_of(root).get("/admin/health/")).partition(text)[2]
    assert text not in doors.text_of(client_of(ana).get("/admin/tickets/"))
    assert text not in doors.text_of(client_of(root).get("/admin/tickets/?view=mine"))
