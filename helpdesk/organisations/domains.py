"""The domains by which people belong to an organisation: whole labels, and none that everybody may have."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from peewee import Expression

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from models import CustomerAddress, OrganisationDomain

#: Domains of one organisation, and characters of the field that holds them.
MOST, MAX_TEXT = 50, 10_000
_NAMES = """
aliceadsl aol att bbox bellsouth bluewin btinternet caramail cegetel centurylink club-internet comcast cox dartybox duck
fastmail free freenet gmail gmx googlemail hey hotmail icloud inbox infonie interia laposte libero live mac mail mailbox
mailo me msn naver neuf noos nordnet numericable o2 online onet optonline orange outlook passport pm posteo proton
protonmail proximus qq rambler rediffmail rocketmail rogers sbcglobal seznam sfr shaw sky skynet t-online talktalk
telenet tiscali tuta tutanota tutamail verizon virgilio virginmedia voila voo wanadoo web windowslive wp yahoo yandex
ymail zoho 126 163
"""
_ENDINGS = """
at be ca ch co.jp co.kr co.nz co.uk com com.ar com.au com.br com.mx cz de dk email es eu fi fr gr ie in io it me mx
co.in net net.in nl no one org pl pt pro ro ru se uk us
"""
_SHARED = "ac.uk asso.fr co.jp co.nz co.uk co.za com.au com.br com.fr com.mx gouv.fr gov.uk net.au nom.fr org.au org.uk"
#: Where anybody may have an address: the names of these providers, and the endings under which they offer addresses.
PROVIDERS, ENDINGS = frozenset(_NAMES.split()), frozenset(_ENDINGS.split())
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


def is_public(domain: str) -> bool:
    """Whether anybody may have an address at this domain, or at one it lies below."""
    labels = domain.split(".")
    ends = [(labels[place], ".".join(labels[place + 1 :])) for place in range(len(labels) - 1)]
    return any(name in PROVIDERS and ending in ENDINGS for name, ending in ends)


def require_free(domains: Iterable[str], organisation_id: int | None) -> None:
    """Raise InvalidInput at ``domains`` where another organisation has one of these."""
    rows = OrganisationDomain.select().where(
        OrganisationDomain.domain.in_(list(domains)), OrganisationDomain.organisation != (organisation_id or 0)
    )
    for row in rows:
        text = lazy("%(domain)s is a domain of %(name)s.", domain=row.domain, name=row.organisation.name)
        raise InvalidInput(text, field="domains")


def holds(domains: Iterable[str]) -> Expression:
    """Return the condition of the addresses at these domains or below them."""
    conditions = [
        part
        for domain in domains
        for part in (CustomerAddress.email.endswith(f"@{domain}"), CustomerAddress.email.endswith(f".{domain}"))
    ]
    return reduce(or_, conditions)
