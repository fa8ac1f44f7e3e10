"""The first steps on a new desk: the list an administrator sees until everything is done."""

from __future__ import annotations

from typing import NamedTuple

from helpdesk import settings
from helpdesk.i18n import _
from helpdesk.settings import lookups


class Step(NamedTuple):
    """One step: `screen` is the slug of the page where it is done."""

    label: str
    help: str
    screen: str
    is_done: bool


def form_is_open() -> bool:
    """Whether visitors can open a ticket: the desk is switched on and offers a service."""
    return bool(settings.get("desk_enabled") and lookups.services(enabled_only=True))


def steps() -> list[Step]:
    """Return the steps, each with whether it is done."""
    has_name = settings.get("desk_name") != settings.DECLARED["desk_name"].default
    return [
        Step(_("Name the organisation"), _("It stands on every page and in every e-mail."), "configuration", has_name),
        Step(
            _("Set the mail server"),
            _("Until then nobody gets an e-mail."),
            "configuration",
            settings.mail_server() is not None,
        ),
        Step(
            _("Choose the sender’s address"),
            _("E-mails leave from it, and answers come back to it."),
            "configuration",
            bool(settings.get("default_sender")),
        ),
        Step(
            _("Add a service"),
            _("Without one nobody can write to you."),
            "services",
            bool(lookups.services()),
        ),
        Step(
            _("Add a department"),
            _("It sorts the tickets of a service."),
            "departments",
            bool(lookups.departments()),
        ),
        Step(
            _("Invite a colleague"),
            _("Together you answer sooner."),
            "users",
            len(lookups.agents(active_only=False)) > 1,
        ),
    ]
