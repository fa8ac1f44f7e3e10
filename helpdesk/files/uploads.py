"""Files chosen in a form that is not sent yet: kept for an hour under the form's key and its owner's name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import IO

from database import database
from helpdesk import clock
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.files import file_store, room
from helpdesk.files.room import WAIT
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from models import Attachment, Upload

#: Until when files are kept that go with a reply which is sent later.
NEVER = datetime(9999, 12, 31)
#: What is told of a file that its page still shows.
GONE = lazy(
    "A file is not here any more: it has waited for too long, or went out with another message. Choose it again."
)


def keep(stream: IO[bytes], name: str, *, form_key: str, owner: str) -> Upload:
    """Store a file for a form that is not sent yet. Raises InvalidInput naming the file and the limit."""
    room.require(1, owner=owner)
    received = file_store.receive(stream, name)
    try:
        with database.atomic():
            room.require(received.size, owner=owner)
            file_store.check_together([*of_form(form_key, owner), received], name=received.name)
            return Upload.create(
                form_key=form_key,
                owner=owner,
                expires_at=clock.now() + WAIT,
                **asdict(received),
            )
    except InvalidInput:
        file_store.discard([received.path])
        raise


def of_form(form_key: str, owner: str) -> list[Upload]:
    """Return the files of a form of this owner that have not expired, oldest first."""
    query = Upload.select().where(Upload.form_key == form_key, Upload.owner == owner, Upload.expires_at > clock.now())
    return list(query.order_by(Upload.id).limit(file_store.MOST))


def picture(upload_id: int, *, owner: str) -> Upload:
    """Return a picture of a form that this owner fills in. Raises NotFound."""
    mine = (Upload.id == upload_id) & (Upload.owner == owner) & (Upload.expires_at > clock.now())
    row = Upload.get_or_none(mine) if inputs.fits(upload_id) else None
    if row is None or not row.is_image:
        raise NotFound(lazy("There is no such file."))
    return row


def gone(upload_id: int) -> Upload:
    """Return what stands for a file that is not there any more: a rule that is given it refuses."""
    # Its hash is that of no file: no picture of a text is this one.
    return Upload(id=upload_id, name="", size=0, sha256="")


def wait_longer(*, form_key: str, owner: str) -> None:
    """Keep the files of a form that is still being filled in for another hour."""
    mine = (Upload.form_key == form_key) & (Upload.owner == owner) & (Upload.expires_at > clock.now())
    Upload.update(expires_at=clock.now() + WAIT).where(mine).execute()


def keep_until(files: Iterable[object], *, until: datetime) -> list[int]:
    """Keep these files until then, in the caller's transaction; return their ids, for `find_all`.

    Raises InvalidInput at ``files`` when one is not there any more.
    """
    ids = [file.id for file in files if isinstance(file, Upload)]
    if ids and Upload.update(expires_at=until).where(Upload.id.in_(ids)).execute() != len(ids):
        raise file_store.refusal(GONE)
    return ids


def find_all(ids: Iterable[int]) -> list[Upload]:
    """Return the files with these ids, as far as they still exist."""
    return list(Upload.select().where(Upload.id.in_(list(ids))).order_by(Upload.id))


def take_back(message_id: int, *, form_key: str, owner: str) -> None:
    """Turn the files of a withdrawn message into files of its author's form, in the caller's transaction."""
    for row in Attachment.select().where(Attachment.message == message_id).order_by(Attachment.id):
        values = {name: getattr(row, name) for name in file_store.COLUMNS}
        row.delete_instance()
        Upload.create(form_key=form_key, owner=owner, expires_at=clock.now() + WAIT, **values)


def of_replies(ids: Sequence[int]) -> dict[int, list[Upload]]:
    """Return the files that wait with these scheduled replies: id of the reply → files."""
    files: dict[int, list[Upload]] = {}
    for row in Upload.select().where(Upload.scheduled_reply.in_(list(ids))).order_by(Upload.id) if ids else ():
        files.setdefault(row.scheduled_reply, []).append(row)
    return files


def give_to_form(reply_id: int, *, form_key: str, owner: str) -> None:
    """Turn the files of a scheduled reply into files of a form."""
    values = {"form_key": form_key, "owner": owner, "expires_at": clock.now() + WAIT, "scheduled_reply": None}
    Upload.update(**values).where(Upload.scheduled_reply == reply_id).execute()


def drop_of_replies(ids: Sequence[int]) -> list[str]:
    """Delete the rows of the files that wait with these scheduled replies; return the paths."""
    # A reply may just be taken into a composer: its files are that form's.
    gone = Upload.delete().where(Upload.scheduled_reply.in_(list(ids))).returning(Upload.path)
    return [row.path for row in gone.execute()]


def drop(upload_id: int, *, form_key: str, owner: str) -> None:
    """Take a file out of its form."""
    row = Upload.get_or_none(Upload.id == upload_id, Upload.form_key == form_key, Upload.owner == owner)
    if row is not None and Upload.delete().where(Upload.id == row.id).execute():
        file_store.discard([row.path])


def drop_expired() -> int:
    """Delete the files whose form was not sent in time; return how many files."""
    expired = Upload.select(Upload.id, Upload.path).where(Upload.expires_at <= clock.now()).tuples()
    dropped = 0
    for upload_id, path in list(expired):
        # The form may have been sent at this very moment: then the file is its message's.
        if Upload.delete().where(Upload.id == upload_id).execute():
            file_store.discard([path])
            dropped += 1
    return dropped
