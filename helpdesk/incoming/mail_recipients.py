"""To whom received mails were written: rows of their own, by which the list of mails finds them."""

from __future__ import annotations

from typing import Any

from helpdesk.incoming import mailboxes
from helpdesk.incoming.mail_context import normalised
from helpdesk.incoming.parsed_mail import ParsedMail
from models import IncomingMail, MailRecipient

#: Recipients of a mail that are kept.
MOST = 50


def store(mail: IncomingMail, content: ParsedMail) -> None:
    """Keep to whom a mail was written, once."""
    emails = list(dict.fromkeys(filter(None, map(plain, content.recipients))))[:MOST]
    rows = [{"mail": mail.id, "email": email} for email in emails]
    if rows:
        MailRecipient.insert_many(rows).on_conflict_ignore().execute()


def plain(email: str) -> str:
    """Return an address in the form in which it is sought; of an answer address that of its mailbox.

    An empty text for what is none.
    """
    whole = normalised(email).lower()
    local, _at, domain = whole.partition("@")
    bare = f"{local.partition('+')[0]}@{domain}"
    return bare if bare in {own.lower() for own in mailboxes.own_addresses()} else whole


def written_to(email: str) -> Any:
    """Return the condition that a mail was written to this address."""
    return IncomingMail.id.in_(MailRecipient.select(MailRecipient.mail).where(MailRecipient.email == plain(email)))
