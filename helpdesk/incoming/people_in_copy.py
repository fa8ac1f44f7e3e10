"""The other people of a mail, in To and Cc beside the desk: they are proposed, or added where a mailbox says so.

RULES 39: nobody is put in copy of a ticket by a mail alone unless the owner chose that.
"""

from __future__ import annotations

from database import database
from helpdesk import suppression
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput
from helpdesk.incoming import automatic_mail
from helpdesk.incoming.mail_context import normalised
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.notifications import reply_address
from helpdesk.settings import lookups
from helpdesk.tickets import cc
from models import Customer, Mailbox, Ticket

#: More people than this make a list, of which nobody is taken.
A_LIST = 15
#: Why a note is on a message: this address was in copy of its mail.
IN_COPY = "copied"


def named(content: ParsedMail, author: str) -> list[str]:
    """Return whom a mail names beside its author, the desk, its agents and addresses nobody reads."""
    people = [*content.to, *content.cc]
    if len(people) > A_LIST:
        return []
    ours = cc.desk_addresses() | {agent.email.casefold() for agent in lookups.agents()} | {author.casefold()}
    emails = dict.fromkeys(normalised(person.email) for person in people)
    return [email for email in emails if email and _is_other(email, ours)][: cc.MOST]


def _is_other(email: str, ours: set[str]) -> bool:
    local, _at, domain = email.partition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    is_ours = email.casefold() in ours or plain.casefold() in ours or reply_address.in_address(email) is not None
    return not is_ours and automatic_mail.may_be_answered(email)


def take(
    ticket: Ticket, emails: list[str], mailbox: Mailbox, *, actor: Customer | TicketGuest
) -> list[dict[str, str | int]]:
    """Put these people in copy where the mailbox says so; return the notes that propose them otherwise."""
    present = {one.email for one in cc.in_copy(ticket)} | cc.own_addresses(ticket.customer)
    left_out = present | suppression.among(emails)
    new = [email for email in emails if email not in left_out]
    if new and mailbox.copies == "add":
        try:
            with database.atomic():
                is_proven = isinstance(actor, TicketGuest) and actor.is_proven
                cc.write_cc(ticket, new, actor=actor, unsure=not is_proven)
                return []
        except InvalidInput:
            # Too many at once or within the day: they are proposed.
            pass
    return [{"name": email, "size": 0, "why": IN_COPY} for email in new]
