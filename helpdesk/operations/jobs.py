"""What the loop does: its jobs, and the sources of what comes due. One more of either is one line."""

from __future__ import annotations

from helpdesk import outbox
from helpdesk.files import uploads
from helpdesk.incoming import pipeline
from helpdesk.operations import search_index, upkeep
from helpdesk.operations.loop import Source
from helpdesk.operations.timetable import DAILY, HOURLY, MINUTELY, Job, Timetable
from helpdesk.outbox import claims

TIMETABLE = Timetable(
    (
        Job("search index", MINUTELY, search_index.renew),
        Job("expired uploads", HOURLY, upkeep.by_age(uploads.drop_expired)),
        Job("mails of a clock that was ahead", HOURLY, claims.pull_in),
        *(Job(f"upkeep: {name}", DAILY, step) for name, step in upkeep.STEPS.items()),
    )
)
#: Servers of others may be slow: what is asked there has a thread of its own.
INCOMING = Timetable((Job("incoming mail", MINUTELY, pipeline.run),))

SOURCES = (
    Source("mails", outbox.next_due, outbox.deliver_due, claims.claimants, claims.release),
    INCOMING.source("incoming mail"),
    Source("mail server", outbox.next_greeting, lambda _stopping: outbox.greet() is None, is_woken=False),
    TIMETABLE.source("timetable"),
)
