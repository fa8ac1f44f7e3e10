"""At which address passkeys work: browsers keep them for one name, and only where nobody can listen."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from helpdesk import settings
from helpdesk.two_factor import passkeys
from helpdesk.two_factor.passkeys import Site
from models import Agent
from web.security import host_of

#: Where browsers trust a page without https.
HERE = "localhost"
LISTENING = frozenset({HERE, "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  # nosec B104 # compared, not listened on


def site() -> Site | None:
    """Return where passkeys of this page are made and used; None where browsers have none.

    That is the public address, if it is an https one with a name, or this machine under the name of *localhost*.
    """
    public, host = urlsplit(settings.site_url()), host_of(request.host)
    if public.scheme == "https" and public.hostname == host and not _is_ip_address(host):
        port = f":{public.port}" if public.port not in {None, 443} else ""
        return Site(host, f"https://{host}{port}")
    if host == HERE and public.scheme == "http" and public.hostname in LISTENING:
        return Site(host, f"http://{request.host}")
    return None


def _is_ip_address(host: str) -> bool:
    """Whether a host is an address in numbers, for which browsers make no passkeys (WebAuthn, section 5.1.2)."""
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def has_one(agent: Agent | None = None) -> bool:
    """Whether this agent, or anybody, has a passkey for the address of this page."""
    here = site()
    return here is not None and passkeys.exist(here, agent)


def request_options(agent: Agent | None = None) -> str:
    """Return what a form gives the browser that takes a passkey, of this agent alone if there is one.

    Empty where there is no passkey to be had.
    """
    here = site()
    return passkeys.request_options(here, agent) if here is not None and passkeys.exist(here, agent) else ""
