"""The screens of mail that comes in, with what they hold at worst: axe finds nothing, nothing scrolls sideways."""

from __future__ import annotations

import os
from typing import Any

import pytest

from helpdesk import i18n, settings
from helpdesk.incoming import pipeline
from helpdesk.notifications import reply_address
from helpdesk.notifications.reply_address import Code
from models import IncomingMail, Mailbox, SenderRule
from tests.support import axe, sqlite_only
from tests.support.mails import ADDRESS, mail, take

pytestmark = [pytest.mark.browser, sqlite_only]

LONG = "a-very-long-name-of-somebody-without-a-single-blank-in-it@and-of-a-long-domain.customer.example"
WAY = [
    ("Received", "from a.very.long.name.of.a.server.customer.example by mx.desk.example; 30 Nov 2026 12:09:04 +0000"),
    ("Received", "from laptop by out.customer.example; 30 Nov 2026 12:00:02 +0000"),
]
QUOTED = "\n\nLe lun. 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n> Bonjour\n> Au revoir"


@pytest.fixture
def addresses(world: Any, app: Any) -> dict[str, str]:
    """The address of each screen by its name: a held mail, a note of an agent, a stranger, a signature, a quote."""
    ticket, ana = world.ticket, world.people["ana"]
    settings.save({"agents_answer": True})
    box = Mailbox.get()
    box.service, box.department, box.enabled = ticket.service, ticket.department, True
    box.sub_addresses, box.trusted_server = True, "mx.desk.example"
    box.save()
    theirs = reply_address.with_code(box, Code(ticket.id, address=ticket.address_id))
    anas = reply_address.with_code(box, Code(ticket.id, agent=ana.id))
    letters = {
        "held": mail(f"{'word' * 60}\n\nDe : Agnès <agnes@customer.example>\nObjet : x", sender=f"Ana <{ana.email}>"),
        "note": mail("Bonjour", sender=f"Ana <{ana.email}>", to=anas),
        "stranger": mail("Et moi ?", sender=LONG, to=theirs),
        "message": mail(
            f"Merci\n\n-- \nCarol\n0123{QUOTED}", sender="carol@customer.example", to=theirs,
            headers=[("Cc", "bob@customer.example"), ("X-Priority", "1"), *WAY],
            files=[("winmail.dat", b"x", "application/ms-tnef")],
        ),
    }  # fmt: skip
    rows = {name: take(box, content) for name, content in letters.items()}
    with app.app_context(), i18n.in_language("fr"):
        pipeline.decide_waiting()
    assert box.address == ADDRESS
    assert {name: IncomingMail.get_by_id(row.id).state for name, row in rows.items()} == {
        "held": "held", "note": "note", "stranger": "message", "message": "message",
    }  # fmt: skip
    SenderRule.create(pattern=LONG, does="hold", note="x" * 150)
    details = {name: f"/admin/incoming/details/?id={row.id}" for name, row in rows.items()}
    return {
        **details, "list": "/admin/incoming/", "senders": "/admin/senders/",
        "ticket": f"/admin/tickets/{ticket.number}",
        "mailboxes": "/admin/mailboxes/", "mailbox": f"/admin/mailboxes/edit/?id={box.id}",
        "sender": f"/admin/senders/edit/?id={SenderRule.get(SenderRule.pattern == LONG).id}",
        "settings": "/admin/configuration/", "profile": "/admin/profile",
    }  # fmt: skip


@pytest.mark.parametrize(("width", "language"), [(1280, "fr"), (390, "fr"), (390, "en")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browse: Any, addresses: dict[str, str], width: int, language: str
) -> None:
    complaints: dict[str, list[str]] = {}
    with browse("root", width, language=language) as page:
        for name, address in addresses.items():
            assert page.goto(address).status == 200, address
            page.evaluate("document.querySelectorAll('details.quoted').forEach(one => { one.open = true })")
            complaints[name] = axe.complaints(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                complaints[name].append("scrolls sideways")
            if folder := os.environ.get("SHOTS"):
                for theme in ("light", "dark"):
                    page.emulate_media(color_scheme=theme)
                    page.screenshot(path=f"{folder}/{name}-{width}-{language}-{theme}.png", full_page=True)
        page.goto(addresses["held"])
        page.get_by_role("button", name="Rejouer" if language == "fr" else "Replay").first.click()
        complaints["replay"] = axe.complaints(page)
    assert {name: rows for name, rows in complaints.items() if rows} == {}
