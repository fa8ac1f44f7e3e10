"""Leaving a ticket one is in copy of: by its page, by the link in each mail, or by the mail program itself."""

from __future__ import annotations

from flask import abort, render_template, request

from helpdesk import links
from helpdesk.errors import NotFound
from helpdesk.tickets import cc
from public.routes import blueprint


@blueprint.get("/leave/<token>")
def leave_page(token: str) -> str:
    """Show a button: programs that open every link of a mail press none."""
    ticket = cc.copied_ticket(*_read(token))
    number = ticket.number if ticket is not None else None
    return render_template("public/leave.html", token=token, number=number)


@blueprint.post("/leave/<token>")
def leave(token: str) -> str:
    """Leave; a mail program that posts here by itself (RFC 8058) reads no page and has no session."""
    cc.leave(*_read(token))
    return "ok" if request.form.get("List-Unsubscribe") else render_template("public/leave.html", number=None)


def _read(token: str) -> tuple[int, int]:
    try:
        return links.read_leave_token(token)
    except NotFound:
        abort(404)
