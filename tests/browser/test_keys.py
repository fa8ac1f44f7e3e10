"""Single keys in Chromium: in the list, in a ticket, never in a field, and switched off."""

import pytest

from helpdesk import clock
from helpdesk.lists import counting
from models import Agent, Message, Ticket
from tests.support import cast, sqlite_only
from tests.support.browsing import enter, settle

pytestmark = [pytest.mark.browser, sqlite_only]

LIST = "/admin/tickets/?view=open"


@pytest.fixture
def listed(page, carol, billing, invoices, ana):
    """The list of Ana, who is signed in: three tickets."""
    for n in range(3):
        cast.open_ticket(carol, billing, invoices, subject=f"Ticket {n}")
    counting.forget_counts()
    enter(page, ana)
    page.goto(LIST)
    return page


@pytest.fixture
def opened(page, ticket, ana):
    """Ana's page of the ticket; however slow the keys come, no second goes by between them."""
    page.clock.set_fixed_time(clock.now())
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").wait_for()
    return page


def press(page, keys):
    for key in keys:
        page.keyboard.press(key)


def focused(page):
    return page.evaluate("document.activeElement.innerText")


def test_j_and_k_move_x_ticks_and_o_opens(listed):
    press(listed, "jjjk")
    assert "Ticket 1" in focused(listed)
    press(listed, "x")
    assert listed.locator("tr:nth-child(2) [name=number]").is_checked()
    press(listed, "o")
    listed.get_by_role("heading", name="Ticket 1").wait_for()


def test_in_a_ticket_j_goes_to_the_next_one(listed):
    press(listed, ["j", "Enter"])
    listed.get_by_role("heading", name="Ticket 0").wait_for()
    # Keys are met from when the page has all its scripts.
    listed.wait_for_load_state()
    press(listed, "j")
    listed.get_by_role("heading", name="Ticket 1").wait_for()


@pytest.mark.parametrize(
    ("letter", "title"), [("i", "Open tickets"), ("m", "My tickets"), ("u", "Unassigned"), ("s", "Search")]
)
def test_g_and_a_letter_lead_to_a_list(opened, letter, title):
    press(opened, ["g", letter])
    opened.get_by_role("heading", name=title, level=1).wait_for()


def test_slash_searches(opened):
    press(opened, "/")
    opened.wait_for_url("**view=search")
    opened.keyboard.type("invoice")
    assert opened.input_value("#q") == "invoice"


def test_r_and_n_write(opened):
    press(opened, "n")
    assert opened.is_checked("[name=kind][value=note]")
    opened.keyboard.type("crt?")
    assert opened.inner_text("trix-editor").strip() == "crt?"
    settle(opened)
    press(opened, ["Escape", "r"])
    assert opened.is_checked("[name=kind][value=message]")
    assert Message.select().count() == 1


def test_a_l_and_f_lead_to_their_fields(opened):
    # The field of tags is made anew by the script of the panel.
    opened.locator(".panel .chips").wait_for(state="attached")
    for key, field in (("a", "#assignee"), ("l", "#tags"), ("f", "#to")):
        press(opened, key)
        opened.locator(f"{field}:focus").wait_for()
        press(opened, ["Escape"])


def test_t_takes_and_c_closes(opened, ticket, ana):
    press(opened, "t")
    opened.get_by_text("The ticket is yours.").wait_for()
    assert Ticket.get().assignee == ana
    press(opened, "c")
    opened.get_by_text("The ticket has been closed.").wait_for()
    assert Ticket.get().is_closed


def test_the_help_opens_takes_the_keys_and_gives_the_focus_back(opened, ticket):
    opened.focus("a[href='#content']")
    press(opened, "?")
    opened.get_by_role("dialog", name="Keyboard").wait_for()
    press(opened, ["c", "Escape"])
    assert not opened.get_by_role("dialog").is_visible()
    assert "Skip" in focused(opened)
    assert not Ticket.get().is_closed


def test_with_ctrl_a_letter_is_the_browsers(opened):
    press(opened, ["Control+c", "Alt+t"])
    assert (Ticket.get().is_closed, Ticket.get().assignee) == (False, None)


def test_keys_are_switched_off_in_the_profile(opened, ticket):
    opened.goto("/admin/profile")
    opened.uncheck("#shortcuts")
    opened.click("text=Save")
    opened.get_by_text("Your profile was saved.").wait_for()
    assert not Agent.get(Agent.name == "Ana").shortcuts
    opened.goto(f"/admin/tickets/{ticket.number}")
    press(opened, "t?")
    assert not opened.get_by_role("dialog").is_visible()
    assert Ticket.get().assignee is None


def test_letters_go_into_the_form_that_opened(opened, ticket):
    opened.locator(".is-subject summary").click()
    opened.locator("#subject:focus").wait_for()
    opened.keyboard.type("Not cold")
    opened.keyboard.press("Enter")
    opened.get_by_role("heading", name="Not cold").wait_for()
    assert Ticket.get_by_id(ticket.id).closed_at is None


def test_the_escape_key_gives_back_the_focus_of_a_form_that_opened(opened):
    opened.locator(".is-subject summary").focus()
    opened.keyboard.press("Enter")
    opened.locator("#subject:focus").wait_for()
    opened.keyboard.press("Escape")
    assert "Change the subject" in focused(opened)
