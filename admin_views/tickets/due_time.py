"""Why a ticket is due when it is: each target with its start, its pauses and the hours it is counted by."""

from __future__ import annotations

from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from helpdesk.due_times import keeping, outcomes, rules
from helpdesk.lib import lengths, zones
from helpdesk.opening_hours import words


class DueTimePage(TicketDeskPage):
    """The reckoning behind a due time."""

    slug = "due-time"

    @expose("/<number>/due")
    def due_view(self, number: str) -> str:
        """Show what is due in a ticket, and why then."""
        ticket = self.context.find(number)
        rule = rules.rule_for(ticket)
        calendar = keeping.calendar_of(ticket)
        return self.render(
            "admin/due_time.html",
            ticket=ticket,
            rule=rules.name_of(rule) if rule is not None else "",
            judged=outcomes.of_ticket(ticket),
            targets=keeping.targets_of(ticket),
            names=rules.TARGETS,
            written=lengths.write,
            hours=words.week(calendar),
            zone=zones.place(calendar.zone.key),
            return_url=self.context.address(ticket),
        )
