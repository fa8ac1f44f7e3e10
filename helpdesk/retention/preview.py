"""What changed periods would do at once, in numbers: before they are stored."""

from __future__ import annotations

from helpdesk.retention import due, periods
from helpdesk.retention.due import Total
from models import RetentionRule


def with_row(row: RetentionRule) -> list[Total]:
    """Return what would be due with this row as it is now, where that is more than what is due anyway."""
    others = [one for one in periods.rules() if one.id != row.id]
    return _more([*others, row])


def without_row(row: RetentionRule) -> list[Total]:
    """Return what would be due without this row, where that is more: another place’s periods hold then."""
    return _more([one for one in periods.rules() if one.id != row.id])


def _more(rows: list[RetentionRule]) -> list[Total]:
    before = {total.act: total.number for total in due.totals()}
    with periods.tried(rows):
        return [total for total in due.totals() if total.number > before.get(total.act, 0)]
