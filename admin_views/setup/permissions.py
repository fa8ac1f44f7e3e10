"""What agents cover: the form of a permission, wherever it stands, and the screen of one's own (A7)."""

from __future__ import annotations

from typing import Any

from flask import abort, g, request
from flask_admin.model.form import InlineFormAdmin
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.validators import DataRequired

from admin_views.base import DeskView
from admin_views.base.fields import RichField
from admin_views.base.forms import DeskForm
from helpdesk import access
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.people import permissions
from helpdesk.settings import lookups
from models import Agent, Permission

EVERYWHERE = "all"
#: Permissions named under the switch of a new one.
SHOWN = 5
SIGNATURE_HELP = lazy("Added below the replies to tickets of this place. Empty: none.")
CHOSEN = DataRequired(lazy("Choose what the agent covers."))
NOTIFY_HELP = lazy("An e-mail for each new ticket of this place, and for what nobody is assigned to.")


def places() -> list[tuple[str, str, dict[str, str]]]:
    """Return what a permission may cover: everything, a service, or one of its departments.

    Each says for its script whether the agent of the form is notified there until now.
    """
    choices = [("", _("Choose a place"), {}), (EVERYWHERE, _("The whole support"), _until_now(None, None))]
    for service in lookups.services():
        choices.append((str(service.id), str(service), _until_now(service.id, None)))
        choices += [
            (f"{service.id}/{row.id}", str(row), _until_now(service.id, row.id))
            for row in lookups.departments(service.id)
        ]
    return choices


def _until_now(service: int | None, department: int | None) -> dict[str, str]:
    agent = g.get("covering_agent")
    if agent is None or not lookups.permissions_of(agent.id):
        return {}
    wider = access.deciding_permission(agent, service, department)
    return {"data-notify": "on" if wider is not None and wider.notify else "off"}


def place_of(permission: Permission) -> str:
    """Return the option that stands for what a permission covers."""
    ids = [str(key) for key in (permission.service_id, permission.department_id) if key is not None]
    return "/".join(ids) or EVERYWHERE


def scope(place: str) -> dict[str, Any]:
    """Return the ``service`` and ``department`` of an option."""
    service, _slash, department = place.partition("/")
    return {"service": None if place == EVERYWHERE else service, "department": department or None}


def covering(agent: Agent) -> None:
    """Let the forms of new permissions in this request be about this agent."""
    g.covering_agent = agent


def until_now(agent: Agent) -> str:
    """Say under the switch of a new permission what has ruled until now; nothing where no permission did."""
    rows = lookups.permissions_of(agent.id)
    rules = [
        _("%(place)s: on", place=place) if row.notify else _("%(place)s: off", place=place)
        for row, place in ((row, access.place_text(row)) for row in rows[:SHOWN])
    ]
    if not rules:
        return str(NOTIFY_HELP)
    text = " · ".join(rules) + (" · …" if len(rows) > SHOWN else "")
    return _("%(help)s Until now: %(rules)s.", help=NOTIFY_HELP, rules=text)


class PermissionForm(DeskForm):
    """What an agent covers, and how."""

    id = HiddenField()
    place = SelectField(
        lazy("Service and department"), [CHOSEN], choices=places, description=lazy("What the agent covers.")
    )
    signature = RichField(lazy("Signature"), description=SIGNATURE_HELP)
    notify = BooleanField(lazy("Notify by e-mail"), description=NOTIFY_HELP, render_kw={"role": "switch"})

    def __init__(self, formdata: Any = None, obj: Any = None, prefix: str = "", **kwargs: Any) -> None:
        agent = g.get("covering_agent")
        if isinstance(obj, Permission):
            kwargs["place"] = place_of(obj)
        elif agent is not None:
            kwargs.setdefault("notify", permissions.offered_notify(agent))
        super().__init__(formdata, obj, prefix, **kwargs)
        if agent is not None and not isinstance(obj, Permission):
            self.notify.description = until_now(agent)


class InlinePermission(InlineFormAdmin):
    """Permissions under their agent."""

    form_label = lazy("Permission")
    add_label, new_label = lazy("Add a permission"), lazy("New permission")
    key = "place"

    def get_form(self) -> Any:
        """Return the form of one permission."""
        return PermissionForm


def save_permission(
    agent: Agent, row: dict[str, Any], actor: Agent, permission: Permission | None = None
) -> Permission:
    """Store a permission as the form says it. Raises InvalidInput at ``place`` or another field of the form."""
    if not row["place"]:
        raise InvalidInput(_("Choose what the agent covers."), field="place")
    values = {**scope(row["place"]), "signature": row["signature"], "notify": row["notify"]}
    try:
        return permissions.save_permission(agent, values, actor=actor, permission=permission)
    except InvalidInput as error:
        field = "place" if error.field in {"service", "department"} else error.field
        raise InvalidInput(error.message, field=field) from error


class MySettingsView(DeskView):
    """One's own permissions (A7): everybody edits signature and notification, administrators all of it."""

    verb = "desk"
    table, slug, title = Permission, "my-settings", lazy("Settings")
    lede = lazy("What you cover, with the signature of your replies there and whether you are told of new tickets.")
    create_label = lazy("Add a permission")
    empty_text = lazy("An administrator gives you permissions under Users.")
    column_list = ("place", "signature", "notify")
    column_details_list = column_export_list = ()
    form_columns = ("place", "signature", "notify")
    form_extra_fields = {
        "place": SelectField(
            lazy("Service and department"),
            [DataRequired(lazy("Choose what you cover."))],
            choices=places,
            description=lazy("What you cover."),
        )
    }
    create_template = edit_template = "admin/rich_form.html"
    form_overrides = {"signature": RichField}
    column_labels = {
        "place": lazy("Service and department"),
        "signature": lazy("Signature"),
        "notify": lazy("Notify by e-mail"),
    }
    column_descriptions = {"place": lazy("What you cover."), "signature": SIGNATURE_HELP, "notify": NOTIFY_HELP}
    column_default_sort = "id"
    column_formatters = {
        "place": lambda _view, _context, row, _name: access.place_text(row),
        "signature": lambda _view, _context, row, _name: _("Yes") if row.signature else _("No"),
    }

    @property
    def can_create(self) -> bool:
        """Only administrators add permissions, also their own."""
        return self.is_accessible() and self.agent.is_admin

    can_delete = can_create
    delete_rule = staticmethod(permissions.delete_permission)

    def scoped(self, query: Any) -> Any:
        """Show one's own permissions, nobody else's."""
        return query.where(Permission.agent == self.agent.id)

    def create_form(self, obj: Any = None) -> Any:
        """Refuse the form to whoever may not add; the switch stands as most of what they cover."""
        if not self.can_create:
            abort(403)
        covering(self.agent)
        form = super().create_form(obj)
        form.notify.description = until_now(self.agent)
        if request.method == "GET":
            form.notify.data = permissions.offered_notify(self.agent)
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """Offer the place to administrators only."""
        form = super().edit_form(obj)
        if not self.agent.is_admin:
            del form["place"]
        return form

    def form_data(self, row: Any) -> dict[str, Any]:
        """Choose the present place."""
        return {"place": place_of(row)}

    def named(self, row: Any) -> str:
        """Call a permission by what it covers."""
        return access.place_text(row)

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store one's own permission."""
        if "place" in values:
            return save_permission(self.agent, values, self.agent, row if row.id else None)
        return permissions.save_own_permission(row, values, actor=self.agent)
