"""Due times: until when a ticket's customer is owed a reply or an end, by rules of place and priority.
It may import opening_hours, events, locking and what stands before them.
It mails nobody and changes nothing of a ticket but `due_at` and `rank`, which the transaction of each act stores anew.
"""
