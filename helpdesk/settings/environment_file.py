"""The file of variables beside the program, `guichet.env`: the service, cron and every command read the same.

Its lines are those of systemd's EnvironmentFile: NAME=value, quotes if one likes, and # before a comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from helpdesk.errors import BadEnvironment
from helpdesk.settings.environment import DATA_DIR, ROOT

PATH = ROOT / "guichet.env"
FOLDER = "GUICHET_DATA_DIR"


def laid_under(process: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the process, and below them those of the file.

    A process that names another data folder than the file is about another desk: then the file counts for nothing.
    Raises BadEnvironment for a file that cannot be read, or a line that means nothing.
    """
    stored = read(PATH)
    # An empty variable is one that is not set, here as everywhere.
    stored = {name: value for name, value in stored.items() if value}
    named = process.get(FOLDER)
    if named and Path(named).expanduser().resolve() != folder_of(stored):
        stored = {}
    if FOLDER in stored:
        stored[FOLDER] = str(folder_of(stored))
    return {**stored, **{name: value for name, value in process.items() if value or name not in stored}}


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file, none when there is no file. Raises BadEnvironment."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadEnvironment(
            f"{path} cannot be read ({reason}): run this as the account that runs the desk, or give the file to it."
        ) from error
    stored: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line[0] in "#;":
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().startswith("GUICHET_"):
            raise BadEnvironment(f"{path}, line {number}: expected GUICHET_NAME=value.")
        stored[name.strip()] = _unquoted(value.strip())
    return stored


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def folder_of(stored: Mapping[str, str]) -> Path:
    """Return the data folder that a file means: a relative one is below the program, wherever a command is typed."""
    return (ROOT / Path(stored.get(FOLDER) or DATA_DIR).expanduser()).resolve()
