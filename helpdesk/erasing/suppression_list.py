"""The addresses that are no longer kept: who puts them on the list and takes them off; what a restore makes of it.

Each change is a line of the log of erasures, too: a backup that is restored does not know what came since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peewee import IntegrityError

from database import database
from helpdesk import access, clock, journal
from helpdesk.erasing import erasure_log
from helpdesk.erasing.erasure_log import SuppressionEntry
from helpdesk.errors import InvalidInput
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.incoming import raw_mail_retention
from helpdesk.lib.email_syntax import normalise
from helpdesk.locking import hold_actor
from helpdesk.people import customers
from helpdesk.settings.desk import desk_id
from helpdesk.suppression import hash_of
from helpdesk.tickets import cc
from models import Agent, Erasure, SuppressedAddress


def add(row: SuppressedAddress, values: Mapping[str, Any], *, actor: Agent) -> SuppressedAddress:
    """Put an address that an administrator typed on the list; return its row.

    Received e-mails of it that belong to no ticket are forgotten. Raises NotAllowed, or InvalidInput at ``email``, also
    for an address of a customer, of an agent or of the desk, and for one that is on the list.
    """
    access.require(actor, "administer")
    email = normalise(str(values.get("email") or ""))
    _refuse_used(email)
    with transaction():
        hold_actor(actor)
        row.digest, row.suppressed_at, row.actor_name = hash_of(email, desk_id()), clock.now(), actor.name
        try:
            with database.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise InvalidInput(lazy("This address is on the list already."), field="email") from error
        _log([row])
        journal.record(journal.Act.ADDRESS_SUPPRESSED, actor=actor, count=1)
    raw_mail_retention.forget_from(email)
    return row


def _refuse_used(email: str) -> None:
    if customers.lookup(email) is not None:
        raise InvalidInput(
            lazy("A customer has this address: erase them, and tick that nothing is kept any more."), field="email"
        )
    if Agent.select().where(Agent.email == email).exists():
        raise InvalidInput(lazy("This is the address of an agent."), field="email")
    if email in cc.desk_addresses():
        raise InvalidInput(lazy("This is an address of this help desk."), field="email")


def find(email: str, *, actor: Agent) -> SuppressedAddress | None:
    """Return the row of a typed address, None where it is not on the list. Raises NotAllowed or InvalidInput."""
    access.require(actor, "administer")
    digest = hash_of(normalise(email), desk_id())
    row: SuppressedAddress | None = SuppressedAddress.get_or_none(SuppressedAddress.digest == digest)
    return row


def remove(row: SuppressedAddress, *, actor: Agent) -> None:
    """Take an address off the list: who writes from it is a new person. Raises NotAllowed."""
    access.require(actor, "administer")
    with transaction():
        hold_actor(actor)
        if row.delete_instance():
            _log([row], is_suppressed=False)
            journal.record(journal.Act.ADDRESS_RELEASED, actor=actor)


def follow(erasure: Erasure, emails: Iterable[str]) -> None:
    """Put the addresses of somebody whose erasure begins on the list, where that was wanted; in its transaction."""
    if not erasure.suppresses:
        return
    desk, now = desk_id(), clock.now()
    name = "" if erasure.by_customer else erasure.actor_name
    rows = [
        SuppressedAddress(digest=hash_of(email, desk), suppressed_at=now, actor_name=name, by_erasure=True)
        for email in emails
    ]
    _log(rows)
    for row in rows:
        _insert(row)


def _insert(row: SuppressedAddress) -> None:
    values = {name: getattr(row, name) for name in ("digest", "suppressed_at", "actor_name", "by_erasure")}
    SuppressedAddress.insert(**values).on_conflict_ignore().execute()


def _log(rows: Iterable[SuppressedAddress], *, is_suppressed: bool = True) -> None:
    at, desk = clock.now().isoformat(), desk_id()
    erasure_log.store(
        SuppressionEntry(desk, at, row.digest, is_suppressed, row.actor_name, row.by_erasure) for row in rows
    )


def obey(entries: Iterable[SuppressionEntry]) -> None:
    """Let the list of a restored backup be what these entries of this desk, the last of each address, say of it."""
    desk = desk_id()
    with transaction():
        for entry in entries:
            if entry.desk != desk:
                continue
            if entry.is_suppressed:
                at = entry.begun_at
                _insert(
                    SuppressedAddress(
                        digest=entry.digest, suppressed_at=at, actor_name=entry.suppressed_by,
                        by_erasure=entry.by_erasure,
                    )
                )  # fmt: skip
            else:
                SuppressedAddress.delete().where(SuppressedAddress.digest == entry.digest).execute()
