"""The two days of a form that chooses a period: what was sent, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from flask import request

from helpdesk.errors import InvalidInput
from helpdesk.i18n import _
from helpdesk.lib.periods import Period
from helpdesk.reports import statistics


@dataclass
class PeriodForm:
    """Which days the reader asked for: `values` as they were sent, `problems` by the name of the field."""

    #: None where no day was sent, or none that can be meant.
    period: Period | None = None
    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def read(zone: ZoneInfo) -> PeriodForm:
    """Read the days from the address."""
    form = PeriodForm(values={name: request.args[name] for name in ("since", "until") if request.args.get(name)})
    days = {name: _day(text, name, form.problems) for name, text in form.values.items()}
    if "until" in form.values and "since" not in form.values:
        form.problems["since"] = _("Choose the first day, too.")
    first = days.get("since")
    if first is not None and not form.problems:
        try:
            form.period = statistics.between(first, days.get("until"), zone)
        except InvalidInput as error:
            form.problems[str(error.field)] = str(error)
    return form


def _day(text: str, name: str, problems: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if 1970 <= day.year < 9_999:
        return day
    problems[name] = _("This is not a date. Example: %(day)s.", day="2026-12-31")
    return None
