"""Mailboxes: where the desk takes its mail from, and the test that says of each step what to do."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from markupsafe import Markup
from wtforms import PasswordField, SelectField

from admin_views.base import DeskView
from admin_views.base.fields import languages, mark_required
from helpdesk import i18n, outbox
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.incoming import mailbox_health, mailbox_secrets, mailbox_sign_in, mailbox_test, mailboxes
from helpdesk.notifications import reply_address
from helpdesk.settings import environment, lookups, mail_accounts, mail_providers
from models import Mailbox
from web import sessions


def choices(texts: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a native select of these texts."""
    return {"choices": lambda: list(texts.items())}


#: The state of a mailbox that needs somebody.
FAILURE = Markup('<span class="is-danger">{}</span>')
#: What is needed where it is shown; columns that other ways of coming leave empty.
NEEDED = ("host", "username", "client_id")
#: The last sections of the form.
ON_SERVER = ("after", "after_days", "after_folder", "copy_sent", "read_sent", "sent_folder")
MORE = ("other_folders", "held_folders", "hold_lists", "copies", "sub_addresses", "trusted_server", "enabled")


class MailboxesView(DeskView):
    """Where the desk takes its mail from."""

    table, slug, title = Mailbox, "mailboxes", lazy("Mailboxes")
    verb = "administer"
    lede = lazy(
        "Addresses whose e-mails become tickets here. An e-mail is only read: nothing is marked, and nothing moved or "
        "deleted unless you say so."
    )
    create_label = lazy("Add a mailbox")
    empty_text = lazy("With a mailbox, customers write to your address, and their e-mails become tickets.")
    can_delete = True
    broad_form = True
    create_template = edit_template = "admin/incoming/mailbox_form.html"
    # What comes next is to try it out.
    adds_another = False
    save_rule = staticmethod(mailboxes.save)
    delete_rule = staticmethod(mailboxes.delete)
    keep_rule = staticmethod(mailboxes.require_unused)
    column_list = ("name", "address", "place", "standing", "enabled")
    column_details_list = column_export_list = ()
    form_columns = (
        *("kind", "address", "aliases", "name", "auth", "host", "port", "security", "username", "password"),
        *("client_id", "client_secret_new", "tenant", "as_application", "folder", "begin", "idle"),
        *("service", "department", "locale", "other_folders", "held_folders", "hold_lists"),
        *("copies", "sub_addresses", "trusted_server", *ON_SERVER, "enabled"),
    )
    form_sections = (
        (lazy("Address"), ["kind", "address", "aliases", "name"]),
        (lazy("Server"), ["auth", "host", "port", "security", "username", "password", "folder", "begin", "idle"]),
        (lazy("Google or Microsoft"), ["client_id", "client_secret_new", "tenant", "as_application"]),
        (lazy("Tickets"), ["service", "department", "locale"]),
        (lazy("On the server"), [*ON_SERVER]),
        (lazy("More"), [*MORE]),
    )
    form_overrides = dict.fromkeys(("kind", "auth", "security", "begin", "locale", "copies", "after"), SelectField)
    form_extra_fields = {
        "password": PasswordField(
            lazy("Password"),
            description=lazy(
                "Stored encrypted, never shown again; forgotten when server, port, encryption or user change. "
                "Empty: it stays."
            ),
            render_kw={"autocomplete": "new-password"},
        ),
        "client_secret_new": PasswordField(
            lazy("Client secret"),
            description=lazy("Stored encrypted, never shown again; forgotten with another client ID. Empty: it stays."),
            render_kw={"autocomplete": "new-password"},
        ),
    }
    form_args = {
        "kind": choices(mailboxes.KINDS),
        "auth": choices(mailboxes.AUTH),
        "security": choices(mailboxes.SECURITY),
        "begin": choices(mailboxes.BEGIN),
        "copies": choices(mailboxes.COPIES),
        "after": choices(mailboxes.AFTER),
        "locale": {"choices": languages, "filters": [lambda value: value or None]},
    }
    column_labels = {
        "name": lazy("Name"),
        "address": lazy("Address"),
        "aliases": lazy("Other addresses"),
        "kind": lazy("How e-mails come"),
        "auth": lazy("Sign-in"),
        "client_id": lazy("Client ID"),
        "tenant": lazy("Directory (tenant)"),
        "as_application": lazy("As an application (Microsoft)"),
        "host": lazy("Server"),
        "port": lazy("Port"),
        "security": lazy("Encryption"),
        "username": lazy("User name"),
        "folder": lazy("Folder"),
        "begin": lazy("Begin with"),
        "idle": lazy("Wait for new e-mails"),
        "service": lazy("Service"),
        "department": lazy("Department"),
        "locale": lazy("Language"),
        "other_folders": lazy("Other folders"),
        "held_folders": lazy("Folders that are always held"),
        "hold_lists": lazy("Hold mailing lists"),
        "copies": lazy("People in copy of an e-mail"),
        "sub_addresses": lazy("Sub-addresses"),
        "after": lazy("An e-mail that was read"),
        "after_days": lazy("After … days"),
        "after_folder": lazy("Folder it is moved to"),
        "copy_sent": lazy("A copy of what agents send"),
        "read_sent": lazy("Take what was sent with other programs"),
        "sent_folder": lazy("Folder of sent e-mails"),
        "trusted_server": lazy("Server that confirms senders"),
        "enabled": lazy("Enabled"),
        "place": lazy("Service and department"),
        "standing": lazy("State"),
    }
    column_descriptions = {
        "name": lazy("How it is called here. Empty: its address."),
        "address": lazy("Where customers write to. Example: support@example.org."),
        "aliases": lazy("Addresses whose e-mails arrive here, too; one a line."),
        "kind": lazy("POP3 is not offered: it cannot go on where it stopped. Ask your provider for IMAP."),
        "auth": lazy(
            "Google Workspace and Microsoft 365 want a sign-in on a page of theirs. For an @gmail.com address a "
            "password for this program alone (app password) is simpler."
        ),
        "client_id": lazy("Of the application you make at Google or Microsoft; the end of this page says how."),
        "as_application": lazy(
            "The application opens the mailbox by itself, by a permission of your directory; nobody signs in."
        ),
        "tenant": lazy("For Microsoft only: the number or domain of your directory. Empty: any organisation."),
        "host": lazy(
            "Example: imap.example.org. With Google and Microsoft it is always theirs, as are port and encryption."
        ),
        "port": lazy("Usually 993, or 143 with STARTTLS."),
        "security": lazy("Certificates are always checked."),
        "username": lazy("Often the address itself. For a shared mailbox of Microsoft, the address of that mailbox."),
        "folder": lazy("Usually INBOX."),
        "begin": lazy("What is in the folder when it is first read comes in without any e-mail going out."),
        "idle": lazy("A connection stays open and e-mails become tickets within seconds; otherwise within a minute."),
        "service": lazy("Where its tickets go."),
        "locale": lazy("Of answers to whose language nobody knows."),
        "other_folders": lazy("Folders that are read besides, one a line."),
        "held_folders": lazy("Their e-mails always wait for a decision, one folder a line. Example: Junk."),
        "hold_lists": lazy("What a mailing list sends on waits for a decision."),
        "copies": lazy("Whom its author named in To or Cc. More than 15 people are a list, of which nobody is taken."),
        "sub_addresses": lazy(
            "Answers come to an address of their own, such as support+k…, which names the ticket for sure. "
            "Ticked by itself once a test e-mail to such an address has come back."
        ),
        "trusted_server": lazy(
            "The first word of the header Authentication-Results in e-mails that arrive here, such as mx.example.org. "
            "Agents answer by e-mail where it confirms them. “Try sub-addresses” shows the name; that of Microsoft 365 "
            "is protection.outlook.com."
        ),
        "after": lazy("Only once it is stored here and decided; what waits for a decision stays where it is."),
        "after_days": lazy("Counted from the decision."),
        "after_folder": lazy("Made if it is not there. Example: Done."),
        "copy_sent": lazy("Whoever reads the mailbox with another program sees the answers there, each once."),
        "read_sent": lazy(
            "What your team answers a customer with a mail program, from an address of this desk, stands in the ticket "
            "as a reply. Only from now on; nobody is mailed for it."
        ),
        "sent_folder": lazy("Empty: the one that the server calls so."),
        "enabled": lazy("When off, nothing is taken from it."),
    }
    column_formatters = {
        "place": lambda _view, _context, row, _name: str(
            lookups.department(row.department_id) or lookups.service(row.service_id)
        ),
        "standing": lambda _view, _context, row, _name: standing(row),
    }

    def update_model(self, form: Any, model: Any) -> bool:
        """Store a mailbox; warn where that ended the sign-in by which the desk’s mail goes out, or its password."""
        is_stored = super().update_model(form, model)
        if is_stored and mailbox_sign_in.sends_without_sign_in(model):
            flash(_("The desk’s e-mails are sent by this mailbox: they wait until it is signed in again."), "error")
        if is_stored and mailbox_secrets.lacks_password(model):
            flash(str(mailbox_secrets.NO_PASSWORD), "error")
        return is_stored

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Add a mailbox; where there is no service yet, one is made first."""
        if not lookups.services():
            flash(_("The e-mails of a mailbox become tickets of a service: create one first."), "info")
            return redirect(self.get_url("desk_services.create_view"))
        return super().create_view()

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        """Lead to the test where that is what was asked for."""
        address = super().get_save_return_url(model, is_created)
        return self.get_url(".test_view", id=model.id) if "test" in request.form else address

    def form_data(self, _row: Any) -> dict[str, Any]:
        """Leave the password out of the form."""
        return {"password": "", "client_secret_new": ""}  # nosec B105 # none at all

    def edit_form(self, obj: Any = None) -> Any:
        """Mark what a mailbox on a server needs, which one on this machine does not have."""
        return mark_required(super().edit_form(obj), NEEDED)

    def create_form(self, obj: Any = None) -> Any:
        """Begin with what most have: one service, TLS."""
        form = mark_required(super().create_form(obj), (*NEEDED, "password"))
        if request.method == "GET":
            form.security.data, form.begin.data, form.kind.data, form.auth.data = "tls", "new", "imap", "password"
        return form

    def render(self, template: str, **kwargs: Any) -> str:
        """Give the form the place of the program, for the lines of Postfix, and what a provider must know."""
        form = kwargs.get("form")
        if form is not None and form.errors and form.password.data:
            form.password.errors = [*form.password.errors, _("Type it again: a password is never sent back to a page.")]
        return super().render(
            template, app_file=str(environment.ROOT / "app.py"), redirect_url=mailbox_sign_in.redirect_url(),
            is_signed_in=mail_accounts.is_signed_in, providers=mail_providers.PROVIDERS,
            failure_text=mailbox_health.failure_text, **kwargs,
        )  # fmt: skip

    @expose("/sign-in/")
    def sign_in_view(self) -> Any:
        """Go to the page of Google or Microsoft where this mailbox is opened to the desk; nothing is stored yet."""
        row = self.get_one(request.args.get("id"))
        try:
            return redirect(mailbox_sign_in.begin(row, actor=self.agent, browser=sessions.current_token() or ""))
        except HelpdeskError as error:
            flash(str(error), "error")
        return redirect(self.get_url(".edit_view", id=row.id))

    @expose("/oauth")
    def oauth_view(self) -> Any:
        """Take whoever comes back from there, to the test of the mailbox."""
        state, code = request.args.get("state", ""), request.args.get("code", "")
        try:
            row = mailbox_sign_in.finish(state, code, actor=self.agent, browser=sessions.current_token() or "")
        except HelpdeskError as error:
            flash(str(error), "error")
            return redirect(self.get_url(".index_view"))
        flash(_("The mailbox is signed in. Test it now."), "success")
        return redirect(self.get_url(".edit_view", id=row.id))

    @expose("/test/", methods=("GET", "POST"))
    def test_view(self) -> Any:
        """Try a mailbox out, step by step; nothing is changed by it."""
        row = self.get_one(request.values.get("id"))
        steps = mailbox_test.steps(row, actor=self.agent)
        return self.render("admin/incoming/mailbox_test.html", mailbox=row, steps=steps, return_url=self.way_back())

    @expose("/probe/", methods=("POST",))
    def probe_view(self) -> Any:
        """Send an e-mail to a sub-address: when it comes back, they work."""
        row = self.get_one(request.form.get("id"))
        try:
            to = reply_address.with_code(row, reply_address.Code(0, probe=row.id))
            flash(outbox.send_test(to, actor=self.agent), "success")
            flash(_("When it has come back, sub-addresses are ticked by themselves."), "info")
        except HelpdeskError as error:
            flash(str(error), "error")
        return redirect(self.get_url(".edit_view", id=row.id))

    @expose("/read/", methods=("POST",))
    def read_view(self) -> Any:
        """Take what is new at once."""
        row = self.get_one(request.form.get("id"))
        text, is_well = mailbox_test.read_now(row, actor=self.agent)
        flash(text, "success" if is_well else "error")
        return redirect(self.get_url("desk_incoming.index_view"))


def standing(mailbox: Mailbox) -> str:
    """Return how a mailbox is, in short; in red where somebody must do something."""
    if not mailbox.enabled:
        return _("Off")
    if mailbox.kind == "imap" and mailbox.auth in mail_providers.PROVIDERS and not mail_accounts.is_signed_in(mailbox):
        return FAILURE.format(_("To reconnect"))
    if mailbox.failing_since is not None:
        return FAILURE.format(mailbox_health.failure_text(mailbox) or _("Failing"))
    if mailbox.kind == "pipe":
        return _("Waits for what is handed over")
    if mailbox.last_success_at is None:
        return _("Not read yet")
    return _("Read %(when)s", when=i18n.when(mailbox.last_success_at))
