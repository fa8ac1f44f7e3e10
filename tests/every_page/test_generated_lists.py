"""A generated list asks the database as often for 25 rows as for one, whatever its columns show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from admin_views import PAGES
from admin_views.base import DeskView
from database import Label
from helpdesk import clock
from helpdesk.incoming import held_mail_count
from helpdesk.lists import counting
from helpdesk.outbox import outbox_health
from models import (
    ApiKey,
    AutomaticClosing,
    CannedResponse,
    ClosedDay,
    Customer,
    DueTime,
    Erasure,
    Filter,
    FilterAction,
    FilterCondition,
    Identity,
    IdentityProvider,
    IncomingMail,
    Leave,
    Mailbox,
    OpeningHours,
    Order,
    Organisation,
    OrganisationDomain,
    OutgoingEmail,
    Priority,
    RetentionBatch,
    RetentionItem,
    RetentionRule,
    SavedView,
    SenderRule,
    Status,
    SuppressedAddress,
    Tag,
)
from tests.support import cast

SCREENS = [page for page in PAGES if issubclass(page, DeskView)]


def add_rows(number: int, reader) -> set[type]:
    """Add a row to each generated screen that `reader` opens, and new rows behind its foreign keys.

    Return the tables that have one more.
    """
    now = clock.now() - timedelta(minutes=number)
    service = cast.make_service(f"Service {number}", "Refunds")
    department = service.departments.get()
    role = cast.make_role(f"Role {number}")
    agent = cast.make_agent(f"Agent{number}", service, department, role=role)
    customer = cast.make_customer(f"Customer{number}")
    label = Label(en=f"Label {number}")
    rule = Filter.create(name=f"Filter {number}", position=number)
    order = {"customer": customer, "email": customer.primary_address.email, "placed_at": now, "updated_at": now}
    mail = {"to_email": "a@b.example", "from_email": "desk@b.example", "locale": "en", "due_at": now, "created_at": now}
    mailbox = Mailbox.create(name=f"Mailbox {number}", address=f"box{number}@desk.example", service=service)
    organisation = Organisation.create(name=f"Acme {number}", key=f"acme {number}", created_at=now, assignee=agent)
    place = {"organisation_id": organisation.id, "organisation_role": "responsible", "organisation_by_hand": True}
    Customer.update(place).where(Customer.id == customer.id).execute()
    ticket = cast.open_ticket(customer, service, department)
    rows = [
        service,
        department,
        role,
        agent,
        customer,
        rule,
        mailbox,
        cast.make_team(f"Team {number}", agent, manager=agent),
        cast.permit(reader, service),
        Status.create(identifier=f"status {number}", label=label),
        Priority.create(identifier=f"priority {number}", label=label),
        DueTime.create(service=service, first_reply=60),
        AutomaticClosing.create(service=service, after_days=14, warning_days=3),
        OpeningHours.create(service=service, monday="09:00–12:00"),
        organisation,
        OrganisationDomain.create(organisation=organisation, domain=f"acme{number}.example"),
        Tag.create(name=f"tag {number}", key=f"tag {number}"),
        CannedResponse.create(service=service, name=f"Response {number}", body="<p>Hello</p>", author=agent),
        SavedView.create(owner=agent, name=f"List {number}", query=f"service={service.id}", shared=True),
        ApiKey.create(name=f"Key {number}", prefix="g", token_hash=f"{number}", created_by=agent, created_at=now),
        Order.create(shop="Shop", number=f"{number}", total=100, currency="EUR", **order),
        SenderRule.create(pattern=f"{number}@b.example"),
        RetentionRule.create(service=service, delete_months=12),
        (batch := RetentionBatch.create(announced_at=now, due_at=now + timedelta(days=7), planned={"delete": 1})),
        RetentionItem.create(batch=batch, act="delete", target=ticket.id, since=now),
        Erasure.create(customer=customer, actor_name="Root", requested_at=now, due_at=now + timedelta(days=7)),
        SuppressedAddress.create(digest=f"{number}", suppressed_at=now, actor_name="Root"),
        IncomingMail.create(mailbox=mailbox, ticket=ticket, state="new", sha256=f"{number}", size=1, received_at=now),
        OutgoingEmail.create(kind="reply", subject="Hello", body="<p>Hello</p>", mail_id=f"{number}", **mail),
    ]
    provider = IdentityProvider.create(label=label, issuer=f"https://sso{number}.b.example", client_id="desk")
    rows += [provider, Identity.create(provider=provider, sub=f"{number}", agent=agent, linked_at=now)]
    rows.append(ClosedDay.create(name=label, first_day=now.date(), opening_hours=OpeningHours.get(service=service)))
    rows.append(Leave.create(agent=agent, first_day=now.date(), last_day=now.date(), substitute=reader))
    FilterCondition.create(rule=rule, field="service", operator="is", value=str(service.id))
    FilterAction.create(rule=rule, action="assign", argument=f"agent-{agent.id}")
    return {type(row) for row in rows}


def queries(client) -> dict[str, int]:
    """Return how often each list asks the database, once it has been read."""
    counts = {}
    for screen in SCREENS:
        for _ in range(2):
            with count_queries() as counter:
                assert client.get(f"/admin/{screen.slug}/").status_code == 200
        counts[screen.slug] = counter.count
    return counts


@pytest.fixture
def lasting_counts(monkeypatch):
    """What the menu counted stays counted, however slow the machine is."""
    for module, name in ((counting, "COUNTS_SECONDS"), (outbox_health, "SECONDS"), (held_mail_count, "SECONDS")):
        monkeypatch.setattr(module, name, 3600)


def test_a_generated_list_of_25_rows_asks_no_more_than_one_of_a_row(client_of, root, lasting_counts):
    client, rows = client_of(root), add_rows(0, root)
    missing = {screen.slug for screen in SCREENS if screen.table not in rows}
    assert not missing, "add_rows makes no row for these screens"
    few = queries(client)
    for number in range(1, 25):
        add_rows(number, root)
    assert queries(client) == few


def test_a_column_of_a_foreign_key_needs_no_care(app, root, database):
    class KeysView(DeskView):
        table, slug = ApiKey, "any-keys"
        column_list = ("name", "created_by")
        column_details_list = column_export_list = form_columns = ()

    for number in range(3):
        add_rows(number, root)
    with app.test_request_context():
        view = KeysView()
        _count, rows = view.get_list(0, None, None, None, None)
        with count_queries() as counter:
            names = [view.get_list_value(None, row, "created_by") for row in rows]
    assert sorted(map(str, names)) == ["Agent0", "Agent1", "Agent2"]
    assert counter.count == 0
