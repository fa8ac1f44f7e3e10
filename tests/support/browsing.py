"""The desk served over HTTP in a thread, and a watcher that lets no complaint of the browser pass."""

from __future__ import annotations

import logging
import os
import shutil
import ssl
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from models import Agent, Customer
from tests.support.doors import signed_in

logging.getLogger("werkzeug").setLevel(logging.ERROR)

#: Milliseconds a browser may take for anything, on a machine that does ten other things as well.
PATIENCE = 60_000

HOUR = timedelta(hours=1)


#: What the desk answered to each address of a static file, the same for every browser.
FILES: dict[tuple[str, str], tuple[str, list[tuple[str, str]], list[bytes]]] = {}


class LiveServer:
    """`url` is where the desk answers, without a final slash."""

    def __init__(self, app: Any, certificate: ssl.SSLContext | None = None) -> None:
        self.app, self._idle, self._busy = app, threading.Condition(), 0
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, ssl_context=certificate)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def _answer(self, environ: Any, start_response: Any) -> Any:
        with self._idle:
            self._busy += 1
        try:
            if environ["PATH_INFO"].startswith("/static/"):
                return self._file(environ, start_response)
            return self._page(environ, start_response)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def _page(self, environ: Any, start_response: Any) -> list[bytes]:
        # Whole before it goes out: a browser that hangs up in the middle would leave a file open.
        with closing(self.app(environ, start_response)) as body:
            return [b"".join(body)]

    def _file(self, environ: Any, start_response: Any) -> list[bytes]:
        """Answer with a static file as the desk once did: forty of them go with a page."""
        key = (environ["PATH_INFO"], environ["QUERY_STRING"])
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_IF_NONE_MATCH" in environ or "HTTP_RANGE" in environ:
            return self._page(environ, start_response)
        if key not in FILES:
            head: list[Any] = []
            body = self._page(environ, lambda status, headers, *_error: head.extend((status, headers)))
            FILES[key] = (*head, body)
        status, headers, body = FILES[key]
        start_response(status, headers)
        return body

    def start(self) -> LiveServer:
        """Answer from now on."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Answer no more, once the last answer is given: a page that is left may still save something."""
        self._server.shutdown()
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, 30)
        self._thread.join(30)
        self._server.server_close()


def enter(page: Any, person: Agent | Customer) -> None:
    """Sign this browser in without the form, which has tests of its own."""
    cookie = signed_in(page.server.app, person).get_cookie("guichet")
    page.context.add_cookies([{"name": "guichet", "value": cookie.value, "url": page.server.url}])


#: An editor draws what was typed with the next frame, and takes its caret and the focus back with those after it.
SETTLED = """() => new Promise(done => {
  let left = 10;
  const next = () => (left-- ? requestAnimationFrame(() => setTimeout(next)) : done());
  next();
})"""


def settle(page: Any) -> None:
    """Wait for ten frames of the page, however long they take: an editor has done by then what it does afterwards."""
    page.evaluate(SETTLED)


def stop_clock(page: Any) -> None:
    """Let no time go by on a page from now on, but what ``page.clock.run_for`` gives it."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate for 127.0.0.1 that nobody vouches for, good for an hour."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + HOUR)
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


#: The same engine without windows comes first: a fresh page costs it a quarter of the processor time.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Return the path of Chromium (``CHROMIUM`` names another), or None."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM)), None)


class Watcher:
    """Collects errors of the console (refusals of the security policy among them), of scripts, and foreign requests."""

    def __init__(self, page: Any, own: str) -> None:
        self.complaints: list[str] = []
        #: Parts of complaints that a test provokes on purpose.
        self.expected: list[str] = []
        page.on("console", lambda said: said.type == "error" and self.complaints.append(f"{said.text} {said.location}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda sent: self._foreign(sent.url, own))

    def _foreign(self, url: str, own: str) -> None:
        if not url.startswith((own, "data:", "blob:", "about:")):
            self.complaints.append(f"request to {url}")

    def unexpected(self) -> list[str]:
        """Return the complaints that no test asked for."""
        return [text for text in self.complaints if not any(part in text for part in self.expected)]
