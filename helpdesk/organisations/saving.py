"""Organisations as their screen stores them: added, changed, blocked, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from database import Stamp
from helpdesk import access, clock, folding, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, richtext
from helpdesk.organisations import domains as domain_rules
from helpdesk.organisations import membership
from helpdesk.settings import lookups
from models import (
    RESPONSIBLE,
    Agent,
    Customer,
    CustomerAddress,
    Organisation,
    OrganisationDomain,
    Priority,
    Team,
    Ticket,
)

MAX_NAME, MAX_NOTE, MAX_PINNED = 120, 500, 20_000


class Effects(NamedTuple):
    """What saving would do: how many customers have an address at a new domain, and at one that goes.

    `below` are the domains that lie below, or above, one of another organisation: (domain, that domain, its name).
    """

    joining: int
    leaving: int
    below: list[tuple[str, str, str]]


def save(row: Organisation, values: Mapping[str, Any], *, actor: Actor) -> Organisation:
    """Store an organisation with its ``domains`` (a text), its defaults, and whether its people are ``blocked``.

    Raises NotAllowed, or InvalidInput at the field that is wrong.
    """
    access.require(actor, "configure")
    domains = domain_rules.read(values.get("domains"))
    domain_rules.require_free(domains, row.id)
    former = domains_of(row)
    _require_sight(row, values, changes_domains=set(domains) != set(former), actor=actor)
    _require_responsibility(row, [name for name in domains if name not in former], actor=actor)
    _set_name(row, values)
    _set_defaults(row, values)
    row.note = inputs.one_line(values.get("note"), MAX_NOTE)
    row.pinned = _pinned(values.get("pinned"))
    row.everybody_sees, row.enabled = bool(values.get("everybody_sees")), bool(values.get("enabled", True))
    _set_blocked(row, bool(values.get("blocked")), actor=actor)
    stored = lookups.organisation(row.id)
    with transaction():
        if row.id is None:
            row.created_at = clock.now()
        row.save()
        _store_domains(row, former, domains)
        if stored is not None and stored.everybody_sees and not row.everybody_sees:
            membership.end_reading_of_all(row.id)
    return row


def domains_of(row: Organisation) -> list[str]:
    """Return the domains of an organisation, as they were written."""
    rows = OrganisationDomain.select(OrganisationDomain.domain).where(OrganisationDomain.organisation == (row.id or 0))
    return [domain for (domain,) in rows.order_by(OrganisationDomain.id).tuples()]


def _require_sight(row: Organisation, values: Mapping[str, Any], *, changes_domains: bool, actor: Actor) -> None:
    """Raise NotAllowed where this lets people read each other’s tickets and an administrator does not say so."""
    opens = bool(values.get("everybody_sees")) and (changes_domains or not row.everybody_sees)
    if opens and not access.can(actor, "administer"):
        text = lazy("Only administrators let all people of an organisation read each other’s tickets.")
        raise NotAllowed(text, field="everybody_sees")


def _require_responsibility(row: Organisation, new: list[str], *, actor: Actor) -> None:
    """Raise NotAllowed where a domain gives a responsible person more to read, and no administrator adds it."""
    theirs = (Customer.organisation_id == (row.id or 0)) & (Customer.organisation_role == RESPONSIBLE)
    if not new or access.can(actor, "administer") or not Customer.select().where(theirs).exists():
        return
    text = lazy("Somebody is responsible here and would read the tickets from a new domain: an administrator adds it.")
    raise NotAllowed(text, field="domains")


def _set_name(row: Organisation, values: Mapping[str, Any]) -> None:
    row.name = inputs.required(values.get("name"), "name", MAX_NAME)
    row.key = folding.fold(row.name).strip()[: Organisation.key.max_length]
    others = Organisation.select().where(Organisation.key == row.key, Organisation.id != (row.id or 0))
    if not row.key or others.exists():
        raise InvalidInput(lazy("There is one with this name already."), field="name")


def _set_defaults(row: Organisation, values: Mapping[str, Any]) -> None:
    row.priority = inputs.find_row(Priority, values.get("priority"), "priority")
    row.assignee = inputs.find_row(Agent, values.get("assignee"), "assignee")
    row.team = inputs.find_row(Team, values.get("team"), "team")
    if row.assignee is not None and row.team is not None:
        raise InvalidInput(lazy("Choose an agent or a team, not both."), field="team")


def _pinned(value: Any) -> str:
    html = str(value or "")
    if len(html) > MAX_PINNED:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_PINNED), field="pinned")
    clean = richtext.clean(html)
    return clean if richtext.to_text(clean).strip() else ""


def _set_blocked(row: Organisation, blocked: bool, *, actor: Actor) -> None:
    if blocked != (row.blocked_at is not None):
        access.require(actor, "spam")
        row.blocked_at = clock.now() if blocked else None


def _store_domains(row: Organisation, former: list[str], domains: list[str]) -> None:
    gone, new = [name for name in former if name not in domains], [name for name in domains if name not in former]
    if gone:
        OrganisationDomain.delete().where(OrganisationDomain.domain.in_(gone)).execute()
        Stamp.bump()
    for name in new:
        OrganisationDomain.create(organisation=row, domain=name)
    membership.follow_domains([*gone, *new], row.id)


def set_assignee(key: int, agent: Agent, *, actor: Actor) -> None:
    """Let the new tickets of an organisation go to another agent."""
    row = Organisation.get_by_id(key)
    before = journal.snapshot(row)
    row.assignee, row.team = agent, None
    with transaction():
        row.save()
        journal.saved(row, before, actor=actor)


def effects(row: Organisation, values: Mapping[str, Any]) -> Effects:
    """Return what saving these values would do. Raises InvalidInput at ``domains``."""
    domains, former = domain_rules.read(values.get("domains")), domains_of(row)
    new, gone = [name for name in domains if name not in former], [name for name in former if name not in domains]
    return Effects(_people_at(new), _people_at(gone), [line for name in new for line in _relatives(name, row.id)])


def _people_at(domains: list[str]) -> int:
    if not domains:
        return 0
    people = CustomerAddress.select(CustomerAddress.customer).join(Customer)
    return int(people.where(domain_rules.holds(domains), ~Customer.organisation_by_hand).distinct().count())


def _relatives(name: str, organisation_id: int | None) -> list[tuple[str, str, str]]:
    """Return the domains of other organisations that lie above or below this one: the longest decides."""
    labels = name.split(".")
    above = [".".join(labels[place:]) for place in range(1, len(labels))]
    related = OrganisationDomain.domain.in_(above) | OrganisationDomain.domain.endswith(f".{name}")
    rows = OrganisationDomain.select().where(related, OrganisationDomain.organisation != (organisation_id or 0))
    return [
        (max(name, row.domain, key=len), min(name, row.domain, key=len), str(lookups.organisation(row.organisation_id)))
        for row in rows.order_by(OrganisationDomain.id).limit(20)
    ]


def delete(row: Organisation, *, actor: Actor) -> None:
    """Delete an organisation: its people and tickets belong to none, or where other domains say. Raises NotAllowed."""
    access.require(actor, "configure")
    key, former = row.id, domains_of(row)
    with transaction():
        people = [one for (one,) in Customer.select(Customer.id).where(Customer.organisation_id == key).tuples()]
        row.delete_instance()
        membership.leave_all(people, key)
        Ticket.update(organisation_id=None).where(Ticket.organisation_id == key).execute()
        membership.follow_domains(former, key)
