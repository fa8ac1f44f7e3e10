"""Replies that leave later, through their screens: the menu of *Send*, the thread, what is done there."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import time_machine

from helpdesk import send_later, tickets
from helpdesk.send_later import NewReply
from models import Agent, Draft, Message, ScheduledReply, Ticket
from tests.support import attached, cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"
#: A Wednesday, noon in Paris.
NOW = datetime(2026, 3, 25, 11, tzinfo=UTC)
MONDAY = datetime(2026, 3, 30, 7)


@pytest.fixture
def paris(ana: Agent) -> Agent:
    """Ana, in Paris."""
    ana.timezone = "Europe/Paris"
    ana.save()
    return ana


def url(ticket, what=""):
    return f"{LIST}{ticket.number}/{what}".rstrip("/")


def page(client, ticket):
    with time_machine.travel(NOW, tick=False):
        return text_of(client.get(url(ticket)))


def send(client, ticket, **form):
    form = {"kind": "message", "body": "We look on Monday.", "unless_answered": "1", **form}
    with time_machine.travel(NOW, tick=False):
        return post(client, url(ticket, "reply"), form)


def act(client, ticket, row, name, **form):
    with time_machine.travel(NOW, tick=False):
        return post(client, url(ticket, f"scheduled/{row.id}/{name}"), form, follow_redirects=True)


@pytest.fixture
def row(ticket, paris) -> ScheduledReply:
    """Ana's reply that leaves on Monday."""
    with time_machine.travel(NOW, tick=False):
        return send_later.schedule(ticket, NewReply("<p>We look on Monday.</p>"), MONDAY, actor=paris)


@pytest.mark.parametrize(
    ("form", "until"),
    [
        ({"later": "evening"}, datetime(2026, 3, 25, 17)),
        ({"later": "monday"}, MONDAY),
        ({"later": "own", "later_day": "2026-05-01", "later_time": "14:30"}, datetime(2026, 5, 1, 12, 30)),
        # Enter in the field of the day presses the first button of the form.
        ({"enter": "send", "later_day": "2026-05-01", "later_time": "14:30"}, datetime(2026, 5, 1, 12, 30)),
    ],
)
def test_each_moment_is_that_of_the_agents_zone(client_of, ticket, paris, form, until):
    answer = send(client_of(paris), ticket, **form)
    assert answer.status_code == 302
    row = ScheduledReply.get()
    assert (row.due_at, row.agent_id, row.unless_answered, row.close) == (until, paris.id, True, False)
    assert Message.select().count() == 1


@pytest.mark.parametrize(
    ("form", "field", "text"),
    [
        ({"later_day": "2026-02-30", "later_time": "08:15"}, "day", "This day does not exist"),
        ({"later_day": "2026-03-24", "later_time": "08:15"}, "day", "This moment is past"),
        ({"later_day": "2028-04-01", "later_time": "08:15"}, "day", "within two years"),
        ({"later_day": "2026-03-29", "later_time": "02:30"}, "time", "Clocks go forward"),
        ({"later_day": "2026-03-30", "later_time": "soon"}, "time", "Choose a time"),
        ({"later_day": '"><script>', "later_time": "08:15"}, "day", "This day does not exist"),
        ({"later": "nonsense"}, "day", "Choose a day"),
    ],
)
def test_a_bad_moment_is_answered_with_what_was_typed(client_of, ticket, paris, form, field, text):
    answer = send(client_of(paris), ticket, **{"later": "own", **form})
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert text in text_of(answer)
    assert "We look on Monday." in shown
    assert f'id="later-{field}"' in shown.split('aria-describedby="compose-error"')[-2][-400:]
    # The open menu covers the refusal above the form on a narrow screen.
    assert text in shown.split('id="later-error"')[1].split("</p>")[0]
    assert "<script>" not in shown.split('name="later_day"')[1][:80]
    assert not ScheduledReply.select().exists()


def test_the_box_close_is_kept_for_the_moment_and_the_draft_is_gone(client_of, ticket, paris):
    client = client_of(paris)
    post(client, url(ticket, "draft"), {"kind": "message", "body": "We look"})
    send(client, ticket, later="monday", close="1", unless_answered="")
    row = ScheduledReply.get()
    assert (row.close, Ticket.get_by_id(ticket.id).is_open, Draft.select().count()) == (True, True, 0)
    assert "Your reply leaves Mon 30 Mar, 09:00." in page(client, ticket)


def test_a_note_stands_at_once(client_of, ticket, paris):
    send(client_of(paris), ticket, kind="note", later="monday")
    assert not ScheduledReply.select().exists()
    assert Message.select().where(Message.kind == "note").count() == 1


def test_a_reply_held_back_for_a_question_is_still_sent_later(client_of, ticket, paris):
    held = send(client_of(paris), ticket, later="monday", body="See the attachment")
    assert held.status_code == 409
    assert 'name="later" value="monday"' in " ".join(held.get_data(as_text=True).split())
    send(client_of(paris), ticket, later="monday", body="See the attachment", no_file="1")
    assert ScheduledReply.get().due_at == MONDAY


def test_the_team_reads_it_in_the_ticket_and_the_customer_does_not(client_of, ticket, paris, carol, row):
    colleague = cast.make_agent("Zoe", ticket.service)
    mine, theirs = page(client_of(paris), ticket), page(client_of(colleague), ticket)
    for shown in (mine, theirs):
        assert "Leaves Mon" in shown
        assert "We look on Monday." in shown
        assert "Only if the customer has not answered by then." in shown
    assert "Send now" in mine
    assert "Send now" not in theirs
    assert "Cancel sending" not in theirs
    with time_machine.travel(NOW, tick=False):
        customer = client_of(carol).get(f"/tickets/{ticket.number}")
    assert ticket.subject in text_of(customer)
    assert "We look on Monday." not in text_of(customer)


def test_its_buttons(client_of, ticket, paris, row):
    client = client_of(paris)
    assert "it is a draft of this ticket" in text_of(act(client, ticket, row, "cancel"))
    shown = page(client, ticket)
    assert "Draft: did not leave" in shown
    assert "It did not leave: it was cancelled." in shown
    assert "look at it, then send it" in text_of(act(client, ticket, row, "now"))
    assert "The draft has been discarded." in text_of(act(client, ticket, row, "discard"))
    assert "is not scheduled any more" in text_of(act(client, ticket, row, "edit"))


def test_it_is_edited_and_sent_now(client_of, ticket, paris, row):
    client = client_of(paris)
    edited = act(client, ticket, row, "edit")
    assert "it leaves when you send it" in text_of(edited)
    assert "We look on Monday." in Draft.get().body
    send(client, ticket, later="monday")
    assert "has been sent" in text_of(act(client, ticket, ScheduledReply.get(), "now"))
    assert Message.select().where(Message.kind == "reply").count() == 1


def test_what_the_page_has_not_shown_holds_it_back(client_of, ticket, paris, carol):
    with time_machine.travel(NOW, tick=False):
        new = NewReply("<p>x</p>")
        row = send_later.schedule(ticket, new, MONDAY, actor=paris, unless_answered=False)
        seen = Message.get().id
        tickets.receive_message(ticket, "Wait", actor=carol)
    answer = act(client_of(paris), ticket, row, "now", seen=str(seen))
    assert "1 new message" in text_of(answer)
    assert ScheduledReply.select().exists()


def test_its_files_are_read_by_who_sees_the_ticket(client_of, ticket, paris, ben):
    client = client_of(paris)
    picture = (io.BytesIO(attached.png()), "plan.png")
    with time_machine.travel(NOW, tick=False):
        data = {"kind": "message", "body": "Look", "later": "monday", "unless_answered": "1", "files": picture}
        answer = post(client, url(ticket, "reply"), data)
        assert answer.status_code == 302
        shown = client.get(url(ticket)).get_data(as_text=True)
        address = shown.split('class="file" href="')[1].split('"')[0]
        with client.get(address) as sent:
            assert sent.data == attached.png()
        assert client_of(ben).get(address).status_code == 404
        assert client.get("/admin/files/scheduled/999999/x").status_code == 404
        assert client.get(f"/admin/files/scheduled/{10**30}/x").status_code == 404


@pytest.mark.parametrize("kind", ["message", "note"])
def test_its_form_sends_nothing_more(client_of, ticket, paris, kind):
    client = client_of(paris)
    send(client, ticket, later="monday", form_key="one")
    # Back, then Send: the customer would read it twice.
    again = send(client, ticket, kind=kind, body="We look today.", form_key="one")
    assert again.status_code == 422
    assert "Send yours once more." in text_of(again)
    assert "We look today." in again.get_data(as_text=True)
    assert not Message.select().where(Message.kind != "customer").exists()
    # Another text for the same form is not lost either.
    assert send(client, ticket, later="monday", body="We look later.", form_key="one").status_code == 422
    assert send(client, ticket, later="monday", form_key="one").status_code == 302
    assert ScheduledReply.select().count() == 1
