"""What the environment takes, and the one sentence with which it refuses."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from helpdesk import settings
from helpdesk.errors import BadEnvironment
from helpdesk.settings import environment
from tests.support import doors, sqlite_only


def read(folder: Path, **variables: str) -> environment.Environment:
    """Read these variables, with this data folder unless they name another."""
    return environment.read({"GUICHET_DATA_DIR": str(folder / "data"), **variables})


# --- The secret key -------------------------------------------------------------------------------------------------


def test_a_start_meets_no_key_that_is_not_written_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another start at whatever moment of the making: it finds no key and makes one, or finds the whole one."""
    found: list[str] = []
    others: list[str] = []

    def meanwhile(act: Any) -> Any:
        def acted(*arguments: Any, **options: Any) -> Any:
            if not others:
                others.append("is here")
                found.append(read(tmp_path).secret_key)
                others.clear()
            return act(*arguments, **options)

        return acted

    for name in ("fdopen", "fsync", "link"):
        monkeypatch.setattr(os, name, meanwhile(getattr(os, name)))
    key = read(tmp_path).secret_key
    assert len(key) == 64
    assert set(found) == {key}


def test_many_first_starts_at_once_have_one_key(tmp_path: Path) -> None:
    for number in range(100):
        keys: list[str] = []
        together = threading.Barrier(2)

        def start(folder: Path, keys: list[str] = keys, together: threading.Barrier = together) -> None:
            together.wait()
            keys.append(read(folder).secret_key)

        starts = [threading.Thread(target=start, args=(tmp_path / str(number),)) for _ in range(2)]
        for one in starts:
            one.start()
        for one in starts:
            one.join()
        assert len(set(keys)) == 1
        assert len(keys[0]) == 64


def test_a_crash_leaves_no_key_behind_and_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(BadEnvironment, match="No space left"):
            read(tmp_path)
    assert list((tmp_path / "data").iterdir()) == []
    read(tmp_path)
    [_begun, key] = sorted((tmp_path / "data").iterdir())
    assert key.name == "secret_key"
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("stored", [b"", b"\n", b"short\n", b"\xff" * 60, b"\0" * 64])
def test_a_stored_key_that_guards_nothing_is_refused(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_bytes(stored)
    with pytest.raises(BadEnvironment, match="empty, too short or damaged"):
        read(tmp_path)


def test_a_short_key_of_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadEnvironment, match="32 characters at least, not 31"):
        read(tmp_path, GUICHET_SECRET_KEY="x" * 31)
    assert read(tmp_path, GUICHET_SECRET_KEY="x" * 32).secret_key == "x" * 32


# --- Every variable -------------------------------------------------------------------------------------------------

BAD = {
    "GUICHET_DATA_DIR": ["~nosuchuser/x", "/dev/null/x", "/" + "x" * 5000, "a\nb"],
    "GUICHET_DATABASE_URL": [
        *("postgresql://[::1", "postgresql://host:abc/x", "postgresql://host:99999/x", "mysql://host/x", "nonsense"),
        *("sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host", "sqlite:///file:x?mode=memory"),
    ],
    "GUICHET_SITE_URL": [
        *("http://[::1", "http://exa mple.org", "https://a<b>.org", "https://a..b", "https://", "ftp://a.org", "a.org"),
        *("https://a.org/path", "https://a.org?x", "https://me@a.org", "https://a.org:0", "https://a.org:99999"),
        *("https://a.org:x", "https://a.org\r\nX: y", "https://" + "a" * 300, "https://-a.org", "https://é" + "x" * 99),
    ],
    "GUICHET_MAIL_URL": [
        *("smtp://[::1", "smtp://a b", "smtp://h\r\nX: y", "smtp://h?tsl=none", "smtp://h?tls=maybe", "smtp://h?tls"),
        *("smtp://h:0", "smtp://h:99999", "smtp://h:x", "smtp://", "imap://h", "smtp://h/path", "smtp://h#x", "h"),
    ],
    "GUICHET_SECRET_KEY": ["\udcff\udcfe" * 32, "short", "x" * 31],
    "GUICHET_PORT": ["9" * 5000, "-1", "65536", "١", "many", "1.5"],
    "GUICHET_TRUSTED_PROXIES": ["9" * 5000, "11", "one"],
    "GUICHET_CAPTCHA": ["on", "x" * 5000],
    "GUICHET_WORKER": ["both", "\x1b[31m"],
    "GUICHET_HOST": ["a\nb", "\udcff"],
    "GUICHET_PROCESSES": ["65", "-1", "two", "9" * 5000],
    "GUICHET_LOG": ["xml", "\x1b[31m"],
    "GUICHET_PASSWORDS": ["yes", "2"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_variable_is_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadEnvironment) as refused:
        read(tmp_path, **{name: value})
    [line] = str(refused.value).splitlines()
    assert name in line
    assert len(line) < 200 or name == "GUICHET_DATA_DIR"
    line.encode()


def test_every_variable_has_its_bad_values() -> None:
    assert set(BAD) == set(environment.NAMES)


GOOD = {
    "GUICHET_SITE_URL": {
        "https://help.example.org/": "https://help.example.org",
        "http://Desk:8000": "http://desk:8000",
        "http://[::1]:8000": "http://[::1]:8000",
        "https://café.example": "https://xn--caf-dma.example",
    },
    "GUICHET_DATABASE_URL": {
        url: url
        for url in ("postgresql:///name?host=/run", "postgres://u:p%40ss@[::1]:5432/name", "sqlite:////tmp/desk.db")
    },
}


@pytest.mark.parametrize(
    ("name", "value", "taken"), [(name, *pair) for name, pairs in GOOD.items() for pair in pairs.items()]
)
def test_a_good_variable_is_taken(tmp_path: Path, name: str, value: str, taken: str) -> None:
    assert getattr(read(tmp_path, **{name: value}), name.removeprefix("GUICHET_").lower()) == taken


def test_a_mail_server_is_read_from_its_address() -> None:
    assert environment.mail_server("smtp://me%40a:p%3Ass@mail.example.org") == environment.MailServer(
        "mail.example.org", 587, "me@a", "p:ss"
    )
    assert environment.mail_server("smtps://[::1]/") == environment.MailServer("::1", 465, tls="tls")


@sqlite_only
@pytest.mark.parametrize("address", ["http://[::1", "http://exa mple.org", "https://a<b>.org", "https://a\tb.org"])
def test_a_bad_public_address_is_told_at_its_field(client_of: Any, root: Any, app: Any, address: str) -> None:
    client = client_of(root)
    organisation = {"desk_name": "A", "language": "en", "site_url": address, "timezone": "UTC"}
    for url, values in (("/setup/organisation", organisation), ("/admin/configuration/", {"site_url": address})):
        answer = doors.post(client, url, values)
        assert answer.status_code in {200, 422}
        assert "Expected an address such as" in doors.text_of(answer)
    assert settings.get("site_url") == ""


@sqlite_only
@pytest.mark.parametrize("name", ["a b", "[::1", "h\r\nX: y", "h:25", "-", "x" * 300])
def test_a_bad_mail_server_is_told_at_its_field(client_of: Any, root: Any, name: str) -> None:
    client = client_of(root)
    mail = {"default_sender": "a@b.example", "mail_host": name, "mail_port": "25", "mail_tls": "none"}
    for url, further in (("/setup/mail", {}), ("/admin/configuration/", {}), ("/admin/configuration/", {"test": "1"})):
        answer = doors.post(client, url, {**mail, **further})
        assert answer.status_code in {200, 422}
        assert re.search("not the name of a server|at most 250", doors.text_of(answer))
    assert settings.get("mail_host") == ""
