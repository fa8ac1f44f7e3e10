"""A public address under another name is asked about before it counts: mistyped, it would lock everybody out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import g, request

from helpdesk import settings
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from web.security import host_of, is_sound

#: The box that says yes, and what it says for no address at all.
BOX, NONE = "site_url_confirmed", "none"


def present() -> str:
    """Return the address this browser shows; its own word tells whether it speaks https to a proxy."""
    header = request.headers.get("Origin", "")
    origin = urlsplit(header if is_sound(header) else "")
    if origin.netloc == request.host and origin.scheme in {"http", "https"}:
        return f"{origin.scheme}://{origin.netloc}"
    return request.host_url.rstrip("/")


def leads_away(address: str) -> bool:
    """Whether this browser would not get in any more with this public address (empty: where the desk listens)."""
    new = urlsplit(address or settings.listening_url())
    # Cookies of an https address never come back over http.
    insecure = new.scheme == "https" and request.headers.get("Origin", "").startswith("http:")
    return insecure or new.hostname != host_of(request.host)


def check(address: str) -> None:
    """Ask once about a new public address that leads away from here. Raises InvalidInput at its field."""
    if leads_away(address) and request.form.get(BOX) != (address or NONE):
        ask(address)


def ask(address: str) -> None:
    """Let the page show the box for this address. Raises InvalidInput at the field."""
    g.address_asked = address or NONE
    raise InvalidInput(
        lazy(
            "This page was asked for at %(here)s. Under another address nobody gets in here any more: make sure that "
            "the new one leads to this desk, tick the box below and send again.",
            here=present(),
        ),
        field="site_url",
    )


def to_confirm() -> tuple[str, str]:
    """Return the address the page asks about, if any, and the present one, for the way back."""
    return g.get("address_asked", ""), present()
