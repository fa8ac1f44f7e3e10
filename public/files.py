"""Files of visitors and customers: sent ahead of a form by its script, and read from a thread."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from helpdesk.errors import NotFound
from helpdesk.files import attachments, room
from helpdesk.i18n import lazy
from public import current, rate_limits
from public.routes import blueprint
from web import downloads, uploads
from web.uploads import FormFiles

HOUR = 3600
FILES_PER_NETWORK = 150


def form_files() -> FormFiles:
    """Return the files of the form of this request."""
    customer = current.signed_in()
    owner = f"customer {customer.id}" if customer is not None else "visitor"
    return FormFiles(owner, customer, count, weigh=lambda size: rate_limits.weigh("files", size, seconds=HOUR))


def count() -> None:
    """Count one file of this visitor's network. Raises TooMany, also when its files weigh too much together."""
    rate_limits.require_below("files", room.most_per_network(), seconds=HOUR)
    rate_limits.count("file", limit=FILES_PER_NETWORK, seconds=HOUR)


@blueprint.post("/uploads")
def upload() -> tuple[dict[str, Any], int]:
    """Keep a file for a form that is not sent yet."""
    return uploads.receive_one(form_files())


@blueprint.post("/uploads/remove")
def remove_upload() -> dict[str, Any]:
    """Take a file out of its form."""
    form_files().remove()
    return {}


@blueprint.get("/files/<int:file_id>/<path:called>")
def file(file_id: int, called: str) -> Response:
    """Send a file of a ticket that is open to this browser; `called` is for who reads the address."""
    number = attachments.ticket_number(file_id)
    if not number:
        raise NotFound(lazy("There is no such file."))
    who, _ticket = current.find(number)
    return downloads.send(attachments.find(who, file_id), inline="inline" in request.args)
