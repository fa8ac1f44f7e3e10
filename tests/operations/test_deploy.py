"""The files of ``deploy/`` are what the programs they are for accept."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpdesk.settings import environment
from tests.conftest import skip

DEPLOY = environment.ROOT / "deploy"


def run(program: str, *arguments: object) -> str:
    """Run a program that must be pleased; return all it says."""
    if shutil.which(program) is None:
        skip(f"{program} is missing")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_takes_the_unit() -> None:
    assert "guichet.service" not in run("systemd-analyze", "verify", DEPLOY / "guichet.service")


def test_the_unit_leaves_little_exposed() -> None:
    said = run("systemd-analyze", "security", "--offline=yes", DEPLOY / "guichet.service")
    level = re.search(r"exposure level for guichet.service: ([0-9.]+)", said)
    assert level is not None
    assert float(level[1]) <= 2.5


def test_the_unit_says_all_that_a_service_needs() -> None:
    text = (DEPLOY / "guichet.service").read_text(encoding="utf-8")
    needed = (
        "[Install]",
        "After=network-online",
        "User=guichet",
        "StateDirectory=guichet",
        "Type=notify",
        "WatchdogSec=",
    )
    assert [line for line in needed if f"\n{line}" not in text] == []


def test_caddy_takes_its_file() -> None:
    run("caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a certificate of our own."""
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=help.example.org"]
    run("openssl", *request, "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem")
    return tmp_path


def test_nginx_takes_its_file(certificate: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8").replace("/etc/ssl/guichet", str(certificate))
    whole = certificate / "nginx.conf"
    frame = f"pid {certificate}/pid;\nerror_log stderr;\nevents {{}}\n"
    whole.write_text(f"{frame}http {{\naccess_log off;\n{text}\n}}\n")
    run("nginx", "-t", "-c", whole)


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_no_proxy_reads_more_than_the_form_takes(name: str, app: object) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    (most,) = re.findall(r"(?:max_size|client_max_body_size) (\d+)m", text, re.I)
    assert int(most) * 1024 * 1024 == app.config["MAX_CONTENT_LENGTH"]  # type: ignore[attr-defined]


def test_the_example_of_variables_names_no_unknown_one() -> None:
    names = re.findall(r"^#? ?(GUICHET_[A-Z_]+)=", (DEPLOY / "guichet.env").read_text(encoding="utf-8"), re.M)
    assert names
    assert set(names) <= set(environment.NAMES)
