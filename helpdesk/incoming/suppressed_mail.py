"""A mail from an address that is no longer kept: nothing of it stays, and its author is told so, once a day at most.

The answer stands in no outbox, where it would keep the address until it is sent: it is tried once, and then it is gone.
"""

from __future__ import annotations

from collections.abc import Callable

from helpdesk import i18n, notifications, settings
from helpdesk.errors import TooMany
from helpdesk.incoming import automatic_mail, language_guess, mail_record, raw_mail, sender_rules
from helpdesk.incoming.mail_context import MailContext
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.lib import throttle
from helpdesk.notifications import Cause, Occasion, Recipient, rendering, withholding
from helpdesk.settings import lookups
from models import IncomingMail, MailRecipient, OutgoingEmail

#: What its row says of it, and nothing else.
REASON = "suppressed"
#: Who sends a mail that is not stored (`helpdesk.wiring` names the outbox).
senders: list[Callable[[OutgoingEmail], None]] = []


def forget(mail: IncomingMail, content: ParsedMail, context: MailContext) -> None:
    """Let nothing stay of a mail but that one came; then answer it, where it may be answered."""
    path = mail.path
    mail.path, mail.state, mail.reason, mail.explanation = None, "ignored", REASON, {}
    mail.from_email = mail.from_name = mail.subject = mail.mail_id = mail.body_hash = ""
    MailRecipient.delete().where(MailRecipient.mail == mail.id).execute()
    mail_record.finish(mail)
    raw_mail.discard([path])
    answer = _answer(mail, content, context.author) if _is_wanted(context) else None
    if answer is not None:
        for send in senders:
            send(answer)


def _is_wanted(context: MailContext) -> bool:
    """Whether a mail would be answered from another address: spam, what came before and what is held would not."""
    rule = context.rule.does if context.rule is not None else ""
    is_held = context.held_folder or context.own_address or rule in {"ignore", "hold"}
    return not (context.spam or context.duplicate or context.is_ours or is_held)


def _answer(mail: IncomingMail, content: ParsedMail, email: str) -> OutgoingEmail | None:
    """Return the answer to a mail; None where a program wrote it, it is history, or there was one today."""
    unanswered = automatic_mail.why_unanswered(content, email, sender_rules.rule_for(email))
    if mail.silent or unanswered or settings.mail_server() is None or not _is_within_limits(email):
        return None
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    locale = language_guess.guess(content.text, content.header("content-language")) or mailbox.locale
    recipient = Recipient(email, i18n.supported(locale or settings.get("language")))
    for answer in notifications.written(Cause(Occasion.SUPPRESSED, people=(recipient,))):
        if answer.from_email == rendering.default_sender():
            answer.from_email = mailbox.address
        answer.in_reply_to = answer.references = content.mail_id
        return answer
    return None


def _is_within_limits(email: str) -> bool:
    """Count an answer; whether it may go out: one a day, and within what the desk answers to strangers in an hour."""
    try:
        throttle.hit(f"nothing is kept of {email}", limit=1, seconds=withholding.DAY)
        withholding.count_stranger(email)
    except TooMany:
        return False
    return True
