"""Screens of roles and teams."""

from __future__ import annotations

from typing import Any

from admin_views.base import DeskView, references
from admin_views.base.fields import RowsSelect
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.people import permissions, teams
from helpdesk.settings import lookups
from models import CAPABILITIES, Role, Team, TeamMember


class RolesView(DeskView):
    """What agents may do with tickets."""

    verb = "administer"
    table, slug, title = Role, "roles", lazy("Roles")
    lede = lazy("What an agent may do with the tickets they see. Reading, answering and notes need no capability.")
    create_label = lazy("Create a role")
    can_delete = True
    save_rule, delete_rule = staticmethod(permissions.save_role), staticmethod(permissions.delete_role)
    keep_rule = staticmethod(permissions.refuse_role_in_use)
    column_list = ("name", *(f"can_{name}" for name in CAPABILITIES))
    column_details_list = column_export_list = ()
    form_columns = column_list
    column_labels = {
        "name": lazy("Name"),
        "can_set_status": lazy("Set the status"),
        "can_set_priority": lazy("Set the priority"),
        "can_tag": lazy("Tag tickets"),
        "can_assign": lazy("Assign"),
        "can_delete": lazy("Delete"),
        "can_configure": lazy("Configure"),
    }
    column_descriptions = {
        "name": lazy("Example: First line."),
        "can_set_status": lazy("Close, reopen and mark as spam too."),
        "can_set_priority": lazy("Mark as important too."),
        "can_tag": lazy("Add and remove tags."),
        "can_assign": lazy("Assign, transfer and move."),
        "can_delete": lazy("Put into the bin, and restore."),
        "can_configure": lazy(
            "Open the screens of set-up, except what administrators keep: users, roles, mailboxes, the mail server, "
            "the public address and the journal."
        ),
    }
    # A right is given by somebody who ticks it.
    form_args = {f"can_{name}": {"default": False} for name in CAPABILITIES}
    column_default_sort = "id"

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Lead to who has the role."""
        return [(_("See the users"), self.get_url("desk_users.index_view"))]


class TeamsView(DeskView):
    """Agents who share tickets."""

    table, slug, title = Team, "teams", lazy("Teams")
    lede = lazy("Agents who share tickets. The manager of an enabled team sees, answers and assigns every ticket.")
    create_label = lazy("Create a team")
    can_delete = True
    save_rule, delete_rule = staticmethod(teams.save_team), staticmethod(teams.delete_team)
    column_list = ("label", "email", "manager", "members", "enabled")
    column_details_list = column_export_list = ()
    form_columns = ("label", "email", "manager", "members", "enabled")
    form_extra_fields = {
        "members": RowsSelect(lazy("Members"), rows=lookups.agents, description=lazy("Any active account."))
    }
    column_labels = {
        "label": lazy("Label"),
        "email": lazy("E-mail"),
        "manager": lazy("Manager"),
        "members": lazy("Members"),
        "enabled": lazy("Enabled"),
    }
    column_descriptions = {
        "label": lazy("Shown to the team as the assignee. Example: Second line."),
        "email": lazy("Copied on e-mails about tickets assigned to the team. Empty: none."),
        "manager": lazy("Sees every ticket while the team is enabled."),
        "enabled": lazy("When off, tickets cannot be assigned to it and its own are unassigned."),
    }
    column_searchable_list = ("label", "email")
    column_sortable_list = ("label", "email", "enabled")
    column_default_sort = "label"
    column_numbers = ("members",)
    column_formatters = {
        "manager": lambda _view, _context, row, _name: lookups.agent(row.manager_id) or "",
        "members": lambda _view, _context, row, _name: row.size,
    }

    def complete(self, rows: list[Any]) -> None:
        """Count the members of each team."""
        members = TeamMember.select(TeamMember.team).where(TeamMember.team.in_(rows)).tuples() if rows else ()
        teams = [key for (key,) in members]
        for row in rows:
            row.size = teams.count(row.id)

    def form_data(self, row: Any) -> dict[str, Any]:
        """Tick the present members."""
        members = TeamMember.select(TeamMember.agent).where(TeamMember.team == row.id).tuples()
        return {"members": [key for (key,) in members]}

    def side_effects(self, row: Any, values: dict[str, Any]) -> list[str]:
        """Say how many tickets are unassigned when members leave or the team is switched off (RULES 7)."""
        try:
            return references.unassigned(teams.unassigned_by(row, values))
        except HelpdeskError:
            return []  # the rule will say what is wrong, at its field

    def consequences(self, row: Any) -> list[str]:
        """Say what deleting a team does."""
        return [*references.unassigned(teams.unassigned_by(row)), *references.goes_too(row)]
