"""Races on a ticket: messages, merges, the bin, bulk acts, drafts, copies."""

from __future__ import annotations

from datetime import timedelta

from database import Label
from helpdesk import clock, settings, snooze, tickets
from helpdesk.setup import workflow
from helpdesk.tickets import cc, drafts
from helpdesk.tickets.drafts import Writing
from models import Draft, FormerNumber, Message, Status, Tag, Ticket, TicketEvent
from tests.faults.world import Race, World, again, require_messages
from tests.support.doors import post, signed_in


def taking_one_ticket_twice(world: World) -> Race:
    """Two take a ticket from pages that show it to nobody: the second is told."""
    ticket, other = world.ticket(), world.agent()
    address = f"/admin/tickets/{ticket.number}"
    browsers = [signed_in(world.app, agent) for agent in (world.ana, other)]
    pages = [browser.get(address).get_data(as_text=True) for browser in browsers]
    known = [page.split('name="known" value="', 1)[1].split('"', 1)[0] for page in pages]
    acts = tuple(
        lambda browser=browser, state=state: post(browser, f"{address}/take", {"known": state})
        for browser, state in zip(browsers, known, strict=True)
    )

    def check(_ended: list[str]) -> None:
        assert [row.kind for row in again(ticket).events].count("taken") == 1
        pages = [browser.get(address).get_data(as_text=True) for browser in browsers]
        assert sum("Meanwhile it has been assigned to" in page for page in pages) == 1

    return Race(acts, check)


def writing_beside_closing(world: World) -> Race:
    """A message that came after the closing reopens the ticket."""
    ticket = world.ticket()
    acts = world.write(again(ticket)), lambda: tickets.close(again(ticket), actor=world.ana)

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        order = [row.kind for row in again(ticket).events.order_by(TicketEvent.id)]
        assert again(ticket).is_open == (order.index("customer-wrote") > order.index("closed"))

    return Race(acts, check)


def writing_beside_deleting(world: World) -> Race:
    """A message is not lost in the bin."""
    ticket = world.ticket()
    acts = world.write(again(ticket)), lambda: tickets.delete(again(ticket), actor=world.ana)
    return Race(acts, lambda _ended: require_messages(2, ticket))


def writing_beside_the_purge(world: World) -> Race:
    """What is written to a ticket in the bin restores it, or finds no ticket any more."""
    ticket = world.ticket()
    tickets.delete(ticket, actor=world.ana)
    Ticket.update(binned_at=clock.now().replace(year=2000)).where(Ticket.id == ticket.id).execute()

    def check(ended: list[str]) -> None:
        row = Ticket.get_or_none(Ticket.id == ticket.id)
        assert (row is not None and not row.in_bin) if ended[0] == "done" else row is None

    return Race((world.write(again(ticket)), tickets.purge_bin), check)


def writing_beside_merging(world: World) -> Race:
    """What is written to a ticket that becomes part of another stands there."""
    source, target = world.ticket(), world.ticket()
    acts = world.write(again(source)), lambda: tickets.merge(again(source), again(target), actor=world.ana)
    return Race(acts, lambda _ended: require_messages(3, target))


def merging_crosswise(world: World) -> Race:
    """Of A into B and B into A one is done."""
    one, two = world.ticket(), world.ticket()
    acts = (
        lambda: tickets.merge(one, two, actor=world.ana),
        lambda: tickets.merge(two, one, actor=world.root),
    )

    def check(ended: list[str]) -> None:
        assert sorted(ended) == ["InvalidInput", "done"]
        require_messages(2, one, two)
        assert FormerNumber.select().where(FormerNumber.number.in_([one.number, two.number])).count() == 1

    return Race(acts, check)


def sending_one_form_many_times(world: World) -> Race:
    """A double click is one message."""
    ticket = world.ticket()
    key = f"message {next(world.numbers)}"
    acts = tuple(world.write(again(ticket), form_key=key) for _ in range(4))
    return Race(acts, lambda _ended: require_messages(2, ticket))


def opening_by_one_form_many_times(world: World) -> Race:
    """Many submissions of one form are one ticket."""
    key = f"ticket {next(world.numbers)}"

    def check(_ended: list[str]) -> None:
        assert Ticket.select().where(Ticket.form_key == key).count() == 1

    return Race((lambda: world.ticket(form_key=key),) * 4, check)


def putting_one_new_tag_on_two_tickets(world: World) -> Race:
    """Two put the same new tag on, each on a ticket of their own."""
    name, one, two = f"tag {next(world.numbers)}", world.ticket(), world.ticket()
    acts = (
        lambda: tickets.tag(again(one), name, actor=world.ana),
        lambda: tickets.tag(again(two), name, actor=world.root),
    )

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        assert Tag.select().where(Tag.key == name).count() == 1

    return Race(acts, check)


def closing_many_beside_writing(world: World) -> Race:
    """A customer writes to one of many that are just closed."""
    rows = [world.ticket() for _ in range(4)]
    close = world.many("close", rows, lambda row: tickets.close(row, actor=world.ana))

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        require_messages(5, *rows)

    return Race((close, world.write(again(rows[2]))), check)


def acting_on_many_in_two_orders(world: World) -> Race:
    """Many tickets at once, by acts that name them in another order."""
    rows = [world.ticket() for _ in range(6)]
    acts = (
        world.many("tag", rows, lambda row: tickets.tag(row, "hot", actor=world.ana)),
        world.many("close", rows[::-1], lambda row: tickets.close(row, actor=world.ana)),
    )

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        assert not any(again(row).is_open for row in rows)

    return Race(acts, check)


def deleting_a_status_beside_setting_it(world: World) -> Race:
    """No ticket wears a status that is gone."""
    ticket, name = world.ticket(), f"state {next(world.numbers)}"
    status = Status.create(identifier=name, label=Label(en=name), category="pending")
    acts = (
        world.send(world.ana, ticket, "update", status=str(status.id)),
        lambda: workflow.delete_status(Status.get_by_id(status.id), actor=world.root),
    )

    def check(ended: list[str]) -> None:
        assert ended[0] == "done"
        assert Status.select().where(Status.id == again(ticket).status_id).exists()

    return Race(acts, check)


def saving_a_draft_beside_sending_it(world: World) -> Race:
    """The page’s script saves the draft while it is sent."""
    ticket, key = world.ticket(), f"draft {next(world.numbers)}"
    acts = (
        lambda: drafts.save(again(ticket), Writing("<p>The answer</p>"), actor=world.ana),
        world.send(world.ana, ticket, "reply", body="The answer", form_key=key),
    )

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        assert Draft.select().where(Draft.ticket == ticket.id).count() <= 1

    return Race(acts, check)


def copying_in_beside_merging(world: World) -> Race:
    """Somebody is put in copy of a ticket that becomes part of another."""
    source, target, email = world.ticket(), world.ticket(), f"copy{next(world.numbers)}@else.example"
    before = again(source)
    acts = (
        lambda: cc.add_cc(before, [email], actor=world.ana),
        lambda: tickets.merge(again(source), again(target), actor=world.root),
    )

    def check(ended: list[str]) -> None:
        assert ended[1] == "done"
        assert len(cc.in_copy(again(target))) == (ended[0] == "done")

    return Race(acts, check)


def taking_a_reply_back_beside_writing(world: World) -> Race:
    """A reply is taken back while its customer writes."""
    ticket = world.ticket()
    settings.save({"undo_send_seconds": 30})
    message = tickets.reply(ticket, "<p>Too early</p>", actor=world.ana)
    settings.save({"undo_send_seconds": 0})
    acts = (
        world.write(again(ticket), "Hello?"),
        lambda: tickets.withdraw_reply(Message.get_by_id(message.id), actor=world.ana),
    )

    def check(ended: list[str]) -> None:
        assert ended[0] == "done"
        require_messages(2 if ended[1] == "done" else 3, ticket)

    return Race(acts, check)


def snoozing_beside_writing(world: World) -> Race:
    """A message that came after the snoozing wakes the ticket."""
    ticket = world.ticket()
    acts = (
        lambda: snooze.snooze(again(ticket), clock.now() + timedelta(days=1), actor=world.ana),
        world.write(again(ticket)),
    )

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        order = [row.kind for row in again(ticket).events.order_by(TicketEvent.id)]
        assert again(ticket).is_snoozed == (order.index("snoozed") > order.index("customer-wrote"))
        assert again(ticket).is_snoozed != ("woken" in order)

    return Race(acts, check)


def waking_by_the_clock_beside_closing(world: World) -> Race:
    """A ticket that is closed as its moment comes is closed, and wakes once at the most."""
    ticket = world.ticket()
    snooze.snooze(again(ticket), clock.now() - timedelta(minutes=1), actor=world.ana)
    acts = snooze.wake_due, snooze.wake_due, lambda: tickets.close(again(ticket), actor=world.ana)

    def check(ended: list[str]) -> None:
        assert ended == ["done"] * 3
        row = again(ticket)
        assert (row.is_open, row.is_snoozed, row.snoozed_until) == (False, False, None)
        assert [line.kind for line in row.events].count("woken") <= 1

    return Race(acts, check)


KINDS = (
    *(taking_one_ticket_twice, writing_beside_closing, writing_beside_deleting, writing_beside_the_purge),
    *(writing_beside_merging, merging_crosswise, sending_one_form_many_times, opening_by_one_form_many_times),
    *(putting_one_new_tag_on_two_tickets, closing_many_beside_writing, acting_on_many_in_two_orders),
    *(deleting_a_status_beside_setting_it, saving_a_draft_beside_sending_it, copying_in_beside_merging),
    *(taking_a_reply_back_beside_writing, snoozing_beside_writing, waking_by_the_clock_beside_closing),
)
