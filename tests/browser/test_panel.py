"""The panel beside a ticket in Chromium: choices are saved as they are made, by pointer and by keyboard."""

from __future__ import annotations

import pytest

from helpdesk import tickets
from helpdesk.tickets import cc
from models import Priority, Ticket
from tests.support import cast, sqlite_only
from tests.support.browsing import enter, stop_clock

pytestmark = [pytest.mark.browser, sqlite_only]


@pytest.fixture
def opened(page, ticket, ana):
    page.clock.install()
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    return page


def test_a_choice_is_saved_told_shown_and_undone(opened, ticket):
    high = Priority.get(Priority.identifier == "high")
    assert not opened.get_by_role("button", name="Update", exact=True).is_visible()
    opened.select_option("#priority", str(high.id))
    opened.get_by_text("The ticket parameters have been updated.").wait_for()
    opened.locator(".facts .prio", has_text="High").wait_for()
    opened.locator(".event", has_text="High").wait_for()
    assert Ticket.get().priority_id == high.id
    opened.keyboard.press("Escape")
    opened.locator("h1").click()
    opened.keyboard.press("z")
    opened.get_by_text("1 ticket is as before.").wait_for()
    assert Ticket.get().priority_id == ticket.priority_id
    assert opened.locator("#priority").input_value() == str(ticket.priority_id)


def test_undo_shows_what_a_colleague_chose_since(opened, ticket, root):
    high, follow = (Priority.get(Priority.identifier == name) for name in ("high", "follow"))
    opened.select_option("#priority", str(high.id))
    opened.locator(".event", has_text="High").wait_for()
    tickets.set_priority(Ticket.get(), follow, actor=root)
    opened.locator("[data-panel-undo]").click()
    opened.get_by_text("1 ticket was left as it is").wait_for()
    opened.locator("#priority option:checked", has_text="Follow").wait_for(state="attached")


def test_a_choice_on_a_ticket_that_was_merged_leads_to_the_other(opened, ticket, root, carol):
    other = cast.open_ticket(carol, ticket.service, ticket.department)
    tickets.merge(Ticket.get_by_id(ticket.id), other, actor=root)
    opened.select_option("#priority", str(Priority.get(Priority.identifier == "high").id))
    opened.wait_for_url(f"**/admin/tickets/{other.number}")
    assert opened.get_by_text("Nothing was changed.").count() == 1


def test_a_form_on_its_way_is_not_sent_again(opened, ticket, root, carol):
    other = cast.open_ticket(carol, ticket.service, ticket.department)
    tickets.merge(Ticket.get_by_id(ticket.id), other, actor=root)
    # Who leaves the list of priorities then would have it saved once more.
    opened.evaluate("""() => {
      const { submit } = HTMLFormElement.prototype;
      HTMLFormElement.prototype.submit = function leave() {
        submit.call(this);
        document.getElementById("priority").focus();
        document.getElementById("priority").blur();
      };
    }""")
    opened.select_option("#priority", str(Priority.get(Priority.identifier == "high").id))
    opened.wait_for_url(f"**/admin/tickets/{other.number}")
    assert opened.get_by_text("Nothing was changed.").count() == 1


def test_what_a_choice_does_not_change_stays_with_what_was_typed(opened, ticket):
    opened.locator("#acts summary", has_text="Transfer").click()
    opened.fill("#note", "Known to you.")
    opened.select_option("#priority", str(Priority.get(Priority.identifier == "high").id))
    opened.locator(".event", has_text="High").wait_for()
    assert opened.input_value("#note") == "Known to you."


def test_who_stands_on_an_act_stands_on_it_when_the_acts_have_changed(opened, ticket, ana):
    tickets.assign(Ticket.get(), ana, actor=ana)
    opened.reload()
    assert opened.get_by_role("button", name="Take", exact=True).count() == 0
    opened.get_by_role("button", name="Close", exact=True).focus()
    opened.select_option("#assignee", "")
    opened.get_by_role("button", name="Take", exact=True).wait_for()
    assert opened.evaluate("document.activeElement.textContent.trim()") == "Close"


def test_a_choice_of_somebody_signed_out_comes_back_on_a_page(opened, ticket):
    opened.watcher.expected.append("401")
    opened.context.clear_cookies()
    opened.select_option("#priority", str(Priority.get(Priority.identifier == "high").id))
    opened.wait_for_url("**/update")
    assert opened.locator("h1").inner_text() == "You are signed out"
    assert Ticket.get().priority_id == ticket.priority_id


def test_arrows_pass_through_what_nobody_means(opened, ticket):
    stop_clock(opened)
    opened.focus("#priority")
    # Letters and arrows change a closed list at once.
    opened.keyboard.press("h")
    assert opened.locator("#priority").input_value() == str(Priority.get(Priority.identifier == "high").id)
    assert Ticket.get().priority_id == ticket.priority_id
    opened.keyboard.press("Tab")
    opened.get_by_text("The ticket parameters have been updated.").wait_for()
    assert Ticket.get().priority_id == Priority.get(Priority.identifier == "high").id


def test_tags_are_chips(opened, ticket):
    opened.click("#tags")
    opened.fill("#tags", "late")
    opened.press("#tags", "Enter")
    opened.get_by_role("button", name="Remove the tag late").wait_for()
    opened.get_by_text("The ticket parameters have been updated.").wait_for()
    assert [row.tag.name for row in Ticket.get().ticket_tags] == ["late"]
    with opened.expect_response("**/update"):
        opened.get_by_role("button", name="Remove the tag late").click()
    opened.wait_for_function("!document.querySelector('.chip')")


def test_a_tag_that_a_colleague_added_is_shown_after_ones_own_choice(opened, ticket, root):
    tickets.tag(Ticket.get(), "urgent", actor=root)
    opened.select_option("#priority", str(Priority.get(Priority.identifier == "high").id))
    opened.get_by_role("button", name="Remove the tag urgent").wait_for()


def test_a_cross_in_the_line_to_takes_somebody_out_of_copy_and_back(page, ticket, ana):
    cc.add_cc(ticket, ["eve@copied.example"], actor=ana)
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").type("Half a sen")
    page.locator(".to").get_by_role("button", name="Remove eve@copied.example from the copies").click()
    page.get_by_text("eve@copied.example is not in copy any more.").wait_for()
    assert cc.in_copy(ticket) == []
    assert not page.locator(".to .chip").is_visible()
    page.locator("[data-copies-news]").get_by_role("button", name="Undo").press("Enter")
    page.get_by_text("In copy from now on").wait_for()
    assert [address.email for address in cc.in_copy(ticket)] == ["eve@copied.example"]
    assert "Half a sen" in page.locator("trix-editor").inner_text()


def test_the_field_for_a_link_proposes_the_customers_other_tickets(opened, ticket, carol):
    rows = [cast.open_ticket(carol, ticket.service, ticket.department, subject=f"Other {n}") for n in range(7)]
    opened.reload()
    opened.click("#links > summary")
    proposed = opened.locator("#link-numbers option")
    proposed.nth(6).wait_for(state="attached")
    found = {option.get_attribute("value"): option.text_content() for option in proposed.all()}
    assert found == {row.number: row.subject for row in rows}
