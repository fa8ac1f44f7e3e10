"""The screens an owner sets the desk up with: services, workflow, people, e-mails, filters, configuration, health.
It may import `admin_views.base`, `web` and the rules of `helpdesk`.
No page of a ticket: those are `admin_views/tickets`.
"""
