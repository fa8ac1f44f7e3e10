"""The domains by which people belong to an organisation: whole labels, and none that everybody may have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import Expression, fn

from database import is_sqlite
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.lib.public_mail_domains import is_public
from models import CustomerAddress, OrganisationDomain

#: Domains of one organisation, and characters of the field that holds them.
MOST, MAX_TEXT = 50, 10_000
_SHARED = "ac.uk asso.fr co.jp co.nz co.uk co.za com.au com.br com.fr com.mx gouv.fr gov.uk net.au nom.fr org.au org.uk"
#: Endings that belong to many.
SHARED = frozenset(_SHARED.split())


def read(text: Any) -> list[str]:
    """Return the domains in a text, one a line or with commas between them, as addresses are stored with them.

    Raises InvalidInput at ``domains``, naming the one that is refused.
    """
    parts = inputs.lines(str(text or "")[:MAX_TEXT]).replace(",", " ").replace(";", " ").split()
    domains = list(dict.fromkeys(_domain(part) for part in parts))
    if len(domains) > MOST:
        raise InvalidInput(lazy("At most %(limit)s domains.", limit=MOST), field="domains")
    return domains


def _domain(text: str) -> str:
    bare = text.lower().rpartition("@")[2].removeprefix("*.").strip(".")
    shown = inputs.one_line(text, 80)
    try:
        domain = email_syntax.normalise(f"a@{bare}").rpartition("@")[2]
    except InvalidInput as error:
        message = lazy("“%(domain)s” is no domain. Example: example.org.", domain=shown)
        raise InvalidInput(message, field="domains") from error
    if "." not in domain or domain in SHARED:
        message = lazy("“%(domain)s” belongs to many organisations: write the whole domain.", domain=shown)
        raise InvalidInput(message, field="domains")
    if is_public(domain):
        message = lazy("At “%(domain)s” anybody may have an address: it belongs to no organisation.", domain=shown)
        raise InvalidInput(message, field="domains")
    return domain


def require_free(domains: Iterable[str], organisation_id: int | None) -> None:
    """Raise InvalidInput at ``domains`` where another organisation has one of these."""
    rows = OrganisationDomain.select().where(
        OrganisationDomain.domain.in_(list(domains)), OrganisationDomain.organisation != (organisation_id or 0)
    )
    for row in rows:
        text = lazy("%(domain)s is a domain of %(name)s.", domain=row.domain, name=row.organisation.name)
        raise InvalidInput(text, field="domains")


def holds(domains: Iterable[str]) -> Expression:
    """Return the condition of the addresses at these domains or below them.

    Each address is read twice and compared once: with a condition for each domain, fifty of them took seventeen seconds
    of a million addresses.
    """
    domain, wanted = _domain_of(CustomerAddress.email), frozenset(domains)
    there = (stored for (stored,) in CustomerAddress.select(domain).distinct().tuples().iterator())
    return domain.in_([stored for stored in there if not wanted.isdisjoint(_and_above(stored))])


def _domain_of(column: Any) -> Any:
    if is_sqlite():
        return fn.SUBSTR(column, fn.INSTR(column, "@") + 1)
    return fn.SPLIT_PART(column, "@", 2)


def _and_above(domain: str) -> list[str]:
    """Return a domain and those it lies below."""
    labels = domain.split(".")
    return [".".join(labels[place:]) for place in range(len(labels))]
