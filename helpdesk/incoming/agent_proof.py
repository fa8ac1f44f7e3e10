"""What stands against believing that a mail is an agent’s answer to a notification: each thing that must hold.

Whoever answers speaks for the desk. A ``From:`` proves nothing, nor does a code alone: somebody may have sent it on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from helpdesk import access, clock, settings
from helpdesk.incoming import headers, mailboxes, sender_checks
from helpdesk.incoming.mail_threading import OURS, Trace, ticket_of
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.notifications import reply_address
from models import Agent, Mailbox

#: How the subject of a mail begins that somebody sent on, whatever a mail server put before it in brackets.
SENT_ON = re.compile(r"\s*(\[[^\]]{1,40}\]\s*)*(fwd?|tr|wg|rv|enc|i|pd|vb|vl|doorst)\s*:", re.IGNORECASE)
#: Headers of a mail that was sent on as it is.
RESENT = frozenset({"resent-to", "resent-from", "resent-date"})
#: How old an answer may be, and how far a clock may be ahead: an older one may have been laid by to be sent again.
OLDEST, AHEAD = timedelta(days=3), timedelta(days=1)
#: Addresses that an answer names: what is behind more of them nobody looks at.
MOST_NAMED = 5

#: One line of *Why?*: what it seeks, the reason for which the mail is a note (empty: none), and what was seen.
Doubt = tuple[str, str, str]


def doubts(
    content: ParsedMail, agent: Agent, trace: Trace, mailbox: Mailbox, *, silent: bool = False
) -> tuple[Doubt, ...]:
    """Return what must hold for a mail to be this agent’s answer; the first thing that does not makes it a note."""
    return tuple(_doubts(content, agent, trace, mailbox, silent))


def _doubts(content: ParsedMail, agent: Agent, trace: Trace, mailbox: Mailbox, silent: bool) -> Iterator[Doubt]:
    yield "answer-off", "" if settings.get("agents_answer") else "agent-off", ""
    yield "answer-own", "" if agent.answers_by_mail else "agent-own", agent.name
    yield "answer-other", "" if trace.agent == agent.id else "agent-other", trace.seen
    yield "answer-history", "agent-history" if silent else "", content.date
    yield "answer-forwarded", "agent-forwarded" if _is_sent_on(content) else "", content.subject
    yield "answer-to", "" if _is_to_desk_alone(content, agent, trace, mailbox) else "agent-to", _named(content)
    yield "answer-date", "" if _is_recent(content.date) else "agent-date", content.date
    server = mailbox.trusted_server
    confirmed = sender_checks.confirms(content.checks, server, mailbox.trusted_hops, agent.email)
    reason = "" if confirmed else "agent-sender" if server else "agent-server"
    yield "answer-sender", reason, _seen(content)
    yield "answer-right", "" if access.sees(agent, trace.ticket) else "agent-right", trace.ticket.number


def _is_sent_on(content: ParsedMail) -> bool:
    return bool(SENT_ON.match(content.subject) or RESENT & set(content.headers))


def _is_to_desk_alone(content: ParsedMail, agent: Agent, trace: Trace, mailbox: Mailbox) -> bool:
    """Whether a mail was written to the desk about this ticket, and to nobody beside it but its author.

    The signature of a mail holds whom it was written to: one to somebody else is none to us, whoever hands it over.
    """
    to, named = {one.email.casefold() for one in content.to}, {one.email.casefold() for one in content.to + content.cc}
    own = mailboxes.own_addresses()
    codes = {email for email in named if _is_own_code(email, agent, trace, own)}
    if len(content.to) + len(content.cc) > MOST_NAMED or not named <= {*own, *codes, agent.email.casefold()}:
        return False
    # Where there are sub-addresses, the code alone is an answer: who guesses or learns an id has none.
    has_codes = mailbox.sub_addresses and bool(reply_address.of_agent(mailbox, trace.ticket, agent))
    return bool(to & codes) or (not has_codes and trace.kind == OURS and bool(to & own))


def _is_own_code(email: str, agent: Agent, trace: Trace, own: set[str]) -> bool:
    """Whether this is the answer address that this agent was given for the ticket; a return path never is."""
    code = reply_address.in_address(email)
    if code is None or code.agent != agent.id or reply_address.without_code(email) not in own:
        return False
    ticket = ticket_of(code.ticket)
    return ticket is not None and ticket.id == trace.ticket.id


def _is_recent(date: str) -> bool:
    """Whether a mail says it was written in these days."""
    written = headers.moment(date)
    return written is not None and -AHEAD <= clock.now() - written <= OLDEST


def _named(content: ParsedMail) -> str:
    return ", ".join(one.email or one.name for one in (*content.to, *content.cc)[:MOST_NAMED])


def _seen(content: ParsedMail) -> str:
    results = [f"{check.server}: {check.method}={check.result} {check.domain}".strip(" =") for check in content.checks]
    return "; ".join(results[:5])
