"""The buttons of a message whose author does not belong to its ticket: who they are is an agent's to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.tickets.sidebar import LIST
from helpdesk import access
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import lazy
from helpdesk.tickets import strangers
from models import Message

#: What may be done, and what is said when it was.
ACTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "customer": (strangers.accept_as_customer, lazy("The address is the customer’s own from now on.")),
    "copy": (strangers.accept_in_copy, lazy("In copy from now on: they get the next messages.")),
    "split": (strangers.split, lazy("The message has a ticket of its own now.")),
}


class StrangersPage(DeskPage):
    """Who wrote a doubted message."""

    slug = "strangers"
    title = lazy("Unknown senders")
    verb = "desk"

    @expose("/")
    def index_view(self) -> Response:
        """Show nothing of its own: the messages stand in their ticket."""
        return redirect(url_for(LIST))

    @expose("/<number>/<int:message_id>/<act>", methods=["POST"])
    def act_view(self, number: str, message_id: int, act: str) -> Response:
        """Do what the button says."""
        ticket = access.find_ticket(self.agent, number)
        message = Message.get_or_none(Message.id == message_id)
        if message is None or act not in ACTS:
            abort(404)
        if message.ticket_id != ticket.id:
            flash(str(strangers.DECIDED), "error")
            return redirect(url_for("desk_ticket.ticket_view", number=ticket.number))
        rule, text = ACTS[act]
        try:
            rule(message, actor=self.agent)
            flash(str(text), "success")
        except HelpdeskError as error:
            flash(str(error), "error")
        return redirect(url_for("desk_ticket.ticket_view", number=ticket.number, _anchor=f"m{message_id}"))
