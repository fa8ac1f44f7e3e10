"""Static files: what is vendored is what its manifest says, twins are fresh, nothing points away from the desk."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "static"
MANIFEST = json.loads((STATIC / "vendor" / "MANIFEST.json").read_text())

#: Bytes of styles, script and pictures that the public form may cost, compressed.
BUDGET = 40_000


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["name"])
def test_vendored_files_are_those_of_the_manifest(entry: dict) -> None:
    folder = STATIC / "vendor" / f"{entry['name']}-{entry['version']}"
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in entry["files"]}
    assert hashes == entry["files"]


def test_every_vendored_file_is_in_the_manifest_with_a_licence() -> None:
    listed = {f"{row['name']}-{row['version']}/{name}" for row in MANIFEST for name in row["files"]}
    files = (path for path in (STATIC / "vendor").rglob("*") if path.is_file() and path.suffix != ".gz")
    assert {str(path.relative_to(STATIC / "vendor")) for path in files} - {"MANIFEST.json"} == listed
    assert all("LICENSE" in row["files"] and row["licence"] for row in MANIFEST)


def test_every_text_file_has_a_fresh_twin() -> None:
    assert tool("gzip_static").stale() == []


def test_the_trimmed_bootstrap_is_the_vendored_one_without_what_we_do_not_use() -> None:
    trim = tool("trim_bootstrap")
    assert trim.TRIMMED.read_text() == trim.trimmed()


def test_the_style_of_visitors_is_the_one_of_the_desk_without_what_they_never_see() -> None:
    trim = tool("trim_desk")
    assert trim.TRIMMED.read_text(encoding="utf-8") == trim.trimmed()


def test_no_stylesheet_or_script_names_a_file_that_is_not_there() -> None:
    for path in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]:
        assert "sourceMappingURL" not in path.read_text(), path


def own_files() -> list[Path]:
    return [*STATIC.glob("*.css"), *STATIC.glob("js/*.js"), *(ROOT / "templates").rglob("*.html")]


def test_no_page_asks_another_host_for_a_file() -> None:
    away = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//|from ["']https?:""")
    assert [path for path in own_files() if away.search(path.read_text())] == []


def test_templates_pass_the_strict_policy() -> None:
    barred = re.compile(
        r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|javascript:|<script(?![^>]*(?:nonce=|application/json))"""
    )
    pages = (path for path in (ROOT / "templates").rglob("*.html") if "email" not in path.parts)
    assert [path for path in pages if barred.search(path.read_text())] == []


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / "icons.svg").read_text()
    named = {name for path in own_files() for name in re.findall(r"icon\('(\w+)'", path.read_text())}
    assert [name for name in named if f'id="i-{name}"' not in sprite] == []


def test_the_two_dark_themes_are_twins() -> None:
    css = (STATIC / "tokens.css").read_text()
    blocks = re.findall(r':root(?:\[data-theme="dark"\]|:not\(\[data-theme="light"\]\)) \{(.*?)\}', css, re.DOTALL)
    assert len(blocks) == 2
    assert blocks[0].split() == blocks[1].split()


def test_every_token_in_use_is_defined() -> None:
    tokens = (STATIC / "tokens.css").read_text()
    used = set(re.findall(r"var\((--g-[\w-]+)", tokens + (STATIC / "desk.css").read_text()))
    assert used <= set(re.findall(r"(--g-[\w-]+):", tokens))


def test_the_public_form_keeps_within_its_budget() -> None:
    names = ["vendor/bootstrap-5.3.9/bootstrap.desk.css", "tokens.css", "public.css", "icons.svg", "favicon.svg"]
    scripts = ("public", "confirm", "menus", "form", "files", "chips", "visitor_draft", "network")
    files = [STATIC / name for name in names] + [STATIC / "js" / f"{name}.js" for name in scripts]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < BUDGET
