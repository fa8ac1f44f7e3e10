"""A database with nothing in it, in use for the length of a ``with`` block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import peewee

from database import database
from engines import open_database
from helpdesk.settings import environment
from tests.support.desks import Desks, forget


@contextmanager
def fresh_database(engine: str, desks: Desks, data_dir: Path) -> Iterator[peewee.Database]:
    """Use an empty database of this engine, with `data_dir` as its data folder; then what was used before."""
    data_dir.mkdir(exist_ok=True, mode=0o700)
    name = f"fresh_{abs(hash(data_dir))}"
    url = f"sqlite:///{data_dir / 'guichet.db'}" if engine == "sqlite" else desks.postgres_url(name)
    before, environment_before = database.obj, environment.current()
    environment.use(replace(environment.read({"GUICHET_DATA_DIR": str(data_dir)}), database_url=url))
    database.initialize(open_database(url))
    # An empty database, which only a new desk may make otherwise.
    database.obj.may_create = True
    forget()
    try:
        yield database
    finally:
        database.close_all()
        database.initialize(before)
        environment.use(environment_before)
