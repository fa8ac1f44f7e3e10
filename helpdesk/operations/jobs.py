"""What the loop does: its jobs, and the sources of what comes due. One more of either is one line."""

from __future__ import annotations

import threading

from helpdesk import due_mails, outbox, send_later, snooze
from helpdesk.automatic_closing import keeping as closing_plans
from helpdesk.automatic_closing import steps
from helpdesk.corrections import unmasking
from helpdesk.due_times import keeping, overdue
from helpdesk.erasing import carrying_out
from helpdesk.files import uploads
from helpdesk.incoming import pipeline, tidying, watching
from helpdesk.operations import clock_guard, search_index, sent_copies, upkeep
from helpdesk.operations.loop import Source
from helpdesk.operations.timetable import DAILY, HOURLY, MINUTELY, Job, Timetable
from helpdesk.outbox import claims
from helpdesk.privacy import person_exports
from helpdesk.rules import on_events, time_rules


def departures_by_clock(stopping: threading.Event) -> bool:
    """Send the scheduled replies that are due; none while the clock may be wrong by weeks (RULES 42)."""
    return clock_guard.may_act() and send_later.run(stopping)


TIMETABLE = Timetable(
    (
        Job("search index", MINUTELY, search_index.renew),
        Job("snoozed tickets", MINUTELY, upkeep.by_clock(snooze.wake_due)),
        Job("plans of automatic closing", MINUTELY, closing_plans.recalculate),
        Job("automatic closing", MINUTELY, upkeep.by_clock(steps.run)),
        Job("replies of ended accounts", MINUTELY, send_later.stop_of_ended_accounts),
        Job("replies that rules wait for", MINUTELY, upkeep.by_clock(on_events.act_on_replies)),
        Job("rules of passed time", MINUTELY, upkeep.by_clock(time_rules.act_due)),
        Job("due times", MINUTELY, keeping.recalculate),
        Job("overdue tickets", MINUTELY, overdue.mark),
        Job("mails about due times", MINUTELY, upkeep.by_clock(due_mails.run)),
        Job("list of overdue tickets", MINUTELY, upkeep.by_clock(due_mails.tell_managers)),
        # Before the erasures, after which the database's file is written anew.
        Job("masked passages", MINUTELY, upkeep.by_age(unmasking.forget_due)),
        Job("erasures", MINUTELY, upkeep.by_age(carrying_out.run_due)),
        Job("expired uploads", HOURLY, upkeep.by_age(uploads.drop_expired)),
        Job("expired exports", HOURLY, upkeep.by_age(person_exports.purge)),
        Job("mails of a clock that was ahead", HOURLY, claims.pull_in),
        *(Job(f"upkeep: {name}", DAILY, step) for name, step in upkeep.STEPS.items()),
    )
)
#: Servers of others may be slow: what is asked there has a thread of its own.
INCOMING = Timetable(
    (
        Job("incoming mail", MINUTELY, pipeline.run),
        Job("copies of sent mail", MINUTELY, sent_copies.run),
        Job("tidied mailboxes", HOURLY, upkeep.by_age(tidying.run)),
    )
)

SOURCES = (
    Source("mails", outbox.next_due, outbox.deliver_due, claims.claimants, claims.release),
    # A thread of its own: what the timetable does at night would hold it up.
    Source("scheduled replies", send_later.next_due, departures_by_clock, is_woken=False),
    INCOMING.source("incoming mail"),
    Source("received mails", pipeline.next_due, lambda _stopping: pipeline.decide_waiting() > 0),
    Source("watched mailboxes", watching.next_due, watching.run, watching.claimants, watching.release, is_woken=False),
    Source("mail server", outbox.next_greeting, lambda _stopping: outbox.greet() is None, is_woken=False),
    Source(
        "exports of persons",
        person_exports.next_due,
        person_exports.run,
        person_exports.claimants,
        person_exports.release,
    ),
    TIMETABLE.source("timetable"),
)
