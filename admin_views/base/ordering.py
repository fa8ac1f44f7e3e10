"""Lists whose order is made by hand, by two buttons in each row; ``helpdesk.setup.ordering`` knows the neighbours."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import as_key
from database import Base
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _
from helpdesk.setup import ordering
from models import Service


def by_service(query: Any, table: Any) -> Any:
    """Order rows by their service as the owner ordered those, then by their own position; general ones last."""
    place = Service.select(Service.position).where(Service.id == table.service)
    return query.order_by(table.service.is_null(), place, table.service, table.position, table.id)


class Ends:
    """Which rows stand first and last among their neighbours: asked once for a page."""

    def __init__(self, table: type[Base]) -> None:
        self.table = table

    @cached_property
    def places(self) -> tuple[set[int], set[int]]:
        """Return the ids of the rows that stand first, and of those that stand last."""
        return ordering.ends(self.table)


class Ordered:
    """Put before `DeskView`: rows are moved up and down, while the list stands in its own order and is whole."""

    table: ClassVar[type[Base]]

    def shows_order(self, search: Any, filters: Any, sort_column: Any) -> bool:
        """Whether the page shows the order that the buttons change."""
        return not search and not filters and sort_column is None and self.may_move()

    def may_move(self, _row: Any = None) -> bool:
        """Whether the agent may change the order, and this row is part of it."""
        return True

    def ends(self) -> Ends:
        """Return which rows have nothing above or below."""
        return Ends(self.table)

    @expose("/move/", methods=("POST",))
    def move_view(self) -> ResponseReturnValue:
        """Move a row one place up or down."""
        row = self.get_one(request.form.get("id"))  # type: ignore[attr-defined]
        direction = request.form.get("to")
        if direction not in ordering.DIRECTIONS:
            abort(404)
        ordering.move(row, direction, actor=self.agent)  # type: ignore[attr-defined]
        message = (
            _("“%(name)s” moved up.", name=str(row))
            if direction == "up"
            else _("“%(name)s” moved down.", name=str(row))
        )
        flash(message, "success")
        return redirect(f"{self.way_back()}#{direction}-{row.id}")  # type: ignore[attr-defined]

    @expose("/place/", methods=("POST",))
    def place_view(self) -> ResponseReturnValue:
        """Put a row where it was dragged to; answers to the script that sent it."""
        row = self.get_one(request.form.get("id"))  # type: ignore[attr-defined]
        above, below = (as_key(request.form.get(name)) for name in ("above", "below"))
        try:
            place, count = ordering.place(row, above=above, below=below, actor=self.agent)  # type: ignore[attr-defined]
        except InvalidInput as error:
            return {"message": str(error)}, 422
        first, last = ordering.ends(self.table)
        message = _("“%(name)s” is number %(place)d of %(count)d.", name=str(row), place=place, count=count)
        return {"message": message, "first": sorted(first), "last": sorted(last)}
