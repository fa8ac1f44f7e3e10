"""What the desk keeps of a customer, for themselves: all of it as one file."""

from __future__ import annotations

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from helpdesk import clock
from helpdesk.errors import TooMany
from helpdesk.privacy import person_archive
from public import current
from public.routes import blueprint
from web import downloads


@blueprint.post("/account/data")
def personal_data() -> Response:
    """Send a signed-in customer everything that is kept of them and that they may see."""
    customer = current.signed_in()
    if customer is None:
        return redirect(url_for("public.sign_in", next=url_for("public.account")), 303)
    try:
        parts = person_archive.export(customer, actor=customer)
    except TooMany as error:
        flash(str(error), "error")
        return redirect(url_for("public.account"), 303)
    return downloads.send_archive(parts, f"personal-data-{clock.now():%Y-%m-%d}")
