"""Caddy and nginx by the files of ``deploy/``, on ports and with a certificate of our own."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.waiting import wait_until

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
NAME = "help.example.org"


def write_certificate(folder: Path) -> None:
    """Make a certificate for localhost."""
    kind = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(["openssl", *kind, *files], check=True, capture_output=True, timeout=60)


def connect(place: tuple[str, int]) -> ssl.SSLSocket:
    """Open a connection over https to one of them."""
    plain = socket.create_connection(place, timeout=60)
    return ssl._create_unverified_context().wrap_socket(plain, server_hostname="localhost")


def status(outside: int, path: str = "/healthz?live") -> int:
    """Return how a page is answered through one of them, 0 for not at all."""
    with suppress(OSError), connect(("127.0.0.1", outside)) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{outside}\r\nConnection: close\r\n\r\n".encode())
        match = re.match(rb"HTTP/1\.1 (\d+)", line.recv(100))
        return int(match[1]) if match else 0
    return 0


@contextmanager
def running(name: str, folder: Path, outside: int, inside: int) -> Iterator[None]:
    """Run ``caddy`` or ``nginx`` with files of its own in this folder, until the block ends."""
    write_certificate(folder)
    command = {"caddy": caddy, "nginx": nginx}[name](folder, outside, inside)
    log, environ = folder / "log", {**os.environ, "HOME": str(folder)}
    with log.open("w") as output, subprocess.Popen(command, env=environ, stdout=output, stderr=output) as process:
        try:
            wait_until(lambda: status(outside) == 200, why=log.read_text)
            yield
        finally:
            process.terminate()
            process.wait(60)


def caddy(folder: Path, outside: int, inside: int) -> list[str]:
    """Write the shipped file for a certificate and ports of our own; return the command."""
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    text = text.replace(
        f"{NAME} {{", f"https://localhost:{outside} {{\n tls {folder}/fullchain.pem {folder}/privkey.pem"
    )
    text = text.replace("{\n\tservers", "{\n admin off\n auto_https off\n servers", 1).replace(
        "127.0.0.1:8000", f"127.0.0.1:{inside}"
    )
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def nginx(folder: Path, outside: int, inside: int) -> list[str]:
    """Write the shipped file for a certificate and ports of our own; return the command."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", text, flags=re.S)
    text = re.sub(r"    listen \[::\].*\n", "", text).replace("listen 443", f"listen 127.0.0.1:{outside}")
    text = text.replace(NAME, "localhost").replace("127.0.0.1:8000", f"127.0.0.1:{inside}")
    text = text.replace("/etc/ssl/guichet", str(folder)).replace("Host $host;", f"Host localhost:{outside};")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    frame = f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{frame}http {{\naccess_log off;\n{paths}{text}\n}}\n")
    return ["nginx", "-c", str(folder / "nginx.conf")]
