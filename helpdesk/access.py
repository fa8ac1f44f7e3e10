"""Who may see what and who may do what: the only place that decides it (RULES 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from peewee import JOIN, SQL, Expression, ModelSelect, NodeList

from helpdesk import clock, customer_sight
from helpdesk.errors import Merged, NotAllowed, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.settings import lookups
from models import NOTE, Agent, Customer, CustomerAddress, FormerNumber, Message, Permission, Ticket


class System:
    """The program itself, acting by filters and by the timetable."""

    name = ""


SYSTEM = System()


@dataclass(frozen=True)
class TicketGuest:
    """A browser that used the private link of one ticket: it may read and answer that ticket, nothing else."""

    customer: Customer
    ticket_id: int
    address: CustomerAddress
    #: False where the visitor only typed the address: it may be somebody else’s, whose name must stay hidden.
    is_proven: bool = True


Actor: TypeAlias = Agent | Customer | TicketGuest | System

#: What each verb of an agent needs of the role; None needs nothing but sight.
CAPABILITY_OF: dict[str, str | None] = {
    "read": None,
    "reply": None,
    "note": None,
    "copy": None,
    "take": None,
    "close": "set_status",
    "snooze": "set_status",
    "reopen": "set_status",
    "set_status": "set_status",
    "spam": "set_status",
    "set_priority": "set_priority",
    "important": "set_priority",
    "assign": "assign",
    "transfer": "assign",
    "move": "assign",
    "merge": "assign",
    "split": "assign",
    "change_customer": "assign",
    "mask": "delete",
    "rename": None,
    "tag": "tag",
    "delete": "delete",
    "restore": "delete",
}
MANAGER_VERBS = frozenset(
    {"read", "reply", "note", "take", "assign", "transfer", "move", "merge", "split", "change_customer", "mask"}
)
CUSTOMER_VERBS = frozenset({"read", "reply", "close", "copy", "rate"})
#: What somebody in copy may do, and a colleague of the same organisation.
COPY_VERBS = frozenset({"read", "reply"})


def sees_all(agent: Agent) -> bool:
    """Whether this agent sees every ticket: administrators, managers of an enabled team, "whole support"."""
    return agent.is_admin or lookups.is_manager(agent.id) or covers_all(agent)


def covers_all(agent: Agent) -> bool:
    """Whether a permission of this agent is for the whole support."""
    return any(row.service_id is None for row in lookups.permissions_of(agent.id))


def covers(agent: Agent, service_id: int, department_id: int | None) -> bool:
    """Whether a permission of this agent covers that service and department."""
    return deciding_permission(agent, service_id, department_id) is not None


def deciding_permission(agent: Agent, service_id: int | None, department_id: int | None) -> Permission | None:
    """Return the most specific permission for a place: it alone decides signature and notify (RULES 2)."""
    rows = lookups.permissions_of(agent.id)
    for service, department in ((service_id, department_id), (service_id, None), (None, None)):
        for row in rows:
            if row.service_id == service and row.department_id == department:
                return row
    return None


def place_text(permission: Permission) -> str:
    """Say what a permission covers."""
    row = lookups.department(permission.department_id) or lookups.service(permission.service_id)
    return str(row) if row is not None else _("The whole support")


def visible_tickets(actor: Actor) -> ModelSelect:
    """Return the tickets this actor may see, bin and spam among them for agents."""
    query = Ticket.select()
    if isinstance(actor, System):
        return query
    if isinstance(actor, TicketGuest):
        theirs = (Ticket.customer == actor.customer.id) | Ticket.id.in_(customer_sight.in_copy([actor.address.id]))
        return query.where(Ticket.id == actor.ticket_id, theirs, customer_sight.not_hidden())
    if isinstance(actor, Customer):
        return query.where(customer_sight.readable(actor), customer_sight.not_hidden())
    return within(sight_of(actor), actor.id)


@dataclass(frozen=True)
class Sight:
    """The sight of an agent who does not see everything: their own tickets, and those of these places and teams (ids).

    Agents of equal rights have the same one, and with it the same prepared statements.
    """

    services: tuple[int, ...] = ()
    departments: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    #: An ended account sees nothing.
    is_ended: bool = False


def sight_of(agent: Agent) -> Sight | None:
    """Return what this agent sees; None stands for everything."""
    if not agent.active:
        return Sight(is_ended=True)
    if sees_all(agent):
        return None
    services, departments = permitted(agent)
    return Sight(services, departments, tuple(sorted(lookups.team_ids_of(agent.id))))


def permitted(agent: Agent) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the services and the single departments that the permissions of an agent name (ids, ascending)."""
    rows = [row for row in lookups.permissions_of(agent.id) if row.service_id is not None]
    services = sorted(row.service_id for row in rows if row.department_id is None)
    departments = sorted(row.department_id for row in rows if row.department_id is not None)
    return tuple(services), tuple(departments)


def has_no_place(agent: Agent) -> bool:
    """Whether this agent sees no tickets but those assigned to them: without a permission and a team."""
    sight = sight_of(agent)
    return sight is not None and not (sight.services or sight.departments or sight.teams)


def within(sight: Sight | None, agent: int | Slot, *, by_place: bool = True) -> ModelSelect:
    """Return the tickets within this sight of the agent with this id.

    Unless `by_place`, SQLite cannot look for them by the indexes of services, teams …: where a period is asked for,
    it would read all tickets of these places, whenever they were opened.
    """
    query = Ticket.select()
    if sight is None:
        return query
    if sight.is_ended:
        return query.where(SQL("1 = 0"))
    condition = Ticket.assignee == agent
    if sight.services:
        condition |= Ticket.service.in_(sight.services)
    if sight.departments:
        condition |= Ticket.department.in_(sight.departments)
    if sight.teams:
        condition |= Ticket.team.in_(sight.teams)
    return query.where(condition if by_place else NodeList((SQL("NOT NOT"), condition)))


def own_tickets(customer: Customer) -> ModelSelect:
    """Return the tickets that a customer opened or is in copy of: all they see but those of colleagues."""
    return Ticket.select().where(customer_sight.own(customer), customer_sight.not_hidden())


def colleagues_tickets(customer: Customer) -> ModelSelect | None:
    """Return the tickets of the organisation whose tickets a customer reads; None for who reads only their own."""
    organisation_id = customer_sight.organisation_read_by(customer)
    if organisation_id is None:
        return None
    return Ticket.select().where(customer_sight.of_organisation(organisation_id), customer_sight.not_hidden())


def is_in_copy(actor: Actor, ticket: Ticket) -> bool:
    """Whether a customer or guest who sees the ticket is in copy of it or a colleague, and not its author."""
    person = actor.customer if isinstance(actor, TicketGuest) else actor
    return isinstance(person, Customer) and person.id != ticket.customer_id


def find_ticket(actor: Actor, number: str) -> Ticket:
    """Return the ticket with this number. Raises NotFound, also when the actor may not see it, or Merged."""
    if isinstance(actor, Agent):
        found = _numbered.first(sight_of(actor), agent=actor.id, number=clean_number(number))
        return require_ticket(found, number, actor)
    return require_ticket(numbered(visible_tickets(actor), clean_number(number)).first(), number, actor)


@Prepared
def _numbered(sight: Sight | None) -> ModelSelect:
    return numbered(within(sight, Slot("agent")), Slot("number")).limit(1)


def numbered(tickets: ModelSelect, number: str | Slot) -> ModelSelect:
    """Return a query of the ticket with this number among these, with its customer and address."""
    return with_author(tickets).where(Ticket.number == number)


def with_author(tickets: ModelSelect) -> ModelSelect:
    """Return these tickets, each with its customer and address."""
    query = tickets.select(Ticket, Customer, CustomerAddress).join(Customer)
    return query.switch(Ticket).join(CustomerAddress, JOIN.LEFT_OUTER, on=(Ticket.address == CustomerAddress.id))


def clean_number(number: str) -> str:
    """Return a ticket's number from outside without null characters, cut to its column."""
    return number.replace("\0", "")[:40]


def require_ticket(ticket: Ticket | None, number: str, actor: Actor) -> Ticket:
    """Return `ticket`; when it is None, raise Merged if its number now leads to another ticket, else NotFound."""
    if ticket is not None:
        return ticket
    target = merged_into(actor, number)
    if target is not None:
        raise Merged(
            lazy("Ticket %(former)s is part of this one now.", former=clean_number(number)), number=target.number
        )
    raise NotFound(lazy("There is no such ticket, or you may not see it."))


def merged_into(actor: Actor, number: str) -> Ticket | None:
    """Return the visible ticket that the one with this former number was merged into."""
    former = FormerNumber.get_or_none(FormerNumber.number == clean_number(number))
    if former is None:
        return None
    if isinstance(actor, TicketGuest):
        actor = replace(actor, ticket_id=former.ticket_id)
    ticket: Ticket | None = visible_tickets(actor).where(Ticket.id == former.ticket_id).first()
    return ticket


def sees(actor: Actor, ticket: Ticket) -> bool:
    """Whether this actor may see this ticket."""
    if isinstance(actor, System):
        return True
    if isinstance(actor, Agent):
        return actor.active and (
            sees_all(actor)
            or covers(actor, ticket.service_id, ticket.department_id)
            or ticket.assignee_id == actor.id
            or ticket.team_id in lookups.team_ids_of(actor.id)
        )
    return visible_tickets(actor).where(Ticket.id == ticket.id).exists()


def can(actor: Actor, verb: str, ticket: Ticket | None = None) -> bool:
    """Whether the actor may do this: to a ticket, or ("configure", "administer") to the desk."""
    return (ticket is None or sees(actor, ticket)) and _may(actor, verb, ticket)


def _may(actor: Actor, verb: str, ticket: Ticket | None) -> bool:
    """Whether the actor may do this to a ticket it sees, or to the desk."""
    if isinstance(actor, System):
        return True
    if isinstance(actor, Agent):
        return actor.active and _agent_may(actor, verb)
    return ticket is not None and verb in (COPY_VERBS if is_in_copy(actor, ticket) else CUSTOMER_VERBS)


def _agent_may(agent: Agent, verb: str) -> bool:
    if agent.is_admin or verb == "desk":
        return True
    if verb == "administer":
        return False
    capability = "configure" if verb == "configure" else CAPABILITY_OF[verb]
    if capability is None or (verb in MANAGER_VERBS and lookups.is_manager(agent.id)):
        return True
    role = lookups.role(agent.role_id)
    return role is not None and bool(getattr(role, f"can_{capability}"))


def require(actor: Actor, verb: str, ticket: Ticket | None = None) -> None:
    """Raise NotFound when the actor does not see the ticket, NotAllowed when it may not do this to it."""
    if ticket is not None and not sees(actor, ticket):
        raise NotFound(lazy("There is no such ticket, or you may not see it."))
    if not _may(actor, verb, ticket):
        if isinstance(actor, Agent):
            raise NotAllowed(lazy("Your role does not allow this."))
        raise NotAllowed(lazy("You are in copy of this ticket: only the person who opened it can do this."))


def shown_to_customers() -> Expression:
    """Return the condition of the messages a customer may read: no notes, and no reply that may still be withdrawn."""
    return (Message.kind != NOTE) & (Message.public_at.is_null() | (Message.public_at <= clock.now()))
