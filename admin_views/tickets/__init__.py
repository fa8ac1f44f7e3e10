"""The desk of agents: lists of tickets, the page of one, replies, acts, bulk acts. Each view calls one rule.
It may import `admin_views.base`, `web` and the rules of `helpdesk`.
No set-up screen: those are `admin_views/setup`.
"""
