"""Erasing a person (E10): who asks and cancels, what goes, step by step, and the log that a restore obeys.
It may import privacy, incoming, outbox, tickets and what stands before them.
What is kept of a person in numbers, and as a file, is `helpdesk.privacy`.
"""
