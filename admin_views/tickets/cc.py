"""The people in copy of a ticket, from its panel."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.tickets.sidebar import LIST
from helpdesk import access
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.tickets import cc
from models import Ticket


class CcPage(DeskPage):
    """Adding and dropping people in copy."""

    slug, path = "cc", "copies"
    title = lazy("In copy")
    verb = "desk"

    @expose("/")
    def index_view(self) -> Response:
        """Show nothing of its own: the people stand beside their ticket."""
        return redirect(url_for(LIST))

    @expose("/<number>/add", methods=["POST"])
    def add_view(self, number: str) -> ResponseReturnValue:
        """Put people in copy; they get the next messages."""
        ticket = access.find_ticket(self.agent, number)
        emails, scripted = cc.split(request.form.get("copies", "")), request.accept_mimetypes.best == "application/json"
        try:
            if not emails:
                raise InvalidInput(lazy("Write an e-mail address to put in copy."), field="copies")
            cc.add_cc(ticket, emails, actor=self.agent)
        except InvalidInput as error:
            if scripted:
                return {"error": str(error)}, 422
            flash(str(error), "error")
            return redirect(url_for("desk_ticket.ticket_view", number=number, copies=", ".join(emails)[:300]))
        if scripted:
            return {"text": _("In copy from now on: they get the next messages.")}
        flash(_("In copy from now on: they get the next messages."), "success")
        return self._back(ticket)

    @expose("/<number>/drop", methods=["POST"])
    def drop_view(self, number: str) -> ResponseReturnValue:
        """Take somebody out of copy; who has left already is out of it."""
        ticket = access.find_ticket(self.agent, number)
        email = cc.drop(ticket, request.form.get("email", ""), actor=self.agent)
        text = _("%(email)s is not in copy any more.", email=email)
        if request.accept_mimetypes.best == "application/json":
            return {"text": text}
        flash(text, "success")
        return self._back(ticket)

    @staticmethod
    def _back(ticket: Ticket) -> Response:
        return redirect(url_for("desk_ticket.ticket_view", number=ticket.number, _anchor="copies"))
