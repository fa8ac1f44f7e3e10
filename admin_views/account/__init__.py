"""The account of an agent: signing in and out, forgotten password, invitation, profile.
It may import `admin_views.base`, `web` and the rules of `helpdesk`.
Other people’s accounts are `admin_views/setup/users.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin_views import setup_menu
from admin_views.account.forms import (
    AccountForm,
    ForgottenForm,
    InvitationForm,
    LeaveForm,
    PasswordForm,
    ProfileForm,
    ResetForm,
    SignInForm,
)
from helpdesk import availability, i18n, links, settings
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed, NotFound, TooMany
from helpdesk.i18n import _, ngettext
from helpdesk.lib import inputs, passwords
from helpdesk.links import LinkExpired
from helpdesk.people import agents, invitations, sign_ins
from helpdesk.settings import lookups
from helpdesk.single_sign_on import linking, only, providers
from helpdesk.two_factor import second_factors
from models import AccessLink, Agent, IdentityProvider
from web import errors, passkey_site, provider_ways, sessions
from web.security import safe_path

blueprint = Blueprint("account", __name__, url_prefix="/admin")

Page = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]
HOME = "/admin/"


def refused(template: str, form: AccountForm, error: HelpdeskError | None = None, **context: Any) -> Page:
    """Show a form again with what is wrong in it."""
    if error is not None:
        form.refuse(error)
    return errors.again(render_template(template, form=form, **context), error)


def desk_page(template: str, agent: Agent, *, has_menu: bool = True, **context: Any) -> str:
    """Render a page of one’s own, beside the menu of the desk."""
    sidebar = setup_menu.setup_menu(agent) if has_menu else []
    return render_template(template, person=agent, sidebar=sidebar, me=setup_menu.me(agent), **context)


def enter(agent: Agent, after: str, *, is_first: bool = False, provider: IdentityProvider | None = None) -> Response:
    """Sign an agent in and lead on: to the code of the second factor, where there is one."""
    sessions.start(agent, is_first=is_first, provider=provider)
    return redirect(url_for("two_factor.code", next=after) if sessions.awaits_code() else after, 303)


# --- Getting in ---------------------------------------------------------------------------------------------------


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Page:
    """Sign an agent in and lead to the page that was asked for."""
    form, after = SignInForm(), safe_path(request.values.get("next"), HOME)
    template = "admin/account/sign_in.html"
    context = sign_in_context(after)
    if request.method != "POST":
        if sessions.current_agent() is not None:
            return redirect(after)
        return render_template(template, form=form, **context)
    if not form.validate():
        return refused(template, form, **context)
    try:
        waiting = provider_ways.waiting()
        agent = only.sign_in(
            form.email.data, form.password.data, visitor=sessions.visitor(),
            waiting=(waiting[0].id, waiting[1]) if waiting is not None else None,
        )  # fmt: skip
    except (InvalidInput, TooMany, NotAllowed) as error:
        return refused(template, form, error, **context)
    return enter(agent, after)


def sign_in_context(after: str) -> dict[str, Any]:
    """Return what the page of signing in shows beside its form."""
    is_only, waiting = only.is_only(), provider_ways.waiting()
    return {
        "after": after, "passkey": "" if is_only else passkey_site.request_options(), "is_only": is_only,
        "providers": providers.enabled(), "waiting": waiting,
        "has_form": waiting is not None or not is_only, "token": provider_ways.token(),
    }  # fmt: skip


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this browser's sign-in, on the server too."""
    sessions.end()
    return redirect(url_for(".sign_in"), 303)


@blueprint.route("/forgotten", methods=["GET", "POST"])
def forgotten() -> Page:
    """Mail a link to choose a new password; the answer never tells who has an account."""
    form, has_mail = ForgottenForm(), settings.mail_server() is not None
    template = "admin/account/forgotten.html"
    if only.is_only():
        flash(str(only.CLOSED), "info")
        return redirect(url_for(".sign_in"), 303)
    if request.method != "POST":
        return render_template(template, form=form, has_mail=has_mail)
    if not form.validate():
        return refused(template, form, has_mail=has_mail)
    try:
        only.ask_reset(form.email.data, visitor=sessions.visitor())
    except TooMany as error:
        return refused(template, form, error, has_mail=has_mail)
    flash(_("If there is an account with this address, a link is on its way to it."), "success")
    return redirect(url_for(".sign_in"), 303)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Page:
    """Choose a new password by a mailed link."""
    form = ResetForm()
    return _by_link(
        "reset", token, form, lambda link: sign_ins.reset_password(link, form.password.data, visitor=sessions.visitor())
    )


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Page:
    """Accept an invitation: name and password."""
    form = InvitationForm()
    return _by_link(
        "invitation", token, form,
        lambda link: invitations.accept_invitation(link, form.name.data, form.password.data),
    )  # fmt: skip


def _by_link(kind: str, token: str, form: AccountForm, rule: Callable[[AccessLink], Agent]) -> Page:
    """Show the form a link opens; use the link up only when the form is sent and accepted."""
    template = f"admin/account/{kind}.html"
    try:
        link = links.find(kind, token)
        if kind == "reset":
            only.require_use(link)
        if request.method != "POST":
            if link.agent is not None and "name" in form:
                form["name"].data = link.agent.name
            return render_template(template, form=form, person=link.agent)
        if not form.validate():
            return refused(template, form, person=link.agent)
        agent = rule(link)
    except InvalidInput as error:
        return refused(template, form, error, person=link.agent)
    except (LinkExpired, NotFound, NotAllowed) as error:
        code = 410 if isinstance(error, LinkExpired) else 403 if isinstance(error, NotAllowed) else 404
        return render_template("admin/account/link_lost.html", reason=error, kind=kind), code
    if kind == "reset" and only.is_only():
        flash(_("Your password was stored. Sign in with your organisation’s account, then with it once."), "success")
        return redirect(url_for(".sign_in"), 303)
    return enter(agent, HOME, is_first=kind == "invitation")


# --- One's own ----------------------------------------------------------------------------------------------------


#: The views that only agents see.
FOR_AGENTS: set[Callable[..., Any]] = set()


def agents_only(view: Callable[..., Page]) -> Callable[..., Page]:
    """Let agents in, send strangers to sign in, refuse customers."""

    @wraps(view)
    def guarded(**arguments: Any) -> Page:
        agent = sessions.current_agent()
        if agent is not None:
            return view(agent, **arguments)
        if sessions.current_person() is not None:
            abort(403)
        if request.method == "POST":
            return errors.signed_out(url_for("account.sign_in"))
        return redirect(url_for("account.sign_in", next=request.path))

    FOR_AGENTS.add(guarded)
    return guarded


@blueprint.route("/profile", methods=["GET", "POST"])
@agents_only
def profile(agent: Agent) -> Page:
    """Change one's name, language and time zone."""
    form = ProfileForm(obj=agent)
    if request.method != "POST":
        return profile_page(agent, form)
    try:
        if form.validate():
            agents.save_profile(agent, form.data)
            # The page that follows speaks the language that was chosen.
            with i18n.in_language(agent.locale or i18n.language()):
                flash(_("Your profile was saved."), "success")
            return redirect(url_for(".profile"), 303)
    except InvalidInput as error:
        form.refuse(error)
    return profile_page(agent, form), 422


@blueprint.post("/profile/password")
@agents_only
def password(agent: Agent) -> Page:
    """Change one's password; one's other browsers are signed out."""
    form = PasswordForm(agent)
    reason: Exception | None = None
    try:
        if form.validate():
            sessions.confirm(agent, form.current_password, form.given_code)
            token = sessions.current_token()
            sign_ins.change_password(agent, form.current_password, form.password.data, keep_token=token)
            flash(_("Your password was changed. Your other browsers were signed out."), "success")
            return redirect(url_for(".profile"), 303)
    except (InvalidInput, TooMany) as error:
        reason = error
        form.refuse(error)
    return errors.again(profile_page(agent, password_form=form), reason)


def linked_accounts(agent: Agent) -> dict[str, Any]:
    """Return what the profile shows of accounts at providers, and of those that may be linked."""
    linked = linking.of(agent)
    there = {row.provider_id for row in linked}
    return {
        "linked": linked, "linkable": [row for row in providers.enabled() if row.id not in there],
        "token": provider_ways.token(), "has_password": passwords.is_set(agent.password_hash),
    }  # fmt: skip


def profile_page(
    agent: Agent,
    form: ProfileForm | None = None,
    password_form: PasswordForm | None = None,
    leave_form: LeaveForm | None = None,
) -> str:
    """Render one’s profile, with the form that was sent."""
    token = sessions.current_token() or ""
    browsers = [(row, sign_ins.is_current(row, token)) for row in sign_ins.list_sign_ins(agent)]
    return desk_page(
        "admin/account/profile.html", agent, browsers=browsers, has_second_factor=second_factors.is_on(agent),
        form=form or ProfileForm(formdata=None, obj=agent),
        password_form=password_form or PasswordForm(agent, formdata=None),
        leave_form=leave_form or LeaveForm(agent, formdata=None), leaves=availability.planned(agent),
        concerns=availability.concerns, absence=availability.own_absence(agent), days_in_words=i18n.days_in_words,
        agent_name=lambda key: str(lookups.agent(key)), **linked_accounts(agent),
    )  # fmt: skip


@blueprint.post("/profile/sign-ins/<int:key>/end")
@agents_only
def end_sign_in(agent: Agent, key: int) -> Page:
    """Sign one of one's browsers out."""
    if not inputs.fits(key):
        abort(404)
    sign_ins.end_one(agent, key)
    flash(_("The browser was signed out."), "success")
    return redirect(url_for(".profile"), 303)


@blueprint.post("/profile/sign-ins/end")
@agents_only
def end_other_sign_ins(agent: Agent) -> Page:
    """Sign all of one's other browsers out."""
    count = sign_ins.end_all_sign_ins(agent, except_token=sessions.current_token())
    flash(ngettext("%(num)d browser was signed out.", "%(num)d browsers were signed out.", count), "success")
    return redirect(url_for(".profile"), 303)
