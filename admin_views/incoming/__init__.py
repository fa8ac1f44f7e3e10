"""Screens of the mail that comes in: mailboxes, received e-mails, senders.
It may import `admin_views/base`, the menu of `admin_views/tickets`, `web` and the rules of `helpdesk`.
"""
