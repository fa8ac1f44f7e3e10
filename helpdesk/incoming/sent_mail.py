"""To whom a mail in the folder of sent ones went: the team wrote it with another program."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.incoming import agent_proof, mail_threading
from helpdesk.incoming.mail_threading import OWNER, Trace
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.tickets import cc


@dataclass(frozen=True)
class Sent:
    """Whether an address of the desk sent it, whether to the customer, and who of the ticket’s readers was left out."""

    is_from_us: bool = False
    to_customer: bool = False
    left_out: str = ""


def of(content: ParsedMail, author: str, trace: Trace | None) -> Sent:
    """Return what matters of a sent mail. One that was sent on goes to somebody else, whoever gets it."""
    is_from_us = author.casefold() in cc.desk_addresses()
    if trace is None or agent_proof.SENT_ON.match(content.subject):
        return Sent(is_from_us)
    people = {person.email.casefold() for person in (*content.to, *content.cc)}
    to_customer = any(mail_threading.role_of(trace.ticket, one, is_agent=False)[0] == OWNER for one in sorted(people))
    readers = (one.email for one in cc.in_copy(trace.ticket) if not one.waits)
    return Sent(is_from_us, to_customer, next((one for one in readers if one.casefold() not in people), ""))
