"""How the value of each kind of setting is checked, and what it is stored as."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from database import Label
from helpdesk import i18n
from helpdesk.errors import BadEnvironment, InvalidInput
from helpdesk.i18n import LANGUAGES, lazy
from helpdesk.lib import colors, email_syntax, inputs, sizes
from helpdesk.settings import encryption, environment, mail_accounts, ports, ticket_numbers
from helpdesk.settings.declaration import Declared
from helpdesk.settings.values import get
from models import CLOSED, Priority, Status


def clean(declared: Declared, value: Any) -> Any:
    """Return a value in its stored form. Raises InvalidInput."""
    checker = _CHECKS.get(declared.kind)
    return checker(declared, value) if checker else inputs.one_line(value, 500)


def _switch(_declared: Declared, value: Any) -> bool:
    return bool(value)


def _label(_declared: Declared, value: Any) -> Label:
    texts = {code: inputs.lines(value.get(code))[:2000] for code in LANGUAGES}
    return Label({code: text for code, text in texts.items() if text})


def _choice(declared: Declared, value: Any) -> str:
    if value not in dict(declared.choices):
        raise InvalidInput(lazy("Choose one from the list."))
    return str(value)


def _email(_declared: Declared, value: Any) -> str:
    text = str(value or "").strip()
    return email_syntax.normalise(text) if text else ""


def _timezone(_declared: Declared, value: Any) -> str:
    if value not in i18n.zones():
        raise InvalidInput(lazy("This time zone is not known. Example: Europe/Paris."))
    return str(value)


def _site_url(_declared: Declared, value: Any) -> str:
    try:
        return environment.site_url(str(value or "").strip()) or ""
    except BadEnvironment as error:
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


#: Folders of the data folder in which the program keeps what is no attachment: received mails, backups, its processes.
OWN_FOLDERS = frozenset(
    {
        *("backups", "exports-while-they-can-be-fetched", "imports", "mail", "masked-while-it-can-be-undone"),
        *("cache", "orphans", "processes"),
    }
)


def _folder(_declared: Declared, value: Any) -> str:
    """Return a folder relative to the data folder. Raises InvalidInput for one outside, also through a link."""
    parts = str(value or "").strip().strip("/").split("/")
    root = environment.current().data_dir
    plain = len(parts) <= 8 and all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,24}", part) for part in parts)
    if not plain or not root.joinpath(*parts).resolve().is_relative_to(root.resolve()):
        raise InvalidInput(lazy("Expected a folder inside the data folder. Example: helpdesk/files."))
    if parts[0] in OWN_FOLDERS:
        raise InvalidInput(lazy("The desk keeps something else in this folder: choose another one."))
    above = [root.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    if any(path.exists() and not path.is_dir() for path in above):
        raise InvalidInput(lazy("There is a file of this name: choose another folder."))
    return "/".join(parts)


def _size(parse: Callable[[str], int]) -> Any:
    def check(_declared: Declared, value: Any) -> str:
        parse(str(value or ""))
        return str(value).strip().upper().replace(" ", "")

    return check


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
    return ticket_numbers.clean_prefix(str(value or ""))


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
    return encryption.encrypt(str(value)) if value else str(get(declared.key))


def _account(_declared: Declared, value: Any) -> str:
    key = str(value or "")
    if key and key not in {str(row.id) for row in mail_accounts.accounts()}:
        raise InvalidInput(lazy("Choose one from the list."))
    return key


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
    "percent": _whole(0, 99, lazy("Expected a whole number from 0 to 99.")),
    "number": _whole(0, 100_000, lazy("Expected a whole number from 0 to 100000.")),
    "ceiling": _whole(1, 100_000, lazy("Expected a whole number from 1 to 100000.")),
    "prefix": _prefix,
    "extensions": _extensions,
    "folder": _folder,
    "size": _size(sizes.parse),
    "room": _size(sizes.parse_room),
    "status": _identifier(Status),
    "priority": _identifier(Priority),
    "secret": _secret,
    "account": _account,
}
