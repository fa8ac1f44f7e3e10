"""Due times by mail: a warning, a word when one has passed, and once a day a list for those who see everything.

The timetable looks each minute at the tickets whose `alert_at` has come, by its index. Who has the ticket hears of it,
else those told of new ones; several tickets of one run come in one mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from peewee import ModelSelect, fn

from helpdesk import access, clock, i18n, notifications, settings
from helpdesk.due_times import alerts, keeping, rules
from helpdesk.due_times.alerts import OVERDUE, WARNING, Alert
from helpdesk.events import transaction, twice_at_most
from helpdesk.locking import locked
from helpdesk.notifications import Cause, Occasion, Recipient, recipients
from helpdesk.notifications.contents import LISTED
from helpdesk.opening_hours import calendars
from helpdesk.opening_hours.arithmetic import Calendar, next_opening
from helpdesk.settings import lookups, run_state
from models import LIVE, Ticket

#: Tickets looked at in one transaction, and in one run: what is left follows a minute later.
AT_ONCE, MOST = 100, 500
#: Where it is remembered of which day the list was sent.
STATE = "due_digest_day"
#: From when to when it is sent where there are no opening hours: the clock on the wall of the desk.
MORNING, EVENING = time(8), time(20)

_Told = dict[tuple[Recipient, str], list[tuple[Ticket, Alert]]]


def run() -> int:
    """Write the mails about what is due soon or overdue since the last run; return about how many tickets."""
    if not rules.exist():
        return 0
    count = 0
    for _part in range(MOST // AT_ONCE):
        ids = [key for (key,) in _due().select(Ticket.id).order_by(Ticket.alert_at, Ticket.id).limit(AT_ONCE).tuples()]
        if not ids:
            break
        count += twice_at_most(partial(_tell, ids))
    return count


def _due() -> ModelSelect:
    return Ticket.select().where(LIVE, Ticket.alert_at <= clock.now())


def _tell(ids: list[int]) -> int:
    """Write the mails about these tickets, and remember in them what was told."""
    told: _Told = defaultdict(list)
    with transaction():
        # Another host may have told it, or somebody answered since; locked in the order of all acts.
        rows = locked(_due().where(Ticket.id.in_(ids)))
        for ticket, calendar, every in keeping.alerts_of(rows):
            _note(ticket, calendar, every, told)
        for (recipient, level), some in told.items():
            _owe(recipient, level, some)
    return len({ticket.id for some in told.values() for ticket, _alert in some})


def _note(ticket: Ticket, calendar: Calendar, every: list[Alert], told: _Told) -> None:
    """Add to `told` who hears what of a ticket, and store when it is looked at again."""
    now = clock.now()
    waiting = alerts.waiting(ticket, every)
    due = [alert for alert in waiting if alert.at <= now]
    opens = alerts.told_at(calendar, now)
    if due and opens is not None and opens > now:
        # It came while nobody ran, and now it is night.
        Ticket.update(alert_at=opens).where(Ticket.id == ticket.id).execute()
        return
    made = {*ticket.alerts.split(), *(alert.key for alert in due)}
    # What can be told no more need not be remembered.
    remembered = [alert.key for alert in every if alert.key in made]
    later = [alert for alert in waiting if alert not in due]
    columns = {"alerts": " ".join(remembered), "alert_at": alerts.next_moment(later)}
    Ticket.update(**columns).where(Ticket.id == ticket.id).execute()
    newest = _worth_telling(due, now)
    if newest is None:
        return
    for recipient in _handlers(ticket):
        if _wants(recipient, newest.level):
            told[recipient, newest.level].append((ticket, newest))


def _worth_telling(due: Iterable[Alert], now: datetime) -> Alert | None:
    """Return one of several alerts of a ticket: that it is overdue, rather than that it will be."""
    still = [alert for alert in due if alert.level == OVERDUE or (alert.target.due or now) > now]
    return min(still, key=lambda alert: (alert.level != OVERDUE, alert.at), default=None)


def _handlers(ticket: Ticket) -> list[Recipient]:
    people = recipients.handlers(Cause(Occasion.OVERDUE, ticket=ticket))
    return list({one.email.casefold(): one for one in people}.values())


def _wants(recipient: Recipient, level: str) -> bool:
    """Whether this agent wants to hear of it; the address of a team always does."""
    agent = recipient.agent
    return agent is None or bool(agent.mail_on_warning if level == WARNING else agent.mail_on_overdue)


def _owe(recipient: Recipient, level: str, some: list[tuple[Ticket, Alert]]) -> None:
    if len(some) > 1:
        several = Occasion.SEVERAL_DUE_SOON if level == WARNING else Occasion.SEVERAL_OVERDUE
        tickets = tuple(ticket for ticket, _alert in some)
        notifications.owe(Cause(several, people=(recipient,), tickets=tickets))
        return
    [(ticket, alert)] = some
    kind = Occasion.DUE_SOON if level == WARNING else Occasion.OVERDUE
    cause = Cause(kind, ticket=ticket, people=(recipient,))
    notifications.owe(replace(cause, data={"target": alert.target.name, "due": alert.target.due}))


# --- Once a day ---------------------------------------------------------------------------------------------------


def tell_managers() -> int:
    """Send the list of what is overdue, once a day while the desk is open; return to how many."""
    zone = ZoneInfo(i18n.zone(None))
    today = clock.today(zone).isoformat()
    if not rules.exist() or run_state.read(STATE) == today or not _is_day(zone):
        return 0
    overdue = Ticket.select().where(LIVE, Ticket.due_at <= clock.now())
    with transaction():
        run_state.write(STATE, today)
        rows = tuple(overdue.order_by(Ticket.due_at, Ticket.id).limit(LISTED))
        active = lookups.agents(active_only=True) if rows else ()
        people = recipients.agents(agent for agent in active if agent.mail_on_due_list and access.sees_all(agent))
        count = overdue.select(fn.COUNT(Ticket.id)).scalar() if people else 0
        for one in people:
            notifications.owe(Cause(Occasion.DUE_LIST, people=(one,), tickets=rows, data={"count": count}))
    return len(people)


def _is_day(zone: ZoneInfo) -> bool:
    """Whether the desk is open, or, without opening hours, whether it is day."""
    calendar, now = calendars.find_calendar(None), clock.now()
    if settings.get("due_alerts_at_night"):
        return True
    if calendar is None:
        return MORNING <= now.replace(tzinfo=UTC).astimezone(zone).time() < EVENING
    opens = next_opening(calendar, now)
    return opens is not None and opens <= now
