"""Masking passages and files: gone from every place, undone for an hour, then nowhere in the files of the desk."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import time_machine

import helpdesk.wiring  # noqa: F401 — events lead to mails only once it is read
from helpdesk import clock, search, send_later, settings, tickets
from helpdesk.corrections import aside, correcting, masked_files, masked_text, masking, unmasking
from helpdesk.corrections.correcting import Correction
from helpdesk.corrections.masked_text import MASK
from helpdesk.erasing import vacuuming
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.files import file_store
from helpdesk.incoming import raw_mail
from helpdesk.send_later import NewReply
from helpdesk.tickets import drafts, merge_undo
from helpdesk.tickets.splitting import Part
from models import (
    Attachment,
    Draft,
    IncomingMail,
    Mailbox,
    MailedMessage,
    Mask,
    Message,
    MessageVersion,
    OutgoingEmail,
    Rating,
    ScheduledReply,
    Ticket,
    TicketEvent,
)
from tests.helpdesk.erasing import planting
from tests.support import attached, cast

pytestmark = pytest.mark.usefixtures("request_context", "no_files")

CARD = "4970zq 1111zq 2222zq"
FILE = b"zqfilesecret"


def passage(text=CARD):
    return masked_text.passage_of(text)


def left():
    """The places of the desk that still hold a word of what was masked."""
    words = (b"4970zq", b"1111zq", b"2222zq", FILE)
    return sorted(place for place, content in planting.places().items() if any(word in content for word in words))


@pytest.fixture
def planted(carol, sales, ben):
    """A ticket whose passage stands in every place there is."""
    settings.save({"undo_send_seconds": 0})
    ticket = cast.open_ticket(carol, sales, subject=f"My card {CARD}", body=f"Charge\n\n{CARD}\n\nplease")
    tickets.rename(ticket, f"Card {CARD}", actor=ben)
    first = Message.get(Message.ticket == ticket.id)
    reply = tickets.reply(ticket, "<p>You wrote <b>4970zq</b> 1111zq<br>&nbsp;2222zq</p>", actor=ben)
    state = correcting.state_of(reply, [])
    correcting.correct(reply, Correction(f"<p>We charge {CARD} <i>now</i></p>", state), actor=ben)
    tickets.add_note(
        ticket, f'<p><a href="https://bank.example/?card=4970zq%201111zq%202222zq">{CARD}</a></p>', actor=ben
    )
    drafts.save(ticket, drafts.Writing(f"<blockquote>{CARD}</blockquote>"), actor=ben)
    send_later.schedule(ticket, NewReply(f"<p>{CARD}</p>"), clock.now() + timedelta(days=1), actor=ben)
    Rating.create(ticket=ticket, score="bad", comment=CARD, rated_at=clock.now())
    other = cast.open_ticket(carol, sales, subject=f"Again {CARD}")
    tickets.merge(other, ticket, actor=ben)
    OutgoingEmail.update(body=OutgoingEmail.body.concat(f"<p>{CARD}</p>")).where(
        OutgoingEmail.ticket == ticket
    ).execute()
    mailbox = Mailbox.create(name="Support", address="support@desk.example", service=sales)
    text = base64.encodebytes(f"My card: {CARD}\n".encode()).decode()
    raw = f"From: c@x.example\r\nSubject: card\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
    for uid, message in enumerate((first, None), 1):
        path, digest = raw_mail.keep(f"X-Uid: {uid}\r\n{raw}".encode())
        IncomingMail.create(
            mailbox=mailbox, uid=uid, sha256=digest, size=len(raw), path=path, received_at=clock.now(), ticket=ticket,
            message=message, state="new", subject=f"card {CARD}", explanation={"read": {"text": CARD}},
        )  # fmt: skip
    MailedMessage.create(
        message=first, sender="c@x.example", mailbox="support@desk.example", rest=f"<p>&gt; {CARD}</p>"
    )
    return Ticket.get_by_id(ticket.id)


def tickets_with(words):
    return Ticket.select().where(Ticket.id.in_(search.ticket_ids(words)))


def first_of(ticket):
    message = Message.select().where(Message.ticket == ticket.id).order_by(Message.id).get()
    message.ticket = ticket
    return message


def test_nothing_of_it_is_left_anywhere_after_an_hour(planted, ben):
    assert "backup" in left()
    row = masking.mask(first_of(planted), passage(), everywhere=True, actor=ben)
    vacuuming.run()
    # Within the hour what stood there rests encrypted.
    assert left() == []
    assert Mask.get_by_id(row.id).original
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert unmasking.forget_due() == 1
        vacuuming.run()
        assert left() == []
        assert Mask.get_by_id(row.id).original == ""
        with pytest.raises(InvalidInput, match="more than an hour"):
            unmasking.undo(unmasking.find(planted, row.id), actor=ben)
    assert all(mail.path is None and mail.masked_at is not None for mail in IncomingMail.select())


def test_who_and_when_stays_and_every_place_shows_the_mask(planted, ben):
    before = [(row.author_name, row.created_at) for row in Message.select().order_by(Message.id)]
    masking.mask(first_of(planted), passage(), everywhere=True, actor=ben)
    assert [(row.author_name, row.created_at) for row in Message.select().order_by(Message.id)] == before
    texts = [row.body for row in Message.select().where(Message.ticket == planted.id).order_by(Message.id)]
    assert texts[0] == f"<p>Charge</p><p>{MASK}</p><p>please</p>"
    assert texts[1] == f"<p>We charge {MASK} <i>now</i></p>"
    assert f"<a>{MASK}</a>" in texts[2]
    assert MessageVersion.get().body == f"<p>You wrote <b>{MASK}</b><br></p>"
    assert Draft.get().body == f"<blockquote>{MASK}</blockquote>"
    assert ScheduledReply.get().body == f"<p>{MASK}</p>"
    ticket = Ticket.get_by_id(planted.id)
    assert ticket.subject == f"Card {MASK}"
    assert ticket.last_activity == planted.last_activity
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("4970zq")))) == []
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("charge please")))) == [planted]
    event = TicketEvent.select().where(TicketEvent.kind == "masked").get()
    assert set(event.data) == {"mask", "name"}


def test_it_is_undone_within_the_hour(planted, ben):
    texts = [row.body for row in Message.select().order_by(Message.id)]
    row = masking.mask(first_of(planted), passage(), everywhere=True, actor=ben)
    assert unmasking.undoable(planted) == {row.id}
    assert unmasking.undo(unmasking.find(planted, row.id), actor=ben) == 0
    assert [row.body for row in Message.select().order_by(Message.id)] == texts
    assert Ticket.get_by_id(planted.id).subject == f"Card {CARD}"
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("4970zq")))) == [planted]
    for mail in IncomingMail.select():
        assert b"base64" in raw_mail.location(mail).read_bytes()
    with pytest.raises(InvalidInput):
        unmasking.undo(unmasking.find(planted, row.id), actor=ben)


def test_what_changed_since_stays_as_it_is(planted, ben):
    row = masking.mask(first_of(planted), passage(), everywhere=True, actor=ben)
    Message.update(body="<p>Something else</p>").where(Message.kind == "reply").execute()
    assert unmasking.undo(unmasking.find(planted, row.id), actor=ben) == 1
    assert Message.get(Message.kind == "reply").body == "<p>Something else</p>"


def test_in_one_message_alone_the_others_are_named_first(planted, ben):
    message = first_of(planted)
    preview = masking.preview(message, passage())
    assert len(preview.others) == 2
    assert (preview.is_here, preview.in_subject, preview.drafts, preview.raw_mails) == (True, True, 2, 2)
    masking.mask(message, passage(), everywhere=False, actor=ben)
    assert MASK in Message.get_by_id(message.id).body
    assert CARD in Message.get(Message.kind == "reply").body
    assert CARD in Ticket.get_by_id(planted.id).subject
    assert MailedMessage.get().rest == f"<p>&gt; {MASK}</p>"
    # What quotes it while it is written goes, too.
    assert MASK in Draft.get().body


def test_a_mail_that_waits_leaves_without_it(planted, ben):
    masking.mask(first_of(planted), passage(), everywhere=True, actor=ben)
    bodies = [mail.body for mail in OutgoingEmail.select().where(OutgoingEmail.ticket == planted.id)]
    assert bodies
    assert all(MASK in body and "4970zq" not in body for body in bodies)


@pytest.mark.parametrize("wrong", ["", "  ", "a", "▇▇▇▇▇▇▇▇", "x" * 2_001])
def test_a_passage_too_short_or_too_long_is_refused(wrong):
    with pytest.raises(InvalidInput):
        passage(wrong)


def test_a_passage_that_is_not_there_is_refused(planted, ben):
    with pytest.raises(InvalidInput, match="does not stand"):
        masking.mask(first_of(planted), passage("never written"), everywhere=True, actor=ben)
    assert Mask.select().count() == 0


def test_it_needs_the_capability_to_delete_or_a_managers_role(ticket, ana, ben, mona, team):
    ana.role.can_delete = False
    ana.role.save()
    message = first_of(ticket)
    for agent, refusal in ((ana, NotAllowed), (ben, NotFound)):
        with pytest.raises(refusal):
            masking.mask(
                message, passage("invoice" if "invoice" in message.body else "total"), everywhere=True, actor=agent
            )
    masking.mask(message, passage("total"), everywhere=True, actor=mona)
    assert "total" not in Message.get_by_id(message.id).body


@pytest.mark.parametrize("with_name", [True, False])
def test_a_file_goes_with_its_bytes_and_pictures(ticket, ana, with_name):
    content = attached.png() + FILE
    picture = attached.received(content, "card.png")
    key = picture.sha256[:32]
    sent = tickets.reply(ticket, f'<p>See <img src="cid:{key}" alt="card.png"></p>', actor=ana, files=[picture])
    again = attached.file(ticket, content, "copy.png")
    file = Attachment.get(Attachment.message == sent.id)
    row = masked_files.mask_file(file, with_name=with_name, actor=ana)
    vacuuming.run()
    assert left() == []
    rows = list(Attachment.select().order_by(Attachment.id))
    assert [one.media_type for one in rows] == ["text/plain", "text/plain"]
    assert [one.name for one in rows] == ([f"{MASK}.txt"] * 2 if with_name else ["card.png.txt", "copy.png.txt"])
    assert Message.get_by_id(sent.id).body == f"<p>See {MASK}</p>"
    assert b"masked" in file_store.location(rows[0].path).read_bytes()
    assert unmasking.undo(unmasking.find(ticket, row.id), actor=ana) == 0
    assert file_store.location(Attachment.get_by_id(again.id).path).read_bytes() == content
    assert [one.name for one in Attachment.select().order_by(Attachment.id)] == ["card.png", "copy.png"]
    assert key in Message.get_by_id(sent.id).body


def test_no_message_is_found_by_the_name_of_a_file_that_was_masked_with_it(ticket, ana):
    sent, _again = (
        tickets.reply(ticket, "<p>See</p>", actor=ana, files=[attached.received(name=name)])
        for name in ("lion.pdf", "tiger.pdf")
    )
    file = Attachment.get(Attachment.message == sent.id)
    row = masked_files.mask_file(file, with_name=True, actor=ana)
    assert not any(list(tickets_with(name)) for name in ("lion pdf", "tiger pdf"))
    unmasking.undo(unmasking.find(ticket, row.id), actor=ana)
    assert all(list(tickets_with(name)) for name in ("lion pdf", "tiger pdf"))


def test_names_of_files_are_masked_and_come_back(ticket, ana):
    files = [attached.received(name="scan of secret.pdf")]
    sent = tickets.reply(ticket, "<p>Your secret</p>", actor=ana, files=files)
    row = masking.mask(Message.get_by_id(sent.id), passage("secret"), everywhere=False, actor=ana)
    assert Attachment.get().name == f"scan of {MASK}.pdf"
    assert not list(tickets_with("secret"))
    assert unmasking.undo(unmasking.find(ticket, row.id), actor=ana) == 0
    assert Attachment.get().name == "scan of secret.pdf"
    assert list(tickets_with("scan secret")) == [ticket]


def test_a_merge_takes_masks_along(ticket, carol, billing, ana):
    row = masking.mask(first_of(ticket), passage("total"), everywhere=True, actor=ana)
    target = cast.open_ticket(carol, billing, department=ticket.department)
    tickets.merge(Ticket.get_by_id(ticket.id), target, actor=ana)
    assert unmasking.undo(unmasking.find(target, row.id), actor=ana) == 0


@pytest.mark.parametrize(
    ("html", "masked"),
    [
        ("<p>a &amp; b secret&nbsp;word c</p>", f"<p>a &amp; b {MASK} c</p>"),
        ("<p>se<b>cr</b>et <i>wo</i>rd</p>", f"<p>{MASK}<b></b><i></i></p>"),
        ("<p>Secret<br>&gt; WORD</p>", f"<p>{MASK}<br></p>"),
        ("<p>secret</p><p>word!</p>", f"<p>{MASK}</p><p>!</p>"),
        ("<p>secrets and words</p>", "<p>secrets and words</p>"),
    ],
)
def test_it_is_found_across_elements_and_line_ends(html, masked):
    assert passage("secret word").in_html(html) == masked


def test_a_passage_with_the_signs_of_a_quotation_is_found_without_them_and_quickly():
    assert passage("> secret\n> > word").in_text("My secret word") == f"My {MASK}"
    assert passage("> " * 900 + "end").in_text("> " * 9_000) == "> " * 9_000
    with pytest.raises(InvalidInput):
        passage("> > > > >")


def test_a_hostile_mail_is_looked_through_in_a_moment():
    assert passage("secret").in_html("<" * 300_000 + " secret &amp; ") == "<" * 300_000 + f" {MASK} &amp; "
    assert passage("a & b").in_html("a &amp; b &lt;") == f"{MASK} &lt;"


def test_what_the_program_reads_again_stays_whatever_the_passage(ticket, carol, billing, ana):
    source = cast.open_ticket(carol, billing, department=ticket.department, subject="Second")
    number, opened = source.number, source.created_at
    message = tickets.receive_message(ticket, f"It is {number}, {opened.year}, since {opened.year}-", actor=carol)
    tickets.merge(source, Ticket.get_by_id(ticket.id), actor=ana)
    target = Ticket.get_by_id(ticket.id)
    message = Message.get_by_id(message.id)
    for words in (number, f"{opened.year}-", str(opened.year)):
        masking.mask(message, passage(words), everywhere=True, actor=ana)
    assert Message.get_by_id(message.id).body.count(MASK) == 3
    made = tickets.undo_merge(merge_undo.find(number, target), target, actor=ana)
    assert (made.number, made.created_at) == (number, opened)
    moment = {"until": "2026-12-01T08:00:00.123456+00:00", "old": "in 2026"}
    assert passage("2026").in_json(moment) == {**moment, "old": f"in {MASK}"}


def test_a_subject_that_grew_too_long_by_the_mask_comes_back(ticket, ana, carol):
    subject = "pin " + "x" * 196
    tickets.rename(ticket, subject, actor=ana)
    message = tickets.receive_message(ticket, "My pin", actor=carol)
    row = masking.mask(message, passage("pin"), everywhere=True, actor=ana)
    assert Ticket.get_by_id(ticket.id).subject.startswith(MASK)
    assert unmasking.undo(unmasking.find(ticket, row.id), actor=ana) == 0
    assert Ticket.get_by_id(ticket.id).subject == subject


def test_undone_after_a_split_it_is_found_again_in_the_new_ticket(ticket, carol, ana):
    message = tickets.receive_message(ticket, "Something secret", actor=carol)
    row = masking.mask(message, passage("secret"), everywhere=True, actor=ana)
    part = Part((message.id,), "Else", ticket.service_id, ticket.department_id)
    made = tickets.split(Ticket.get_by_id(ticket.id), part, actor=ana)
    assert unmasking.undo(unmasking.find(Ticket.get_by_id(ticket.id), row.id), actor=ana) == 0
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("secret")))) == [made]
    assert Ticket.get_by_id(made.id).excerpt == "Something secret"


def test_no_owner_can_let_attachments_lie_where_files_are_deleted_by_age():
    with pytest.raises(InvalidInput):
        settings.clean("attachment_folder", aside.FOLDER)


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_report_that_returns_what_we_wrote_goes_too(ticket, billing, ana, everywhere):
    sent = tickets.reply(ticket, f"<p>{CARD}</p>", actor=ana)
    mailbox = Mailbox.create(name="Support", address="support@desk.example", service=billing)
    raw = (
        "From: mailer-daemon@x.example\r\nSubject: failed\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        "--b\r\n\r\nIt did not arrive.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Subject: Re\r\nContent-Type: text/html\r\n\r\n<p>{CARD}</p>\r\n--b--\r\n"
    )
    path, digest = raw_mail.keep(raw.encode())
    mail = IncomingMail.create(
        mailbox=mailbox, uid=1, sha256=digest, size=len(raw), path=path, received_at=clock.now(), ticket=ticket,
        state="bounce",
    )  # fmt: skip
    masking.mask(Message.get_by_id(sent.id), passage(), everywhere=everywhere, actor=ana)
    assert IncomingMail.get_by_id(mail.id).path is None
    vacuuming.run()
    assert left() == []
