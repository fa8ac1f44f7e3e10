"""How much room files may take: of one network, unsent, and all together; and pictures that would stop a browser."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import timedelta
from typing import Any

import pytest

from admin_views.tickets.files import form_files
from helpdesk import clock, settings
from helpdesk.errors import InvalidInput
from helpdesk.files import pictures, room, uploads
from helpdesk.lib import sizes
from models import MOST_PIXELS, Attachment, Throttle, Upload
from tests.support import attached, doors

MEGABYTE = 1 << 20


def wait(size: int, **values: Any) -> Upload:
    """Make the row of a file that waits to be sent, and takes so many bytes."""
    values = {"form_key": "k", "owner": "visitor", "name": "a.pdf", "media_type": "application/pdf", **values}
    values.setdefault("expires_at", clock.now() + uploads.WAIT)
    number = Upload.select().count()
    return Upload.create(size=size, sha256="", path=f"a/{number}", **values)


def keep(size: int = 2_000, owner: str = "visitor") -> Upload:
    return uploads.keep(io.BytesIO(attached.pdf(size)), "a.pdf", form_key="key", owner=owner)


@pytest.mark.usefixtures("no_files")
def test_what_is_not_sent_yet_has_a_total(database: Any) -> None:
    settings.save({"max_waiting_size": "1M"})
    waiting = wait(MEGABYTE - 3_000)
    keep()
    for size in (2_000, 900):
        with pytest.raises(InvalidInput, match="Too many files wait") as refused:
            keep(size + 1_000)
        assert refused.value.field == "files"
    assert len(attached.stored()) == 1
    waiting.delete_instance()
    keep()


@pytest.mark.usefixtures("no_files")
def test_files_of_unconfirmed_requests_stop_nobody(database: Any) -> None:
    """They wait for days: only the whole store counts them."""
    settings.save({"max_waiting_size": "1M"})
    wait(2 * MEGABYTE, expires_at=clock.now() + timedelta(days=7))
    keep()
    assert (room.waiting().is_full, room.store().taken > 2 * MEGABYTE) == (False, True)


@pytest.mark.usefixtures("no_files")
def test_what_strangers_have_not_sent_stops_no_agent(ana: Any, request_context: Any) -> None:
    settings.save({"max_waiting_size": "1M"})
    wait(2 * MEGABYTE)
    with pytest.raises(InvalidInput, match="Too many files wait"):
        keep()
    keep(owner=form_files(ana).owner)


@pytest.mark.usefixtures("no_files")
def test_the_whole_store_has_a_total(ticket: Any) -> None:
    settings.save({"max_store_size": "1M"})
    row = attached.file(ticket)
    room.recount()
    assert not room.store().is_nearly_full
    Attachment.update(size=0.9 * MEGABYTE).where(Attachment.id == row.id).execute()
    # Counted each night; what came since is added.
    assert room.store().taken < MEGABYTE / 2
    room.recount()
    assert (room.store().is_nearly_full, room.store().is_full) == (True, False)
    later = attached.file(ticket, name="later.pdf")
    Attachment.update(size=0.2 * MEGABYTE).where(Attachment.id == later.id).execute()
    assert room.store().is_full
    with pytest.raises(InvalidInput, match="no room for more files"):
        keep()


@pytest.mark.usefixtures("no_files")
def test_the_count_asks_for_what_came_since_only(ticket: Any) -> None:
    settings.save({"max_store_size": "1M"})
    attached.file(ticket)
    assert room.store().taken == len(attached.PDF)
    room.recount()
    attached.file(ticket, name="b.pdf")
    wait(100)
    assert room.store().taken == 2 * len(attached.PDF) + 100


@pytest.mark.parametrize(("text", "count"), [("1M", MEGABYTE), ("20 g", 20 << 30), ("2T", 2 << 40)])
def test_room_is_written_with_a_unit(text: str, count: int) -> None:
    assert sizes.parse_room(text) == count


@pytest.mark.parametrize("text", ["", "0G", "20", "2K", "x", "-1G", "9999T"])
def test_other_texts_are_no_room(database: Any, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        settings.clean("max_store_size", text)
    assert refused.value.field == "max_store_size"


@pytest.mark.usefixtures("no_files", "sales")
def test_one_network_sends_so_many_bytes_an_hour(app: Any) -> None:
    settings.save({"max_network_size": "1M", "max_file_size": "1M", "max_total_size": "1M"})

    def send(network: str) -> int:
        files = {"files": (io.BytesIO(attached.pdf(400_000)), "a.pdf")}
        return doors.post(app.test_client(), "/uploads", files, environ_base={"REMOTE_ADDR": network}).status_code

    assert [send("203.0.113.7") for _ in range(4)] == [200, 200, 200, 429]
    assert send("203.0.113.8") == 200
    assert max(row.count for row in Throttle.select()) == 3 * 391


# --- Pictures -----------------------------------------------------------------------------------------------------


def bomb(side: int) -> bytes:
    """Return a small picture of many pixels: one bit each, all alike."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head, packer = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0), zlib.compressobj(9)
    rows = b"".join([packer.compress(bytes(1 + side // 8)) for _row in range(side)]) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def test_a_picture_of_too_many_pixels_is_a_file_like_others(client_of: Any, ana: Any, ticket: Any) -> None:
    content = bomb(16_000)
    assert len(content) < 60_000
    row = attached.file(ticket, content, "bomb.png")
    assert (row.pixels, row.is_image) == (0, False) or (row.pixels == 256_000_000 and not row.is_image)
    client, path = client_of(ana), f"/admin/files/{row.id}/bomb.png"
    page = client.get(f"/admin/tickets/{ticket.number}").text
    assert path in page
    assert f"{path}?inline=1" not in page
    assert client.get(f"{path}?inline=1").status_code == 404
    with client.get(path) as answer:
        assert (answer.status_code, answer.data) == (200, content)


def test_a_picture_of_before_is_measured_when_it_is_looked_at(client_of: Any, ana: Any, ticket: Any) -> None:
    large = attached.file(ticket, bomb(5_008), "large.png")
    small = attached.file(ticket, attached.png(), "small.png")
    Attachment.update(pixels=None).execute()
    client = client_of(ana)
    for row, status in ((large, 404), (small, 200)):
        with client.get(f"/admin/files/{row.id}/{row.name}?inline=1") as answer:
            assert answer.status_code == status
    assert [Attachment.get_by_id(row.id).pixels for row in (large, small)] == [5_008**2, 64]


def test_pictures_are_measured_up_to_what_a_page_shows(ticket: Any) -> None:
    shown = attached.file(ticket, bomb(4_992), "large.png")
    assert (shown.pixels, shown.is_image) == (4_992**2, True)
    assert shown.pixels < MOST_PIXELS < 5_008**2
    assert attached.file(ticket).pixels is None


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", attached.PDF])
def test_what_cannot_be_measured_is_not_shown(tmp_path: Any, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert pictures.pixels_of(path, "image/png") == 0
    assert pictures.pixels_of(path, "application/pdf") is None
