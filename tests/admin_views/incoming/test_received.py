"""The screens of the mail that comes in: mailboxes, received e-mails, senders."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import SQL

from database import database
from helpdesk import clock, i18n, settings
from helpdesk.incoming import collection, held_mail_count, mail_recipients, pipeline
from helpdesk.notifications import reply_address
from models import (
    LARGE_MAIL,
    Agent,
    Customer,
    IncomingMail,
    Mailbox,
    Message,
    OutgoingEmail,
    SenderRule,
    Service,
    Ticket,
)
from tests.support import attached, cast, doors, sqlite_only
from tests.support.mails import ADDRESS, mail, make_mailbox, take
from tests.support.ports import free_port

Clients = Callable[[Agent | Customer], FlaskClient]


@pytest.fixture
def mailbox(billing: Service, app: Any) -> Mailbox:
    held_mail_count.forget()
    invoices = billing.departments.get()
    return make_mailbox(billing, invoices)


def decided(app: Any, mailbox: Mailbox, content: bytes, **values: Any) -> IncomingMail:
    row = take(mailbox, content, **values)
    with app.app_context(), i18n.in_language("en"):
        pipeline.decide_waiting()
    return IncomingMail.get_by_id(row.id)


def form_of(service: Service, **values: Any) -> dict[str, Any]:
    return {
        "kind": "imap", "address": ADDRESS, "name": "Support", "host": "imap.desk.example", "port": "993",
        "security": "tls", "username": "support", "password": "secret", "folder": "INBOX", "begin": "new",
        "service": service.id, "enabled": "y", **values,
    }  # fmt: skip


# --- Mailboxes ----------------------------------------------------------------------------------------------------


def test_a_mailbox_is_added_and_its_password_kept_to_itself(client_of: Clients, root: Agent, sales: Service) -> None:
    client = client_of(root)
    answer = doors.post(client, "/admin/mailboxes/new/", form_of(sales, password="open-sesame"))
    assert answer.status_code == 302, doors.text_of(answer)
    row = Mailbox.get()
    assert (row.address, row.host, row.service_id) == (ADDRESS, "imap.desk.example", sales.id)
    assert settings.decrypt(row.secret) == "open-sesame"
    page = client.get(f"/admin/mailboxes/edit/?id={row.id}").get_data(as_text=True)
    assert "open-sesame" not in page
    assert row.secret not in page


def test_a_password_is_forgotten_with_what_it_was_for(client_of: Clients, root: Agent, sales: Service) -> None:
    client = client_of(root)
    doors.post(client, "/admin/mailboxes/new/", form_of(sales))
    url = f"/admin/mailboxes/edit/?id={Mailbox.get().id}"
    doors.post(client, url, form_of(sales, password="", name="Renamed"))
    assert settings.decrypt(Mailbox.get().secret) == "secret"
    for change in ({"host": "evil.example"}, {"port": "143"}, {"username": "other"}):
        Mailbox.update(secret=settings.encrypt("secret")).execute()
        doors.post(client, url, form_of(sales, password="", **change))
        assert Mailbox.get().secret == "", change


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"address": "nobody"}, "not an e-mail address"),
        ({"host": "no server"}, "not the name of a server"),
        ({"security": "none"}, "everybody on the way"),
        ({"port": "99999"}, "993 or 143"),
        ({"username": ""}, "required"),
        ({"aliases": "a@b.example\nnothing"}, "“nobody”"),
    ],
)
def test_bad_input_is_answered_at_its_field(
    client_of: Clients, root: Agent, sales: Service, values: dict[str, str], told: str
) -> None:
    answer = doors.post(client_of(root), "/admin/mailboxes/new/", form_of(sales, **values))
    assert answer.status_code == 200
    assert not Mailbox.select().exists()
    text = doors.text_of(answer)
    assert told.replace("“nobody”", "“nothing”") in text


def test_a_mailbox_without_the_department_it_needs_is_refused(
    client_of: Clients, root: Agent, billing: Service
) -> None:
    answer = doors.post(client_of(root), "/admin/mailboxes/new/", form_of(billing))
    assert "Choose a department." in doors.text_of(answer)


def test_a_mailbox_with_mails_is_switched_off_not_deleted(
    client_of: Clients, root: Agent, mailbox: Mailbox, app: Any
) -> None:
    decided(app, mailbox, mail())
    client = client_of(root)
    answer = doors.post(client, "/admin/mailboxes/delete/", {"id": mailbox.id})
    assert "Switch it off instead" in doors.text_of(answer)
    IncomingMail.delete().execute()
    doors.post(client, "/admin/mailboxes/delete/", {"id": mailbox.id, "confirmed": "1"})
    assert not Mailbox.select().exists()


@sqlite_only
def test_the_test_of_a_mailbox_names_what_is_wrong(client_of: Clients, root: Agent, sales: Service) -> None:
    row = make_mailbox(sales, kind="imap", host="127.0.0.1", port=9, security="tls", secret=settings.encrypt("x"))
    text = doors.text_of(doors.post(client_of(root), "/admin/mailboxes/test/", {"id": row.id}))
    assert "The server refuses connections on this port." in text


def test_only_administrators_touch_mailboxes(client_of: Clients, ana: Agent, mailbox: Mailbox) -> None:
    role = cast.make_role("Sets up", can_configure=True)
    ana.role = role
    ana.save()
    client = client_of(ana)
    assert client.get("/admin/mailboxes/").status_code == 403
    assert doors.post(client, "/admin/mailboxes/test/", {"id": mailbox.id}).status_code == 403
    assert client.get("/admin/senders/").status_code == 200


# --- Received e-mails ---------------------------------------------------------------------------------------------


def test_a_held_mail_waits_in_menu_list_and_dashboard(
    client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any
) -> None:
    row = decided(app, mailbox, mail(sender=""))
    client = client_of(ana)
    assert "Received e-mails 1" in doors.text_of(client.get("/admin/tickets/"))
    assert "1 e-mail waits for a decision" in doors.text_of(client.get("/admin/dashboard/"))
    text = doors.text_of(client.get("/admin/incoming/"))
    assert "To check" in text
    assert "It does not say who wrote it" in text
    page = doors.text_of(client.get(f"/admin/incoming/details/?id={row.id}"))
    assert "Names nobody, or several" in page
    assert "My printer does not print." in page


def test_the_page_of_a_mail_shows_its_way_and_its_importance(
    client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any
) -> None:
    way = [
        ("Received", "from mx.desk.example by store.desk.example; Mon, 30 Nov 2026 12:05:09 +0000"),
        ("Received", "from <b>evil</b> by mx.desk.example; Mon, 30 Nov 2026 12:00:04 +0000"),
        ("Received", "from laptop by out.customer.example; Mon, 30 Nov 2026 12:00:09 +0000"),
        ("X-Priority", "1 (Highest)"),
    ]
    row = decided(app, mailbox, mail(headers=way))
    page = doors.text_of(client_of(ana).get(f"/admin/incoming/details/?id={row.id}"))
    assert "Its way: 3 servers" in page
    assert "from <b>evil</b>" in page
    assert "the clocks differ" in page
    assert "5 min later" in page
    assert "High (shown only: it changes nothing)" in page
    # Shown, not obeyed.
    assert row.ticket.priority.identifier != "high"
    thread = doors.text_of(client_of(ana).get(f"/admin/tickets/{row.ticket.number}"))
    assert "Marked as important by its sender." in thread


def test_mails_are_found_by_mailbox_recipient_program_and_size(
    client_of: Clients, root: Agent, mailbox: Mailbox, billing: Service, app: Any
) -> None:
    other = make_mailbox(billing, name="Orders", address="orders@desk.example")
    decided(app, mailbox, mail(subject="Coded", to="Support+kabc@desk.example", headers=[("Cc", "Bob@Other.example")]))
    decided(app, other, mail(subject="Programmed", headers=[("Precedence", "bulk")], to="orders@desk.example"))
    large = [("a.bin", b"x" * (1 << 20), "application/octet-stream")]
    decided(app, other, mail(subject="Heavy", to="orders@desk.example", files=large))
    client = client_of(root)
    groups = re.findall(
        r'for="filter-\d+">\s*([^<]*?)\s*</label>.*?name="flt0_(\w+)"', client.get("/admin/incoming/").text, re.DOTALL
    )
    arguments = dict(groups)

    def listed(name: str, value: object) -> set[str]:
        text = doors.text_of(client.get("/admin/incoming/", query_string={f"flt0_{arguments[name]}": value}))
        return {subject for subject in ("Coded", "Programmed", "Heavy") if subject in text}

    assert listed("Mailbox", other.id) == {"Programmed", "Heavy"}
    assert listed("Recipient (the whole address)", "support@desk.example") == {"Coded"}
    assert listed("Recipient (the whole address)", "bob@other.example") == {"Coded"}
    assert listed("Recipient (the whole address)", "desk.example\0") == set()
    assert listed("Written by", 1) == {"Programmed"}
    assert listed("Written by", 0) == {"Coded", "Heavy"}
    assert listed("Size", 1 << 20) == {"Heavy"}
    assert listed("Size", 25 << 20) == set()


@sqlite_only
def test_the_filters_of_mails_use_their_indexes(mailbox: Mailbox) -> None:
    for condition, index in (
        (IncomingMail.mailbox == mailbox.id, "incoming_mail_of_mailbox"),
        (SQL("automatic"), "incoming_mail_automatic"),
        (SQL(f"size >= {LARGE_MAIL}"), "incoming_mail_large"),
        (mail_recipients.written_to("a@customer.example"), "mail_recipient_email_mail_id"),
    ):
        query = IncomingMail.select().where(condition).order_by(IncomingMail.id.desc()).limit(25)
        sql, values = query.sql()
        plan = " ".join(row[-1] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
        assert index in plan, plan


def test_a_logo_that_comes_again_and_again_is_folded(
    client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any
) -> None:
    logo, shot = attached.png(40), attached.png(41)

    def answer(number: int, *pictures: bytes) -> Ticket:
        files = [(f"image{number}.png", content, "image/png") for content in pictures]
        subject = f"Re: [#{Ticket.get().number}]" if number else "A printer"
        return decided(app, mailbox, mail(f"Answer {number}", subject=subject, files=files)).ticket

    def page() -> str:
        return client_of(ana).get(f"/admin/tickets/{Ticket.get().number}").get_data(as_text=True)

    answer(0, logo)
    answer(1, logo, shot)
    assert "repeated picture" not in page()
    answer(2, logo)
    folded = re.findall(r"<summary>1 repeated picture \(a logo\)</summary>(.*?)</details>", page(), re.DOTALL)
    # Nothing is lost: each is one click away, and what came once stands there as before.
    assert [re.findall(r"image\d\.png(?=</bdi>)", one) for one in folded] == [
        ["image0.png"],
        ["image1.png"],
        ["image2.png"],
    ]
    assert page().count("image1.png</bdi>") == 2


def test_mails_stand_beside_the_menu_of_tickets(client_of: Clients, root: Agent) -> None:
    page = client_of(root).get("/admin/incoming/").text
    assert 'href="/admin/tickets/?view=mine"' in page


def test_mails_are_read_where_their_ticket_or_mailbox_is(
    client_of: Clients, ana: Agent, ben: Agent, mailbox: Mailbox, app: Any
) -> None:
    held_row, opened = decided(app, mailbox, mail(sender="")), decided(app, mailbox, mail("Two"))
    for row in (held_row, opened):
        url = f"/admin/incoming/details/?id={row.id}"
        assert client_of(ana).get(url).status_code == 200
        assert client_of(ben).get(url).status_code == 404
        for act in ("open", "close", "replay", "add", "accept", "hold", "fetch", "open-for", "reopen"):
            answer = doors.post(client_of(ben), f"/admin/incoming/{act}/", {"id": row.id, "confirmed": "1"})
            assert answer.status_code == 404, act
    assert client_of(ben).get("/admin/incoming/").get_data(as_text=True).count("row-link") == 0
    # The whole mail: of a ticket one sees, else an administrator's.
    for row, status in ((opened, 200), (held_row, 404)):
        with client_of(ana).get(f"/admin/incoming/raw/?id={row.id}") as answer:
            assert answer.status_code == status


def test_the_whole_mail_is_handed_out_as_bytes(client_of: Clients, root: Agent, mailbox: Mailbox, app: Any) -> None:
    letter = mail(html="<script>alert(1)</script><p>Hello</p>")
    row = decided(app, mailbox, letter)
    with client_of(root).get(f"/admin/incoming/raw/?id={row.id}") as answer:
        assert answer.data == letter
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_held_mail_becomes_a_ticket_with_one_click(
    client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any
) -> None:
    row = decided(app, mailbox, mail(headers=[("Auto-Submitted", "auto-replied")]))
    assert (row.state, row.reason) == ("held", "automatic-answer")
    answer = doors.post(client_of(ana), "/admin/incoming/open/", {"id": row.id})
    ticket = Ticket.get()
    assert answer.headers["Location"].endswith(f"/admin/tickets/{ticket.number}")
    row = IncomingMail.get_by_id(row.id)
    assert (row.state, row.reason, row.ticket_id) == ("new", "opened", ticket.id)
    # It has its ticket: no second one is made, whatever is asked.
    for act in ("open", "replay", "close"):
        text = doors.text_of(doors.post(client_of(ana), f"/admin/incoming/{act}/", {"id": row.id, "confirmed": "1"}))
        assert "This e-mail has its ticket already." in text
    assert Ticket.select().count() == 1


def test_a_colleagues_mail_is_opened_for_whose_it_is(
    client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any
) -> None:
    row = decided(app, mailbox, mail("Please help Agnes.", sender=ana.email, subject="Fwd: A saddle"))
    assert row.reason == "colleague"
    client = client_of(ana)
    data = {"id": row.id, "email": "agnes@customer.example", "name": ""}
    text = doors.text_of(doors.post(client, "/admin/incoming/open-for/", data))
    assert "Nobody with this address is known yet: write a name." in text
    assert IncomingMail.get_by_id(row.id).state == "held"
    doors.post(client, "/admin/incoming/open-for/", {**data, "name": "Agnès Tessier"})
    ticket = Ticket.get()
    assert (ticket.address.email, ticket.subject) == ("agnes@customer.example", "A saddle")
    assert ticket.customer.full_name == "Agnès Tessier"


def test_a_mail_is_added_to_a_ticket(
    client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any, ticket: Ticket
) -> None:
    own = decided(app, mailbox, mail("More of it", sender="carol@customer.example"), state="held", reason="list")
    own = IncomingMail.get_by_id(own.id)
    foreign = decided(app, mailbox, mail("I saw it", sender=""))
    client = client_of(ana)
    doors.post(client, "/admin/incoming/add/", {"id": own.id, "number": ticket.number})
    doors.post(client, "/admin/incoming/add/", {"id": foreign.id, "number": f"#{ticket.number}"})
    kinds = [(row.kind, row.author_name) for row in Message.select().order_by(Message.id)][1:]
    assert kinds == [("customer", "Carol Jones"), ("note", "Ana")]
    text = doors.text_of(doors.post(client, "/admin/incoming/add/", {"id": foreign.id, "number": "999"}))
    assert "This e-mail has its ticket already." in text


def test_nothing_to_do_is_noted_and_taken_back(client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any) -> None:
    row = decided(app, mailbox, mail(sender=""))
    client = client_of(ana)
    doors.post(client, "/admin/incoming/close/", {"id": row.id})
    assert IncomingMail.get().state == "ignored"
    assert "Ana decided that there is nothing to do." in doors.text_of(client.get("/admin/incoming/"))
    doors.post(client, "/admin/incoming/reopen/", {"id": row.id})
    row = IncomingMail.get()
    assert (row.state, row.reason) == ("held", "no-sender")


def test_replay_says_first_what_it_would_do(client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any) -> None:
    mailbox.hold_lists = True
    mailbox.save()
    row = decided(app, mailbox, mail(headers=[("List-Id", "<a.example>")]))
    mailbox.hold_lists = False
    mailbox.save()
    client = client_of(ana)
    text = doors.text_of(doors.post(client, "/admin/incoming/replay/", {"id": row.id}))
    assert "If it came in now: New ticket." in text
    assert not Ticket.select().exists()
    doors.post(client, "/admin/incoming/replay/", {"id": row.id, "confirmed": "1"})
    assert Ticket.select().count() == 1


def test_accepting_a_sender_lets_what_waits_in(client_of: Clients, root: Agent, mailbox: Mailbox, app: Any) -> None:
    headers = [("Auto-Submitted", "auto-replied")]
    rows = [decided(app, mailbox, mail(f"Number {n}", headers=headers)) for n in range(3)]
    doors.post(client_of(root), "/admin/incoming/accept/", {"id": rows[0].id})
    assert SenderRule.get().does == "accept"
    assert {row.state for row in IncomingMail.select()} == {"new"}


def test_ticked_mails_are_decided_together(client_of: Clients, ana: Agent, mailbox: Mailbox, app: Any) -> None:
    rows = [decided(app, mailbox, mail(f"Number {n}", sender="")) for n in range(3)]
    client = client_of(ana)
    data = {"action": "close", "rowid": [row.id for row in rows]}
    answer = doors.post(client, "/admin/incoming/action/", data, follow_redirects=True)
    assert "3 e-mails were decided." in doors.text_of(answer)
    doors.post(client, "/admin/incoming/action/", {**data, "action": "reopen"})
    assert {row.state for row in IncomingMail.select()} == {"held"}


def test_the_list_is_searched_filtered_and_exported(
    client_of: Clients, root: Agent, mailbox: Mailbox, app: Any
) -> None:
    decided(app, mailbox, mail(subject="A red bicycle"))
    decided(app, mailbox, mail(subject="A blue one", sender=""))
    client = client_of(root)
    text = doors.text_of(client.get("/admin/incoming/?search=bicycle"))
    assert "A red bicycle" in text
    assert "A blue one" not in text
    assert "A red bicycle" not in doors.text_of(client.get("/admin/incoming/?flt0_0=held"))
    lines = client.get("/admin/incoming/export/csv/").get_data(as_text=True).splitlines()
    assert len(lines) == 3
    assert Ticket.get().number in lines[2] + lines[1]


def test_without_a_mailbox_nothing_speaks_of_mail(client_of: Clients, ana: Agent) -> None:
    assert "Received e-mails" not in doors.text_of(client_of(ana).get("/admin/tickets/"))


def test_a_failing_mailbox_is_named_to_administrators(
    client_of: Clients, root: Agent, ana: Agent, mailbox: Mailbox
) -> None:
    mailbox.failing_since, mailbox.last_error = clock.now() - timedelta(minutes=20), "It is broken."
    mailbox.save()
    text = doors.text_of(client_of(root).get("/admin/dashboard/"))
    assert "The mailbox Support cannot be read since" in text
    assert "It is broken." in text
    assert "It is broken." not in doors.text_of(client_of(ana).get("/admin/dashboard/"))
    assert "It is broken." in doors.text_of(client_of(root).get("/admin/health/"))


def test_why_a_mailbox_fails_is_told_in_the_language_of_each_reader(
    client_of: Clients, root: Agent, mailbox: Mailbox
) -> None:
    mailbox.kind, mailbox.host, mailbox.port, mailbox.security = "imap", "127.0.0.1", free_port(), "none"
    mailbox.save()
    collection.collect(mailbox)
    Mailbox.update(failing_since=clock.now() - timedelta(minutes=20)).execute()
    pages = ("/admin/dashboard/", "/admin/health/", "/admin/mailboxes/", f"/admin/mailboxes/edit/?id={mailbox.id}")
    for locale, sentence in (("en", "The server refuses connections"), ("fr", "Le serveur refuse les connexions")):
        root.locale = locale
        root.save()
        texts = [doors.text_of(client_of(root).get(page)) for page in pages]
        assert [sentence in text for text in texts] == [True] * len(pages), locale


# --- Senders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Shop@Example.ORG", "shop@example.org"),
        ("*@example.org", "example.org"),
        (".Example.org", ".example.org"),
        ("café.example", "xn--caf-dma.example"),
    ],
)
def test_a_sender_is_stored_in_one_form(client_of: Clients, root: Agent, typed: str, stored: str) -> None:
    doors.post(client_of(root), "/admin/senders/new/", {"pattern": typed, "does": "ignore", "note": "Adverts"})
    assert SenderRule.get().pattern == stored


@pytest.mark.parametrize("typed", ["", "no spaces allowed", "-.example", "a@b@c", "x" * 254])
def test_what_is_no_sender_is_refused(client_of: Clients, root: Agent, typed: str) -> None:
    answer = doors.post(client_of(root), "/admin/senders/new/", {"pattern": typed, "does": "ignore"})
    assert answer.status_code == 200
    assert not SenderRule.select().exists()


# --- Strangers in a ticket ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("customer", "The address is the customer’s own from now on."),
        ("copy", "In copy from now on: they get the next messages."),
        ("split", "The message has a ticket of its own now."),
    ],
)
def test_a_strangers_message_has_three_buttons(
    client_of: Clients, ana: Agent, ben: Agent, mailbox: Mailbox, app: Any, ticket: Ticket, act: str, told: str
) -> None:
    mailbox.sub_addresses = True
    mailbox.save()
    ours = OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.address.is_null(False)).get()
    row = decided(app, mailbox, mail("Let me in", to=reply_address.of(ours)))
    client, url = client_of(ana), f"/admin/tickets/{ticket.number}"
    page = doors.text_of(client.get(url))
    assert "Written from an address this ticket does not know." in page
    assert "By e-mail to support@desk.example, from erin@customer.example" in page
    for button in ("It is the customer", "Put in copy", "Make another ticket of it"):
        assert button in page
    address = f"/admin/strangers/{ticket.number}/{row.message_id}/{act}"
    assert doors.post(client_of(ben), address).status_code == 404
    assert told in doors.text_of(doors.post(client, address, follow_redirects=True))
    assert "this ticket does not know" not in doors.text_of(client.get(url))
    again = doors.post(client, address, follow_redirects=True)
    assert "Somebody else has just decided about this message." in doors.text_of(again)


# --- The layout of a mail -----------------------------------------------------------------------------------------

LAYOUT = """<html><head><style>p { background: url(https://spy.example/a.png) }</style><script>alert(1)</script></head>
<body onload="alert(2)"><table bgcolor="#ffffff"><tr><td style="color: red; background-image: url(https://spy.example/b)">
<p>Hello</p><img src="cid:logo@x" alt="logo"><img src="https://spy.example/pixel.gif"><img src="http://spy.example/c.png">
<img src="data:image/svg+xml;base64,AAAA"><form action="https://spy.example"><input name="q"></form>
<a href="javascript:alert(3)">a</a><iframe src="https://spy.example"></iframe></td></tr></table></body></html>"""


def test_the_layout_of_a_mail_is_a_document_that_runs_and_loads_nothing(
    client_of: Clients, app: Any, mailbox: Mailbox, root: Agent
) -> None:
    letter: Any = message_from_bytes(mail("Hello", html=LAYOUT), policy=policy.default)
    letter.get_payload()[1].add_related(attached.png(), "image", "png", cid="<logo@x>")
    row = decided(app, mailbox, letter.as_bytes())
    client = client_of(root)
    assert "Show it with its layout" in doors.text_of(client.get(f"/admin/incoming/details/?id={row.id}"))
    answer = client.get(f"/admin/incoming/page/?id={row.id}")
    page, rules = answer.get_data(as_text=True), answer.headers["Content-Security-Policy"]
    assert (answer.status_code, "Hello" in page) == (200, True)
    assert "default-src 'none'" in rules
    assert "img-src data:;" in rules
    assert rules.endswith("sandbox")
    assert "data:image/png;base64," in page
    for word in ("spy.example", "alert", "<script", "<form", "<iframe", "onload", "svg+xml", "javascript"):
        assert word not in page, word
    assert "2 pictures lie elsewhere and were not loaded" in doors.text_of(answer)
    # Asked for them, those that travel encrypted are loaded, and nothing else.
    answer = client.get(f"/admin/incoming/page/?id={row.id}&pictures=1")
    page = answer.get_data(as_text=True)
    assert "https://spy.example/pixel.gif" in page
    assert "http://spy.example/c.png" not in page
    assert "img-src data: https:;" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_layout_is_shown_to_who_may_have_the_whole_mail(
    client_of: Clients, app: Any, mailbox: Mailbox, ana: Agent, ben: Agent
) -> None:
    row = decided(app, mailbox, mail("Hello", html="<p>Hello</p>"))
    assert client_of(ana).get(f"/admin/incoming/page/?id={row.id}").status_code == 200
    assert client_of(ben).get(f"/admin/incoming/page/?id={row.id}").status_code == 404
    held = decided(app, mailbox, mail("Hello", sender="", html="<p>Hello</p>"))
    assert client_of(ana).get(f"/admin/incoming/page/?id={held.id}").status_code == 404
    plain = decided(app, mailbox, mail("Hello"))
    assert client_of(ana).get(f"/admin/incoming/page/?id={plain.id}").status_code == 302


def test_the_thread_folds_what_is_quoted_and_proposes_people(
    client_of: Clients, app: Any, mailbox: Mailbox, ana: Agent, ticket: Ticket
) -> None:
    text = "Thanks.\n\nOn 23/11/2026 10:12, Support wrote:\n> We look into it."
    copied = [("Cc", "bob@x.example")]
    letter = mail(text, sender="carol@customer.example", subject=f"[#{ticket.number}]", headers=copied)
    decided(app, mailbox, letter)
    client, url = client_of(ana), f"/admin/tickets/{ticket.number}"
    page = client.get(url).get_data(as_text=True)
    assert '<details class="quoted">' in page
    assert "bob@x.example was in copy of the e-mail." in doors.text_of(client.get(url))
    doors.post(client, f"/admin/copies/{ticket.number}/add", {"copies": "bob@x.example"})
    assert "was in copy of the e-mail" not in doors.text_of(client.get(url))
