"""What settings keep, and how."""

from __future__ import annotations

from helpdesk import settings
from models import Setting


def test_a_stored_password_is_encrypted(database):
    settings.save({"mail_password": "hunter2 and more"})
    stored = Setting.get(Setting.key == "mail_password").value
    assert "hunter2" not in str(stored)
    assert settings.decrypt(stored) == "hunter2 and more"
