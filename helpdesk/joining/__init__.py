"""Two customers who are one person become one row, and two again where that was wrong; who may be the same person.
It may import privacy, tickets, people and what stands before them.
Who a former customer is now, which other rooms ask, is `helpdesk.people.former_customers`.
"""
