"""Passkeys of agents: signing in with one, adding and removing one’s own.
It may import `admin_views.account`, `web` and the rules of `helpdesk`.
The second factor of a telephone is `admin_views/account/two_factor.py`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for

from admin_views.account import HOME, Page, agents_only, desk_page, refused, sign_in_context, step_up
from admin_views.account.forms import CurrentForm, PasskeyForm, SignInForm
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.i18n import _
from helpdesk.lib import inputs
from helpdesk.two_factor import passkeys, second_factors
from models import Agent
from web import errors, passkey_site, sessions
from web.security import safe_path

blueprint = Blueprint("passkeys", __name__, url_prefix="/admin")


def _required_site() -> passkeys.Site:
    site = passkey_site.site()
    if site is None:
        raise InvalidInput(passkeys.REFUSED)
    return site


@blueprint.post("/sign-in/passkey")
def sign_in() -> Page:
    """Sign in whoever’s passkey it is, in place of password and code."""
    after = safe_path(request.values.get("next"), HOME)
    pending = sessions.pending_agent()
    try:
        sessions.start_by_passkey(request.form.get("passkey", ""), _required_site())
    except (InvalidInput, NotAllowed) as error:
        if pending is not None:
            flash(str(error), "error")
            return redirect(url_for("two_factor.code", next=after), 303)
        return refused("admin/account/sign_in.html", SignInForm(formdata=None), error, **sign_in_context(after))
    return redirect(after, 303)


@blueprint.post("/confirm/passkey")
@agents_only
def confirm(agent: Agent) -> Page:
    """Take a passkey in place of password and code, before what hurts."""
    after = safe_path(request.values.get("next"), HOME)
    is_download = bool(request.values.get("download"))
    try:
        sessions.confirm_by_passkey(agent, request.form.get("passkey", ""), _required_site())
    except InvalidInput as error:
        form = CurrentForm(agent, formdata=None)
        form.refuse(error)
        return errors.again(step_up.page(agent, form, after, is_download=is_download), error)
    return redirect(url_for("step_up.confirm", next=after, download=1) if is_download else after, 303)


# --- One's own ----------------------------------------------------------------------------------------------------


@blueprint.route("/profile/passkeys/new", methods=["GET", "POST"])
@agents_only
def new(agent: Agent) -> Page:
    """Name a passkey and let the browser make it."""
    site = passkey_site.site()
    if site is None:
        return redirect(url_for("two_factor.page"), 303)
    if request.method != "POST":
        return _new(agent, PasskeyForm(name=sessions.device()), site)
    form = PasskeyForm()
    try:
        if form.validate():
            codes = passkeys.add(
                agent, form.passkey.data or "", form.name.data, site=site, keep_token=sessions.current_token()
            )
            if codes:
                return desk_page("admin/account/recovery_codes.html", agent, codes=codes)
            flash(_("The passkey “%(name)s” was added.", name=form.name.data), "success")
            return redirect(url_for("two_factor.page"), 303)
    except InvalidInput as error:
        form.refuse(error)
    return errors.again(_new(agent, form, site), None)


def _new(agent: Agent, form: PasskeyForm, site: passkeys.Site) -> str:
    has_menu = not sessions.is_held_back(agent)
    options = passkeys.creation_options(agent, site)
    return desk_page("admin/account/passkey_new.html", agent, form=form, options=options, has_menu=has_menu)


@blueprint.post("/profile/passkeys/<int:key>/remove")
@agents_only
def remove(agent: Agent, key: int) -> Page:
    """Remove one of one’s passkeys."""
    if not inputs.fits(key):
        abort(404)
    try:
        name = passkeys.remove(agent, key)
        if second_factors.is_on(agent):
            flash(_("The passkey “%(name)s” was removed.", name=name), "success")
        else:
            flash(
                _("“%(name)s”, the last passkey, was removed: the password alone opens your account.", name=name),
                "warning",
            )
    except InvalidInput as error:
        flash(str(error), "error")
    return redirect(url_for("two_factor.page"), 303)


def of_page(agent: Agent) -> dict[str, Any]:
    """Return what the page of one’s second factors shows of passkeys."""
    site = passkey_site.site()
    host = site.host if site is not None else ""
    return {"passkeys": passkeys.of(agent), "passkey_host": host, "most_passkeys": passkeys.MOST}
