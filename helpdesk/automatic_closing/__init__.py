"""Tickets that are closed by themselves: after some days without a message, announced by e-mail before.
It may import tickets, snooze and what stands before them.
No clock of the loop: that is `helpdesk/operations`, which calls `steps.run` once a minute.

`Ticket.closing_step_at` is when the program does the next thing to that end; `keeping` keeps it true in the transaction
of each act, from the ticket's history and the row of its place.
"""

from __future__ import annotations

from helpdesk.automatic_closing.decisions import allow_closing, keep_open, not_resolved
from helpdesk.automatic_closing.keeping import is_announced

__all__ = ["allow_closing", "is_announced", "keep_open", "not_resolved"]
