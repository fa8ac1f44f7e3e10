"""The second factor of an agent: the code at sign-in, and the page that sets it up.
It may import `admin_views.account`, `web` and the rules of `helpdesk`.
Resetting somebody else’s is `admin_views/setup/two_factor.py`.
"""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from admin_views.account import HOME, Page, agents_only, desk_page, refused
from admin_views.account import passkeys as passkey_pages
from admin_views.account.forms import CodeForm, CurrentForm
from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import qr_code
from helpdesk.people import required_second_factor
from helpdesk.two_factor import pending_sign_ins, recovery_codes, second_factors
from models import Agent
from web import errors, passkey_site, sessions
from web.kept_input import read_form
from web.security import safe_path

blueprint = Blueprint("two_factor", __name__, url_prefix="/admin")

#: Where the session has the key of a telephone that is being set up: no other browser is shown its secret.
SETUP = "two_factor_setup"
#: What somebody may still do who has not set up a second factor in time.
OPEN = frozenset(
    {
        *("two_factor.page", "two_factor.code", "passkeys.new", "passkeys.sign_in", "passkeys.confirm"),
        *("step_up.confirm", "account.sign_in", "account.sign_out", "single_sign_on.confirm", "single_sign_on.back"),
    }
)
OVERDUE = lazy("Set up two-factor authentication first: it is required of you. Nothing was stored.")


def hold_back() -> Page | None:
    """Lead whoever must have a second factor and has not set it up in time to that page, from every other one."""
    if not request.path.startswith(("/admin", "/setup")) or request.endpoint in OPEN:
        return None
    agent = sessions.current_agent()
    if agent is None or not sessions.is_held_back(agent):
        return None
    sent_form = read_form()
    if sent_form is not None:
        return errors.page(403, OVERDUE, sent_form)
    return redirect(url_for("two_factor.page"), 303)


# --- Signing in ---------------------------------------------------------------------------------------------------


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def code() -> Page:
    """Take the code of whoever has given the right password; nothing else opens before."""
    form, after = CodeForm(), safe_path(request.values.get("next"), HOME)
    pending = sessions.pending_agent()
    if pending is None:
        return _too_late(after)
    template, passkey = "admin/account/code.html", passkey_site.request_options(pending)
    has_phone = second_factors.of(pending) is not None
    is_recovery = "recovery" in request.args or not (has_phone or passkey)
    context: dict[str, Any] = {
        "email": pending.email,
        "after": after,
        "is_recovery": is_recovery,
        "passkey": passkey,
        "has_phone": has_phone,
    }
    if request.method != "POST":
        return render_template(template, form=form, **context)
    if not form.validate():
        return refused(template, form, **context)
    try:
        agent = sessions.complete(form.code.data)
    except NotFound:
        return _too_late(after)
    except (InvalidInput, TooMany) as error:
        return refused(template, form, error, **context)
    _tell_of_codes(agent, form.code.data)
    return redirect(after, 303)


def _too_late(after: str) -> Response:
    """Lead to where one begins: the ten minutes are over, or the password was never given."""
    if sessions.current_agent() is not None:
        return redirect(after)
    if request.method == "POST":
        flash(str(pending_sign_ins.TOO_LATE), "warning")
    return redirect(url_for("account.sign_in", next=after))


def _tell_of_codes(agent: Agent, code: str) -> None:
    """Say how many recovery codes are left to whoever has just used one."""
    if not recovery_codes.looks_like_one(code):
        return
    text = ngettext(
        "You used a recovery code: %(num)d is left. Make new ones in your profile.",
        "You used a recovery code: %(num)d are left. Make new ones in your profile.",
        recovery_codes.left(agent),
    )
    flash(text, "warning")


# --- One's own ----------------------------------------------------------------------------------------------------


@blueprint.route("/profile/two-factor", methods=["GET", "POST"])
@agents_only
def page(agent: Agent) -> Page:
    """Show one’s second factor and how a telephone takes it up; confirm it, make recovery codes, or switch it off."""
    if request.method != "POST":
        return _page(agent, CurrentForm(agent, formdata=None), CodeForm(formdata=None))
    confirms = request.form.get("action") == "confirm"
    form = CurrentForm(agent, formdata=None if confirms else request.form)
    code_form = CodeForm(request.form if confirms else None)
    chosen = code_form if confirms else form
    reason: Exception | None = None
    try:
        if chosen.validate():
            return _change(agent, request.form.get("action", ""), form, code_form)
    except (InvalidInput, TooMany) as error:
        reason = error
        chosen.refuse(error)
    text, status, headers = errors.again(_page(agent, form, code_form), reason)
    # The secret may stand on it: no browser keeps it for its *Back*, as it does with other forms.
    return text, status, {**headers, "Cache-Control": "no-store"}


def _change(agent: Agent, action: str, form: CurrentForm, code_form: CodeForm) -> Page:
    if action == "confirm":
        key, token = session.get(SETUP, ""), sessions.current_token()
        if second_factors.was_confirmed(agent, key):
            flash(
                _(
                    "Two-factor authentication is on. The recovery codes are shown once: if you have not kept them, "
                    "make new ones here."
                ),
                "info",
            )
            return redirect(url_for(".page"), 303)
        return _codes(agent, second_factors.confirm(agent, code_form.code.data, key=key, keep_token=token))
    sessions.confirm(agent, form.current_password, form.given_code)
    if action == "codes":
        return _codes(agent, second_factors.renew_codes(agent, form.current_password))
    if action == "off":
        second_factors.switch_off(agent, form.current_password)
        flash(_("Two-factor authentication is off."), "success")
        return redirect(url_for("account.profile"), 303)
    session[SETUP] = second_factors.begin(agent, form.current_password)
    return redirect(url_for(".page"), 303)


def _codes(agent: Agent, codes: list[str]) -> str:
    return desk_page("admin/account/recovery_codes.html", agent, codes=codes)


def _page(agent: Agent, form: CurrentForm, code_form: CodeForm) -> str:
    setup = second_factors.pending(agent, session.get(SETUP, ""))
    picture = base64.b64encode(qr_code.svg(setup.address)).decode() if setup is not None else ""
    is_overdue = sessions.is_held_back(agent)
    return desk_page(
        "admin/account/two_factor.html", agent, form=form, code_form=code_form, setup=setup, picture=picture,
        factor=second_factors.of(agent), left=recovery_codes.left(agent), is_overdue=is_overdue,
        is_required=required_second_factor.is_required(agent), has_menu=not is_overdue, **passkey_pages.of_page(agent),
    )  # fmt: skip
