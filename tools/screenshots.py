"""Take the pictures of the README from a fresh demo desk: `python tools/screenshots.py`.

Needs the development environment and Chromium (``CHROMIUM`` names another). Writes docs/pictures/*.png, in English and
French, light and dark, each drawn with 96 shades so that it stays small.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SHADES = 96
#: Who signs in, by language: administrators of the demo.
PEOPLE = {"en": "oliver.grant@", "fr": "claire.fontaine@"}


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def demo_desk() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Run a demo desk; give its address and, by language, the words of the administrator's line: address, password."""
    with TemporaryDirectory() as folder:
        port = free_port()
        env = {**os.environ, "GUICHET_DATA_DIR": folder, "GUICHET_PORT": str(port)}
        command = [sys.executable, str(ROOT / "app.py")]
        # The program beside us, on a port of this machine: nothing of it comes from elsewhere.
        said = subprocess.run([*command, "demo"], env=env, check=True, capture_output=True, text=True).stdout  # nosec B603 # noqa: S603
        people = {
            language: next(line.split() for line in said.splitlines() if line.startswith(start))
            for language, start in PEOPLE.items()
        }
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)  # nosec B603 # noqa: S603
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz?live")
            yield f"http://127.0.0.1:{port}", people
        finally:
            server.terminate()
            server.wait()


def wait_for(url: str) -> None:
    """Wait until the desk answers, a minute at most."""
    for _second in range(120):
        try:
            urlopen(url).close()  # nosec B310 # noqa: S310 — the desk started above
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(url)


def keep(page: Any, name: str) -> None:
    """Store what the page shows."""
    page.wait_for_load_state("networkidle")
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(SHADES, dither=Image.Dither.NONE)
    picture.save(PICTURES / f"{name}.png", optimize=True)


def take(page: Any, person: list[str], suffix: str) -> None:
    """Take the four pictures of one language and theme."""
    page.goto("/")
    keep(page, f"form-{suffix}")
    page.goto("/admin/sign-in")
    page.fill("input[name=email]", person[0])
    page.fill("input[name=password]", person[1])
    page.click("main button[type=submit]")
    page.goto("/admin/tickets/")
    keep(page, f"list-{suffix}")
    page.goto(page.locator("tbody a[href*='/admin/tickets/']").first.get_attribute("href"))
    keep(page, f"ticket-{suffix}")
    page.goto("/admin/configuration/")
    keep(page, f"settings-{suffix}")


def main() -> None:
    """Take every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM", "chromium")
    with demo_desk() as (url, people), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which(chromium), args=["--no-sandbox"])
        for language, person in people.items():
            for theme in ("light", "dark"):
                context = browser.new_context(
                    base_url=url, locale=language, color_scheme=theme, viewport={"width": 1280, "height": 800}
                )
                take(context.new_page(), person, f"{language}-{theme}")
                context.close()
        browser.close()


def which(name: str) -> str:
    """Return the path of a program. Raises FileNotFoundError."""
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(name)
    return found


if __name__ == "__main__":
    main()
