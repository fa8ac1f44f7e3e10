"""Files of the desk: sent ahead of a reply by the composer's script, and read from a thread."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.side import LIST
from helpdesk import attachments, throttle
from helpdesk.i18n import lazy
from models import Agent
from web import baskets, downloads
from web.baskets import Basket

HOUR = 3600
FILES_PER_AGENT = 600


def basket(agent: Agent, stamp: str = "") -> Basket:
    """Return the files of the form this agent fills in; `stamp` is of a form that comes back."""
    owner = f"agent {agent.id}"
    return Basket(owner, agent, lambda: throttle.hit(f"files of {owner}", limit=FILES_PER_AGENT, seconds=HOUR), stamp)


class FilesPage(DeskPage):
    """Files on their way in and out."""

    slug, title, verb = "files", lazy("Files"), "desk"

    @expose("/")
    def index_view(self) -> Response:
        """Go to the tickets: files stand in their threads."""
        return redirect(url_for(LIST))

    @expose("/upload", methods=["POST"])
    def upload_view(self) -> Any:
        """Keep a file for a reply that is not sent yet."""
        return baskets.receive_one(basket(self.agent))

    @expose("/remove", methods=["POST"])
    def remove_view(self) -> Any:
        """Take a file out of its form."""
        basket(self.agent).remove()
        return {}

    @expose("/<int:file_id>/<path:called>")
    def file_view(self, file_id: int, called: str) -> Response:
        """Send a file of a ticket within the agent's sight; `called` is for who reads the address."""
        return downloads.send(attachments.find(self.agent, file_id), inline="inline" in request.args)
