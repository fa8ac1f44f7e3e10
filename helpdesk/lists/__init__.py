"""Finding tickets, and acts on many: listing, criteria, counts, search results, saved lists, bulk acts and their undo.
It may import tickets and what stands before them.
No verb of its own: a bulk act calls the rule of each ticket.
"""
