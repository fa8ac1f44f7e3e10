"""Inviting several people: from a list, and the links of those who have not come yet."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base.importing import Imports
from helpdesk import settings
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.imports import Plan, agent_rows, formats
from helpdesk.orders import Stored
from helpdesk.people import invitations
from helpdesk.settings import lookups
from models import Agent

#: Invitations on the page that shows them.
SHOWN = 200
#: Names that the page of the list offers for a column.
OFFERED = 20


class Inviting(Imports):
    """The pages that invite several at once, for the screen of users."""

    kind = formats.AGENTS
    list_template = "admin/users.html"
    import_label = lazy("Invite from a list")
    import_template = "admin/import_agents.html"

    @staticmethod
    def offered() -> dict[str, list[str]]:
        """Return what the columns of the list may name."""
        return {
            "role": [str(row) for row in lookups.roles()[:OFFERED]],
            "places": agent_rows.names_of_places()[:OFFERED],
            "teams": [str(row) for row in lookups.teams(enabled_only=False)[:OFFERED]],
        }

    def import_notes(self, plan: Plan) -> list[str]:
        """Say how the invitations go, and who will see no ticket."""
        if not plan.rows:
            return []
        mailed = ngettext(
            "An invitation is mailed to this person.",
            "An invitation is mailed to each of these people.",
            len(plan.rows),
        )
        links = _("This desk has no mail server yet: you are shown a link for each of them, to hand over.")
        blind = sum(not row.places for row in plan.rows)
        without = ngettext(
            "%(num)d person covers no place and sees no ticket yet.",
            "%(num)d people cover no place and see no ticket yet.",
            blind,
        )
        return [mailed if settings.mail_server() is not None else links, *([without] if blind else [])]

    def import_button(self, count: int) -> str:
        """Say how many are invited."""
        return ngettext("Invite %(num)s person", "Invite %(num)s people", count)

    def imported_text(self, stored: Stored, bad: int) -> str:
        """Say how many were invited, and how many lines were not taken."""
        invited = ngettext("%(num)d person was invited.", "%(num)d people were invited.", stored.made)
        skipped = stored.same + bad
        left = ngettext("%(num)d line was left out.", "%(num)d lines were left out.", skipped)
        return f"{invited} {left}" if skipped else invited

    def imported_url(self) -> str:
        """Lead to the links where no mail takes them."""
        return str(self.get_url(".index_view" if settings.mail_server() is not None else ".invitations_view"))

    @expose("/invitations/", methods=("GET", "POST"))
    def invitations_view(self) -> ResponseReturnValue:
        """Show who has not come yet; when asked, with a link each to hand over."""
        people, has_links = self.invited(), request.method == "POST"
        rows = [
            (row, invitations.invitation_link(row, actor=self.agent) if has_links else "") for row in people[:SHOWN]
        ]
        return self.render(
            "admin/invitations.html", rows=rows, more=len(people) - len(rows), has_links=has_links,
            has_mail=settings.mail_server() is not None, return_url=self.get_url(".index_view"),
        )  # fmt: skip

    @staticmethod
    def invited() -> list[Agent]:
        """Return those who were invited and have not come yet."""
        return [row for row in lookups.agents() if row.password_hash is None]
