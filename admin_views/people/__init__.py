"""Pages of one customer: who they are, their addresses, tickets and orders, and what is done to them.
It may import `admin_views/base`, the menus of `admin_views`, `web` and the rules of `helpdesk`.
The list of customers and the form of their names are a generated screen (`admin_views/setup/customers.py`).
"""
