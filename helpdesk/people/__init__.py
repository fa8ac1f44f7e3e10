"""Accounts of agents, invitations, permissions, teams, customers and their addresses, keys of other programs.
It may import notifications and what stands before them.
What one may see or do is asked of `helpdesk/access`.
"""
