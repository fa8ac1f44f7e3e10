"""Screens of what visitors choose: services and departments."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskView, as_key
from admin_views.base.importing import Imports
from admin_views.base.lists import ChoiceFilter
from admin_views.base.ordering import Ordered, by_service
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.imports import Kind, Plan
from helpdesk.settings import lookups
from helpdesk.setup import department_rows, services
from models import Department, Service

ENABLED = ChoiceFilter(Service.enabled, lazy("Enabled"), lambda: ((1, _("Yes")), (0, _("No"))))


class ServicesView(Ordered, DeskView):
    """What a visitor chooses first."""

    table, slug, title = Service, "services", lazy("Services")
    lede = lazy("What visitors choose first. A service without departments takes tickets itself.")
    create_label = lazy("Add a service")
    can_delete = True
    save_rule, delete_rule = staticmethod(services.save_service), staticmethod(services.delete_service)
    column_list = ("name", "departments", "enabled")
    column_details_list = column_export_list = ()
    form_columns = ("name", "enabled")
    column_labels = {
        "name": lazy("Name"),
        "departments": lazy("Departments"),
        "enabled": lazy("Enabled"),
    }
    column_descriptions = {
        "name": lazy("What visitors read in the form, in their language. Example: Billing."),
        "enabled": lazy("When off, it is not offered to visitors; its tickets stay readable and answerable."),
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "enabled")
    column_filters = (ENABLED,)
    column_default_sort = "position"
    column_formatters = {"departments": lambda _view, _context, row, _name: row.summary}

    def complete(self, rows: list[Any]) -> None:
        """Say how many departments each service has."""
        for row in rows:
            count = len(lookups.departments(row.id))
            row.summary = ngettext("%(num)d department", "%(num)d departments", count) if count else _("None")

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Lead to switching the service off, its departments and its tickets."""
        departments = self.get_url("desk_departments.index_view", flt0_0=row.id)
        return [
            (_("Switch it off"), f"{self.get_url('.edit_view', id=row.id)}#enabled"),
            *([(_("See its departments"), departments)] if lookups.departments(row.id) else []),
            (_("See the tickets"), self.get_url("desk_tickets.index_view", view="all", service=row.id)),
        ]


class DepartmentsView(Imports, Ordered, DeskView):
    """The parts of services."""

    table, slug, title = Department, "departments", lazy("Departments")
    lede = lazy("The parts of a service. A permission can cover a whole service or one department.")
    empty_text = lazy("Departments belong to a service. A service without any takes tickets itself.")
    import_label, import_template = lazy("Add several"), "admin/import_departments.html"
    can_delete = True
    save_rule, delete_rule = staticmethod(services.save_department), staticmethod(services.delete_department)
    column_list = ("name", "service")
    column_details_list = column_export_list = ()
    form_columns, repeated = ("service", "name"), ("service",)
    column_labels = {"name": lazy("Name"), "service": lazy("Service")}
    column_descriptions = {
        "service": lazy("The service it belongs to."),
        "name": lazy("What visitors read in the form, in their language. Example: Refunds."),
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "service")
    column_filters = (
        ChoiceFilter(Department.service, lazy("Service"), lambda: [(row.id, row) for row in lookups.services()]),
    )
    column_default_sort = [("service", False), ("position", False)]
    column_formatters = {
        "name": lambda _view, _context, row, _name: str(row.name),
        "service": lambda _view, _context, row, _name: str(lookups.service(row.service_id)),
    }

    def chosen_service(self) -> Service | None:
        """Return the service that the list is for, if one was chosen. 404 for one that is not there."""
        # What was chosen on the page comes before what its address began with.
        text = request.form.get("service", request.args.get("service", ""))
        return (lookups.service(as_key(text)) or abort(404)) if text else None

    def import_kind(self) -> Kind:
        """Return the list of departments: of a service, or with a column for it."""
        return department_rows.kind(self.chosen_service())

    def import_choices(self) -> dict[str, Any]:
        """Keep the service."""
        service = self.chosen_service()
        return {"service": service.id} if service is not None else {}

    def import_notes(self, _plan: Plan) -> list[str]:
        """Name the service, which no line does."""
        service = self.chosen_service()
        return [_("They are added to the service “%(name)s”.", name=str(service))] if service is not None else []

    @staticmethod
    def services() -> list[Service]:
        """Return the services to choose from."""
        return lookups.services()

    def complete(self, rows: list[Any]) -> None:
        """Hand each department its service, which its name holds."""
        for row in rows:
            row.service = lookups.service(row.service_id)

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Lead to the tickets of the department."""
        return [(_("See the tickets"), self.get_url("desk_tickets.index_view", view="all", department=row.id))]

    def ordered(self, query: Any, column: Any, descending: Any) -> Any:
        """Keep the departments of a service together."""
        return by_service(query, Department) if column is None else super().ordered(query, column, descending)

    @property
    def create_label(self) -> Any:
        """Name what the button leads to: a service first, where there is none (RULES 1)."""
        return _("Add a department") if lookups.services() else _("Add a service")

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Add a department; without any service, lead to where one is added (RULES 1)."""
        if not lookups.services():
            flash(_("A department belongs to a service: add one first."), "info")
            return redirect(self.get_url("desk_services.create_view"))
        return super().create_view()
