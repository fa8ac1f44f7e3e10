"""The set-up wizard: from a desk that belongs to nobody to one that takes tickets, in five steps."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from database import database
from helpdesk import i18n, journal, links, outbox, settings
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.incoming import mailbox_test, mailboxes
from helpdesk.people import invitations
from helpdesk.settings import environment, lookups
from helpdesk.setup import services
from models import Agent, Mailbox
from public.routes import setup_blueprint as blueprint
from public.setup_forms import AccountForm, MailboxForm, MailForm, OrganisationForm, ServiceForm
from web import security, sessions, site_address

MAIL_KEYS = ("default_sender", "mail_host", "mail_port", "mail_tls", "mail_username", "mail_password")
#: Where the wizard ends: the address of the form, and what is still to do.
FIRST_SCREEN = "/admin/ready/"


@blueprint.route("/<token>", methods=["GET", "POST"])
def account(token: str) -> Response | str | tuple[str, int]:
    """Step 1: the first administrator. Making the account uses the token up."""
    if not links.check_setup_token(token):
        return render_template("setup/closed.html", is_open=links.setup_is_open()), 404
    form = AccountForm()
    if request.method != "POST":
        return _step(1, "account", form=form)
    try:
        if form.validate():
            return _claim(form)
    except NotAllowed:
        return render_template("setup/closed.html", is_open=False), 404
    except InvalidInput as error:
        form.refuse(error)
    return _step(1, "account", form=form), 422


def _claim(form: AccountForm) -> Response:
    agent = invitations.create_first_administrator(form.name.data, form.email.data, form.password.data, i18n.language())
    # From now on only the public address is answered: it must be the one that this browser shows.
    if security.host_of(request.host) not in security.LOOPBACK and environment.current().site_url is None:
        settings.save({"site_url": site_address.present()}, actor=agent)
    sessions.start(agent, is_first=True)
    return redirect(url_for("setup.organisation_step"), 303)


@blueprint.route("/organisation", methods=["GET", "POST"])
def organisation_step() -> Response | str | tuple[str, int]:
    """Step 2: name, language, public address, time zone."""
    agent = _administrator()
    form = OrganisationForm()
    fixed = environment.current().site_url
    if request.method != "POST":
        form.desk_name.data = settings.get("desk_name")
        # Whoever comes back a step finds what was stored; before that, what the browser tells.
        form.language.data = settings.get("language") if "setup_stored" in session else i18n.language()
        form.site_url.data = (
            fixed or session.get("setup_site_url") or settings.get("site_url") or site_address.present()
        )
        form.timezone.data = settings.get("timezone")
        return _step(2, "organisation", form=form, fixed=fixed)
    try:
        if form.validate():
            _save_organisation(form, fixed, agent)
            return redirect(url_for("setup.service_step"), 303)
    except InvalidInput as error:
        form.refuse(error)
    return _step(2, "organisation", form=form, fixed=fixed), 422


def _save_organisation(form: OrganisationForm, fixed: str | None, agent: Agent) -> None:
    address = settings.clean("site_url", form.site_url.data)
    values = {key: form[key].data for key in ("desk_name", "language", "timezone")}
    session["setup_stored"] = True
    if fixed is None and address == site_address.present():
        values["site_url"] = address
        session.pop("setup_site_url", None)
    elif fixed is None:
        site_address.check(address)
        # Another address has other cookies: changed now, it would end this sign-in in the middle of the wizard.
        session["setup_site_url"] = address
    settings.save(values, actor=agent)


@blueprint.route("/service", methods=["GET", "POST"])
def service_step() -> Response | str | tuple[str, int]:
    """Step 3: the first services and their departments."""
    agent = _administrator()
    form = ServiceForm()
    if request.method != "POST":
        form.name.data = "" if lookups.services() else _("General")
        return _step(3, "service", form=form, services=lookups.services())
    if lookups.services() and not (form.name.data or form.departments.data):
        # Back again with nothing to add: the service is there.
        return redirect(url_for("setup.mail_step"), 303)
    try:
        if form.validate():
            row = services.add_service(form.name.data, (form.departments.data or "").splitlines(), actor=agent)
            if "another" not in request.form:
                return redirect(url_for("setup.mail_step"), 303)
            flash(_("“%(name)s” was added.", name=str(row)), "success")
            return redirect(url_for("setup.service_step"), 303)
    except InvalidInput as error:
        form.refuse(error)
    return _step(3, "service", form=form, services=lookups.services()), 422


@blueprint.route("/mail", methods=["GET", "POST"])
def mail_step() -> Response | str | tuple[str, int]:
    """Step 4: the mail server, with a test; it may wait."""
    agent = _administrator()
    form = MailForm()
    fixed = environment.current().mail
    if request.method != "POST":
        for key in MAIL_KEYS[:-1]:
            form[key].data = str(settings.get(key))
        return _step(4, "mail", form=form, fixed=fixed)
    if fixed is not None:
        for key in MAIL_KEYS[1:]:
            del form[key]
    try:
        if form.validate():
            settings.save({key: form[key].data for key in MAIL_KEYS if key in form}, actor=agent)
            return _test(agent) if "test" in request.form else redirect(url_for("setup.mailbox_step"), 303)
    except InvalidInput as error:
        form.refuse(error)
    return _step(4, "mail", form=form, fixed=fixed), 422


def _test(agent: Agent) -> Response:
    """Send a test to the administrator, and say on the same page how it went."""
    try:
        flash(outbox.send_test(agent.email, actor=agent), "success")
    except HelpdeskError as error:
        flash(str(error), "error")
    return redirect(url_for("setup.mail_step"), 303)


@blueprint.route("/mailbox", methods=["GET", "POST"])
def mailbox_step() -> Response | str | tuple[str, int]:
    """Step 5: the mailbox whose e-mails become tickets, with a test; it may wait."""
    agent = _administrator()
    if not lookups.services():
        flash(_("A mailbox needs a service for its tickets: add one first."), "info")
        return redirect(url_for("setup.service_step"), 303)
    form = MailboxForm()
    # One that is set up otherwise is left alone.
    rows = (row for row in lookups.mailboxes() if (row.kind, row.auth) == ("imap", "password"))
    row = next(rows, None)
    if request.method != "POST":
        form.address.data = row.address if row is not None else settings.get("default_sender")
        if row is not None:
            form.host.data, form.username.data = row.host, row.username
            form.place.data = MailboxForm.key_of(row)
        return _step(5, "mailbox", form=form)
    try:
        if form.validate():
            row = _save_mailbox(form, row, agent)
            return _test_mailbox(row, agent) if "test" in request.form else finish()
    except InvalidInput as error:
        form.refuse(error)
    return _step(5, "mailbox", form=form), 422


def _save_mailbox(form: MailboxForm, stored: Mailbox | None, agent: Agent) -> Mailbox:
    """Store what the form holds; of a mailbox that is there, the rest stays as it was."""
    row = Mailbox.get_by_id(stored.id) if stored is not None else Mailbox()
    service, department = form.chosen_place()
    values = {name: getattr(row, name) for name in Mailbox._meta.fields if name not in {"service", "department"}}
    values |= {name: form[name].data for name in ("address", "host", "username", "password")}
    values |= {"service": service, "department": department, "port": values["port"] if stored is not None else None}
    with database.atomic():
        before = journal.snapshot(row)
        mailboxes.save(row, values | {"username": form.username.data or form.address.data}, actor=agent)
        journal.saved(row, before, actor=agent)
    return row


def _test_mailbox(row: Mailbox, agent: Agent) -> Response:
    """Try the mailbox out, and say on the same page how it went: the first step that fails says what to do."""
    steps = mailbox_test.steps(Mailbox.get_by_id(row.id), actor=agent)
    failed = next((step for step in steps if not step.ok), None)
    if failed is None:
        flash(_("Everything works: its e-mails become tickets."), "success")
    else:
        flash(str(failed.text), "error")
    return redirect(url_for("setup.mailbox_step"), 303)


@blueprint.post("/finish")
def finish() -> Response:
    """Open the desk, at the address that was chosen."""
    agent = _administrator()
    session.pop("setup_stored", None)
    address = session.pop("setup_site_url", None)
    if address is None:
        return redirect(FIRST_SCREEN, 303)
    settings.save({"site_url": address}, actor=agent)
    return redirect(f"{settings.site_url()}{FIRST_SCREEN}", 303)


def _administrator() -> Agent:
    """Return the administrator who sets the desk up. Raises NotFound for anybody else."""
    agent = sessions.current_agent()
    if agent is None or not agent.is_admin:
        raise NotFound(lazy("Sign in as an administrator to go on with the set-up."))
    return agent


def _step(number: int, name: str, **values: object) -> str:
    return render_template(f"setup/{name}.html", step=number, steps=5, **values)
