"""The rows of a list. Rows that look alike share a fragment, which holds nothing of a ticket: that fills its holes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from helpdesk.i18n import _
from helpdesk.lists import display
from helpdesk.lists.display import Display
from helpdesk.lists.rows import Row
from helpdesk.lists.snippets import Parts
from helpdesk.settings import lookups
from models import Agent
from web import fragments, rendering
from web.fragments import fragment

#: Tags that stand beside a subject.
BESIDE_SUBJECT = 2
#: What a ticket and its list write into the row; tags are `tag0`, `tag1` …
HOLES = (
    *("number", "subject", "customer", "organisation", "trail", "name", "words", "passage"),
    *("place", "status", "priority", "assignee", "due", "when", "more_tags"),
)
#: What stands around a searched word.
MARK, END_OF_MARK = Markup("<mark>"), Markup("</mark>")


class Shape(NamedTuple):
    """How a row looks, whatever its ticket."""

    columns: frozenset[str]
    is_unread: bool
    is_snoozed: bool
    is_waiting: bool
    is_due: bool
    has_default_status: bool
    has_default_priority: bool
    has_passage: bool
    has_assignee: bool
    #: Whose words follow the subject: ``me``, ``colleague``, ``other``; empty where none do.
    words: str
    tags: int


def rows(
    page: Iterable[Row],
    agent: Agent,
    look: Display,
    trail: str,
    subjects: Mapping[int, Parts],
    passages: Mapping[int, Parts],
) -> Markup:
    """Return the rows of a page; `trail` leads from a ticket back to the list, the parts show where a search was met.

    With columns that are rarely filled, or many tags, there are some dozens of shapes.
    """
    shapes, cells = fragments.Shapes("admin/ticket_row.html", HOLES), _Cells()
    link, texts = escape(trail), []
    for row in page:
        passage = passages.get(row.id)
        shape = _shape_of(row, agent, look, cells, has_passage=passage is not None)
        values = _values_of(row, look, cells) | {"trail": link}
        if row.id in subjects:
            values["subject"] = _marked(subjects[row.id])
        if passage is not None:
            values["passage"] = _marked(passage)
        texts.append(shapes.pieces_of(shape).filled(values))
    return Markup("").join(texts)


def _shape_of(row: Row, agent: Agent, look: Display, cells: _Cells, *, has_passage: bool) -> Shape:
    words = ""
    if row.excerpt and not has_passage:
        by = row.excerpt_by
        words = "me" if by == agent.id else "colleague" if by in cells.short_names else "other"
    return Shape(
        look.columns,
        row.is_unread,
        row.is_snoozed,
        row.awaits_reply and not row.is_snoozed,
        row.is_due,
        row.status_id == cells.default_status,
        row.priority_id == cells.default_priority,
        has_passage,
        row.assignee_id is not None or row.team_id is not None,
        words,
        len(row.tags),
    )


def _values_of(row: Row, look: Display, cells: _Cells) -> dict[str, object]:
    """Return what this ticket writes into its row."""
    values: dict[str, object] = {
        "number": row.number,
        "subject": row.subject,
        "customer": escape(row.customer),
        "name": cells.short_names.get(row.excerpt_by, ""),
        "words": row.excerpt,
        "status": cells.status(row.status_id),
        "priority": cells.priority(row.priority_id),
        "assignee": cells.assignee(row.assignee_id, row.team_id),
        "place": cells.place(row.service_id, row.department_id),
        "when": _when(row),
    }
    if row.tags:
        values |= {f"tag{place}": name for place, name in enumerate(row.tags)}
        values["more_tags"] = ", ".join(row.tags[BESIDE_SUBJECT:])
    if "due" in look.columns and row.is_due:
        values["due"] = rendering.due(row.due_at)
    if "organisation" in look.columns:
        values["organisation"] = str(lookups.organisation(row.organisation_id) or "")
    return values


def _when(row: Row) -> object:
    if row.is_snoozed and row.snoozed_until is not None:
        return _("until %(when)s", when=rendering.moment(row.snoozed_until))
    return rendering.waits(row.waiting_since) if row.awaits_reply else rendering.ago(row.last_activity)


def _marked(parts: Parts) -> Markup:
    """Return a text whose searched words are marked."""
    return Markup("").join(piece for text, hit in parts for piece in ((MARK, text, END_OF_MARK) if hit else (text,)))


class _Cells:
    """What stands in many rows: written once for each status, priority, place and assignee."""

    def __init__(self) -> None:
        # Before what is read below: when the stamp moves meanwhile, what is written goes with the old one.
        self._written = fragments.shared("row cells")
        self.short_names: Mapping[Any, str] = display.short_names()
        self.default_status = lookups.default_status().id
        self.default_priority = lookups.default_priority().id

    def status(self, key: int) -> Markup:
        return self._cell("status", key)

    def priority(self, key: int) -> Markup:
        return self._cell("priority", key)

    def place(self, service: int, department: int | None) -> Markup:
        return self._cell("place", service, department)

    def assignee(self, agent: int | None, team: int | None) -> Markup:
        return self._cell("assignee", agent, team)

    def _cell(self, kind: str, *keys: int | None) -> Markup:
        cell: Markup | None = self._written.get((kind, *keys))
        if cell is None:
            cell = fragment("admin/ticket_cells.html", _context, kind=kind, keys=keys)
            self._written[(kind, *keys)] = cell
        return cell


def _context(**_key: Any) -> dict[str, Any]:
    first = lookups.default_priority().id
    return {"catalogue": lookups, "short_names": display.short_names(), "default_priority": first}
