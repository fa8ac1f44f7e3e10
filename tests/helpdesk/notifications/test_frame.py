"""What stands around the text of each e-mail (RULES 38): which ticket, who did what, one way, why one gets it."""

from __future__ import annotations

import re

import pytest

import helpdesk.wiring  # noqa: F401 — events lead to mails only once it is read
from database import Label
from helpdesk import outbox, settings, tickets
from helpdesk.lib import accent
from helpdesk.lib.colors import contrast
from helpdesk.notifications import account_link
from helpdesk.notifications.frame import Way
from helpdesk.tickets import cc
from models import EmailText, OutgoingEmail, Ticket, TicketCc
from tests.support import attached, cast
from tests.support.mailbox import text_of
from tests.support.mails import mail, make_mailbox, receive

LINK = "https://desk.example/t/TOKEN"
DAN = "dan@customer.example"


@pytest.fixture(autouse=True)
def _templates(app):
    """Mails are rendered by the application's templates."""


def newest(kind: str, to: str = "") -> OutgoingEmail:
    rows = OutgoingEmail.select().where(OutgoingEmail.kind == kind, OutgoingEmail.to_email.contains(to))
    return rows.order_by(OutgoingEmail.id.desc()).get()


def html_of(email: OutgoingEmail) -> str:
    return outbox.render(email, LINK if email.link_kind else None).get_body(("html",)).get_content()


def plain_of(email: OutgoingEmail) -> str:
    return text_of(outbox.render(email, LINK if email.link_kind else None))


def ways_of(email: OutgoingEmail) -> list[str]:
    """Return where the links of a mail lead."""
    return re.findall(r'<a\b[^>]*href="([^"]*)"', html_of(email))


@pytest.fixture
def listener(billing):
    """An agent who is told of each message."""
    ana = cast.make_agent("Ana")
    cast.permit(ana, billing, notify=True)
    return ana


# --- Which ticket -------------------------------------------------------------------------------------------------


def test_mails_of_two_tickets_have_two_subjects(carol, billing, invoices, root):
    for _ in range(2):
        tickets.reply(cast.open_ticket(carol, billing, invoices, subject="Hello"), "<p>Yes.</p>", actor=root)
    subjects = [row.subject for row in OutgoingEmail.select().where(OutgoingEmail.to_email.contains("carol"))]
    assert len(set(subjects)) == 4
    assert all("Hello [#" in subject for subject in subjects)


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        ("News", "News – A question about my invoice [#{number}]"),
        ("News of {{prefixed_id}}", "News of {number}"),
        ("{{ticket_object}}", "A question about my invoice [#{number}]"),
        ("7{{prefixed_id}}", "7{number} – A question about my invoice [#{number}]"),
    ],
)
def test_an_owners_subject_gets_what_it_lacks(ticket, root, own, sent):
    EmailText.create(kind="notification", subject=Label(en=own))
    tickets.reply(ticket, "<p>Yes.</p>", actor=root)
    assert newest("notification").subject == sent.format(number=ticket.number)


def test_a_long_subject_keeps_the_number(carol, billing, invoices):
    ticket = cast.open_ticket(carol, billing, invoices, subject="Word " * 40)
    subject = newest("confirmation").subject
    assert subject.endswith((f"… [#{ticket.number}]", f"Word [#{ticket.number}]"))
    assert len(subject) <= 255


def test_an_unproven_address_reads_the_number_and_nothing_that_was_typed(billing, invoices):
    ticket = cast.open_ticket("vera@x.example", billing, invoices, subject="PILLS", first_name="BUY", body="CHEAP")
    email = newest("received")
    assert email.subject == f"We have received your message [#{ticket.number}]"
    assert f"Ticket {ticket.number}" in html_of(email)
    assert not re.search("PILLS|BUY|CHEAP", html_of(email) + plain_of(email))


def test_an_unproven_address_that_wrote_by_mail_reads_nothing_that_was_typed_either(app, billing, invoices, root):
    mailbox = make_mailbox(billing, invoices)
    with app.app_context():
        [row] = receive(mailbox, mail("CHEAP", sender="BUY <vera@x.example>", subject="PILLS"))
    cc.add_cc(row.ticket, ["eve@y.example"], actor=root)
    tickets.reply(row.ticket, "<p>Yes.</p>", actor=root)
    for kind in ("received", "copied"):
        email = newest(kind)
        assert email.subject.endswith(f"[#{row.ticket.number}]")
        assert not re.search("PILLS|BUY|CHEAP", email.subject + html_of(email) + plain_of(email))


# --- One way to the ticket ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["confirmation", "notification"])
def test_a_customer_gets_one_link_that_asks_for_no_account(ticket, carol, root, kind):
    tickets.receive_message(ticket, "Any news?", actor=carol)
    tickets.reply(ticket, "<p>Yes.</p>", actor=root)
    email = newest(kind)
    assert ways_of(email) == [LINK]
    assert plain_of(email).count("https://") == 1
    assert LINK in plain_of(email)
    assert LINK not in re.sub(r'href="[^"]*"', "", html_of(email))
    assert "without an account, for 30 days" in plain_of(email)


@pytest.mark.parametrize(
    ("own", "ways", "words"),
    [
        ("<p>See {{customer_account_link}}</p>", [LINK], "See <br><a class"),
        ("<p>{{customer_account_link}}.</p><p>Bye</p>", [LINK], '<p style="margin:0 0 14px;"><a class'),
        ("<p>Open {{customer_account_link}} to read.</p>", [LINK] * 2, ">Read and answer this ticket</a> to read."),
        ("<p>Hello</p>", [LINK], "Hello</p>"),
    ],
)
def test_the_owners_account_link_leads_to_the_ticket_too(ticket, root, own, ways, words):
    EmailText.create(kind="notification", body=Label(en=own))
    tickets.reply(ticket, "<p>Yes.</p>", actor=root)
    email = newest("notification")
    assert ways_of(email) == ways
    assert words in html_of(email)
    assert LINK in plain_of(email)
    assert f"/tickets/{ticket.number}" not in html_of(email) + plain_of(email)


def test_a_link_with_the_owners_words_leads_to_the_ticket_too(ticket):
    body = f'<p><a href="{account_link.of(ticket)}" rel="nofollow">here</a></p>'
    written, has_button = account_link.with_button(body, ticket, Way("Read:", LINK), "BUTTON")
    assert (written, has_button) == (f'<p><a href="{LINK}" rel="nofollow">here</a></p>', False)
    assert account_link.leading_to(body, ticket, LINK) == written


def test_the_team_gets_a_button_and_the_way_to_the_own_settings(ticket, listener, carol):
    tickets.receive_message(ticket, "Any news?", actor=carol)
    email = newest("team_message")
    site = settings.site_url()
    assert ways_of(email) == [f"{site}/admin/tickets/{ticket.number}", f"{site}/admin/my-settings/"]


# --- In copy ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(ticket, carol):
    """Carol's ticket, with Dan in copy."""
    cast.make_customer("Dan")
    cc.add_cc(ticket, [DAN], actor=carol)
    return Ticket.get_by_id(ticket.id)


def test_somebody_in_copy_reads_who_did_what_to_whom(copied, carol, root):
    tickets.receive_message(copied, "Any news?", actor=carol)
    wrote = plain_of(newest("copy", DAN))
    tickets.reply(copied, "<p>Yes.</p>", actor=root)
    answered = plain_of(newest("copy", DAN))
    assert "Carol Jones wrote." in wrote
    assert f"{root.name} replied to Carol Jones." in answered
    for text in (wrote, answered):
        assert "Carol Jones has put you in copy of this ticket" in text
        assert not re.search(r"your ticket|log ?in|your account|sign in", text, re.IGNORECASE)


def test_an_owners_text_to_the_customer_is_none_for_people_in_copy(copied, carol, root):
    EmailText.create(kind="notification", body=Label(en="<p>Your ticket is ours.</p>"), sender_email="own@desk.example")
    tickets.reply(copied, "<p>Yes.</p>", actor=root)
    assert "Your ticket is ours." in plain_of(newest("notification"))
    assert "Your ticket" not in plain_of(newest("copy", DAN))
    assert newest("copy", DAN).from_email == "own@desk.example"


def test_people_in_copy_are_told_nothing_while_the_notification_is_off(copied, carol):
    EmailText.create(kind="notification", enabled=False)
    tickets.receive_message(copied, "Any news?", actor=carol)
    assert not OutgoingEmail.select().where(OutgoingEmail.to_email == DAN).exists()


def test_whom_the_team_put_in_copy_reads_so(copied, root):
    settings.save({"desk_name": "Corner Shop"})
    TicketCc.update(added_by="agent").execute()
    tickets.reply(copied, "<p>Yes.</p>", actor=root)
    assert "Corner Shop has put you in copy of this ticket" in plain_of(newest("copy", DAN))


def test_the_customer_reads_that_somebody_in_copy_wrote(copied):
    dan = TicketCc.get().address.customer
    tickets.receive_message(copied, "Me too.", actor=dan)
    text = plain_of(newest("notification", "carol"))
    assert "Dan wrote." in text
    assert "this ticket was opened with your address" in text


# --- For the team -------------------------------------------------------------------------------------------------


def test_the_team_reads_who_wrote_and_what(ticket, listener, carol):
    message = tickets.receive_message(ticket, "Any <b>news</b>?\nThanks", actor=carol)
    attached.file(ticket, name="photo.pdf", message=message)
    email = newest("team_message")
    for part in (html_of(email), plain_of(email)):
        assert "Carol Jones wrote:" in part
        assert "Files: photo.pdf" in part
    assert "> Any <b>news</b>?\n> Thanks" in plain_of(email)
    assert "Any &lt;b&gt;news&lt;/b&gt;?" in html_of(email)


def test_what_was_written_can_be_left_out(ticket, listener, carol):
    settings.save({"mail_shows_message": False})
    tickets.receive_message(ticket, "Any news?", actor=carol)
    text = plain_of(newest("team_message"))
    assert "Carol Jones wrote." in text
    assert "news" not in text


def test_what_the_owners_text_holds_is_not_shown_twice(ticket, listener, carol):
    EmailText.create(kind="team_message", body=Label(en="<p>{{message}}</p>"))
    tickets.receive_message(ticket, "Any news?\nThanks", actor=carol)
    assert plain_of(newest("team_message")).count("Any news?") == 1


def test_a_very_long_message_is_cut(ticket, listener, carol):
    tickets.receive_message(ticket, "word " * 3_000, actor=carol)
    email = newest("team_message")
    assert 9_000 < len(plain_of(email)) < 12_000
    assert "word…" in html_of(email)


def test_a_team_that_gets_a_ticket_reads_what_its_customer_wrote(ticket, ben, root):
    tickets.assign(ticket, ben, actor=root)
    assert "> The total looks wrong to me." in plain_of(newest("assignment"))
    assert "because this ticket is assigned to you" in plain_of(newest("assignment"))
    tickets.assign(ticket, cast.make_team("Night shift", ben, email="night@desk.example"), actor=root)
    for address in (ben.email, "night@desk.example"):
        assert "assigned to the team “Night shift”" in plain_of(newest("assignment", address))


def test_a_note_of_colleagues_is_in_no_mail_to_customers(copied, carol, root):
    tickets.add_note(copied, "<p>SECRET</p>", actor=root)
    tickets.reply(copied, "<p>Yes.</p>", actor=root)
    assert not any("SECRET" in html_of(row) + plain_of(row) for row in OutgoingEmail.select())


# --- How it looks -------------------------------------------------------------------------------------------------


def test_without_its_style_block_a_mail_is_dressed(ticket, root):
    tickets.reply(ticket, "<p>Yes.</p>", actor=root)
    bare = re.sub(r"<style>.*?</style>|<!--.*?-->", "", html_of(newest("notification")), flags=re.DOTALL)
    (button,) = re.findall(r'<a class="button"[^>]*style="([^"]*)"', bare)
    assert "background:#6d2c65" in button
    assert "color:#ffffff" in button
    assert all("style=" in tag for tag in re.findall(r"<(?:td|p|h1|body|a)\b[^>]*>", bare))


@pytest.mark.parametrize("colour", ["#6d2c65", "#ffee00", "#000000", "#ffffff", "#2fd0a5", "rebeccapurple"])
def test_the_words_of_the_button_are_readable_in_any_accent(colour):
    light, dark = accent.of_mail(colour)
    assert contrast(light, "#ffffff") >= 4.5
    assert contrast(dark, "#191618") >= 4.5
