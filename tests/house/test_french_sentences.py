"""French that was once built from pieces, or said what is not so: each is a whole sentence, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpdesk import filters, i18n, settings, tickets
from helpdesk.events import describe
from models import TicketEvent
from tests.public.filling import fill, send
from tests.support import cast, doors

#: A verb and a colon before the name of a thing.
PIECES = re.compile(r"\b(?:Importer|Retour|Ajouter|Créer|Supprimer|Modifier)\s: ?\w*")


@pytest.fixture
def office(client_of, root):
    """The desk of a French administrator; what they see does not depend on the browser."""
    settings.save({"language": "fr"})
    cast.speak_french()
    return client_of(root)


@pytest.mark.parametrize(
    "path",
    [
        "orders/import/",
        "customers/import/",
        "services/new/",
        "users/",
        "my-settings/",
        "my-settings/new/",
        "teams/new/",
    ],
)
def test_no_title_and_no_way_back_is_a_verb_with_a_colon(office, path):
    answer = office.get(f"/admin/{path}")
    assert answer.status_code == 200
    assert PIECES.findall(doors.text_of(answer)) == []


def test_nobody_waits_is_no_count(office, ticket, root):
    tickets.reply(ticket, "<p>Oui.</p>", actor=root)
    text = doors.text_of(office.get("/admin/dashboard/"))
    assert "Personne n’attend de réponse" in text
    assert not re.search(r"\b0\s(?:ticket\s)?attend", text)


def test_what_one_may_not_see_is_not_said_to_be_missing_only(office):
    text = doors.text_of(office.get("/admin/tickets/999"))
    assert "Ce ticket n’existe pas, ou vous n’y avez pas accès." in text


def test_health_says_that_all_is_well_only_where_it_is(office):
    text = doors.text_of(office.get("/admin/health/"))
    assert ("Le support fonctionne bien" in text) is ("À regarder" not in text)


def test_what_a_filter_does_is_not_said_of_the_desk(office, app, root, ana, carol, billing, invoices):
    conditions = [{"field": "subject", "operator": "contains", "value": "invoice"}]
    actions = [{"action": "transfer", "argument": str(ana.id)}]
    filters.save_filter(None, {"name": "Factures", "conditions": conditions, "actions": actions}, actor=root)
    ticket = cast.open_ticket(carol, billing, invoices)
    with app.test_request_context(), i18n.in_language("fr"):
        event = TicketEvent.get(TicketEvent.ticket == ticket, TicketEvent.kind == "transferred")
        assert describe(event).startswith("Le filtre «\u00a0Factures\u00a0» a transféré")


def test_a_wrong_address_in_copy_is_named_once_at_its_field(office, client, sales):
    page = send(client, fill(client, copies="nobody")).get_data(as_text=True)
    (error,) = re.findall(r'id="copies-error"[^>]*>(.*?)</', page, flags=re.DOTALL)
    assert page.count(error.strip()) <= 2, "in the summary and at the field"


def test_nothing_can_be_dropped_on_a_telephone(app):
    style = (Path(app.root_path) / "static/desk.css").read_text(encoding="utf-8")
    (rule,) = re.findall(r"@media \(pointer: coarse\)[^{]*\{\s*\.drop-words \{([^}]*)\}", style)
    assert "display: none" in rule
