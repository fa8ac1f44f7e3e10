"""Tickets that belong together (E7): one blocks another, goes on from it, or is about the same.
It may import locking, events and what stands before them.
What a relation is called on a screen is *link*; the private links of customers are `helpdesk.links`.
"""
