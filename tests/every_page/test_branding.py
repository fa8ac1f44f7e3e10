"""What an owner gives the desk of their own: an accent, words at the foot, the form on their site."""

from __future__ import annotations

import re
from html import unescape

import pytest

from helpdesk import outbox, settings
from helpdesk.errors import InvalidInput
from helpdesk.lib import colors
from models import Department, OutgoingEmail
from tests.support import sqlite_only

pytestmark = sqlite_only


def test_the_accent_reaches_every_page(client, database):
    before = client.get("/sign-in").get_data(as_text=True)
    settings.save({"accent_color": "teal"})
    assert "--g-accent:#008080" not in before
    assert "--g-accent:#007676" in client.get("/labels.css").get_data(as_text=True)
    assert client.get("/sign-in").get_data(as_text=True) != before


def test_no_colour_is_refused(database):
    with pytest.raises(InvalidInput):
        settings.save({"accent_color": "red; } body { display: none"})


def test_the_foot_of_public_pages(client, billing):
    settings.save(
        {"contact": {"en": "12 Market <Street>"}, "legal_notice": {"en": "https://shop.example/legal"},
         "privacy_page": {"en": "We keep nothing."}}
    )  # fmt: skip
    page = client.get("/").get_data(as_text=True)
    assert "12 Market &lt;Street&gt;" in page
    assert '<a href="https://shop.example/legal">Legal notice</a>' in page
    assert "We keep nothing." in page


def test_an_address_that_is_no_page_becomes_no_link(client, billing):
    settings.save({"legal_notice": {"en": "javascript:alert(1)"}})
    assert 'href="javascript' not in client.get("/").get_data(as_text=True)


def test_mails_say_how_to_reach_the_owner(app, ticket):
    settings.save({"contact": {"en": "04 78 <00> 00 00"}})
    with app.app_context():
        letter = outbox.render(OutgoingEmail.get())
    assert "04 78 <00> 00 00" in letter.get_body(("plain",)).get_content()
    assert "04 78 &lt;00&gt; 00 00" in letter.get_body(("html",)).get_content()


@pytest.mark.parametrize(("chosen", "light", "dark"), [("#6d2c65", "#6d2c65", "#e3b3db"), ("yellow", "#70", "#ffff00")])
def test_links_in_mails_wear_the_accent_as_far_as_it_can_be_read(app, ticket, chosen, light, dark):
    settings.save({"accent_color": chosen})
    with app.app_context():
        html = outbox.render(OutgoingEmail.get()).get_body(("html",)).get_content()
    link = re.search(r'class="button"[^>]* bgcolor="(#\w{6})"', html)[1]
    assert link.startswith(light)
    assert colors.contrast(link, "#ffffff") >= 4.5
    assert f"a {{ color: {dark} !important; }}" in html
    assert colors.contrast(dark, "#241f23") >= 4.5


def chosen(client, query: str) -> str:
    page = client.get(f"/tickets/new?{query}").get_data(as_text=True)
    return page.partition(" selected>")[0].rpartition('value="')[2].rstrip('"') if " selected>" in page else ""


def test_a_link_chooses_the_department(client, billing, sales):
    refunds = Department.get(Department.position == 1)
    assert chosen(client, f"service={billing.id}&department={refunds.id}") == f"d{refunds.id}"
    assert chosen(client, f"service={sales.id}") == f"s{sales.id}"


@pytest.mark.parametrize("query", ["service=999", "service=1&department=x%00", "service=%3Cb%3E", "department=1"])
def test_a_link_to_nothing_chooses_nothing(client, billing, sales, query):
    assert chosen(client, query) == ""


def test_configuration_gives_the_html_to_copy(client_of, root, billing):
    page = unescape(client_of(root).get("/admin/configuration/").get_data(as_text=True))
    assert '<a href="http://127.0.0.1:8000/tickets/new">Contact us</a>' in page
    assert f"/tickets/new?service={billing.id}&department=" in page


@pytest.mark.browser
def test_a_link_to_a_service_leaves_only_the_department_to_choose(page, billing, sales):
    page.goto(f"/tickets/new?service={billing.id}")
    assert page.locator("select").first.locator("option:checked").inner_text() == "Billing"
    page.get_by_label("Department").wait_for()
