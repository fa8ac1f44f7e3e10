"""Where the set-up ends: the address of the form, a code to print beside the till, and what is still missing."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage
from helpdesk import settings
from helpdesk.examples import first_steps
from helpdesk.i18n import lazy
from helpdesk.lib import qr_code
from helpdesk.settings import lookups


class ReadyPage(DeskPage):
    """The form as customers reach it, for who has just opened it."""

    slug, title, verb = "ready", lazy("Your form"), "administer"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show the address, its code and the steps that are left."""
        return self.render(
            "admin/ready.html",
            address=form_address(),
            is_open=first_steps.form_is_open(),
            is_switched_off=not settings.get("desk_enabled"),
            has_services=bool(lookups.services()),
            steps=[step for step in first_steps.steps() if not step.is_done],
        )

    @expose("/code.svg")
    def code_view(self) -> Response:
        """Draw the address as a code that a telephone reads; to be kept when that is asked for."""
        headers = {"Content-Disposition": "attachment; filename=form.svg"} if "download" in request.args else None
        return Response(qr_code.svg(form_address()), mimetype="image/svg+xml", headers=headers)


def form_address() -> str:
    """Return the public address of the form."""
    return f"{settings.site_url()}/"
