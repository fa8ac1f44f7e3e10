"""What was sent wrong, and what nobody should read (E8): replies and notes are corrected, passages and files masked.
It may import erasing (whose vacuuming empties the database's file), incoming and what stands before them.
What an agent may still take back before it is sent is `helpdesk.tickets.undo_send`.
"""
