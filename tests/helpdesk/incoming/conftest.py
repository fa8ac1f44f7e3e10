"""The work on received mails runs inside the application, as its job does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from helpdesk import settings
from helpdesk.i18n import in_language
from helpdesk.incoming import held_mail_count
from models import Mailbox, Service
from tests.support import dovecot
from tests.support.mails import make_mailbox


@pytest.fixture(autouse=True)
def in_application(app: Any) -> Iterator[None]:
    """The application, whose texts and templates the work needs."""
    held_mail_count.forget()
    with app.app_context(), in_language("en"):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    """A dovecot of this module; each test has a user of its own."""
    with dovecot.running() as started:
        yield started


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """The user of this test on the server."""
    return f"u{abs(hash(request.node.nodeid)) % 10**9}"


@pytest.fixture
def imap_mailbox(
    server: dovecot.Dovecot, user: str, sales: Service, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Mailbox]:
    """What makes a mailbox of that user, read from its first mail on."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "cert.pem"))
    return partial(
        make_mailbox, sales, kind="imap", host="127.0.0.1", port=server.port, username=user,
        secret=settings.encrypt(dovecot.PASSWORD), begin="all",
    )  # fmt: skip
