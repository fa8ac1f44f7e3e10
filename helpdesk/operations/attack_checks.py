"""What the doctor finds of attacks: whether visitors can be told apart, room for files, filters that rest."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from helpdesk import clock, filters, settings
from helpdesk.files import room
from helpdesk.i18n import _
from helpdesk.journal_acts import Act
from helpdesk.journal_texts import SIGN_INS
from helpdesk.operations import proxy_headers
from helpdesk.operations.readiness import SHOWN, Check
from helpdesk.settings import environment
from models import JournalEntry

#: Sign-ins looked at, the newest first, and how old they may be; fewer than these tell nothing.
LOOKED_AT, RECENT, LEAST = 20, timedelta(days=7), 5


def checks() -> list[Check]:
    """Look at all of it."""
    return [_visitors(), _room(), *_filters()]


def _visitors() -> Check:
    name = _("Visitors’ addresses")
    if environment.current().trusted_proxies == 0 and proxy_headers.was_seen():
        text = _(
            "Requests come through a proxy and none is trusted, so all visitors count as one: set "
            "GUICHET_TRUSTED_PROXIES to the number of proxies in front."
        )
        return Check(name, False, text)
    if not _is_loopback(urlsplit(settings.site_url()).hostname or "") and _all_sign_ins_are_local():
        text = _(
            "Every sign-in seems to come from this machine itself: let the proxy in front send X-Forwarded-For, and "
            "set GUICHET_TRUSTED_PROXIES to the number of proxies."
        )
        return Check(name, False, text)
    return Check(name, True, _("Told apart"))


def _all_sign_ins_are_local() -> bool:
    lines = JournalEntry.select(JournalEntry.network).where(
        JournalEntry.kind == SIGN_INS,
        JournalEntry.act == Act.SIGNED_IN.value,
        JournalEntry.created_at > clock.now() - RECENT,
    )
    newest = lines.order_by(JournalEntry.created_at.desc(), JournalEntry.id.desc()).limit(LOOKED_AT)
    networks = [network for (network,) in newest.tuples() if network]
    return len(networks) >= LEAST and all(map(_is_loopback, networks))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _room() -> Check:
    store, waiting = room.store(), room.waiting()
    if waiting.is_nearly_full and not store.is_nearly_full:
        text = _("Not sent yet: %(use)s. Beyond that, forms take no files.", use=waiting)
        return Check(_("Room for files"), False, text, is_note=True)
    text = _("%(use)s. Beyond that, forms take no files: Configuration sets it.", use=store)
    return Check(_("Room for files"), not store.is_nearly_full, text, is_note=not store.is_full)


def _filters() -> list[Check]:
    """Look for filters that rest; nothing is said where none does."""
    resting = filters.resting()
    names = " · ".join(map(str, resting[:SHOWN])) + (" · …" if len(resting) > SHOWN else "")
    text = _("At rest, as their author is gone or sees no ticket: %(names)s", names=names)
    return [Check(_("Filters"), False, text, is_note=True)] if resting else []
