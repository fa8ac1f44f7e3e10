"""Public holidays of a country or region: a proposal to tick, whose ticked days are closed days like any other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from database import Label, database
from helpdesk import access, clock, i18n, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.opening_hours import calendars, regions, saving
from models import ClosedDay, OpeningHours


@dataclass(frozen=True)
class Holiday:
    """A public holiday, whether it is a closed day, and whether it is ticked when the list is shown."""

    day: date
    name: Label
    is_closed: bool
    is_ticked: bool


def proposal(region: str, hours: OpeningHours | None) -> list[Holiday]:
    """Return the holidays from today to the end of next year, for these opening hours (None: for all).

    What is closed already is ticked, and all that comes after it. Raises InvalidInput for a region that is none.
    """
    if not regions.exists(region):
        raise InvalidInput(lazy("Choose one from the list."), field="region")
    closed = {row.first_day for row in _stored(region, hours)}
    newest = max(closed, default=date.min)
    return [Holiday(day, name, day in closed, day in closed or day > newest) for day, name in _named(region, hours)]


def _first_day(hours: OpeningHours | None) -> date:
    return clock.today(ZoneInfo(i18n.zone(hours.timezone if hours is not None else None)))


def _stored(region: str, hours: OpeningHours | None) -> list[ClosedDay]:
    owner = ClosedDay.opening_hours.is_null() if hours is None else ClosedDay.opening_hours == hours.id
    return list(ClosedDay.select().where(owner, ClosedDay.region == region).order_by(ClosedDay.first_day))


def _named(region: str, hours: OpeningHours | None) -> list[tuple[date, Label]]:
    """Return the holidays with their names in each language the library has them in."""
    first = _first_day(hours)
    country, _dash, part = region.partition("-")
    days = regions.library().names_of(country, part, (first.year, first.year + 1))
    every = sorted({day for names in days.values() for day in names})
    return [
        (
            day,
            Label(
                {code: names[day].replace("'", "’")[: saving.MAX_NAME] for code, names in days.items() if day in names}
            ),
        )
        for day in every
        if day >= first
    ]


def ticked(region: str, hours: OpeningHours | None, days: Collection[date]) -> list[ClosedDay]:
    """Return the closed days of the desk as they would be with these days ticked; nothing is stored."""
    shown = proposal(region, hours)
    unticked = {one.day for one in shown if one.is_closed and one.day not in days}
    gone = {row.id for row in _stored(region, hours) if row.first_day in unticked}
    added = [one for one in shown if one.day in days and not one.is_closed]
    new = [ClosedDay(opening_hours=hours, name=one.name, first_day=one.day, region=region) for one in added]
    return [*(row for row in calendars.days() if row.id not in gone), *new]


def tick(region: str, hours: OpeningHours | None, days: Collection[date], *, actor: Actor) -> tuple[int, int]:
    """Make the ticked holidays of a proposal closed days, and the others no more; return how many of each.

    Raises NotAllowed, or InvalidInput.
    """
    access.require(actor, "configure")
    shown = proposal(region, hours)
    with database.atomic():
        added = [one for one in shown if one.day in days and not one.is_closed]
        saving.refuse_more(len(added))
        for one in added:
            row = ClosedDay.create(opening_hours=hours, name=one.name, first_day=one.day, region=region)
            journal.saved(row, None, actor=actor)
        unticked = {one.day for one in shown if one.is_closed and one.day not in days}
        removed = [row for row in _stored(region, hours) if row.first_day in unticked]
        for row in removed:
            saving.delete_closed_day(row, actor=actor)
            journal.deleted(row, str(row), actor=actor)
    return len(added), len(removed)
