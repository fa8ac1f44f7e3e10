"""What every new desk gets: roles, statuses and priorities (RULES 11)."""

from __future__ import annotations

from typing import Any

from database import Base, Label, Stamp, database
from models import CLOSED, OPEN, PENDING, Priority, Role, Status

ROLES: tuple[dict[str, Any], ...] = (
    {"name": Label(en="Administrator", fr="Administrateur"), "can_configure": True},
    {"name": Label(en="Agent", fr="Agent"), "can_configure": False},
)

STATUSES: tuple[dict[str, Any], ...] = (
    {
        "identifier": "active",
        "label": Label(en="Active", fr="Actif"),
        "text_color": "#14532d",
        "background_color": "#dcf5e4",
        "category": OPEN,
    },
    {
        "identifier": "pending",
        "label": Label(en="Pending", fr="En attente"),
        "text_color": "#6b3f04",
        "background_color": "#fdeccb",
        "category": PENDING,
    },
    {
        "identifier": "closed",
        "label": Label(en="Closed", fr="Fermé"),
        "text_color": "#3d4453",
        "background_color": "#e6e8ed",
        "category": CLOSED,
    },
    {
        "identifier": "on hold",
        "label": Label(en="On Hold", fr="En pause"),
        "text_color": "#ffffff",
        "background_color": "#007afc",
        "category": PENDING,
    },
)

PRIORITIES: tuple[dict[str, Any], ...] = (
    {
        "identifier": "normal",
        "label": Label(en="Normal", fr="Normale"),
        "text_color": "#3d4453",
        "background_color": "#e6e8ed",
        "weight": 0,
    },
    {
        "identifier": "follow",
        "label": Label(en="Follow", fr="Suivi"),
        "text_color": "#ffffff",
        "background_color": "#16a4c7",
        "weight": 100,
    },
    {
        "identifier": "high",
        "label": Label(en="High", fr="Haute"),
        "text_color": "#8b1a1a",
        "background_color": "#fde2e1",
        "weight": 200,
    },
)


def seed_defaults() -> None:
    """Fill the tables of roles, statuses and priorities, each only when it is empty."""
    with database.atomic():
        seeded = [
            _fill(Role, ROLES),
            _fill(Status, tuple(row | {"position": place} for place, row in enumerate(STATUSES))),
            _fill(Priority, PRIORITIES),
        ]
        if any(seeded):
            Stamp.bump()


def _fill(table: type[Base], rows: tuple[dict[str, Any], ...]) -> bool:
    if table.select().exists():
        return False
    table.insert_many(rows).execute()
    return True
