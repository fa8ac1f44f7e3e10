"""Addresses that are no longer kept: who puts them there, and that nothing of what comes from them is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from database import database
from helpdesk import clock, orders, outbox, settings, suppression, tickets
from helpdesk.access import SYSTEM
from helpdesk.erasing import carrying_out, erasure_log, requests, suppression_list
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.imports import customer_rows
from helpdesk.imports.customer_rows import NewMember
from helpdesk.incoming import outcome_texts, raw_mail
from helpdesk.operations import backup, desk_identity, restore
from helpdesk.people import addresses, customers
from helpdesk.settings.desk import KEY
from helpdesk.tickets import NewTicket, cc, customer_change, open_for_caller, thread
from models import (
    Agent,
    Customer,
    CustomerAddress,
    Erasure,
    IncomingMail,
    JournalEntry,
    MailRecipient,
    Message,
    Order,
    OutgoingEmail,
    Service,
    Setting,
    SuppressedAddress,
    Ticket,
    TicketCc,
)
from tests.helpdesk.erasing import planting
from tests.helpdesk.erasing.planting import MARKERS
from tests.support import cast, mailbox
from tests.support.automatic_mails import REPORTS
from tests.support.desks import Desks
from tests.support.fresh import fresh_database
from tests.support.mails import mail, make_mailbox, receive

pytestmark = pytest.mark.usefixtures("request_context", "no_files")

GONE = MARKERS["address"]
SENDER = f"Yolanda {MARKERS['name']} <{GONE}>"


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


@pytest.fixture
def gone(root: Agent) -> SuppressedAddress:
    """An address that an administrator has typed."""
    return suppression_list.add(SuppressedAddress(), {"email": f" {GONE.upper()} "}, actor=root)


def from_them(text: str = MARKERS["body"], **values: Any) -> bytes:
    return mail(text, sender=SENDER, subject=MARKERS["subject"], mail_id=f"<{MARKERS['raw mail']}@p.example>", **values)


def test_only_a_hash_of_it_is_there(gone: SuppressedAddress, root: Agent) -> None:
    assert suppression.is_suppressed(GONE)
    assert not suppression.is_suppressed(f"x{GONE}")
    assert (len(gone.digest), gone.actor_name, gone.by_erasure) == (64, "Root", False)
    assert "person.example" not in repr(list(SuppressedAddress.select().dicts()))
    assert suppression_list.find(GONE, actor=root) == gone
    with pytest.raises(InvalidInput, match="already"):
        suppression_list.add(SuppressedAddress(), {"email": GONE}, actor=root)
    suppression_list.remove(gone, actor=root)
    assert not suppression.is_suppressed(GONE)
    acts = [
        row.act
        for row in JournalEntry.select().where(JournalEntry.act.startswith("address-")).order_by(JournalEntry.id)
    ]
    assert acts == ["address-suppressed", "address-released"]


def test_no_hash_is_made_without_the_id_of_the_desk(gone: SuppressedAddress, root: Agent) -> None:
    Setting.delete().where(Setting.key == KEY).execute()
    for act in (
        lambda: suppression.is_suppressed(GONE),
        lambda: suppression.among([GONE]),
        lambda: suppression_list.add(SuppressedAddress(), {"email": "other@p.example"}, actor=root),
    ):
        with pytest.raises(RuntimeError, match="lost its id"):
            act()
    assert list(SuppressedAddress.select()) == [gone]
    desk_identity.settle()
    assert not suppression.is_suppressed("nobody@p.example")


def test_who_may_be_put_there(carol: Customer, ana: Agent, root: Agent, sales: Service) -> None:
    make_mailbox(sales)
    for email in ("carol@customer.example", ana.email, "support@desk.example", "nothing"):
        with pytest.raises(InvalidInput) as refused:
            suppression_list.add(SuppressedAddress(), {"email": email}, actor=root)
        assert refused.value.field == "email"
    for act in (
        lambda: suppression_list.add(SuppressedAddress(), {"email": GONE}, actor=ana),
        lambda: suppression_list.find(GONE, actor=ana),
        lambda: suppression_list.remove(SuppressedAddress(id=1), actor=ana),
    ):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.parametrize("by_themselves", [False, True])
def test_an_erasure_puts_all_addresses_there(by_themselves: bool, sales: Service, root: Agent) -> None:
    customer = planting.person()
    addresses.add(customer, MARKERS["second address"], actor=root)
    settings.save({"erasure_days": 0})
    requests.request(customer, kind="anonymise", word="ERASE", actor=root, suppresses=True)
    if by_themselves:
        Erasure.update(by_customer=True, actor_name="").execute()
    assert not SuppressedAddress.select().exists()
    assert carrying_out.run_due() == 1
    assert suppression.among([GONE, MARKERS["second address"], "dan@d.example"]) == {GONE, MARKERS["second address"]}
    rows = list(SuppressedAddress.select())
    assert {(row.actor_name, row.by_erasure) for row in rows} == {("" if by_themselves else "Root", True)}


# --- Mail -----------------------------------------------------------------------------------------------------------


def test_nothing_of_a_mail_stays_and_a_text_answers_it(
    gone: SuppressedAddress, sales: Service, smtp: mailbox.Mailbox, app: Any
) -> None:
    outbox.init(app)
    box = make_mailbox(sales, locale="fr")
    [row] = receive(box, from_them(files=[(f"{MARKERS['file name']}.txt", b"zqfilecontent", "text/plain")]))
    assert (row.state, row.reason, row.path, row.explanation) == ("ignored", "suppressed", None, {})
    assert (row.from_email, row.from_name, row.subject, row.mail_id, row.body_hash) == ("", "", "", "", "")
    assert outcome_texts.outcome(row) == "Not kept"
    assert "nothing of it was stored" in outcome_texts.reason(row)
    for table in (MailRecipient, OutgoingEmail, Ticket, Message, Customer, CustomerAddress):
        assert not table.select().exists()
    [answer] = smtp.to(GONE)
    assert answer["Subject"] == "Votre message n’a pas été conservé"
    assert (answer["From"].addresses[0].addr_spec, answer["Auto-Submitted"]) == ("support@desk.example", "auto-replied")
    assert answer["In-Reply-To"] == f"<{MARKERS['raw mail']}@p.example>"
    assert MARKERS["body"] not in mailbox.text_of(answer)
    # Once a day.
    receive(box, from_them("Again"))
    assert len(smtp.to(GONE)) == 1
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        receive(box, from_them("And again"))
    assert len(smtp.to(GONE)) == 2
    assert planting.left() == {}


def test_a_program_history_and_a_deaf_server_get_no_answer(
    gone: SuppressedAddress, sales: Service, smtp: mailbox.Mailbox, app: Any
) -> None:
    outbox.init(app)
    box = make_mailbox(sales)
    receive(box, from_them(headers=[("Auto-Submitted", "auto-replied")]))
    assert not smtp.messages
    smtp.of_recipient = "550 no such user"
    [row] = receive(box, from_them("Hello"))
    assert row.reason == "suppressed"
    assert not OutgoingEmail.select().exists()
    assert not smtp.messages


def test_what_the_mail_server_takes_for_spam_gets_no_answer(
    gone: SuppressedAddress, sales: Service, smtp: mailbox.Mailbox, app: Any
) -> None:
    """Whoever forges the address must not make the desk write to it."""
    outbox.init(app)
    box = make_mailbox(sales)
    [row] = receive(box, from_them(headers=[("X-Spam-Flag", "YES")]))
    assert row.reason == "suppressed"
    assert not smtp.messages


def test_a_report_on_the_answer_is_not_kept_either(gone: SuppressedAddress, sales: Service) -> None:
    report = REPORTS["postfix"].mail("<unknown@desk.example>", GONE)
    other = REPORTS["postfix"].mail("<unknown@desk.example>", "agnes@nowhere.example")
    rows = receive(make_mailbox(sales), report, other)
    assert [(row.state, row.reason) for row in rows] == [("ignored", "suppressed"), ("held", "bounce-unknown")]
    assert (rows[0].path, rows[0].explanation) == (None, {})


def test_a_mail_of_headers_alone_is_not_kept_either(gone: SuppressedAddress, sales: Service) -> None:
    box = make_mailbox(sales)
    path, digest = raw_mail.keep(from_them())
    row = IncomingMail.create(
        mailbox=box, sha256=digest, size=99, path=path, headers_only=True, received_at=clock.now()
    )
    receive(box)
    assert IncomingMail.get_by_id(row.id).reason == "suppressed"


def test_what_waited_to_be_checked_goes_when_it_is_added(root: Agent, sales: Service) -> None:
    box = make_mailbox(sales)
    [held] = receive(box, from_them(headers=[("X-Loop", "a"), ("Auto-Submitted", "auto-replied")]))
    assert held.state == "held"
    suppression_list.add(SuppressedAddress(), {"email": GONE}, actor=root)
    held = IncomingMail.get_by_id(held.id)
    assert (held.from_email, held.path, held.reason) == ("", None, "forgotten")


def test_a_copy_in_a_mail_is_left_out(gone: SuppressedAddress, sales: Service) -> None:
    box = make_mailbox(sales, copies="add")
    [row] = receive(box, mail(headers=[("Cc", f"{GONE}, dan@d.example")]))
    copied = TicketCc.select().where(TicketCc.ticket == row.ticket)
    assert [one.address.email for one in copied] == ["dan@d.example"]


def test_an_agent_with_the_address_is_heard(gone: SuppressedAddress, sales: Service) -> None:
    agent = cast.make_agent("Yolanda")
    agent.email = GONE
    agent.save()
    [row] = receive(make_mailbox(sales), from_them())
    assert (row.state, row.reason) == ("held", "colleague")


# --- Every other door -----------------------------------------------------------------------------------------------


def new(**values: Any) -> NewTicket:
    return NewTicket(**{"email": GONE, "subject": "A", "body": "B", "last_name": "C", "source": "phone", **values})


def doors(root: Agent, ticket: Ticket, customer: Customer) -> dict[str, Callable[[], object]]:
    """Return what would store the address, by the field that says no."""
    place = {"service_id": ticket.service_id, "department_id": ticket.department_id}
    order = {**planting.ORDER, "email": GONE}
    return {
        "a form": lambda: tickets.open_ticket(new(**place), actor=None),
        "on behalf": lambda: open_for_caller(new(**place), actor=root),
        "a customer": lambda: customers.save_customer(Customer(), {"email": GONE}, actor=root),
        "an address": lambda: addresses.add(customer, GONE, actor=root),
        "a correction": lambda: addresses.correct(customer.primary_address, GONE, actor=root),
        "another customer": lambda: customer_change.change_customer(
            ticket, GONE, actor=root, seen=thread.newest_id(ticket)
        ),
        "a copy": lambda: cc.add_cc(ticket, [GONE], actor=root),
        "an order": lambda: orders.save_order(order),
    }


@pytest.mark.parametrize(
    "door",
    ["a form", "on behalf", "a customer", "an address", "a correction", "another customer", "a copy", "an order"],
)
def test_every_door_says_no_and_stores_nothing(
    door: str, gone: SuppressedAddress, root: Agent, ticket: Ticket, carol: Customer
) -> None:
    with pytest.raises(InvalidInput) as refused:
        doors(root, ticket, carol)[door]()
    assert refused.value.field == ("copies" if door == "a copy" else "email")
    words = "no longer kept" if door != "a form" else "We cannot take a message with this e-mail address"
    assert words in str(refused.value)
    assert CustomerAddress.select().where(CustomerAddress.email == GONE).count() == 0
    assert Ticket.select().count() == 1
    assert not Order.select().exists()


def test_lists_leave_it_out(gone: SuppressedAddress, root: Agent) -> None:
    stored = customer_rows.store([NewMember(GONE, "A"), NewMember("dan@d.example", "B")], actor=SYSTEM)
    assert (stored.made, stored.left_out) == (1, 1)
    rows = [orders.read({**planting.ORDER, "email": email, "number": email}) for email in (GONE, "dan@d.example")]
    assert (orders.store(rows).made, orders.store(rows).left_out) == (1, 1)
    assert [row.email for row in Order.select()] == ["dan@d.example"]


def test_a_customer_who_copies_it_does_not_learn_why(gone: SuppressedAddress, ticket: Ticket, carol: Customer) -> None:
    with pytest.raises(InvalidInput) as refused:
        cc.add_cc(ticket, [GONE], actor=carol)
    assert str(refused.value) == f"{GONE} cannot be in copy of a ticket."


# --- Restoring ------------------------------------------------------------------------------------------------------


def test_an_older_backup_knows_what_was_added_and_taken_off_since(
    gone: SuppressedAddress, root: Agent, engine: str, desks: Desks, tmp_path: Path, data_dir: Path
) -> None:
    suppression_list.add(SuppressedAddress(), {"email": "stays@p.example"}, actor=root)
    archive = tmp_path / "away" / "desk.zip"
    archive.parent.mkdir()
    backup.backup(archive)
    suppression_list.remove(gone, actor=root)
    suppression_list.add(SuppressedAddress(), {"email": "later@p.example"}, actor=root)
    (archive.parent / erasure_log.NAME).write_bytes((data_dir / erasure_log.NAME).read_bytes())
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(archive)
        database.connect(reuse_if_open=True)
        emails = [GONE, "stays@p.example", "later@p.example"]
        assert suppression.among(emails) == {"stays@p.example", "later@p.example"}
        assert (
            SuppressedAddress.get(SuppressedAddress.digest == suppression.digest_of("later@p.example")).actor_name
            == "Root"
        )
