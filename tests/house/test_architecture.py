"""The house keeps its plan: who imports whom, where rows are written, what no template holds, how long things get."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
OWN = (
    *("app", "bootstrap", "engines", "database", "tables", "models", "helpdesk", "web", "public", "admin_views", "api"),
    *("tests", "tools"),
)

#: Part of the house → the parts it may import.
MAY_IMPORT = {
    "bootstrap": set(),
    "engines": set(),
    "database": {"engines"},
    "tables": {"database", "tables"},
    "models": {"database", "tables"},
    "migrations": set(),
    "helpdesk": {"engines", "database", "models", "helpdesk"},
    "web": {"database", "models", "helpdesk", "web"},
    "public": {"database", "models", "helpdesk", "web", "public"},
    "admin_views": {"database", "models", "helpdesk", "web", "admin_views"},
    # No cookie, no page: neither sign-ins nor templates.
    "api": {"database", "models", "helpdesk", "api"},
    "app": {"bootstrap", "engines", "database", "models", "helpdesk", "web", "public", "admin_views", "api"},
}
#: The rooms of `helpdesk/`, floor by floor: a room imports what stands on a floor before its own, and itself.
FLOORS = (
    ("errors", "clock", "i18n", "folding"),
    ("erased_marks",),
    ("lib",),
    ("settings",),
    ("search", "suppression"),
    ("customer_keys",),
    ("customer_search", "customer_sight"),
    ("access", "links", "event_texts", "journal_acts", "journal_fields"),
    ("events", "files", "orders", "journal_texts"),
    ("locking", "journal"),
    ("journal_search",),
    ("journal_listing",),
    ("opening_hours",),
    ("due_times",),
    ("availability",),
    ("notifications",),
    ("organisations",),
    ("people",),
    ("two_factor",),
    ("single_sign_on",),
    ("relations",),
    ("tickets", "imports"),
    ("snooze", "due_mails", "automatic_closing", "round_robin"),
    ("macros",),
    ("send_later",),
    ("lists", "filters", "visitors", "setup"),
    ("rules",),
    ("incoming", "outbox", "reports", "departures", "privacy"),
    ("joining",),
    ("erasing",),
    ("corrections", "retention"),
    ("examples", "operations"),
    ("wiring", "cli"),
)
DOORS = ("public", "admin_views", "api", "web", "app")
#: The only rooms of `helpdesk` that know Flask, and what for.
KNOW_FLASK = {
    "helpdesk/i18n.py": "texts in the reader’s language (flask-babel)",
    "helpdesk/outbox/__init__.py": "the templates of mails",
    "helpdesk/outbox/transport.py": "handing mail over (Flask-Mail)",
    "helpdesk/cli/__init__.py": "the commands of the application",
    "helpdesk/cli/base.py": "the application that a command works on",
}
#: Packages that are pinned and yet not imported by name.
NOT_IMPORTED = {"wtf-peewee": "Flask-Admin makes the forms of its peewee screens with it"}
#: Imports inside functions that have a reason.
LATE_IMPORTS = {
    ("bootstrap.py", "importlib.metadata"): "an old Python must get as far as the sentence that names the remedy",
    ("bootstrap.py", "fcntl"): "absent on Windows, where only a sentence is needed",
}
#: Where cleaned HTML becomes markup.
MAKE_MARKUP = {
    "web/rendering.py": "the filter `rich` of pages",
    "web/fragments.py": "what a template rendered, and values escaped on their way into it",
    "helpdesk/notifications/rendering.py": "the body of a mail",
    "admin_views/incoming/received.py": "the layout of a received e-mail: a document of its own, no page of the desk",
}
#: Flask-Admin renders our own template of inline rows and hands back a bare string.
TRUSTED = "{{ field()|safe }}"
WRITES = {
    *("save", "create", "insert", "insert_many", "insert_from", "update", "delete", "delete_instance", "delete_by_id"),
    *("get_or_create", "bulk_create", "bulk_update", "replace", "replace_many", "set_by_id"),
}
#: These change a row whatever it is called; the other names of `WRITES` belong to dictionaries and lists too.
WRITES_OF_ROWS = WRITES - {"insert", "update", "delete", "replace"}
ROWS = {"table", "row", "ticket", "message", "note", "event", "mail", "email"}

#: Participles that tell neither what a function does nor what it returns.
PARTICIPLES = frozenset(
    {"said", "told", "asked", "known", "found", "kept", "typed", "wanted", "given", "shown", "held", "taken", "meant"}
)

LONGEST_FUNCTION = 50
LONGEST_FILE = {"app.py": 150}
LONGEST_TEMPLATE, WIDEST_TEMPLATE = 250, 120


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def sources() -> list[Path]:
    return sorted(path for part in MAY_IMPORT for path in (ROOT / f"{part}.py", *(ROOT / part).rglob("*.py")) if path.is_file())  # fmt: skip  # noqa: E501


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(node: ast.AST) -> Iterator[str]:
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            yield found.module or ""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def pages() -> list[Path]:
    return [path for path in templates() if "email" not in path.parts]


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def offenders(paths: list[Path], wrong: Callable[[Path], Any]) -> dict[str, Any]:
    """Return what is wrong, by the name of the file; no file at all would prove nothing."""
    assert paths
    return {name_of(path): found for path in paths if (found := wrong(path))}


# --- Who imports whom ---------------------------------------------------------------------------------------------


def test_parts_import_only_what_stands_below_them():
    def wrong(path: Path) -> set[str]:
        tops = {name.partition(".")[0] for name in imports(tree(path))}
        return tops & set(OWN) - MAY_IMPORT[part_of(path)]

    assert offenders(sources(), wrong) == {}


def rooms_imported(path: Path) -> set[str]:
    """The rooms of `helpdesk/` that a module imports, whichever way it writes it."""
    rooms = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "helpdesk":
            rooms |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            rooms |= {name.split(".")[1] for name in names if name.startswith("helpdesk.")}
    return rooms


def test_rooms_of_the_rules_import_only_what_stands_before_them():
    floors = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

    def wrong(path: Path) -> set[str]:
        own = path.relative_to(ROOT / "helpdesk").parts[0].removesuffix(".py")
        return {room for room in rooms_imported(path) - {own} if floors[room] >= floors[own]}

    paths = [path for path in sources() if part_of(path) == "helpdesk" and path != ROOT / "helpdesk/__init__.py"]
    assert offenders(paths, wrong) == {}


def test_each_room_says_what_it_is():
    def wrong(path: Path) -> bool:
        lines = (ast.get_docstring(tree(path)) or "").splitlines()
        return len(lines) < 3 or "may import" not in lines[1]

    rooms = [path for path in sources() if path.name == "__init__.py" and name_of(path).startswith("helpdesk/")]
    assert offenders([path for path in rooms if name_of(path).count("/") == 2], wrong) == {}


def test_a_module_gives_another_one_something_in_the_wiring_only():
    def wrong(path: Path) -> list[str]:
        given = [target for node in tree(path).body if isinstance(node, ast.Assign) for target in node.targets]
        return [ast.unparse(target) for target in given if isinstance(target, ast.Attribute)]

    rules = [path for path in sources() if part_of(path) in {"database", "tables", "models", "helpdesk"}]
    assert set(offenders(rules, wrong)) == {"helpdesk/wiring.py"}


def test_models_know_peewee_only():
    for path in (*(ROOT / name for name in ("models.py", "database.py", "engines.py")), *(ROOT / "tables").iterdir()):
        tops = {found.partition(".")[0] for found in imports(tree(path))} if path.suffix == ".py" else set()
        assert tops - set(sys.stdlib_module_names) - {"database", "engines", "tables"} <= {"peewee", "playhouse"}


def test_tables_are_imported_from_their_contents_list():
    """Whoever looks a table up opens `models.py`, and finds there where it stands."""
    outside = [path for path in sources() if part_of(path) not in {"tables", "models"}]
    assert offenders(outside, lambda path: [name for name in imports(tree(path)) if name.startswith("tables")]) == {}


def test_bootstrap_knows_the_standard_library_only():
    tops = {name.partition(".")[0] for name in imports(tree(ROOT / "bootstrap.py"))}
    assert tops <= set(sys.stdlib_module_names)


def test_what_is_imported_is_pinned_and_nothing_else():
    pins = {re.split(r"[\[=]", line)[0].lower() for line in (ROOT / "requirements.txt").read_text().splitlines()}
    tops = {name.partition(".")[0] for path in sources() for name in imports(tree(path))}
    known = packages_distributions()
    imported = {known[name][0].lower() for name in tops - set(sys.stdlib_module_names) - set(OWN) if name in known}
    assert imported | set(NOT_IMPORTED) == pins


def test_rules_do_not_know_the_web():
    knowing = {
        name_of(path)
        for path in (ROOT / "helpdesk").rglob("*.py")
        if any(re.match(r"(flask|werkzeug|wtforms)(_|\.|$)", name) for name in imports(tree(path)))
    }
    assert knowing <= set(KNOW_FLASK)


def test_imports_stand_at_the_top():
    late = {(name_of(path), name) for path in sources() for function in functions(path) for name in imports(function)}
    assert late <= set(LATE_IMPORTS)


# --- Where rows are written ---------------------------------------------------------------------------------------


def tables() -> set[str]:
    rooms = (ROOT / "tables").glob("*.py")
    return {node.name for path in rooms for node in tree(path).body if isinstance(node, ast.ClassDef)}


def rules_known_to(path: Path) -> set[str]:
    """The modules of rules that a door imports: what they are asked to write, they write."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "helpdesk"
        for alias in node.names
    }


def writes_a_row(call: ast.Call, rules: set[str]) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    receiver = call.func.value
    if isinstance(receiver, ast.Name) and receiver.id in rules | {"self"}:
        return False
    named = ast.unparse(receiver).split(".")[-1]
    return call.func.attr in WRITES_OF_ROWS or named in tables() | ROWS


def test_doors_write_no_row():
    def wrong(path: Path) -> list[str]:
        rules = rules_known_to(path)
        return [f"line {call.lineno}: {ast.unparse(call)}" for call in calls(path) if writes_a_row(call, rules)]

    assert offenders([path for path in sources() if part_of(path) in DOORS], wrong) == {}


@pytest.mark.parametrize(
    "line",
    ["row.delete_instance()", "row.save()", "Tag.delete()", "models.Ticket.update(x=1)", "self.table.create()"],
)
def test_a_written_row_is_seen_whatever_it_is_called(line):
    (call,) = (node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call))
    assert writes_a_row(call, {"tickets"})


# --- Markup and templates -----------------------------------------------------------------------------------------


def test_markup_is_made_of_literals_but_where_html_is_cleaned():
    for path in sources():
        for call in calls(path):
            if ast.unparse(call.func).split(".")[-1] == "Markup" and name_of(path) not in MAKE_MARKUP:
                literal = call.args and isinstance(call.args[0], ast.Constant)
                assert literal, f"{name_of(path)}:{call.lineno}: {ast.unparse(call)}"


def test_templates_trust_no_text():
    def wrong(path: Path) -> list[str]:
        return re.findall(r"\|\s*safe\b|autoescape\s+false", text_of(path).replace(TRUSTED, ""))

    assert offenders(templates(), wrong) == {}


def test_templates_obey_the_security_policy():
    def wrong(path: Path) -> list[str]:
        inline = re.finditer(r"<[^>{}]*\s(on[a-z]+|style)\s*=|javascript:", text_of(path))
        scripts = re.findall(r"<script\b[^>]*>", text_of(path))
        bare = [tag for tag in scripts if "csp_nonce()" not in tag and 'type="application/json"' not in tag]
        return [found[0] for found in inline] + bare

    assert offenders(pages(), wrong) == {}


def test_templates_load_nothing_from_elsewhere():
    def wrong(path: Path) -> list[str]:
        return re.findall(r"""(?:src|href|action|formaction)\s*=\s*["'](?:https?:)?//""", text_of(path))

    assert offenders(templates(), wrong) == {}


def test_forms_that_post_carry_the_token():
    def wrong(path: Path) -> list[str]:
        forms = re.findall(r"<form\b(?=[^>]*method=.post).*?(?:</form>|\Z)", text_of(path), re.S | re.I)
        return [form[:200] for form in forms if not re.search(r"csrf|hidden_tag", form)]

    assert offenders(pages(), wrong) == {}


# --- Sizes --------------------------------------------------------------------------------------------------------


def lasting() -> list[Path]:
    """The sources that people go on reading, and the tools: a migration is written once."""
    return [*(path for path in sources() if part_of(path) != "migrations"), *sorted((ROOT / "tools").rglob("*.py"))]


def test_functions_stay_short():
    def wrong(path: Path) -> dict[str, int]:
        lines = {f"{node.name}:{node.lineno}": (node.end_lineno or 0) - node.lineno + 1 for node in functions(path)}
        return {name: count for name, count in lines.items() if count > LONGEST_FUNCTION}

    assert offenders(lasting(), wrong) == {}


def test_files_stay_short():
    def wrong(path: Path) -> int:
        count = len(text_of(path).splitlines())
        limit = LONGEST_FILE.get(name_of(path)) or LONGEST_FILE.get(part_of(path), 300)
        return count if count > limit else 0

    assert offenders(lasting(), wrong) == {}


def test_templates_stay_short_and_narrow():
    def wrong(path: Path) -> list[str]:
        lines = text_of(path).splitlines()
        wide = [f"line {number}" for number, line in enumerate(lines, 1) if len(line) > WIDEST_TEMPLATE]
        return wide + ([f"{len(lines)} lines"] if len(lines) > LONGEST_TEMPLATE else [])

    assert offenders([*templates(), *(ROOT / "templates").rglob("*.txt")], wrong) == {}


def test_styles_of_the_desk_stand_one_declaration_a_line():
    def wrong(path: Path) -> list[str]:
        css = re.sub(r'/\*.*?\*/|"[^"]*"', "", text_of(path), flags=re.S)
        return [line for line in css.splitlines() if len(re.findall("[;{}]", line)) > 1]

    assert offenders([ROOT / "static" / "desk.css"], wrong) == {}


def test_public_functions_of_the_rules_say_what_they_do():
    def wrong(path: Path) -> list[str]:
        made = [node for node in tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        return [node.name for node in made if not node.name.startswith("_") and not ast.get_docstring(node)]

    assert offenders([path for path in sources() if part_of(path) == "helpdesk"], wrong) == {}


# --- Names and docstrings -----------------------------------------------------------------------------------------


def everything() -> list[Path]:
    """The sources that last, the tests and the tools."""
    return sorted({*lasting(), *(ROOT / "tests").rglob("*.py")})


def test_functions_are_named_by_what_they_do_or_return():
    def wrong(path: Path) -> list[str]:
        return [f"{node.name}:{node.lineno}" for node in functions(path) if node.name.strip("_") in PARTICIPLES]

    assert offenders(everything(), wrong) == {}


def test_docstrings_say_whether_and_return_instead_of_tell():
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

    def wrong(path: Path) -> list[str]:
        texts = [ast.get_docstring(node) or "" for node in ast.walk(tree(path)) if isinstance(node, documented)]
        return [text.partition("\n")[0] for text in texts if re.match(r"Tells?\b", text)]

    assert offenders(everything(), wrong) == {}


def test_no_work_is_left_marked_for_later():
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|raise NotImplementedError)\b")
    for path in (*sources(), *templates()):
        assert not marks.search(path.read_text(encoding="utf-8")), name_of(path)
