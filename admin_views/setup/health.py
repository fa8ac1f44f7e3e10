"""Health: what the doctor finds."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage
from helpdesk.i18n import lazy
from helpdesk.operations import doctor


class HealthPage(DeskPage):
    """Whether the desk is well."""

    slug, title = "health", lazy("Health")

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> ResponseReturnValue:
        """Show the checks; the ones that take seconds only when asked for."""
        deep = request.method == "POST"
        return self.render("admin/health.html", checks=doctor.checks(deep=deep), deep=deep)
