"""Received e-mails: what became of each and why, and what an agent decides about those that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request
from flask_admin import expose
from flask_admin.actions import action
from markupsafe import Markup
from werkzeug.wrappers import Response

from admin_views.base import DeskView, as_key
from admin_views.incoming import mail_filters
from admin_views.tickets.sidebar import desk_menu
from helpdesk import access
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.incoming import held_mail, mail_access, mail_page, outcome_texts, raw_mail, received_chain
from helpdesk.settings import lookups
from models import IncomingMail, Ticket
from web import downloads
from web.rendering import icon

#: What a state looks like in a list.
ICONS = {
    **dict.fromkeys(("stored", "working"), "clock"),
    "new": "inbox",
    **dict.fromkeys(("message", "reply"), "reply"),
    "note": "lock",
    "bounce": "warn",
    "automatic": "again",
    "ignored": "x",
    "held": "eye",
}


def outcome(mail: IncomingMail) -> Markup:
    """Return the outcome of a mail as its list shows it: an icon with its word."""
    extra = " is-held" if mail.state == "held" else ""
    return Markup('<span class="outcome{}">{}{}</span>').format(
        extra, icon(ICONS[mail.state]), outcome_texts.outcome(mail)
    )


class ReceivedView(DeskView):
    """E-mails that came in."""

    table, slug, title = IncomingMail, "incoming", lazy("Received e-mails")
    verb = "desk"
    lede = lazy("Every e-mail that came in has one outcome, and its reason. What is to be checked waits for you.")
    empty_text = lazy("No e-mail has come in yet. What a mailbox takes stands here.")
    can_create = can_edit = False
    can_view_details = can_export = True
    list_template = "admin/incoming/mails.html"
    details_template = "admin/incoming/mail.html"
    column_list = ("subject", "from_email", "state", "reason", "received_at")
    column_details_list = ()
    column_export_list = ("subject", "from_email", "mailbox", "state", "reason", "ticket", "received_at")
    form_columns = ()
    column_labels = {
        "subject": lazy("Subject"),
        "from_email": lazy("From"),
        "mailbox": lazy("Mailbox"),
        "state": lazy("Outcome"),
        "reason": lazy("Why"),
        "ticket": lazy("Ticket"),
        "received_at": lazy("Received"),
    }
    column_searchable_list = ("from_email", "subject")
    column_sortable_list = ("received_at",)
    column_default_sort = ("id", True)
    column_filters = mail_filters.FILTERS
    column_formatters = {
        "subject": lambda _view, _context, row, _name: row.subject or _("(No subject)"),
        "state": lambda _view, _context, row, _name: outcome(row),
        "reason": lambda _view, _context, row, _name: outcome_texts.reason(row),
    }
    column_formatters_export = {
        "mailbox": lambda _view, _context, row, _name: str(lookups.mailbox(row.mailbox_id) or ""),
        "state": lambda _view, _context, row, _name: outcome_texts.outcome(row),
        "reason": lambda _view, _context, row, _name: outcome_texts.reason(row),
        "ticket": lambda _view, _context, row, _name: row.number,
    }

    def scoped(self, query: Any) -> Any:
        """Mails are read by who sees their ticket, and where they wait by who covers the place of their mailbox."""
        return mail_access.readable_by(self.agent, query)

    def complete(self, rows: list[Any]) -> None:
        """Give each mail the number of its ticket."""
        keys = {row.ticket_id for row in rows if row.ticket_id is not None}
        numbers = dict(Ticket.select(Ticket.id, Ticket.number).where(Ticket.id.in_(keys)).tuples()) if keys else {}
        for row in rows:
            row.number = numbers.get(row.ticket_id, "")

    # --- One mail ---

    @expose("/details/")
    def details_view(self) -> Any:
        """Show what became of a mail, why, and what may be done about it."""
        return self.page(self.get_one(request.args.get("id")))

    def page(self, mail: IncomingMail, **more: Any) -> str:
        """Render the page of a mail."""
        explanation = mail.explanation or {}
        read = explanation.get("read") or {}
        seen = mail.ticket_id is not None and access.sees(self.agent, mail.ticket)
        return self.render(
            "admin/incoming/mail.html", mail=mail, read=read, tests=explanation.get("tests") or [], texts=outcome_texts,
            sentence=outcome_texts.reason(mail), outcome=outcome(mail), mailbox=lookups.mailbox(mail.mailbox_id),
            ticket=mail.ticket if seen else None, is_open=mail.state in held_mail.OPEN_STATES, may=self.may,
            unanswered=outcome_texts.UNANSWERED.get(explanation.get("unanswered", "")),
            may_download=bool(mail.path) and mail_access.may_read_whole(self.agent, mail),
            hops=received_chain.hops(read.get("hops") or []),
            configures=access.can(self.agent, "configure"), return_url=self.way_back(),
            **{"asked": None, "typed": request.form, **more},
        )  # fmt: skip

    def render(self, template: str, **kwargs: Any) -> str:
        """Show it beside the tickets: who answers them decides about mails, too."""
        return super().render(template, **{"sidebar": desk_menu(self.agent, {}), **kwargs})

    @expose("/raw/")
    def raw_view(self) -> Response:
        """Hand out the mail as it came."""
        mail = self.get_one(request.args.get("id"))
        if not mail_access.may_read_whole(self.agent, mail):
            raise NotFound(lazy("There is no such file."))
        return downloads.send_mail(raw_mail.location(mail), f"{mail.id}.eml")

    @expose("/page/")
    def page_view(self) -> Response:
        """Show the mail as its program laid it out: a document of its own, which runs and loads nothing."""
        mail = self.get_one(request.args.get("id"))
        if not mail_access.may_read_whole(self.agent, mail):
            raise NotFound(lazy("There is no such file."))
        with_remote = request.args.get("pictures") == "1"
        try:
            page = mail_page.of(mail, with_remote=with_remote)
        except InvalidInput as error:
            flash(str(error), "info")
            return redirect(self.get_url(".details_view", id=mail.id))
        html = Markup(page.html)  # noqa: S704 — cleaned by `mail_page`, and no page of the desk
        values = {"mail": mail, "page": page, "html": html, "with_remote": with_remote}
        document = render_template("admin/incoming/mail_page.html", **values)
        return downloads.mail_document(document, with_remote=with_remote)

    # --- Acts ---

    def acted(self, act: Callable[[IncomingMail], Any], done: Callable[[Any], str]) -> Any:
        """Do something with the mail of a form; where it cannot be done, its page says why and keeps what was typed."""
        mail = self.get_one(request.form.get("id"))
        try:
            result = act(mail)
        except HelpdeskError as error:
            flash(str(error), "error")
            return self.page(self.get_one(str(mail.id)))
        flash(done(result), "success")
        if isinstance(result, Ticket) and access.sees(self.agent, result):
            return redirect(self.get_url("desk_ticket.ticket_view", number=result.number))
        return redirect(self.get_url(".details_view", id=mail.id))

    @expose("/replay/", methods=("POST",))
    def replay_view(self) -> Any:
        """Say what would become of the mail now; then, asked again, do it."""
        if "confirmed" not in request.form:
            mail = self.get_one(request.form.get("id"))
            try:
                would = held_mail.would_become(mail, actor=self.agent)
            except HelpdeskError as error:
                flash(str(error), "error")
                return self.page(mail)
            return self.page(mail, asked=would, would=outcome_texts.sentence(would.reason, would.data))
        return self.acted(
            lambda mail: held_mail.replay(mail, actor=self.agent),
            lambda mail: _("Done again: %(outcome)s.", outcome=outcome_texts.STATES[mail.state]),
        )

    @expose("/open/", methods=("POST",))
    def open_view(self) -> Any:
        """Open a ticket for who wrote it."""
        return self.acted(lambda mail: held_mail.open_ticket(mail, actor=self.agent), opened)

    @expose("/open-for/", methods=("POST",))
    def open_for_view(self) -> Any:
        """Open a ticket for somebody else."""
        email, name = request.form.get("email", ""), request.form.get("name", "")
        return self.acted(lambda mail: held_mail.open_for(mail, email, name, actor=self.agent), opened)

    @expose("/add/", methods=("POST",))
    def add_view(self) -> Any:
        """Add it to a ticket."""
        number = request.form.get("number", "")
        return self.acted(
            lambda mail: held_mail.add_to(mail, number, actor=self.agent),
            lambda ticket: _("It was added to ticket %(number)s.", number=ticket.number),
        )

    @expose("/close/", methods=("POST",))
    def close_view(self) -> Any:
        """Note that there is nothing to do."""
        return self.acted(
            lambda mail: held_mail.close(mail, actor=self.agent),
            lambda _none: _("Noted: there is nothing to do about it."),
        )

    @expose("/reopen/", methods=("POST",))
    def reopen_view(self) -> Any:
        """Take back that there is nothing to do."""
        return self.acted(
            lambda mail: held_mail.reopen(mail, actor=self.agent), lambda _none: _("It waits to be checked.")
        )

    @expose("/accept/", methods=("POST",))
    def accept_view(self) -> Any:
        """Always accept its sender."""
        return self.acted(
            lambda mail: held_mail.accept_sender(mail, actor=self.agent),
            lambda count: ngettext(
                "Its sender is always accepted; %(num)d waiting e-mail was decided.",
                "Its sender is always accepted; %(num)d waiting e-mails were decided.",
                count,
            ),
        )

    @expose("/hold/", methods=("POST",))
    def hold_view(self) -> Any:
        """Hold whatever comes from its sender."""
        return self.acted(
            lambda mail: held_mail.hold_sender(mail, actor=self.agent),
            lambda _none: _("Whatever comes from there is held."),
        )

    @expose("/fetch/", methods=("POST",))
    def fetch_view(self) -> Any:
        """Take a large mail from its server after all."""
        return self.acted(
            lambda mail: held_mail.fetch_whole(mail, actor=self.agent),
            lambda mail: _("It is here now: %(outcome)s.", outcome=outcome_texts.STATES[mail.state]),
        )

    # --- Acts on many ---

    @action("replay", lazy("Replay"))
    def action_replay(self, ids: list[str]) -> None:
        """Decide about the ticked mails as if they came in now."""
        self.on_many(ids, lambda mail: held_mail.replay(mail, actor=self.agent))

    @action("close", lazy("Nothing to do"))
    def action_close(self, ids: list[str]) -> None:
        """Note that there is nothing to do about the ticked mails."""
        self.on_many(ids, lambda mail: held_mail.close(mail, actor=self.agent))

    @action("reopen", lazy("Undo: nothing to do"))
    def action_reopen(self, ids: list[str]) -> None:
        """Take back that there is nothing to do about the ticked mails."""
        self.on_many(ids, lambda mail: held_mail.reopen(mail, actor=self.agent))

    def on_many(self, ids: list[str], act: Callable[[IncomingMail], Any]) -> None:
        """Do something with each ticked mail that this agent may decide about; say how many could not be decided."""
        keys = [key for key in map(as_key, ids[: held_mail.AT_ONCE]) if key is not None]
        done = refused = 0
        for mail in self.get_query().where(IncomingMail.id.in_(keys)).order_by(IncomingMail.id):
            try:
                act(mail)
                done += 1
            except HelpdeskError:
                refused += 1
        flash(ngettext("%(num)d e-mail was decided.", "%(num)d e-mails were decided.", done), "success")
        if refused:
            text = ngettext("%(num)d e-mail stayed as it is.", "%(num)d e-mails stayed as they are.", refused)
            flash(text, "info")


def opened(ticket: Ticket) -> str:
    """Return the sentence that says which ticket was opened."""
    return _("Ticket %(number)s was opened.", number=ticket.number)
