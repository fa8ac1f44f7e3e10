"""Carrying a decision out: a new ticket, something in one that exists, or the row of the mail alone."""

from __future__ import annotations

from helpdesk.errors import InvalidInput, NotFound
from helpdesk.incoming import (
    agent_answers,
    bounce_effects,
    mail_record,
    message_from_mail,
    sender_checks,
    sender_rules,
    sent_replies,
    suppressed_mail,
    ticket_from_mail,
)
from helpdesk.incoming.decision_rules import Decision
from helpdesk.incoming.mail_context import MailContext
from helpdesk.incoming.parsed_mail import ParsedMail
from models import IncomingMail, Mailbox

#: Outcomes that a ticket holds.
OF_TICKETS = frozenset({"message", "automatic"})
#: Outcomes of an agent’s mail about a ticket.
OF_AGENTS = frozenset({"reply", "note"})


def carry_out(mail: IncomingMail, content: ParsedMail, context: MailContext, decision: Decision) -> None:
    """Do what was decided. Whatever goes wrong, nothing of it is stored; doing it again makes nothing twice."""
    if decision.reason == suppressed_mail.REASON:
        suppressed_mail.forget(mail, content, context)
        return
    mail_record.remember(mail, content, context, decision)
    if context.rule is not None:
        sender_rules.count_hit(context.rule)
    try:
        if context.sent is not None and context.trace is not None and decision.state in OF_AGENTS:
            sent_replies.store(mail, content, context.trace)
        elif decision.state == "new":
            ticket_from_mail.open_from(
                mail, content, spam=decision.reason == "spam", related=decision.data.get("related")
            )
        elif context.bounced is not None and decision.state == "bounce":
            bounce_effects.store(mail, context.bounced)
        elif context.trace is not None and decision.state in OF_TICKETS:
            message_from_mail.store(mail, content, context, context.trace)
        elif context.trace is not None and context.agent is not None and decision.state in OF_AGENTS:
            agent_answers.store(mail, content, context.agent, context.trace)
        else:
            _confirm_probe(content, context, decision)
            mail_record.finish(mail)
    except (InvalidInput, NotFound) as error:
        # Held, never refused: somebody can still make something of it.
        mail_record.keep_held(mail, "refused", why=str(error))


def _confirm_probe(content: ParsedMail, context: MailContext, decision: Decision) -> None:
    """Note that sub-addresses work, and which server looked at the sender, where the mail that tried them out is in."""
    if decision.reason != "probe":
        return
    mailbox = Mailbox.get_or_none(Mailbox.id == decision.data["mailbox"])
    if mailbox is None:
        return
    # Whom to believe is for a person to say: the name is shown beside the field for it (`mailboxes.save`).
    nearest = sender_checks.nearest(content.checks) if context.is_ours else None
    mailbox.sub_addresses = True
    mailbox.seen_server, mailbox.seen_hops = nearest or (mailbox.seen_server, mailbox.seen_hops)
    mailbox.save(only=[Mailbox.sub_addresses, Mailbox.seen_server, Mailbox.seen_hops])
