"""Private links in mails: to a ticket, to sign in, to accept an invitation, to choose a password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

from itsdangerous import BadData, URLSafeSerializer

from helpdesk import clock, settings
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.i18n import lazy
from helpdesk.settings import environment
from models import AccessLink, Agent, Customer, CustomerAddress, OutgoingEmail, Ticket, UnconfirmedRequest

LIFETIMES = {
    "ticket": timedelta(days=30),
    "sign-in": timedelta(minutes=30),
    "invitation": timedelta(days=7),
    "reset": timedelta(hours=1),
}
PATHS = {
    "ticket": "/t/",
    "sign-in": "/sign-in/",
    "invitation": "/admin/invitation/",
    "reset": "/admin/reset/",
    "confirm": "/confirm/",
    "leave": "/leave/",
    "erase": "/erase/",
}
#: The kinds that open an account; each is used once.
ACCOUNTS = ("sign-in", "invitation", "reset")
#: How long an expired link is remembered, so that its page can offer a new one.
REMEMBERED = timedelta(days=90)


NOT_KNOWN = lazy("This link is not known. Copy it whole from the e-mail, or ask for a new one.")


class LinkExpired(HelpdeskError):
    """The link was valid once (410); `link` is its row, so that its page can offer a new one."""

    def __init__(self, link: AccessLink | UnconfirmedRequest) -> None:
        used = link.used_at is not None and not (isinstance(link, AccessLink) and link.kind == "ticket")
        super().__init__(lazy("This link was used already.") if used else lazy("This link has expired."))
        self.link = link


def make(
    kind: str,
    *,
    agent: Agent | None = None,
    address: CustomerAddress | None = None,
    ticket: Ticket | None = None,
) -> str:
    """Store a link of this kind and return its token: 256 bits, of which only the hash is kept."""
    nonce, now = secrets.token_urlsafe(32), clock.now()
    token = token_of(kind, nonce)
    AccessLink.create(
        kind=kind,
        nonce=nonce,
        token_hash=hash_token(token),
        agent=agent,
        address=address,
        ticket=ticket,
        created_at=now,
        expires_at=now + LIFETIMES[kind],
    )
    return token


def find(kind: str, token: str) -> AccessLink:
    """Return the link of this kind with this token. Raises NotFound, or LinkExpired once it is used or too old."""
    link = AccessLink.get_or_none(AccessLink.token_hash == hash_token(token))
    if link is None or link.kind != kind or (kind == "ticket" and link.ticket_id is None):
        raise NotFound(NOT_KNOWN)
    if link.expires_at <= clock.now() or (link.used_at is not None and kind != "ticket"):
        raise LinkExpired(link)
    return link


def use(link: AccessLink) -> None:
    """Use a link up; only a ticket's link may be used again. Raises LinkExpired when it was used meanwhile."""
    now = clock.now()
    first = AccessLink.update(used_at=now).where(
        AccessLink.id == link.id, AccessLink.used_at.is_null(), AccessLink.expires_at > now
    )
    if not first.execute() and link.kind != "ticket":
        raise LinkExpired(AccessLink.get_or_none(AccessLink.id == link.id) or link)


def token_of(kind: str, nonce: str) -> str:
    """Return the token of the link of this kind with this nonce, derived with the secret key."""
    return _sign(f"{kind}|{nonce}")


def url(kind: str, token: str) -> str:
    """Return the address that a mail shows for this token."""
    return f"{settings.site_url()}{PATHS[kind]}{token}"


def leave_token(ticket_id: int, address_id: int) -> str:
    """Return the token by which somebody in copy leaves a ticket: nothing is stored of it, and it stays good."""
    return str(_leaving().dumps([ticket_id, address_id]))


def read_leave_token(token: str) -> tuple[int, int]:
    """Return the ids of the ticket and the address of a token. Raises NotFound for one the desk did not make."""
    try:
        ticket_id, address_id = _leaving().loads(token)
    except BadData as error:
        raise NotFound(NOT_KNOWN) from error
    return ticket_id, address_id


def erase_token(erasure_id: int) -> str:
    """Return the token by which a customer confirms that they want to be erased: nothing is stored of it."""
    return str(_erasing().dumps(erasure_id))


def read_erase_token(token: str) -> int:
    """Return the id of the erasure of a token. Raises NotFound for one the desk did not make."""
    try:
        return int(_erasing().loads(token))
    except (BadData, ValueError, TypeError) as error:
        raise NotFound(NOT_KNOWN) from error


def _erasing() -> URLSafeSerializer:
    return URLSafeSerializer(environment.current().secret_key, salt="erase an account")


def _leaving() -> URLSafeSerializer:
    return URLSafeSerializer(environment.current().secret_key, salt="leave a ticket")


def forget_links_of(person: Agent | Customer) -> None:
    """Make the unused links to a person's account worthless: the password or the address has changed.

    Those of mails that still wait are never made. A customer's links to single tickets stay.
    """
    if isinstance(person, Agent):
        made, owed = AccessLink.agent == person.id, OutgoingEmail.agent == person.id
    else:
        addresses = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == person.id)
        made, owed = AccessLink.address.in_(addresses), OutgoingEmail.address.in_(addresses)
    AccessLink.delete().where(made, AccessLink.kind.in_(ACCOUNTS), AccessLink.used_at.is_null()).execute()
    waiting = OutgoingEmail.link_kind.in_(ACCOUNTS) & (OutgoingEmail.state == "pending")
    OutgoingEmail.update(state="cancelled").where(owed, waiting).execute()


def purge() -> int:
    """Delete the links that expired long ago; return how many."""
    return AccessLink.delete().where(AccessLink.expires_at < clock.now() - REMEMBERED).execute()


def setup_token() -> str:
    """Return the token of the set-up link, which stays the same until the desk has an administrator."""
    return _sign("set-up")


def setup_is_open() -> bool:
    """Whether the desk has no administrator yet."""
    return not Agent.select().where(Agent.is_admin).exists()


def check_setup_token(token: str) -> bool:
    """Whether this is the token of the set-up link and the desk has no administrator yet."""
    return hmac.compare_digest(setup_token().encode(), token.encode("utf-8", "replace")) and setup_is_open()


def hash_token(token: str) -> str:
    """Return the hash under which a token is stored."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _sign(text: str) -> str:
    key = environment.current().secret_key.encode()
    digest = hmac.new(key, b"private link|" + text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
