"""What is configured: declared settings with their defaults, the environment, small tables in memory, placeholders.
It may import lib and what stands before it.
No screen: Configuration is `admin_views/setup/configuration.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from database import Stamp, database
from helpdesk import clock
from helpdesk.errors import InvalidInput
from helpdesk.settings import checks, environment, mail_accounts
from helpdesk.settings.checks import takes
from helpdesk.settings.declaration import Declared
from helpdesk.settings.declared import DECLARED, GROUPS
from helpdesk.settings.encryption import decrypt, encrypt
from helpdesk.settings.values import get
from models import Agent, Setting

__all__ = [
    "DECLARED",
    "GROUPS",
    "Declared",
    "clean",
    "decrypt",
    "encrypt",
    "get",
    "mail_server",
    "save",
    "site_url",
    "takes",
]

#: What the password of the mail server was given for: when one of them changes, it is forgotten (RULES 41).
PASSWORD_OF = frozenset({"mail_host", "mail_port", "mail_username", "mail_tls"})

#: Called in the transaction with the old and new value of each changed setting, and the agent who changed them.
watchers: list[Callable[[Mapping[str, tuple[Any, Any]], Agent | None], None]] = []


def save(values: Mapping[str, Any], *, actor: Agent | None = None) -> dict[str, Any]:
    """Check and store these settings, all or none; return those that changed. `actor` is named in the journal.

    A value equal to the declared default is not stored, so that a better default of a later version applies. The
    password of the mail server is forgotten with what it was given for, unless another one comes.
    Raises KeyError for an unknown key and InvalidInput (with the key as its field) for a bad value.
    """
    cleaned = {key: clean(key, value) for key, value in values.items()}
    changed = {key: value for key, value in cleaned.items() if value != get(key)}
    if PASSWORD_OF & changed.keys() and get("mail_password"):
        changed.setdefault("mail_password", "")
    changes = {key: (get(key), value) for key, value in changed.items()}
    with database.atomic():
        for key, value in changed.items():
            Setting.delete().where(Setting.key == key).execute()
            if value != DECLARED[key].default:
                # Two windows may save at the same time: the later one wins.
                row = Setting.insert(key=key, value=value, changed_at=clock.now())
                row.on_conflict(conflict_target=[Setting.key], preserve=[Setting.value, Setting.changed_at]).execute()
        if changed:
            Stamp.bump()
            for watcher in watchers:
                watcher(changes, actor)
    return changed


def clean(key: str, value: Any) -> Any:
    """Return the value of this setting in its stored form. Raises InvalidInput at `key`."""
    try:
        return checks.clean(DECLARED[key], value)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=key) from error


def mail_password_is_lost() -> bool:
    """Whether the stored password of the mail server cannot be decrypted with the present secret key."""
    password = get("mail_password")
    is_used = environment.current().mail is None and mail_accounts.server_of(get("mail_account")) is None
    return is_used and bool(get("mail_host") and password) and not decrypt(password)


def site_url() -> str:
    """Return the public address without a final slash: from the environment, the setting, or where it listens."""
    return environment.current().site_url or get("site_url") or listening_url()


def listening_url() -> str:
    """Return the address the desk listens on, which is the public one when none is configured."""
    env = environment.current()
    return f"http://{env.host}:{env.port}"


def mail_server() -> environment.MailServer | None:
    """Return the mail server of the environment, else of the settings, else None (mails wait in the outbox)."""
    env = environment.current()
    if env.mail is not None:
        return env.mail
    if account := mail_accounts.server_of(get("mail_account")):
        return account
    if not get("mail_host"):
        return None
    return environment.MailServer(
        get("mail_host"), get("mail_port"), get("mail_username"), decrypt(get("mail_password")), get("mail_tls")
    )
