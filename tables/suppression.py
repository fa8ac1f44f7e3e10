"""Addresses that are no longer kept: a hash of each, by which it is recognised and cannot be read."""

from __future__ import annotations

from typing import Any

from peewee import BooleanField, CharField

from database import Base, LastingId, UtcDateTimeField


class SuppressedAddress(Base):
    """An address of which nothing is stored any more, known by its hash alone (`helpdesk.suppression`)."""

    id: Any = LastingId()
    digest = CharField(max_length=64, unique=True)
    suppressed_at = UtcDateTimeField()
    #: The agent who wanted it; empty where the person did, whose name is not kept.
    actor_name = CharField(max_length=120, default="")
    #: Whether it came with the erasure of its holder; otherwise it was typed.
    by_erasure = BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.id)
