"""Every act begins with the ticket as it is now, kept from others: what a page has read may no longer hold."""

import itertools

import pytest

from helpdesk import access, clock, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, Merged, NotFound
from helpdesk.lists import bulk
from helpdesk.people import agents
from helpdesk.reports import satisfaction
from helpdesk.tickets import assignment, cc, drafts, messages, properties, thread
from helpdesk.tickets.drafts import Writing
from models import Agent, Draft, Message, OutgoingEmail, Rating, Tag, Ticket, TicketEvent
from tests.public.filling import hidden
from tests.support import cast
from tests.support.doors import post, signed_in
from tests.support.racing import beside, meeting
from tests.support.waiting import PATIENCE

DESK = "/admin/tickets/"


@pytest.fixture(autouse=True)
def at_once(database):
    """Replies go out at once."""
    settings.save({"undo_send_seconds": 0})


@pytest.fixture
def stale(ticket, carol):
    """The ticket as a request of its customer has just found it."""
    return access.find_ticket(carol, ticket.number)


def kinds(ticket) -> list[str]:
    return [row.kind for row in TicketEvent.select().where(TicketEvent.ticket == ticket.id).order_by(TicketEvent.id)]


# --- A customer's message beside an act of the team ---------------------------------------------------------------


def test_a_message_beside_a_reply_waits_for_an_answer(ticket, stale, ana, carol):
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Answer</p>", actor=ana)
    tickets.receive_message(stale, "One more thing", actor=carol)
    now = Ticket.get_by_id(ticket.id)
    assert (now.status.identifier, now.awaits_reply) == ("active", True)


def test_a_message_beside_a_deletion_brings_the_ticket_back(ticket, stale, ana, carol):
    tickets.delete(Ticket.get_by_id(ticket.id), actor=ana)
    tickets.receive_message(stale, "It is urgent", actor=carol)
    assert not Ticket.get_by_id(ticket.id).in_bin
    assert "restored" in kinds(ticket)


def test_a_message_beside_a_closing_says_that_it_reopened(ticket, stale, ana, carol):
    tickets.close(Ticket.get_by_id(ticket.id), actor=ana)
    tickets.receive_message(stale, "Not yet", actor=carol)
    assert Ticket.get_by_id(ticket.id).is_open
    assert "reopened" in kinds(ticket)


def test_what_was_lost_meanwhile_is_refused(ticket, stale, ana, sales):
    elsewhere = cast.make_agent("Zoe", sales, email="zoe@desk.example")
    tickets.assign(Ticket.get_by_id(ticket.id), ana, actor=ana)
    with pytest.raises(NotFound):
        tickets.close(stale, actor=elsewhere)


def test_an_assignee_who_was_disabled_meanwhile_is_refused(ticket, ana, root):
    chosen = type(ana).get_by_id(ana.id)
    agents.save_agent(type(ana).get_by_id(ana.id), {"active": False}, actor=root)
    with pytest.raises(InvalidInput, match="disabled"):
        tickets.assign(ticket, chosen, actor=root)


# --- Two at once --------------------------------------------------------------------------------------------------


def test_the_same_reply_sent_twice_at_once_is_one(app, ana, ticket):
    form = {"body": "The answer", "seen": str(thread.newest_id(ticket)), "form_key": "one-form"}
    browsers = [signed_in(app, ana), signed_in(app, ana)]
    done = beside(
        *(lambda browser=browser: post(browser, f"{DESK}{ticket.number}/reply", form) for browser in browsers)
    )
    assert done == ["done", "done"]
    assert Message.select().where(Message.kind == "reply").count() == 1
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "notification").count() == 1


def test_another_text_of_a_form_that_was_sent_comes_back(app, ana, ticket):
    browser, form = signed_in(app, ana), {"kind": "note", "form_key": "one-form"}
    post(browser, f"{DESK}{ticket.number}/reply", {**form, "body": "First"})
    again = post(browser, f"{DESK}{ticket.number}/reply", {**form, "body": "Quite another text"})
    assert again.status_code == 422
    assert "Quite another text" in again.get_data(as_text=True)
    key = again.get_data(as_text=True).split('name="form_key" value="', 1)[1].split('"', 1)[0]
    assert (
        post(
            browser, f"{DESK}{ticket.number}/reply", {**form, "form_key": key, "body": "Quite another text"}
        ).status_code
        == 302
    )
    assert Message.select().where(Message.kind == "note").count() == 2


def test_a_customer_loses_no_text_of_a_form_that_was_sent(client_of, ticket, carol):
    browser, address = client_of(carol), f"/tickets/{ticket.number}"
    form = hidden(browser.get(address).get_data(as_text=True))
    assert post(browser, address, {**form, "message": "First"}).status_code == 303
    assert post(browser, address, {**form, "message": "First"}).status_code == 303
    again = post(browser, address, {**form, "message": "Quite another text"})
    assert again.status_code == 422
    page = again.get_data(as_text=True)
    assert post(browser, address, {**hidden(page), "message": "Quite another text"}).status_code == 303
    assert Message.select().where(Message.kind == "customer").count() == 3


def test_the_same_note_sent_twice_is_one(app, ana, ticket):
    form = {"body": "Look", "kind": "note", "form_key": "one-form"}
    for _time in range(2):
        assert post(signed_in(app, ana), f"{DESK}{ticket.number}/reply", form).status_code == 302
    assert Message.select().where(Message.kind == "note").count() == 1


def test_a_form_of_another_ticket_makes_nothing(app, ana, ticket, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    form = {"body": "Hi", "form_key": "one-form"}
    assert post(signed_in(app, ana), f"{DESK}{ticket.number}/reply", form).status_code == 302
    assert post(signed_in(app, ana), f"{DESK}{other.number}/reply", form).status_code == 422
    assert Message.select().where(Message.kind == "reply").count() == 1


def test_two_replies_of_two_agents_at_once_are_one_and_a_held_one(app, ana, root, ticket):
    seen = str(thread.newest_id(ticket))
    codes = []

    def send(browser, key):
        form = {"body": f"Answer {key}", "seen": seen, "form_key": key}
        codes.append(post(browser, f"{DESK}{ticket.number}/reply", form).status_code)

    one, two = signed_in(app, ana), signed_in(app, root)
    assert beside(lambda: send(one, "a"), lambda: send(two, "b")) == ["done", "done"]
    assert sorted(codes) == [302, 409]
    assert Message.select().where(Message.kind == "reply").count() == 1


def test_two_put_the_same_new_tag_on_at_once(ana, root, ticket):
    def put(agent):
        tickets.tag(Ticket.get_by_id(ticket.id), "hot", actor=agent)

    assert beside(lambda: put(ana), lambda: put(root)) == ["done", "done"]
    assert ticket.ticket_tags.count() == Tag.select().where(Tag.key == "hot").count() == 1


def test_two_messages_with_copies_at_once_wait_for_each_other(ticket, carol):
    def write(email):
        tickets.receive_message(Ticket.get_by_id(ticket.id), "See copy", actor=carol, copies=[email])

    done = beside(*(lambda n=n: write(f"copy{n}@else.example") for n in range(4)))
    assert done == ["done"] * 4
    assert len(cc.in_copy(ticket)) == 4


def test_many_are_closed_while_their_customer_writes(ticket, carol, root, billing, invoices, monkeypatch):
    other = cast.open_ticket(carol, billing, invoices)
    writing_goes_on = meeting(monkeypatch, messages, "_message_of")

    def close_both():
        writing_goes_on.wait(PATIENCE)
        bulk.run("close", [ticket.id, other.id], lambda row: tickets.close(row, actor=root), actor=root)

    def write():
        tickets.receive_message(access.find_ticket(carol, other.number), "Hello", actor=carol)

    assert beside(write, close_both) == ["done", "done"]


@pytest.mark.parametrize("off", ["disable", "delete"])
def test_an_agent_goes_while_a_new_tag_is_put_on_their_ticket(ticket, ana, root, monkeypatch, off):
    tickets.assign(ticket, ana, actor=root)
    tagging_goes_on = meeting(monkeypatch, properties, "_tag")

    def go():
        tagging_goes_on.wait(PATIENCE)
        gone = Agent.get_by_id(ana.id)
        if off == "disable":
            agents.save_agent(gone, {"active": False}, actor=root)
        else:
            agents.delete_agent(gone, actor=root)

    def tag():
        tickets.tag(Ticket.get_by_id(ticket.id), "brand new", actor=root)

    assert beside(tag, go) == ["done", "done"]
    assert Ticket.get_by_id(ticket.id).assignee_id is None


def test_who_has_just_got_a_ticket_keeps_it_when_the_former_one_goes(ticket, ana, root, monkeypatch):
    tickets.assign(ticket, ana, actor=root)
    giving_goes_on = meeting(monkeypatch, assignment, "_set")

    def go():
        giving_goes_on.wait(PATIENCE)
        agents.save_agent(Agent.get_by_id(ana.id), {"active": False}, actor=root)

    done = beside(lambda: tickets.assign(Ticket.get_by_id(ticket.id), root, actor=root), go)
    assert done == ["done", "done"]
    assert Ticket.get_by_id(ticket.id).assignee == root


# --- Beside a merge -----------------------------------------------------------------------------------------------


@pytest.fixture
def merged(ticket, carol, billing, invoices, root):
    """A ticket as it was read just before it became part of another one, and that other one."""
    other = cast.open_ticket(carol, billing, invoices, subject="The other")
    before = Ticket.get_by_id(ticket.id)
    tickets.merge(Ticket.get_by_id(ticket.id), other, actor=root)
    return before, other


@pytest.mark.parametrize(
    "verb",
    [
        lambda ticket, agent: tickets.close(ticket, actor=agent),
        lambda ticket, agent: tickets.take(ticket, actor=agent),
        lambda ticket, agent: tickets.mark_important(ticket, actor=agent),
        lambda ticket, agent: tickets.rename(ticket, "New", actor=agent),
        lambda ticket, agent: tickets.set_tags(ticket, ["hot"], actor=agent),
        lambda ticket, agent: tickets.transfer(ticket, agent, actor=agent, note="Yours"),
        lambda ticket, agent: tickets.reply(ticket, "<p>Hi</p>", actor=agent),
        lambda ticket, agent: tickets.add_note(ticket, "<p>Hi</p>", actor=agent),
        lambda ticket, agent: drafts.save(ticket, Writing("<p>Hi</p>"), actor=agent),
        lambda ticket, agent: cc.add_cc(ticket, ["q@else.example"], actor=agent),
    ],
)
def test_an_act_on_a_ticket_that_is_part_of_another_leads_there(merged, root, verb):
    before, other = merged
    with pytest.raises(Merged) as led:
        verb(before, root)
    assert led.value.number == other.number


def test_a_message_for_a_ticket_that_is_part_of_another_stands_there(merged, carol):
    before, other = merged
    message = tickets.receive_message(before, "Where is it?", actor=carol)
    assert message.ticket_id == other.id


def test_who_only_typed_an_address_brings_nobody_into_the_other_ticket(carol, billing, invoices, root):
    written, hers = (cast.open_ticket(carol, billing, invoices) for _time in range(2))
    guest = TicketGuest(carol, written.id, carol.primary_address, is_proven=False)
    before = access.find_ticket(guest, written.number)
    tickets.merge(written, hers, actor=root)
    assert tickets.receive_message(before, "Hi", actor=guest, copies=["spy@else.example"]).ticket_id == hers.id
    assert cc.in_copy(hers) == []


def test_a_reply_is_held_when_a_merge_has_brought_a_message(app, ana, root, carol, billing, invoices):
    source = cast.open_ticket(carol, billing, invoices, subject="Cancel everything")
    target = cast.open_ticket(carol, billing, invoices)
    browser = signed_in(app, ana)
    page = browser.get(f"{DESK}{target.number}").get_data(as_text=True)
    form = {name: page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0] for name in ("seen", "known")}
    tickets.merge(source, target, actor=root)
    answer = post(browser, f"{DESK}{target.number}/reply", {"body": "It is on its way", **form})
    assert answer.status_code == 409
    again = answer.get_data(as_text=True)
    form = {name: again.split(f'name="{name}" value="', 1)[1].split('"', 1)[0] for name in ("seen", "known")}
    sent = post(browser, f"{DESK}{target.number}/reply", {"body": "It is cancelled", **form})
    assert sent.status_code == 302


# --- What follows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("put", "said"), [(tickets.delete, "bin"), (tickets.mark_spam, "Spam")])
def test_nobody_replies_where_nobody_is_mailed(ticket, ana, put, said):
    put(ticket, actor=ana)
    with pytest.raises(InvalidInput, match=said):
        tickets.reply(ticket, "<p>Hi</p>", actor=ana)
    tickets.add_note(ticket, "<p>Why is it here?</p>", actor=ana)


def test_a_late_save_brings_no_draft_back(app, ana, ticket):
    browser, form = signed_in(app, ana), {"body": "The answer", "form_key": "one-form"}
    assert post(browser, f"{DESK}{ticket.number}/reply", form).status_code == 302
    post(browser, f"{DESK}{ticket.number}/draft", form, headers={"Accept": "application/json"})
    assert Draft.select().count() == 0


def test_a_late_save_leaves_a_newer_draft(app, ana, ticket):
    browser, form = signed_in(app, ana), {"body": "The answer", "form_key": "one-form"}
    post(browser, f"{DESK}{ticket.number}/reply", form)
    post(browser, f"{DESK}{ticket.number}/draft", {"body": "In another window", "form_key": "two"})
    post(browser, f"{DESK}{ticket.number}/draft", form)
    assert "In another window" in Draft.get().body


def test_a_note_is_deleted_once(ana, ticket):
    note = tickets.add_note(ticket, "<p>Look</p>", actor=ana)
    twins = [Message.get_by_id(note.id) for _time in range(2)]
    for twin in twins:
        tickets.delete_note(twin, actor=ana)
    assert kinds(ticket).count("note-deleted") == 1


def test_nobody_is_asked_before_the_closing_reply_is_read(ticket, ana, carol):
    settings.save({"undo_send_seconds": 10, "ask_satisfaction": True})
    tickets.reply(ticket, "<p>Done</p>", actor=ana, close=True)
    assert not satisfaction.is_asked(ticket, carol)
    with pytest.raises(InvalidInput):
        satisfaction.rate(ticket, "good", actor=carol)
    Message.update(public_at=clock.now()).where(Message.kind == "reply").execute()
    assert satisfaction.is_asked(ticket, carol)
    satisfaction.rate(ticket, "good", actor=carol)
    assert Rating.get().score == "good"


def test_a_reply_taken_back_leaves_a_closing_of_the_customer_alone(ticket, ana, carol):
    settings.save({"undo_send_seconds": 10})
    message = tickets.reply(ticket, "<p>Hello</p>", actor=ana)
    tickets.close(Ticket.get_by_id(ticket.id), actor=carol)
    tickets.withdraw_reply(message, actor=ana)
    assert not Draft.get().close
    assert not Ticket.get_by_id(ticket.id).is_open


@pytest.mark.parametrize("typed", ["#foo bar", "foo  bar", "FOO bar", " foo bar "])
def test_a_tag_is_the_same_however_it_is_typed(ticket, ana, typed):
    tickets.tag(ticket, "foo bar", actor=ana)
    tickets.set_tags(ticket, [typed, "new"], actor=ana)
    assert {row.tag.name for row in ticket.ticket_tags} == {"foo bar", "new"}


def test_a_tag_whose_letters_fold_to_two_fits(ticket, ana):
    tickets.tag(ticket, "ß" * 40, actor=ana)
    tickets.untag(ticket, "ß" * 40, actor=ana)
    assert not ticket.ticket_tags.count()


def test_a_message_of_letters_that_fold_to_many_is_stored(ticket, carol):
    squares = [chr(code) for code in range(0x3300, 0x3358)]
    words = ("".join(word) + word[0] * 5 for word in itertools.islice(itertools.product(squares, repeat=3), 11_000))
    text = " ".join(words)[:99_999]
    assert tickets.receive_message(ticket, text, actor=carol).id
