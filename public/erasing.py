"""A customer who wants to be erased: asks in the account, confirms by a mailed link, and may cancel it until then."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk.erasing import own_request, requests
from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.i18n import _
from public import current
from public.routes import blueprint


@blueprint.post("/account/erase")
def ask_erasing() -> Response:
    """Mail a signed-in customer the link that confirms it."""
    customer = current.signed_in()
    if customer is None:
        return redirect(url_for("public.sign_in", next=url_for("public.account")), 303)
    try:
        address = own_request.ask(customer)
    except (InvalidInput, TooMany) as error:
        flash(str(error), "error")
    else:
        flash(_("A link is on its way to %(email)s: open it to confirm.", email=address.email), "success")
    return redirect(url_for("public.account"), 303)


@blueprint.post("/account/erase/cancel")
def cancel_erasing() -> Response:
    """Let a signed-in customer stay after all."""
    customer = current.signed_in()
    if customer is None:
        return redirect(url_for("public.sign_in", next=url_for("public.account")), 303)
    try:
        requests.cancel(customer, actor=customer)
    except NotFound as error:
        flash(str(error), "error")
    else:
        flash(_("It is cancelled: your account stays."), "success")
    return redirect(url_for("public.account"), 303)


@blueprint.get("/erase/<token>")
def erasing_link(token: str) -> str | tuple[str, int]:
    """Show a button: programs that open every link of a mail press none."""
    try:
        own_request.find(token)
    except NotFound as error:
        return render_template("public/erase.html", refusal=str(error)), 404
    return render_template("public/erase.html", token=token)


@blueprint.post("/erase/<token>")
def confirm_erasing(token: str) -> str | tuple[str, int]:
    """Let the customer of the link be erased."""
    try:
        erasure = own_request.confirm(token, suppresses="suppresses" in request.form)
    except NotFound as error:
        return render_template("public/erase.html", refusal=str(error)), 404
    except InvalidInput as error:
        return render_template("public/erase.html", refusal=str(error)), 409
    return render_template("public/erase.html", erasing=erasure)
