"""Make `.venv` beside the program on its first start, then run the program in it.

Standard library only, and no syntax younger than Python 3.6: an old Python must reach the sentence that refuses it.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import Iterator, NoReturn, Sequence  # noqa: UP035 — the newer place is unknown to an old Python

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
OLDEST = (3, 11)
PROGRAM = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"


def enter(wanted: str = "") -> None:
    """Return when this interpreter has what the program needs; else run the program again in `.venv`.

    `wanted` names the list of requirements; without it, the command that was typed decides.
    """
    if sys.version_info < OLDEST:
        _stop(
            f"Guichet needs Python {_dotted(OLDEST)} or newer; this is {_dotted(sys.version_info)} ({sys.executable})."
        )
    if os.name != "posix":
        _stop("Guichet runs on Linux, macOS and other POSIX systems; on Windows, start it inside WSL.")
    wanted = wanted or (DEVELOPMENT if sys.argv[1:2] == ["test"] else PROGRAM)
    ours = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if _is_complete(wanted) if ours else _is_installed(wanted):
        return
    if sys.prefix != sys.base_prefix and not ours:
        line = [sys.executable, "-m", "pip", "install", "-r", os.path.join(ROOT, wanted)]
        _stop("This virtual environment lacks what Guichet needs: " + " ".join(map(shlex.quote, line)))
    if not _is_complete(wanted):
        _build(wanted)
    python = _python(VENV)
    os.execv(python, [python, *sys.argv])  # nosec B606 # noqa: S606 — the same words again, no shell


def _stop(sentence: str) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    # A mail server keeps the mail and tries again where this says 75, and sends it back for anything else.
    sys.exit(75 if sys.argv[1:2] == ["receive"] else 1)


def _dotted(version: "Sequence[object]") -> str:
    return f"{version[0]}.{version[1]}"


def _python(folder: str) -> str:
    return os.path.join(folder, "bin", "python")


def _pins(name: str) -> "Iterator[str]":
    """Yield the lines of a list of requirements and of the lists it includes, without comments."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line.startswith("-r "):
                yield from _pins(line[3:].strip())
            elif line:
                yield line


def _is_installed(wanted: str) -> bool:
    """Whether this interpreter has every package of the list, in whatever version."""
    import importlib.metadata as metadata  # unknown to an old Python

    try:
        for pin in _pins(wanted):
            metadata.distribution(re.split(r"[\[=<>~!; ]", pin)[0])
    except metadata.PackageNotFoundError:
        return False
    return True


def _stamp(wanted: str) -> str:
    pins = "\n".join(_pins(wanted))
    return f"{_dotted(sys.version_info)} {hashlib.sha256(pins.encode()).hexdigest()}\n"


def _marker(folder: str, wanted: str) -> str:
    return os.path.join(folder, wanted + ".installed")


def _is_complete(wanted: str) -> bool:
    """Whether `.venv` was made from this list, for this Python."""
    try:
        with open(_marker(VENV, wanted), encoding="utf-8") as file:
            return file.read() == _stamp(wanted) and os.path.exists(_python(VENV))
    except OSError:
        return False


def _build(wanted: str) -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            _stop(
                f"This Python lacks its module {module}, needed to make {VENV}; "
                f"on Debian and Ubuntu: apt install python{_dotted(sys.version_info)}-venv"
            )
    try:
        with _lock():
            if not _is_complete(PROGRAM):
                _make_environment()
            if not _is_complete(wanted):
                _install(VENV, wanted)
    except OSError as error:
        _stop(
            f"The folder {ROOT} cannot be written ({error.strerror}): "
            "run Guichet as its owner, or once as somebody who may write there."
        )


@contextlib.contextmanager
def _lock() -> "Iterator[None]":
    """Let one start build while others wait; the system drops the lock when its holder dies."""
    with open(os.path.join(ROOT, ".venv.lock"), "w") as file:
        import fcntl  # absent where only the sentence about Windows is needed

        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make_environment() -> None:
    new, old = VENV + ".new", VENV + ".old"
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    sys.stderr.write(f"Making {VENV}, once (about half a minute) …\n")
    _run(f"The environment {VENV} could not be made", _base_python(), "-m", "venv", new)
    _install(new, PROGRAM)
    _tell_scripts_their_home(new)
    if os.path.lexists(VENV):
        os.rename(VENV, old)
    os.rename(new, VENV)
    shutil.rmtree(old, ignore_errors=True)


def _base_python() -> str:
    return getattr(sys, "_base_executable", None) or sys.executable


def _install(folder: str, wanted: str) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    command = [_python(folder), "-m", "pip", "install", *options, "-r", os.path.join(ROOT, wanted)]
    sys.stderr.write(f"Installing {wanted} …\n")
    _run(f"The packages of {wanted} could not be installed (is there a network?)", *command)
    with open(_marker(folder, wanted), "w", encoding="utf-8") as file:
        file.write(_stamp(wanted))


def _run(failure: str, *command: str) -> None:
    """Run a command silently; when it fails, stop with one sentence that ends with its own last error."""
    # No shell reads the words.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # nosec B603 # noqa: S603
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()] or ["no reason was given"]
        reasons = [line for line in lines if line.startswith("ERROR:")] or lines
        _stop(f"{failure}: {reasons[-1].replace('ERROR:', '').strip()}")


def _tell_scripts_their_home(folder: str) -> None:
    """Write the final path into the scripts: they name the folder in which the environment was made."""
    scripts = os.path.join(folder, "bin")
    for name in os.listdir(scripts):
        path = os.path.join(scripts, name)
        if os.path.islink(path):
            continue
        with open(path, "rb+") as file:
            content = file.read()
            if folder.encode() in content:
                file.seek(0)
                file.write(content.replace(folder.encode(), VENV.encode()))
                file.truncate()
