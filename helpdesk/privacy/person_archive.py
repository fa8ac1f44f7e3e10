"""Everything of a person as one file, written while it is sent: pages to read, the same as data, and the files.

Of each ticket it holds what its customer may read: no internal note, no reply that may still be taken back, and of
other people no e-mail address. However much there is, only some messages are in memory at a time.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from peewee import ModelSelect

from helpdesk import access, clock, erased_marks, i18n, journal, settings
from helpdesk.errors import NotFound
from helpdesk.events import transaction
from helpdesk.files import attachments, file_store
from helpdesk.i18n import _, lazy
from helpdesk.lib import control_characters, throttle
from helpdesk.people import addresses
from helpdesk.privacy import archive_pages, archive_rows
from models import Agent, Attachment, Customer, CustomerAddress, Message, Ticket

#: Messages read at a time; bytes of a file sent at a time.
AT_ONCE, CHUNK = 100, 1 << 16
#: Archives that a customer may take in a day.
PER_DAY, DAY = 3, 86_400
#: Letters of the name of a file.
LONGEST_NAME = 100
#: What there is after the last step.
_END = object()
#: By it, a program that reads the data knows what it is.
FORMAT = {"name": "guichet-person", "version": 1}


@dataclass(frozen=True)
class Extent:
    """What of a customer goes into the file: which tickets of theirs, and what was sent to which addresses."""

    customer: Customer
    tickets: ModelSelect
    addresses: tuple[CustomerAddress, ...]


def export(customer: Customer, *, actor: Agent | Customer) -> Iterator[bytes]:
    """Return everything of a customer as a zip archive, part by part; the journal says who took it out.

    An administrator gets all there is, the customer what they see of their own, some times a day. Raises NotAllowed,
    NotFound for another customer, or TooMany.
    """
    extent = admit(customer, actor=actor)
    with transaction():
        note(customer, actor=actor)
    return stream(extent)


def extent_of(customer: Customer, *, actor: Agent | Customer) -> Extent:
    """Return what of a customer this actor may take. Raises NotAllowed, or NotFound for another customer."""
    if isinstance(actor, Agent):
        access.require(actor, "administer")
        return for_administrator(customer)
    extent = for_customer(customer)
    if actor.id != customer.id or not extent.addresses:
        raise NotFound(lazy("There is no such customer."))
    return extent


def file_name() -> str:
    """Return how a download is called, in the reader’s language."""
    name = _("personal-data")
    return f"{name}-{clock.now():%Y-%m-%d}"


def admit(customer: Customer, *, actor: Agent | Customer) -> Extent:
    """Return the same, and count it for a customer. Raises TooMany, too."""
    extent = extent_of(customer, actor=actor)
    if isinstance(actor, Customer):
        throttle.hit(f"personal data {customer.id}", limit=PER_DAY, seconds=DAY)
    return extent


def note(customer: Customer, *, actor: Agent | Customer) -> None:
    """Write into the journal who took it out."""
    journal.record(journal.Act.PERSON_EXPORTED, actor=actor, subject=customer.display_name)


def for_administrator(customer: Customer) -> Extent:
    """Return all there is of a customer: also what was opened with an address they have not proven."""
    tickets = Ticket.select().where(Ticket.customer == customer.id)
    return Extent(customer, tickets, tuple(addresses.of_customer(customer)))


def for_customer(customer: Customer) -> Extent:
    """Return what a customer sees of their own: nothing that goes by an address they have not proven."""
    tickets = access.visible_tickets(customer).where(Ticket.customer == customer.id)
    proven = tuple(row for row in addresses.of_customer(customer) if row.is_proven)
    return Extent(customer, tickets, proven)


class _Outlet:
    """Where the archive is written: what has come since is taken away and sent."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take some bytes in."""
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: what was written waits to be taken."""

    def take(self) -> bytes:
        """Return what was written since."""
        data = b"".join(self.parts)
        self.parts.clear()
        return data


def stream(extent: Extent) -> Iterator[bytes]:
    """Write the archive, part by part, in the language of whom it is about: it is theirs, whoever fetches it."""
    outlet = _Outlet()
    locale = i18n.supported(extent.customer.locale or settings.get("language"))
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        steps = _write(archive, extent)
        while _next(steps, locale):
            # A part without a byte would end a response that is sent in chunks.
            if data := outlet.take():
                yield data
    yield outlet.take()


def _next(steps: Iterator[None], locale: str) -> bool:
    """Take one step in this language: between two of them the reader’s own holds, for whatever else is written."""
    with i18n.in_language(locale):
        return next(steps, _END) is not _END


def _write(archive: zipfile.ZipFile, extent: Extent) -> Iterator[None]:
    archive.writestr(_safe(_("README.txt")), archive_pages.readme(extent.customer))
    yield
    person = {"format": FORMAT, "made_at": archive_rows.moment(clock.now()), "desk": settings.site_url()}
    archive.writestr(_safe(_("person.json")), _json(person | archive_rows.person(extent.customer, extent.addresses)))
    yield
    lines = []
    for key in [key for (key,) in extent.tickets.select(Ticket.id).order_by(Ticket.id).tuples()]:
        ticket = Ticket.get_or_none(Ticket.id == key)
        if ticket is not None:
            name = f"{archive_pages.folder_of('tickets')}/{_safe(ticket.number)}"
            lines.append((f"{name}.html", ticket.number, ticket.subject, ticket.created_at))
            yield from _write_ticket(archive, name, ticket, extent.customer)
    elsewhere = archive_rows.written_elsewhere(extent.customer)
    page = archive_pages.elsewhere()
    yield from _write_messages(archive, archive_pages.elsewhere_path(), elsewhere, page, extent.customer)
    archive.writestr("index.html", archive_pages.index(extent.customer, lines))
    yield


def _write_ticket(archive: zipfile.ZipFile, name: str, ticket: Ticket, customer: Customer) -> Iterator[None]:
    public = Message.select().where(Message.ticket == ticket.id, access.shown_to_customers())
    return _write_messages(archive, name, public, archive_pages.ticket(ticket), customer, archive_rows.ticket(ticket))


def _write_messages(
    archive: zipfile.ZipFile,
    name: str,
    messages: ModelSelect,
    page: archive_pages.Page,
    customer: Customer,
    values: dict[str, Any] | None = None,
) -> Iterator[None]:
    """Write messages as a page, then as data, then their files: one member of an archive is written at a time."""

    def as_page(out: IO[bytes]) -> Iterator[None]:
        out.write(page.head.encode())
        for row, files in _batches(messages):
            page_part = archive_pages.message(row, archive_rows.author(row, customer), _paths(files))
            out.write(erased_marks.in_words(page_part).encode())
            yield
        out.write(page.foot.encode())

    def as_data(out: IO[bytes]) -> Iterator[None]:
        # The list stands open at the end of the object until all of it is written.
        out.write((_json(values)[:-2] + b"," if values else b"{") + b'\n "messages": [')
        between = b"\n"
        for row, files in _batches(messages):
            out.write(between + _json(archive_rows.message(row, customer, _paths(files))))
            between = b",\n"
            yield
        out.write(b"]}\n")

    yield from _member(archive, f"{name}.html", as_page)
    yield from _member(archive, f"{name}.json", as_data)
    for _row, files in _batches(messages):
        for file in files:
            yield from _member(archive, _path(file), lambda out, file=file: _content(out, file))  # type: ignore[misc]


def _member(archive: zipfile.ZipFile, name: str, write: Callable[[IO[bytes]], Iterator[None]]) -> Iterator[None]:
    info = zipfile.ZipInfo(name, clock.now().timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as out:
        yield from write(out)
    yield


def _batches(messages: ModelSelect) -> Iterator[tuple[Message, list[Attachment]]]:
    """Give each message with its files, oldest first, some of them read at a time."""
    last = 0
    while True:
        rows = list(messages.where(Message.id > last).order_by(Message.id).limit(AT_ONCE))
        if not rows:
            return
        files = attachments.of_messages(rows)
        for row in rows:
            yield row, files.get(row.id, [])
        last = rows[-1].id


def _content(out: IO[bytes], file: Attachment) -> Iterator[None]:
    """Write the content of a file; nothing where it is lost on disk."""
    try:
        source = file_store.location(file.path).open("rb")
    except OSError:
        return
    with source:
        while chunk := source.read(CHUNK):
            out.write(chunk)
            yield


def _paths(files: list[Attachment]) -> list[tuple[Attachment, str]]:
    return [(file, _path(file)) for file in files]


def _path(file: Attachment) -> str:
    """Return where a file lies in the archive."""
    return f"{archive_pages.folder_of('files')}/{file.id}-{_safe(file.name)}"


def _safe(text: str) -> str:
    """Return a text as the name of a file that leads to no other folder, on no system."""
    name = control_characters.one_line(text)
    name = "".join("_" if letter in '/\\:*?"<>|' else letter for letter in name).strip(" .")[-LONGEST_NAME:]
    return name or "file"


def _json(value: Any) -> bytes:
    return erased_marks.in_words(json.dumps(value, ensure_ascii=False, indent=1)).encode()
