"""Rows of the outbox: an owner's text with its variables filled in, addressed to one recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from peewee import ModelSelect

from helpdesk import clock, i18n
from helpdesk.lib import richtext
from helpdesk.lib.statements import Prepared, Slot, insert
from helpdesk.notifications import rendering, reply_address
from helpdesk.notifications.causes import Recipient
from helpdesk.settings import lookups, placeholders
from helpdesk.settings.email_frame import WITHOUT_TYPED
from helpdesk.settings.email_kind import Kind
from helpdesk.settings.email_kinds import KINDS, LINK_LINES, kind_of
from helpdesk.settings.uneditable import Uneditable
from helpdesk.settings.uneditable_emails import UNEDITABLE
from models import EmailText, IncomingMail, Message, OutgoingEmail, Ticket

#: Letters of a subject.
LONGEST_SUBJECT = 255
#: The kinds that are a person's mail where an agent wrote.
PERSONAL = frozenset({"notification", "copy", "correction"})
#: Letters of a header of references.
MOST_LETTERS = 900
#: Who wrote mails and their ids, oldest first.
Mailed = tuple[tuple[str, str], ...]
#: The mail that the running act answers: its row does not name its ticket yet.
theirs: ContextVar[Mailed] = ContextVar("theirs", default=())

_noted: ContextVar[list[int] | None] = ContextVar("noted", default=None)


@contextmanager
def noted() -> Iterator[list[int]]:
    """Give the ids of the e-mails written inside, for an act that may be taken back."""
    ids: list[int] = []
    token = _noted.set(ids)
    try:
        yield ids
    finally:
        _noted.reset(token)


def noting() -> list[int] | None:
    """Return the ids noted so far where e-mails are noted."""
    return _noted.get()


@dataclass(frozen=True)
class Text:
    """What a kind of e-mail says in one language: the owner's words, else the shipped ones."""

    subject: str
    body: str
    sender_name: str
    sender_email: str
    enabled: bool


def text(kind: str, locale: str) -> Text:
    """Return what this kind of e-mail says in this language. Raises KeyError for an unknown kind."""
    if kind in UNEDITABLE:
        return _uneditable(UNEDITABLE[kind], locale)
    declared, stored = KINDS[kind], lookups.email_text(kind)
    like = text(declared.like, locale) if declared.like else None

    def own(name: str) -> str:
        return str(getattr(stored, name).get(locale) or "") if stored is not None else ""

    def label(name: str) -> str:
        return own(name) or str(getattr(declared, name).text(locale, i18n.DEFAULT))

    sender = (stored.sender_email if stored is not None else "") or (like.sender_email if like is not None else "")
    return Text(
        subject=label("subject"),
        body=label("body"),
        sender_name=own("sender_name") or (like.sender_name if like is not None else label("sender_name")),
        sender_email=sender or rendering.default_sender(),
        enabled=_is_on(declared, stored) and (like is None or like.enabled),
    )


def _is_on(kind: Kind, stored: EmailText | None) -> bool:
    return not kind.can_be_off or bool(stored.enabled if stored is not None else kind.enabled)


def _uneditable(kind: Uneditable, locale: str) -> Text:
    like = text(kind.like, locale)
    return Text(
        subject=kind.subject.text(locale),
        body=kind.body.text(locale),
        sender_name=kind.sender_name.text(locale) if kind.sender_name is not None else like.sender_name,
        sender_email=like.sender_email,
        enabled=like.enabled or not kind.shares_switch,
    )


def store_all(written: Sequence[OutgoingEmail]) -> None:
    """Write several mails that are owed, in the caller's transaction: in one statement, unless somebody notes them."""
    noting = _noted.get()
    if noting is None and len(written) > 1:
        insert(*written)
        return
    for mail in written:
        insert(mail)
        if noting is not None:
            noting.append(mail.id)


@dataclass(frozen=True)
class NewMail:
    """What a mail is made of: whom it tells what, about which ticket, because of which message.

    `values` fill the variables of its text; `automatic` and `link` stand in for what its kind says.
    """

    kind: str
    text: Text
    recipient: Recipient
    values: Mapping[str, str]
    ticket: Ticket | None = None
    message: Message | None = None
    automatic: str | None = None
    link: str | None = None

    @property
    def link_kind(self) -> str:
        """What its private link opens; empty for a mail without one."""
        if self.link is not None:
            return self.link
        if self.kind in LINK_LINES:
            return self.kind
        return "ticket" if self.ticket is not None and self.recipient.address is not None else ""


def new_email(new: NewMail) -> OutgoingEmail:
    """Return an e-mail that is owed, not stored yet; it threads with the earlier ones of its ticket."""
    said, recipient, ticket, message = new.text, new.recipient, new.ticket, new.message
    usable = {name: value for name, value in new.values.items() if name in placeholders.allowed(new.kind)}
    body = richtext.clean(placeholders.fill(said.body, usable, html=True), pictures=True)
    mailed = (*_theirs(ticket), *theirs.get()) if ticket is not None and lookups.mailboxes() else ()
    earlier = _reference_ids(
        _earlier(ticket, recipient.email), [mail_id for sender, mail_id in mailed if sender == recipient.email]
    )
    now = clock.now()
    return OutgoingEmail(
        kind=new.kind,
        ticket=ticket,
        message=message,
        agent=recipient.agent,
        address=recipient.address,
        to_email=recipient.email,
        from_email=_sender(said, ticket),
        from_name=placeholders.header_safe(said.sender_name, limit=120),
        locale=recipient.locale,
        subject=_subject(
            placeholders.fill(said.subject, usable, html=False, one_line=True), new.kind, ticket, mailed, recipient
        ),
        body=_without_tail(body),
        link_kind=new.link_kind,
        mail_id=rendering.new_id(ticket.number if ticket else "", message.id if message else None),
        in_reply_to=earlier[-1] if earlier else "",
        references=" ".join(earlier),
        automatic=kind_of(new.kind).automatic if new.automatic is None else new.automatic,
        # A reply that may still be taken back is not mailed yet.
        due_at=message.public_at or now if message is not None else now,
        created_at=now,
    )


def _sender(said: Text, ticket: Ticket | None) -> str:
    """Return the sender: the owner's own, else the mailbox of the ticket's place, else the default (RULES 39)."""
    if ticket is not None and said.sender_email == rendering.default_sender():
        mailbox = reply_address.mailbox_of(ticket)
        if mailbox is not None:
            return str(mailbox.address)
    return said.sender_email


def _subject(subject: str, kind: str, ticket: Ticket | None, mailed: Mailed, recipient: Recipient) -> str:
    """Return the subject: to who wrote by mail, the one they wrote, so that mail programs keep them together."""
    if ticket is None:
        return subject
    if mailed and recipient.address is not None and kind in PERSONAL:
        return _marked(f"Re: {ticket.subject}", ticket)
    return subject_of(subject, kind, ticket)


def subject_of(subject: str, kind: str, ticket: Ticket) -> str:
    """Return a subject with what tells tickets apart, where it lacks that: its ticket's, and the number (RULES 38)."""
    if re.search(rf"(?<!\d){re.escape(ticket.number)}(?!\d)", subject):
        return subject
    if ticket.subject not in subject and kind not in WITHOUT_TYPED:
        subject = f"{subject} – {ticket.subject}"
    return _marked(subject, ticket)


def _marked(subject: str, ticket: Ticket) -> str:
    mark = f" [#{ticket.number}]"
    return placeholders.header_safe(subject, LONGEST_SUBJECT - len(mark)) + mark


def _theirs(ticket: Ticket) -> Mailed:
    """Return who wrote the last mails that came in to a ticket, and their ids, oldest first."""
    query = IncomingMail.select(IncomingMail.from_email, IncomingMail.mail_id).where(
        IncomingMail.ticket == ticket.id, IncomingMail.mail_id != ""
    )
    return tuple(query.order_by(IncomingMail.id.desc()).limit(rendering.MAX_REFERENCES).tuples())[::-1]


def _reference_ids(ours: list[str], theirs: list[str]) -> list[str]:
    """Return the ids that a mail names, theirs last: a header that is too long is refused by some servers."""
    last = theirs[-3:]
    named = list(dict.fromkeys([*ours[-(rendering.MAX_REFERENCES - len(last)) :], *last]))
    while len(" ".join(named)) > MOST_LETTERS:
        named.pop(0)
    return named


def _without_tail(body: str) -> str:
    """Return a text without the blanks and line ends behind it."""
    end = len(body)
    while end:
        if body[end - 1].isspace():
            end -= 1
        elif body.endswith("<br>", 0, end):
            end -= len("<br>")
        else:
            break
    return body[:end]


def _earlier(ticket: Ticket | None, email: str) -> list[str]:
    """Return the ids of the last mails about this ticket to this address, oldest first."""
    if ticket is None or ticket.created_at == ticket.last_activity:
        return []  # nothing was mailed about a ticket that is only just there
    return [key for (key,) in reversed(_last_mails(ticket=ticket.id, email=email))]


@Prepared
def _last_mails() -> ModelSelect:
    query = OutgoingEmail.select(OutgoingEmail.mail_id).where(
        OutgoingEmail.ticket == Slot("ticket"), OutgoingEmail.to_email == Slot("email")
    )
    return query.order_by(OutgoingEmail.id.desc()).limit(rendering.MAX_REFERENCES).tuples()
