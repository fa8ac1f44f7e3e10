"""Who is there: leave of agents with who stands in for them, and whether they take tickets handed out in turn.
It may import journal, access, settings and what stands before them.
It knows no ticket and mails nobody: handing out is `helpdesk/round_robin.py`, mails are `notifications.recipients`.
"""

from helpdesk.availability.leaves import current, find_substitute, is_present, last_day, planned
from helpdesk.availability.saving import concerns, delete_leave, save_leave, set_substitute, set_takes_tickets
from helpdesk.availability.words import Absences, absence, absences, note_of, notes, own_absence

__all__ = [
    "Absences",
    "absence",
    "absences",
    "concerns",
    "current",
    "delete_leave",
    "find_substitute",
    "is_present",
    "last_day",
    "note_of",
    "notes",
    "own_absence",
    "planned",
    "save_leave",
    "set_substitute",
    "set_takes_tickets",
]
