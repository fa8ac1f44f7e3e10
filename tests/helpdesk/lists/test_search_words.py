"""Where a search looks: order number, file names, people in copy, other addresses, tags, the end of a number."""

from __future__ import annotations

import pytest

from database import database as db
from database import is_sqlite
from helpdesk import search, tickets
from helpdesk.lists import listing, matching
from helpdesk.operations import search_index
from helpdesk.people import addresses, customers
from helpdesk.tickets import cc
from models import Customer, CustomerAddress
from tests.support import attached, cast


def met(text, scope="everywhere", reach=search.NEWEST):
    ids = search.ticket_ids(text, scope, reach)
    return [key for (key,) in ids.tuples()] if ids is not None else []


def is_cut(text, reach):
    searched = search.form_of(text, "everywhere", reach)
    return searched is not None and reach in matching.looked_at(searched[0], **searched[1])[0]


@pytest.fixture
def other(ticket, carol):
    return cast.open_ticket(carol, ticket.service, ticket.department, order_number="WEB-4711")


@pytest.mark.parametrize("is_renewed", [False, True])
def test_order_files_and_endings_are_met(database, ticket, other, no_files, is_renewed):
    attached.file(other, name="Kostenvoranschlag März.pdf")
    if is_renewed:
        search_index.renew()
    for text in ("4711", "web-4711", "kostenvoranschlag", "marz pdf", other.number[-4:], other.number[-3:]):
        assert met(text) == [other.id], text
    assert met("4711", "subject") == [other.id]
    assert met("kostenvoranschlag", "content") == [other.id]


def test_a_new_subject_keeps_them(database, ticket, other, root):
    tickets.rename(other, "Something else", actor=root)
    assert met("4711") == met(other.number[-3:]) == met("something") == [other.id]


@pytest.mark.parametrize("is_renewed", [False, True])
def test_people_in_copy_other_addresses_and_tags_are_met(database, ticket, other, root, is_renewed):
    zoe = cast.make_customer("Zoé", "Lindqvist", email="zoe@customer.example")
    addresses.add(zoe, "atelier@nordlys.example", actor=root)
    cc.add_cc(other, [zoe.primary_address.email], actor=root)
    addresses.add(ticket.customer, "carol.privee@maison.example", actor=root)
    tickets.set_tags(ticket, ["Retour-colis"], actor=root)
    if is_renewed:
        search.customer_search.delete().execute(db)
        search_index.renew()
    for text in ("zoe", "lindqvist", "zoe lindq", "nordlys", "atelier@nordlys.example"):
        assert met(text) == [other.id], text
    assert sorted(met("maison")) == sorted(met("carol privee", "author")) == [ticket.id, other.id]
    assert met("colis") == met("retour") == met("retour-col") == [ticket.id]
    assert met("lindqvist", "author") == met("colis", "content") == met("lindqvist", "subject") == []
    # One word in a tag, the other in an address or in the subject.
    assert met("colis privee") == met("maison colis") == [ticket.id]


def test_words_of_one_ticket_may_stand_in_two_messages(database, ticket, other, root):
    tickets.reply(ticket, "The sofa is on its way", actor=root)
    tickets.receive_message(ticket, "It has a scratch", actor=ticket.customer)
    tickets.receive_message(other, "The sofa is fine", actor=other.customer)
    assert met("sofa scratch") == met("scratch sof") == met("scratch sofa", "content") == [ticket.id]
    assert sorted(met("sofa")) == [ticket.id, other.id]
    assert met("sofa velvet") == met("sofa scratch", "subject") == []


def test_what_is_no_longer_there_is_not_met(database, ticket, other, root):
    zoe = cast.make_customer("Zoé", "Lindqvist", email="zoe@customer.example")
    second = addresses.add(zoe, "atelier@nordlys.example", actor=root)
    cc.add_cc(other, [zoe.primary_address.email], actor=root)
    addresses.remove(second, actor=root)
    assert met("nordlys") == []
    customers.save_customer(zoe, {"first_name": "Anna", "last_name": "Berg"}, actor=root)
    assert met("lindqvist") == []
    assert met("anna berg") == [other.id]
    changed = addresses.correct(ticket.customer.primary_address, "carol@new.example", actor=root)[0]
    assert ticket.id in met("new.example")
    assert changed.email == "carol@new.example"
    # Neither as a customer nor as the author of messages.
    assert met("carol@customer.example", "author") == []
    assert ticket.id not in met("carol@customer.example")
    assert sorted(met("carol@new.example", "author")) == [ticket.id, other.id]
    lonely = cast.make_customer("Nobody", "Else")
    customers.delete_customer(lonely, actor=root)
    assert search.customer_search.select().where(search.customer_search.rowid == lonely.id).count(db) == 0


def test_every_customer_is_in_the_index(database, ticket, other):
    rows = search.customer_search.select(search.customer_search.rowid).tuples().execute(db)
    assert sorted(key for (key,) in rows) == [
        key for (key,) in Customer.select(Customer.id).order_by(Customer.id).tuples()
    ]
    assert CustomerAddress.select().count() >= 1


def test_only_the_newest_are_looked_at_and_further_when_asked(database, ticket, other):
    for number in range(3):
        tickets.receive_message(other, f"Parcel {number}", actor=other.customer)
    tickets.receive_message(ticket, "parcel, too", actor=ticket.customer)
    tickets.receive_message(other, "Parcel 4", actor=other.customer)
    assert met("parcel", reach=1) == [other.id]
    assert is_cut("parcel", 1)
    assert sorted(met("parcel", reach=2)) == [ticket.id, other.id]
    assert not is_cut("parcel", 6)
    assert not is_cut("", 6)


def test_a_word_is_met_by_its_beginning_from_two_letters(database, ticket):
    """One letter begins most words of a desk: to look for them all took seconds."""
    bell = cast.open_ticket(ticket.customer, ticket.service, ticket.department, subject="A zyx zb bell")
    for scope in ("everywhere", "subject"):
        assert met("zy", scope) == met("zb", scope) == met("zyx zb be", scope) == [bell.id]
        assert met("z", scope) == met("zyx b", scope) == []


@pytest.mark.parametrize("name", ["R&D", "S.A.V.", "v2.0", "client_vip", "l'express", "l’express", "VIP+", "東京 都"])
def test_a_tag_is_met_by_its_own_name(database, ticket, other, root, name):
    tickets.set_tags(other, [name], actor=root)
    found = listing.TicketListing(root, "all", text=name).page()
    assert met(name) == [row.id for row in found.rows] == [other.id]
    tickets.set_tags(other, [], actor=root)
    tickets.set_tags(ticket, [name], actor=root)
    assert [row.id for row in listing.TicketListing(root, "all", text=name).page().rows] == [ticket.id]


def test_no_kind_of_match_is_looked_at_without_an_end(database, ticket, other, carol, root):
    """One customer may have 300,000 tickets, stand in copy of as many, and a tag may be on all of them."""
    zoe = cast.make_customer("Zoé", "Lindqvist", email="zoe@customer.example")
    third = cast.open_ticket(carol, ticket.service, ticket.department)
    for one in (ticket, other, third):
        cc.add_cc(one, [zoe.primary_address.email], actor=root)
        tickets.set_tags(one, ["R&D"], actor=root)
    search.message_search.update({search.message_search.author: ""}).execute(db)
    for text in ("carol", "zoe", "R&D"):
        assert met(text, reach=2) == [third.id, other.id] or sorted(met(text, reach=2)) == [other.id, third.id], text
        for reach, is_full in ((2, True), (3, True), (4, False)):
            assert is_cut(text, reach) is is_full, (text, reach)
            found = listing.TicketListing(root, "all", text=text, reach=reach)
            tally = found.page().tally
            assert tally == found.tally() == (min(reach, 3), tally.waiting, is_full), (text, reach)


def test_the_figures_of_a_search_stop(database, ticket, other, root, monkeypatch):
    monkeypatch.setattr(listing, "COUNT_LIMIT", 1)
    found = listing.TicketListing(root, "all", text="carol")
    assert found.page().tally == found.tally() == (1, 1, False)


def test_what_is_searched_is_cached_in_no_statement(database, ticket, root):
    """Where the text of a statement holds the words, each search would take the place of a statement in use."""
    before = matching.search_page._write.cache_info().currsize
    form, values = search.form_of("velvet", "everywhere", search.NEWEST) or pytest.fail("no word")
    text = "".join(matching.looked_at._write(is_sqlite(), form)._texts)
    assert "velvet" not in text
    assert any("velvet" in str(value) for value in values.values())
    for word in ("parcel", "sofa", "velvet"):
        listing.TicketListing(root, "all", text=word).page()
    assert matching.search_page._write.cache_info().currsize - before <= 1
