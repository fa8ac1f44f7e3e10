"""What the database knows about a mail (sender, rules, ticket, limits): looked up here, so that deciding needs none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from helpdesk import clock, settings, suppression
from helpdesk.errors import InvalidInput
from helpdesk.incoming import agent_proof, automatic_mail, bounced_mail, mail_threading, sender_rules, sent_mail
from helpdesk.incoming.agent_proof import Doubt
from helpdesk.incoming.bounced_mail import BouncedMail
from helpdesk.incoming.mail_threading import AGENT, STRONG, Trace
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.incoming.sent_mail import Sent
from helpdesk.lib import email_syntax, inputs
from helpdesk.notifications import reply_address
from helpdesk.settings import lookups
from helpdesk.tickets import cc
from models import Agent, CustomerAddress, IncomingMail, Mailbox, SenderRule

#: Spam filters of mail servers: the header, and the words in it that say so.
SPAM = {
    "x-spam-flag": ("yes",),
    "x-spam-status": ("yes",),
    "x-rspamd-action": ("reject", "add header"),
}
SPAM_LEVEL = "x-ms-exchange-organization-scl"


@dataclass(frozen=True)
class MailContext:
    """What is known about a mail beyond its words."""

    #: The one form of the author's address; empty when there is none that could be one.
    author: str = ""
    #: Nothing is kept of its author.
    is_suppressed: bool = False
    #: It was too large: only its headers are here.
    headers_only: bool = False
    #: The id of the same mail that came before.
    duplicate: int | None = None
    own_address: str = ""
    rule: SenderRule | None = None
    automatic: str = ""
    #: The desk itself sent it.
    is_ours: bool = False
    #: A mail of ours that only was to come back to this mailbox.
    probe: int | None = None
    #: Whose ticket it is about, and what its author is to that ticket.
    trace: Trace | None = None
    role: str = ""
    address: CustomerAddress | None = None
    closed_too_long: bool = False
    agent: Agent | None = None
    #: What must hold for an agent’s mail to be their answer; empty where it answers nothing of ours.
    doubts: tuple[Doubt, ...] = ()
    many: str = ""
    held_folder: str = ""
    spam: str = ""
    place_is_open: bool = True
    hold_lists: bool = False
    #: What a delivery report is about.
    bounced: BouncedMail | None = None
    #: The team sent it with another program: to whom.
    sent: Sent | None = None


def of(mail: IncomingMail, content: ParsedMail) -> MailContext:
    """Look up what is known about a mail."""
    mailbox: Mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    author = author_of(content)
    service = lookups.service(mailbox.service_id)
    agent, bounced = _agent(author), bounced_mail.find(content)
    trace, role, address = mail_threading.place_of(content, author, is_agent=agent is not None)
    return MailContext(
        author=author,
        is_suppressed=_is_suppressed(content, author, agent, bounced),
        headers_only=mail.headers_only,
        duplicate=_duplicate(mail, content),
        own_address=_own(content),
        rule=sender_rules.rule_for(author) if author else None,
        automatic=automatic_mail.sign(content),
        agent=agent,
        doubts=_doubts(mail, content, agent, trace, mailbox) if role == AGENT else (),
        is_ours=mail_threading.is_ours(content) and not _is_sent_on(agent, content),
        probe=_probe(content),
        trace=trace,
        role=role,
        address=address,
        closed_too_long=trace is not None and mail_threading.closed_too_long(trace.ticket, clock.now()),
        many="" if mail.silent else _many(author),
        held_folder=mail.folder if mail.folder in mailbox.held_folders.splitlines() else "",
        spam=_spam(content),
        place_is_open=service is not None and service.enabled,
        hold_lists=mailbox.hold_lists,
        bounced=bounced,
        sent=sent_mail.of(content, author, trace) if mail.is_sent else None,
    )


def _is_suppressed(content: ParsedMail, author: str, agent: Agent | None, bounced: BouncedMail | None) -> bool:
    """Whether nothing is kept of who wrote a mail, or of whom a mail server reports that an answer did not arrive."""
    # The address of an agent or of the desk is theirs, whoever had it before.
    is_ours = agent is not None or (bool(author) and cc.is_of_desk(author))
    if author and not is_ours and suppression.is_suppressed(author):
        return True
    if content.report is None or bounced is None or bounced.is_ours or not automatic_mail.sign(content):
        return False
    return any(suppression.is_suppressed(email) for email, _kind, _code, _reason in content.report.recipients)


def _doubts(
    mail: IncomingMail, content: ParsedMail, agent: Agent | None, trace: Trace | None, mailbox: Mailbox
) -> tuple[Doubt, ...]:
    if agent is None or trace is None or trace.kind not in STRONG:
        return ()
    return agent_proof.doubts(content, agent, trace, mailbox, silent=mail.silent)


def _is_sent_on(agent: Agent | None, content: ParsedMail) -> bool:
    """Whether a colleague sent a mail of ours on."""
    return agent is not None and bool(agent_proof.SENT_ON.match(content.subject))


def _probe(content: ParsedMail) -> int | None:
    """Return the mailbox whose sub-addresses this mail tries out."""
    codes = map(reply_address.in_address, content.recipients)
    return next((code.probe for code in codes if code is not None and code.probe is not None), None)


def author_of(content: ParsedMail) -> str:
    """Return the one form of the author's address, an empty text when the mail names none, or several and no sender.

    Never that of ``Reply-To``: whoever writes it could speak for anybody.
    """
    named = [person.email for person in content.authors if person.email]
    if len(named) > 1:
        named = [person.email for person in content.senders if person.email]
    if len(named) != 1:
        return ""
    return normalised(named[0])


def normalised(email: str) -> str:
    """Return the one form of an address, an empty text for what is none."""
    try:
        return email_syntax.normalise(email)
    except InvalidInput:
        return ""


def _duplicate(mail: IncomingMail, content: ParsedMail) -> int | None:
    """Return the same mail that came before: the same bytes in this mailbox, or the same id and body in any.

    One that was sent and arrived here, too, is two: each way decides for itself.
    """
    alike = IncomingMail.is_sent == mail.is_sent
    same = alike & (IncomingMail.mailbox == mail.mailbox_id) & (IncomingMail.sha256 == mail.sha256)
    earlier = IncomingMail.select(IncomingMail.id).where(same, IncomingMail.id < mail.id).order_by(IncomingMail.id)
    same_before: int | None = earlier.limit(1).scalar()
    if same_before is None and content.mail_id:
        same = alike & (IncomingMail.mail_id == content.mail_id) & (IncomingMail.body_hash == content.body_hash)
        query = IncomingMail.select(IncomingMail.id).where(same, IncomingMail.mail_id != "", IncomingMail.id != mail.id)
        same_before = query.order_by(IncomingMail.id).limit(1).scalar()
    return same_before


def _own(content: ParsedMail) -> str:
    people = (*content.authors, *content.reply_to)
    return next((person.email for person in people if cc.is_of_desk(normalised(person.email))), "")


def _agent(author: str) -> Agent | None:
    agents = (agent for agent in lookups.agents(active_only=True) if agent.email.casefold() == author.casefold())
    return next(agents, None) if author else None


def _many(author: str) -> str:
    """Return the address or domain that has opened as many tickets within the hour as one may."""
    since = clock.now() - timedelta(hours=1)
    opened = IncomingMail.select().where(IncomingMail.state == "new", IncomingMail.received_at > since)
    of_address, of_domain = settings.get("tickets_of_address_hourly"), settings.get("tickets_of_domain_hourly")
    if author and opened.where(IncomingMail.from_email == author).limit(of_address).count() >= of_address:
        return author
    domain = f"@{author.rpartition('@')[2]}"
    if author and opened.where(IncomingMail.from_email.endswith(domain)).limit(of_domain).count() >= of_domain:
        return domain
    return ""


def _spam(content: ParsedMail) -> str:
    """Return what the mail server's own filter says; a header below the first ``Received`` came with the mail."""
    for name, words in SPAM.items():
        value = content.header(name).strip()
        if name in content.order and value.lower().startswith(words):
            return f"{name.title()}: {value[:80]}"
    level = content.header(SPAM_LEVEL).strip()
    if SPAM_LEVEL in content.order and (inputs.row_key(level) or 0) >= 5:
        return f"{SPAM_LEVEL.upper()}: {level}"
    return ""
