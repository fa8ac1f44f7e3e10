"""What the desk keeps of a customer, for themselves: all of it as one file."""

from __future__ import annotations

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from helpdesk.errors import TooMany
from helpdesk.i18n import _
from helpdesk.privacy import person_archive, person_exports
from public import current
from public.routes import blueprint
from web import downloads


@blueprint.post("/account/data")
def personal_data() -> Response:
    """Send a signed-in customer all that is kept of them and that they may see; a large file is written first."""
    customer = current.signed_in()
    if customer is None:
        return redirect(url_for("public.sign_in", next=url_for("public.account")), 303)
    try:
        if person_exports.is_large(person_archive.extent_of(customer, actor=customer)):
            person_exports.ask(customer, actor=customer)
            flash(_("The file is being written. You get an e-mail once it is ready; it is then here."), "success")
            return redirect(url_for("public.account"), 303)
        parts = person_archive.export(customer, actor=customer)
    except TooMany as error:
        flash(str(error), "error")
        return redirect(url_for("public.account"), 303)
    return downloads.send_archive(parts, person_archive.file_name())


@blueprint.get("/account/data/file")
def personal_data_file() -> Response:
    """Send a signed-in customer the file that was written in the background."""
    customer = current.signed_in()
    if customer is None:
        return redirect(url_for("public.sign_in", next=url_for("public.account")), 303)
    path = person_exports.find(customer, actor=customer)
    return downloads.send_written(path, person_archive.file_name())
