"""The tables, a file per room, parents in files that stand on no child.

They import peewee and ``database``; everybody else imports them from ``models``.
"""
