"""An agent answers from a notification: believed when everything proves it is them, else a note for the team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from helpdesk import clock, outbox, settings, tickets
from helpdesk.incoming import mailbox_test, mailboxes, outcome_texts, pipeline, sender_checks
from helpdesk.incoming.sender_checks import Check
from helpdesk.notifications import reply_address
from helpdesk.notifications.reply_address import Code
from helpdesk.people import agents
from helpdesk.relations import relating
from models import (
    Agent,
    Attachment,
    Customer,
    IncomingMail,
    Mailbox,
    MailedMessage,
    Message,
    OutgoingEmail,
    Permission,
    Service,
    Ticket,
)
from tests.support import cast
from tests.support.mails import ADDRESS, mail, make_mailbox, receive, take

CAROL, SERVER = "carol@customer.example", "mx.desk.example"
PASS = f"{SERVER}; dkim=pass header.d=desk.example; dmarc=pass (p=none) header.from=desk.example"
RECEIVED = "Received: from mail.desk.example by mx.desk.example; Mon, 23 Nov 2026 10:12:00 +0000"
#: What a mail program puts below an answer: nothing of it is for the customer.
QUOTED = (
    "\n\nOn Mon, 23 Nov 2026 at 10:12, HelpDesk <support@desk.example> wrote:\n> — Answer above this line —\n> secret"
)


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    settings.save({"agents_answer": True})
    return make_mailbox(billing, billing.departments.get(), sub_addresses=True, trusted_server=SERVER)


@pytest.fixture
def notice(mailbox: Mailbox, ticket: Ticket, ana: Agent, carol: Customer) -> OutgoingEmail:
    """The mail that tells Ana of Carol’s message."""
    Permission.update(notify=True, signature="<p>Ana of Billing</p>").where(Permission.agent == ana.id).execute()
    Permission.get(Permission.agent == ana.id).save()
    tickets.receive_message(ticket, "Are you there?", actor=carol)
    return OutgoingEmail.select().where(OutgoingEmail.agent == ana.id).order_by(OutgoingEmail.id.desc()).get()


def answer(text: str, notice: OutgoingEmail, **values: Any) -> bytes:
    """Write what Ana’s mail program sends when she answers, and above it what the server found out."""
    headers = [("In-Reply-To", notice.mail_id), *values.pop("headers", ())]
    date = values.pop("date", format_datetime(datetime.now(UTC)))
    headers += [("Date", date)] if date else []
    confirmed = values.pop("confirmed", PASS)
    values = {"sender": "Ana <ana@desk.example>", "to": reply_address.of(notice), **values}
    letter = mail(text + values.pop("quoted", QUOTED), headers=headers, **{"subject": "Re: your ticket", **values})
    checked = f"Authentication-Results: {confirmed}\r\n" if confirmed else ""
    return f"{checked}{RECEIVED}\r\n".encode() + letter


def to_carol() -> list[OutgoingEmail]:
    return list(OutgoingEmail.select().where(OutgoingEmail.to_email == CAROL, OutgoingEmail.kind == "notification"))


def refusals() -> list[OutgoingEmail]:
    return list(OutgoingEmail.select().where(OutgoingEmail.kind == "not-sent"))


def test_what_an_agent_answers_is_a_reply(mailbox: Mailbox, notice: OutgoingEmail, ana: Agent) -> None:
    settings.save({"undo_send_seconds": 10})
    letter = answer("It is on its way.\n\n-- \nAna Lima\nDirect line 12", notice)
    [row] = receive(mailbox, letter)
    assert (row.state, row.reason) == ("reply", "reply")
    message = row.message
    assert (message.kind, message.agent_id, message.signature) == ("reply", ana.id, "<p>Ana of Billing</p>")
    # Neither what is quoted nor what her mail program adds goes out.
    assert "on its way" in message.body
    assert "secret" not in message.body + message.signature
    assert "Direct line" not in message.body
    origin = MailedMessage.get(MailedMessage.message == message.id)
    assert "secret" in origin.rest
    assert "Direct line" in origin.mail_signature
    ticket = Ticket.get_by_id(row.ticket_id)
    assert (ticket.awaits_reply, ticket.assignee_id) == (False, ana.id)
    [mailed] = to_carol()
    # It waits for the seconds in which a reply may be taken back, as any other.
    assert mailed.due_at == message.public_at
    assert mailed.automatic == ""
    assert "secret" not in outbox.render(mailed).as_string()
    # The same mail again changes nothing.
    assert receive(mailbox, letter)[0].reason == "duplicate"
    assert len(to_carol()) == 1


def test_an_id_is_enough_where_there_are_no_sub_addresses(mailbox: Mailbox, notice: OutgoingEmail) -> None:
    [row] = receive(mailbox, answer("By its id", notice, to=mailbox.address))
    assert (row.state, row.reason) == ("note", "agent-to")
    mailbox.sub_addresses = False
    mailbox.save()
    [row] = receive(mailbox, answer("By its id", notice, to=mailbox.address))
    assert row.state == "reply"


CODE = "the answer address"
#: What an agent sent to somebody else, and what somebody makes of it.
ELSEWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "to a supplier, the desk in copy": ("agent-to", {"to": "supplier@firm.example", "cc": CODE}),
    "to a supplier, the desk in blind copy": ("agent-to", {"to": "supplier@firm.example", "delivered": CODE}),
    "a supplier in copy": ("agent-to", {"to": CODE, "cc": "supplier@firm.example"}),
    "a supplier beside it": ("agent-to", {"to": f"{CODE}, supplier@firm.example"}),
    "a supplier behind many": ("agent-to", {"to": ", ".join([CODE] * 250 + ["supplier@firm.example"])}),
    "a name without an address": ("agent-to", {"to": f"{CODE}, Our supplier"}),
    "to herself, the desk in copy": ("agent-to", {"to": "ana@desk.example", "cc": CODE}),
    "the code at another desk": ("agent-to", {"to": "code elsewhere"}),
    "the return path": ("agent-to", {"to": "the return path"}),
    "sent on": ("agent-forwarded", {"to": CODE, "subject": "Fwd: your ticket"}),
    "sent on in French": ("agent-forwarded", {"to": CODE, "subject": "TR : votre ticket"}),
    "sent on through a gateway": ("agent-forwarded", {"to": CODE, "subject": "[EXTERNAL] Fw: your ticket"}),
    "handed on as it is": ("agent-forwarded", {"to": CODE, "headers": [("Resent-To", "supplier@firm.example")]}),
    "sent again after days": ("agent-date", {"to": CODE, "date": format_datetime(datetime.now(UTC) - timedelta(4))}),
    "of the days to come": ("agent-date", {"to": CODE, "date": format_datetime(datetime.now(UTC) + timedelta(4))}),
    "of no day": ("agent-date", {"to": CODE, "date": ""}),
    "of a day that is none": ("agent-date", {"to": CODE, "date": "Mon, 99 Foo 2026"}),
    "of a day that no calendar has": ("agent-date", {"to": CODE, "date": "Fri, 31 Dec 9999 23:59:59 -2359"}),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_an_agent_sent_to_somebody_else_never_reaches_the_customer(
    mailbox: Mailbox, notice: OutgoingEmail, ana: Agent, name: str
) -> None:
    reason, values = ELSEWHERE[name]
    code = reply_address.of(notice)
    others = {
        "the return path": reply_address.return_path(notice),
        "code elsewhere": code.split("@")[0] + "@evil.example",
    }
    to = others.get(values["to"], values["to"].replace(CODE, code))
    headers = [*values.get("headers", ())]
    headers += [("Cc", values["cc"].replace(CODE, code))] if "cc" in values else []
    headers += [("Delivered-To", code)] if "delivered" in values else []
    more = {key: value for key, value in values.items() if key in {"subject", "date"}}
    [row] = receive(mailbox, answer("He is a difficult one", notice, **{**more, "to": to, "headers": headers}))
    assert (row.state, row.reason, row.message.kind) == ("note", reason, "note")
    assert not to_carol()
    assert [mailed.to_email for mailed in refusals()] == [ana.email]


def test_an_answer_may_go_to_its_author_as_well_and_to_a_ticket_that_was_sent_on(
    mailbox: Mailbox, notice: OutgoingEmail
) -> None:
    more = {"subject": "Re: Fwd: my bill", "headers": [("Cc", "Ana <ana@desk.example>")]}
    [row] = receive(mailbox, answer("It is on its way", notice, **more))
    assert row.state == "reply"


def test_an_agent_s_program_that_answers_each_mail_is_answered_five_times(
    mailbox: Mailbox, notice: OutgoingEmail
) -> None:
    rows = receive(mailbox, *(answer(f"#nothing I am away {number}", notice) for number in range(8)))
    assert {row.reason for row in rows} == {"answer-command"}
    assert len(refusals()) == 5
    # That somebody else may have written does not count against her.
    receive(mailbox, *(answer(f"{number}", notice, confirmed="") for number in range(3)))
    assert len(refusals()) == 6


def test_who_no_longer_sees_a_ticket_is_told_nothing_of_it(
    mailbox: Mailbox, notice: OutgoingEmail, ana: Agent, ticket: Ticket
) -> None:
    unable(ana, notice)
    Ticket.update(subject="A secret subject").where(Ticket.id == ticket.id).execute()
    [row] = receive(mailbox, answer("Hello", notice))
    assert row.reason == "agent-right"
    [mailed] = refusals()
    assert mailed.ticket_id is None
    assert "A secret subject" not in outbox.render(mailed).as_string() + mailed.subject


@pytest.mark.parametrize(
    "text", ["#close", "#pending", "#take\n#close", "#note One more thing\n\n#close", "#close\nDone"]
)
def test_nobody_closes_what_they_have_not_read(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, carol: Customer, text: str
) -> None:
    tickets.receive_message(Ticket.get_by_id(ticket.id), "It burns!", actor=carol)
    [row] = receive(mailbox, answer(text, notice))
    now = Ticket.get_by_id(ticket.id)
    assert (row.state, row.message.kind) == ("note", "note"), row.reason
    assert (now.is_closed, now.awaits_reply, now.assignee_id) == (False, True, None)
    assert not to_carol()
    assert len(refusals()) == 1


def test_what_stands_below_a_signature_is_sent_and_what_was_cut_is_shown(
    mailbox: Mailbox, notice: OutgoingEmail
) -> None:
    [row] = receive(mailbox, answer("Hi\n-- \nAna\n\nAnd the code is 42", notice))
    assert row.state == "reply"
    assert "And the code is 42" in row.message.body
    assert "Ana" not in row.message.body
    assert MailedMessage.get(MailedMessage.message == row.message_id).mail_signature == "Ana"


def unable(ana: Agent, notice: OutgoingEmail) -> None:
    other = cast.make_service("Elsewhere")
    Ticket.update(service=other.id, department=None, assignee=None).execute()


#: What makes an answer doubtful, and the reason that is then on it.
DOUBTS: dict[str, tuple[str, Callable[[Agent, OutgoingEmail], Any], dict[str, Any]]] = {
    "the desk’s switch": ("agent-off", lambda _a, _n: settings.save({"agents_answer": False}), {}),
    "the agent’s switch": ("agent-own", lambda a, _n: agents.save_profile(a, {"answers_by_mail": False}), {}),
    "the code of a customer": (
        "agent-other",
        lambda _a, _n: None,
        {"to": "code of the customer"},
    ),
    "nothing confirmed": ("agent-sender", lambda _a, _n: None, {"confirmed": ""}),
    "another server": ("agent-sender", lambda _a, _n: None, {"confirmed": PASS.replace(SERVER, "mx.evil.example")}),
    "no DMARC": ("agent-sender", lambda _a, _n: None, {"confirmed": f"{SERVER}; spf=pass smtp.mailfrom=desk.example"}),
    "failed DMARC": ("agent-sender", lambda _a, _n: None, {"confirmed": PASS.replace("dmarc=pass", "dmarc=fail")}),
    "no server named": (
        "agent-server",
        lambda _a, _n: [setattr(m := Mailbox.get(), "trusted_server", ""), m.save()],
        {},
    ),
    "no right": ("agent-right", unable, {}),
}


def of_kind(kind: str, notice: OutgoingEmail, **values: Any) -> OutgoingEmail:
    OutgoingEmail.update(kind=kind, **values).where(OutgoingEmail.id == notice.id).execute()
    return OutgoingEmail.get_by_id(notice.id)


@pytest.mark.parametrize("kind", ["mention", "transfer", "not-sent", "undelivered"])
def test_what_answers_an_e_mail_to_the_team_alone_stays_with_the_team(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, kind: str
) -> None:
    team = of_kind(kind, notice)
    text = str(outbox.render(team).get_body(("plain",)).get_content())
    assert "goes to the customer" not in text
    assert "do not answer" in text
    rows = receive(
        mailbox, *(answer(text, team) for text in ("She is a difficult one", "#close", "#note Indeed", "#take"))
    )
    assert [(row.state, row.reason) for row in rows[:2]] == [("note", "answer-team")] * 2
    assert [row.state for row in rows[2:]] == ["reply", "reply"]
    assert not to_carol()
    assert not Ticket.get_by_id(ticket.id).is_closed
    assert len(refusals()) == 2 + (kind == "not-sent")


def test_an_e_mail_that_shows_no_message_of_the_customer_is_not_read_as_one(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, root: Agent
) -> None:
    def text() -> str:
        return str(outbox.render(OutgoingEmail.get_by_id(notice.id)).get_body(("plain",)).get_content())

    assert "goes to the customer" in text()
    settings.save({"mail_shows_message": False})
    assert "do not answer" in text()
    rows = receive(mailbox, answer("Done", notice), answer("#close", notice))
    assert [(row.state, row.reason) for row in rows] == [("note", "answer-unread")] * 2
    # An owner’s own text may hold it.
    of_kind("team_message", notice, body="<p>Carol wrote:<br>“Are you there?”</p>")
    assert "goes to the customer" in text()
    settings.save({"mail_shows_message": True})
    # What a colleague replied after the message that an assignment shows is not in that mail.
    tickets.reply(Ticket.get_by_id(ticket.id), "I look into it", actor=root)
    assignment = of_kind("assignment", notice, message=None, created_at=clock.now())
    [row] = receive(mailbox, answer("Done, too", assignment))
    assert (row.state, row.reason) == ("note", "answer-outdated")


@pytest.mark.parametrize("name", DOUBTS)
def test_what_is_not_sure_is_a_note_and_the_agent_hears_why(
    mailbox: Mailbox, notice: OutgoingEmail, ana: Agent, ticket: Ticket, name: str
) -> None:
    reason, change, values = DOUBTS[name]
    change(Agent.get_by_id(ana.id), notice)
    if values.get("to"):
        values = {"to": reply_address.with_code(mailbox, Code(ticket.id, address=ticket.address_id))}
        values["headers"] = [("X-No", "id")]
    before = len(to_carol())
    letter = answer("SECRET WORDS", notice, **values)
    [row] = receive(mailbox, letter.replace(b"In-Reply-To", b"X-Was") if values.get("headers") else letter)
    assert (row.state, row.reason, row.message.kind) == ("note", reason, "note")
    assert row.message.agent_id is None
    assert outcome_texts.reason(row) in row.message.body.replace("&#x27;", "'")
    assert len(to_carol()) == before
    [mailed] = refusals()
    assert mailed.to_email == ana.email
    assert "SECRET" not in mailed.body
    # Who may be somebody else causes one mail a day.
    receive(
        mailbox,
        answer("Again", notice, **values).replace(
            b"In-Reply-To", b"X-Was" if values.get("headers") else b"In-Reply-To"
        ),
    )
    assert len(refusals()) == 1


def test_a_stranger_to_whom_a_notification_was_sent_on_answers_for_nobody(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket
) -> None:
    before = Ticket.get_by_id(ticket.id)
    [row] = receive(mailbox, answer("I am Ana, believe me", notice, sender="mallory@evil.example"))
    assert (row.state, row.reason, row.message.kind) == ("message", "stranger", "note")
    assert not to_carol()
    after = Ticket.get_by_id(ticket.id)
    assert (after.status_id, after.awaits_reply) == (before.status_id, before.awaits_reply)
    assert not refusals()


def test_a_disabled_agent_answers_for_nobody(mailbox: Mailbox, notice: OutgoingEmail, ana: Agent, root: Agent) -> None:
    agents.save_agent(Agent.get_by_id(ana.id), {"active": False}, actor=root)
    [row] = receive(mailbox, answer("I still may", notice))
    assert (row.state, row.reason) == ("message", "stranger")
    assert not to_carol()


def test_a_reply_written_before_a_newer_message_is_not_sent(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, carol: Customer, ana: Agent
) -> None:
    ana.locale = "fr"
    ana.save()
    tickets.receive_message(Ticket.get_by_id(ticket.id), "It is solved.", actor=carol)
    [row] = receive(mailbox, answer("Try again", notice))
    assert (row.state, row.reason, row.message.kind, row.message.agent_id) == (
        "note",
        "answer-outdated",
        "note",
        ana.id,
    )
    assert not to_carol()
    [mailed] = refusals()
    assert "Un message est arrivé entre-temps" in mailed.body
    # What she answers to the notification of the newer message goes out, and a second answer of hers as well.
    newer = OutgoingEmail.select().where(OutgoingEmail.agent == ana.id, OutgoingEmail.kind == "team_message")
    rows = receive(mailbox, *(answer(text, newer.order_by(OutgoingEmail.id.desc()).get()) for text in ("One", "Two")))
    assert [row.state for row in rows] == ["reply", "reply"]


def test_without_its_id_nobody_knows_what_was_read(mailbox: Mailbox, notice: OutgoingEmail) -> None:
    letter = answer("Which one?", notice).replace(b"In-Reply-To", b"X-Was")
    [row] = receive(mailbox, letter)
    assert (row.state, row.reason) == ("note", "answer-outdated")


@pytest.mark.parametrize(
    ("text", "state", "kind", "status"),
    [
        ("#note Only for us", "note", "note", "open"),
        ("# Note\n\nOnly for us", "note", "note", "open"),
        ("#close\n\nThat was it", "reply", "reply", "closed"),
        ("#fermer", "reply", "", "closed"),
        ("#attente\nWe ask our supplier", "reply", "reply", "pending"),
        ("#pending", "reply", "", "pending"),
        ("#moi", "reply", "", "open"),
        ("*#note* Only for us", "note", "note", "open"),
        ("**#note**\nOnly for us", "note", "note", "open"),
        ("_#note_ Only for us", "note", "note", "open"),
        ("- #note Only for us", "note", "note", "open"),
        ("#\u00a0note Only for us", "note", "note", "open"),
        ("\u200b#note Only for us", "note", "note", "open"),
        ("\u200b\n#no\u200bte Only for us", "note", "note", "open"),
        ("\ufeff\u2009＃note Only for us", "note", "note", "open"),
        ("##NOTE: Only for us", "note", "note", "open"),
        ("#take\n#close\nDone", "reply", "reply", "closed"),
        ("#transférer Ben\nYours, I think", "reply", "note", "open"),
        ("#1 on our list: wait a day", "reply", "reply", "pending"),
    ],
)
def test_commands_stand_in_the_first_lines(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, ana: Agent, text: str, state: str, kind: str, status: str
) -> None:
    ben = cast.make_agent("Ben", ticket.service)
    [row] = receive(mailbox, answer(text, notice))
    assert row.state == "reply", (row.state, row.reason)
    assert (row.message.kind if row.message else "") == kind
    now = Ticket.get_by_id(ticket.id)
    category = "closed" if now.is_closed else "open" if now.awaits_reply else "pending"
    assert category == status
    assert len(to_carol()) == (kind == "reply")
    if kind == "reply":
        assert "#close" not in row.message.body
        assert "#take" not in row.message.body
    assert now.assignee_id == (ben.id if "Ben" in text else ana.id if kind == "reply" or "moi" in text else None)
    assert not refusals()


def test_what_others_read_of_an_answer_names_no_ticket_that_they_may_not_see(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, carol: Customer, ana: Agent
) -> None:
    other = cast.open_ticket(carol, ticket.service, department=ticket.department)
    relating.relate(other, ticket, "blocks", actor=ana)
    [row] = receive(mailbox, answer("#close\nThat was it", notice))
    assert (row.state, row.reason) == ("note", "answer-refused")
    assert "blocks this one" in row.explanation["data"]["why"]
    assert other.number not in str(row.explanation)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#shut\n\nThat was it", "answer-command"),
        ("#note2 Only for us", "answer-command"),
        ("#note_for us", "answer-command"),
        ("Hi,\n#note Only for us", "answer-place"),
        ("Hi, *#note* only for us", "answer-place"),
        ("Hi\u2028#note Only for us", "answer-place"),
        ("One\nTwo\nThree\nFour\nFive\nSix\n> #note Only for us", "answer-place"),
        ("#close\nThat was it #note he is difficult", "answer-place"),
        ("#close\n#pending\nBoth", "answer-command"),
        ("#transfer Nobody", "answer-nobody"),
        ("", "answer-empty"),
        ("#note", "answer-refused"),
        ("Here:\n> — Answer above this line —\n> secret\nand below, too", "answer-quoted"),
        ("See http://localhost/admin/tickets/1", "answer-quoted"),
    ],
)
def test_what_cannot_be_done_as_it_asks_is_a_note(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, text: str, reason: str
) -> None:
    settings.save({"site_url": "http://localhost"})
    [row] = receive(mailbox, answer(text, notice, quoted=""))
    assert (row.state, row.reason, row.message.kind) == ("note", reason, "note")
    assert not to_carol()
    assert len(refusals()) == 1
    assert not Ticket.get_by_id(ticket.id).is_closed


def test_a_role_that_may_not_close_closes_nothing(mailbox: Mailbox, notice: OutgoingEmail, ana: Agent) -> None:
    ana.role = cast.make_role("Reader", can_set_status=False)
    ana.save()
    [row] = receive(mailbox, answer("#close\nDone", notice))
    assert (row.state, row.reason) == ("note", "answer-refused")
    assert not to_carol()
    assert not row.ticket.is_closed


@pytest.mark.parametrize("hide", [tickets.mark_spam, tickets.delete])
def test_under_spam_and_in_the_bin_nothing_goes_out_and_the_agent_is_told(
    hide: Callable[..., object], mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, root: Agent
) -> None:
    hide(Ticket.get_by_id(ticket.id), actor=root)
    [row] = receive(mailbox, answer("Hello", notice))
    assert (row.state, row.reason, row.message.kind) == ("note", "answer-refused", "note")
    assert not to_carol()
    assert len(refusals()) == 1
    assert ticket.number in refusals()[0].body


@pytest.mark.parametrize(("text", "kind"), [("The bill", "reply"), ("#transfer Ben\nYours,\nI think", "note")])
def test_files_of_an_answer_go_with_it(
    mailbox: Mailbox, notice: OutgoingEmail, ticket: Ticket, no_files: None, text: str, kind: str
) -> None:
    cast.make_agent("Ben", ticket.service)
    [row] = receive(mailbox, answer(text, notice, files=[("bill.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")]))
    assert (row.state, row.message.kind) == ("reply", kind)
    assert ("<br>" in row.message.body) == (kind == "note")
    assert [file.message_id for file in Attachment.select()] == [row.message_id]


def test_an_automatic_answer_of_an_agent_is_a_line(mailbox: Mailbox, notice: OutgoingEmail) -> None:
    [row] = receive(mailbox, answer("I am away", notice, headers=[("Auto-Submitted", "auto-replied")]))
    assert row.state == "automatic"
    assert not refusals()


def test_history_is_answered_to_nobody(mailbox: Mailbox, notice: OutgoingEmail) -> None:
    row = take(mailbox, answer("Long ago", notice), silent=True)
    pipeline.decide_waiting()
    row = IncomingMail.get_by_id(row.id)
    assert (row.state, row.reason) == ("note", "agent-history")
    assert not to_carol()


def test_why_names_each_thing_that_was_looked_at(mailbox: Mailbox, notice: OutgoingEmail) -> None:
    [row] = receive(mailbox, answer("Hello", notice))
    seen = {test["name"]: test["seen"] for test in row.explanation["tests"]}
    assert "dmarc=pass desk.example" in seen["answer-sender"]
    assert seen["answer-right"] == row.ticket.number
    assert {name for name in seen if name.startswith("answer-")} <= set(outcome_texts.TESTS)


def test_a_notification_says_truthfully_whether_one_may_answer(
    mailbox: Mailbox, notice: OutgoingEmail, ana: Agent
) -> None:
    def text() -> str:
        part = outbox.render(OutgoingEmail.get_by_id(notice.id)).get_body(("plain",))
        return str(part.get_content())

    assert "Answer above this line" in text()
    assert "goes to the customer" in text()
    assert "do not answer" not in text()
    for change in (
        lambda: [setattr(m := Mailbox.get(), "trusted_server", ""), m.save()],
        lambda: settings.save({"agents_answer": False}),
        lambda: agents.save_profile(Agent.get_by_id(ana.id), {"answers_by_mail": False}),
    ):
        change()
        assert "Please do not answer" in text()
        assert "above this line" not in text()
        settings.save({"agents_answer": True})
        mailbox.save()
    mailbox.enabled = False
    mailbox.save()
    assert "Please do not answer" in text()


# --- What a server found out --------------------------------------------------------------------------------------


def checks(*headers: str) -> list[Check]:
    fields = [
        ("received", b"") if line == "Received" else ("authentication-results", line.encode()) for line in headers
    ]
    fields += [] if "Received" in headers else [("received", b"")]
    return [Check(*row) for row in sender_checks.read(fields)]  # type: ignore[arg-type]


ANA = "ana@desk.example"
FORGED = "mx; dmarc=pass header.from=desk.example"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["mx; dmarc=pass header.from=desk.example"], True),
        (["mx 1; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=Desk.Example"], True),
        (["mx; dkim=pass header.d=desk.example"], True),
        (["mx; dkim=pass header.i=@desk.example header.s=a header.b=Xyz"], True),
        # One header of each program, all above the first Received.
        (["mx; dkim=none", "mx; dmarc=pass header.from=desk.example", "Received"], True),
        (["mx; dkim=pass header.d=evil.example"], False),
        (["mx; dkim=pass header.d=example"], False),
        (["mx; dkim=pass header.d=sub.desk.example"], False),
        (["mx; dmarc=pass header.from=evil.example"], False),
        (["mx; dmarc=fail header.from=desk.example; dkim=pass header.d=desk.example"], False),
        (["mx; spf=pass smtp.mailfrom=ana@desk.example"], False),
        (["other; dmarc=pass header.from=desk.example"], False),
        (["mx.evil; dmarc=pass header.from=desk.example"], False),
        # What a sender wrote stands below what our server did.
        (["mx; dmarc=fail header.from=desk.example", "Received", FORGED], False),
        (["mx; spf=fail", "Received", FORGED], False),
        (["Received", "mx; spf=fail", FORGED], False),
        # What stands below the place of our server was never written by it, whatever it wrote itself, or nothing.
        (["Received", FORGED], False),
        (["other; none", "Received", FORGED], False),
        (["", "Received", FORGED, "Received"], False),
        # Quoted, in a comment, or in an encoded word.
        (['mx; spf=pass smtp.mailfrom="a;dmarc=pass header.from=desk.example"@evil.example'], False),
        (["mx; spf=pass (a; dmarc=pass header.from=desk.example) smtp.mailfrom=evil.example"], False),
        (["mx; spf=pass smtp.mailfrom==?utf-8?q?x=3B_dmarc=3Dpass_header.from=3Ddesk.example?=@evil.example"], False),
        (["mx; spf=pass (a\\); dmarc=pass header.from=desk.example) smtp.mailfrom=evil.example"], False),
        (["mx; dmarc=passed header.from=desk.example"], False),
        (["mx; dmarc=pass header.from=desk.example.evil.example"], False),
        (["mx; dmarc=pass header.from=desk.example; dmarc=fail header.from=desk.example"], False),
        (["mx; none"], False),
        ([""], False),
        ([';;;(((("""' * 500], False),
    ],
)
def test_only_what_our_own_server_says_confirms_a_sender(headers: list[str], expected: bool) -> None:
    assert sender_checks.confirms(checks(*headers), "mx", 0, ANA) is expected
    assert not sender_checks.confirms(checks(*headers), "", 0, ANA)
    # Neither at another place, nor in a mail that no server has touched.
    assert not sender_checks.confirms(checks(*headers), "mx", 2, ANA)
    assert sender_checks.read([("authentication-results", line.encode()) for line in headers]) == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["Received", "mx; dkim=pass header.i=@desk.example; dmarc=pass header.from=desk.example"], True),
        (
            ["Received", "mx; dmarc=pass header.from=desk.example", "Received", "mx; dmarc=fail header.from=x.example"],
            True,
        ),
        # Not at its place, or not the topmost one.
        ([FORGED, "Received"], False),
        (["Received", "Received", FORGED], False),
        (["Received", "other; none", FORGED], False),
        (["other; none", "Received", FORGED], False),
        (["Received", "mx; spf=fail", FORGED], False),
    ],
)
def test_a_server_that_writes_below_its_received_is_believed_there_alone(headers: list[str], expected: bool) -> None:
    assert sender_checks.confirms(checks(*headers), "mx", 1, ANA) is expected


def of_microsoft(*headers: str) -> list[Check]:
    """Return the results in headers of Microsoft 365: each is a `Received` that names its server, or results."""
    fields = [
        ("received", f"from x by {line} (10.0.0.1) with Microsoft SMTP Server; date".encode())
        if "=" not in line
        else ("authentication-results", line.encode())
        for line in headers
    ]
    return [Check(*row) for row in sender_checks.read(fields)]  # type: ignore[arg-type]


STORE, EDGE = "DB9PR08MB6619.eurprd08.prod.outlook.com", "AM5EUR03FT041.mail.protection.outlook.com"
RESULTS = (
    "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=desk.example; dkim=pass (signature was verified)"
    " header.d=desk.example;dmarc=pass action=none header.from=desk.example;compauth=pass reason=100"
)
FAILED = "spf=fail smtp.mailfrom=evil.example; dkim=none header.d=none;dmarc=fail action=none header.from=desk.example"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([STORE, STORE, RESULTS, EDGE], True),
        ([STORE, RESULTS, EDGE, "out.desk.example"], True),
        ([STORE, RESULTS.replace("; dkim", "; desk.example; dkim"), EDGE], True),
        ([STORE, "dkim=pass header.d=desk.example;other.example; dmarc=none action=none header.from=x", EDGE], True),
        ([STORE, RESULTS.replace("dmarc=pass", "dmarc=bestguesspass"), EDGE], False),
        ([STORE, RESULTS.replace("from=desk.example", "from=evil.example"), EDGE], False),
        ([STORE, FAILED, EDGE], False),
        # Brought along: below what Microsoft wrote, above everything, or below a server that is not Microsoft's.
        ([STORE, FAILED, EDGE, RESULTS], False),
        ([STORE, "spf=none", EDGE, STORE, RESULTS], False),
        ([RESULTS, STORE], False),
        (["mx.desk.example", RESULTS, EDGE], False),
        (["mx.desk.example", STORE, RESULTS, EDGE], False),
        ([STORE, "evil.example", RESULTS, EDGE], False),
        (["evil.outlook.com.example", RESULTS, EDGE], False),
        (["evil (by x.outlook.com", RESULTS, EDGE], False),
        ([STORE] * 9 + [RESULTS], False),
        # Under the name it has here nobody writes.
        ([STORE, f"{sender_checks.MICROSOFT}; dmarc=pass header.from=desk.example"], False),
        ([f"{sender_checks.MICROSOFT}; dmarc=pass header.from=desk.example", STORE], False),
    ],
)
def test_microsoft_is_believed_among_its_own_servers_alone(headers: list[str], expected: bool) -> None:
    assert sender_checks.confirms(of_microsoft(*headers), sender_checks.MICROSOFT, 0, ANA) is expected
    assert not sender_checks.confirms(of_microsoft(*headers), "mx.desk.example", 0, ANA)


def test_the_test_e_mail_shows_microsoft() -> None:
    assert sender_checks.nearest(of_microsoft(STORE, STORE, STORE, RESULTS, EDGE)) == (sender_checks.MICROSOFT, 0)
    assert sender_checks.nearest(of_microsoft("mx.desk.example", RESULTS)) is None


def test_the_test_of_a_mailbox_says_who_confirms_senders(mailbox: Mailbox, root: Agent) -> None:
    def line() -> tuple[bool, str]:
        step = mailbox_test.steps(mailbox, actor=root)[-1]
        return step.ok, str(step.text)

    assert line() == (True, "“mx.desk.example” is believed, and no other.")
    mailbox.trusted_server = sender_checks.MICROSOFT
    assert "(Microsoft 365)" in line()[1]
    mailbox.trusted_server, mailbox.seen_server = "", "mx.other.example"
    assert line()[0] is False
    assert "mx.other.example" in line()[1]
    mailbox.seen_server = ""
    assert "Try sub-addresses" in line()[1]
    settings.save({"agents_answer": False})
    # Worth knowing, and nothing to mend.
    assert line()[0] is True


def test_the_server_that_a_test_e_mail_shows_is_for_a_person_to_name(
    mailbox: Mailbox, notice: OutgoingEmail, root: Agent
) -> None:
    mailbox.sub_addresses, mailbox.trusted_server = False, ""
    mailbox.save()
    to = reply_address.with_code(mailbox, Code(0, probe=mailbox.id))
    results, line = b"Authentication-Results: mx.desk.example; none\r\n", f"{RECEIVED}\r\n".encode()
    mark = ("X-Guichet-Desk", reply_address.desk_mark())

    def learned(above: bytes, number: int, **values: Any) -> tuple[str, int]:
        receive(mailbox, above + mail(f"Test {number}", **{"sender": ADDRESS, "headers": [mark], **values}, to=to))
        return Mailbox.get().seen_server, Mailbox.get().seen_hops

    # Somebody else who learned of that address teaches the desk nothing, nor does a server that is far from here.
    assert learned(results + line, 1, sender="mallory@evil.example", headers=[]) == ("", 0)
    assert Mailbox.get().sub_addresses
    assert learned(line * 3 + results, 2) == ("", 0)
    assert learned(b"Authentication-Results: spf=pass\r\n" + line + results, 3) == ("", 0)
    assert learned(results, 4) == ("", 0)
    assert learned(line + results, 5) == (SERVER, 1)
    # It confirms nobody until an administrator has written its name.
    assert Mailbox.get().trusted_server == ""
    [row] = receive(mailbox, answer("Not yet", notice))
    assert row.reason == "agent-server"
    form = {
        "address": ADDRESS,
        "kind": "pipe",
        "service": mailbox.service,
        "department": mailbox.department,
        "sub_addresses": True,
    }
    for name, hops in (("other.example", 0), (SERVER, 1), (SERVER, 1)):
        saved = mailboxes.save(Mailbox.get(), {**form, "trusted_server": name}, actor=root)
        assert (saved.trusted_server, Mailbox.get().trusted_hops) == (name, hops)
    # From now on it is believed at that place alone.
    below = line + f"Authentication-Results: {PASS}\r\n".encode()
    rows = receive(mailbox, answer("Above", notice), below + answer("Below", notice, confirmed=""))
    assert [row.reason for row in rows] == ["agent-sender", "reply"]


def test_a_long_message_is_read_whole(mailbox: Mailbox, notice: OutgoingEmail) -> None:
    [row] = receive(mailbox, answer("word " * 2_000, notice))
    assert row.state == "reply"
    assert Message.get_by_id(row.message_id).body.count("word") == 2_000
