"""Write the ``.gz`` twin of every text file under ``static/`` (with ``--check``, only tell which are stale).

Our own stylesheets and scripts are laid out for people; their twins, which is what browsers load, go without comments,
those of stylesheets without indentation, too.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import trim_desk

STATIC = Path(__file__).resolve().parent.parent / "static"
SUFFIXES = {".css", ".js", ".svg"}


def twins() -> list[tuple[Path, bytes]]:
    """Return each ``.gz`` path with the bytes it should hold (no time stamp inside, so the same on every run)."""
    sources = sorted(path for path in STATIC.rglob("*") if path.suffix in SUFFIXES)
    return [(path.with_name(path.name + ".gz"), gzip.compress(_content(path), 9, mtime=0)) for path in sources]


def stale() -> list[Path]:
    """Return the twins that are missing, that hold something else than their file, or that have lost their file."""
    wanted = {path for path, _ in twins()}
    orphans = [path for path in STATIC.rglob("*.gz") if path not in wanted]
    return orphans + [path for path in wanted if not path.exists() or not _same(path)]


def _same(path: Path) -> bool:
    return gzip.decompress(path.read_bytes()) == _content(path.with_suffix(""))


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".svg" or path.is_relative_to(STATIC / "vendor"):
        return content
    if path.suffix == ".js":
        # Comments that have lines of their own: what stands behind code may be within a text.
        return re.sub(rb"(?ms)^[ \t]*(?://[^\n]*|/[*].*?[*]/[ \t]*)\n", b"", content)
    return re.sub(rb"\n\s*", b"\n", re.sub(rb"/[*].*?[*]/", b"", content, flags=re.DOTALL)).strip()


def write() -> None:
    """Write every twin, drop those without a file, and put the hashes of the vendored files into their manifest."""
    trim_desk.write()
    for path in stale():
        path.unlink(missing_ok=True)
    for path, content in twins():
        path.write_bytes(content)
    manifest = STATIC / "vendor" / "MANIFEST.json"
    entries = json.loads(manifest.read_text())
    for entry in entries:
        folder = manifest.parent / f"{entry['name']}-{entry['version']}"
        entry["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in entry["files"]}
    manifest.write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{path}: run tools/gzip_static.py" for path in stale()) or None)
    write()
