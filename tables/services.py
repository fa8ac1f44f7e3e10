"""The services of the desk and their departments: the places where tickets stand."""

from __future__ import annotations

from peewee import BooleanField, ForeignKeyField, IntegerField

from database import Cached, LabelField


class Service(Cached):
    """What visitors choose first; it has departments, or takes tickets itself when it has none."""

    name = LabelField()
    enabled = BooleanField(default=True)
    position = IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.name)


class Department(Cached):
    """A part of a service."""

    service = ForeignKeyField(Service, backref="departments", on_delete="RESTRICT")
    name = LabelField()
    position = IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.service.name}, {self.name}"
