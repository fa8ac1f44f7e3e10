"""Delivering the mails owed: what they look like, that each goes out once, and what happens when the server refuses."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from aiosmtpd.smtp import SMTP, AuthResult
from peewee import fn

import helpdesk.wiring  # noqa: F401 — events lead to mails only once it is read
from database import Label, Stamp, database, is_sqlite
from helpdesk import clock, i18n, links, notifications, outbox, send_later, settings, tickets
from helpdesk.errors import HelpdeskError, NotAllowed
from helpdesk.events import EventKind
from helpdesk.notifications import Cause, Occasion, Recipient, rendering
from helpdesk.outbox import claims, outbox_health, retries, transport
from helpdesk.retention import mailing, wording
from helpdesk.send_later import NewReply
from helpdesk.settings import environment
from helpdesk.settings.environment import MailServer
from helpdesk.settings.uneditable_emails import UNEDITABLE
from helpdesk.tickets import cc
from models import AccessLink, EmailText, Leave, OutgoingEmail, Permission, Setting, Ticket
from tests.support import cast, sqlite_only
from tests.support.mailbox import Controller, Mailbox, free_port, text_of
from tests.support.outgoing import again, owe, reason

GOLDEN = Path(__file__).parent.parent.parent / "emails"


@pytest.fixture(autouse=True)
def _templates(app):
    """Mails are rendered by the application's templates."""


def fault() -> str:
    """What is wrong with the mail server, in words."""
    found = outbox_health.fault()
    return str(found.failure) if found is not None else ""


# --- Without and with a server ------------------------------------------------------------------------------------


def test_without_a_mail_server_mails_wait(database):
    email = owe()
    assert outbox.deliver_due() == 0
    assert (again(email).state, again(email).attempts) == ("pending", 0)


def test_a_mail_that_is_due_is_sent_once(smtp):
    email = owe()
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    assert len(smtp.messages) == 1
    assert (again(email).state, again(email).sent_at is not None) == ("sent", True)


def test_a_mail_that_is_not_due_waits(smtp):
    owe(due_at=clock.now() + timedelta(minutes=1))
    assert outbox.deliver_due() == 0


def test_a_new_mail_server_works_at_once(database):
    owe()
    outbox.deliver_due()
    mailbox = Mailbox().start()
    settings.save({"mail_host": "127.0.0.1", "mail_port": mailbox.port, "mail_tls": "none"})
    assert outbox.deliver_due() == 1
    mailbox.stop()


def test_a_whole_ticket_reaches_customer_and_agent(smtp, billing, invoices, carol):
    ana = cast.make_agent("Ana")
    cast.permit(ana, billing, notify=True)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert outbox.deliver_due() == 2
    (mail,) = smtp.to("ana@desk.example")
    assert mail["Subject"] == f"[Message received] A question about my invoice (#{ticket.number})"
    assert f"/admin/tickets/{ticket.number}" in text_of(mail)
    assert "/t/" not in text_of(mail)


def test_the_private_link_of_a_mail_opens_its_ticket_only(smtp, ticket, ana):
    outbox.deliver_due()
    (token,) = re.findall(r"/t/(\S+)", text_of(smtp.messages[0]))
    link = links.find("ticket", token)
    assert (link.ticket, link.address) == (ticket, ticket.address)


def test_no_token_rests_in_the_outbox(smtp, ticket):
    outbox.deliver_due()
    (token,) = re.findall(r"/t/(\S+)", text_of(smtp.messages[0]))
    rows = [*OutgoingEmail.select().dicts(), *AccessLink.select().dicts()]
    assert token not in repr(rows)


# --- What a mail looks like ---------------------------------------------------------------------------------------


@sqlite_only
@pytest.mark.parametrize("locale", ["en", "fr"])
@pytest.mark.parametrize("kind", [*notifications.KINDS, *UNEDITABLE])
def test_the_plain_text_of_every_mail(app, kind, locale, ticket, ana, carol):
    settings.save({"site_url": "https://help.desk.example", "desk_name": "Corner Shop", "language": locale})
    carol.locale = ana.locale = ticket.locale = locale
    for row in (carol, ana, ticket):
        row.save()
    with app.test_request_context("/"):
        provoke(kind, Ticket.get_by_id(ticket.id), ana, locale)
    email = OutgoingEmail.select().where(OutgoingEmail.kind == kind).order_by(OutgoingEmail.id.desc()).get()
    letter = outbox.render(email)
    text = f"From: {letter['From']}\nSubject: {letter['Subject']}\n\n{text_of(letter)}"
    text = text.replace(ticket.number, "100001")
    assert text == (GOLDEN / f"{kind}.{locale}.txt").read_text(encoding="utf-8")


def signed_in_elsewhere(agent):
    """Owe the mail about a browser that this agent's account has not had before."""
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        notifications.tell_of_browser(agent, device="Firefox, Linux", network="203.0.113.7")


def on_leave(ticket, ana):
    """Return a colleague on leave for whom Ana stands in."""
    cleo = cast.make_agent("Cleo", ticket.service)
    Leave.create(agent=cleo, first_day=date(2020, 1, 1), last_day=date(2199, 12, 31), substitute=ana)
    return cleo


def owe_announcement(reader):
    """Owe the mail about a batch that goes on a day, as `retention.mailing` does."""
    counts = {"delete": 600, "anonymise": 14, "files": 2, "spam": 1, "customer": 3}
    with i18n.in_language(reader.locale):
        data = {
            "sentence": wording.headline(counts, date(2026, 12, 6)),
            "details": " ".join(wording.sentences(counts)),
            "link": f"https://desk.example{mailing.PAGE}",
        }
    notifications.owe(Cause(Occasion.RETENTION_ANNOUNCED, people=(reader,), data=data))


def provoke(kind, ticket, ana, locale):
    """Do what causes this kind of mail, to Carol or Ana."""
    ben, sales = cast.make_agent("Ben", None), cast.make_service("Sales")
    for place in (ticket.department, sales):
        cast.permit(ana, place, notify=True)
    stranger = ("stranger@customer.example", ticket.service, ticket.department)
    cast.make_customer("Dan", locale=locale)
    reader = Recipient(ana.email, locale, agent=ana)
    due = {"target": "first_reply", "due": datetime(2026, 11, 30, 10, 0)}

    def copied(email):
        cc.add_cc(ticket, [email], actor=ticket.customer)
        tickets.receive_message(ticket, "Hello?", actor=ticket.customer)

    def corrected(message):
        data = {"message": message.id, "mailed": ["carol@customer.example"]}
        notifications.owe(Cause(Occasion.REPLY_CORRECTED, ben, ticket, data=data, about=message))

    def owe_erasure(kind, reader=None):
        person = reader or Recipient(ticket.address.email, locale, address=ticket.address)
        link = "https://desk.example/admin/customers/1"
        data = {"email": "Carol Smith", "sentence": "30/11/2026, 10:00", "link": link}
        notifications.owe(Cause(Occasion(kind), people=(person,), data=data))

    acts = {
        "copy": lambda: copied("dan@customer.example"),
        "copied": lambda: copied("eve@customer.example"),
        "confirm": lambda: notifications.owe(
            Cause(Occasion.UNCONFIRMED, people=(Recipient("vera@x.example", locale),))
        ),
        "mention": lambda: notifications.owe(Cause(EventKind.NAMED, ben, ticket, data={"agents": [ana.id]})),
        "undelivered": lambda: (
            tickets.assign(ticket, ana, actor=ana)
            or notifications.owe(
                Cause(EventKind.BOUNCED, ticket=ticket, data={"email": "carol@customer.example", "code": "5.1.1"})
            )
        ),
        "not-sent": lambda: notifications.owe(
            Cause(
                Occasion.NOT_SENT,
                ticket=ticket,
                people=(reader,),
                data={"number": ticket.number, "sentence": "No server is named in the mailbox that confirms senders."},
            )
        ),
        "closing_soon": lambda: notifications.owe(
            Cause(Occasion.CLOSING_SOON, ticket=ticket, data={"closes": date(2026, 12, 14)})
        ),
        "closing": lambda: notifications.owe(
            Cause(
                Occasion.CLOSING_SOON,
                ticket=cast.open_ticket(*stranger, locale=locale),
                data={"closes": date(2026, 12, 14)},
            )
        ),
        "not-resolved": lambda: notifications.owe(Cause(EventKind.NOT_RESOLVED, ticket.customer, ticket)),
        "due_soon": lambda: notifications.owe(Cause(Occasion.DUE_SOON, ticket=ticket, people=(reader,), data=due)),
        "overdue": lambda: notifications.owe(Cause(Occasion.OVERDUE, ticket=ticket, people=(reader,), data=due)),
        "several-due-soon": lambda: notifications.owe(
            Cause(Occasion.SEVERAL_DUE_SOON, people=(reader,), tickets=(ticket, ticket))
        ),
        "several-overdue": lambda: notifications.owe(
            Cause(Occasion.SEVERAL_OVERDUE, people=(reader,), tickets=(ticket, ticket))
        ),
        "due-list": lambda: notifications.owe(
            Cause(Occasion.DUE_LIST, people=(reader,), tickets=(ticket,), data={"count": 1})
        ),
        "not-left": lambda: (
            send_later.schedule(ticket, NewReply("<p>x</p>"), clock.now() + timedelta(days=1), actor=ana)
            and tickets.receive_message(ticket, "Hello?", actor=ticket.customer)
        ),
        "digest": lambda: notifications.owe(
            Cause(Occasion.SEVERAL_ASSIGNED, ben, people=(reader,), tickets=(ticket, ticket))
        ),
        **{kind: lambda kind=kind: owe_erasure(kind) for kind in ("erase", "erasure-planned", "erasure-cancelled")},
        "erasure-wanted": lambda: owe_erasure("erasure-wanted", reader),
        "erasure-to-confirm": lambda: notifications.owe(
            Cause(
                Occasion.ERASURE_TO_CONFIRM,
                ben,
                people=(reader,),
                data={"link": "https://desk.example/admin/erasures/"},
            )
        ),
        "erasure-second": lambda: notifications.owe(
            Cause(
                Occasion.ERASURE_SECOND,
                people=(reader,),
                data={"sentence": "Olga …", "link": "https://desk.example/admin/erasures/"},
            )
        ),
        "retention-announced": lambda: owe_announcement(reader),
        "export-ready": lambda: notifications.owe(
            Cause(Occasion.EXPORT_READY, people=(reader,), data={"link": "https://desk.example/admin/customers/1"})
        ),
        "suppressed": lambda: notifications.owe(
            Cause(Occasion.SUPPRESSED, people=(Recipient("vera@x.example", locale),))
        ),
        "retention-cancelled": lambda: notifications.owe(
            Cause(
                Occasion.RETENTION_CANCELLED,
                people=(reader,),
                data={"name": "Ben", "moment": "6/12", "link": f"https://desk.example{mailing.PAGE}"},
            )
        ),
        "confirmation": lambda: tickets.receive_message(ticket, "Two lines,\n<b>no markup</b>.", actor=ticket.customer),
        "received": lambda: cast.open_ticket(*stranger, locale=locale),
        "notification": lambda: tickets.reply(ticket, "<p>Look again.</p>", actor=ben),
        "team_message": lambda: tickets.receive_message(ticket, "Hello?", actor=ticket.customer),
        "transfer": lambda: tickets.transfer(ticket, ana, actor=ben, note="She knows."),
        "assignment": lambda: tickets.assign(ticket, ana, actor=ben),
        "stand-in": lambda: tickets.assign(ticket, on_leave(ticket, ana), actor=ben),
        "move": lambda: tickets.move(ticket, sales.id, None, actor=ben),
        "correction": lambda: corrected(tickets.reply(ticket, "<p>Look again.</p>", actor=ben)),
        "sign-in": lambda: notifications.send_account_mail(kind, address=ticket.address),
        "invitation": lambda: notifications.send_account_mail(kind, agent=ana),
        "reset": lambda: notifications.send_account_mail(kind, agent=ana),
        "link-made": lambda: notifications.send_account_mail(kind, agent=ana),
        "new-browser": lambda: signed_in_elsewhere(ana),
        "reminder": lambda: notifications.owe(
            Cause(Occasion.REMINDER, ticket=ticket, people=(reader,), data={"rule": "No reply for a day"})
        ),
        "rules-rest": lambda: notifications.owe(
            Cause(Occasion.RULES_AT_REST, ticket=ticket, people=(reader,), data={"rule": "Thank you", "count": 20})
        ),
        "rule-target-gone": lambda: notifications.owe(
            Cause(Occasion.RULE_TARGET_GONE, people=(reader,), data={"rule": "Thank you"})
        ),
        "two-factor-reset": lambda: notifications.tell_of_reset(ana, actor=None),
        "passkey-added": lambda: notifications.send_account_mail(kind, agent=ana),
    }
    acts[kind]()


def test_the_html_holds_the_same_and_nothing_from_elsewhere(smtp, ticket):
    outbox.deliver_due()
    html = smtp.messages[0].get_body(preferencelist=("html",)).get_content()
    assert "The Support Team." in html
    assert "/t/" in html
    assert not re.search(r"<(img|script|link|iframe|object|svg)\b|\burl\(|@import|\bsrc=|\bbackground=", html)
    assert smtp.messages[0].get_content_type() == "multipart/alternative"


def test_an_owners_text_never_reaches_the_template_engine(smtp, ticket, carol):
    hostile = "{{7*7}} {% if 1 %}{{ config }} ${x} {{settings('desk_name')}}"
    EmailText.create(kind="confirmation", body=Label(en=f"<p>{hostile}</p>"))
    tickets.receive_message(ticket, "{{7*7}}", actor=carol)
    outbox.deliver_due()
    assert hostile in text_of(smtp.messages[-1])


def test_on_the_screen_the_private_link_is_hidden(ticket):
    letter = outbox.render(OutgoingEmail.get(OutgoingEmail.kind == "confirmation"))
    assert "[private link]" in text_of(letter)
    assert AccessLink.select().count() == 0


def test_headers_say_what_kind_of_mail_it_is(smtp, ticket, ana):
    tickets.reply(ticket, "<p>Look again.</p>", actor=ana)
    assert outbox.deliver_due() == 2
    confirmation, notification = smtp.messages
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert confirmation["X-Auto-Response-Suppress"] == "All"
    assert notification["Auto-Submitted"] is None
    assert notification["In-Reply-To"] == notification["References"] == confirmation["Message-ID"]


def test_the_message_id_is_the_stored_one_also_after_a_retry(smtp):
    email = owe()
    smtp.refuse = "451 later"
    outbox.deliver_due()
    smtp.refuse = ""
    OutgoingEmail.update(due_at=clock.now()).execute()
    outbox.deliver_due()
    assert smtp.messages[0].get_all("Message-ID") == [email.mail_id]


@pytest.mark.parametrize("field", ["subject", "from_name", "in_reply_to", "references", "automatic"])
def test_no_field_injects_a_header(field, smtp):
    owe(**{field: "x\r\nBcc: all@x.example\x0b\x85\u2028X-Evil: 1"[: 20 if field == "automatic" else None]})
    outbox.deliver_due()
    (mail,) = smtp.messages
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert smtp.recipients == [["carol@customer.example"]]


@pytest.mark.parametrize("name", ["Équipe de support", 'Support, "Team" <x@y.z>', "日本語" * 4, "", "a;b:c@d"])
def test_any_sender_name_arrives(name, smtp):
    owe(from_name=name)
    outbox.deliver_due()
    (sender,) = smtp.messages[0]["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "desk@desk.example")


def test_long_ids_arrive_in_one_piece(smtp):
    settings.save({"site_url": f"https://{'long-name.' * 8}example"})
    ids = [rendering.new_id("A" * 20 + "100001", 12345) for _ in range(11)]
    owe(mail_id=ids[0], in_reply_to=ids[1], references=" ".join(ids[1:]))
    outbox.deliver_due()
    mail = smtp.messages[0]
    assert mail["Message-ID"] == ids[0]
    assert mail["References"].split() == ids[1:]


# --- Refusals -----------------------------------------------------------------------------------------------------


class Refusing(Mailbox):
    """Refuses a recipient for good or for now."""

    answers = {"gone@customer.example": "550 no such user", "full@customer.example": "452 mailbox full"}

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def refusing(database):
    mailbox = Refusing().start()
    settings.save({"mail_host": "127.0.0.1", "mail_port": mailbox.port, "mail_tls": "none"})
    yield mailbox
    mailbox.stop()


def test_a_recipient_refused_for_good_fails_at_once_and_others_arrive(refusing):
    gone, other = owe("gone@customer.example"), owe("other@customer.example")
    assert outbox.deliver_due() == 1
    assert again(gone).state == "failed"
    assert reason(gone) == "The mail server refused the recipient: 550 no such user"
    assert again(other).state == "sent"


def test_a_recipient_refused_for_now_is_tried_again(refusing):
    full = owe("full@customer.example")
    outbox.deliver_due()
    assert again(full).state == "pending"
    assert timedelta(seconds=50) < again(full).due_at - clock.now() <= timedelta(seconds=60)


def test_tries_grow_apart_for_five_days_and_end_visibly(refusing):
    full = owe("full@customer.example")
    waits = []
    with time_machine.travel("2026-03-01 10:00", tick=False) as traveller:
        begin = clock.now()
        OutgoingEmail.update(due_at=begin).execute()
        outbox.deliver_due()
        while again(full).state == "pending":
            assert again(full).attempts == 0
            waits.append(round((again(full).due_at - clock.now()).total_seconds() / 60))
            traveller.shift(again(full).due_at - clock.now())
            outbox.deliver_due()
        assert timedelta(days=5) <= clock.now() - begin <= timedelta(days=5, hours=1)
    assert waits[:9] == [1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert (again(full).state, reason(full)) == ("failed", "The mail server refused the recipient: 452 mailbox full")


def test_a_mail_put_off_before_the_desk_was_off_is_not_given_up_at_once(refusing):
    full = owe("full@customer.example")
    with time_machine.travel(clock.now(), tick=False) as traveller:
        outbox.deliver_due()
        traveller.shift(timedelta(days=7))
        outbox.deliver_due()
    assert again(full).state == "pending"


def test_a_bad_address_fails_without_holding_others_up(smtp):
    bad, good = owe("not an address"), owe()
    outbox.deliver_due()
    assert (again(bad).state, again(good).state) == ("failed", "sent")


def test_a_server_that_is_down_uses_up_no_try(database):
    settings.save({"mail_host": "127.0.0.1", "mail_port": free_port(), "mail_tls": "none"})
    mails = [owe(), owe()]
    outbox.deliver_due()
    assert [(again(mail).state, again(mail).attempts) for mail in mails] == [("pending", 0)] * 2
    assert fault() == "The mail server refuses connections on this port."


@pytest.mark.parametrize("host", ["smtp..example.org", "a" * 70 + ".example.org"])
def test_a_name_that_no_server_can_have_is_a_fault_of_the_server(database, root, host):
    settings.save({"mail_host": "smtp.example.org", "mail_tls": "none"})
    Setting.update(value=host).where(Setting.key == "mail_host").execute()
    Stamp.bump()
    email = owe()
    assert outbox.deliver_due() == 0
    assert (again(email).state, again(email).attempts) == ("pending", 0)
    assert fault() == "The name of the mail server was not found."
    assert refused(MailServer(host, 25, tls="none"), root) == "The name of the mail server was not found."


def test_a_password_that_cannot_be_sent_is_a_fault_of_the_server(database, root):
    options = {"auth_require_tls": False, "authenticator": lambda *_: AuthResult(success=True)}
    controller = Controller(object(), hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    server = MailServer("127.0.0.1", controller.port, "desk", "motdepassé", tls="none")
    settings.save({"mail_host": server.host, "mail_port": server.port, "mail_tls": "none"})
    settings.save({"mail_username": server.username, "mail_password": server.password})
    email, other = owe(), owe()
    assert outbox.deliver_due() == 0
    assert "holds letters that it cannot take" in refused(server, root)
    controller.stop()
    assert [again(row).state for row in (email, other)] == ["pending"] * 2
    assert "holds letters that it cannot take" in fault()


def test_whatever_breaks_the_connection_leaves_a_reason(smtp, monkeypatch):
    def broken(*_arguments, **_values):
        raise ZeroDivisionError

    monkeypatch.setattr(transport.Connection, "configure_host", broken)
    email = owe()
    assert outbox.deliver_due() == 0
    assert (again(email).state, again(email).attempts) == ("pending", 0)
    assert "could not be written" in fault()


def test_an_administrator_tries_a_failed_mail_again(refusing, root):
    email = owe("gone@customer.example")
    outbox.deliver_due()
    refusing.answers = {}
    retries.retry(again(email), actor=root)
    assert outbox.deliver_due() == 1


def test_an_agent_may_not_try_again(smtp, ana):
    email = owe(state="failed")
    with pytest.raises(NotAllowed):
        retries.retry(email, actor=ana)


# --- One deliverer per mail ---------------------------------------------------------------------------------------


def test_four_deliverers_send_each_mail_once(smtp):
    for number in range(40):
        owe(f"c{number}@customer.example")

    def deliver():
        outbox.deliver_due()
        database.close()

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to for (to,) in smtp.recipients) == sorted(f"c{number}@customer.example" for number in range(40))


def test_mails_of_a_ticket_keep_their_order(smtp, ticket, ana):
    for number in range(5):
        tickets.reply(ticket, f"<p>{number}</p>", actor=ana)
    outbox.deliver_due()
    ids = [row.mail_id for row in OutgoingEmail.select().order_by(OutgoingEmail.id)]
    assert [mail["Message-ID"] for mail in smtp.messages] == ids


def test_a_later_mail_waits_for_the_earlier_one(smtp, ticket, ana):
    first = OutgoingEmail.get()
    tickets.reply(ticket, "<p>later</p>", actor=ana)
    OutgoingEmail.update(due_at=clock.now() + timedelta(hours=1)).where(OutgoingEmail.id == first.id).execute()
    assert outbox.deliver_due() == 0


def test_what_a_crash_left_behind_is_sent(smtp):
    email = owe(state="sending", claimed_at=clock.now() - timedelta(minutes=11), claimed_by="0@here", attempts=1)
    claims.release("0@here")
    assert outbox.deliver_due() == 1
    assert again(email).state == "sent"


@pytest.mark.parametrize("minutes", [-180, 2, 11, 180])
def test_what_another_deliverer_is_sending_is_left_alone(smtp, minutes):
    at = clock.now() - timedelta(minutes=minutes)
    owe(state="sending", claimed_at=at, claimed_by="0@elsewhere", attempts=1)
    claims.release("0@here")
    assert outbox.deliver_due() == 0


@pytest.fixture
def nested(database):
    """Let PostgreSQL run what stands in a condition once for each row, as it does where it expects few."""
    plans = () if is_sqlite() else ("enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort")
    for plan in plans:
        database.execute_sql(f"SET {plan} = off")
    yield
    for plan in plans:
        database.execute_sql(f"RESET {plan}")


@pytest.mark.parametrize("take", [1, 10])
def test_so_many_mails_are_claimed_and_no_more(nested, take):
    mails = [owe() for _ in range(40)]
    assert [mail.id for mail in claims.claim(take)] == [mail.id for mail in mails[:take]]
    counted = OutgoingEmail.select(OutgoingEmail.state, fn.COUNT(OutgoingEmail.id)).group_by(OutgoingEmail.state)
    assert sorted(counted.tuples()) == [("pending", 40 - take), ("sending", take)]


def test_a_deliverer_that_was_taken_for_dead_writes_nothing(smtp):
    owe()
    [mine] = claims.claim()
    claims.release(mine.claimed_by)
    [theirs] = claims.claim()
    claims.store(mine, state="failed")
    assert again(mine).state == "sending"
    claims.store(theirs, state="sent")
    assert again(mine).state == "sent"


def test_a_deliverer_that_is_stopped_leaves_the_rest_unclaimed(smtp):
    stopping = threading.Event()
    mails = [owe(), owe(), owe()]

    class Stopping(Mailbox):
        async def handle_DATA(self, *arguments):  # noqa: N802  aiosmtpd's name
            stopping.set()
            return await super().handle_DATA(*arguments)

    mailbox = Stopping().start()
    settings.save({"mail_host": "127.0.0.1", "mail_port": mailbox.port, "mail_tls": "none"})
    assert outbox.deliver_due(stopping) == 1
    mailbox.stop()
    left = [(again(mail).state, again(mail).attempts) for mail in mails]
    assert left == [("sent", 1), ("pending", 0), ("pending", 0)]


# --- When the next is due, and a clock that jumped ------------------------------------------------------------------


def test_the_next_mail_is_due_now_later_or_never(smtp):
    assert outbox.next_due() is None
    later = clock.now() + timedelta(hours=2)
    owe(due_at=later)
    assert outbox.next_due() == later
    owe()
    assert outbox.next_due() <= clock.now()


def test_without_a_mail_server_nothing_is_due(database):
    owe()
    assert outbox.next_due() is None


def test_a_mail_that_waits_for_an_earlier_one_is_not_due(smtp, ticket, ana):
    later = clock.now() + timedelta(hours=1)
    tickets.reply(ticket, "<p>later</p>", actor=ana)
    first = OutgoingEmail.get()
    OutgoingEmail.update(due_at=later).where(OutgoingEmail.id == first.id).execute()
    assert outbox.next_due() == later


def test_a_clock_set_back_by_three_hours_stops_no_mail(smtp, ticket, ana):
    with time_machine.travel(clock.now() + timedelta(hours=3)):
        tickets.reply(ticket, "<p>Written in what was three hours too late.</p>", actor=ana)
        tried = owe(due_at=clock.now() + timedelta(hours=1), deferred_since=clock.now())
    claims.pull_in()
    assert outbox.deliver_due() == 3
    assert again(tried).state == "sent"


def test_a_failure_after_the_clock_was_set_back_is_an_ordinary_one(smtp):
    with time_machine.travel(clock.now() + timedelta(hours=3)):
        email = owe()
    claims.pull_in()
    smtp.refuse = "451 later"
    outbox.deliver_due()
    claims.pull_in()
    assert timedelta(seconds=50) < again(email).due_at - clock.now() <= timedelta(seconds=60)


def test_what_waits_by_a_right_clock_goes_on_waiting(smtp, ticket, ana):
    OutgoingEmail.delete().execute()
    settings.save({"undo_send_seconds": 30})
    message = tickets.reply(ticket, "<p>On its way</p>", actor=ana)
    tickets.delay_reply(message, actor=ana)
    owe(due_at=clock.now() + timedelta(hours=1), deferred_since=clock.now())
    owe(due_at=clock.now() + timedelta(days=5))
    claims.pull_in()
    assert outbox.deliver_due() == 0


@sqlite_only
def test_finding_what_is_due_reads_an_index(database):
    owe()
    sql, values = claims.due_now().limit(10).sql()
    plan = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    assert "SEARCH t1 USING INDEX email_" in repr(plan)
    assert "SCAN" not in repr(plan)


def test_an_agent_whose_right_was_taken_meanwhile_gets_nothing(smtp, ana, ticket):
    OutgoingEmail.delete().execute()
    email = owe(kind="team_message", agent=ana, to_email=ana.email, ticket=ticket)
    Permission.get(Permission.agent == ana).delete_instance()
    outbox.deliver_due()
    assert (again(email).state, smtp.messages) == ("cancelled", [])


def test_an_agent_disabled_meanwhile_gets_nothing(smtp, ana):
    email = owe(agent=ana, to_email=ana.email)
    ana.active = False
    ana.save()
    outbox.deliver_due()
    assert (again(email).state, smtp.messages) == ("cancelled", [])


def test_the_team_is_not_mailed_about_a_ticket_in_the_bin(smtp, ticket, ana):
    cast.permit(ana, ticket.department, notify=True)
    tickets.receive_message(ticket, "Hello?", actor=ticket.customer)
    tickets.delete(ticket, actor=ana)
    outbox.deliver_due()
    assert smtp.to(ana.email) == []
    assert len(smtp.to("carol@customer.example")) == 2


# --- The test of the screen ---------------------------------------------------------------------------------------


def test_a_test_mail_goes_out_at_once(smtp, root):
    sentence = outbox.send_test("me@desk.example", actor=root)
    assert sentence == "The mail server took the message for me@desk.example."
    assert len(smtp.to("me@desk.example")) == 1


def test_without_a_server_the_test_says_so(database, root):
    with pytest.raises(HelpdeskError, match="No mail server is set"):
        outbox.send_test("me@desk.example", actor=root)


def refused(server, root, to="me@desk.example") -> str:
    with pytest.raises(HelpdeskError) as caught:
        outbox.send_test(to, actor=root, server=server)
    return str(caught.value)


def test_the_test_names_a_server_that_is_not_found(root):
    server = MailServer("no-such-host.invalid", 25, tls="none")
    assert refused(server, root) == "The name of the mail server was not found."


def test_the_test_names_a_closed_port(root):
    assert refused(MailServer("127.0.0.1", free_port(), tls="none"), root) == (
        "The mail server refuses connections on this port."
    )


def test_the_test_names_a_silent_server(root, monkeypatch):
    monkeypatch.setattr(transport, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer("127.0.0.1", silent.getsockname()[1], tls="none")
        assert refused(server, root) == "The mail server does not answer."


def test_the_test_names_a_refused_recipient(refusing, root):
    assert refused(settings.mail_server(), root, "gone@customer.example").endswith("550 no such user")


def test_encryption_is_not_given_up_silently(smtp, root):
    server = replace(settings.mail_server(), tls="starttls")
    assert refused(server, root) == "The mail server offers neither this encryption nor a sign-in on this port."
    assert smtp.messages == []


@pytest.fixture
def certificate(tmp_path):
    """A certificate that nobody has signed."""
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", tmp_path / "key", "-out", tmp_path / "crt"], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    return context


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_certificate_nobody_signed_is_refused(certificate, root):
    port = free_port()
    controller = Controller(object(), hostname="127.0.0.1", port=port)
    controller.factory = lambda: SMTP(controller.handler, tls_context=certificate)
    controller.start()
    said = refused(MailServer("localhost", port, tls="starttls"), root)
    controller.stop()
    assert said.startswith("The certificate of the mail server is not valid")


def test_the_test_names_a_wrong_password(root, database):
    port = free_port()
    options = {"auth_require_tls": False, "authenticator": lambda *_: AuthResult(success=False, handled=False)}
    controller = Controller(object(), hostname="127.0.0.1", port=port, **options)
    controller.start()
    said = refused(MailServer("127.0.0.1", port, "me", "wrong", "none"), root)
    controller.stop()
    assert said.startswith("The mail server refused the user name or password: 535")


def test_the_password_of_the_environment_is_used(database, smtp):
    server = MailServer("127.0.0.1", smtp.port, tls="none")
    environment.use(replace(environment.current(), mail=server))
    settings.save({"mail_host": ""})
    owe()
    assert outbox.deliver_due() == 1


def test_an_unstored_mail_to_nobody_is_not_sent_in_either_case(smtp):
    email = owe()
    for to in (f"x@{claims.UNREACHED}", f"x@{claims.UNREACHED.upper()}"):
        email.to_email = to
        assert claims.is_moot(email)
        outbox.send_unstored(email)
    assert not smtp.messages
