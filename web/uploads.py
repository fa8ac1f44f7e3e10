"""The files of a form: received with it or before it, and kept under its key until its message is sent."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from helpdesk import i18n
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, TooMany
from helpdesk.files import attachments, file_store, filetypes, uploads
from helpdesk.files.file_store import Limits
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, text_pictures
from helpdesk.operations import outage
from models import Upload
from web.fragments import hole


def init_app(app: Flask) -> None:
    """Let a request be as large as the files of one message."""
    app.before_request(require_body)
    app.before_request(make_room)


def require_body() -> None:
    """Refuse a request for whose body the server found no room. Raises OSError."""
    if f"HTTP_{outage.NO_ROOM}" in request.environ:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def make_room() -> None:
    """Raise the limit of this request to what an owner allows for files."""
    if request.method == "POST":
        request.max_content_length = file_store.largest_body()


class FormFiles:
    """The files of one form. `owner` says whose files these are; `count` raises TooMany when there were too many.

    `weigh` is told the bytes of each file that was stored.
    """

    def __init__(
        self,
        owner: str,
        actor: Actor | None,
        count: Callable[[], None],
        stamp: str = "",
        weigh: Callable[[int], None] | None = None,
    ) -> None:
        self.owner, self.count, self.weigh = owner, count, weigh
        self.is_open = attachments.may_attach(actor)
        came = _read(request.form.get("files_key", stamp))
        self.is_new, self.key = not came, came or secrets.token_urlsafe(32)
        self.shown = _ids(request.form.get("files_shown"))
        self.errors: list[Any] = []
        self._is_taken = False

    @property
    def stamp(self) -> str:
        """What the form carries: its key, signed, so that nobody chooses one."""
        return str(_serializer().dumps(self.key))

    @property
    def stored(self) -> list[Upload]:
        """The files that wait for the message: of those under the key, the ones that this page shows.

        Another page of the same key may be about to send its own.
        """
        rows = [] if self.is_new else uploads.of_form(self.key, self.owner)
        return rows if self.shown is None else [row for row in rows if row.id in self.shown]

    @property
    def to_send(self) -> list[Upload]:
        """The files of the message, with those that its page shows and that are gone: a rule refuses these."""
        stored = self.stored
        there = {row.id for row in stored}
        return stored + [uploads.gone(key) for key in sorted((self.shown or set()) - there)]

    @property
    def is_shown(self) -> bool:
        """Whether the form shows anything of files."""
        return bool(self.is_open or self.errors or self.stored)

    @property
    def limits(self) -> Limits:
        """What the files must keep to."""
        return file_store.limits()

    @property
    def accept(self) -> str:
        """What the browser offers to choose from."""
        names = dict.fromkeys(self.limits.extensions)
        names |= {other: None for other, same in filetypes.SAME.items() if same in names}
        return ",".join(f".{name}" for name in names)

    def take(self) -> None:
        """Take out what the form asks to remove and store what came with it, once; `errors` says what is refused."""
        if self._is_taken:
            return
        self._is_taken = True
        self.remove()
        for file in request.files.getlist("files"):
            if file.filename:
                with suppress(InvalidInput, TooMany):
                    self.add(file)

    def add(self, file: Any) -> Upload:
        """Store one file. Raises InvalidInput or TooMany, which then stands in `errors`."""
        try:
            if not self.is_open:
                raise file_store.refusal(lazy("Files cannot be sent here. Remove them, then send your message."))
            self.count()
            self.is_new = False
            row = uploads.keep(file.stream, file.filename, form_key=self.key, owner=self.owner)
            if self.weigh is not None:
                self.weigh(row.size)
        except (InvalidInput, TooMany) as error:
            self.errors.append(error.message)
            raise
        if self.shown is not None:
            self.shown.add(row.id)
        return row

    def forget(self) -> None:
        """Take all files out of the form."""
        for row in self.stored:
            uploads.drop(row.id, form_key=self.key, owner=self.owner)
            if self.shown is not None:
                self.shown.discard(row.id)

    def remove(self) -> None:
        """Take the file out that the form names."""
        key = inputs.row_key(request.form.get("remove_file", ""))
        if key is not None:
            uploads.drop(key, form_key=self.key, owner=self.owner)
            if self.shown is not None:
                self.shown.discard(key)


class BlankFiles(FormFiles):
    """The files of a form before any came, alike for everybody: its key is a hole that each page fills."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open, self.errors = is_open, []

    @property
    def stamp(self) -> str:
        return hole("files_key")

    @property
    def stored(self) -> list[Upload]:
        return []

    def take(self) -> None:
        """Take nothing: nobody sends this form."""


def receive_one(form_files: FormFiles) -> tuple[dict[str, Any], int]:
    """Store the one file a script sent; return what it shows, or why not."""
    file = next((file for file in request.files.getlist("files") if file.filename), None)
    if file is None:
        return {"message": str(lazy("Choose a file."))}, 422
    try:
        row = form_files.add(file)
    except TooMany as error:
        return {"message": str(error)}, 429
    except InvalidInput as error:
        return {"message": str(error)}, 422
    answer = {"id": str(row.id), "name": row.name, "size": i18n.size(row.size)}
    return (answer | {"key": text_pictures.key_of(row)} if row.is_image else answer), 200


def _ids(text: str | None) -> set[int] | None:
    """Read which files a page shows; None for a request that does not say."""
    if text is None:
        return None
    return {key for word in text.split()[: file_store.MOST] if (key := inputs.row_key(word)) is not None}


def _read(stamp: str) -> str:
    try:
        return str(_serializer().loads(stamp))
    except BadData:
        return ""


def _serializer() -> URLSafeSerializer:
    return _serializer_of(str(current_app.secret_key))


@lru_cache(maxsize=2)
def _serializer_of(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="files of a form")
