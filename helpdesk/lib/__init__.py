"""Tools that know nothing of a desk: cache, statements, rich text, inputs, paging, colours, passwords, throttle.
It may import errors, clock, i18n and folding.
No table of tickets, people or mail is named here, and no rule of the desk stands here.
"""
