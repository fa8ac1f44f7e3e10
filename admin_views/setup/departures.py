"""When an agent leaves: all that hangs on the account, to whom it goes, and the way back (RULES 7 and 50)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage, as_key
from helpdesk import clock, departures
from helpdesk.departures import Holding
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import Count, _, lazy, ngettext
from helpdesk.journal_texts import HOLDING_NAMES
from helpdesk.people import permissions
from helpdesk.settings import lookups
from models import Agent, Departure, Team


class DeparturesPage(DeskPage):
    """One agent who leaves."""

    verb = "administer"
    slug, title = "departures", lazy("Departure")

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> ResponseReturnValue:
        """Show all that hangs on an account; close it and hand that over."""
        person = self.person()
        if request.method != "POST":
            return self.page(person, departures.proposed(person, request.args.get("to", "")))
        try:
            departure = departures.leave(person, request.form, actor=self.agent)
        except HelpdeskError as error:
            return self.page(person, request.form, error), 422
        count = sum(move["count"] for move in departure.moves) if departure is not None else 0
        if departure is not None and departure.was_active:
            flash(_("The account of %(name)s is disabled.", name=person.name), "success")
        if count:
            flash(ngettext("%(num)d thing changed hands.", "%(num)d things changed hands.", count), "success")
        return redirect(self.get_url(".index_view", id=person.id))

    @expose("/undo/", methods=("POST",))
    def undo_view(self) -> ResponseReturnValue:
        """Open the account again and give back what nobody changed since."""
        person = self.person()
        try:
            departure = departures.latest(person)
            if departure is None:
                raise departures.too_late()
            self.say(departures.undo(departure, actor=self.agent))
        except HelpdeskError as error:
            flash(str(error), "error")
        return redirect(self.get_url(".index_view", id=person.id))

    def say(self, departure: Departure) -> None:
        """Say in numbers what came back, and what did not."""
        back, lost = (sum(move[key] for move in departure.moves) for key in ("back", "lost"))
        flash(_("The departure of %(name)s was undone.", name=departure.agent.name), "success")
        if back:
            flash(ngettext("%(num)d thing was given back.", "%(num)d things were given back.", back), "success")
        if lost:
            text = ngettext(
                "%(num)d thing has changed since and stays as it is.",
                "%(num)d things have changed since and stay as they are.",
                lost,
            )
            flash(text, "info")

    def person(self) -> Agent:
        """Return the agent whom the address names, or answer 404."""
        return lookups.own_agent(as_key(request.values.get("id"))) or abort(404)

    def page(self, person: Agent, chosen: Mapping[str, str], error: HelpdeskError | None = None) -> str:
        """Show the page, with what is chosen on it."""
        unserved, unnotified = permissions.places_left_by(person) if person.active else ([], [])
        departure = departures.latest(person)
        return self.render(
            "admin/departure.html",
            person=person,
            lines=[line(holding, count, person, self) for holding, count in departures.overview(person)],
            heirs=options(everybody_but(person)),
            chosen=chosen,
            to=request.args.get("to", ""),
            error=error,
            refusal=departures.refuse_last_administrator(person) if person.active else "",
            unserved=[str(place) for place in unserved],
            unnotified=[str(place) for place in unnotified if place not in unserved],
            departure=departure,
            moves=[moved(move, person) for move in departure.moves] if departure is not None else [],
            until=departures.undo_until(departure) if departure is not None else None,
            is_undoable=departure is not None
            and departure.undone_at is None
            and departures.undo_until(departure) > clock.now(),
            return_url=self.get_url("desk_users.index_view"),
        )


def everybody_but(person: Agent) -> list[Agent | Team]:
    """Return who may get something at all."""
    return [*lookups.teams(), *(row for row in lookups.agents() if row.id != person.id)]


def line(holding: Holding, count: int, person: Agent, page: DeparturesPage) -> dict[str, Any]:
    """Return what the page shows of one kind of what somebody has."""
    names = holding.names(person)
    where = holding.page(person) if holding.page is not None else None
    return {
        "key": holding.key,
        "name": holding.name,
        "count": Count(count),
        "names": " · ".join(names) + (" · …" if len(names) < count else "") if names else "",
        "url": page.get_url(where[0], **where[1]) if where is not None else "",
        "otherwise": holding.otherwise,
        "heirs": options(holding.heirs(person)),
    }


def options(heirs: list[Any]) -> dict[str, list[tuple[str, str]]]:
    """Return whom a menu offers, value and label: what is no person, the teams, the agents."""
    groups: dict[str, list[tuple[str, str]]] = {"words": [], "teams": [], "agents": []}
    for heir in heirs:
        group = "agents" if isinstance(heir, Agent) else "teams" if isinstance(heir, Team) else "words"
        groups[group].append((departures.value_of(heir), str(heir)))
    return groups


def moved(move: dict[str, Any], person: Agent) -> dict[str, Any]:
    """Return what the page shows of one kind that changed hands."""
    numbers: dict[str, Any] = {key: Count(move[key]) for key in ("count", "back", "lost") if key in move}
    name = HOLDING_NAMES.get(move["holding"], "")
    return {**numbers, "name": name, "to": departures.outcome_of(move, person)}
