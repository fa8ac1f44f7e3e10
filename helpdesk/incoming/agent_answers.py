"""An agent’s answer to a notification: carried out through the rules that exist (`agent_proof`: when it is believed).

Whatever is not believed, or cannot be done as it asks, becomes an internal note: nothing of it reaches the customer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from helpdesk import access, i18n, notifications, settings
from helpdesk.access import SYSTEM
from helpdesk.errors import HelpdeskError, NotFound, ReplyOutdated
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import answer_commands, mail_record, outcome_texts
from helpdesk.incoming.answer_commands import CLOSE, NOTE, PENDING, TAKE, TRANSFER, Answer
from helpdesk.incoming.mail_attachments import StoredFiles
from helpdesk.incoming.mail_threading import Trace
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.lib import richtext, throttle
from helpdesk.notifications import Cause, Occasion, frame, recipients, reply_address
from helpdesk.relations import blocking
from helpdesk.relations.blocking import Blocked
from helpdesk.settings import email_kinds, lookups
from helpdesk.tickets import close as close_ticket
from helpdesk.tickets import lock, outdated_reply, set_status, take, transfer
from helpdesk.tickets.messages import add_note, reply
from helpdesk.tickets.outdated_reply import Seen
from models import Agent, IncomingMail, Message, OutgoingEmail, Ticket

#: What holds a notification: nobody sends that to the customer.
_OURS = re.compile("|".join(re.escape(text.strip("— ")) for text in email_kinds.ABOVE.values()), re.IGNORECASE)
#: Mails a day that tell an agent of one ticket why nothing was sent: of answers that surely are theirs, and of others.
MOST_TOLD = {True: 5, False: 1}


# --- What is done -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Refusal:
    """Why an answer became a note, and what its sentence names."""

    reason: str
    why: Any = ""


def store(mail: IncomingMail, content: ParsedMail, agent: Agent, trace: Trace) -> None:
    """Carry an agent’s answer out, or keep it as a note and tell them why; store what became of the mail with it."""
    ticket, mailbox = trace.ticket, lookups.mailbox(mail.mailbox_id) or mail.mailbox
    with mail_record.kept_files(mail, content) as kept, transaction(), mail_record.mails_of(mail, content):
        believed = mail.state == "reply"
        done = _carry_out(mail, content, agent, ticket, kept) if believed else _Refusal(mail.reason)
        if isinstance(done, _Refusal):
            mail.state, mail.reason, why = "note", done.reason, done.why
            data = {**(mail.explanation or {}).get("data", {}), "why": str(done.why), "name": agent.name}
            mail.explanation = {**(mail.explanation or {}), "data": data}
            done = _keep(mail, content, agent, ticket, kept, believed=believed)
            _tell(mail, agent, ticket, {**data, "why": why}, believed=believed)
        if done is not None:
            more = {"notes": kept.notes, **mail_record.rest_of(content, is_answer=True)}
            mail_record.note_origin(done, mail, mailbox, evidence=trace.kind, **more)
        mail.ticket, mail.message = ticket, done
        mail_record.finish(mail)


def _carry_out(
    mail: IncomingMail, content: ParsedMail, agent: Agent, ticket: Ticket, kept: StoredFiles
) -> Message | _Refusal | None:
    """Do what the answer asks for; return the message it made, if any, or why nothing was done."""
    answer = answer_commands.read(mail_record.text_of(content, is_answer=True))
    answered = _answered(content, agent, ticket)
    refusal = _unfit(answer, content) or _unread(answer, answered)
    if refusal is not None:
        return refusal
    try:
        with notifications.forgotten_on_failure(), transaction():
            return _act(mail, answer, agent, ticket, kept, _read_by(answered, agent, ticket))
    except ReplyOutdated:
        return _Refusal("answer-outdated")
    except Blocked:
        return _Refusal("answer-refused", blocking.NAMELESS)
    except HelpdeskError as error:
        return _Refusal("answer-refused", error.message)


def _unfit(answer: Answer, content: ParsedMail) -> _Refusal | None:
    """Return why an answer cannot be carried out as it stands."""
    if answer.unknown or {CLOSE, PENDING} <= answer.acts:
        return _Refusal("answer-command", answer.unknown or "close, pending")
    if answer.misplaced:
        return _Refusal("answer-place", answer.misplaced)
    if TRANSFER in answer.acts and answer_commands.find_assignee(answer.to) is None:
        return _Refusal("answer-nobody", answer.to)
    if not answer.text and not answer.acts:
        return _Refusal("answer-empty")
    # A notification may hold what is for the team alone: it is not sent on, neither in the text nor as a file.
    quotes_us = _OURS.search(answer.text) or f"{settings.site_url()}/admin/" in answer.text
    if _is_public(answer) and (quotes_us or any(file.type == "message/rfc822" for file in content.files)):
        return _Refusal("answer-quoted")
    return None


def _is_public(answer: Answer) -> bool:
    return bool(answer.text) and not {NOTE, TRANSFER} & answer.acts


def _unread(answer: Answer, answered: OutgoingEmail | None) -> _Refusal | None:
    """Return why who read this mail alone neither answers the customer nor ends the ticket by it."""
    if answered is None or not (_is_public(answer) or {CLOSE, PENDING} & answer.acts):
        return None
    if answered.kind not in reply_address.TO_CUSTOMER:
        return _Refusal("answer-team")
    return None if frame.shown_message(answered) else _Refusal("answer-unread")


def _act(
    mail: IncomingMail, answer: Answer, agent: Agent, ticket: Ticket, kept: StoredFiles, seen: Seen
) -> Message | None:
    key, body = mail_record.form_key(mail), richtext.from_text(answer.text)
    message = None
    if {CLOSE, PENDING} & answer.acts:
        # Nobody closes what they have not read, whatever else they do; the ticket stays as it is from here on.
        lock(ticket, actor=agent)
        outdated_reply.refuse(ticket, seen)
    if TRANSFER in answer.acts:
        message = _transfer(answer, agent, ticket, kept)
    elif NOTE in answer.acts:
        message = add_note(ticket, body, actor=agent, files=kept.files, form_key=key)
    if TAKE in answer.acts:
        take(ticket, actor=agent)
    if answer.text and message is None:
        closes = CLOSE in answer.acts
        # A reply makes a ticket pending by itself.
        return reply(ticket, body, actor=agent, close=closes, files=kept.files, form_key=key, seen=seen)
    if CLOSE in answer.acts:
        close_ticket(ticket, actor=agent)
    if PENDING in answer.acts:
        set_status(ticket, lookups.pending_status(), actor=agent)
    return message


def _transfer(answer: Answer, agent: Agent, ticket: Ticket, kept: StoredFiles) -> Message | None:
    """Hand the ticket over, with what was written as the note of it; return the note."""
    to = answer_commands.find_assignee(answer.to)
    if to is None:
        raise NotFound(lazy("There is nobody of this name."))
    text = answer.text or (str(mail_record.NO_TEXT) if kept.files else "")
    return transfer(ticket, to, actor=agent, note=text, files=kept.files)


def _answered(content: ParsedMail, agent: Agent, ticket: Ticket) -> OutgoingEmail | None:
    """Return the mail to this agent about the ticket that is answered, as far as ids say."""
    ids = list(dict.fromkeys((*content.in_reply_to, *reversed(content.references))))
    mails = OutgoingEmail.select().where(
        OutgoingEmail.mail_id.in_(ids), OutgoingEmail.agent == agent.id, OutgoingEmail.ticket == ticket.id
    )
    known = {row.mail_id: row for row in mails}
    return next((known[mail_id] for mail_id in ids if mail_id in known), None)


def _read_by(answered: OutgoingEmail | None, agent: Agent, ticket: Ticket) -> Seen:
    """Return what the agent had read who answers: the message their notification showed, and their own after it."""
    if answered is None:
        # Nothing says which message they read: whatever somebody else wrote may be new to them.
        return _past_own(Seen(0), agent, ticket)
    return _past_own(Seen(frame.shown_message(answered), answered.created_at), agent, ticket)


def _past_own(seen: Seen, agent: Agent, ticket: Ticket) -> Seen:
    """Return what was seen with what the agent wrote since, as long as nobody else did."""
    newest = seen.message
    for message in outdated_reply.arrived_since(ticket, seen):
        if message.agent_id != agent.id or message.id <= newest:
            break
        newest = message.id
    return Seen(newest, seen.page)


# --- What was not sent --------------------------------------------------------------------------------------------


def _keep(
    mail: IncomingMail, content: ParsedMail, agent: Agent, ticket: Ticket, kept: StoredFiles, *, believed: bool
) -> Message:
    """Keep the mail as a note that says why it is one: the agent’s own where it is surely theirs."""
    text = mail_record.text_of(content, is_answer=True) or str(mail_record.NO_TEXT)
    heading = (
        lazy("Answer of %(name)s by e-mail, not sent to the customer", name=agent.name)
        if believed
        else lazy("E-mail of %(name)s, not verified", name=agent.name)
    )
    body = richtext.from_text(f"{heading}\n{outcome_texts.reason(mail)}\n\n{text}")
    key = mail_record.form_key(mail)
    return add_note(ticket, body, actor=agent if believed else SYSTEM, files=kept.files, form_key=key)


def _tell(mail: IncomingMail, agent: Agent, ticket: Ticket, data: dict[str, Any], *, believed: bool) -> None:
    """Mail the agent why their answer was not sent; not endlessly: a program of theirs may answer each mail."""
    kind = "answer" if believed else "doubtful answer"
    if throttle.count(f"{kind} of {agent.id} about {ticket.id} not sent", seconds=86_400) > MOST_TOLD[believed]:
        return
    with i18n.in_language(agent.locale):
        sentence = outcome_texts.sentence(mail.reason, data)
    # Nor does it tell of a ticket that its reader may not see.
    is_hidden = ticket.is_spam or ticket.in_bin or not access.sees(agent, ticket)
    people = tuple(recipients.agents([agent]))
    values = {"number": ticket.number, "sentence": sentence}
    # About a ticket that is hidden no mail goes out; this one is about the answer.
    notifications.owe(Cause(Occasion.NOT_SENT, SYSTEM, None if is_hidden else ticket, people, data=values))
