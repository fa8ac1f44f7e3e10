"""How long things are kept (E11): the periods of each place, what is due by them, and its going in announced batches.
It may import erasing, reports and what stands before them.
Erasing a person, and the log that a restore obeys, are `helpdesk.erasing`; what the desk forgets by other settings
each night is `helpdesk.operations.upkeep`.
"""
