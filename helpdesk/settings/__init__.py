"""What is configured: declared settings with their defaults, the environment, small tables in memory, placeholders.
It may import lib and what stands before it.
No screen: Configuration is `admin_views/setup/configuration.py`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from database import Label, Stamp, database
from helpdesk import clock, i18n
from helpdesk.errors import InvalidInput
from helpdesk.i18n import LANGUAGES, lazy
from helpdesk.lib import colors, inputs, sizes
from helpdesk.lib.cache import CachedValue
from helpdesk.settings import environment, ports
from helpdesk.settings.declared import DECLARED, GROUPS, Declared
from models import CLOSED, Agent, FormerNumber, Priority, Setting, Status, Ticket

__all__ = ["DECLARED", "GROUPS", "Declared", "clean", "decrypt", "encrypt", "get", "mail_server", "save", "site_url"]

#: What the password of the mail server was given for: when one of them changes, it is forgotten (RULES 41).
PASSWORD_OF = frozenset({"mail_host", "mail_port", "mail_username", "mail_tls"})

#: Called in the transaction with the old and new value of each changed setting, and the agent who changed them.
watchers: list[Callable[[Mapping[str, tuple[Any, Any]], Agent | None], None]] = []

_stored: CachedValue[dict[str, Any]] = CachedValue(lambda: dict(Setting.select(Setting.key, Setting.value).tuples()))


def get(key: str) -> Any:
    """Return the value of a declared setting. Raises KeyError for any other key."""
    declared = DECLARED[key]
    value = _stored().get(key, declared.default)
    return Label(value) if declared.kind == "label" else value


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
    declared = DECLARED[key]
    checker = _CHECKS.get(declared.kind)
    try:
        return checker(declared, value) if checker else str(value or "").strip()[:500]
    except InvalidInput as error:
        raise InvalidInput(error.message, field=key) from error


def _switch(_declared: Declared, value: Any) -> bool:
    return bool(value)


def _label(_declared: Declared, value: Any) -> Label:
    return Label({code: str(value.get(code) or "").strip()[:2000] for code in LANGUAGES if value.get(code)})


def _choice(declared: Declared, value: Any) -> str:
    if value not in dict(declared.choices):
        raise InvalidInput(lazy("Choose one from the list."))
    return str(value)


def _email(_declared: Declared, value: Any) -> str:
    text = str(value or "").strip()
    return inputs.normalise(text) if text else ""


def _timezone(_declared: Declared, value: Any) -> str:
    if value not in i18n.zones():
        raise InvalidInput(lazy("This time zone is not known. Example: Europe/Paris."))
    return str(value)


def _site_url(_declared: Declared, value: Any) -> str:
    try:
        return environment.site_url(str(value or "").strip()) or ""
    except environment.BadEnvironment as error:
        raise InvalidInput(lazy("Expected an address such as https://help.example.org, without a path.")) from error


def _host(_declared: Declared, value: Any) -> str:
    text = str(value or "").strip()
    if text and not environment.is_host(text):
        raise InvalidInput(lazy("This is not the name of a server. Example: smtp.example.org."))
    return text


def _whole(low: int, high: int, message: Any) -> Any:
    def check(_declared: Declared, value: Any) -> int:
        text = str(value)
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not low <= int(text) <= high:
            raise InvalidInput(message)
        return int(text)

    return check


def _mail_port(declared: Declared, value: Any) -> int:
    """Return a port of a mail server; another one only where it is stored already."""
    port: int = _port(declared, value)
    if port not in ports.SMTP and port != get(declared.key):
        raise InvalidInput(
            lazy("Expected 25, 465, 587 or 2525. Whoever starts the desk may name any other in GUICHET_MAIL_URL.")
        )
    return port


_port = _whole(1, 65_535, lazy("Expected a number from 1 to 65535."))


def _extensions(_declared: Declared, value: Any) -> str:
    words = [word.strip().lstrip(".").lower() for word in str(value or "").split(",")]
    names = list(dict.fromkeys(word for word in words if word))
    if not 0 < len(names) <= 40 or any(not re.fullmatch(r"[a-z0-9]{1,10}", name) for name in names):
        raise InvalidInput(lazy("Expected extensions separated by commas. Example: jpeg,gif,png,pdf."))
    return ",".join(names)


def _folder(_declared: Declared, value: Any) -> str:
    """Return a folder relative to the data folder. Raises InvalidInput for one outside, also through a link."""
    parts = str(value or "").strip().strip("/").split("/")
    root = environment.current().data_dir
    plain = len(parts) <= 8 and all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,24}", part) for part in parts)
    if not plain or not root.joinpath(*parts).resolve().is_relative_to(root.resolve()):
        raise InvalidInput(lazy("Expected a folder inside the data folder. Example: helpdesk/files."))
    above = [root.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    if any(path.exists() and not path.is_dir() for path in above):
        raise InvalidInput(lazy("There is a file of this name: choose another folder."))
    return "/".join(parts)


def _size(_declared: Declared, value: Any) -> str:
    sizes.parse(str(value or ""))
    return str(value).strip().upper().replace(" ", "")


def _room(_declared: Declared, value: Any) -> str:
    sizes.parse_room(str(value or ""))
    return str(value).strip().upper().replace(" ", "")


def _colour(_declared: Declared, value: Any) -> str:
    try:
        return colors.to_hex(colors.parse(str(value or "")))
    except ValueError as error:
        raise InvalidInput(lazy("Write a colour such as #007afc, or a name such as white.")) from error


def _picture(_declared: Declared, value: Any) -> dict[str, Any] | None:
    """Return the value that `helpdesk.files.logo` stores, or None. Raises InvalidInput for any other."""
    if value is not None and not (isinstance(value, dict) and {"path", "sha256"} <= set(value)):
        raise InvalidInput(lazy("Choose a picture."))
    return value


def _prefix(_declared: Declared, value: Any) -> str:
    text = str(value or "").strip()
    if not re.fullmatch(r"[A-Za-z0-9-]{0,20}", text):
        raise InvalidInput(lazy("Use up to 20 letters, digits or hyphens."))
    _refuse_collision(text)
    return text


def _refuse_collision(prefix: str) -> None:
    """Raise InvalidInput when a later ticket would get the number of an old one with this prefix (RULES 26)."""
    last_id = Ticket.select(Ticket.id).order_by(Ticket.id.desc()).limit(1).scalar() or 0
    numbers = (
        table.select(table.number).where(table.number.startswith(prefix)).tuples().iterator()
        for table in (Ticket, FormerNumber)
    )
    for (number,) in chain.from_iterable(numbers):
        rest = number[len(prefix) :]
        if rest.isascii() and rest.isdigit() and not rest.startswith("0") and int(rest) > last_id:
            raise InvalidInput(
                lazy("With this prefix a later ticket would get the number %(number)s, which is taken.", number=number)
            )


def takes(key: str, category: str) -> bool:
    """Whether this setting may choose a status of that category: only ``closed_status`` takes closed ones."""
    return (category == CLOSED) == (key == "closed_status")


def _identifier(model: type[Status] | type[Priority]) -> Any:
    def check(declared: Declared, value: Any) -> str:
        row = model.get_or_none(model.identifier == str(value), model.enabled)
        if row is None:
            raise InvalidInput(lazy("Choose one that is enabled."))
        if isinstance(row, Status) and not takes(declared.key, row.category):
            raise InvalidInput(lazy("Choose one from the list."))
        return str(value)

    return check


def _secret(declared: Declared, value: Any) -> str:
    return encrypt(str(value)) if value else str(get(declared.key))


_CHECKS: dict[str, Any] = {
    "switch": _switch,
    "label": _label,
    "choice": _choice,
    "email": _email,
    "timezone": _timezone,
    "site_url": _site_url,
    "host": _host,
    "port": _mail_port,
    "colour": _colour,
    "picture": _picture,
    "copies": _whole(1, 60, lazy("Expected a whole number from 1 to 60.")),
    "days": _whole(1, 3_650, lazy("Expected a number of days from 1 to 3650.")),
    "any_days": _whole(0, 3_650, lazy("Expected a number of days from 0 to 3650.")),
    "pause": _whole(0, 30, lazy("Expected a number of seconds from 0 to 30.")),
    "prefix": _prefix,
    "extensions": _extensions,
    "folder": _folder,
    "size": _size,
    "room": _room,
    "status": _identifier(Status),
    "priority": _identifier(Priority),
    "secret": _secret,
}


def _vault() -> Fernet:
    key = hashlib.sha256(b"stored secrets" + environment.current().secret_key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(text: str) -> str:
    """Return a text encrypted with the secret key of the desk."""
    return _vault().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return the text that `encrypt` was given; empty when the secret key has changed since."""
    try:
        return _vault().decrypt(text.encode()).decode() if text else ""
    except InvalidToken:
        return ""


def mail_password_is_lost() -> bool:
    """Whether the stored password of the mail server cannot be decrypted with the present secret key."""
    password = get("mail_password")
    return environment.current().mail is None and bool(get("mail_host") and password) and not decrypt(password)


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
    if env.mail is not None or not get("mail_host"):
        return env.mail
    return environment.MailServer(
        get("mail_host"), get("mail_port"), get("mail_username"), decrypt(get("mail_password")), get("mail_tls")
    )
