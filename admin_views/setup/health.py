"""Health: what the doctor finds."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage
from helpdesk.i18n import _, lazy
from helpdesk.operations import clock_guard, doctor, restored_copy


class HealthPage(DeskPage):
    """Whether the desk is well."""

    slug, title = "health", lazy("Health")

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> ResponseReturnValue:
        """Show the checks; the ones that take seconds only when asked for."""
        deep = request.method == "POST"
        pause = clock_guard.current()
        return self.render(
            "admin/health.html",
            checks=doctor.checks(deep=deep, is_serving=True),
            deep=deep,
            address=request.remote_addr,
            resting=restored_copy.current() if self.agent.is_admin else None,
            clock_rests=self.agent.is_admin and pause is not None and pause.rests,
        )

    @expose("/let-go", methods=("POST",))
    def let_go_view(self) -> ResponseReturnValue:
        """Let a restored copy go to work."""
        restored_copy.let_go(actor=self.agent)
        flash(_("The desk is at work: the mails that waited go out."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/clock", methods=("POST",))
    def clock_view(self) -> ResponseReturnValue:
        """Say that the clock is right."""
        clock_guard.agree(actor=self.agent)
        flash(_("Deleting by age goes on."), "success")
        return redirect(self.get_url(".index_view"))
