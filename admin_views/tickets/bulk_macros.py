"""A macro for many tickets: chosen, shown in numbers, then done: its text is a reply to each of them."""

from __future__ import annotations

from typing import Any

from flask import flash
from werkzeug.datastructures import MultiDict

from helpdesk import i18n
from helpdesk.i18n import ngettext
from helpdesk.lists import bulk
from helpdesk.lists.bulk import Outcome
from helpdesk.macros import using
from helpdesk.macros.using import Effect
from helpdesk.tickets import undo_send
from models import Agent, Ticket


def question(agent: Agent, ids: list[int], form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what the page shows that asks: the macros one may choose, and what the chosen one does in numbers.

    Raises InvalidInput for one that is gone or does something else by now.
    """
    offered = using.offered_to(agent)
    chosen = using.find_unchanged(form.get("macro", ""), offered)
    # Ticked by hand or by the list's criteria: what was counted is what is done.
    rows = Ticket.select(Ticket.number).where(Ticket.id.in_(ids)).order_by(Ticket.id)
    numbers = [number for (number,) in rows.tuples()]
    return {
        "macros": [(using.key_of(row), row, using.sentence(row, actor=agent)) for row in offered],
        "chosen": chosen,
        "key": using.key_of(chosen) if chosen is not None else "",
        "tallies": using.tally(chosen, ids, actor=agent) if chosen is not None else [],
        "numbers": numbers,
        "text": chosen.body.text(i18n.language()) if chosen is not None else "",
        "readers": using.readers(chosen, ids, actor=agent) if chosen is not None else 0,
        "seconds": undo_send.seconds_for(len(ids)),
        "seen": using.newest_message(),
    }


def do(agent: Agent, ids: list[int], key: str, seen: int) -> Outcome:
    """Send the text of a macro to these tickets and do its acts; say what was left out. Raises InvalidInput.

    `seen` is the newest message of the desk when the page was made that asked.
    """
    macro = using.find_unchanged(key, using.offered_to(agent))
    if macro is None:
        return Outcome()
    left_out: dict[int, list[Effect]] = {}

    def rule(ticket: Ticket) -> None:
        left_out[ticket.id] = using.reply_or_act(macro, ticket, actor=agent, seen=seen)

    with undo_send.together(len(ids)):
        outcome = bulk.run("macro", ids, rule, actor=agent)
    if outcome.done and not macro.body:
        using.count([macro.id], times=outcome.done)
    counts: dict[tuple[str, str], int] = {}
    for effects in left_out.values():
        for effect in effects:
            what = (effect.words, effect.problem)
            counts[what] = counts.get(what, 0) + 1
    for (words, problem), number in counts.items():
        text = ngettext(
            "Left out for %(num)s ticket: %(act)s %(problem)s",
            "Left out for %(num)s tickets: %(act)s %(problem)s",
            number,
            act=words,
            problem=problem,
        )
        flash(text, "warning")
    return outcome
