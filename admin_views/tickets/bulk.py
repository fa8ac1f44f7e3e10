"""One act on many tickets, each by its own rule, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from admin_views.tickets import bulk_macros, bulk_turns, page_state
from admin_views.tickets.actions import ACTS
from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.bulk_form import back, flash_outcome, list_criteria, list_fields, nothing_ticked
from admin_views.tickets.bulk_texts import undone_texts
from admin_views.tickets.merging import question
from admin_views.tickets.moments import zone_of
from admin_views.tickets.panel import setting, target
from admin_views.tickets.sidebar import LIST
from helpdesk import access, snooze, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import inputs, moments
from helpdesk.lists import bulk, criteria, undo
from helpdesk.lists.bulk import MAX_TICKETS, Outcome
from helpdesk.relations import blocking
from helpdesk.settings import lookups
from helpdesk.tickets import assignment, merging, unread
from models import CLOSED, Agent, Team, Ticket

#: Acts on one's own marks alone: no ticket changes, so there is nothing to take back.
MARKS = {"read": True, "unread": False}
#: Tickets merged into one at once.
MOST_MERGED = 20


class BulkPage(TicketDeskPage):
    """The bar below a list with ticked tickets (B13, B15, B16)."""

    slug = path = "bulk"
    title = lazy("Actions")

    @expose("/")
    def index_view(self) -> Response:
        """Show nothing of its own: the bar stands below the lists."""
        return redirect(url_for(LIST))

    @expose("/<act>", methods=["POST"])
    def bulk_view(self, act: str) -> ResponseReturnValue:
        """Do one thing to every ticked ticket; say how many were done, and how many were refused and why."""
        if act in MARKS:
            return self.mark(read=MARKS[act])
        asking = {"merge": self.merge, "macro": self.macro, "in-turn": self.hand_out}
        if act in asking:
            return asking[act]()
        if act == "snooze" and request.form.get("value") == moments.OWN:
            return self.snooze()
        if act not in bulk.ACTS or act in bulk.OF_ONE:
            abort(404)
        try:
            rule = self.rule(act)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(back())
        ids = self.ticked()
        if "blocked" not in request.form and self.closes(act) and (blocked := blocking.blocked_among(ids)):
            return self.ask_blocked(act, ids, len(blocked))
        flash_outcome(act, bulk.run(act, ids, rule, actor=self.agent))
        return redirect(back())

    def closes(self, act: str) -> bool:
        """Whether what is done closes tickets."""
        status = lookups.status(inputs.row_key(request.form.get("value", ""))) if act == "status" else None
        return act == "close" or (status is not None and status.category == CLOSED)

    def ask_blocked(self, act: str, ids: list[int], number: int) -> str:
        """Ask what becomes of tickets that others block: they are closed with the rest, or left out."""
        rows = Ticket.select(Ticket.number).where(Ticket.id.in_(ids)).order_by(Ticket.id)
        fields = list_fields() | {name: text for name, text in request.form.items() if name == "value"}
        text = ngettext(
            "%(num)d of these tickets is blocked by one that is not closed.",
            "%(num)d of these tickets are blocked by ones that are not closed.",
            number,
        )
        return self.render(
            "admin/ticket_bulk_blocked.html", title=_("Close blocked tickets, too?"), button=_("Continue"),
            consequences=[text], action=url_for("desk_bulk.bulk_view", act=act), return_url=back(),
            hidden={**fields, "number": [key for (key,) in rows.tuples()]},
        )  # fmt: skip

    def mark(self, *, read: bool) -> Response:
        """Mark every ticked ticket as read, or as unread, for oneself."""
        number = unread.mark(self.ticked(), read=read, actor=self.agent)
        text = (
            ngettext("%(num)s ticket is marked as read.", "%(num)s tickets are marked as read.", number)
            if read
            else ngettext("%(num)s ticket is marked as unread.", "%(num)s tickets are marked as unread.", number)
        )
        if not number:
            return nothing_ticked()
        flash(text, "success")
        return redirect(back())

    def merge(self) -> ResponseReturnValue:
        """Merge the ticked tickets of one customer into the oldest of them, once that was asked."""
        rows = list(Ticket.select().where(Ticket.id.in_(self.ticked())).order_by(Ticket.id).limit(MOST_MERGED + 1))
        try:
            if len(rows) < 2:
                raise InvalidInput(lazy("Tick two tickets of one customer, or more."))
            if len(rows) > MOST_MERGED:
                raise InvalidInput(lazy("At most %(limit)s tickets are merged at once.", limit=MOST_MERGED))
            oldest, *sources = rows
            for source in sources:
                access.require(self.agent, "merge", source)
                merging.check(source, oldest)
            if "confirmed" not in request.form:
                hidden = {**list_fields(), "number": [row.number for row in rows]}
                summary, act = question(sources, oldest), url_for("desk_bulk.bulk_view", act="merge")
                return self.render("admin/ticket_merge_ask.html", **summary, act=act, back=back(), hidden=hidden)
            with tickets.transaction():
                for source in sources:
                    tickets.merge(source, oldest, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(back())
        text = ngettext(
            "%(num)s ticket is part of %(target)s now.", "%(num)s tickets are part of %(target)s now.", len(sources),
            target=oldest.number,
        )  # fmt: skip
        flash(text, "success")
        return redirect(url_for("desk_ticket.ticket_view", number=oldest.number, **list_criteria()))

    def macro(self) -> ResponseReturnValue:
        """Do a macro to every ticked ticket, once it was shown in numbers what it does."""
        form = request.form

        def question(ids: list[int], chosen: MultiDict[str, str]) -> dict[str, Any]:
            return bulk_macros.question(self.agent, ids, MultiDict() if "again" in form else chosen)

        def do(ids: list[int]) -> Outcome:
            seen = inputs.row_key(form.get("seen", "")) or 0
            return bulk_macros.do(self.agent, ids, form.get("macro", ""), seen)

        return self.ask_first("macro", "admin/ticket_macro_ask.html", question, do, is_confirmed="confirmed" in form)

    def hand_out(self) -> ResponseReturnValue:
        """Hand the ticked tickets out in turn, once it was shown who gets how many."""
        access.require(self.agent, "assign")
        question, do = partial(bulk_turns.question, self.agent), partial(bulk_turns.do, self.agent)
        pool = request.form.get("pool", "")
        # What was shown is done: another choice in the menu is shown first.
        is_confirmed = request.form.get("confirmed", "") == pool != ""
        return self.ask_first(
            "in-turn", "admin/ticket_turns_ask.html", question, partial(do, chosen=pool), is_confirmed=is_confirmed
        )

    def ask_first(
        self,
        act: str,
        template: str,
        question: Callable[[list[int], MultiDict[str, str]], dict[str, Any]],
        do: Callable[[list[int]], Outcome],
        *,
        is_confirmed: bool,
    ) -> ResponseReturnValue:
        """Do something to every ticked ticket once that is confirmed; until then show the page that asks."""
        ids, error = self.ticked(), ""
        if not ids:
            return nothing_ticked()
        try:
            if is_confirmed:
                flash_outcome(act, do(ids))
                return redirect(back())
            shown = question(ids, request.form)
        except InvalidInput as refused:
            error, shown = str(refused), question(ids, MultiDict())
        url = url_for("desk_bulk.bulk_view", act=act)
        return self.render(template, **shown, act=url, back=back(), hidden=list_fields(), error=error)

    def snooze(self) -> ResponseReturnValue:
        """Snooze every ticked ticket until a day and a time of one's own, which a page of its own asks for."""
        ids, form, refused = self.ticked(), request.form, None
        if not ids:
            return nothing_ticked()
        if "day" in form:
            try:
                until = moments.read({"day": form["day"], "time": form.get("time", "")}, zone_of(self.agent))
            except InvalidInput as error:
                refused = error
            else:
                outcome = bulk.run(
                    "snooze", ids, lambda row: snooze.snooze(row, until, actor=self.agent), actor=self.agent
                )
                flash_outcome("snooze", outcome)
                return redirect(back())
        rows = Ticket.select(Ticket.number).where(Ticket.id.in_(ids)).order_by(Ticket.id)
        page = self.render(
            "admin/ticket_snooze_ask.html",
            numbers=[number for (number,) in rows.tuples()],
            shown={"day": form.get("day", ""), "time": form.get("time", "09:00")},
            error=refused,
            act=url_for("desk_bulk.bulk_view", act="snooze"),
            back=back(),
            hidden=list_fields(),
        )
        return (page, 422) if refused is not None else page

    def rule(self, act: str) -> Callable[[Ticket], None]:
        """Return what is done to each ticket. Raises InvalidInput when what was chosen does not exist."""
        value = request.form.get("value", "")
        if act == "assign":
            to = target(value)
            made = page_state.made_at(request.form.get("made", ""))
            return lambda ticket: self.assign(ticket, to, made)
        if act in {"status", "priority"}:
            return setting(act, value, self.agent, even_blocked=request.form.get("blocked") == "close")
        if act == "tag":
            name = value or request.form.get("new_tag", "").strip()
            if not name:
                raise InvalidInput(lazy("Write a tag, or choose one."))
            return lambda ticket: tickets.tag(ticket, name, actor=self.agent)
        if act == "snooze":
            until = moments.read({"moment": value}, zone_of(self.agent))
            return lambda ticket: snooze.snooze(ticket, until, actor=self.agent)
        if act == "close":
            even_blocked = request.form.get("blocked") == "close"
            return lambda ticket: tickets.close(ticket, actor=self.agent, even_blocked=even_blocked)
        return lambda ticket: ACTS[act][0](ticket, actor=self.agent)

    def assign(self, ticket: Ticket, to: Agent | Team | None, made: datetime | None) -> None:
        """Assign a ticked ticket, unless somebody else assigned it since the list was made."""
        is_news = made is not None and assignment.assigned_since(ticket, made, by=self.agent)
        if is_news and not assignment.is_assigned_to(ticket, to):
            raise InvalidInput(page_state.reassigned_text(ticket))
        tickets.assign(ticket, to, actor=self.agent)

    def ticked(self) -> list[int]:
        """Return the tickets of the form within the agent's sight: those ticked, or all that match the list now."""
        too_many = False
        if "all" in request.form:
            listing = criteria.listing_of(self.agent, list_criteria())
            query = listing.query(Ticket.id).order_by(*listing.order.terms()).limit(MAX_TICKETS + 1)
        else:
            numbers = list(dict.fromkeys(access.clean_number(number) for number in request.form.getlist("number")))
            too_many, numbers = len(numbers) > MAX_TICKETS, numbers[:MAX_TICKETS]
            query = access.visible_tickets(self.agent).select(Ticket.id).where(Ticket.number.in_(numbers))
        ids = [row[0] for row in query.tuples()]
        if too_many or len(ids) > MAX_TICKETS:
            text = _("Only the first %(limit)s tickets were met: do it again for the rest.", limit=MAX_TICKETS)
            flash(text, "warning")
        return ids[:MAX_TICKETS]

    @expose("/undo/<int:batch_id>", methods=["POST"])
    def undo_view(self, batch_id: int) -> ResponseReturnValue:
        """Take one's own act back, as far as nobody went on from it; a script is told in a line what became of it."""
        batch, scripted = bulk.find(batch_id, actor=self.agent), request.accept_mimetypes.best == "application/json"
        try:
            undone = undo.undo(batch, actor=self.agent)
        except InvalidInput as error:
            if scripted:
                return {"error": str(error)}, 422
            flash(str(error), "error")
        else:
            texts = undone_texts(undone)
            if scripted:
                return {"text": " ".join(text for text, _kind in texts), "back": undone.back}
            for text, kind in texts:
                flash(text, kind)
        return redirect(url_for(LIST, **criteria.parse(request.args)))
