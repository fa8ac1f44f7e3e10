"""A real IMAP server (dovecot) with its own configuration in a folder of the test: TLS, a password, OAuth tokens."""

from __future__ import annotations

import contextlib
import datetime
import grp
import http.server
import imaplib
import ipaddress
import json
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import skip
from tests.support.ports import free_port

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PASSWORD = "secret"
TOKEN = "a-good-token"

CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
mail_location = maildir:{base}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {internal}
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Posted {{
    auto = create
    special_use = \\Sent
  }}
}}
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def certificate(folder: Path) -> None:
    """Write a certificate of our own for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(encoded)


class _Introspection(http.server.BaseHTTPRequestHandler):
    """Answers whether a token is good."""

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        good = asked.get("token") == [TOKEN]
        answer = {"active": "true", "username": "support"} if good else {"active": "false"}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_arguments: Any) -> None:
        """Stay quiet."""


class Dovecot:
    """The server; `port` speaks TLS, `plain` offers STARTTLS. Every user has the one password."""

    def __init__(self) -> None:
        # Not below the folder of the test: another account must be able to reach it.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.folder.chmod(0o755)
        self.port, self.plain = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.introspection = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Introspection)

    def start(self, introspection_url: str = "") -> Dovecot:
        """Start and wait until it answers; tokens are looked up at this address, else a good one is `TOKEN`."""
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        certificate(self.folder)
        threading.Thread(target=self.introspection.serve_forever, daemon=True).start()
        address = introspection_url or f"http://127.0.0.1:{self.introspection.server_port}/introspect"
        (self.folder / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {address}\nactive_attribute = active\n"
            "active_value = true\nusername_attribute = username\n"
        )
        # A mail user may not be root, and the machinery of dovecot runs as another account only where root starts it.
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(owner.pw_gid).gr_name
        values = {
            "base": self.folder, "port": self.port, "plain": self.plain, "password": PASSWORD,
            "uid": owner.pw_uid, "gid": owner.pw_gid, "internal": owner.pw_name, "group": group,
        }  # fmt: skip
        (self.folder / "dovecot.conf").write_text(CONFIGURATION.format(**values))
        os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        self.go_on()
        return self

    def go_on(self) -> None:
        """Run it, with what its folder holds."""
        path = self.folder / "dovecot.conf"
        self.process = subprocess.Popen([str(PROGRAM), "-F", "-c", str(path)], stderr=subprocess.PIPE)
        self._wait()

    def halt(self) -> None:
        """End the program; what it holds stays."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            if self.process.stderr is not None:
                self.process.stderr.close()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self.client().logout()
                return
            time.sleep(0.05)
        log = self.folder / "log"
        raise AssertionError(f"dovecot does not answer: {log.read_text() if log.exists() else 'no log'}")

    def stop(self) -> None:
        """Stop it."""
        self.introspection.shutdown()
        self.introspection.server_close()
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def trust(self) -> ssl.SSLContext:
        """What trusts its certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "cert.pem"))

    def client(self, user: str = "support") -> imaplib.IMAP4_SSL:
        """Return a signed-in client of the standard library: for what a person does with a mail program."""
        made = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=self.trust)
        made.login(user, PASSWORD)
        return made

    def put(self, *mails: bytes, user: str = "support", folder: str = "INBOX") -> None:
        """Lay mails into a folder, made if need be."""
        client = self.client(user)
        client.create(folder)
        for mail in mails:
            said, answer = client.append(folder, "", imaplib.Time2Internaldate(time.time()), mail)
            assert said == "OK", answer
        client.logout()

    def forget_numbers(self, user: str, folder: str = "") -> None:
        """Give every mail a new number, as a server that was moved does."""
        # The new validity is a time in seconds: it must not be that of the old one.
        time.sleep(1.1)
        path = self.folder / "mail" / user / (f".{folder}" if folder else "")
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
            (path / name).unlink(missing_ok=True)
        for uidvalidity in (self.folder / "mail" / user).glob("dovecot-uidvalidity*"):
            uidvalidity.unlink()


@contextlib.contextmanager
def running(introspection_url: str = "") -> Iterator[Dovecot]:
    """A server for the time inside; skips the test where dovecot is missing."""
    if PROGRAM is None:
        skip("dovecot is missing: apt install dovecot-imapd")
    server = Dovecot().start(introspection_url)
    try:
        yield server
    finally:
        server.stop()
