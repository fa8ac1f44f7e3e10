"""The organisation of the demo: a bicycle shop with a French and an English half."""

from __future__ import annotations

from typing import NamedTuple

DESK_NAME = "Vélo Comptoir"
DOMAIN = "velo-comptoir.example"

#: Service → (English, French, departments: key → (English, French)). A service without departments is a place itself.
SERVICES: dict[str, tuple[str, str, dict[str, tuple[str, str]]]] = {
    "shop": (
        "Orders and delivery",
        "Commandes et livraison",
        {
            "orders": ("Orders", "Commandes"),
            "delivery": ("Delivery", "Livraison"),
            "returns": ("Returns and refunds", "Retours et remboursements"),
        },
    ),
    "billing": (
        "Billing",
        "Facturation",
        {"invoices": ("Invoices", "Factures"), "payments": ("Payments", "Paiements")},
    ),
    "web": (
        "Website and app",
        "Site et application",
        {
            "website": ("Website", "Site web"),
            "app": ("Mobile app", "Application mobile"),
            "accounts": ("Accounts", "Comptes"),
        },
    ),
    "workshop": (
        "Workshop",
        "Atelier",
        {"repairs": ("Repairs", "Réparations"), "parts": ("Spare parts", "Pièces détachées")},
    ),
    "sales": ("Sales", "Ventes", {}),
}


class Person(NamedTuple):
    """An agent: `covers` names services, departments or ``*`` (the whole support)."""

    name: str
    locale: str
    covers: tuple[str, ...]
    is_admin: bool = False
    notify: bool = False


AGENTS: tuple[Person, ...] = (
    Person("Claire Fontaine", "fr", ("*",), is_admin=True, notify=True),
    Person("Oliver Grant", "en", (), is_admin=True),
    Person("Hugo Lambert", "fr", ("shop",), notify=True),
    Person("Emily Watson", "en", ("shop", "sales")),
    Person("Inès Moreau", "fr", ("delivery", "returns"), notify=True),
    Person("Jack Turner", "en", ("billing",), notify=True),
    Person("Léa Girard", "fr", ("billing",)),
    Person("Noah Bennett", "en", ("web",), notify=True),
    Person("Camille Rousseau", "fr", ("accounts", "app")),
    Person("Marc Dubois", "fr", ("workshop",), notify=True),
    Person("Sophie Clarke", "en", ("parts", "repairs")),
    Person("Antoine Mercier", "fr", ("sales",), notify=True),
    Person("Grace Hughes", "en", ("*",)),
)

#: Team → (English, French, manager, members).
TEAMS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Difficult cases", "Cas difficiles", "Grace Hughes", ("Hugo Lambert", "Noah Bennett", "Jack Turner")),
    ("Weekend", "Week-end", "Claire Fontaine", ("Emily Watson", "Marc Dubois")),
)

#: Service (or None: all) → canned responses: name, paragraphs.
CANNED: tuple[tuple[str | None, str, str], ...] = (
    (None, "Acknowledgement", "Thank you for writing. We are looking into your request and answer within a day."),
    (None, "Accusé de réception", "Merci pour votre message. Nous étudions votre demande et répondons sous un jour."),
    (None, "Ask for a picture", "Could you send us a picture? It helps us to understand what happened."),
    (None, "Demander une photo", "Pourriez-vous nous envoyer une photo ? Elle nous aidera à comprendre."),
    ("shop", "Return label", "You have thirty days, and the return is on us: the label is on your order page."),
    (
        "shop",
        "Étiquette de retour",
        "Vous avez trente jours et le retour est offert : l’étiquette est sur votre commande.",
    ),
    ("billing", "Invoice corrected", "The corrected invoice is in your account and on its way by e-mail."),
    ("billing", "Facture corrigée", "La facture corrigée est dans votre compte et part aussi par e-mail."),
    ("workshop", "Opening hours", "The workshop is open from Tuesday to Saturday, from eight to six."),
    ("workshop", "Horaires", "L’atelier est ouvert du mardi au samedi, de huit à dix-huit heures."),
)

#: What the canned response of this name does beside its text.
MACROS: dict[str, tuple[tuple[str, str], ...]] = {
    "Ask for a picture": (("status", "on hold"), ("snooze", "week"), ("assign", "me")),
    "Invoice corrected": (("status", "close"),),
}

FIRST_NAMES = {
    "en": (
        "Alice", "Amelia", "Arthur", "Beatrice", "Charles", "Daisy", "Edward", "Eleanor", "Florence", "Frederick",
        "George", "Hannah", "Harriet", "Henry", "Isabel", "James", "Kate", "Louisa", "Martin", "Nora",
        "Patrick", "Rose", "Samuel", "Thomas", "Victoria", "William",
    ),
    "fr": (
        "Adèle", "Agnès", "Baptiste", "Bérénice", "Cécile", "Clément", "Élodie", "Étienne", "Fabien", "François",
        "Gaëlle", "Hélène", "Jérôme", "Juliette", "Lucas", "Manon", "Mathilde", "Nathan", "Océane", "Pauline",
        "Raphaël", "Romain", "Solène", "Théo", "Valérie", "Zoé",
    ),
}  # fmt: skip
LAST_NAMES = {
    "en": (
        "Adams", "Baker", "Barnes", "Carter", "Cooper", "Dixon", "Ellis", "Fisher", "Gibson", "Harper",
        "Holmes", "Jenkins", "Kelly", "Lawson", "Marsh", "Newton", "Palmer", "Reeves", "Shaw", "Wells",
    ),
    "fr": (
        "Aubert", "Bernard", "Besnard", "Chevalier", "Delaunay", "Dupré", "Faure", "Garnier", "Guérin", "Jacquet",
        "Lefèvre", "Marchand", "Noël", "Perrin", "Poirier", "Renaud", "Roche", "Sauvage", "Tessier", "Vasseur",
    ),
}  # fmt: skip
MAIL_DOMAINS = ("example.org", "example.net", "example.com", "courrier.example", "post.example")

PRODUCTS = {
    "en": ("city bike", "touring bike", "mountain bike", "cargo bike", "folding bike", "gravel bike"),
    "fr": ("vélo de ville", "vélo de randonnée", "vélo tout-terrain", "vélo cargo", "vélo pliant", "vélo de course"),
}
