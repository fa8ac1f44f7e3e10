"""Macros: canned responses that also do something to the ticket. What they may do, written, previewed and done.
It may import tickets, snooze, notifications and what stands before them.
Whom a response is for and its texts are the rules of `helpdesk.tickets.canned_responses`; the composer shows both.
"""
