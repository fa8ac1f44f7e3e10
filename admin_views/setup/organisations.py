"""The screen of organisations: whose people write to the desk, what their tickets get, who reads them."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from peewee import fn
from wtforms import BooleanField, TextAreaField

from admin_views.base import DeskView
from admin_views.base.fields import RichField
from helpdesk import access
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.organisations import responsible, saving
from models import RESPONSIBLE, Customer, Organisation, OrganisationDomain, Ticket

#: Domains named in a line of the list.
SHOWN = 3


class OrganisationsView(DeskView):
    """Companies, associations and public bodies whose people write to the desk."""

    table, slug, title = Organisation, "organisations", lazy("Organisations")
    lede = lazy(
        "Companies, associations and public bodies whose people write to you. Whoever has an address at one of their "
        "domains belongs to them."
    )
    create_label = lazy("Add an organisation")
    empty_text = lazy("Without one, every customer stands for themselves.")
    create_template = edit_template = "admin/rich_form.html"
    can_delete = True
    save_rule, delete_rule = staticmethod(saving.save), staticmethod(saving.delete)
    column_list = ("name", "domains", "people", "responsible", "tickets", "enabled")
    column_details_list = column_export_list = ()
    form_columns = (
        *("name", "domains", "note", "enabled", "pinned", "priority", "assignee", "team"),
        *("everybody_sees", "blocked"),
    )
    form_excluded_columns = ("key",)
    form_sections = (
        (lazy("Name and domains"), ["name", "domains", "note", "enabled"]),
        (lazy("Beside its tickets"), ["pinned"]),
        (lazy("New tickets of its people"), ["priority", "assignee", "team"]),
        (lazy("Who reads what"), ["everybody_sees"]),
        (lazy("Blocking"), ["blocked"]),
    )
    form_overrides = {"pinned": RichField}
    form_extra_fields = {
        "domains": TextAreaField(
            lazy("Domains"),
            description=lazy(
                "One a line, such as example.org; what lies below it belongs to it, too. Of two domains that fit an "
                "address the longer one decides."
            ),
            render_kw={"rows": 3, "spellcheck": "false", "autocapitalize": "none"},
        ),
        "blocked": BooleanField(
            lazy("Block all its people"),
            description=lazy(
                "Their new tickets go to Spam, and nobody is mailed. Switching it off undoes it; the tickets that are "
                "here stay as they are."
            ),
            render_kw={"role": "switch"},
        ),
    }
    column_labels = {
        "name": lazy("Name"),
        "domains": lazy("Domains"),
        "note": lazy("Note"),
        "pinned": lazy("Pinned information"),
        "priority": lazy("Priority"),
        "assignee": lazy("Agent"),
        "team": lazy("Team"),
        "everybody_sees": lazy("All its people read its tickets"),
        "enabled": lazy("Enabled"),
        "people": lazy("People"),
        "responsible": lazy("Responsible"),
        "tickets": lazy("Open tickets"),
    }
    column_descriptions = {
        "name": lazy("Example: Vélos Martin."),
        "note": lazy("For the team, on this screen only."),
        "pinned": lazy("Agents read it beside each of its tickets. Example: contract until June, call first."),
        "priority": lazy("What its new tickets get, before filters look at them. None: as everybody’s."),
        "assignee": lazy("Who gets its new tickets, before filters look at them."),
        "team": lazy("Instead of an agent."),
        "everybody_sees": lazy(
            "When off, only who is responsible does, as the page of a customer says. What somebody keeps from "
            "colleagues stays theirs, and so do internal notes the team’s."
        ),
        "enabled": lazy("When off, nobody reads colleagues’ tickets, and its new tickets get nothing of the above."),
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "enabled")
    column_default_sort = "name"
    column_numbers = ("people", "tickets")
    column_formatters = {
        "domains": lambda _view, _context, row, _name: row.shown_domains,
        "people": lambda view, _context, row, _name: view.people_link(row),
        "responsible": lambda _view, _context, row, _name: row.responsible,
        "tickets": lambda _view, _context, row, _name: row.tickets,
    }

    def complete(self, rows: list[Any]) -> None:
        """Read the domains of these organisations, who is responsible, and count their people and open tickets."""
        keys = [row.id for row in rows]
        domains: dict[int, list[str]] = {key: [] for key in keys}
        query = OrganisationDomain.select().where(OrganisationDomain.organisation.in_(keys))
        for domain in query.order_by(OrganisationDomain.id) if keys else ():
            domains[domain.organisation_id].append(domain.domain)
        people = _counts(Customer.select(Customer.organisation_id, fn.COUNT(Customer.id)), Customer, keys)
        tickets = access.visible_tickets(self.agent).select(Ticket.organisation_id, fn.COUNT(Ticket.id))
        live = _counts(tickets.where(Ticket.is_open, ~Ticket.is_spam, ~Ticket.in_bin), Ticket, keys)
        leaders = responsible.of_organisations(keys)
        for row in rows:
            names = domains[row.id]
            row.shown_domains = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
            row.people, row.tickets = people.get(row.id, 0), live.get(row.id, 0)
            row.responsible = ", ".join(map(_named, leaders[row.id]))

    def people_link(self, row: Any) -> Any:
        """Return how many people belong to an organisation, as the way to them."""
        if not row.people:
            return 0
        address = self.get_url("desk_customers.index_view", flt0_0=row.id)
        return Markup('<a href="{}">{}</a>').format(address, row.people)

    def condition_of(self, word: str) -> Any:
        """Search the domains too."""
        by_domain = OrganisationDomain.select(OrganisationDomain.organisation).where(
            OrganisationDomain.domain.contains(word)
        )
        return super().condition_of(word) | Organisation.id.in_(by_domain)

    def form_data(self, row: Any) -> dict[str, Any]:
        """Show the domains, and whether its people are blocked."""
        return {"domains": "\n".join(saving.domains_of(row)), "blocked": row.blocked_at is not None}

    def side_effects(self, row: Any, values: dict[str, Any]) -> list[str]:
        """Say who joins and who leaves by other domains, and where two organisations share one."""
        try:
            effects = saving.effects(row, values)
        except HelpdeskError:
            return []  # the rule will say what is wrong, at its field
        joining = ngettext(
            "%(num)d customer has an address at a new domain: they belong to it from now on, with their tickets.",
            "%(num)d customers have an address at a new domain: they belong to it from now on, with their tickets.",
            effects.joining,
        )
        leaving = ngettext(
            "%(num)d customer has an address at a domain that goes: they read no tickets of colleagues any more.",
            "%(num)d customers have an address at a domain that goes: they read no tickets of colleagues any more.",
            effects.leaving,
        )
        shared = [
            _("%(longer)s lies below %(shorter)s, and another organisation has one of the two (%(name)s): "
              "for addresses there, the longer one decides.", longer=longer, shorter=shorter, name=name)
            for longer, shorter, name in effects.below
        ]  # fmt: skip
        return [*([joining] if effects.joining else []), *([leaving] if effects.leaving else []), *shared]

    def consequences(self, row: Any) -> list[str]:
        """Say what loses its organisation."""
        people = Customer.select().where(Customer.organisation_id == row.id).count()
        tickets = Ticket.select().where(Ticket.organisation_id == row.id).count()
        texts = [
            ngettext("%(num)d customer belongs to it.", "%(num)d customers belong to it.", people),
            ngettext("%(num)d ticket is one of its.", "%(num)d tickets are its.", tickets),
        ]
        return [*texts, _("They stay, and belong to none. Nobody reads tickets of colleagues any more.")]


def _counts(query: Any, table: Any, keys: list[int]) -> dict[int, int]:
    """Count rows by organisation."""
    rows = query.where(table.organisation_id.in_(keys)).group_by(table.organisation_id)
    return dict(rows.tuples()) if keys else {}


def _named(customer: Customer) -> str:
    name = customer.full_name or str(getattr(customer, "main", ""))
    return name if customer.organisation_role == RESPONSIBLE else _("%(name)s (to be confirmed)", name=name)
