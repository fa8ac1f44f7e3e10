"""The row of a mail: what lists and pages show, its outcome and why; and what hangs on it (files, e-mails)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from helpdesk import clock
from helpdesk.i18n import lazy
from helpdesk.incoming import (
    automatic_mail,
    held_mail_count,
    mail_attachments,
    mail_priority,
    mail_recipients,
    raw_mail,
    sender_rules,
)
from helpdesk.incoming.decision_rules import Decision
from helpdesk.incoming.mail_context import MailContext
from helpdesk.incoming.parsed_mail import ParsedMail, Person
from helpdesk.lib import inputs
from helpdesk.notifications import outbox_rows, withholding
from helpdesk.tickets.opening import MAX_BODY, MAX_SUBJECT
from models import IncomingMail, Mailbox, MailedMessage, Message, OutgoingEmail

#: Letters of a mail's text that its row keeps: for a mail that became no message.
KEPT_TEXT = 20_000
#: People named on the row of a mail.
KEPT_PEOPLE = 50

NO_TEXT = lazy("(No text)")
NO_SUBJECT = lazy("(No subject)")


def keep_held(mail: IncomingMail, reason: str, **data: Any) -> None:
    """Keep a mail for a person, for this reason."""
    mail.state, mail.reason, mail.ticket, mail.message = "held", reason, None, None
    mail.explanation = {**(mail.explanation or {}), "data": data}
    finish(mail)


def remember(mail: IncomingMail, content: ParsedMail, context: MailContext, decision: Decision) -> None:
    """Put on the row what lists and pages show of the mail, and why it was decided so."""
    mail.state, mail.reason = decision.state, decision.reason
    mail.from_email = context.author or inputs.one_line(content.author.email, 254)
    mail.from_name = inputs.one_line(content.author.name, 120)
    mail.subject = shortened(inputs.one_line(content.subject, 2_000))
    mail.mail_id, mail.body_hash = content.mail_id, content.body_hash
    mail.automatic = bool(context.automatic)
    mail_recipients.store(mail, content)
    mail.explanation = {
        "tests": [asdict(test) for test in decision.tests],
        "data": decision.data,
        "read": seen_of(content),
    }


def seen_of(content: ParsedMail) -> dict[str, Any]:
    """Return what the page of a mail shows of it."""

    def people(rows: tuple[Person, ...]) -> list[str]:
        return [f"{one.name} <{one.email}>" if one.name else one.email for one in rows[:KEPT_PEOPLE]]

    return {
        "from": people(content.authors),
        "reply_to": people(content.reply_to),
        "to": people(content.to),
        "cc": people(content.cc),
        "delivered": list(content.delivered[:KEPT_PEOPLE]),
        "date": content.date,
        "priority": mail_priority.of(content),
        "hops": [list(hop) for hop in content.hops],
        "text": content.text[:KEPT_TEXT],
        "files": [mail_attachments.name_of(file) for file in content.files],
        "cut": content.cut,
        "notes": list(content.notes),
    }


def shortened(subject: str) -> str:
    """Return a subject as long as a row takes, with an ellipsis where it was cut."""
    return subject if len(subject) <= MAX_SUBJECT else f"{subject[: MAX_SUBJECT - 1].rstrip()}…"


def finish(mail: IncomingMail) -> None:
    """Store what became of a mail."""
    mail.decided_at, mail.claimed_at = clock.now(), None
    mail.save()
    held_mail_count.forget()


def form_key(mail: IncomingMail) -> str:
    """Return the key under which a mail makes one ticket or message, however often it is handled."""
    return f"mail-{mail.sha256[:56]}"


def text_of(content: ParsedMail, *, is_answer: bool = False) -> str:
    """Return the text of a mail as a message takes it: of an answer what it says itself, of a first mail all of it.

    What is left out stands in what `rest_of` returns.
    """
    text = (content.own if _is_split(content, is_answer=is_answer) else content.text).strip()
    return text if len(text) <= MAX_BODY else f"{text[: MAX_BODY - 2].rstrip()} …"


def rest_of(content: ParsedMail, *, is_answer: bool = False) -> dict[str, str]:
    """Return what a message does not show of its mail at once: what it quotes, and the signature of its program."""
    if not _is_split(content, is_answer=is_answer):
        return {}
    return {"rest": content.rest, "mail_signature": content.signature}


def _is_split(content: ParsedMail, *, is_answer: bool) -> bool:
    """Whether a text is shown without what stands below it: a first mail is never cut, what it sends on is its content.

    Its signature is folded all the same, where nothing follows it.
    """
    return is_answer or not content.rest


@contextmanager
def kept_files(mail: IncomingMail, content: ParsedMail) -> Iterator[mail_attachments.StoredFiles]:
    """Store the files of a mail for the message made inside; what fails there keeps none."""
    kept = (
        mail_attachments.keep(raw_mail.location(mail).read_bytes(), content)
        if content.files
        else mail_attachments.StoredFiles()
    )
    try:
        yield kept
    except BaseException:
        kept.discard()
        raise


@contextmanager
def mails_of(mail: IncomingMail, content: ParsedMail) -> Iterator[None]:
    """Look at the e-mails that a rule writes inside: a program gets no answer, and history lets none go out."""
    unanswered = automatic_mail.why_unanswered(content, mail.from_email, sender_rules.rule_for(mail.from_email))
    if unanswered:
        mail.explanation = {**(mail.explanation or {}), "unanswered": unanswered}
    answered = outbox_rows.theirs.set(((mail.from_email, mail.mail_id),) if mail.mail_id else ())
    try:
        with outbox_rows.noted() as written, withholding.answering(unanswered):
            yield
    finally:
        outbox_rows.theirs.reset(answered)
    if mail.silent and written:
        OutgoingEmail.delete().where(OutgoingEmail.id.in_(written)).execute()


def note_origin(message: Message, mail: IncomingMail, mailbox: Mailbox, *, evidence: str, **more: Any) -> None:
    """Note on a message that it came by mail, once."""
    more["notes"] = [*more.get("notes", ()), *mail_priority.notes(mail)]
    row = {"sender": mail.from_email, "mailbox": mailbox.address, "evidence": evidence, **more}
    MailedMessage.insert(message=message.id, **row).on_conflict_ignore().execute()
