"""The customer's account: signing in by password or link, signing out, the password."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel.speaklater import LazyString
from werkzeug.wrappers import Response

from helpdesk import links, settings
from helpdesk.erasing import requests
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound, TooMany
from helpdesk.i18n import _, lazy
from helpdesk.links import LinkExpired
from helpdesk.people import customers
from helpdesk.privacy import person_exports
from helpdesk.single_sign_on import linking
from helpdesk.visitors import customer_sign_in
from models import Customer
from public import current, single_sign_on
from public.forms import PasswordForm, SignInForm
from public.routes import blueprint
from public.ticket_links import lost
from web import sessions
from web.errors import again
from web.security import safe_path


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int, dict[str, str]]:
    """Sign a customer in, or mail them a link."""
    form = SignInForm()
    refused: Exception | None = None
    after = safe_path(request.values.get("next"), "")
    if request.method != "POST":
        return redirect(_home(after)) if current.signed_in() else _page(form, after)
    try:
        if form.validate():
            return _ask_link(form, after) if _is_link_wanted(form) else _sign_in(form, after)
    except (InvalidInput, TooMany) as error:
        refused = error
        form.refuse(error)
    return again(_page(form, after), refused)


def _is_link_wanted(form: SignInForm) -> bool:
    """Whether a link is asked for: by its button, or by Enter where no password was written."""
    by_enter = "enter" in request.form and not form.password.data and settings.mail_server() is not None
    return "link" in request.form or by_enter


def _page(form: SignInForm, after: str) -> str:
    return render_template("public/sign_in.html", form=form, **single_sign_on.of_page(after))


def _home(after: str) -> str:
    return after or url_for("public.tickets")


def _sign_in(form: SignInForm, after: str) -> Response:
    if not form.password.data:
        raise InvalidInput(_how_to_come_in(), field="password")
    customer = customer_sign_in.sign_in(form.email.data, form.password.data, visitor=sessions.visitor())
    sessions.start(customer)
    return redirect(_home(after), 303)


def _how_to_come_in() -> LazyString:
    if settings.mail_server() is None:
        return lazy("Write your password.")
    return lazy("Write your password, or ask for a link.")


def _ask_link(form: SignInForm, after: str) -> Response:
    customer_sign_in.ask_link(form.email.data, visitor=sessions.visitor())
    if after:
        session["after_sign_in"] = after
    flash(_("If we know this address, a link is on its way to it."), "success")
    return redirect(url_for("public.sign_in"), 303)


@blueprint.get("/sign-in/<token>")
def sign_in_link(token: str) -> str | tuple[str, int]:
    """Show a button: programs that open every link of a mail press none."""
    try:
        link = links.find("sign-in", token)
    except (LinkExpired, NotFound) as error:
        return lost(error)
    return render_template("public/sign_in_link.html", token=token, email=link.address.email)


@blueprint.post("/sign-in/<token>")
def use_sign_in_link(token: str) -> Response | tuple[str, int]:
    """Use the link up and sign its customer in."""
    try:
        customer = customer_sign_in.use_sign_in_link(links.find("sign-in", token))
    except (LinkExpired, NotFound) as error:
        return lost(error)
    after = safe_path(session.get("after_sign_in"), "")
    sessions.start(customer, by_link=True)
    return redirect(_home(after), 303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Sign this browser out, on the server too."""
    sessions.end()
    flash(_("You are signed out."), "success")
    return redirect(url_for("public.home"), 303)


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> Response | str | tuple[str, int]:
    """Let a customer choose a password, or another one."""
    customer = current.signed_in()
    if customer is None:
        return redirect(url_for("public.sign_in", next=url_for("public.account")))
    form = PasswordForm()
    if request.method == "POST":
        try:
            if form.validate():
                return _change_password(customer, form)
        except HelpdeskError as error:
            form.refuse(error)
    page = render_template(
        "public/account.html",
        form=form,
        asks_current=customers.needs_current(customer, sessions.current_token()),
        has_password=customer.password_hash is not None,
        email=customer.primary_address.email,
        erasing=requests.pending(customer),
        export=person_exports.of(customer, actor=customer),
        linked=linking.of(customer),
    )
    return page if request.method != "POST" else (page, 422)


def _change_password(customer: Customer, form: PasswordForm) -> Response:
    customers.set_password(customer, form.password.data, current=form.current.data, keep_token=sessions.current_token())
    flash(_("Your password has been stored. Other browsers are signed out."), "success")
    return redirect(url_for("public.account"), 303)
