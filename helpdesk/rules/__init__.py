"""Rules at work when something happens to a ticket, or when time has passed; what explains them afterwards (D4 to D6).
It may import filters, whose sentences, conditions and actions they share, and what stands before them.
No rule of its own for tickets: an action calls the verb of `helpdesk/tickets`.
"""
