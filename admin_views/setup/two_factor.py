"""Two-factor authentication on the screen of users: who has it, who is late, and resetting it for a lost phone."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from peewee import ModelSelect

from admin_views.base.lists import ChoiceFilter
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.people import required_second_factor
from helpdesk.two_factor import second_factors
from models import Agent


class SecondFactorFilter(ChoiceFilter):
    """Narrows the list of users to who has a second factor, who must have one and has none, or who has none."""

    def __init__(self) -> None:
        super().__init__(
            Agent.second_factor_due_at,
            lazy("Two-factor authentication"),
            lambda: (("yes", _("Yes")), ("missing", _("Missing")), ("no", _("No"))),
        )

    def apply(self, query: ModelSelect, value: str) -> ModelSelect:
        """Return the accounts of the query that are so."""
        if value == "missing":
            return query.where(Agent.second_factor_due_at.is_null(False))
        owners = required_second_factor.owners()
        return query.where(Agent.id.in_(owners) if value == "yes" else Agent.id.not_in(owners))


class TwoFactorReset:
    """What `UsersView` says of second factors, and its page that resets one."""

    agent: Any
    get_one: Any
    get_url: Any
    confirm: Any
    way_back: Any

    def complete_second_factors(self, rows: list[Any]) -> None:
        """Say of each account whether it has a second factor, by one statement for all."""
        having = second_factors.having(rows)
        for row in rows:
            row.has_second_factor = row.id in having
            row.second_factor = _state(row)

    def may_reset(self, row: Any) -> bool:
        """Whether this account has a second factor that the reader may reset: not their own."""
        return bool(row.has_second_factor) and row.id != self.agent.id

    @expose("/reset-two-factor/", methods=("GET", "POST"))
    def reset_two_factor(self) -> ResponseReturnValue:
        """Ask, then take the second factor of somebody away who lost phone and codes."""
        row = self.get_one(request.values.get("id"))
        if request.method != "POST" or "confirmed" not in request.form:
            consequences = [
                _("The password alone opens the account then, until two-factor authentication is set up again."),
                _("%(name)s is signed out everywhere.", name=row.name),
                _("Both of you are told by e-mail, and the journal keeps it. Make sure that it is them who ask."),
            ]
            question = _("Reset the two-factor authentication of %(name)s?", name=row.name)
            return self.confirm(question, consequences, _("Reset"), id=row.id)
        try:
            was_on = second_factors.reset(row, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
        else:
            text = _("The two-factor authentication of %(name)s was reset.", name=row.name)
            flash(text if was_on else str(second_factors.NOT_ON), "success" if was_on else "info")
        return redirect(self.way_back())


def _state(row: Any) -> str:
    if row.has_second_factor:
        return _("Yes")
    days = required_second_factor.days_left(row)
    if days is None:
        return _("No")
    if not days:
        return _("Missing: the days are over")
    return ngettext("Missing: %(num)d day left", "Missing: %(num)d days left", days)
