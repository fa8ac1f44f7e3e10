"""Replies that leave at a moment: until then they stand in the ticket for the team only, and change nothing of it.
It may import macros, tickets and what stands before them.
No mails and no time of its own: a reply that leaves is sent by the rule of every reply (`tickets.reply`).

The customer, search, counts and mails know nothing of a scheduled reply, because it is no message yet. What makes it
wrong (the customer writes, the ticket closes …) stops it: it is a draft of its ticket then, and its author is told.
"""

from helpdesk.send_later.departing import next_due, run, send_now
from helpdesk.send_later.scheduling import (
    NewReply,
    acts_of,
    cancel,
    discard,
    edit,
    find,
    find_file,
    may_cancel,
    may_edit,
    of_ticket,
    refuse_sent,
    schedule,
)
from helpdesk.send_later.stopping import STOPS, follow, purge, stop_of_ended_accounts, stop_overdue

__all__ = [
    "STOPS",
    "NewReply",
    "acts_of",
    "cancel",
    "discard",
    "edit",
    "find",
    "find_file",
    "follow",
    "may_cancel",
    "may_edit",
    "next_due",
    "of_ticket",
    "purge",
    "refuse_sent",
    "run",
    "schedule",
    "send_now",
    "stop_of_ended_accounts",
    "stop_overdue",
]
