"""Who something concerns: agents by their permissions, teams, customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, ModelSelect, fn

from helpdesk import access, availability, i18n
from helpdesk.access import Actor
from helpdesk.events import customer_of
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.notifications.causes import Cause, Recipient
from helpdesk.settings import lookups
from models import Agent, Customer, CustomerAddress, OutgoingEmail, TeamMember, Ticket, TicketCc


def agents(rows: Iterable[Agent | None]) -> list[Recipient]:
    """Return the active ones among these agents."""
    return [
        Recipient(agent.email, i18n.supported(agent.locale), agent=agent)
        for agent in rows
        if agent is not None and agent.active
    ]


def _team(team_id: int | None) -> list[Recipient]:
    """Return the members of an enabled team and its address; its manager when there is neither."""
    team = lookups.team(team_id)
    if team is None or not team.enabled:
        return []
    rows = TeamMember.select(TeamMember.agent).where(TeamMember.team == team.id).order_by(TeamMember.id).tuples()
    members = agents(lookups.agent(agent_id) for (agent_id,) in rows)
    if team.email:
        members.append(Recipient(team.email, i18n.supported(None)))
    return members or agents([lookups.agent(team.manager_id)])


def _notified(ticket: Ticket) -> list[Recipient]:
    """Return the agents whose deciding permission for the ticket's place says notify (RULES 2)."""

    def notify(agent: Agent) -> bool:
        permission = access.deciding_permission(agent, ticket.service_id, ticket.department_id)
        return permission is not None and permission.notify

    return agents(agent for agent in lookups.agents() if notify(agent))


def assignee(ticket: Ticket) -> list[Recipient]:
    """Return who has the ticket: the agent, or the people of the team."""
    return agents([lookups.agent(ticket.assignee_id)]) or _team(ticket.team_id)


def stand_ins(ticket: Ticket) -> list[Recipient]:
    """Return who hears of a ticket because those who have it are on leave.

    An agent's substitute who sees the ticket, else those told of new ones; these also where a whole team is away.
    """
    agent = lookups.agent(ticket.assignee_id)
    if agent is not None:
        if availability.current(agent) is None:
            return []
        return agents([substitute_of(agent, ticket)]) or _notified(ticket)
    people = _team(ticket.team_id)
    is_away = all(one.agent is not None and availability.current(one.agent) is not None for one in people)
    return _notified(ticket) if people and is_away else []


def substitute_of(agent: Agent, ticket: Ticket) -> Agent | None:
    """Return who stands in for an agent on leave, where they see this ticket: leave gives nobody sight."""
    return availability.find_substitute(agent, lambda one: access.sees(one, ticket))


def managers(ticket: Ticket) -> list[Recipient]:
    """Return the managers of the team that has the ticket, or of the teams of the agent who has it."""
    ids = [ticket.team_id] if ticket.team_id else lookups.team_ids_of(ticket.assignee_id or 0)
    teams = [lookups.team(key) for key in ids]
    leads = {team.manager_id for team in teams if team is not None and team.enabled} - {None}
    return agents(lookups.agent(key) for key in sorted(leads))


def administrators() -> list[Recipient]:
    """Return all administrators."""
    return agents(agent for agent in lookups.agents() if agent.is_admin)


def new_ticket_team(cause: Cause) -> list[Recipient]:
    """Return who hears of a new ticket, but those whom a filter has just told that it is theirs (RULES 17)."""
    ticket = cause.ticket
    if not ticket.is_assigned:
        return _notified(ticket)
    handed = OutgoingEmail.select(OutgoingEmail.to_email).where(
        OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind.in_(["transfer", "assignment", "stand-in"])
    )
    told = {email.casefold() for (email,) in handed.tuples()}
    return [one for one in assignee(ticket) + _notified(ticket) if one.email.casefold() not in told]


def handlers(cause: Cause) -> list[Recipient]:
    """Return who hears of a later message: whoever has the ticket and who stands in, else those told of new ones."""
    return (assignee(cause.ticket) + stand_ins(cause.ticket)) or _notified(cause.ticket)


def target(cause: Cause) -> list[Recipient]:
    """Return to whom the ticket was handed."""
    return agents([lookups.agent(cause.data.get("agent"))]) or _team(cause.data.get("team"))


def target_stand_in(cause: Cause) -> list[Recipient]:
    """Return who stands in for the agent on leave to whom the ticket was handed."""
    agent = lookups.agent(cause.data.get("agent"))
    return agents([substitute_of(agent, cause.ticket)]) if agent is not None else []


def named(cause: Cause) -> list[Recipient]:
    """Return the agents whom a note names."""
    return agents(lookups.agent(key) for key in cause.data["agents"])


def reply_author(cause: Cause) -> list[Recipient]:
    """Return who hears of a scheduled reply that did not leave: its author, else whoever has the ticket.

    Nobody where its author took it back.
    """
    if "author" not in cause.data:
        return []
    author = lookups.agent(cause.data["author"])
    may_answer = author is not None and access.can(author, "reply", cause.ticket)
    return agents([author]) if may_answer else handlers(cause)


def people(cause: Cause) -> tuple[Recipient, ...]:
    """Return whom the cause itself names."""
    return cause.people


def notified_there(cause: Cause) -> list[Recipient]:
    """Return the notify-ticked agents of the place the ticket is in."""
    return _notified(cause.ticket)


def customer(cause: Cause) -> list[Recipient]:
    """Return the customer of the ticket."""
    ticket = cause.ticket
    address = ticket.address if ticket.address_id is not None else ticket.customer.primary_address
    return [Recipient(address.email, i18n.supported(ticket.customer.locale or ticket.locale), address=address)]


def author(cause: Cause) -> list[Recipient]:
    """Return the customer of the ticket, when it is not somebody in copy who wrote."""
    return customer(cause) if cause.customer_id in {None, cause.ticket.customer_id} else []


def copies(cause: Cause) -> list[Recipient]:
    """Return the people in copy; not those whom a visitor named who has not proven the own address (RULES 21)."""
    return [in_copy(cause.ticket, address) for address in _copies(ticket=cause.ticket.id)]


def mailed_before(cause: Cause) -> list[Recipient]:
    """Return those of the customer and the people in copy to whom an e-mail about this message has left."""
    mailed = {email.casefold() for email in cause.data["mailed"]}
    return [one for one in (*customer(cause), *copies(cause)) if one.email.casefold() in mailed]


@Prepared
def _copies() -> ModelSelect:
    query = CustomerAddress.select(CustomerAddress, Customer).join(Customer).switch(CustomerAddress).join(TicketCc)
    # In one order for all tickets: their digests are locked so, and two acts never wait for each other.
    return query.where(TicketCc.ticket == Slot("ticket"), ~TicketCc.waits).order_by(TicketCc.address)


def in_copy(ticket: Ticket, address: CustomerAddress) -> Recipient:
    """Return somebody in copy, in the own language when it is known."""
    return Recipient(address.email, i18n.supported(address.customer.locale or ticket.locale), address=address)


def concerns(ticket: Ticket, address: CustomerAddress) -> bool:
    """Whether a ticket is this address's: its customer's, or in copy."""
    copied = TicketCc.select().where(TicketCc.ticket == ticket.id, TicketCc.address == address.id)
    return address.customer_id == ticket.customer_id or copied.exists()


def concerned() -> Any:
    """Return the condition of the mails whose ticket is still their address's: a customer may have lost it since."""
    mine = Ticket.id == OutgoingEmail.ticket
    owner = (CustomerAddress.customer == Ticket.customer) & (CustomerAddress.id == OutgoingEmail.address)
    own = Ticket.select(SQL("1")).join(CustomerAddress, on=owner).where(mine)
    copied = TicketCc.select(SQL("1")).where(
        TicketCc.ticket == OutgoingEmail.ticket, TicketCc.address == OutgoingEmail.address
    )
    # The address of a mail with a link to a ticket may have been removed since; one to the team has none.
    to_others = OutgoingEmail.address.is_null() & (OutgoingEmail.link_kind != "ticket")
    return OutgoingEmail.ticket.is_null() | to_others | fn.EXISTS(own) | fn.EXISTS(copied)


def customer_reading_along(cause: Cause) -> list[Recipient]:
    """Return the customer of the ticket, when it is somebody in copy who wrote."""
    return [] if author(cause) else customer(cause)


def addresses_of(actor: Actor) -> set[str]:
    """Return the folded addresses of whoever acted: nobody is told of what they did themselves."""
    if isinstance(actor, Agent):
        return {actor.email.casefold()}
    person = customer_of(actor)
    return {row.email.casefold() for row in _addresses(customer=person.id)} if person is not None else set()


@Prepared
def _addresses() -> ModelSelect:
    return CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.customer == Slot("customer"))
