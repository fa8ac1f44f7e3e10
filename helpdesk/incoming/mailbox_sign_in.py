"""Signing a mailbox in at Google or Microsoft, as an administrator: there by a link, back with a code."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from database import Stamp, database
from helpdesk import access, journal, settings
from helpdesk.access import Actor
from helpdesk.errors import HelpdeskError, InvalidInput, StillInUse
from helpdesk.i18n import lazy
from helpdesk.incoming.imap_errors import explain
from helpdesk.settings import mail_accounts
from helpdesk.settings.mail_providers import PROVIDERS
from models import Mailbox

_KEEPS_SENDING = lazy(
    "The desk’s e-mails are sent by the account of this mailbox: "
    "choose another way in “Configuration → Mail server” first."
)


def sends_all_mail(mailbox: Mailbox) -> bool:
    """Whether the desk’s mail goes out by the account of this mailbox."""
    return mailbox.id is not None and settings.get("mail_account") == str(mailbox.id)


def sends_without_sign_in(mailbox: Mailbox) -> bool:
    """Whether the desk’s mail waits for somebody to sign this mailbox in."""
    return sends_all_mail(mailbox) and not mail_accounts.is_signed_in(Mailbox.get_by_id(mailbox.id))


def require_not_sending(mailbox: Mailbox) -> None:
    """Raise StillInUse for a mailbox by whose account the desk’s mail goes out."""
    if sends_all_mail(mailbox):
        raise StillInUse(_KEEPS_SENDING)


def require_account(mailbox: Mailbox, values: Mapping[str, Any]) -> None:
    """Raise InvalidInput where these values leave a mailbox without the account by which the desk’s mail goes out."""
    if values.get("kind") == "imap" and values.get("auth") not in PROVIDERS and sends_all_mail(mailbox):
        raise InvalidInput(_KEEPS_SENDING, field="auth")


def redirect_url() -> str:
    """Return the address that the owner's application at the provider must name."""
    return f"{settings.site_url()}/admin/mailboxes/oauth"


def begin(mailbox: Mailbox, *, actor: Actor, browser: str) -> str:
    """Return the address where this mailbox is signed in, for this browser alone. Raises InvalidInput."""
    access.require(actor, "administer")
    provider = mail_accounts.provider_of(mailbox)
    if provider is None:
        raise InvalidInput(lazy("This mailbox signs in with a password."))
    if mailbox.as_application:
        raise InvalidInput(lazy("This mailbox is opened by your application: nobody signs in. Test it."))
    if not mailbox.client_id or not settings.decrypt(mailbox.client_secret):
        raise InvalidInput(lazy("Type the client ID and the client secret first."))
    nonce = secrets.token_urlsafe(16)
    return mail_accounts.sign_in_url(mailbox, provider, nonce=nonce, browser=browser, redirect_url=redirect_url())


def finish(state: str, code: str, *, actor: Actor, browser: str) -> Mailbox:
    """Take what the provider sent somebody back with, and store the tokens. Raises HelpdeskError."""
    access.require(actor, "administer")
    known = mail_accounts.read_state(state, browser=browser)
    mailbox = Mailbox.get_or_none(Mailbox.id == known[0]) if known is not None else None
    provider = mail_accounts.provider_of(mailbox) if mailbox is not None else None
    if known is None or mailbox is None or provider is None:
        raise InvalidInput(lazy("This sign-in was not begun here, or too long ago: begin again."))
    if not code:
        raise InvalidInput(lazy("%(name)s was not allowed to open the mailbox: begin again.", name=str(mailbox)))
    try:
        mail_accounts.redeem(mailbox, provider, code, nonce=known[1], browser=browser, redirect_url=redirect_url())
    except OSError as error:
        raise HelpdeskError(explain(error)) from error
    with database.atomic():
        Stamp.bump()
        journal.record(journal.Act.MAILBOX_SIGNED_IN, actor=actor, subject=str(mailbox), provider=provider.name)
    return mailbox
