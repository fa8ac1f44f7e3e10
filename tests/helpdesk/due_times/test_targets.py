"""What is due by a history: a pure function."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.due_times.targets import History, Step, targets
from helpdesk.events import EventKind
from helpdesk.lib import lengths
from helpdesk.opening_hours import written_hours
from helpdesk.opening_hours.arithmetic import DAY, Calendar
from models import CLOSED, OPEN, PENDING, DueTime

ALWAYS = Calendar(ZoneInfo("UTC"), (((0, DAY),),) * 7)
OFFICE = Calendar(ZoneInfo("UTC"), (written_hours.read("9-17", ""),) * 5 + ((), ()))
MONDAY = datetime(2026, 11, 30, 9, 0)
HOUR = timedelta(hours=1)


def due(rule: dict[str, int], *steps: tuple[EventKind, float, bool, str], calendar: Calendar = ALWAYS):
    """Return what is due after steps: kind, hours since the opening, whether by a person, category."""
    history = History.of(MONDAY, [Step(kind, MONDAY + at * HOUR, who, to) for kind, at, who, to in steps])
    return {row.name: row.due and (row.due - MONDAY) / HOUR for row in targets(history, DueTime(**rule), calendar)}


REPLY = (EventKind.REPLIED, 2, True, PENDING)
PROGRAM = (EventKind.REPLIED, 0, False, PENDING)
ALL = {"first_reply": 240, "next_reply": 480, "resolution": 2400}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], {"first_reply": 4, "resolution": 40}),
        # A person's reply meets it: nothing is due while nobody waits.
        ([REPLY], {}),
        # A program's answer, a note or a status does not.
        ([PROGRAM], {"first_reply": 4, "resolution": None}),
        ([(EventKind.STATUS, 1, True, OPEN)], {"first_reply": 4, "resolution": 40}),
        ([(EventKind.STATUS, 1, True, PENDING)], {"first_reply": 4, "resolution": None}),
        # The next reply counts from the oldest message nobody has answered; the resolution stood still from 2 to 10.
        (
            [REPLY, (EventKind.CUSTOMER_WROTE, 10, False, OPEN), (EventKind.CUSTOMER_WROTE, 11, False, OPEN)],
            {"next_reply": 18, "resolution": 48},
        ),
        # It was answered, and the customer wrote again.
        (
            [REPLY, (EventKind.CUSTOMER_WROTE, 10, False, OPEN), (EventKind.REPLIED, 11, True, PENDING),
             (EventKind.CUSTOMER_WROTE, 20, False, OPEN)],
            {"next_reply": 28, "resolution": 57},
        ),
        # Asleep, the resolution rests; replies do not.
        (
            [(EventKind.SNOOZED, 1, True, ""), (EventKind.WOKEN, 6, False, "")],
            {"first_reply": 4, "resolution": 45},
        ),
        ([(EventKind.SNOOZED, 1, True, "")], {"first_reply": 4, "resolution": None}),
        # Closed without an answer and opened again.
        (
            [(EventKind.CLOSED, 1, True, CLOSED), (EventKind.REOPENED, 3, True, OPEN)],
            {"first_reply": 4, "resolution": 42},
        ),
        # The undoing of an act on many gives back its status.
        (
            [(EventKind.STATUS, 1, True, PENDING), (EventKind.UNDONE, 2, True, OPEN)],
            {"first_reply": 4, "resolution": 41},
        ),
        # It was over before it rested.
        (
            [(EventKind.STATUS, 50, True, PENDING)],
            {"first_reply": 4, "resolution": 40},
        ),
        ([(EventKind.SENT_ELSEWHERE, 1, True, PENDING)], {}),
    ],
)  # fmt: skip
def test_what_is_due(steps, expected):
    assert due(ALL, *steps) == expected


def test_only_open_hours_count():
    assert due({"first_reply": 240}, calendar=OFFICE) == {"first_reply": 4}
    assert due({"first_reply": 600}, calendar=OFFICE) == {"first_reply": 26}
    steps = [(EventKind.STATUS, 2, True, PENDING), (EventKind.STATUS, 24, True, OPEN)]
    assert due({"resolution": 240}, *steps, calendar=OFFICE) == {"resolution": 26}


def test_what_a_rule_leaves_out_is_not_due():
    assert due({"next_reply": 60}) == {}
    assert due({"resolution": 60}, REPLY) == {}


def test_pauses_are_told():
    steps = [(EventKind.STATUS, 1, True, PENDING), (EventKind.STATUS, 2, True, OPEN), (EventKind.SNOOZED, 3, True, "")]
    history = History.of(MONDAY, [Step(kind, MONDAY + at * HOUR, who, to) for kind, at, who, to in steps])
    assert history.pauses == ((MONDAY + HOUR, MONDAY + 2 * HOUR), (MONDAY + 3 * HOUR, None))


@pytest.mark.parametrize(
    ("text", "minutes", "written"),
    [
        ("4 h", 240, "4 h"), ("1 h 30", 90, "1 h 30"), ("1h30min", 90, "1 h 30"), ("90 min", 90, "1 h 30"),
        ("0:45", 45, "45 min"), ("8 heures", 480, "8 h"), ("45m", 45, "45 min"), ("", None, ""),
    ],
)  # fmt: skip
def test_lengths_are_read_as_people_write_them(text, minutes, written):
    assert lengths.read(text) == minutes
    assert minutes is None or lengths.write(minutes) == written


@pytest.mark.parametrize("text", ["4", "soon", "-4 h", "4 d", "1:5", "h", "9999999 h"])
def test_lengths_that_cannot_be_meant_are_refused(text):
    with pytest.raises(Exception, match="Write a length"):
        lengths.read(text)
