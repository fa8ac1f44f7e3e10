"""What settings keep, and how."""

from __future__ import annotations

import pytest

from helpdesk import settings
from helpdesk.errors import InvalidInput
from models import Setting


def test_a_stored_password_is_encrypted(database):
    settings.save({"mail_password": "hunter2 and more"})
    stored = Setting.get(Setting.key == "mail_password").value
    assert "hunter2" not in str(stored)
    assert settings.decrypt(stored) == "hunter2 and more"


def test_attachments_go_into_no_folder_of_the_program() -> None:
    for folder in ("mail", "mail/files", "backups", "cache", "orphans/files"):
        with pytest.raises(InvalidInput, match="keeps something else"):
            settings.clean("attachment_folder", folder)
    assert settings.clean("attachment_folder", "mailed/files") == "mailed/files"
