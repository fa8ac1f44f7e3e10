"""Nobody is mailed against their will: what reaches people in copy, how they leave, and how much there may be."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
import time_machine

from database import database
from helpdesk import clock, links, outbox, tickets
from helpdesk.notifications import copy_digest, recipients
from helpdesk.tickets import cc, merging
from models import CustomerAddress, OutgoingEmail, TicketCc, TicketEvent
from tests.public.filling import fill, send
from tests.support import cast, doors
from tests.support.mailbox import text_of
from tests.support.racing import beside

EVE = "eve@copied.example"


@pytest.fixture
def copied(ticket, carol, smtp):
    """Carol's ticket with Eve in copy, who has not used a link."""
    cc.add_cc(ticket, [EVE], actor=carol)
    OutgoingEmail.delete().execute()
    return ticket


def address(email=EVE):
    return CustomerAddress.get(CustomerAddress.email == email)


def token(ticket):
    return links.leave_token(ticket.id, address().id)


def test_before_the_link_is_used_a_mail_holds_nothing_a_visitor_typed(app, copied, carol, ana, smtp):
    carol.first_name = "CHEAP"
    carol.save()
    tickets.rename(copied, "BUY PILLS", actor=ana)
    tickets.receive_message(copied, "COME TO evil.example", actor=carol)
    tickets.reply(copied, "<p>You wrote: COME TO evil.example</p>", actor=ana)
    outbox.deliver_due()
    mails = smtp.to(EVE)
    assert len(mails) == 2
    for mail in mails:
        whole = f"{mail.items()} {text_of(mail)} {mail.get_body(('html',)).get_content()}"
        assert not re.search("CHEAP|Jones|PILLS|evil", whole)
        assert copied.number in whole
        assert "Somebody has put you in copy of ticket" in whole


def test_once_it_is_used_they_get_the_desks_text(app, copied, ana, smtp):
    tickets.reply(copied, "<p>First</p>", actor=ana)
    outbox.deliver_due()
    doors.post(app.test_client(), re.search(r"/t/[\w-]+", text_of(smtp.to(EVE)[0])).group())
    tickets.reply(copied, "<p>Second</p>", actor=ana)
    outbox.deliver_due()
    assert copied.subject in text_of(smtp.to(EVE)[1])
    assert "/leave/" in text_of(smtp.to(EVE)[1])


def test_a_mail_program_leaves_by_one_click(app, copied, ana, carol, smtp):
    tickets.reply(copied, "<p>Look</p>", actor=ana)
    tickets.reply(copied, "<p>Waits</p>", actor=ana)
    outbox.deliver_due(limit=2)
    (mail,) = smtp.to(EVE)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<http://[^/]+(/leave/[\w.-]+)>", mail["List-Unsubscribe"]).group(1)
    done = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.text) == (200, "ok")
    assert cc.in_copy(copied) == []
    tickets.reply(copied, "<p>Nobody hears</p>", actor=ana)
    outbox.deliver_due()
    assert len(smtp.to(EVE)) == 1
    event = TicketEvent.select().where(TicketEvent.ticket == copied).order_by(TicketEvent.id.desc())
    assert "copy-left" in [row.kind for row in event]


def test_customers_and_the_team_get_no_such_header(copied, carol, ana, smtp):
    cast.permit(ana, copied.department, notify=True)
    tickets.reply(copied, "<p>Look</p>", actor=cast.make_agent("Bea", copied.service))
    tickets.receive_message(copied, "Thanks", actor=carol)
    outbox.deliver_due()
    others = [mail for mail in smtp.messages if EVE not in mail["To"]]
    assert len(others) == 3
    assert [mail for mail in others if mail["List-Unsubscribe"] or "/leave/" in text_of(mail)] == []


def test_who_has_left_is_put_in_copy_by_the_team_only(copied, carol, root):
    cc.leave(copied.id, address().id)
    cc.leave(copied.id, address().id)
    cc.add_cc(copied, [EVE], actor=carol)
    assert cc.in_copy(copied) == []
    cc.add_cc(copied, [EVE], actor=root)
    assert [row.email for row in cc.in_copy(copied)] == [EVE]


def test_the_page_asks_first(client, copied):
    page = client.get(f"/leave/{token(copied)}")
    assert f"You are in copy of ticket {copied.number}." in doors.text_of(page)
    assert copied.subject not in doors.text_of(page)
    assert cc.in_copy(copied) != []
    gone = client.post(f"/leave/{token(copied)}")
    assert "You are not in copy of this ticket any more" in doors.text_of(gone)
    assert cc.in_copy(copied) == []
    assert copied.number not in doors.text_of(client.get(f"/leave/{token(copied)}"))


def test_a_token_is_of_one_ticket_and_one_address(client, copied):
    good = token(copied)
    place, _dot, signature = good.partition(".")
    for bad in (f"{place}.x", f"x.{signature}", place, f"{good}x", "é", links.leave_token(0, 0)[:-1]):
        assert client.get(f"/leave/{bad}").status_code == client.post(f"/leave/{bad}").status_code == 404
    assert cc.in_copy(copied) != []


def test_their_page_of_the_ticket_leads_there(client_of, copied):
    CustomerAddress.update(proven_at=clock.now()).where(CustomerAddress.email == EVE).execute()
    page = client_of(address().customer).get(f"/tickets/{copied.number}")
    assert f"/leave/{token(copied)}" in page.text


def test_many_mails_become_one_and_nothing_of_the_documents_is_dropped(billing, invoices, carol, ana, smtp):
    cast.permit(ana, invoices, notify=True)
    strangers = [f"s{number}@copied.example" for number in range(20)]
    opened = [cast.open_ticket(carol, billing, invoices) for _ in range(2)]
    for number, ticket in enumerate(opened):
        cc.add_cc(ticket, strangers[number * 10 : number * 10 + 10], actor=carol)
        cc.add_cc(ticket, [], actor=carol)
    for ticket in opened:
        for _ in range(35):
            tickets.receive_message(ticket, "More", actor=carol)
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        outbox.deliver_due(limit=1_000)
    for stranger in strangers:
        assert len(smtp.to(stranger)) == copy_digest.AN_HOUR + 1
    (digest,) = [mail for mail in smtp.to(strangers[0]) if mail["Subject"] == "New messages in your tickets"]
    assert f"#{opened[0].number}" in text_of(digest)
    assert opened[0].subject not in text_of(digest)
    assert len(smtp.to("carol@customer.example")) == len(smtp.to(ana.email)) == 72


def digests(email=EVE):
    return list(OutgoingEmail.select().where(OutgoingEmail.to_email == email, OutgoingEmail.kind == "digest"))


def test_each_link_of_the_digest_opens_its_ticket_without_an_account(app, copied, carol, billing, invoices, smtp):
    other = cast.open_ticket(carol, billing, invoices)
    cc.add_cc(other, [EVE], actor=carol)
    for ticket in (copied, other):
        copy_digest.gather(recipients.in_copy(ticket, address()), ticket)
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        outbox.deliver_due(limit=100)
        (mail,) = [mail for mail in smtp.to(EVE) if mail["Subject"] == "New messages in your tickets"]
        ways = re.findall(r"#(\d+) \(http://[^/]+(/t/[^)]+)\)", text_of(mail))
        assert [number for number, _way in ways] == [copied.number, other.number]
        for number, way in ways:
            assert doors.post(app.test_client(), way).location == f"/tickets/{number}"
    assert "/tickets/" not in text_of(mail)
    assert "/t/" not in digests()[0].body


def test_two_messages_at_once_are_both_in_the_digest(copied, carol, billing, invoices):
    one, *others = (cast.open_ticket(carol, billing, invoices) for _ in range(3))
    copy_digest.gather(recipients.in_copy(one, address()), one)

    def gather(ticket):
        def run():
            with database.atomic():
                copy_digest.gather(recipients.in_copy(ticket, address()), ticket)
                time.sleep(0.2)

        return run

    assert beside(*map(gather, others)) == ["done", "done"]
    (digest,) = digests()
    assert [f"#{ticket.number}<" in digest.body for ticket in (one, *others)] == [True] * 3


def test_who_left_copy_gets_no_line_of_that_ticket(copied, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    for ticket in (copied, other):
        copy_digest.gather(recipients.in_copy(ticket, address()), ticket)
    cc.leave(copied.id, address().id)
    (digest,) = digests()
    assert (digest.state, f"#{copied.number}<" in digest.body, f"#{other.number}<" in digest.body) == (
        "pending", False, True,
    )  # fmt: skip
    cc.add_cc(other, [EVE], actor=carol)
    cc.leave(other.id, address().id)
    assert [row.state for row in digests()] == ["cancelled"]


def test_nothing_is_gathered_for_an_address_that_takes_no_mail(copied, carol):
    CustomerAddress.update(undeliverable_at=clock.now()).where(CustomerAddress.email == EVE).execute()
    for _ in range(copy_digest.AN_HOUR + 1):
        tickets.receive_message(copied, "More", actor=carol)
    assert digests() == []


def test_the_link_of_a_ticket_that_was_merged_leaves_the_other_one(client, copied, carol, billing, invoices, root):
    target, link = cast.open_ticket(carol, billing, invoices), f"/leave/{token(copied)}"
    merging.merge(copied, target, actor=root)
    assert [row.email for row in cc.in_copy(target)] == [EVE]
    assert f"You are in copy of ticket {target.number}." in doors.text_of(client.get(link))
    client.post(link)
    assert cc.in_copy(target) == []


def test_the_outbox_screen_hides_the_link_by_which_one_leaves(client_of, root, copied, ana):
    tickets.reply(copied, "<p>Look</p>", actor=ana)
    mail = OutgoingEmail.get(OutgoingEmail.to_email == EVE)
    page = client_of(root).get(f"/admin/outbox/details/?id={mail.id}")
    assert "List-Unsubscribe" in page.text
    assert token(copied) not in page.text


def test_a_network_names_20_new_people_a_day(client, sales):
    def copy(numbers):
        people = ", ".join(f"p{number}@copied.example" for number in numbers)
        return send(client, fill(client, email=f"v{numbers[0]}@visitor.example", copies=people)).status_code

    assert [copy(range(10)), copy(range(10)), copy(range(10, 20))] == [303] * 3
    assert copy(range(20, 21)) == 429
    assert TicketCc.select().count() == 30
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert copy(range(20, 21)) == 303
