"""Mail of ours that came back: which one a delivery report is about (`bounce_effects` says what follows)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from helpdesk import clock
from helpdesk.incoming import automatic_mail, mail_threading
from helpdesk.incoming.delivery_report import FAILED
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.notifications import reply_address
from helpdesk.people import customers
from helpdesk.settings import lookups
from models import MailId, OutgoingEmail, Ticket

#: Days for which an address alone names the mail that came back.
DAYS = 7


@dataclass(frozen=True)
class BouncedMail:
    """What a report says of a mail of ours; without `email_id` and `ticket` it is about none that we know."""

    kind: str
    email: str
    code: str
    reason: str
    is_nested: bool = False
    #: The row of the outbox, where it is still there, and what is known of the mail without it.
    email_id: int | None = None
    ticket: Ticket | None = None
    address: int | None = None
    agent: int | None = None
    #: The report holds what only who received the mail, or its server, can know.
    is_proven: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the mail is one of ours."""
        return self.email_id is not None or self.ticket is not None

    @property
    def why(self) -> str:
        """The status and what the server said, as the outbox keeps it."""
        return f"{self.code} {self.reason}".strip()


def find(content: ParsedMail) -> BouncedMail | None:
    """Return which mail of ours a report is about; None for a mail that is no report."""
    report = content.report
    returned = _returned(content)
    if report is None:
        # Nothing in it says so: it came to the address of reports, from nobody, and not from whom we had written to.
        if returned is None or not _comes_from_server(content, returned):
            return None
        return _of_row(BouncedMail(FAILED, "", "", content.subject), returned, is_proven=True)
    email, kind, code, reason = next(iter(report.recipients), ("", FAILED, "", ""))
    seen = BouncedMail(kind, email, code, reason, report.is_nested)
    ids = list(dict.fromkeys((*report.ids, *content.in_reply_to, *content.references)))
    by_path = _of_row(seen, returned, is_proven=True) if returned is not None else None
    return _by_id(seen, ids) or by_path or _by_code(seen, content) or _by_address(seen) or seen


def _returned(content: ParsedMail) -> OutgoingEmail | None:
    """Return the mail of ours to whose return path a mail was sent."""
    mails = (reply_address.mail_of(reply_address.in_address(email)) for email in content.recipients)
    return next((mail for mail in mails if mail is not None), None)


def _comes_from_server(content: ParsedMail, returned: OutgoingEmail) -> bool:
    is_answer = automatic_mail.is_answer(content) or content.author.email.casefold() == returned.to_email.casefold()
    return automatic_mail.has_null_sender(content) and not is_answer


def _by_id(seen: BouncedMail, ids: list[str]) -> BouncedMail | None:
    if not ids:
        return None
    row = OutgoingEmail.select().where(OutgoingEmail.mail_id.in_(ids)).order_by(OutgoingEmail.id.desc()).first()
    if row is not None:
        return _of_row(seen, row, is_proven=True)
    older = MailId.select().where(MailId.mail_id.in_(ids)).order_by(MailId.id.desc()).first()
    if older is None:
        return None
    ticket = mail_threading.ticket_of(older.ticket_id)
    return replace(seen, ticket=ticket, address=older.address_id, agent=older.agent_id, is_proven=True)


def _by_code(seen: BouncedMail, content: ParsedMail) -> BouncedMail | None:
    """Return the last mail to the address for which the code was made that the report was sent to."""
    codes = map(reply_address.in_address, content.recipients)
    code = next((code for code in codes if code is not None and code.ticket), None)
    if code is None:
        return None
    person = OutgoingEmail.address == code.address if code.address is not None else OutgoingEmail.agent == code.agent
    row = _last_sent(person & (OutgoingEmail.ticket == code.ticket))
    if row is not None:
        return _of_row(seen, row, is_proven=True)
    ticket = mail_threading.ticket_of(code.ticket)
    return replace(seen, ticket=ticket, address=code.address, agent=code.agent, is_proven=True)


def _by_address(seen: BouncedMail) -> BouncedMail | None:
    """Return the last mail to the address that the report names. Anybody could write such a report."""
    address = customers.lookup(seen.email) if seen.email else None
    agent = next((row for row in lookups.agents() if row.email.casefold() == seen.email), None) if seen.email else None
    row = None
    if address is not None:
        row = _last_sent(OutgoingEmail.address == address.id)
    elif agent is not None:
        row = _last_sent(OutgoingEmail.agent == agent.id)
    return _of_row(seen, row, is_proven=False) if row is not None else None


def _last_sent(condition: object) -> OutgoingEmail | None:
    since = clock.now() - timedelta(days=DAYS)
    sent = OutgoingEmail.select().where(condition, OutgoingEmail.state == "sent", OutgoingEmail.sent_at > since)
    row: OutgoingEmail | None = sent.order_by(OutgoingEmail.id.desc()).first()
    return row


def _of_row(seen: BouncedMail, row: OutgoingEmail, *, is_proven: bool) -> BouncedMail:
    ticket = mail_threading.ticket_of(row.ticket_id) if row.ticket_id is not None else None
    # Whom we wrote to, not whom a server says that it forwarded to.
    return replace(
        seen, email=row.to_email, email_id=row.id, ticket=ticket, address=row.address_id, agent=row.agent_id,
        is_proven=is_proven,
    )  # fmt: skip
