"""What stands against believing that a mail is an agent’s answer to a notification: each thing that must hold.

Whoever answers speaks for the desk. A ``From:`` proves nothing, nor does a code alone: somebody may have sent it on.
"""

from __future__ import annotations

from collections.abc import Iterator

from helpdesk import access, settings
from helpdesk.incoming import sender_checks
from helpdesk.incoming.mail_threading import Trace
from helpdesk.incoming.parsed_mail import ParsedMail
from models import Agent, Mailbox

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
    server = mailbox.trusted_server
    confirmed = sender_checks.confirms(content.checks, server, agent.email)
    reason = "" if confirmed else "agent-sender" if server else "agent-server"
    yield "answer-sender", reason, _seen(content)
    yield "answer-right", "" if access.sees(agent, trace.ticket) else "agent-right", trace.ticket.number


def _seen(content: ParsedMail) -> str:
    results = [f"{check.server}: {check.method}={check.result} {check.domain}".strip(" =") for check in content.checks]
    return "; ".join(results[:5])
