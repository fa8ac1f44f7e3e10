"""What the team answered a customer with another mail program, put into its ticket."""

from __future__ import annotations

from helpdesk import access
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import headers, mail_record
from helpdesk.incoming.mail_threading import Trace
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.lib import richtext
from helpdesk.settings import lookups
from helpdesk.tickets.messages import add_note
from helpdesk.tickets.sent_elsewhere import store_reply
from models import CUSTOMER_MESSAGE, IncomingMail, Message

#: Ids of a mail that are looked up for what it answers.
MOST_IDS = 10


def store(mail: IncomingMail, content: ParsedMail, trace: Trace) -> None:
    """Put a sent mail into its ticket, as what was decided, and store what became of the mail with it."""
    mailbox = lookups.mailbox(mail.mailbox_id) or mail.mailbox
    key = mail_record.form_key(mail)
    text = mail_record.text_of(content, is_answer=True) or str(mail_record.NO_TEXT)
    with mail_record.kept_files(mail, content) as kept, transaction(), mail_record.mails_of(mail, content):
        if mail.state == "reply":
            current = _is_current(content, trace)
            message = store_reply(
                trace.ticket, text, email=mail.from_email, form_key=key, is_current=current, files=kept.files
            )
        else:
            heading = lazy("Sent from %(email)s with another program, not to everybody", email=mail.from_email)
            body = richtext.from_text(f"{heading}\n\n{text}")
            message = add_note(trace.ticket, body, actor=access.SYSTEM, files=kept.files, form_key=key)
        more = {"notes": kept.notes, **mail_record.rest_of(content, is_answer=True)}
        mail_record.note_origin(message, mail, mailbox, evidence="sent", **more)
        mail.ticket, mail.message = message.ticket, message
        mail_record.finish(mail)


def _is_current(content: ParsedMail, trace: Trace) -> bool:
    """Whether the customer has written nothing since what was answered; of an unknown message its date tells."""
    theirs = Message.select().where(Message.ticket == trace.ticket.id, Message.kind == CUSTOMER_MESSAGE)
    known = IncomingMail.select(IncomingMail.message).where(
        IncomingMail.mail_id.in_(content.in_reply_to[:MOST_IDS]), IncomingMail.mail_id != "",
        IncomingMail.ticket == trace.ticket.id, IncomingMail.message.is_null(False),
    )  # fmt: skip
    answered = known.order_by(IncomingMail.message.desc()).limit(1).scalar()
    if answered is not None:
        return not theirs.where(Message.id > answered).exists()
    sent_at = headers.moment(content.date)
    return sent_at is not None and not theirs.where(Message.created_at > sent_at).exists()
