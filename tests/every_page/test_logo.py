"""The owner's logo: taken in, shown everywhere, replaced, removed, and harmless whatever was sent."""

from __future__ import annotations

import io
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from database import database
from helpdesk import journal, settings
from helpdesk.errors import InvalidInput
from helpdesk.files import attachments, file_store, logo
from helpdesk.operations import backup, restore
from models import JournalEntry
from tests.admin_views.setup.test_set_up import configuration
from tests.browser.test_axe import complaints
from tests.browser.test_desk import sign_in
from tests.support import attached, doors, sqlite_only
from tests.support.fresh import fresh_database

INK, PAPER = (20, 20, 30, 255), (250, 250, 250, 255)


def picture(size=(400, 100), colour=INK, kind="PNG", **options) -> bytes:
    """Return a picture with a clear edge (none in JPEG)."""
    mode = "RGB" if kind == "JPEG" else "RGBA"
    drawn = Image.new(mode, size, (0, 0, 0, 0)[: len(mode)])
    drawn.paste(colour[: len(mode)], (size[0] // 4, size[1] // 4, size[0], size[1]))
    drawn.putpixel((0, 0), colour[: len(mode)])
    target = io.BytesIO()
    drawn.save(target, kind, **options)
    return target.getvalue()


def send(client, content: bytes, name: str = "logo.png"):
    data = {**configuration(), "logo": (io.BytesIO(content), name)}
    return doors.post(client, "/admin/configuration/", {key: value for key, value in data.items() if value is not None})


def address(page: str) -> str:
    found = re.search(r'<img class="brand-logo[^"]*" src="([^"]+)"', page)
    return found.group(1) if found else ""


@pytest.mark.parametrize("kind", logo.FORMATS)
def test_a_picture_becomes_the_logo_of_every_page(client_of, client, root, kind):
    desk = client_of(root)
    assert send(desk, picture(kind=kind)).status_code == 302
    for reader, path in ((desk, "/admin/tickets/"), (client, "/sign-in"), (client, "/admin/sign-in"), (client, "/")):
        page = reader.get(path).get_data(as_text=True)
        assert re.search(r'<img class="brand-logo[^>]+alt="Guichet" width="400" height="100">', page), path
    answer = client.get(address(page))
    assert answer.status_code == 200
    assert answer.data != picture(kind=kind)
    assert Image.open(io.BytesIO(answer.data)).size == (400, 100)


def test_it_is_kept_for_good_and_can_do_nothing(client_of, client, root):
    send(client_of(root), picture())
    headers = client.get(address(client.get("/sign-in").get_data(as_text=True))).headers
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "max-age=31536000" in headers["Cache-Control"]
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (attached.SVG, "This is no picture that can be shown here."),
        (attached.HTML, "This is no picture that can be shown here."),
        (picture()[:60], "This is no picture that can be shown here."),
        (b"", "This is no picture that can be shown here."),
        (picture((4001, 2)), "more than 4,000 pixels"),
    ],
    ids=["svg", "html", "cut", "empty", "wide"],
)
def test_what_is_no_logo_is_refused_and_explained(client_of, root, content, told):
    before = attached.stored()
    answer = send(client_of(root), content)
    assert answer.status_code in {200, 422}
    assert told in answer.get_data(as_text=True)
    assert settings.get("logo") is None
    assert attached.stored() == before


def test_a_heavy_picture_is_refused(root):
    with pytest.raises(InvalidInput, match="larger than 2 MB"):
        logo.save(io.BytesIO(attached.png(4) + bytes(2 * 1024 * 1024)), actor=root)


def test_a_bomb_is_refused_before_it_is_drawn(client_of, root):
    head = bytearray(attached.png(4))
    head[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(InvalidInput):
        logo.save(io.BytesIO(bytes(head)), actor=root)


def test_where_a_photograph_was_taken_is_not_handed_out(client_of, client, root):
    exif = Image.Exif()
    exif[0x010E] = "12 Secret Street"
    send(client_of(root), picture(kind="JPEG", exif=exif))
    assert b"Secret" not in client.get(address(client.get("/sign-in").get_data(as_text=True))).data


def test_another_takes_its_place_and_its_file_goes(client_of, root):
    desk, before = client_of(root), attached.stored()
    send(desk, picture())
    first = address(desk.get("/admin/tickets/").get_data(as_text=True))
    send(desk, picture(colour=(200, 30, 30, 255)))
    page = desk.get("/admin/tickets/").get_data(as_text=True)
    assert address(page) not in {"", first}
    assert desk.get(first).status_code == 404
    assert len(attached.stored()) == len(before) + 1


def test_removed_it_leaves_the_name(client_of, root):
    desk, before = client_of(root), attached.stored()
    send(desk, picture())
    doors.post(desk, "/admin/configuration/", {"reset": "logo"})
    assert '<span class="brand-name">Guichet</span>' in desk.get("/admin/tickets/").get_data(as_text=True)
    assert attached.stored() == before


def test_other_settings_keep_it(client_of, root):
    desk = client_of(root)
    send(desk, picture())
    send(desk, b"", "")
    assert settings.get("logo")


def test_only_who_configures_sets_it(client_of, ana):
    assert send(client_of(ana), picture()).status_code in {403, 404}
    assert settings.get("logo") is None


def test_the_journal_tells_it_without_its_place(client_of, root, request_context):
    send(client_of(root), picture())
    line = JournalEntry.get(JournalEntry.subject == "logo")
    assert journal.describe(line) == "Root set “Logo”: empty → 400 × 100"
    assert settings.get("logo")["path"] not in str(line.data)


@pytest.mark.parametrize(
    ("content", "ground"),
    [(picture(), "light"), (picture(colour=PAPER), "dark"), (picture(colour=(200, 60, 60, 255)), ""),
     (picture(kind="JPEG"), "")],
)  # fmt: skip
def test_a_picture_that_one_paper_would_swallow_gets_a_plate(database, content, ground):
    logo.save(io.BytesIO(content), actor=None)
    assert logo.current().ground == ground


def test_a_backup_holds_it_and_the_sweep_spares_it(database, engine, desks, tmp_path):
    logo.save(io.BytesIO(picture()), actor=None)
    path = file_store.location(logo.current().path)
    os.utime(path, (0, 0))
    assert attachments.sweep() == 0
    content = path.read_bytes()
    backup.backup(tmp_path / "desk.zip")
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(tmp_path / "desk.zip")
        assert file_store.location(logo.current().path).read_bytes() == content


@pytest.mark.browser
@sqlite_only
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("size", [(3000, 60), (60, 3000), (4000, 4000), (12, 12)])
def test_no_shape_breaks_a_page(page, app, root, size, width):
    logo.save(io.BytesIO(picture(size)), actor=None)
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, root)
    for path in ("/sign-in", "/", "/admin/tickets/#menu", "/admin/configuration/"):
        page.goto(path)
        box = page.locator(".brand-logo").bounding_box()
        assert 0 < box["height"] <= 48
        assert box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('.brand-logo').naturalWidth") > 0


@pytest.mark.browser
@sqlite_only
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_a_logo(page, app, root, scheme):
    logo.save(io.BytesIO(picture((200, 200))), actor=None)
    page.emulate_media(color_scheme=scheme)
    sign_in(page, root)
    assert [complaints(page, path) for path in ("/", "/admin/configuration/", "/admin/design/")] == [[], [], []]


@pytest.mark.browser
@sqlite_only
def test_the_logo_heads_a_printed_ticket(page, ticket, ana):
    logo.save(io.BytesIO(picture()), actor=None)
    sign_in(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 900})
    page.locator(".brand-logo").wait_for()
    assert page.get_by_role("link", name="Search").count() == 0


def test_a_black_margin_belongs_to_the_picture(root):
    drawn, sent = Image.new("RGB", (300, 100)), io.BytesIO()
    drawn.paste((255, 255, 255), (100, 40, 200, 60))
    drawn.save(sent, "PNG")
    sent.seek(0)
    logo.save(sent, actor=root)
    assert (logo.current().width, logo.current().height) == (300, 100)


def test_a_button_pressed_twice_stores_one_logo(root, data_dir):
    def save(_press):
        with database.connection_context():
            logo.save(io.BytesIO(picture()), actor=root)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(save, range(6))) == [None] * 6
    assert (data_dir / logo.current().path).is_file()
