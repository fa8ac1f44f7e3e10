"""The files of ``deploy/`` are what the programs they are for accept."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from helpdesk.settings import environment
from tests.conftest import skip
from tests.operations.test_commands import Served

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


def test_caddy_takes_the_file_of_the_container(tmp_path: Path) -> None:
    text = (DEPLOY / "compose.Caddyfile").read_text(encoding="utf-8").replace("{$SITE_NAME}", "help.example.org")
    if run("caddy", "version") < "2.7":
        text = text.replace("request_buffers 1MB", "buffer_requests\n\t\tmax_buffer_size 1MB")
    (tmp_path / "Caddyfile").write_text(text, encoding="utf-8")
    run("caddy", "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile")


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


@pytest.mark.parametrize("name", ["Caddyfile", "compose.Caddyfile", "nginx.conf"])
def test_no_proxy_reads_more_than_the_form_takes(name: str, app: object) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    (most,) = re.findall(r"(?:max_size|client_max_body_size) (\d+)m", text, re.I)
    assert int(most) * 1024 * 1024 == app.config["MAX_CONTENT_LENGTH"]  # type: ignore[attr-defined]


def test_the_example_of_variables_names_no_unknown_one() -> None:
    names = re.findall(r"^#? ?(GUICHET_[A-Z_]+)=", (DEPLOY / "guichet.env").read_text(encoding="utf-8"), re.M)
    assert names
    assert set(names) <= set(environment.NAMES)


# --- Containers ---------------------------------------------------------------------------------------------------


def entering() -> set[str]:
    """The names beside the program that the image takes."""
    return set(re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.M))


def test_the_image_takes_every_part_of_the_program_and_nothing_of_a_desk() -> None:
    packages = {path.parent.name for path in environment.ROOT.glob("*/__init__.py")} - {"tests", "tools"}
    modules = {path.name for path in environment.ROOT.glob("*.py")}
    assert packages | modules <= entering()
    assert entering() & {"data", "guichet.env", ".git", ".venv"} == set()


def test_what_the_image_takes_is_a_whole_desk(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    for name in entering():
        path = environment.ROOT / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / "program" / name)
    desk = Served(tmp_path / "data", "serve", app=tmp_path / "program" / "app.py")
    try:
        page = desk.get("/")
        styles = re.findall(r'href="(/static/[^"]+\.css[^"]*)"', page.body)
        assert (page.status, [desk.get(style).status for style in styles]) == (200, [200] * len(styles))
        assert styles
        assert desk.end(signal.SIGTERM) == 0
    finally:
        desk.end(signal.SIGKILL)


def test_the_desk_of_compose_gets_variables_that_are_read() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services["desk"]["environment"]) <= set(environment.NAMES)
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"GUICHET_[A-Z_]+(?==)", image)) <= set(environment.NAMES)
    # It writes into its own folder alone, as nobody.
    assert services["desk"]["read_only"]
    assert "\nUSER guichet\n" in image
    assert services["desk"]["volumes"] == ["desk:/var/lib/guichet"]
    assert "/var/lib/guichet/data" in image
