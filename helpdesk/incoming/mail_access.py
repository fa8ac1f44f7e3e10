"""Who reads which mails that came in: those of tickets they see, and of mailboxes whose place they cover."""

from __future__ import annotations

from typing import Any

from peewee import ModelSelect

from helpdesk import access
from helpdesk.settings import lookups
from models import Agent, IncomingMail, Ticket


def readable_by(agent: Agent, mails: ModelSelect) -> ModelSelect:
    """Keep to the mails this agent may read: those of tickets they see, and of mailboxes whose place they cover."""
    if access.sees_all(agent):
        return mails
    tickets = access.visible_tickets(agent).select(Ticket.id)
    own = IncomingMail.ticket.is_null() & IncomingMail.mailbox.in_(mailboxes_of(agent) or [0])
    return mails.where(own | IncomingMail.ticket.in_(tickets))


def mailboxes_of(agent: Agent) -> list[int]:
    """Return the ids of the mailboxes whose waiting mails this agent decides about."""
    configures = access.can(agent, "configure")
    return [row.id for row in lookups.mailboxes() if _is_theirs(agent, row, configures)]


def _is_theirs(agent: Agent, mailbox: Any, configures: bool) -> bool:
    service = lookups.service(mailbox.service_id)
    unplaced = service is None or not service.enabled
    return access.covers(agent, mailbox.service_id, mailbox.department_id) or (unplaced and configures)


def reads_any(agent: Agent) -> bool:
    """Whether there is a mailbox whose mails this agent decides about."""
    return bool(lookups.mailboxes()) and (access.sees_all(agent) or bool(mailboxes_of(agent)))


def may_read_whole(agent: Agent, mail: IncomingMail) -> bool:
    """Whether this agent may have the mail as it came: of a ticket they see, else as an administrator."""
    return agent.is_admin or (mail.ticket_id is not None and access.sees(agent, mail.ticket))
