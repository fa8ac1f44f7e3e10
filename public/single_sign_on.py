"""Customers who sign in with their organisation's account, where an owner ticked that they may; linked accounts."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.i18n import _
from helpdesk.lib import inputs
from helpdesk.single_sign_on import attempts, linking, members, providers
from helpdesk.single_sign_on.attempts import SIGN_IN, Refused
from public import current
from public.routes import blueprint
from web import provider_ways, sessions
from web.security import safe_path

#: Where a provider leads customers back to.
PATH = "/single-sign-on"


def of_page(after: str) -> dict[str, Any]:
    """Return what the page of signing in shows of providers."""
    return {
        "providers": providers.enabled(members=True), "waiting": provider_ways.waiting(), "after": after,
        "token": provider_ways.token(), "has_form": True,
    }  # fmt: skip


@blueprint.get("/sign-in/by/<int:key>")
def begin_by_provider(key: int) -> Response:
    """Go to a provider to sign in."""
    after = safe_path(request.args.get("next"), "")
    provider = next((row for row in providers.enabled(members=True) if row.id == key), None)
    if provider is None:
        abort(404)
    if current.signed_in():
        return redirect(after or url_for("public.tickets"))
    back = url_for("public.sign_in", next=after or None)
    if not provider_ways.is_own_link():
        return redirect(back, 303)
    try:
        return provider_ways.leave(provider, SIGN_IN, path=PATH, after=after)
    except Refused as error:
        attempts.note(error, sessions.visitor())
        flash(str(error), "error")
        return redirect(back, 303)


@blueprint.get(PATH)
def back_from_provider() -> Response:
    """Sign in who comes back from a provider."""
    attempt = provider_ways.take()
    after = safe_path(attempt.after, "") if attempt is not None else ""
    try:
        proof = provider_ways.come_back(attempt, path=PATH)
        customer = members.customer_of(proof, visitor=sessions.visitor())
        sessions.start(customer, provider=proof.provider)
        return redirect(after or url_for("public.tickets"), 303)
    except Refused as error:
        if error.key == "unknown":
            provider_ways.wait_to_link(proof)
        else:
            flash(str(error), "error")
    except (InvalidInput, TooMany) as error:
        flash(str(error), "error")
    return redirect(url_for("public.sign_in", next=after or None), 303)


@blueprint.post("/account/linked/<int:key>/remove")
def unlink(key: int) -> Response:
    """Unlink one of one's accounts."""
    customer = current.signed_in()
    if customer is None or not inputs.fits(key):
        abort(404)
    try:
        flash(_("“%(name)s” opens your account no more.", name=linking.unlink(customer, key)), "success")
    except NotFound as error:
        flash(str(error), "error")
    return redirect(url_for("public.account"), 303)
