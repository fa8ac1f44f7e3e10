"""What refers to a row by foreign key: why it cannot be deleted, what goes with it, in words a person can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from database import Base
from helpdesk.errors import StillInUse
from helpdesk.i18n import _, ngettext
from models import (
    Agent,
    AutomaticClosing,
    CannedResponse,
    ClosedDay,
    ClosingStatus,
    Department,
    DueTime,
    OpeningHours,
    Permission,
    Team,
    TeamMember,
    Ticket,
    TicketTag,
)

#: How rows that rely on another one are called, with their number.
NAMES: dict[type[Base], Callable[[int], str]] = {
    Agent: lambda count: ngettext("%(num)d account", "%(num)d accounts", count),
    AutomaticClosing: lambda count: ngettext(
        "%(num)d place of automatic closing", "%(num)d places of automatic closing", count
    ),
    ClosingStatus: lambda count: ngettext(
        "its tick in %(num)d place of automatic closing", "its tick in %(num)d places of automatic closing", count
    ),
    CannedResponse: lambda count: ngettext("%(num)d canned response", "%(num)d canned responses", count),
    ClosedDay: lambda count: ngettext("%(num)d closed day", "%(num)d closed days", count),
    DueTime: lambda count: ngettext("%(num)d due time", "%(num)d due times", count),
    Department: lambda count: ngettext("%(num)d department", "%(num)d departments", count),
    OpeningHours: lambda count: ngettext("its opening hours", "its opening hours", count),
    Permission: lambda count: ngettext("%(num)d permission", "%(num)d permissions", count),
    Team: lambda count: ngettext("%(num)d team", "%(num)d teams", count),
    TeamMember: lambda count: ngettext("%(num)d membership", "%(num)d memberships", count),
    Ticket: lambda count: ngettext("%(num)d ticket", "%(num)d tickets", count),
    TicketTag: lambda count: ngettext("%(num)d ticket", "%(num)d tickets", count),
}

#: Counting stops here: nobody needs to know how many more.
ENOUGH = 10_000


def counted(row: Base, on_delete: str) -> list[str]:
    """Count what refers to `row` by foreign keys of this kind (``RESTRICT``, ``CASCADE``, ``SET NULL``)."""
    texts = []
    for key, table in row._meta.backrefs.items():
        if (key.on_delete or "RESTRICT") == on_delete:
            count = table.select().where(key == row.id).limit(ENOUGH).count()
            if count:
                texts.append(_named(table, count))
    return texts


def _named(table: Any, count: int) -> str:
    return NAMES[table](count) if table in NAMES else ngettext("%(num)d other record", "%(num)d other records", count)


def refuse_used(row: Base) -> None:
    """Raise StillInUse saying what relies on this row."""
    users = counted(row, "RESTRICT")
    if users:
        raise StillInUse(_("“%(name)s” is still used by: %(users)s.", name=str(row), users=", ".join(users)))


def goes_too(row: Base) -> list[str]:
    """Say what is deleted together with this row."""
    gone = counted(row, "CASCADE")
    return [_("Deleted with it: %(rows)s.", rows=", ".join(gone))] if gone else []


def unassigned(count: int) -> list[str]:
    """Say how many tickets are about to lose their assignee; nothing for none."""
    text = ngettext("%(num)d ticket will be unassigned.", "%(num)d tickets will be unassigned.", count)
    return [text] if count else []
