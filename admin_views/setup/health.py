"""Health: what the doctor finds."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage
from helpdesk import access
from helpdesk.errors import NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.operations import clock_guard, doctor, restored_copy
from helpdesk.people import mailed_links


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
            may_revoke=self.agent.is_admin,
            clock_rests=self.agent.is_admin and pause is not None and pause.rests,
        )

    @expose("/let-go", methods=("POST",))
    def let_go_view(self) -> ResponseReturnValue:
        """Let a restored copy go to work."""
        restored_copy.let_go(actor=self.agent)
        flash(_("The desk is at work: the mails that waited go out."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/links", methods=("POST",))
    def links_view(self) -> ResponseReturnValue:
        """End mailed links: those of one person, or everybody's once that is confirmed."""
        access.require(self.agent, "administer")  # before it asks for a confirmation that would be refused
        email, back = request.form.get("email", ""), self.get_url(".index_view")
        if not email.strip() and "confirmed" not in request.form:
            consequence = _("Every visitor needs a new link: the page of a revoked one offers to mail it.")
            return self.render(
                "admin/model/confirm.html", title=_("Revoke every mailed link?"), consequences=[consequence],
                button=_("Revoke the links"), action=request.full_path, hidden={"confirmed": "1"}, return_url=back,
            )  # fmt: skip
        try:
            count = mailed_links.revoke(email, actor=self.agent)
        except NotFound as error:
            flash(str(error), "error")
        else:
            flash(ngettext("%(num)d link was revoked.", "%(num)d links were revoked.", count), "success")
        return redirect(back)

    @expose("/clock", methods=("POST",))
    def clock_view(self) -> ResponseReturnValue:
        """Say that the clock is right."""
        clock_guard.agree(actor=self.agent)
        flash(_("Deleting by age goes on."), "success")
        return redirect(self.get_url(".index_view"))
