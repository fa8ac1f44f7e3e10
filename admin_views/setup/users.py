"""The screen of the people of the support: accounts, invitations, permissions (RULES 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.model.template import EndpointLinkRowAction
from markupsafe import Markup
from wtforms import PasswordField, SelectField

from admin_views.base import DeskView, posted, references
from admin_views.base.fields import languages, optional
from admin_views.base.forms import show
from admin_views.base.lists import ChoiceFilter
from admin_views.setup.inviting import Inviting
from admin_views.setup.permissions import InlinePermission, PermissionForm, covering, save_permission
from admin_views.setup.two_factor import SecondFactorFilter, TwoFactorReset
from helpdesk import access, departures, settings
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.i18n import Count, _, lazy, ngettext
from helpdesk.people import agents, assignees, invitations, mailed_links, permissions, teams
from helpdesk.settings import lookups
from models import CAPABILITIES, Agent, Permission

#: Places named in the list of users; the others are counted.
PLACES_SHOWN = 3


def action(endpoint: str, title: Any) -> EndpointLinkRowAction:
    """Return a link on each row of a list."""
    return EndpointLinkRowAction("", endpoint, title=title)


def modest_role() -> Any:
    """Return the role that may do least: what somebody new gets unless more is chosen."""
    return min(lookups.roles(), key=lambda row: sum(getattr(row, f"can_{name}") for name in CAPABILITIES), default=None)


def left_behind(row: Agent) -> list[str]:
    """Name what hangs on an account beside its tickets, each kind with its number."""
    kinds = [(holding, count) for holding, count in departures.overview(row) if not holding.key.endswith("tickets")]
    names = [_("%(name)s (%(count)s)", name=holding.name, count=Count(count)) for holding, count in kinds]
    return [_("More hangs on this account: %(names)s.", names=" · ".join(names))] if names else []


def state(row: Any) -> str:
    """Whether an account is open, waits for its owner, or is closed."""
    if not row.active:
        return _("No")
    return _("Yes") if row.password_hash is not None else _("Invited")


class UsersView(Inviting, TwoFactorReset, DeskView):
    """The accounts of the support (RULES 3)."""

    verb = "administer"
    table, slug, title = Agent, "users", lazy("Users")
    lede = lazy("Who works at this desk. A permission says what somebody covers, the role what they may do there.")
    create_label = lazy("Add an administrator")
    form_lede = lazy(
        "Permissions say which tickets somebody sees, the role what they may do with them; “All rights” stands above "
        "both. It takes effect at once."
    )
    can_delete = True
    delete_rule, keep_rule = staticmethod(agents.delete_agent), staticmethod(agents.keep_one_administrator)
    column_list = ("name", "role", "is_admin", "support", "active", "second_factor")
    column_details_list = column_export_list = ()
    form_columns = ("name", "email", "current", "role", "is_admin", "active", "takes_tickets", "locale")
    repeated = ("role", "locale")
    create_template, edit_template = "admin/rich_form.html", "admin/user_form.html"
    inline_models = (InlinePermission(Permission),)
    form_extra_fields = {
        "current": PasswordField(
            lazy("Your current password"), description=lazy("Needed only to change your own e-mail address.")
        ),
    }
    form_overrides = {"locale": SelectField}
    form_args = {"locale": {"choices": languages, "coerce": optional}, "role": {"default": modest_role}}
    column_labels = {
        "name": lazy("Name"),
        "email": lazy("E-mail"),
        "role": lazy("Role"),
        "is_admin": lazy("All rights"),
        "active": lazy("Active"),
        "takes_tickets": lazy("Takes tickets in turn"),
        "locale": lazy("Language"),
        "support": lazy("In support"),
        "second_factor": lazy("Two-factor authentication"),
    }
    column_descriptions = {
        "name": lazy("Shown to the team, and to customers on replies."),
        "email": lazy("Used to sign in and for notifications. Example: name@example.org."),
        "role": lazy("What they may do with the tickets of the places they cover. A role gives sight of no ticket."),
        "is_admin": lazy(
            "An administrator of the desk, whatever the role: sees every ticket, opens every screen, also Users and "
            "Roles. When off, the role and the permissions decide."
        ),
        "active": lazy("When off, they are signed out everywhere and their tickets are unassigned."),
        "takes_tickets": lazy("When off, no ticket is handed to them in turn. Their menu has the same switch."),
        "locale": lazy("The language of their pages and e-mails."),
    }
    column_searchable_list = ("name", "email")
    column_sortable_list = ("name", "email", "is_admin", "active")
    column_filters = (
        ChoiceFilter(Agent.role, lazy("Role"), lambda: [(row.id, row) for row in lookups.roles()]),
        ChoiceFilter(Agent.active, lazy("Active"), lambda: ((1, _("Yes")), (0, _("No")))),
        SecondFactorFilter(),
    )
    column_default_sort = "name"
    column_formatters = {
        "name": lambda _view, _context, row, _name: Markup("{} <small>{}</small>").format(row.name, row.email),
        "role": lambda _view, _context, row, _name: str(lookups.role(row.role_id)),
        "support": lambda _view, _context, row, _name: row.support,
        "active": lambda _view, _context, row, _name: state(row),
        "second_factor": lambda _view, _context, row, _name: row.second_factor,
    }
    column_extra_row_actions = [
        action("desk_users.add_to_support", lazy("Add to support")),
        action("desk_users.remove_from_support", lazy("Remove from support")),
        action("desk_users.invitation", lazy("Invitation")),
        action("desk_users.new_password", lazy("New password")),
        action("desk_users.reset_two_factor", lazy("Reset two-factor authentication")),
    ]

    def is_action_available(self, action: Any, row: Any) -> bool:
        """Whoever covers nothing is not removed from support; who has a password needs no invitation."""
        if action.endpoint == "desk_users.invitation":
            return bool(row.active) and row.password_hash is None
        if action.endpoint == "desk_users.new_password":
            return bool(row.active) and row.password_hash is not None and row.id != self.agent.id
        if action.endpoint == "desk_users.reset_two_factor":
            return self.may_reset(row)
        return bool(row.covers) or action.endpoint != "desk_users.remove_from_support"

    def complete(self, rows: list[Any]) -> None:
        """Say what each of them covers, and who has a second factor."""
        self.complete_second_factors(rows)
        for row in rows:
            row.covers = bool(lookups.permissions_of(row.id))
            texts = [access.place_text(permission) for permission in lookups.permissions_of(row.id)]
            more = [_("and %(count)d more", count=len(texts) - PLACES_SHOWN)] if len(texts) > PLACES_SHOWN else []
            row.support = " · ".join(texts[:PLACES_SHOWN] + more) or _("No")

    def create_form(self, obj: Any = None) -> Any:
        """Ask what an invitation needs."""
        form = super().create_form(obj)
        for name in ("active", "takes_tickets", "permissions", "current"):
            del form[name]
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """Ask for the password of whoever edits their own account."""
        if obj is not None:
            covering(obj)
        form = super().edit_form(obj)
        if obj is None or obj.id != self.agent.id:
            del form["current"]
        return form

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store the account, then its permissions."""
        rows = values.pop("permissions", None)
        agent = agents.save_agent(row, values, actor=self.agent)
        if rows is not None:
            self.save_permissions(agent, rows)
        return agent

    def save_permissions(self, agent: Agent, rows: list[dict[str, Any]]) -> None:
        """Make the agent's permissions what the rows say; an id of another agent's row is no id."""
        stored = {row.id: row for row in Permission.select().where(Permission.agent == agent.id)}
        for key in stored.keys() - {row["id"] for row in rows}:
            permissions.delete_permission(stored[key], actor=self.agent)
        for row in rows:
            try:
                save_permission(agent, row, self.agent, stored.get(row["id"]))
            except InvalidInput as error:
                raise InvalidInput(error.message, field=f"{row['prefix']}-{error.field}") from error

    def side_effects(self, row: Any, values: dict[str, Any]) -> list[str]:
        """Say what a disabled account leaves behind (RULES 7), and who is signed out."""
        closes = row.active and not values["active"]
        left = references.unassigned(teams.unassigned_by(row, values)) + left_behind(row) if closes else []
        signed_out = [_("%(name)s is signed out everywhere.", name=row.name)]
        return left + (signed_out if agents.signs_out(row, values, actor=self.agent) else [])

    def consequences(self, row: Any) -> list[str]:
        """Say what deleting an account does (RULES 7)."""
        return [
            *references.unassigned(teams.unassigned_by(row)),
            *left_behind(row),
            _("Their permissions are deleted. Their name stays on what they wrote."),
        ]

    def another_text(self, row: Any) -> str:
        """Say that somebody was invited, and how the invitation reaches them."""
        if settings.mail_server() is not None:
            return _("%(name)s was added. An invitation is on its way to %(email)s.", name=row.name, email=row.email)
        return _(
            "%(name)s was added. This desk has no mail server yet: “Invitation” in the list shows a link to hand over.",
            name=row.name,
        )

    def alternatives(self, row: Any, values: dict[str, Any] | None = None) -> list[tuple[str, str]]:
        """Offer to hand over first, where the account is about to be closed or deleted."""
        if values is not None and (values["active"] or not row.active):
            return []
        return [(_("Hand over first"), self.get_url("desk_departures.index_view", id=row.id))]

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        """Show what comes next for somebody new: the invitation, then what they cover."""
        address = super().get_save_return_url(model, is_created)
        return str(self.get_url(".invitation", id=model.id)) if is_created else address

    @expose("/add-to-support/", methods=("GET", "POST"))
    def add_to_support(self) -> ResponseReturnValue:
        """Give an agent a permission: service and department, signature, notification."""
        agent = self.get_one(request.args.get("id"))
        covering(agent)
        form = PermissionForm(posted())
        if request.method == "POST" and form.validate():
            try:
                save_permission(agent, form.data, self.agent)
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(_("%(name)s is in support: %(places)s.", name=agent.name, places=self.support(agent)), "success")
                return redirect(self.get_url(".index_view"))
        title = _("Add %(name)s to support", name=agent.name)
        return self.render("admin/form_page.html", form=form, title=title, return_url=self.get_url(".index_view"))

    @staticmethod
    def support(agent: Agent) -> str:
        """Name what an agent covers."""
        return " · ".join(access.place_text(row) for row in Permission.select().where(Permission.agent == agent.id))

    @expose("/remove-from-support/", methods=("GET", "POST"))
    def remove_from_support(self) -> ResponseReturnValue:
        """Ask, then drop every permission of an agent and keep the account."""
        agent = self.get_one(request.values.get("id"))
        if request.method != "POST" or "confirmed" not in request.form:
            question = _("Remove %(name)s from support?", name=agent.name)
            consequence = _("All permissions are dropped. The account and the tickets assigned to it stay.")
            return self.confirm(question, [consequence], _("Remove from support"), id=agent.id)
        count = permissions.remove_from_support(agent, actor=self.agent)
        flash(ngettext("%(num)d permission was removed.", "%(num)d permissions were removed.", count), "success")
        return redirect(self.way_back())

    @expose("/invitation/", methods=("GET", "POST"))
    def invitation(self) -> ResponseReturnValue:
        """Show or mail the link by which an invited person chooses a password."""
        agent = self.get_one(request.args.get("id"))
        mailed = _("Another invitation is on its way to %(email)s.", email=agent.email)
        return self.link_page(agent, "invitation", mailed, invitations.invite_again, invitations.invitation_link)

    @expose("/new-password/", methods=("GET", "POST"))
    def new_password(self) -> ResponseReturnValue:
        """Show or mail a link by which somebody who lost their password chooses another."""
        agent = self.get_one(request.args.get("id"))
        mailed = _("A link is on its way to %(email)s.", email=agent.email)
        return self.link_page(
            agent, "new_password", mailed, mailed_links.mail_new_password, mailed_links.new_password_link
        )

    def link_page(
        self, agent: Agent, page: str, mailed: str, mail: Callable[..., None], make_link: Callable[..., str]
    ) -> ResponseReturnValue:
        """Show or mail a link to an agent's account; `mailed` says that it was mailed."""
        if request.method == "POST" and "mail" in request.form:
            mail(agent, actor=self.agent)
            flash(mailed, "success")
            return redirect(self.get_url(".index_view"))
        link = make_link(agent, actor=self.agent) if request.method == "POST" else None
        return self.render(
            f"admin/{page}.html", person=agent, link=link, has_mail=settings.mail_server() is not None,
            covers=assignees.in_support(agent), return_url=self.get_url(".index_view"),
        )  # fmt: skip
