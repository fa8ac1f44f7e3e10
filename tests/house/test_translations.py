"""The French of the desk: whole, compiled, written as French is written, and with the words that were agreed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from database import Label
from helpdesk.examples.demo import french
from helpdesk.examples.demo.thread import Thread
from helpdesk.i18n import LANGUAGES
from helpdesk.settings import DECLARED, email_frame, email_kind, email_kinds, environment, seed

FOLDER = environment.ROOT / "translations"
FRENCH = Path("fr", "LC_MESSAGES")

#: Words that the project settled, English → French.
SETTLED = {
    "Services": "Services",
    "Departments": "Départements",
    "Users": "Utilisateurs",
    "Settings": "Réglages",
    "Canned responses": "Réponses automatiques",
    "Filters": "Filtres",
    "Configuration": "Configuration",
    "Tickets": "Tickets",
    "Statuses": "Statuts",
    "Priorities": "Priorités",
    "Teams": "Équipes",
    "Add a service": "Ajouter un service",
    "Add a department": "Ajouter un département",
    "Add an administrator": "Ajouter un administrateur",
    "Add a permission": "Ajouter une permission",
    "Add to support": "Ajouter au support",
    "Answer": "Répondre",
    "Send": "Envoyer",
    "Transfer": "Transférer",
    "Delete": "Supprimer",
    "Update": "Mettre à jour",
    "Create a team": "Créer une équipe",
    "Create a status": "Créer un statut",
    "Create a priority": "Créer une priorité",
    "New ticket": "Nouveau ticket",
    "Open tickets": "Tickets en cours",
    "Search": "Recherche",
    "My tickets": "Mes tickets",
    "Reply": "Réponse",
    "Close the ticket": "Fermer le ticket",
    "Save as canned response": "Enregistrer comme réponse automatique",
    "Mark as spam": "Marquer comme spam",
    "Mark as important": "Marquer comme important",
    "Service and department": "Service et département",
    "Signature": "Signature",
    "Notify by e-mail": "Notification par e-mail",
    "Last name": "Nom",
    "First name": "Prénom",
    "Subject": "Sujet",
    "Message": "Message",
    "Security code": "Code de sécurité",
    "Actions": "Actions",
    "Assign to": "Assigner à",
    "Update status": "Changer le statut",
    "Update priority": "Changer la priorité",
    "Assigned to": "Assigné à",
    "Internal note": "Note interne",
    "Customer information": "Informations du client",
    "Conversation history": "Historique des conversations",
    "Order history": "Historique des commandes",
    "General": "Général",
    "Customer side": "Partie client",
    "Customer e-mails": "E-mails clients",
    "Support e-mails": "E-mails du support",
    "Available variables": "Variables disponibles",
    "Default status": "Statut par défaut",
    "Pending status": "Statut en attente",
    "Status of closed tickets": "Statut des tickets fermés",
    "Prefix": "Préfixe",
    "Allowed extensions": "Extensions autorisées",
    "Attachment folder": "Répertoire",
    "Identifier": "Identifiant",
    "Label": "Libellé",
    "Text colour": "Couleur du texte",
    "Background colour": "Couleur du fond",
    "Weight": "Poids",
    "Manager": "Responsable",
    "Closed": "Fermé",
    "Your message has been sent.": "Votre message a été envoyé.",
    "Your note has been saved.": "Votre note a été enregistrée.",
    "%(num)s ticket has been assigned.": ("%(num)s ticket a été assigné.", "%(num)s tickets ont été assignés."),
    "%(num)s ticket has been updated.": ("%(num)s ticket a été mis à jour.", "%(num)s tickets ont été mis à jour."),
    "The ticket parameters have been updated.": "Les paramètres du ticket ont été mis à jour.",
    "The ticket has been closed.": "Le ticket a été fermé.",
}

#: What French texts never hold. \N{NARROW NO-BREAK SPACE} stands before ; ! ?, a no-break space before a colon.
FAULTS = {
    "a typewriter's apostrophe": r"'",
    "typewriter's quotation marks": r'"|“|”',
    "three dots": r"\.\.\.",
    "no narrow no-break space before ; ! ?": r"(?<!\u202f)[;!?]",
    "no no-break space before a colon": r"(?<!\u00a0):(?=\s|$)",
    "no no-break space inside « »": r"«(?!\u00a0)|(?<!\u00a0)»",
    "no no-break space before a unit": r"(?:\d|\bx) (?:[KMG]o|octets?|min|h|j)\b",
    "two spaces": r"[ \u00a0\u202f]{2}",
    "e-mail written otherwise": r"(?i)(?<!e-)\bmails?\b|\bemails?\b|\bcourriels?\b",
    "closed written otherwise": r"(?i)\bclos(?:e|es)?\b",
}
PLACEHOLDER = re.compile(
    r"Authorization: Bearer|%\(\w+\)\d*[sd]|\{\{?\w+\}?\}|</?\w+[^>]*>|https?://\S+|\b[\w.-]+@[\w.-]+"
)


def pybabel(*words: str | Path) -> None:
    """Run pybabel as CONTRIBUTING says; further options lead it to other files."""
    tool = [sys.executable, "-m", "babel.messages.frontend", "-q", *words]
    subprocess.run(tool, cwd=environment.ROOT, check=True, timeout=120)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every text of the program as it is now."""
    path = tmp_path_factory.mktemp("texts") / "messages.pot"
    pybabel("extract", "-o", path)
    return path


def bring_up_to_date(folder: Path, template: Path) -> None:
    """Do with the catalogues of a folder what is done after each change of a text."""
    pybabel("update", "-d", folder, "-i", template)
    pybabel("compile", "-d", folder)


def catalog(path: Path = FOLDER / FRENCH / "messages.po") -> Catalog:
    """Read a catalogue."""
    with path.open("rb") as file:
        return read_po(file)


def untranslated(catalog: Catalog) -> list[Any]:
    """Return the texts without a whole translation, and those whose English changed since."""
    return [
        message.id
        for message in catalog
        if message.id
        and (message.fuzzy or not all([message.string] if isinstance(message.string, str) else message.string))
    ]


def faults(text: str) -> list[str]:
    """Return what is wrong with a French text; what is not words is left out."""
    bare = PLACEHOLDER.sub("x", text)
    return [fault for fault, pattern in FAULTS.items() if re.search(pattern, bare)]


def pairs() -> Iterator[tuple[str, str]]:
    """Give each English text with its French; plurals one by one."""
    for message in catalog():
        ids, strings = ((value,) if isinstance(value, str) else tuple(value) for value in (message.id, message.string))
        if message.id:
            yield from zip(ids, strings, strict=True)


def labels() -> Iterator[tuple[str, Label]]:
    """Give every text of the program that stands in both languages side by side."""
    for name, value in (vars(email_kinds) | vars(email_frame)).items():
        for number, row in enumerate(value.values() if isinstance(value, dict) else [value]):
            held = vars(row).values() if isinstance(row, email_kind.Kind | email_kinds.Uneditable) else [row]
            yield from ((f"{name} {number}", text) for text in held if isinstance(text, Label))
    rows = (*seed.ROLES, *seed.STATUSES, *seed.PRIORITIES)
    yield from ((str(row), value) for row in rows for value in row.values() if isinstance(value, Label))
    yield from ((key, row.default) for key, row in DECLARED.items() if isinstance(row.default, Label) and row.default)


def sentences(value: Any) -> Iterator[str]:
    """Give every text inside the sample tickets; subjects hold plain spaces, as all that is typed on one line."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for inner in value[2:] if isinstance(value, Thread) else value:
            yield from sentences(inner)


def test_the_catalogues_hold_the_texts_of_the_program_and_nothing_else(tmp_path, template):
    shutil.copytree(FOLDER, tmp_path / "translations")
    bring_up_to_date(tmp_path / "translations", template)
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.*")):
        # Behind? `pybabel -q extract && pybabel -q update && pybabel compile`
        assert (tmp_path / "translations" / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), path


def test_every_text_has_its_translation():
    assert untranslated(catalog()) == []


def test_each_language_but_english_has_its_folder():
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert folders == set(LANGUAGES) - {"en"}


def test_a_new_language_begins_with_every_text(tmp_path, template):
    pybabel("init", "-l", "de", "-d", tmp_path, "-i", template)
    assert untranslated(catalog(tmp_path / "de/LC_MESSAGES/messages.po")) == [text.id for text in catalog() if text.id]


#: A catalogue written when its language had one form, before two of its texts changed.
OLD = """
msgid ""
msgstr ""
"POT-Creation-Date: 2020-02-02 00:00+0000\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "%(num)d ticket"
msgid_plural "%(num)d tickets"
msgstr[0] "%(num)d ticket"

msgid "Team"
msgstr "Équipe"

msgid "Bin"
msgstr "Corbeille"
"""
TEXTS = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "%(num)d ticket"
msgid_plural "%(num)d tickets"
msgstr[0] ""
msgstr[1] ""

msgid "Team"
msgid_plural "Teams"
msgstr[0] ""
msgstr[1] ""

msgid "Bins"
msgstr ""
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An old catalogue, brought up to date."""
    path = tmp_path / FRENCH / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(OLD)
    (tmp_path / "messages.pot").write_text(TEXTS)
    bring_up_to_date(tmp_path, tmp_path / "messages.pot")
    return path


def test_a_catalogue_keeps_the_number_of_its_plurals(old):
    assert "nplurals=1; plural=0;" in old.read_text()
    assert catalog(old)["%(num)d ticket"].string == ("%(num)d ticket",)


def test_what_changed_waits_for_a_person_and_what_is_gone_is_dropped(old):
    assert untranslated(catalog(old)) == [("Team", "Teams"), "Bins"]
    assert catalog(old)["Team"].string == ("Équipe",)
    assert catalog(old)["Bins"].string == ""
    assert "Corbeille" not in old.read_text()


def test_a_catalogue_changes_with_its_texts_only(old, tmp_path):
    first = [old.read_bytes(), old.with_suffix(".mo").read_bytes()]
    again = (tmp_path / "messages.pot").read_text().replace("utf-8", "utf-8\\nPOT-Creation-Date: 2030-03-03 00:00+0000")
    (tmp_path / "messages.pot").write_text(again)
    bring_up_to_date(tmp_path, tmp_path / "messages.pot")
    assert [old.read_bytes(), old.with_suffix(".mo").read_bytes()] == first


def test_french_is_written_as_french():
    found = {french_text: faults(french_text) for _english, french_text in pairs()}
    assert {text: wrong for text, wrong in found.items() if wrong} == {}


def placeholders(text: str) -> list[str]:
    """Return what a program fills in, a colour's number apart."""
    return sorted(re.findall(r"%\(\w+\)\d*[sd]|\{\w+\}|#", re.sub(r"#[0-9a-f]{6}", "", text)))


def test_placeholders_are_the_same():
    def without_number(text: str) -> list[str]:
        # “The ticket that waits” need not say that it is one.
        return [name for name in placeholders(text) if not name.startswith("%(num)")]

    assert [pair for pair in pairs() if without_number(pair[0]) != without_number(pair[1])] == []


def test_plurals_say_how_many():
    plurals = [message for message in catalog() if isinstance(message.id, tuple)]
    unequal = [text.id for text in plurals if placeholders(text.id[1]) != placeholders(text.string[1])]
    assert unequal == []


def test_texts_begin_and_end_alike():
    def ends(text: str) -> tuple[str, str]:
        return re.match(r" *", text)[0], re.search(r"[.?!…:]?\s*$", text)[0].strip("\u202f\u00a0")

    assert [(english, text) for english, text in pairs() if ends(english) != ends(text)] == []


@pytest.mark.parametrize("english", SETTLED)
def test_settled_words(english):
    known = catalog().get(english)
    assert known is not None
    assert known.string == SETTLED[english]


def test_canned_responses_are_explained_by_their_other_name():
    french_of = dict(pairs())
    help_line = french_of["Replies written beforehand, offered in the tickets of their service."]
    assert "réponses pré-enregistrées" in help_line.lower()


def test_texts_in_both_languages_are_whole_and_written_as_french():
    found = {f"{name}: {text.get('fr')}": faults(text.get("fr", "")) for name, text in labels()}
    assert all({"en", "fr"} <= set(text) for _name, text in labels())
    assert {text: wrong for text, wrong in found.items() if wrong} == {}


def test_sample_tickets_are_written_as_french():
    texts = [text for name, value in vars(french).items() if not name.startswith("_") for text in sentences(value)]
    assert len(texts) > 100
    assert {text: faults(text) for text in texts if faults(text)} == {}
