"""Single sign-on: the providers (generated), their test, and whose account of one is whose."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_admin.model.template import EndpointLinkRowAction
from peewee import ModelSelect
from wtforms import PasswordField, SelectField

from admin_views.account.single_sign_on import PATH
from admin_views.base import DeskView
from admin_views.base.fields import mark_required
from helpdesk import settings
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from helpdesk.single_sign_on import attempts, linking, providers
from helpdesk.single_sign_on.attempts import TEST, Refused
from models import Customer, Identity, IdentityProvider
from web import provider_ways, sessions

SECRET_HELP = lazy("Stored encrypted, never shown again; forgotten with another issuer or client ID. Empty: it stays.")
#: Where customers are led back to (`public.single_sign_on`).
MEMBERS_PATH = "/single-sign-on"


class IdentityProvidersView(DeskView):
    """Where people sign in with their organisation’s account."""

    table, slug, title = IdentityProvider, "identity-providers", lazy("Single sign-on")
    verb = "administer"
    lede = lazy(
        "Agents sign in with their organisation’s account (OpenID Connect): Keycloak, Entra ID, Google and others."
    )
    create_label = lazy("Add a provider")
    empty_text = lazy("With a provider, a button on the sign-in page leads to your organisation’s own.")
    can_delete = True
    adds_another = False
    create_template = edit_template = "admin/identity_provider_form.html"
    save_rule, delete_rule = staticmethod(providers.save), staticmethod(providers.delete)
    keep_rule = staticmethod(lambda _row: None)
    column_list = ("label", "issuer", "accounts", "enabled")
    column_details_list = column_export_list = ()
    form_columns = (
        *("label", "issuer", "client_id", "secret", "scopes", "enabled"),
        *("assumes_verified", "vouches", "for_agents", "for_members"),
        *("admits", "group_claim", "group", "role", "covers", "service", "department"),
    )
    form_sections = (
        (lazy("Provider"), ["label", "issuer", "client_id", "secret", "scopes", "enabled"]),
        (lazy("What counts"), ["assumes_verified", "vouches", "for_agents", "for_members"]),
        (lazy("Who is new"), ["admits", "group_claim", "group", "role", "covers", "service", "department"]),
    )
    form_overrides = {"covers": SelectField}
    form_extra_fields = {
        "secret": PasswordField(
            lazy("Client secret"), description=SECRET_HELP, render_kw={"autocomplete": "new-password"}
        ),
    }
    form_args = {"covers": {"choices": lambda: list(providers.COVERS.items())}}
    column_labels = {
        "label": lazy("Name"),
        "issuer": lazy("Issuer"),
        "client_id": lazy("Client ID"),
        "scopes": lazy("Scopes"),
        "enabled": lazy("Enabled"),
        "accounts": lazy("Linked accounts"),
        "assumes_verified": lazy("Addresses are proven"),
        "vouches": lazy("Asks for a second factor itself"),
        "for_agents": lazy("For agents"),
        "for_members": lazy("For customers"),
        "admits": lazy("Make accounts for a group"),
        "group_claim": lazy("Claim of the groups"),
        "group": lazy("Group"),
        "role": lazy("Role"),
        "covers": lazy("Covers"),
        "service": lazy("Service"),
        "department": lazy("Department"),
    }
    column_descriptions = {
        "label": lazy("Stands on the button after “Sign in with”. Example: your organisation, or Keycloak."),
        "issuer": lazy(
            "The address by which the provider names itself. Example: https://sso.example.org/realms/example."
        ),
        "client_id": lazy("Of the application you make at the provider; the end of this page says what it must know."),
        "scopes": lazy("What is asked for; some providers need one more for groups."),
        "enabled": lazy("When off, there is no button, and nobody comes in by it. It can be tested."),
        "assumes_verified": lazy(
            "Only where the directory is yours and does not say it itself (Entra ID). Otherwise an address that the "
            "provider does not call proven is refused."
        ),
        "vouches": lazy("The desk asks for no code then, also where the role requires two-factor authentication."),
        "for_agents": lazy("The button stands on the sign-in page of the team. One account there opens one here only."),
        "for_members": lazy("The button stands on the sign-in page of customers. Their links go on as before."),
        "admits": lazy(
            "Who comes from the group below and has no account here gets one; who left the group is disabled at the "
            "next sign-in. When off, only agents who have an account come in."
        ),
        "group_claim": lazy("Where the provider names the groups of somebody. Example: groups, or realm_access.roles."),
        "group": lazy("As the provider writes it; of some it is a number."),
        "role": lazy("Of the accounts that are made."),
        "covers": lazy("Which tickets somebody new sees; later you change it in “Users”."),
    }
    column_formatters = {
        "label": lambda _view, _context, row, _name: str(row.label),
        "accounts": lambda _view, _context, row, _name: row.accounts,
    }
    column_extra_row_actions = [
        EndpointLinkRowAction("", "desk_identity_providers.test_view", title=lazy("Test")),
        EndpointLinkRowAction("", "desk_identities.index_view", title=lazy("Linked accounts")),
    ]

    def complete(self, rows: list[Any]) -> None:
        """Count what is linked to these, by one statement."""
        counts = providers.counts()
        for row in rows:
            row.accounts = counts.get(row.id, 0)

    def form_data(self, _row: Any) -> dict[str, Any]:
        """Leave the secret out of the form."""
        return {"secret": ""}  # nosec B105 — an empty field

    def create_form(self, obj: Any = None) -> Any:
        """Begin with what most have."""
        return mark_required(super().create_form(obj), ("secret",))

    def render(self, template: str, **kwargs: Any) -> str:
        """Give the form the addresses that the provider must know."""
        form = kwargs.get("form")
        if form is not None and form.errors and "secret" in form and form.secret.data:
            form.secret.errors = [*form.secret.errors, _("Type it again: a password is never sent back to a page.")]
        site = settings.site_url()
        return super().render(
            template, redirect_url=f"{site}{PATH}", members_url=f"{site}{MEMBERS_PATH}", site=site, **kwargs
        )

    def side_effects(self, row: Any, values: dict[str, Any]) -> list[str]:
        """Say how many linked accounts end with another application."""
        count = providers.ends(row, values)
        text = ngettext(
            "%(num)d account is unlinked: at another application everybody has another name.",
            "%(num)d accounts are unlinked: at another application everybody has another name.",
            count,
        )
        return [text] if count else []

    def consequences(self, row: Any) -> list[str]:
        """Say how many accounts are unlinked."""
        count = providers.linked(row)
        return [ngettext("%(num)d account is unlinked.", "%(num)d accounts are unlinked.", count)] if count else []

    @expose("/test/")
    def test_view(self) -> Any:
        """Go to a provider and come back with what it says; nobody is signed in or linked by it."""
        row = self.get_one(request.args.get("id"))
        if not provider_ways.is_own_link():
            return self.render("admin/identity_provider_test.html", provider=row, token=provider_ways.token())
        try:
            return provider_ways.leave(row, TEST, path=PATH, agent=self.agent)
        except Refused as error:
            attempts.note(error, sessions.visitor())
            flash(str(error), "error")
        return redirect(self.get_url(".index_view"))


def person(_view: Any, _context: Any, row: Identity, _name: str) -> str:
    """Name whose account it is."""
    agent = lookups.agent(row.agent_id)
    return str(agent.name) if agent is not None else row.shown


class IdentitiesView(DeskView):
    """Which accounts of providers open which accounts here."""

    table, slug, title = Identity, "identities", lazy("Linked accounts")
    verb = "administer"
    lede = lazy("Whom the providers let in. Unlinking ends no sign-in that is open: disable an account for that.")
    empty_title = lazy("No account is linked")
    empty_text = lazy("Agents link theirs in their profile, or by signing in once in another way after the provider.")
    can_create = can_edit = False
    can_delete = True
    delete_rule = staticmethod(linking.unlink_for)
    keep_rule = staticmethod(lambda _row: None)
    column_list = ("person", "provider", "email", "linked_at", "last_used_at")
    column_details_list = column_export_list = ()
    form_columns = ()
    column_labels = {
        "person": lazy("Person"),
        "provider": lazy("Provider"),
        "email": lazy("Account"),
        "linked_at": lazy("Linked since"),
        "last_used_at": lazy("Last used"),
    }
    column_sortable_list = ("linked_at", "last_used_at")
    column_default_sort = ("linked_at", True)
    column_formatters = {
        "person": person,
        "provider": lambda _view, _context, row, _name: row.source,
        "email": lambda _view, _context, row, _name: row.email or row.sub,
    }

    def scoped(self, query: ModelSelect) -> ModelSelect:
        """Narrow to one provider, where its row led here."""
        text = request.args.get("id", "") if request.endpoint == "desk_identities.index_view" else ""
        key = inputs.row_key(text)
        return query.where(Identity.provider == key) if key is not None else query

    def complete(self, rows: list[Any]) -> None:
        """Name the customers and the providers of these rows, by a statement each."""
        ids = [row.customer_id for row in rows if row.customer_id is not None]
        names = {row.id: row.display_name for row in Customer.select().where(Customer.id.in_(ids))} if ids else {}
        labels = providers.labels()
        for row in rows:
            row.shown = names.get(row.customer_id, "")
            row.source = labels.get(row.provider_id, "")

    def named(self, row: Any) -> str:
        """Name a linked account by its address there."""
        return str(row.email or row.sub)
