"""Compiled templates, kept in the data folder from one start to the next: to compile them is most of a first page."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from helpdesk.settings import environment
from web import templates

#: Where the data folder has them; whoever deletes it loses nothing.
FOLDER = "cache"
#: The folders of versions there: nothing else is removed, whoever put it beside them.
VERSIONS = "templates-" + 16 * "[0-9a-f]"
#: What is written into compiled templates beside their own source: texts, fingerprints of files, the compiler's ways.
WRITTEN_IN = ("web/*.py", "translations/*/LC_MESSAGES/*.mo", "static/**/*", "requirements.txt")


class CompiledTemplates(BytecodeCache):
    """Files of compiled templates, one for each language.

    They are code: what the desk has not signed with its secret key is not run, wherever the data folder stands.
    """

    def __init__(self, env: environment.Environment) -> None:
        self._data_dir = env.data_dir
        self._key = hashlib.sha256(b"compiled templates" + env.secret_key.encode()).digest()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the name of the file of a template in the reader's language."""
        return hashlib.sha256(f"{templates.reader_language()} {name} {filename}".encode()).hexdigest()[:32]

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what an earlier start compiled, if there is something and it is ours."""
        with suppress(OSError):
            content = (self._folder / bucket.key).read_bytes()
            code = content[32:]
            if hmac.compare_digest(content[:32], self._signature(bucket.key, code)):
                bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled; where nothing can be written, the next start compiles it again."""
        code = bucket.bytecode_to_string()
        with suppress(OSError):
            if not self._folder.is_dir():
                for earlier in self._folder.parent.glob(VERSIONS):
                    shutil.rmtree(earlier, ignore_errors=True)
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._signature(bucket.key, code) + code)
                os.replace(name, self._folder / bucket.key)
            except OSError:
                # A full disk would gather one for each template and start.
                os.unlink(name)
                raise

    def _signature(self, name: str, code: bytes) -> bytes:
        return hmac.digest(self._key, name.encode() + code, "sha256")

    @cached_property
    def _folder(self) -> Path:
        """The folder of this version of the program: an upgrade begins with an empty one."""
        version = hashlib.sha256()
        for path in _files_written_in():
            version.update(str(path).encode())
            version.update(path.read_bytes())
        return self._data_dir / FOLDER / f"templates-{version.hexdigest()[:16]}"


def _files_written_in() -> Iterator[Path]:
    for pattern in WRITTEN_IN:
        yield from (path for path in sorted(environment.ROOT.glob(pattern)) if path.is_file())
