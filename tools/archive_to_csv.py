"""Read a backup of Guichet with nothing but Python: a CSV file for each table, and the attached files.

    python3 tools/archive_to_csv.py guichet.zip FOLDER

docs/archive.md tells what the archive holds. This file may be copied and kept beside a backup: it needs no Guichet.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

#: The format this program reads: `format` of manifest.json.
FORMAT = 1


def read(archive: Path, folder: Path) -> dict[str, int]:
    """Write what an archive holds into a folder; return how many rows each table has. Raises ValueError."""
    counts: dict[str, int] = {}
    with zipfile.ZipFile(archive) as source:
        manifest = json.loads(source.read("manifest.json"))
        if manifest["format"] != FORMAT:
            raise ValueError(f"{archive} has the format {manifest['format']}: this program reads {FORMAT}.")
        for name, facts in manifest["members"].items():
            with source.open(name) as member:
                found = hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]
            path = PurePosixPath(name)
            if found != facts["sha256"] or ".." in path.parts or path.is_absolute():
                raise ValueError(f"{name} is damaged.")
            target = folder / (f"{path.stem}.csv" if path.parts[0] == "tables" else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with source.open(name) as member:
                if path.parts[0] == "tables":
                    with target.open("w", newline="", encoding="utf-8-sig") as file:
                        csv.writer(file).writerows(map(json.loads, member))
                    counts[path.stem] = facts["rows"]
                elif path.parts[0] == "files":
                    with target.open("wb") as copy:
                        shutil.copyfileobj(member, copy)
    return counts


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python3 archive_to_csv.py ARCHIVE FOLDER")
    for table, rows in read(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"{table}: {rows}")
