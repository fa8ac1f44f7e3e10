"""What stands around the text of an e-mail: which ticket, who did what, why one gets it and how that ends (RULES 38).

It is read when the mail is sent, so that it is true then; the owner's text stays as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database import Label
from helpdesk import access, availability, clock, i18n, links, settings
from helpdesk.lib import richtext
from helpdesk.notifications import recipients
from helpdesk.opening_hours import words as opening_words
from helpdesk.settings import email_frame, email_kinds, lookups
from helpdesk.settings.placeholders import header_safe
from models import CUSTOMER_MESSAGE, REPLY, Agent, Attachment, CustomerAddress, Message, OutgoingEmail, Ticket, TicketCc

#: Characters of a customer's message that a mail to the team shows: a longer one is read in the ticket.
MOST_LETTERS = 10_000
#: Files of a message that a mail names.
MOST_FILES = 20


@dataclass(frozen=True)
class Quoted:
    """What a customer wrote, for the team: who, as clean HTML and as plain text, and the names of its files."""

    line: str
    html: str
    text: str
    files: str = ""


@dataclass(frozen=True)
class Way:
    """A line that leads somewhere. As plain text it ends with a colon and the address; a link says it without."""

    line: str
    address: str
    #: Whether the address is one: on a screen, words stand in for a private link.
    is_link: bool = True

    @property
    def words(self) -> str:
        """What a link or a button says."""
        return self.line.rstrip(":\u00a0 ")


def around(email: OutgoingEmail, text: str) -> dict[str, Any]:
    """Return what stands around a mail whose own text is `text`, as its templates name it."""
    ticket, title = email.ticket, _title(email)
    number = _in(email, email_frame.NUMBER, number=ticket.number) if ticket is not None else ""
    quoted = _quoted(email, text)
    is_named = ticket is not None and email.kind not in email_frame.WITHOUT_TYPED
    # Who wrote stands above what they wrote.
    act = _act(email) if quoted is None or email.kind == "transfer" else ""
    return {
        "number": number,
        "title": title,
        "heading": _in(email, email_frame.HEADING, number=ticket.number, subject=title) if is_named else number,
        "act": f"{act} {_sleep(email)}".strip(),
        "quoted": quoted,
        "opening": _opening(email),
        "why": _why(email),
    }


def no_account(email: OutgoingEmail) -> str:
    """Return the line that says what the private link of a ticket is."""
    return _in(email, email_frame.NO_ACCOUNT, days=str(links.LIFETIMES["ticket"].days))


def leave_token(email: OutgoingEmail) -> str:
    """Return the token by which somebody in copy leaves the ticket of a mail; an empty text for any other mail."""
    if email.ticket_id is None or email.address_id is None or email.address.customer_id == email.ticket.customer_id:
        return ""
    return links.leave_token(email.ticket_id, email.address_id)


def _in(email: OutgoingEmail, text: Label, **words: str) -> str:
    return text.text(email.locale, "en") % words


def _title(email: OutgoingEmail) -> str:
    """Return the subject of the ticket, or of the mail where the ticket's must not or cannot stand."""
    ticket = email.ticket
    if ticket is None or email.kind in email_frame.WITHOUT_TYPED:
        return re.sub(r" \[#[^\]]+\]$", "", header_safe(email.subject))
    return header_safe(ticket.subject)


# --- Who did what -------------------------------------------------------------------------------------------------


def _act(email: OutgoingEmail) -> str:
    """Return the sentence that says who did what; an empty text where the mail's own text says it."""
    message = email.message
    if message is None or email.ticket is None or email.kind in email_frame.WITHOUT_TYPED:
        return ""
    who = header_safe(message.author_name)
    if email.kind == "transfer":
        return _in(email, email_frame.HANDED_OVER, who=who) if message.agent_id is not None else ""
    if email.kind == "team_message":
        return _in(email, email_frame.WROTE, who=who)
    if email.kind not in {"notification", "copy"}:
        return ""
    if message.kind == REPLY and _is_in_copy(email):
        return _in(email, email_frame.REPLIED_TO, who=who, customer=_customer_of(email.ticket))
    return _in(email, email_frame.REPLIED if message.kind == REPLY else email_frame.WROTE, who=who)


def _sleep(email: OutgoingEmail) -> str:
    """Return until when the ticket sleeps, for who gets it by this mail; an empty text else."""
    ticket = email.ticket
    if ticket is None or not ticket.is_snoozed or email.kind not in {"transfer", "assignment"}:
        return ""
    zone = i18n.zone(email.agent.timezone if email.agent is not None else None)
    with i18n.in_language(email.locale):
        return _in(email, email_frame.SNOOZED, when=i18n.when(ticket.snoozed_until, timezone=zone))


def _customer_of(ticket: Ticket) -> str:
    return header_safe(ticket.customer.full_name or (ticket.address.email if ticket.address is not None else ""))


def _is_in_copy(email: OutgoingEmail) -> bool:
    if email.kind in {"copy", "copied"}:
        return True
    return email.address is not None and email.address.customer_id != email.ticket.customer_id


# --- What the customer wrote --------------------------------------------------------------------------------------


def _quoted(email: OutgoingEmail, text: str) -> Quoted | None:
    """Return the customer's message for a mail to the team, unless the owner's text holds it already (RULES 38)."""
    if email.kind not in email_frame.WITH_MESSAGE or not settings.get("mail_shows_message"):
        return None
    message = _message_of(email)
    if message is None:
        return None
    plain = richtext.to_text(message.body)
    if not plain.strip() or _in_one_line(plain) in _in_one_line(text):
        return None
    html = richtext.clean(message.body)
    if not _is_short(plain, html):
        plain = plain[:MOST_LETTERS].rstrip() + "…"
        html = richtext.from_text(plain)
    return Quoted(
        _in(email, email_frame.QUOTED, who=header_safe(message.author_name)),
        html,
        "\n".join(f"> {line}".rstrip() for line in plain.splitlines()),
        _files(email, message),
    )


def shown_message(email: OutgoingEmail) -> int:
    """Return the id of the customer's message that a mail to the team holds whole, as far as is sure; 0 for none."""
    message = _message_of(email, until=email.created_at)
    plain = richtext.to_text(message.body) if message is not None else ""
    if message is None or not plain.strip():
        return 0
    is_quoted = email.kind in email_frame.WITH_MESSAGE and settings.get("mail_shows_message")
    is_whole = is_quoted and _is_short(plain, richtext.clean(message.body))
    return message.id if is_whole or _in_one_line(plain) in _in_one_line(richtext.to_text(email.body)) else 0


def _is_short(plain: str, html: str) -> bool:
    """Whether a mail shows the whole of a message."""
    return len(plain) <= MOST_LETTERS and len(html) <= 4 * MOST_LETTERS


def _message_of(email: OutgoingEmail, until: datetime | None = None) -> Message | None:
    """Return the customer's message that a mail is about, else the newest one of its ticket (up to then)."""
    message = email.message
    if message is not None and message.kind == CUSTOMER_MESSAGE:
        return message
    if email.ticket_id is None:
        return None
    written = Message.select().where(Message.ticket == email.ticket_id, Message.kind == CUSTOMER_MESSAGE)
    if until is not None:
        written = written.where(Message.created_at <= until)
    newest: Message | None = written.where(Message.deleted_at.is_null()).order_by(Message.id.desc()).first()
    return newest


def _files(email: OutgoingEmail, message: Message) -> str:
    if message.id is None:
        return ""
    rows = Attachment.select(Attachment.name).where(Attachment.message == message.id).order_by(Attachment.id)
    names = [header_safe(name) for (name,) in rows.limit(MOST_FILES).tuples()]
    return _in(email, email_frame.FILES, names=", ".join(names)) if names else ""


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


# --- When the desk opens ------------------------------------------------------------------------------------------


def _opening(email: OutgoingEmail) -> str:
    """Return when the desk opens next, for the confirmation of what arrived while it was closed."""
    # The ticket of an example was opened at no time.
    if email.kind not in email_frame.CONFIRMATIONS or email.ticket is None or email.ticket.created_at is None:
        return ""
    # A mail that was sent is shown as it went out.
    moment = email.sent_at or clock.now()
    with i18n.in_language(email.locale):
        return opening_words.arrived_outside(email.ticket.service_id, email.ticket.created_at, moment)


# --- Why one gets it ----------------------------------------------------------------------------------------------


def _why(email: OutgoingEmail) -> str:
    ticket = email.ticket
    if ticket is None or email.kind in {"copied", "mention", "not-sent", "not-left"}:
        text = email_frame.WHY.get(email.kind)
        return _in(email, text) if text is not None else ""
    if email.address is None and email.link_kind != "ticket":
        return _why_of_team(email, ticket)
    if _is_in_copy(email):
        return _in(email, email_frame.PUT_IN_COPY, who=copied_by(ticket, email.address))
    return _in(email, email_frame.WHY["ticket"])


def _why_of_team(email: OutgoingEmail, ticket: Ticket) -> str:
    agent, team = email.agent, lookups.team(ticket.team_id)
    if agent is not None and ticket.assignee_id == agent.id:
        return _in(email, email_frame.WHY["assigned"])
    if team is not None and (agent is None or agent.id == team.manager_id or team.id in lookups.team_ids_of(agent.id)):
        return _in(email, email_frame.WHY["team"], team=team.label.text(email.locale, "en"))
    words = _absence(email, ticket)
    if agent is not None and words and _stands_in(agent, ticket):
        return _in(email, email_frame.WHY["stand-in"], **words)
    permission = access.deciding_permission(agent, ticket.service_id, ticket.department_id) if agent else None
    if permission is None or not permission.notify:
        return ""
    if words and email.kind == "team_message":
        return _in(email, email_frame.WHY["away"], place=_place(ticket, email.locale), **words)
    return _in(email, email_frame.WHY["place"], place=_place(ticket, email.locale))


def _absence(email: OutgoingEmail, ticket: Ticket) -> dict[str, str]:
    """Return the words for the leave of who has the ticket; none where they are there."""
    absent = lookups.agent(ticket.assignee_id)
    last = availability.last_day(absent) if absent is not None else None
    if absent is None or last is None:
        return {}
    with i18n.in_language(email.locale):
        return {"name": header_safe(absent.name), "day": i18n.day_text(last, "d MMMM y")}


def _stands_in(agent: Agent, ticket: Ticket) -> bool:
    absent = lookups.agent(ticket.assignee_id)
    one = recipients.substitute_of(absent, ticket) if absent is not None else None
    return one is not None and one.id == agent.id


def _place(ticket: Ticket, locale: str) -> str:
    rows = [lookups.service(ticket.service_id), lookups.department(ticket.department_id)]
    return ", ".join(row.name.text(locale, "en") for row in rows if row is not None)


def copied_by(ticket: Ticket, address: CustomerAddress | None) -> str:
    """Return who put an address in copy of a ticket: its customer, or (for the team) the desk."""
    row = TicketCc.get_or_none(TicketCc.ticket == ticket.id, TicketCc.address == address.id) if address else None
    if row is not None and row.added_by == "agent":
        return str(settings.get("desk_name"))
    return _customer_of(ticket)


def ways_out(email: OutgoingEmail, *, is_shown: bool) -> list[Way]:
    """Return how these mails end: for somebody in copy by leaving, for an agent in the own settings.

    On a screen (`is_shown`) words stand in for what only its reader may use.
    """
    if token := leave_token(email):
        address = _in(email, email_kinds.HIDDEN_LINK) if is_shown else links.url("leave", token)
        return [Way(_in(email, email_kinds.LEAVE_LINE), address, not is_shown)]
    if email.agent is not None and email.kind in email_frame.ABOUT_DUE_TIMES:
        return [Way(_in(email, email_frame.SETTINGS_LINE), f"{settings.site_url()}/admin/profile")]
    if email.agent is not None and email.ticket is not None:
        return [Way(_in(email, email_frame.SETTINGS_LINE), f"{settings.site_url()}/admin/my-settings/")]
    return []
