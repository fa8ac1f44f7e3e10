"""Organisations of customers: their domains, who belongs to them, who reads the tickets of all, what new ones get.
It may import notifications and what stands before them.
Which tickets a colleague reads is decided in `helpdesk/customer_sight`; what happens to a ticket of an organisation
stands in `helpdesk/tickets/colleagues`. The organisation whose desk this is has a name and a logo in its settings only.
"""
