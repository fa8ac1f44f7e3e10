"""The screen of roles."""

from __future__ import annotations

from typing import Any

from admin_views.base import DeskView
from helpdesk.i18n import _, lazy
from helpdesk.people import permissions
from models import CAPABILITIES, Role


class RolesView(DeskView):
    """What agents may do with tickets."""

    verb = "administer"
    table, slug, title = Role, "roles", lazy("Roles")
    lede = lazy("What an agent may do with the tickets they see. Reading, answering and notes need no capability.")
    create_label = lazy("Create a role")
    can_delete = True
    save_rule, delete_rule = staticmethod(permissions.save_role), staticmethod(permissions.delete_role)
    keep_rule = staticmethod(permissions.refuse_role_in_use)
    column_list = ("name", *(f"can_{name}" for name in CAPABILITIES), "requires_second_factor")
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
        "requires_second_factor": lazy("Two-factor authentication required"),
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
        "requires_second_factor": lazy(
            "Whoever has the role gets 7 days to set it up; then no other page opens. “Users” shows who has not."
        ),
    }
    # A right is given by somebody who ticks it.
    form_args = {name: {"default": False} for name in column_list if name != "name"}
    column_default_sort = "id"

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Lead to who has the role."""
        return [(_("See the users"), self.get_url("desk_users.index_view"))]
