"""The screen of teams."""

from __future__ import annotations

from typing import Any

from admin_views.base import DeskView, references
from admin_views.base.fields import RowsSelect
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import lazy
from helpdesk.people import teams
from helpdesk.settings import lookups
from models import Team, TeamMember


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
