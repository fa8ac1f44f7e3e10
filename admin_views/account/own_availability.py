"""One’s own availability: whether one takes tickets that are handed out in turn, and one’s leave.
It may import `admin_views.account`, `web` and the rules of `helpdesk`.
The leave of everybody is `admin_views/setup/leave.py`.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for

from admin_views.account import Page, agents_only, profile_page
from admin_views.account.forms import LeaveForm
from helpdesk import availability
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _
from models import Agent, Leave
from web import errors
from web.security import safe_path

blueprint = Blueprint("availability", __name__, url_prefix="/admin/profile")


@blueprint.post("/availability")
@agents_only
def switch(agent: Agent) -> Page:
    """Take tickets that are handed out in turn, or take none, and go on with the page one was on."""
    takes = bool(request.form.get("takes"))
    availability.set_takes_tickets(agent, takes, actor=agent)
    text = _("You take tickets again.") if takes else _("No ticket is handed to you in turn until you take some again.")
    flash(text, "success")
    return redirect(safe_path(request.form.get("next"), url_for("account.profile")), 303)


@blueprint.post("/leave")
@agents_only
def add(agent: Agent) -> Page:
    """Plan one’s leave."""
    form, reason = LeaveForm(agent), None
    try:
        if form.validate():
            leave = availability.save_leave(Leave(), {**form.data, "agent": agent.id}, actor=agent)
            flash(_("Your leave was saved."), "success")
            for text in availability.concerns(leave):
                flash(text, "info")
            return redirect(url_for("account.profile", _anchor="leave"), 303)
    except InvalidInput as error:
        reason = error
        form.refuse(error)
    return errors.again(profile_page(agent, leave_form=form), reason)


@blueprint.post("/leave/<int:key>/delete")
@agents_only
def delete(agent: Agent, key: int) -> Page:
    """Delete leave of one’s own: one is there."""
    row = next((row for row in availability.planned(agent) if row.id == key), None)
    if row is None:
        abort(404)
    availability.delete_leave(row, actor=agent)
    flash(_("Your leave was deleted."), "success")
    return redirect(url_for("account.profile", _anchor="leave"), 303)
