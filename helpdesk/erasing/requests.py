"""Who asks for a person to be erased, and who cancels it: until it begins there is a way back, afterwards none."""

from __future__ import annotations

from datetime import timedelta

from peewee import IntegrityError

from helpdesk import access, clock, i18n, journal, notifications, settings
from helpdesk.erasing.carrying_out import keeping_tags
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import transaction
from helpdesk.i18n import in_language, lazy
from helpdesk.locking import hold_actor
from helpdesk.notifications import Cause, Occasion, Recipient
from helpdesk.setup import erasure_second
from models import ANONYMISE, DELETE, PENDING_ERASURES, PLANNED_ERASURES, Agent, Customer, Erasure

#: What an administrator types, in either language.
WORDS = ("ERASE", "EFFACER")


def pending(customer: Customer) -> Erasure | None:
    """Return the erasure that is not carried out yet, if there is one."""
    query = Erasure.select().where(Erasure.customer == customer.id, PENDING_ERASURES, Erasure.state != "unconfirmed")
    row: Erasure | None = query.first()
    return row


def request(
    customer: Customer, *, kind: str, word: str, actor: Agent, blanks_replies: bool = False, suppresses: bool = False
) -> Erasure:
    """Let a person be erased after the days of the setting; return the row of the register.

    `suppresses`: their addresses are no longer kept from then on.
    Raises NotAllowed, or InvalidInput at ``kind``, at ``word`` when the word is missing, or when somebody else asked
    meanwhile, a tag keeps the person, or they were erased.
    """
    access.require(actor, "administer")
    if kind not in (ANONYMISE, DELETE):
        raise InvalidInput(lazy("Choose what becomes of the tickets."), field="kind")
    if word.strip().upper() not in WORDS:
        raise InvalidInput(lazy("Type the word ERASE: afterwards there is no way back."), field="word")
    with transaction():
        hold_actor(actor)
        check(customer)
        Erasure.delete().where(Erasure.customer == customer.id, Erasure.state == "unconfirmed").execute()
        return _store(customer, kind=kind, blanks_replies=blanks_replies, suppresses=suppresses, actor=actor)


def check(customer: Customer) -> None:
    """Raise InvalidInput when this person may not be erased, or is about to be."""
    if customer.erased_at is not None:
        raise InvalidInput(lazy("This person has been erased already."))
    if pending(customer) is not None:
        raise InvalidInput(lazy("This person is about to be erased already."))
    if kept := keeping_tags(customer.id):
        number, tag = kept[0]
        raise InvalidInput(
            lazy(
                "Ticket %(number)s wears the tag “%(tag)s”, which keeps it: take the tag off first.",
                number=number,
                tag=str(tag),
            )
        )


def _store(customer: Customer, *, kind: str, blanks_replies: bool, suppresses: bool, actor: Agent) -> Erasure:
    now = clock.now()
    try:
        row: Erasure = Erasure.create(
            customer=customer, kind=kind, blanks_replies=blanks_replies, actor_name=actor.name, requested_at=now,
            due_at=now + timedelta(days=int(settings.get("erasure_days"))), requested_by=actor.id,
            needs_second=bool(settings.get("erasure_second")), suppresses=suppresses,
        )  # fmt: skip
    except IntegrityError as error:
        raise InvalidInput(lazy("This person is about to be erased already.")) from error
    journal.record(journal.Act.ERASURE_REQUESTED, actor=actor, subject=customer.display_name, erasure=row.way)
    if row.needs_second:
        _tell_others(actor)
    return row


def _tell_others(actor: Agent) -> None:
    """Mail the other administrators that one of them must confirm an erasure; the mail names nobody who is erased."""
    others = tuple(Recipient(one.email, i18n.supported(one.locale), agent=one) for one in erasure_second.others(actor))
    link = f"{settings.site_url()}/admin/erasures/"
    notifications.owe(Cause(Occasion.ERASURE_TO_CONFIRM, actor, people=others, data={"link": link}))


def confirm(customer: Customer, *, actor: Agent) -> None:
    """Let an erasure that another administrator wants, or the customer, go on to its day.

    Raises NotAllowed, also for who wanted it, or NotFound when there is nothing to confirm.
    """
    access.require(actor, "administer")
    with transaction():
        hold_actor(actor)
        row = Erasure.get_or_none(Erasure.customer == customer.id, Erasure.state == "waiting", Erasure.needs_second)
        if row is None or row.confirmed_by:
            raise NotFound(lazy("There is nothing to confirm any more."))
        if row.requested_by == actor.id:
            raise NotAllowed(lazy("You wanted it yourself: another administrator confirms it."))
        waiting = (Erasure.id == row.id) & (Erasure.state == "waiting")
        Erasure.update(confirmed_by=actor.name, confirmed_at=clock.now()).where(waiting).execute()
        journal.record(journal.Act.ERASURE_CONFIRMED, actor=actor, subject=customer.display_name)


#: Erasures that no administrator has confirmed yet; read by the index of those that are planned.
UNCONFIRMED = (PLANNED_ERASURES, Erasure.state == "waiting", Erasure.needs_second, Erasure.confirmed_by == "")


def waiting_for(agent: Agent) -> int:
    """Return how many decisions about erasures wait for this administrator: erasures of others, and the switch."""
    if not agent.is_admin:
        return 0
    by_others = Erasure.requested_by.is_null() | (Erasure.requested_by != agent.id)
    return int(Erasure.select().where(*UNCONFIRMED, by_others).count()) + erasure_second.waits_for(agent)


def release() -> int:
    """Let one administrator be enough, also for what waits for a second one; return how many erasures waited.

    It is the way back, on the machine, of the only administrator left. Each can still be cancelled for a day.
    """
    with transaction():
        rows = list(Erasure.select().where(*UNCONFIRMED))
        soonest = clock.now() + timedelta(days=1)
        for row in rows:
            row.needs_second, row.due_at = False, max(row.due_at, soonest)
            row.save(only=[Erasure.needs_second, Erasure.due_at])
        erasure_second.switch_off()
    return len(rows)


def by_age(customer: Customer) -> Erasure:
    """Let a person be erased at once of whom nothing was heard for as long as the desk keeps people.

    It was announced. Raises InvalidInput when they are about to be erased already, or a tag keeps them.
    """
    with transaction():
        check(customer)
        Erasure.delete().where(Erasure.customer == customer.id, Erasure.state == "unconfirmed").execute()
        with in_language(str(settings.get("language"))):
            name = str(lazy("Retention"))
        now = clock.now()
        row: Erasure = Erasure.create(customer=customer, kind=DELETE, actor_name=name, requested_at=now, due_at=now)
    return row


def cancel(customer: Customer, *, actor: Agent | Customer) -> None:
    """Let a person stay. Raises NotAllowed, or NotFound when it is too late, or nobody wanted them erased."""
    if isinstance(actor, Agent):
        access.require(actor, "administer")
    elif actor.id != customer.id:
        raise NotFound(lazy("There is no such customer."))
    with transaction():
        waiting = (Erasure.customer == customer.id) & (Erasure.state == "waiting")
        with in_language(str(settings.get("language"))):
            name = actor.name if isinstance(actor, Agent) else str(lazy("The customer"))
        stored = Erasure.get_or_none(waiting)
        if not Erasure.update(state="cancelled", cancelled_by=name).where(waiting).execute():
            raise NotFound(lazy("There is nothing to cancel any more."))
        journal.record(journal.Act.ERASURE_CANCELLED, actor=actor, subject=customer.display_name)
        if stored is not None and stored.by_customer and isinstance(actor, Agent):
            notifications.send_account_mail(Occasion.ERASURE_CANCELLED, address=customer.writing_address)
