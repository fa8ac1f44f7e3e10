"""People in copy: who adds and drops them, what is refused, what they see and what they are mailed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from database import Label, database
from helpdesk import access, clock, links, outbox, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.outbox import retries
from helpdesk.people import addresses
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.tickets import cc
from helpdesk.visitors import customer_sign_in
from models import (
    AccessLink,
    Customer,
    CustomerAddress,
    EmailText,
    Message,
    OutgoingEmail,
    Ticket,
    TicketCc,
    TicketEvent,
)
from tests.support import cast

EVE = "eve@copied.example"


def address(email: str = EVE) -> CustomerAddress:
    return CustomerAddress.get(CustomerAddress.email == email)


def guest(ticket: Ticket, email: str = EVE) -> TicketGuest:
    found = address(email)
    return TicketGuest(found.customer, ticket.id, found)


def copied(ticket: Ticket) -> list[str]:
    return [row.email for row in cc.in_copy(ticket)]


def mailed(*kinds: str) -> list[str]:
    """Whom these kinds of mail go to; who has not used a link yet gets a text of its own."""
    wanted = kinds or ("notification", "copied")
    rows = OutgoingEmail.select().where(OutgoingEmail.kind.in_(wanted)).order_by(OutgoingEmail.to_email)
    return [row.to_email for row in rows]


def history(ticket: Ticket) -> list[tuple[str, str]]:
    rows = TicketEvent.select().where(TicketEvent.ticket == ticket.id, TicketEvent.kind.startswith("copy"))
    return [(row.kind, row.data["email"]) for row in rows.order_by(TicketEvent.id)]


# --- Adding and dropping ------------------------------------------------------------------------------------------


def test_an_address_is_in_copy_once_whatever_its_case(ticket, carol):
    cc.add_cc(ticket, [EVE, "Eve@Copied.example", " eve@copied.example "], actor=carol)
    cc.add_cc(ticket, [EVE], actor=carol)
    assert copied(ticket) == [EVE]
    assert history(ticket) == [("copy-added", EVE)]


def test_what_mail_programs_copy_gives_the_addresses():
    text = "Eve Adams <eve@copied.example>, fay@copied.example; gus@copied.example\nhal@copied.example"
    names = [email.partition("@")[0] for email in cc.split(text)]
    assert names == ["eve", "fay", "gus", "hal"]


@pytest.mark.parametrize("typed", ["carol@customer.example", "CAROL@customer.example"])
def test_ones_own_address_is_refused(request_context, ticket, carol, typed):
    with pytest.raises(InvalidInput, match=r"carol@customer\.example") as refused:
        cc.add_cc(ticket, [EVE, typed], actor=carol)
    assert refused.value.field == "copies"
    assert copied(ticket) == []


def test_addresses_of_the_desk_are_refused_by_name(request_context, ticket, carol, team):
    settings.save({"default_sender": "Support@desk.example"})
    EmailText.create(kind="confirmation", sender_email="answers@desk.example")
    team.email = "night@desk.example"
    team.save()
    for email in ("support@desk.example", "answers@desk.example", "night@desk.example"):
        with pytest.raises(InvalidInput, match=email):
            cc.add_cc(ticket, [email], actor=carol)


def test_what_is_no_address_is_named(request_context, ticket, carol):
    with pytest.raises(InvalidInput, match=r"“eve\.copied\.example”"):
        cc.add_cc(ticket, ["eve.copied.example"], actor=carol)


def test_ten_at_the_most(request_context, ticket, ana):
    cc.add_cc(ticket, [f"p{number}@copied.example" for number in range(10)], actor=ana)
    with pytest.raises(InvalidInput, match="At most 10"):
        cc.add_cc(ticket, [EVE], actor=ana)
    assert len(copied(ticket)) == 10


def test_twenty_addresses_a_day_for_one_customer(request_context, ticket, carol, billing, invoices):
    others = [cast.open_ticket(carol, billing, invoices) for _ in range(2)]
    for index, row in enumerate(others):
        cc.add_cc(row, [f"p{index}{number}@copied.example" for number in range(10)], actor=carol)
    # Dropping gives no room back, an address of today takes no new one.
    cc.remove_cc(others[0], address("p00@copied.example"), actor=carol)
    cc.add_cc(ticket, ["p01@copied.example"], actor=carol)
    with pytest.raises(InvalidInput, match="at most 20 people"):
        cc.add_cc(ticket, [EVE], actor=carol)


def test_agents_are_not_counted(ticket, ana, billing, invoices, carol):
    rows = [cast.open_ticket(carol, billing, invoices) for _ in range(3)]
    for index, row in enumerate(rows):
        cc.add_cc(row, [f"p{index}{number}@copied.example" for number in range(10)], actor=ana)
    assert TicketCc.select().count() == 30


def test_dropping_closes_the_link_and_holds_the_mail_back(ticket, carol, ana):
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    token = links.make("ticket", address=address(), ticket=ticket)
    cc.remove_cc(ticket, address(), actor=ana)
    assert history(ticket)[-1] == ("copy-dropped", EVE)
    assert OutgoingEmail.get(OutgoingEmail.to_email == EVE).state == "cancelled"
    assert not access.sees(guest(ticket), ticket)
    with pytest.raises(NotFound):
        links.find("ticket", token)
    assert AccessLink.select().where(AccessLink.address == address().id).count() == 0


def test_strangers_neither_add_nor_drop(ticket, carol, ben, dan):
    cc.add_cc(ticket, [EVE], actor=carol)
    for stranger in (ben, dan):
        with pytest.raises(NotFound):
            cc.add_cc(ticket, ["fay@copied.example"], actor=stranger)
        with pytest.raises(NotFound):
            cc.remove_cc(ticket, address(), actor=stranger)


def test_who_is_in_copy_reads_and_answers_and_no_more(request_context, ticket, carol):
    cc.add_cc(ticket, [EVE, "fay@copied.example"], actor=carol)
    eve = guest(ticket)
    assert access.can(eve, "read", ticket)
    assert access.can(eve, "reply", ticket)
    for act in (
        lambda: tickets.close(ticket, actor=eve),
        lambda: cc.add_cc(ticket, ["gus@copied.example"], actor=eve),
        lambda: cc.remove_cc(ticket, address("fay@copied.example"), actor=eve),
    ):
        with pytest.raises(NotAllowed, match="in copy"):
            act()
    assert Ticket.get_by_id(ticket.id).is_open


# --- Sight --------------------------------------------------------------------------------------------------------


def test_a_customer_sees_the_tickets_a_proven_address_is_in_copy_of(ticket, carol, dan):
    cc.add_cc(ticket, ["dan@customer.example"], actor=carol)
    assert [row.id for row in access.visible_tickets(dan)] == [ticket.id]
    CustomerAddress.update(proven_at=None).where(CustomerAddress.customer == dan.id).execute()
    assert list(access.visible_tickets(dan)) == []


def test_a_guest_in_copy_sees_that_ticket_only(ticket, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, copies=(EVE,))
    cc.add_cc(ticket, [EVE], actor=carol)
    assert [row.id for row in access.visible_tickets(guest(ticket))] == [ticket.id]
    assert not access.sees(guest(ticket), other)


def test_the_copies_of_others_open_nothing(ticket, carol, dan):
    cc.add_cc(ticket, [EVE], actor=carol)
    stranger = TicketGuest(dan, ticket.id, dan.primary_address)
    assert not access.sees(stranger, ticket)
    assert not access.sees(dan, ticket)


def test_spam_is_not_shown_to_who_is_in_copy(ticket, carol, dan, ana):
    cc.add_cc(ticket, ["dan@customer.example"], actor=carol)
    tickets.mark_spam(ticket, actor=ana)
    assert not access.sees(dan, ticket)
    assert access.sees(carol, ticket)


# --- Mail ---------------------------------------------------------------------------------------------------------


def test_each_public_message_is_mailed_once_to_each_in_copy(ticket, carol, ana):
    cc.add_cc(ticket, [EVE, "fay@copied.example"], actor=carol)
    tickets.receive_message(ticket, "One more thing", actor=carol)
    assert mailed() == [EVE, "fay@copied.example"]
    tickets.reply(ticket, "<p>Here it is</p>", actor=ana)
    assert mailed() == ["carol@customer.example", EVE, EVE, *["fay@copied.example"] * 2]


def test_what_somebody_in_copy_writes_is_mailed_to_the_others(ticket, carol):
    cc.add_cc(ticket, [EVE, "fay@copied.example"], actor=carol)
    OutgoingEmail.delete().execute()
    message = tickets.receive_message(ticket, "I know more", actor=guest(ticket))
    assert (message.kind, message.author_name) == ("customer", EVE)
    assert mailed() == ["carol@customer.example", "fay@copied.example"]
    assert mailed("confirmation") == []


def test_copies_of_one_ticket_hear_nothing_of_another(ticket, carol, ana, billing, invoices):
    cc.add_cc(ticket, [EVE], actor=carol)
    other = cast.open_ticket(carol, billing, invoices)
    tickets.reply(other, "<p>Elsewhere</p>", actor=ana)
    tickets.receive_message(other, "Thanks", actor=carol)
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == EVE).count() == 0


def test_who_is_in_copy_reopens_by_answering(ticket, carol, ana):
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.reply(ticket, "<p>Done</p>", actor=ana, close=True)
    tickets.receive_message(ticket, "Not quite", actor=guest(ticket))
    assert Ticket.get_by_id(ticket.id).is_open
    assert Ticket.get_by_id(ticket.id).status.identifier == settings.get("default_status")


def test_a_failed_mail_tried_anew_does_not_reach_who_was_dropped(ticket, carol, ana, root, smtp, app):
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    replied = OutgoingEmail.update(state="failed").where(OutgoingEmail.link_kind == "ticket")
    replied.where(OutgoingEmail.to_email << [EVE, carol.primary_address.email]).execute()
    cc.remove_cc(ticket, address(), actor=carol)
    mail = OutgoingEmail.get(OutgoingEmail.to_email == EVE)
    with pytest.raises(InvalidInput, match=f"{ticket.number} is no longer that of {EVE}"):
        retries.retry(mail, actor=root)
    assert OutgoingEmail.get_by_id(mail.id).state == "failed"
    # Whoever sends all anew is not stopped by it: the others leave.
    assert retries.retry_failed(actor=root) == OutgoingEmail.select().where(OutgoingEmail.state == "pending").count()
    outbox.deliver_due()
    assert [mail for mail in smtp.messages if mail["To"].endswith(EVE)] == []
    assert smtp.to(carol.primary_address.email)
    assert OutgoingEmail.get(OutgoingEmail.to_email == EVE).state == "cancelled"


def test_nobody_gets_two_mails_of_one_message(ticket, carol, ana):
    tickets.assign(ticket, ana, actor=ana)
    cc.add_cc(ticket, [ana.email], actor=carol)
    OutgoingEmail.delete().execute()
    tickets.receive_message(ticket, "Any news?", actor=carol)
    assert [row.to_email for row in OutgoingEmail.select()].count(ana.email) == 1
    OutgoingEmail.delete().execute()
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    assert mailed() == ["carol@customer.example"]


@pytest.mark.parametrize(("locale", "line"), [("en", "which you follow in copy"), ("fr", "que vous suivez en copie")])
def test_the_mail_says_that_one_is_in_copy_and_names_nobody_else(ticket, carol, ana, locale, line):
    dan = cast.make_customer("Dan", "Brown", locale=locale)
    cc.add_cc(ticket, [dan.primary_address.email], actor=carol)
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    mail = OutgoingEmail.get(OutgoingEmail.to_email == "dan@customer.example")
    assert line in mail.body
    assert "Dan" in mail.body
    assert "Carol" not in mail.body
    assert (mail.locale, mail.link_kind, mail.address_id) == (locale, "ticket", dan.primary_address.id)
    assert line not in OutgoingEmail.get(OutgoingEmail.to_email == "carol@customer.example").body


def test_a_strangers_name_for_somebody_in_copy_is_not_mailed(ticket, carol, ana, sales):
    cast.open_ticket(EVE, sales, first_name="BuyNow")
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    assert "BuyNow" not in OutgoingEmail.get(OutgoingEmail.to_email == EVE, OutgoingEmail.ticket == ticket.id).body


def test_notes_are_mailed_to_nobody(ticket, carol, ana):
    cc.add_cc(ticket, [EVE], actor=carol)
    count = OutgoingEmail.select().count()
    tickets.add_note(ticket, "<p>Between us</p>", actor=ana)
    assert OutgoingEmail.select().count() == count


def test_the_text_switched_off_mails_nobody_in_copy(ticket, carol, ana):
    EmailText.create(kind="notification", enabled=False, subject=Label(), body=Label())
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    assert mailed() == []


# --- Visitors -----------------------------------------------------------------------------------------------------


def test_the_people_an_unproven_visitor_names_wait(sales):
    ticket = cast.open_ticket("vera@visitor.example", sales, copies=(EVE,))
    assert copied(ticket) == [EVE]
    assert mailed() == []
    assert not access.sees(guest(ticket), ticket)


def test_they_are_told_once_when_the_address_is_proven(sales):
    ticket = cast.open_ticket("vera@visitor.example", sales, copies=(EVE, "fay@copied.example"))
    for _ in range(2):
        link = links.find("ticket", links.make("ticket", address=ticket.address, ticket=ticket))
        customer_sign_in.use_ticket_link(link)
    assert mailed() == [EVE, "fay@copied.example"]
    assert access.sees(guest(ticket), ticket)


def test_proving_spam_tells_nobody(sales, root):
    ticket = cast.open_ticket("vera@visitor.example", sales, copies=(EVE,))
    tickets.mark_spam(ticket, actor=root)
    customer_sign_in.prove(CustomerAddress.get_by_id(ticket.address_id))
    assert mailed() == []


@pytest.fixture
def pretended(carol, sales) -> Ticket:
    """A ticket that some visitor opened under Carol's proven address."""
    return cast.open_ticket("carol@customer.example", sales, subject="Buy now", copies=(EVE,))


def test_a_visitor_with_a_proven_address_of_others_mails_nobody_in_copy(pretended, ana, billing):
    assert (copied(pretended), mailed()) == ([EVE], [])
    assert not access.sees(guest(pretended), pretended)
    tickets.reply(pretended, "<p>Yes</p>", actor=access.SYSTEM)
    assert EVE not in mailed()


def test_the_link_of_that_ticket_tells_them_and_of_another_does_not(pretended, carol, billing, invoices):
    other = cast.open_ticket("carol@customer.example", billing, invoices, copies=("fay@copied.example",))
    customer_sign_in.use_ticket_link(
        links.find("ticket", links.make("ticket", address=carol.primary_address, ticket=pretended))
    )
    assert mailed() == [EVE]
    assert access.sees(guest(pretended), pretended)
    assert not access.sees(guest(other, "fay@copied.example"), other)


def test_the_link_of_somebody_in_copy_tells_nobody(pretended, carol, dan):
    cc.add_cc(pretended, ["dan@customer.example"], actor=carol)
    link = links.make("ticket", address=dan.primary_address, ticket=pretended)
    customer_sign_in.use_ticket_link(links.find("ticket", link))
    assert mailed() == []


def by_link(carol):
    customer_sign_in.use_sign_in_link(links.find("sign-in", links.make("sign-in", address=carol.primary_address)))


def by_password(_carol):
    customer_sign_in.sign_in("carol@customer.example", cast.PASSWORD, visitor=Visitor("203.0.113.9"))


@pytest.mark.parametrize("way", [by_link, by_password])
def test_signing_in_at_that_address_tells_them_once(pretended, carol, way):
    for _ in range(2):
        way(carol)
    assert mailed() == [EVE]


def test_writing_in_it_signed_in_tells_them_of_both_messages(pretended, carol, dan):
    tickets.receive_message(pretended, "It is mine", actor=carol)
    assert mailed() == [EVE, EVE]


def test_whom_an_agent_puts_in_copy_waits_no_longer(pretended, ana, root):
    cc.add_cc(pretended, [EVE], actor=root)
    assert mailed() == []
    tickets.reply(pretended, "<p>Yes</p>", actor=root)
    assert mailed() == ["carol@customer.example", EVE]


def test_a_signed_in_customer_tells_them_at_once(carol, billing, invoices):
    cast.open_ticket(carol, billing, invoices, copies=(EVE,))
    assert mailed() == [EVE]


def test_a_visitor_learns_of_no_other_address(sales, carol):
    addresses.add(carol, "carol@home.example", actor=access.SYSTEM)
    ticket = cast.open_ticket("carol@customer.example", sales, copies=("carol@home.example",))
    assert copied(ticket) == []


def test_a_refused_copy_opens_nothing(request_context, sales):
    with pytest.raises(InvalidInput, match="not an e-mail address"):
        cast.open_ticket("vera@visitor.example", sales, copies=("nobody",))
    assert Ticket.select().count() == 0
    assert Customer.select().count() == 0


# --- Once ---------------------------------------------------------------------------------------------------------


def test_a_form_sent_twice_stores_one_message(ticket, carol):
    sent = [tickets.receive_message(ticket, "Twice?", actor=carol, form_key="k", copies=[EVE]) for _ in range(2)]
    assert sent[0].id == sent[1].id
    assert Message.select().where(Message.ticket == ticket.id).count() == 2
    assert mailed() == [EVE]


def test_a_form_sent_several_times_at_once_stores_one_message(ticket, carol):
    def send(_number: int) -> int:
        with database.connection_context():
            return tickets.receive_message(ticket, "Now?", actor=carol, form_key="k").id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(send, range(6)))) == 1
    assert Message.select().where(Message.ticket == ticket.id).count() == 2
    assert mailed("confirmation") == ["carol@customer.example"] * 2


def test_no_more_than_ten_are_added_at_once(ticket, ana):
    def add(number: int) -> None:
        with database.connection_context(), suppress(InvalidInput):
            cc.add_cc(ticket, [f"p{number}{place}@copied.example" for place in range(4)], actor=ana)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    assert TicketCc.select().count() == 8


def test_a_form_of_another_ticket_is_refused(request_context, ticket, carol, billing, invoices):
    tickets.receive_message(cast.open_ticket(carol, billing, invoices), "Here", actor=carol, form_key="k")
    with pytest.raises(InvalidInput, match="sent already"):
        tickets.receive_message(ticket, "There", actor=carol, form_key="k")


def test_a_deleted_ticket_takes_its_copies_along(ticket, carol, ana):
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.delete(ticket, actor=ana)
    long_ago = clock.now().replace(year=clock.now().year - 1)
    Ticket.update(binned_at=long_ago).execute()
    tickets.purge_bin()
    assert TicketCc.select().count() == 0
