"""Google and Microsoft: where an owner signs a mailbox in, what for, and their mail servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Provider:
    """Who keeps a mailbox and lets others in by OAuth; ``{tenant}`` in an address is the owner's directory."""

    name: str
    authorize_url: str
    token_url: str
    scope: str
    imap_host: str
    smtp_host: str
    imap_port: int = 993
    imap_security: str = "tls"
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    #: What an application asks for that opens mailboxes by itself; empty where none may.
    application_scope: str = ""
    #: What its sign-in wants besides, so that it hands out a token that lasts.
    parameters: Mapping[str, str] = field(default_factory=dict)


#: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
GOOGLE = Provider(
    name="Google",
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    token_url="https://oauth2.googleapis.com/token",  # nosec B106 # noqa: S106 — an address
    scope="https://mail.google.com/",
    imap_host="imap.gmail.com",
    smtp_host="smtp.gmail.com",
    parameters={"access_type": "offline", "prompt": "consent"},
)
#: https://learn.microsoft.com/exchange/client-developer/legacy-protocols/
MICROSOFT = Provider(
    name="Microsoft",
    authorize_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    token_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",  # nosec B106 # noqa: S106 — an address
    scope="https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
    imap_host="outlook.office365.com",
    smtp_host="smtp.office365.com",
    application_scope="https://outlook.office365.com/.default",
    parameters={"prompt": "select_account"},
)
#: By `Mailbox.auth`.
PROVIDERS = {"google": GOOGLE, "microsoft": MICROSOFT}
#: The directory of an owner who names none: that of any firm or school.
ANY_TENANT = "organizations"
