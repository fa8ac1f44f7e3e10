"""A request that collided with what somebody else did at the same moment is answered once more, before anybody hears.

Two acts waited for each other and PostgreSQL ended one; or a row that the request refers to was just deleted. Nothing
of the failed act is stored, and the second time everything is read anew: who asks, the small tables, the ticket.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from helpdesk.operations import outage

#: Where Flask-Login remembers who asks, for the request at hand.
SIGNED_IN = "_login_user"


def second_answer(error: Exception) -> Any:
    """Answer the request at hand once more; None when this was no collision, or the second one."""
    if not outage.is_collision(error) or "has_collided" in g:
        return None
    g.has_collided = True
    g.pop(SIGNED_IN, None)
    for _name, file in request.files.items(multi=True):
        file.stream.seek(0)
    current_app.logger.warning("%s collided with another request and is tried once more.", request.endpoint)
    try:
        answer = current_app.preprocess_request()
        return current_app.dispatch_request() if answer is None else answer
    except Exception as failure:
        return current_app.handle_user_exception(failure)
