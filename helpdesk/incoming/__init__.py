"""Mail that comes in: taken, kept as it came, read apart, decided with a reason, and made a ticket or a message.
It may import lists, filters, visitors, setup and what stands before them.
No sending: that is `helpdesk/outbox`. Nothing is imported here: the child that reads a mail must start at once.
"""
