"""Files of the desk: sent ahead of a reply by the composer's script, and read from a thread."""

from __future__ import annotations

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.tickets.sidebar import LIST
from helpdesk import send_later
from helpdesk.files import attachments, room
from helpdesk.files import uploads as uploads_of_forms
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from models import Agent, Ticket
from web import downloads, uploads
from web.uploads import FormFiles

HOUR = 3600
FILES_PER_AGENT = 600
#: Tickets whose files a browser finds again.
TICKETS = 8


def form_files(agent: Agent, stamp: str = "") -> FormFiles:
    """Return the files of the form this agent fills in; `stamp` is of a form that comes back."""
    owner = f"{room.AGENT}{agent.id}"
    return FormFiles(
        owner, agent, lambda: throttle.hit(f"files of {owner}", limit=FILES_PER_AGENT, seconds=HOUR), stamp
    )


def stored_files(agent: Agent, ticket: Ticket) -> FormFiles:
    """Return the files of the reply this agent writes in a ticket: those that wait since an earlier page, else none."""
    stamp = next((stamp for number, stamp in session.get("files", []) if number == ticket.number), "")
    files = form_files(agent, stamp)
    if stamp and not files.stored:
        forget_files(ticket.number)
        return form_files(agent)
    return files


def remember_files(number: str, stamp: str) -> None:
    """Keep in this browser's session where the files of a reply wait."""
    others = [entry for entry in session.get("files", []) if entry[0] != number]
    session["files"] = [*others[1 - TICKETS :], [number, stamp]]


def forget_files(number: str) -> None:
    """Forget where the files of a reply wait."""
    if "files" in session:
        session["files"] = [entry for entry in session["files"] if entry[0] != number]


def picture_url(file_id: int | str, key: str) -> str:
    """Return where the editor loads a picture of its form; its last part names the picture in the text."""
    return url_for("desk_files.picture_view", file_id=file_id, key=key)


class FilesPage(DeskPage):
    """Files on their way in and out."""

    slug, title, verb = "files", lazy("Files"), "desk"

    @expose("/")
    def index_view(self) -> Response:
        """Go to the tickets: files stand in their threads."""
        return redirect(url_for(LIST))

    @expose("/upload", methods=["POST"])
    def upload_view(self) -> ResponseReturnValue:
        """Keep a file for a reply that is not sent yet."""
        files = form_files(self.agent)
        answer, code = uploads.receive_one(files)
        if code == 200 and (number := request.args.get("ticket", "")):
            remember_files(number[:40], files.stamp)
        if "key" in answer:
            answer["picture"] = picture_url(answer["id"], answer["key"])
        return answer, code

    @expose("/remove", methods=["POST"])
    def remove_view(self) -> ResponseReturnValue:
        """Take a file out of its form."""
        form_files(self.agent).remove()
        return {}

    @expose("/picture/<int:file_id>/<key>")
    def picture_view(self, file_id: int, key: str) -> Response:
        """Show a picture of a form that this agent fills in; `key` names it in the text."""
        return downloads.send(uploads_of_forms.picture(file_id, owner=form_files(self.agent).owner), inline=True)

    @expose("/sent/picture/<int:file_id>/<key>")
    def sent_picture_view(self, file_id: int, key: str) -> Response:
        """Show a picture of a message that this agent corrects; `key` names it in the text."""
        return downloads.send(attachments.find(self.agent, file_id), inline=True)

    @expose("/scheduled/<int:file_id>/<path:called>")
    def scheduled_view(self, file_id: int, called: str) -> Response:
        """Send a file of a reply that leaves later; `called` is for who reads the address."""
        file = send_later.find_file(file_id, actor=self.agent)
        return downloads.send(file, inline="inline" in request.args)

    @expose("/<int:file_id>/<path:called>")
    def file_view(self, file_id: int, called: str) -> Response:
        """Send a file of a ticket within the agent's sight; `called` is for who reads the address."""
        return downloads.send(attachments.find(self.agent, file_id), inline="inline" in request.args)
