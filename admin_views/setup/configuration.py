"""Configuration: one page generated from the declared settings (B6, B7, B12)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import BooleanField, FileField, PasswordField, SelectField, StringField

from admin_views.base import DeskPage, posted
from admin_views.base.fields import ColourField, LabelFormField, LabelLength, LabelWidget, timezones
from admin_views.base.forms import DeskForm, show
from admin_views.setup.form_links import form_links, form_url
from helpdesk import examples, outbox, settings
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.files import logo
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.incoming import mailboxes
from helpdesk.settings import DECLARED, GROUPS, Declared, environment, lookups, mail_accounts
from helpdesk.settings.environment import MailServer
from helpdesk.setup import configuration, erasure_second, workflow
from helpdesk.single_sign_on import only
from web import site_address
from web.security import LOOPBACK, host_of, safe_path

#: Labels longer than a line.
LONG = {"privacy_notice": 5, "closure_notice": 3, "legal_notice": 3, "privacy_page": 3}
SWITCH = {"role": "switch"}
ACCEPTED = "image/png,image/jpeg,image/webp,image/gif"
#: Examples that stayed are named up to this many.
SHOWN = 5
#: Settings that are stored by themselves, not as a value of the form.
PICTURES = [key for key, row in DECLARED.items() if row.kind == "picture"]


def statuses(declared: Declared) -> list[tuple[str, str]]:
    """Return the statuses this setting may choose."""
    rows = lookups.statuses(enabled_only=True)
    return [(row.identifier, str(row)) for row in rows if settings.takes(declared.key, row.category)]


def priorities(_declared: Declared) -> list[tuple[str, str]]:
    """Return the priorities a setting may choose."""
    return [(row.identifier, str(row)) for row in lookups.priorities(enabled_only=True)]


def accounts(_declared: Declared) -> list[tuple[str, str]]:
    """Return what can send the mails: a server of one's own, or the account of a mailbox."""
    rows = [(str(row.id), f"{row} ({mailboxes.AUTH[row.auth]})") for row in mail_accounts.accounts()]
    return [("", _("The mail server below")), *rows]


#: Where a setting of this kind finds its choices.
CHOICES = {
    "choice": lambda declared: list(declared.choices),
    "timezone": lambda _declared: timezones(),
    "status": statuses,
    "priority": priorities,
    "account": accounts,
}


def field_of(declared: Declared) -> Any:
    """Make the form field of a declared setting."""
    if declared.kind == "switch":
        return BooleanField(declared.label, description=declared.help, render_kw=SWITCH)
    if declared.kind == "label":
        checks = [LabelLength(2_000)]
        widget = LabelWidget(rows=LONG.get(declared.key, 0))
        return LabelFormField(declared.label, checks, description=declared.help, widget=widget)
    if declared.kind == "picture":
        return FileField(declared.label, description=declared.help, render_kw={"accept": ACCEPTED})
    if declared.kind == "colour":
        return ColourField(declared.label, description=declared.help)
    if declared.kind in CHOICES:
        choices = CHOICES[declared.kind]
        return SelectField(declared.label, description=declared.help, choices=lambda: choices(declared))
    if declared.kind == "secret":
        attributes = {"autocomplete": "new-password"}
        return PasswordField(declared.label, description=declared.help, render_kw=attributes)
    return StringField(declared.label, description=declared.help, render_kw={"maxlength": 500})


ConfigurationForm = type("ConfigurationForm", (DeskForm,), {key: field_of(row) for key, row in DECLARED.items()})


def fixed() -> dict[str, str]:
    """Return the settings that the environment gives, and the variable that does."""
    env = environment.current()
    by_variable = {"site_url": "GUICHET_SITE_URL"} if env.site_url else {}
    if env.mail is not None:
        by_variable |= {key: "GUICHET_MAIL_URL" for key, row in DECLARED.items() if row.group == "mail"}
    return by_variable


def default_text(declared: Declared) -> str:
    """Write the default of a setting as its form shows it: nothing for an empty one."""
    if declared.kind == "switch":
        return _("on") if declared.default else _("off")
    if declared.kind in CHOICES and declared.kind != "timezone":
        return str(dict(CHOICES[declared.kind](declared)).get(declared.default, declared.default))
    return str(declared.default).rstrip(".")


class ConfigurationPage(DeskPage):
    """What the whole desk is set to."""

    slug, title = "configuration", lazy("Configuration")

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> ResponseReturnValue:
        """Show and store the settings."""
        form = ConfigurationForm(
            posted(), **{key: settings.get(key) for key in DECLARED if DECLARED[key].kind != "secret"}
        )
        if "reset" in request.form:
            self.reset(request.form["reset"], form)
        elif request.method == "POST":
            done = self.test(form) if "test" in request.form else self.store(form)
            if done:
                return redirect(self.place())
        return self.page(form)

    def place(self) -> str:
        """Return the address of this page: the new one when the old name is not answered any more."""
        moved = site_address.leads_away(settings.site_url()) and host_of(request.host) not in LOOPBACK
        return f"{settings.site_url() if moved else ''}{self.get_url('.index_view')}"

    def page(self, form: Any) -> str:
        """Render the settings by group."""
        mine = [row for row in DECLARED.values() if configuration.may_set(self.agent, row.key)]
        groups = [(label, [row for row in mine if row.group == key]) for key, label in GROUPS.items()]
        quiet = ("secret", "picture")
        changed = {key for key, row in DECLARED.items() if settings.get(key) != row.default and row.kind not in quiet}
        return self.render(
            "admin/settings.html", form=form, groups=[group for group in groups if group[1]], fixed=fixed(),
            changed=changed, default_text=default_text,
            rivals=workflow.equally_heavy_priorities(), form_url=form_url(), form_links=form_links(),
            has_examples=examples.are_loaded(), administers=self.agent.is_admin,
        )  # fmt: skip

    @expose("/examples", methods=("POST",))
    def examples_view(self) -> ResponseReturnValue:
        """Load the examples or, once asked, remove them; go back to where the button stands."""
        back = safe_path(request.form.get("url"), self.get_url(".index_view"))
        try:
            if request.form.get("act") == "load":
                examples.load(actor=self.agent)
                flash(
                    _("The examples are loaded. Visitors are not offered their services, and no mail leaves."),
                    "success",
                )
            elif "confirmed" in request.form:
                self.tell_removed(examples.remove(actor=self.agent))
            else:
                return self.render(
                    "admin/model/confirm.html", title=_("Remove the examples?"), button=_("Remove the examples"),
                    consequences=[_("What you made yourself stays.")], action=request.path,
                    hidden={"confirmed": "1", "url": back}, return_url=back,
                )  # fmt: skip
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(back)

    @staticmethod
    def tell_removed(gone: examples.Removed) -> None:
        """Say what went, and what stays because something of the owner's relies on it."""
        flash(_("The examples are removed."), "success")
        if gone.kept:
            names = ", ".join(gone.kept[:SHOWN]) + (", …" if len(gone.kept) > SHOWN else "")
            text = ngettext(
                "%(names)s stays, because you have built on it. It is yours now.",
                "%(names)s stay, because you have built on them. They are yours now.",
                len(gone.kept),
                names=names,
            )
            flash(text, "info")

    def store(self, form: Any) -> bool:
        """Store the settings that the environment does not give; on a refusal the message stands at its field."""
        keys = [key for key in DECLARED if key not in fixed() and key not in PICTURES]
        values = {key: form[key].data for key in keys if configuration.may_set(self.agent, key)}
        if not self.is_clean(form, values) or not self.take_logo(form):
            return False
        changed = configuration.save(values, actor=self.agent)
        flash(_("The settings were saved."), "success")
        self.tell_of_second(values)
        if changed.get("mail_password") == "":  # nosec B105 # forgotten
            flash(_("The password of the mail server was forgotten, as it was for another one: type it again."), "info")
        return True

    @staticmethod
    def tell_of_second(values: dict[str, Any]) -> bool:
        """Say that another administrator must let the second confirmation of erasures end; whether that is so."""
        is_held = not values.get(erasure_second.KEY, True) and erasure_second.waiting() is not None
        if is_held:
            name = str(DECLARED[erasure_second.KEY].label)
            text = _("“%(name)s” stays on until another administrator lets it end under “Erasures”.", name=name)
            flash(text, "info")
        return is_held

    def take_logo(self, form: Any) -> bool:
        """Store the logo that came with the form, if one did; a refusal stands at its field."""
        file = request.files.get("logo")
        if file is not None and file.filename:
            try:
                logo.save(file.stream, actor=self.agent)
            except InvalidInput as error:
                show(error, form)
                return False
        return True

    @staticmethod
    def is_clean(form: Any, values: dict[str, Any]) -> bool:
        """Check every value, so that all that is wrong is said at once."""
        form.validate()
        # What this agent may not set is not stored, whatever was sent for it.
        valid = not any(form[key].errors for key in values)
        for key, value in values.items():
            try:
                clean = settings.clean(key, value)
                if key == "site_url" and clean != settings.get(key):
                    site_address.check(clean)
                if key == only.ONLY and clean and not settings.get(key):
                    only.check_switch()
                if key == erasure_second.KEY and clean and not settings.get(key):
                    erasure_second.check_switch()
            except InvalidInput as error:
                if not form[key].errors:
                    show(error, form)
                valid = False
        chosen = request.files.get("logo")
        if not valid and chosen is not None and chosen.filename:
            form.logo.errors = [*form.logo.errors, _("Files cannot be kept: choose them again.")]
        return bool(valid)

    def reset(self, key: str, form: Any) -> None:
        """Go back to the default of one setting; what else was typed stays in the form, unsaved."""
        if key == "logo":
            logo.remove(actor=self.agent)
            flash(_("The logo was removed."), "success")
        elif key in DECLARED and key not in fixed():
            if not configuration.may_set(self.agent, key):
                abort(403)
            try:
                if key == "site_url" and site_address.leads_away(""):
                    form.site_url.data = ""
                    site_address.ask("")
                values = {key: DECLARED[key].default}
                configuration.save(values, actor=self.agent)
                form[key].data = settings.get(key)
                if self.tell_of_second(values):
                    return
                flash(_("“%(name)s” has its default again.", name=str(DECLARED[key].label)), "success")
            except InvalidInput as error:
                show(error, form)

    def test(self, form: Any) -> bool:
        """Send a test mail with what the form holds; the form stays as it is."""
        try:
            flash(outbox.send_test(self.agent.email, actor=self.agent, server=self.server(form)), "success")
        except HelpdeskError as error:
            flash(str(error), "error")
        return False

    @staticmethod
    def server(form: Any) -> MailServer | None:
        """Return the mail server the form describes; None when the environment gives it, or there is none.

        The stored password goes only where it was given for.
        """
        if "mail_host" in fixed():
            return None
        if account := mail_accounts.server_of(settings.clean("mail_account", form.mail_account.data)):
            return account
        if not form.mail_host.data:
            return None
        values = {key: settings.clean(key, form[key].data) for key in settings.PASSWORD_OF}
        is_stored = all(value == settings.get(key) for key, value in values.items())
        stored = settings.decrypt(settings.get("mail_password")) if is_stored else ""
        return MailServer(
            host=values["mail_host"],
            port=values["mail_port"],
            username=values["mail_username"],
            password=form.mail_password.data or stored,
            tls=values["mail_tls"],
        )
