"""Which e-mails are owed to whom: one table from what happens to rows of the outbox (RULES 18 to 22).
It may import journal, locking and what stands before them.
No sending: that is `helpdesk/outbox`.

Written in the transaction of the act. Nobody is told of what they did themselves; an address gets one mail of a kind.
A new mail is its texts in `helpdesk/settings/email_kinds.py` and a line of `TABLE`; what listens follows from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from helpdesk import clock, i18n, settings
from helpdesk.access import Actor, System
from helpdesk.events import EventKind, transaction
from helpdesk.notifications import account_sentences, outbox_rows, recipients, withholding
from helpdesk.notifications.causes import NAMED_ALIKE, Cause, Occasion, Recipient, cause_of
from helpdesk.notifications.contents import new_mail
from helpdesk.settings import email_kinds
from models import Agent, CustomerAddress, OutgoingEmail, Ticket, TicketEvent

__all__ = [
    "KINDS",
    "TABLE",
    "Cause",
    "Occasion",
    "Recipient",
    "forgotten_on_failure",
    "one_mail",
    "owe",
    "plan",
    "send_account_mail",
    "tell_of_browser",
    "tell_of_reset",
]

KINDS = email_kinds.KINDS


@dataclass(frozen=True)
class Notice:
    """One line of the table: a kind of e-mail, who gets it, and when it is not sent at all."""

    kind: str
    audience: Callable[[Cause], Iterable[Recipient]]
    unless: Callable[[Cause], bool] = lambda _cause: False


def _is_silenced(cause: Cause) -> bool:
    return bool(cause.data.get("silent"))


def _by_program(cause: Cause) -> bool:
    return isinstance(cause.actor, System)


def _to_stranger_by_program(cause: Cause) -> bool:
    """Hold back an automatic reply: it would carry a stranger's words to somebody who may not have asked."""
    return isinstance(cause.actor, System) and not any(
        one.address and one.address.is_proven for one in recipients.customer(cause)
    )


def _switched_off(_cause: Cause) -> bool:
    return not settings.get("mail_on_assignment")


TABLE: dict[EventKind | Occasion, tuple[Notice, ...]] = {
    EventKind.OPENED: (
        Notice("confirmation", recipients.customer),
        Notice("team_message", recipients.new_ticket_team, unless=_is_silenced),
        Notice("copy", recipients.copies),
    ),
    EventKind.CUSTOMER_WROTE: (
        Notice("confirmation", recipients.author),
        Notice("team_message", recipients.handlers),
        Notice("notification", recipients.customer_reading_along),
        Notice("copy", recipients.copies),
    ),
    EventKind.NOT_RESOLVED: (Notice("not-resolved", recipients.handlers),),
    EventKind.STRANGER_WROTE: (Notice("team_message", recipients.handlers),),
    EventKind.BOUNCED: (Notice("undelivered", recipients.handlers, unless=_is_silenced),),
    EventKind.REPLIED: (
        Notice("notification", recipients.customer, unless=_to_stranger_by_program),
        Notice("copy", recipients.copies, unless=_to_stranger_by_program),
    ),
    EventKind.REPLY_STOPPED: (Notice("not-left", recipients.reply_author),),
    EventKind.REPLY_UNSCHEDULED: (Notice("not-left", recipients.reply_author),),
    EventKind.NAMED: (Notice("mention", recipients.named),),
    EventKind.TRANSFERRED: (Notice("transfer", recipients.target), Notice("stand-in", recipients.target_stand_in)),
    EventKind.ASSIGNED: (
        Notice("assignment", recipients.target, unless=_switched_off),
        Notice("stand-in", recipients.target_stand_in, unless=_switched_off),
    ),
    # Filters move before the new-ticket mail, which then goes to the right place.
    EventKind.MOVED: (Notice("move", recipients.notified_there, unless=_by_program),),
    # A visitor wrote without copying the security code.
    Occasion.UNCONFIRMED: (Notice("confirm", recipients.people),),
    # Somebody in copy had to wait until the author had proven the address.
    Occasion.COPY_RELEASED: (Notice("copy", recipients.people),),
    # The address is proven now: what was withheld from it is made good (RULES 36).
    Occasion.PROVEN: (Notice("confirmation", recipients.customer),),
    # The ticket is another customer’s now; what the former one was to be answered goes to them.
    Occasion.NEW_CUSTOMER: (Notice("confirmation", recipients.customer),),
    Occasion.REPLY_REDIRECTED: (Notice("notification", recipients.customer),),
    # A reply was corrected that an e-mail had left with, and its writer wants them to know.
    Occasion.REPLY_CORRECTED: (Notice("correction", recipients.mailed_before),),
    # One mail instead of many, after a bulk act.
    Occasion.SEVERAL_ASSIGNED: (Notice("digest", recipients.people, unless=_switched_off),),
    # A ticket is going to be closed by itself, and its customer can say that it is not resolved.
    Occasion.CLOSING_SOON: (Notice("closing_soon", recipients.customer),),
    # Whoever has a ticket that is due soon, or overdue; several of them in one mail.
    Occasion.DUE_SOON: (Notice("due_soon", recipients.people),),
    Occasion.OVERDUE: (Notice("overdue", recipients.people),),
    Occasion.SEVERAL_DUE_SOON: (Notice("several-due-soon", recipients.people),),
    Occasion.SEVERAL_OVERDUE: (Notice("several-overdue", recipients.people),),
    # Once a day, for those who see everything.
    Occasion.DUE_LIST: (Notice("due-list", recipients.people),),
    # An agent’s answer by e-mail did not go out.
    Occasion.NOT_SENT: (Notice("not-sent", recipients.people),),
    Occasion.SIGN_IN: (Notice("sign-in", recipients.people),),
    Occasion.INVITATION: (Notice("invitation", recipients.people),),
    Occasion.RESET: (Notice("reset", recipients.people),),
    # A link to the account was handed over by an administrator.
    Occasion.LINK_MADE: (Notice("link-made", recipients.people),),
    # What a rule says to the team, and what administrators must know of rules.
    Occasion.REMINDER: (Notice("reminder", recipients.people),),
    Occasion.RULES_AT_REST: (Notice("rules-rest", recipients.people),),
    Occasion.RULE_TARGET_GONE: (Notice("rule-target-gone", recipients.people),),
    # Its owner, and the administrator who did it.
    Occasion.TWO_FACTOR_RESET: (Notice("two-factor-reset", recipients.people),),
    # Somebody signed in with a browser that the account has not had before.
    Occasion.NEW_BROWSER: (Notice("new-browser", recipients.people),),
    # Of erasures, retention and passkeys: each is called as its mail is, and its cause names whom it concerns.
    **{one: (Notice(one.value, recipients.people),) for one in NAMED_ALIKE},
}


# --- Planning -----------------------------------------------------------------------------------------------------


def plan(event: TicketEvent, *, actor: Actor) -> None:
    """Write the mails an event owes into the outbox, in the caller's transaction."""
    kind = EventKind(event.kind)
    if isinstance(actor, System) and kind in {EventKind.ASSIGNED, EventKind.TRANSFERRED}:
        # A later filter overrides an earlier one: only the last hand-over is told.
        _withdraw(event.ticket, ["assignment", "transfer", "stand-in"])
    if kind == EventKind.OPENED and _is_hidden(event.ticket):
        _withdraw(event.ticket, list(KINDS))
    cause = cause_of(event, actor)
    gathered = _gathered.get()
    if gathered is not None and kind == EventKind.ASSIGNED and not _is_hidden(event.ticket):
        gathered.append(cause)
        return
    owe(cause)


def owe(cause: Cause) -> list[OutgoingEmail]:
    """Write the mails that something owes into the outbox, in the caller's transaction; return them.

    What is spam or in the bin owes none.
    """
    mails = written(cause)
    outbox_rows.store_all(mails)
    return mails


def written(cause: Cause) -> list[OutgoingEmail]:
    """Return the mails that something owes; none of them is stored yet."""
    if cause.ticket is not None and _is_hidden(cause.ticket):
        return []
    notices = [notice for notice in TABLE[cause.kind] if not notice.unless(cause)]
    author, told = recipients.addresses_of(cause.actor) if notices else set(), set[str]()
    mails: list[OutgoingEmail] = []
    for notice in notices:
        mails += _mails(notice, cause, author, told)
    return mails


def _is_hidden(ticket: Ticket) -> bool:
    return bool(ticket.is_spam or ticket.in_bin)


def _withdraw(ticket: Ticket, kinds: list[str]) -> None:
    OutgoingEmail.delete().where(
        OutgoingEmail.ticket == ticket.id, OutgoingEmail.state == "pending", OutgoingEmail.kind.in_(kinds)
    ).execute()


def _mails(notice: Notice, cause: Cause, author: set[str], told: set[str]) -> Iterator[OutgoingEmail]:
    """Give the mails of one notice, and add to `told` whom they tell."""
    # A confirmation answers the one who acted; any other mail tells the others.
    spared = told if notice.kind == "confirmation" else told | author
    for recipient in notice.audience(cause):
        key = recipient.email.casefold()
        if key in spared | told or withholding.is_silenced(notice.kind, recipient, cause.actor):
            continue
        new = new_mail(notice.kind, recipient, cause)
        if new is not None:
            told.add(key)
            mail = outbox_rows.new_email(new)
            withholding.withhold(mail, notice.kind, recipient, cause.actor, cause.ticket)
            yield mail


# --- Several tickets at once --------------------------------------------------------------------------------------

_gathered: ContextVar[list[Cause] | None] = ContextVar("gathered", default=None)


@contextmanager
def one_mail(*, actor: Actor) -> Iterator[None]:
    """Send each new assignee one mail about all tickets assigned inside, as bulk acts do."""
    causes: list[Cause] = []
    token = _gathered.set(causes)
    try:
        yield
    finally:
        _gathered.reset(token)
    if not causes:
        return
    with transaction():
        for cause in causes if len(causes) == 1 else _digests(causes, actor):
            owe(cause)


@contextmanager
def forgotten_on_failure() -> Iterator[None]:
    """Forget the mails of what fails inside: none of it is stored."""
    lists: list[list[Any]] = [rows for rows in (_gathered.get(), outbox_rows.noting()) if rows is not None]
    before = [len(rows) for rows in lists]
    try:
        yield
    except BaseException:
        for rows, count in zip(lists, before, strict=True):
            del rows[count:]
        raise


def _digests(causes: list[Cause], actor: Actor) -> list[Cause]:
    """Return what owes one mail to each new assignee, in place of what would owe many."""
    tickets: dict[Recipient, list[Ticket]] = {}
    for cause in causes:
        for recipient in dict.fromkeys(recipients.target(cause)):
            tickets.setdefault(recipient, []).append(cause.ticket)
    several = Occasion.SEVERAL_ASSIGNED
    return [Cause(several, actor, people=(one,), tickets=tuple(rows)) for one, rows in tickets.items()]


# --- Accounts -----------------------------------------------------------------------------------------------------


def send_account_mail(
    kind: str, *, agent: Agent | None = None, address: CustomerAddress | None = None
) -> OutgoingEmail:
    """Write a mail about an account, to an address of a customer or to an agent; return it.

    "sign-in", "erase", "invitation" and "reset" carry a private link; what only tells of something done carries none.
    Raises ValueError when it is given nobody.
    """
    if agent is not None:
        recipient = Recipient(agent.email, i18n.supported(agent.locale), agent=agent)
    elif address is not None:
        recipient = Recipient(address.email, i18n.supported(address.customer.locale), address=address)
    else:
        raise ValueError(kind)
    (mail,) = owe(Cause(Occasion(kind), people=(recipient,)))
    return mail


def tell_of_reset(agent: Agent, *, actor: Agent | None) -> None:
    """Write the mails about a second factor that was reset: to its agent, and to the administrator who did it.

    Where nobody who is signed in did it (`actor` is None), but the machine, all administrators are told.
    """
    others = [one.agent for one in recipients.administrators()] if actor is None else [actor]
    for one in recipients.agents({row.id: row for row in (agent, *others) if row is not None}.values()):
        data = {"sentence": account_sentences.of_reset(agent, actor, one.locale)}
        owe(Cause(Occasion.TWO_FACTOR_RESET, people=(one,), data=data))


def tell_of_browser(agent: Agent, *, device: str, network: str) -> None:
    """Write the mail about a sign-in by a browser that this account has not had before, to its agent.

    `device` says in words what browser it is, `network` is its IP address.
    """
    locale = i18n.supported(agent.locale)
    with i18n.in_language(locale):
        moment = i18n.when(clock.now(), timezone=agent.timezone or settings.get("timezone"))
        device = device or i18n.translate("Unknown browser")
    data = {"email": agent.email, "device": device, "network": network, "moment": moment}
    owe(Cause(Occasion.NEW_BROWSER, people=(Recipient(agent.email, locale, agent=agent),), data=data))
