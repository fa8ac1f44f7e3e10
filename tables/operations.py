"""The settings as stored, and who of the processes does what."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, JSONField

from database import Base, UtcDateTimeField


class Setting(Base):
    """A stored setting that differs from its declared default (``helpdesk.settings``)."""

    key = CharField(max_length=80, unique=True)
    value = JSONField(null=True)
    changed_at = UtcDateTimeField()


class TimetableRun(Base):
    """The last run of a job of the timetable: its period, and the process that is at it."""

    job = CharField(max_length=40, unique=True)
    period = CharField(max_length=40)
    ran_at = UtcDateTimeField()
    claimed_by = CharField(max_length=100, null=True)
    #: When it last ended well.
    ended_at = UtcDateTimeField(null=True)


class Worker(Base):
    """A process that carries the loop: alive while its beat goes on."""

    name = CharField(max_length=100, unique=True)
    host = CharField(max_length=60)
    beat = BigIntegerField()
    started_at = UtcDateTimeField()
    seen_at = UtcDateTimeField()
