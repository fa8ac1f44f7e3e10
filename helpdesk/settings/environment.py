"""The environment variables of the process: read once and checked (DESIGN §3)."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from helpdesk.errors import BadEnvironment
from helpdesk.lib import log
from helpdesk.settings import secret_key
from helpdesk.settings.secret_key import KEY_FILE

ROOT = Path(__file__).resolve().parent.parent.parent

#: The data folder where no variable names one.
DATA_DIR = ROOT / "data"

#: The version of the program (CHANGELOG.md).
VERSION = "0.1.0"

#: The variables that are read.
NAMES = tuple(
    f"GUICHET_{name}"
    for name in (
        *("DATA_DIR", "DATABASE_URL", "SITE_URL", "HOST", "PORT", "MAIL_URL", "TRUSTED_PROXIES", "SECRET_KEY"),
        *("CAPTCHA", "WORKER", "LOG", "PROCESSES", "PASSWORDS"),
    )
)
#: A part of a host name, between two dots.
LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


@dataclass(frozen=True)
class MailServer:
    """The server that sends the desk's mail. `tls` is ``starttls``, ``tls`` (from the first byte) or ``none``."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: str = "starttls"
    #: The mailbox whose account at Google or Microsoft signs in, in place of the password; 0 for none.
    account: int = 0


@dataclass(frozen=True)
class Environment:
    """The values of the environment variables; everything else is a stored setting."""

    data_dir: Path
    database_url: str
    secret_key: str
    site_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    mail: MailServer | None = None
    trusted_proxies: int = 0
    captcha: str = "image"
    worker: str = "embedded"
    log: str = log.TEXT
    #: How many processes answer requests; 0 leaves it to what the machine has.
    processes: int = 0
    #: Whether passwords open accounts of agents though the desk is set to single sign-on only: the way back.
    passwords: bool = False
    #: Whether the data folder held nothing, or no more than the secret key of a start that came to nothing.
    was_empty: bool = False
    #: Whether this process has made the secret key, or a start before it that came to nothing.
    made_key: bool = False


def read(values: Mapping[str, str]) -> Environment:
    """Read the ``GUICHET_*`` variables in `values`; create the data folder and the secret key when missing.

    Raises BadEnvironment naming the variable that is wrong.
    """
    _refuse_unknown(values)
    _refuse_unreadable(values)
    data_dir = _data_dir(values.get("GUICHET_DATA_DIR") or str(DATA_DIR))
    _make_private_folder(data_dir)
    there = {path.name for path in data_dir.iterdir()}
    return Environment(
        data_dir=data_dir,
        database_url=_database_url(values.get("GUICHET_DATABASE_URL", ""), data_dir),
        secret_key=secret_key.read(values.get("GUICHET_SECRET_KEY", ""), data_dir / KEY_FILE),
        site_url=site_url(values.get("GUICHET_SITE_URL", "")),
        host=values.get("GUICHET_HOST") or "127.0.0.1",
        port=_number(values, "GUICHET_PORT", 8000, 0, 65_535),
        mail=mail_server(values.get("GUICHET_MAIL_URL", "")),
        trusted_proxies=_number(values, "GUICHET_TRUSTED_PROXIES", 0, 0, 10),
        captcha=_one_of(values, "GUICHET_CAPTCHA", ("image", "off")),
        worker=_one_of(values, "GUICHET_WORKER", ("embedded", "separate")),
        processes=_number(values, "GUICHET_PROCESSES", 0, 0, 64),
        passwords=_one_of(values, "GUICHET_PASSWORDS", ("0", "1")) == "1",
        log=_one_of(values, "GUICHET_LOG", log.FORMS),
        was_empty=secret_key.is_bare(there),
        made_key=KEY_FILE not in there or secret_key.FIRST_START in there,
    )


def mail_server(url: str) -> MailServer | None:
    """Read a URL such as ``smtp://user:password@host:587?tls=starttls`` (or ``smtps://``); None for an empty one.

    Raises BadEnvironment.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        tls = options.pop("tls", "tls" if parts.scheme == "smtps" else "starttls")
        port = parts.port if parts.port is not None else 465 if tls == "tls" else 587
        valid = not options and tls in {"starttls", "tls", "none"} and port > 0 and is_host(parts.hostname or "")
    except ValueError:
        valid = False
    if not valid or parts.scheme not in {"smtp", "smtps"} or parts.path not in {"", "/"} or parts.fragment:
        raise BadEnvironment("GUICHET_MAIL_URL: expected smtp://user:password@host:587?tls=starttls (or tls, none).")
    return MailServer(parts.hostname or "", port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


def site_url(text: str) -> str | None:
    """Return the checked public address of the desk (``https://desk.example.org``, no path); None for an empty one.

    A host name with accents is stored in the form that browsers send. Raises BadEnvironment.
    """
    if not text:
        return None
    try:
        parts = urlsplit(text.rstrip("/"))
        host = (parts.hostname or "").encode("idna").decode()
        valid = parts.scheme in {"http", "https"} and is_host(host) and parts.port != 0
    except ValueError:
        valid = False
    further = not valid or parts.path or parts.query or parts.fragment or parts.username is not None
    if further or not text.isprintable():
        raise BadEnvironment("GUICHET_SITE_URL: expected an address such as https://help.example.org, without a path.")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port else "")


def is_host(text: str) -> bool:
    """Whether this can be a host name or an IP address."""
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return len(text) <= 253 and all(map(LABEL.fullmatch, text.removesuffix(".").split(".")))


def _refuse_unknown(values: Mapping[str, str]) -> None:
    """Refuse a variable that nothing reads: a mistyped GUICHET_DATA_DIR would open another, empty desk."""
    for name in sorted(values):
        if name.startswith("GUICHET_") and name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0)
            raise BadEnvironment(f"{name} is no variable of Guichet: did you mean {near[0]}? The README lists them.")


def _refuse_unreadable(values: Mapping[str, str]) -> None:
    for name in NAMES:
        if not values.get(name, "").isprintable():
            raise BadEnvironment(f"{name}: it holds characters that cannot be read: write it in UTF-8, on one line.")


def _data_dir(text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except (RuntimeError, OSError) as error:
        raise BadEnvironment(f"GUICHET_DATA_DIR: {_quoted(text)} leads nowhere ({error}).") from error


def _database_url(text: str, data_dir: Path) -> str:
    if not text:
        return f"sqlite:///{data_dir / 'guichet.db'}"
    try:
        parts = urlsplit(text)
        # A wrong host or port would otherwise be reported as a database that does not answer.
        valid = parts.scheme in {"postgresql", "postgres"} and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid and not _is_sqlite_file(text):
        raise BadEnvironment("GUICHET_DATABASE_URL: expected postgresql://user:password@host/name or sqlite:///path.")
    return text


def _is_sqlite_file(url: str) -> bool:
    """Whether this URL names a file: in memory, each connection would have a database of its own."""
    path = url.removeprefix("sqlite:///")
    return path not in {url, "", ":memory:"} and not path.endswith("/") and not path.startswith("file:")


def _make_private_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_open_to_others(path):
            path.chmod(0o700)
    except OSError as error:
        raise BadEnvironment(
            f"The data folder {path} cannot be made ({error.strerror}): choose another with GUICHET_DATA_DIR."
        ) from error


def _is_open_to_others(path: Path) -> bool:
    """Whether this is an empty folder of our own that other users may read (others the doctor only reports)."""
    state = path.stat()
    is_common = state.st_uid != os.geteuid() or bool(state.st_mode & stat.S_ISVTX)
    return bool(state.st_mode & 0o077) and not is_common and not any(path.iterdir())


def make_key(values: Mapping[str, str]) -> Path:
    """Make the secret key of a desk that has lost it, and return its file. Raises BadEnvironment where there is one."""
    data_dir = _data_dir(values.get("GUICHET_DATA_DIR") or str(DATA_DIR))
    path = data_dir / KEY_FILE
    if values.get("GUICHET_SECRET_KEY") or path.exists() or not data_dir.is_dir():
        raise BadEnvironment(f"No desk in {data_dir} has lost its secret key: nothing was made.")
    secret_key.make(path)
    return path


def _number(values: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = values.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not low <= int(text) <= high:
        raise BadEnvironment(f"{name}: expected a whole number from {low} to {high}, not {_quoted(text)}.")
    return int(text)


def _one_of(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = values.get(name) or choices[0]
    if text not in choices:
        raise BadEnvironment(f"{name}: expected {' or '.join(choices)}, not {_quoted(text)}.")
    return text


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


_current: Environment | None = None


def use(environment: Environment) -> None:
    """Make this the environment of the process."""
    global _current
    _current = environment


def current() -> Environment:
    """Return the environment of the process. Raises RuntimeError before `use`."""
    if _current is None:
        raise RuntimeError("The environment was not read yet.")
    return _current
