"""Mailboxes that fail and mails that wait: for health, doctor and dashboard, and mailed to administrators."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from peewee import fn

from helpdesk import access, clock, settings
from helpdesk.errors import TooMany
from helpdesk.i18n import _, in_language, lazy, ngettext
from helpdesk.incoming import held_mail_count, shared_account
from helpdesk.lib import throttle
from helpdesk.notifications import outbox_rows, recipients, withholding
from helpdesk.notifications.outbox_rows import Text
from helpdesk.people import deliverability
from helpdesk.settings import lookups, mail_failures
from models import Agent, IncomingMail, Mailbox, OutgoingEmail

#: How long a mailbox may fail before a page says so, and before its administrators are mailed.
SHOWN_AFTER, MAILED_AFTER = timedelta(minutes=15), timedelta(hours=1)
DAY = 86_400
#: Names in one finding, and rows counted.
SHOWN, MOST_COUNTED = 5, 10_000
#: How long a mail may wait for the desk itself.
PATIENCE = timedelta(minutes=15)


def failing() -> list[Mailbox]:
    """Return the mailboxes that have failed for some minutes, as they are now."""
    limit = clock.now() - SHOWN_AFTER
    enabled = lookups.mailboxes(enabled_only=True)
    if not any(row.failing_since is not None for row in enabled):
        return []
    return list(Mailbox.select().where(Mailbox.enabled, Mailbox.failing_since < limit).order_by(Mailbox.position))


def failure_text(mailbox: Mailbox) -> str:
    """Return why a mailbox cannot be read, in the reader's words; empty where nothing failed."""
    return str(mail_failures.read(mailbox.last_error) or "")


def waiting() -> tuple[int, datetime | None, int]:
    """Return how many mails wait for the desk, since when, and how many for a person."""
    undecided = IncomingMail.state.in_(["stored", "working"])
    query = IncomingMail.select(fn.COUNT(IncomingMail.id), fn.MIN(IncomingMail.received_at)).where(undecided)
    count, oldest = query.scalar(as_tuple=True)
    held = IncomingMail.select().where(held_mail_count.is_held()).limit(10_000).count()
    return int(count), IncomingMail.received_at.python_value(oldest), int(held)


def tell_administrators() -> None:
    """Mail the administrators of a mailbox that has failed for an hour, once a day."""
    limit = clock.now() - MAILED_AFTER
    for mailbox in failing():
        if mailbox.failing_since < limit and _first_today(f"mailbox failing {mailbox.id}"):
            for agent in lookups.agents(active_only=True):
                if agent.is_admin:
                    _tell(agent, _failure_words, mailbox)


def tell_of_loops() -> None:
    """Mail the administrators, once a day, that answers were withheld: two programs may be answering each other."""
    since = clock.now() - timedelta(hours=1)
    newest = OutgoingEmail.select(OutgoingEmail.to_email, OutgoingEmail.withheld, OutgoingEmail.created_at)
    rows = newest.where(OutgoingEmail.state == "cancelled").order_by(OutgoingEmail.id.desc()).limit(50)
    emails = sorted({row.to_email for row in rows if row.withheld == withholding.LOOP and row.created_at > since})
    if emails and _first_today("answers withheld"):
        for agent in lookups.agents(active_only=True):
            if agent.is_admin:
                _tell(agent, _loop_words, emails[:SHOWN])


def findings() -> list[tuple[str, bool, str, bool]]:
    """Return what health and the doctor show: name, whether it is well, text, and whether it is only worth knowing."""
    fails = failing()
    text = " · ".join(f"{row.name}: {failure_text(row)}" for row in fails[:SHOWN])
    rows = [(_("Mailboxes"), not fails, text if fails else _("Read"), False)]
    count, oldest, held = waiting()
    late = oldest is not None and clock.now() - oldest > PATIENCE
    text = ngettext("%(num)s e-mail waits for the desk", "%(num)s e-mails wait for the desk", count)
    rows.append((_("Received e-mails"), not late, text if count else _("None waits"), False))
    text = ngettext("%(num)s e-mail waits for a decision", "%(num)s e-mails wait for a decision", held)
    rows.append((_("To check"), not held, text if held else _("None"), True))
    return [*rows, *_read_twice(), *_unconfirmed(), *_bounced()]


def _read_twice() -> list[tuple[str, bool, str, bool]]:
    """Name the mailboxes that read the same folder of the same account."""
    enabled = lookups.mailboxes(enabled_only=True)
    names = [row.name for row in enabled if shared_account.same_as(row)]
    text = _("They read the same account: %(names)s", names=", ".join(names[:SHOWN]))
    return [(_("Read by two mailboxes"), False, text, True)] if names else []


def _unconfirmed() -> list[tuple[str, bool, str, bool]]:
    """Name the mailboxes to which agents would answer, and where nothing can prove that it is them."""
    if not settings.get("agents_answer"):
        return []
    names = [row.name for row in lookups.mailboxes(enabled_only=True) if not row.trusted_server]
    text = _(
        "No server that confirms senders is named: agents cannot answer through %(names)s",
        names=", ".join(names[:SHOWN]),
    )
    return [(_("Answers of agents"), not names, text if names else _("Confirmed by each mailbox’s server"), True)]


def _bounced() -> list[tuple[str, bool, str, bool]]:
    """Count what came back in the last days; of agents and teams, whose address somebody must mend, with its name."""
    since = clock.now() - timedelta(days=deliverability.DAYS)
    recent = OutgoingEmail.select().where(OutgoingEmail.bounced_at > since)
    count = recent.limit(MOST_COUNTED).count()
    text = ngettext("%(num)s e-mail in seven days", "%(num)s e-mails in seven days", count)
    rows = [(_("Came back"), not count, text if count else _("None"), True)]
    ours = recent.select(OutgoingEmail.to_email).where(OutgoingEmail.address.is_null()).distinct()
    names = sorted(email for (email,) in ours.limit(SHOWN).tuples())
    return (
        [*rows, (_("Addresses of the team"), False, _("E-mails came back: %(emails)s", emails=", ".join(names)), True)]
        if names
        else rows
    )


def tell_of_held() -> None:
    """Mail the number of waiting mails to who decides about them, once a day (a switch)."""
    if not settings.get("held_mail_digest"):
        return
    for agent in lookups.agents(active_only=True):
        count = held_mail_count.for_agent(agent) if _is_told(agent) else 0
        if count:
            _tell(agent, _digest_words, count)


def _is_told(agent: Agent) -> bool:
    """Whether an agent hears of mails to check: by configuring the desk, or by being told at a mailbox's place."""
    if access.can(agent, "configure"):
        return True
    permissions = (access.deciding_permission(agent, row.service_id, row.department_id) for row in lookups.mailboxes())
    return any(permission is not None and permission.notify for permission in permissions)


def _first_today(key: str) -> bool:
    try:
        throttle.hit(key, limit=1, seconds=DAY)
    except TooMany:
        return False
    return True


def _failure_words(mailbox: Mailbox) -> tuple[str, str]:
    subject = lazy("The mailbox %(name)s cannot be read", name=mailbox.name)
    since = f"{mailbox.failing_since:%Y-%m-%d %H:%M} UTC"
    body = lazy(
        "No e-mail has been taken from %(address)s since %(since)s: %(reason)s",
        address=mailbox.address, since=since, reason=failure_text(mailbox),
    )  # fmt: skip
    return str(subject), f"<p>{escape(str(body))}</p>{_link('mailboxes')}"


def _loop_words(emails: list[str]) -> tuple[str, str]:
    subject = lazy("Automatic answers were withheld")
    body = lazy(
        "Too many answers to %(emails)s within a short time: two programs may be answering each other. Their "
        "e-mails go on opening tickets; a rule of Senders can hold them.",
        emails=", ".join(emails),
    )
    return str(subject), f"<p>{escape(str(body))}</p>{_link('senders')}"


def _digest_words(count: int) -> tuple[str, str]:
    text = ngettext("%(num)d e-mail waits for a decision", "%(num)d e-mails wait for a decision", count)
    return text, f"<p>{escape(text)}</p>{_link('incoming')}"


def _link(screen: str) -> str:
    address = escape(f"{settings.site_url()}/admin/{screen}/")
    return f'<p><a href="{address}">{address}</a></p>'


def _tell(agent: Agent, words: object, subject: object) -> None:
    recipient = recipients.agents([agent])[0]
    with in_language(recipient.locale):
        title, body = words(subject)  # type: ignore[operator]
    sender = outbox_rows.text("assignment", recipient.locale)
    text = Text(title, body, sender.sender_name, sender.sender_email, enabled=True)
    outbox_rows.store_all([outbox_rows.new_email(outbox_rows.NewMail("digest", text, recipient, {}))])
