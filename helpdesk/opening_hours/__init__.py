"""When the desk is open: hours of the week, closed days, public holidays, and the arithmetic over them.
It may import journal, access, settings and what stands before them.
It mails nobody and knows no ticket; which hours hold for one is asked by its service.
"""
