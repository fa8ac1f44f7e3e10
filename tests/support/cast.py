"""Who plays in the tests, and how further people and things are made. Plain functions: call them from any test."""

from __future__ import annotations

from functools import cache
from typing import Any

from database import Label, database
from helpdesk import clock, customer_search, tickets
from helpdesk.lib import passwords
from models import (
    Agent,
    Customer,
    CustomerAddress,
    Department,
    OutgoingEmail,
    Permission,
    Role,
    Service,
    Team,
    TeamMember,
    Ticket,
)

#: The password of everybody.
PASSWORD = "correct horse battery staple"


@cache
def password_hash() -> str:
    """Hash the one password, once for the run."""
    return passwords.make_hash(PASSWORD)


def make_service(name: str, *departments: str, **values: Any) -> Service:
    """Make a service with these departments."""
    service = Service.create(name=Label(en=name), **values)
    for position, title in enumerate(departments):
        Department.create(service=service, name=Label(en=title), position=position)
    return service


def make_role(name: str = "Agent", **capabilities: bool) -> Role:
    """Make a role: the shipped agent's capabilities unless said otherwise (``can_delete=False``)."""
    return Role.create(name=Label(en=name), **capabilities)


def make_agent(name: str, *scopes: Service | Department | None, is_admin: bool = False, **values: Any) -> Agent:
    """Make an agent whose permissions cover these scopes (None: the whole support)."""
    role = values.pop("role", None) or Role.get(Role.can_configure == is_admin)
    values = {"email": f"{name.lower()}@desk.example", "password_hash": password_hash(), **values}
    agent = Agent.create(name=name, is_admin=is_admin, role=role, created_at=clock.now(), **values)
    for scope in scopes:
        permit(agent, scope)
    return agent


def owner() -> Agent:
    """Return an administrator, for what needs an author who sees everything; made when there is none."""
    return Agent.get_or_none(Agent.is_admin) or make_agent("Owner", is_admin=True)


def permit(agent: Agent, scope: Service | Department | None, **values: Any) -> Permission:
    """Give an agent a permission over a service, a department or (None) the whole support."""
    department = scope if isinstance(scope, Department) else None
    service = department.service if department else scope
    return Permission.create(agent=agent, service=service, department=department, **values)


def make_team(label: str, *members: Agent, manager: Agent | None = None, **values: Any) -> Team:
    """Make a team with these members."""
    team = Team.create(label=Label(en=label), manager=manager, **values)
    for member in members:
        TeamMember.create(team=team, agent=member)
    return team


def make_customer(first_name: str, last_name: str = "", *, proven: bool = True, **values: Any) -> Customer:
    """Make a customer with one address, proven unless said otherwise, and the one password."""
    now = clock.now()
    email = values.pop("email", f"{first_name.lower()}@customer.example")
    values = {"password_hash": password_hash(), "locale": "en", **values}
    # Together, as in the desk: a loop beside the test may be indexing those that are not yet found.
    with database.atomic():
        customer = Customer.create(first_name=first_name, last_name=last_name, created_at=now, **values)
        CustomerAddress.create(customer=customer, email=email, proven_at=now if proven else None, created_at=now)
        customer_search.index_customers([customer.id])
    return customer


def open_ticket(
    customer: Customer | str,
    service: Service,
    department: Department | None = None,
    **values: Any,
) -> Ticket:
    """Open a ticket through the rule: as the signed-in customer, or (an address) as a visitor."""
    email = customer if isinstance(customer, str) else customer.primary_address.email
    values = {"subject": "A question about my invoice", "body": "The total looks wrong to me.", **values}
    new = tickets.NewTicket(
        email=email, service_id=service.id, department_id=department.id if department else None, **values
    )
    return tickets.open_ticket(new, actor=None if isinstance(customer, str) else customer)


def speak_french() -> None:
    """Let everybody read French, and be written to in French."""
    for people in (Agent, Customer, Ticket):
        people.update(locale="fr").execute()
    OutgoingEmail.update(locale="fr", subject="Bonjour", body="<p>Bonjour</p>").execute()
