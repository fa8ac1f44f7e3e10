"""The work on received mails runs inside the application, as its job does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from helpdesk.i18n import in_language
from helpdesk.incoming import held_mail_count


@pytest.fixture(autouse=True)
def in_application(app: Any) -> Iterator[None]:
    """The application, whose texts and templates the work needs."""
    held_mail_count.forget()
    with app.app_context(), in_language("en"):
        yield
