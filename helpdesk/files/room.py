"""How much room files take: what one network may send, what waits to be sent, and the whole store (RULES 25).

The store is counted each night; what came since is added when somebody asks, so that no upload counts every file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from peewee import fn

from helpdesk import clock, settings
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from helpdesk.lib import sizes
from helpdesk.lib.sizes import Size
from helpdesk.settings import run_state
from models import Attachment, Upload

#: Where the count of the night is remembered: the bytes, and the id of the last file counted.
COUNTED = "files_counted"
#: How the owner of an agent's uploads begins.
AGENT = "agent "
#: How long a file waits for the form it was chosen in.
WAIT = timedelta(hours=1)
#: The share of the whole store from which an owner is told.
NEARLY_FULL = 0.8


@dataclass(frozen=True)
class Use:
    """Bytes that are taken, and the most that may be."""

    taken: int
    most: int

    @property
    def is_full(self) -> bool:
        """Whether no further file fits."""
        return self.taken >= self.most

    @property
    def is_nearly_full(self) -> bool:
        """Whether it is time to tell an owner."""
        return self.taken >= NEARLY_FULL * self.most

    def __str__(self) -> str:
        return str(lazy("%(taken)s of %(most)s", taken=Size(self.taken), most=Size(self.most)))


def recount() -> None:
    """Count the files of all messages and remember the result."""
    run_state.write(COUNTED, _count())


def _count() -> dict[str, int]:
    taken, last = Attachment.select(fn.SUM(Attachment.size), fn.MAX(Attachment.id)).scalar(as_tuple=True)
    return {"taken": int(taken or 0), "last": int(last or 0)}


def store() -> Use:
    """Return how much the files of messages take, and those that wait to be sent."""
    counted = run_state.read(COUNTED) or _count()
    newer = Attachment.select(fn.SUM(Attachment.size)).where(Attachment.id > counted["last"]).scalar()
    unsent = Upload.select(fn.SUM(Upload.size)).scalar()
    taken = counted["taken"] + int(newer or 0) + int(unsent or 0)
    return Use(taken, sizes.parse_room(settings.get("max_store_size")))


def waiting() -> Use:
    """Return how much the files take whose form is being filled in; a request that waits for its link is none."""
    taken = Upload.select(fn.SUM(Upload.size)).where(Upload.expires_at <= clock.now() + WAIT).scalar()
    return Use(int(taken or 0), sizes.parse_room(settings.get("max_waiting_size")))


def most_per_network() -> int:
    """Return how many bytes one network may send in an hour."""
    return sizes.parse_room(settings.get("max_network_size"))


def require(size: int, *, owner: str) -> None:
    """Raise InvalidInput at ``files`` when files of `size` bytes together find no room any more.

    What strangers have not sent yet stops no agent (`owner` is how an upload names whose it is).
    """
    unsent, whole = waiting(), store()
    if not owner.startswith(AGENT) and unsent.taken + size > unsent.most:
        raise file_store.refusal(
            lazy("Too many files wait here to be sent. Send your message without files, or try again in an hour.")
        )
    if whole.taken + size > whole.most:
        raise file_store.refusal(lazy("There is no room for more files here. Send your message without files."))
