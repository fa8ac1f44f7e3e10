"""A tag is one thing in both languages: each reads it in theirs, and either name is the tag."""

from __future__ import annotations

import pytest

from helpdesk import filters, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import in_language
from helpdesk.lists import criteria, quick_search
from helpdesk.setup import workflow
from models import Tag, Ticket
from tests.support import cast, doors

pytestmark = pytest.mark.usefixtures("request_context")

FRENCH = {"fr": "Étiquette de retour", "en": "Return label"}


@pytest.fixture
def label(root):
    return workflow.save_tag(Tag(), {"name": "return", "label": FRENCH}, actor=root)


def worn(ticket):
    return [str(row.tag) for row in Ticket.get_by_id(ticket.id).ticket_tags]


@pytest.mark.parametrize("name", ["return", "RETURN LABEL", "étiquette de retour", "# Etiquette de retour"])
def test_every_name_is_the_tag(ticket, ana, label, name):
    tickets.tag(ticket, name, actor=ana)
    assert [row.tag for row in ticket.ticket_tags] == [label]
    tickets.untag(ticket, "Étiquette de retour", actor=ana)
    assert Tag.select().count() == 1
    assert worn(ticket) == []


def test_each_reads_it_in_their_language(ticket, ana, label):
    tickets.tag(ticket, "return", actor=ana)
    assert worn(ticket) == ["Return label"]
    with in_language("fr"):
        assert worn(ticket) == ["Étiquette de retour"]
        assert quick_search.tags("retour") == quick_search.tags("label") == [label]


def test_without_a_name_in_the_readers_language_it_keeps_its_own(ticket, ana, root):
    workflow.save_tag(Tag(), {"name": "urgent", "label": {"en": "Hurry"}}, actor=root)
    tickets.tag(ticket, "hurry", actor=ana)
    with in_language("fr"):
        assert worn(ticket) == ["urgent"]


def test_a_page_in_one_language_leaves_what_a_page_in_the_other_chose(ticket, ana, root, label):
    tickets.set_tags(ticket, ["Return label", "late"], actor=ana)
    # The page showed it in French; now it is chosen there together with another one.
    with in_language("fr"):
        shown = ["Étiquette de retour", "late"]
        tickets.set_tags(ticket, ["Étiquette de retour", "vip"], actor=root, shown=shown)
    assert sorted(worn(ticket)) == ["Return label", "vip"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "Return label"}, "name"),
        ({"name": "parcel", "label": {"fr": "etiquette de RETOUR"}}, "label"),
        ({"name": "parcel", "label": {"fr": "a, b"}}, "label"),
        ({"name": "parcel", "label": {"en": "#"}}, "label"),
        ({"name": "parcel", "label": {"en": "x" * 41}}, "label"),
        ({"name": "x" * 41}, "name"),
    ],
)
def test_a_name_belongs_to_one_tag(root, label, values, field):
    with pytest.raises(InvalidInput) as refusal:
        workflow.save_tag(Tag(), values, actor=root)
    assert (refusal.value.field, Tag.select().count()) == (field, 1)


def test_a_search_and_a_filter_meet_either_name(carol, sales, ana, root, label):
    values = {
        "name": "Returns",
        "conditions": [{"field": "subject", "operator": "contains", "value": "parcel"}],
        "actions": [{"action": "tag", "argument": "Étiquette de retour"}],
    }
    filters.save_filter(None, values, actor=root)
    ticket = cast.open_ticket(carol, sales, subject="A parcel comes back")
    assert worn(ticket) == ["Return label"]
    for words in ("return label", "etiquette de retour"):
        assert [
            row.id for row in criteria.listing_of(root, criteria.parse({"view": "search", "q": words})).query()
        ] == [ticket.id]


def test_the_screen_asks_for_both_and_lists_the_readers(client_of, root):
    client = client_of(root)
    form = {"name": "return", "label-fr": "Étiquette de retour", "label-en": "Return label"}
    doors.post(client, "/admin/tags/new/", form)
    assert Tag.get().label == FRENCH
    assert "Return label" in client.get("/admin/tags/?search=retour").text
