"""Where a search looks: order number, file names, people in copy, other addresses, tags, the end of a number."""

from __future__ import annotations

import pytest

from database import database as db
from helpdesk import search, tickets
from helpdesk.operations import search_index
from helpdesk.people import addresses, customers
from helpdesk.tickets import cc
from models import Customer, CustomerAddress
from tests.support import attached, cast


def met(text, scope="everywhere", reach=search.NEWEST):
    ids = search.ticket_ids(text, scope, reach)
    return [key for (key,) in ids.tuples()] if ids is not None else []


def is_cut(text, reach):
    return any(query.bind(db).scalar() == reach for query in search.matches(text, reach=reach))


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
    customers.add_address(zoe, "atelier@nordlys.example", actor=root)
    cc.add_cc(other, [zoe.primary_address.email], actor=root)
    customers.add_address(ticket.customer, "carol.privee@maison.example", actor=root)
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
    second = customers.add_address(zoe, "atelier@nordlys.example", actor=root)
    cc.add_cc(other, [zoe.primary_address.email], actor=root)
    customers.delete_address(second, actor=root)
    assert met("nordlys") == []
    customers.save_customer(zoe, {"first_name": "Anna", "last_name": "Berg"}, actor=root)
    assert met("lindqvist") == []
    assert met("anna berg") == [other.id]
    changed = addresses.correct(ticket.customer.primary_address, "carol@new.example", actor=root)[0]
    assert ticket.id in met("new.example")
    assert changed.email == "carol@new.example"
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
