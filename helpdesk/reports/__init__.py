"""Figures: the dashboard’s statistics, customers’ ratings, lengths of time.
It may import lists, filters, visitors, setup and what stands before them.
No history: what happened to a ticket is `helpdesk/events`.
"""
