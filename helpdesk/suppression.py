"""Whether an address is one of those that are no longer kept: only a hash of it is there to compare with.

The same hash stands in the log of erasures: salted with the id of the desk, so that it says nothing elsewhere. Nothing
is put on the list or taken off it here: that is `helpdesk.erasing.suppression_list`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from helpdesk import settings
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib.email_syntax import normalise
from helpdesk.settings.desk import desk_id
from models import SuppressedAddress

#: What the team reads; a visitor reads what the owner wrote for them, which does not say why.
FOR_TEAM = lazy(
    "This address is among those that are no longer kept: nothing can be stored under it. An administrator can take it "
    "off that list (Addresses no longer kept)."
)


class AddressSuppressed(InvalidInput):
    """Nothing may be stored under this address."""


def hash_of(text: str, desk: str) -> str:
    """Return by what a desk knows an address, or a row of a customer, that it does not keep."""
    return hashlib.sha256(f"{desk} {text}".encode()).hexdigest()


def digest_of(email: str) -> str:
    """Return by what this desk knows an address. Raises InvalidInput at ``email``."""
    return hash_of(normalise(email), desk_id())


def is_suppressed(email: str) -> bool:
    """Whether this address is no longer kept; False for a text that is no address."""
    try:
        digest = digest_of(email)
    except InvalidInput:
        return False
    return SuppressedAddress.select().where(SuppressedAddress.digest == digest).exists()


def among(emails: Iterable[str]) -> set[str]:
    """Return those of these addresses, in their one form, that are no longer kept."""
    desk = desk_id()
    digests = {hash_of(email, desk): email for email in emails}
    if not digests:
        return set()
    rows = SuppressedAddress.select(SuppressedAddress.digest).where(SuppressedAddress.digest.in_(list(digests)))
    return {digests[digest] for (digest,) in rows.tuples()}


def refuse(email: str, *, for_team: bool = False) -> None:
    """Raise AddressSuppressed at ``email`` for an address that is no longer kept.

    A visitor may have typed somebody else's: they read the owner's text, which says that nothing was stored, not why.
    """
    if is_suppressed(email):
        raise AddressSuppressed(FOR_TEAM if for_team else settings.get("suppressed_notice"), field="email")


def refuse_copies(emails: Iterable[str], *, for_team: bool = False) -> None:
    """Raise AddressSuppressed at ``copies`` naming an address that is no longer kept."""
    for email in sorted(among(emails)):
        text = (
            lazy("%(email)s is among the addresses that are no longer kept: it cannot be in copy.", email=email)
            if for_team
            else lazy("%(email)s cannot be in copy of a ticket.", email=email)
        )
        raise AddressSuppressed(text, field="copies")
