"""What an owner arranges: services and departments, statuses, priorities and tags, their order, the first set-up.
It may import tickets and what stands before them.
Settings with a value are `helpdesk/settings`, people are `helpdesk/people`.
"""
