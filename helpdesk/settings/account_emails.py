"""The e-mails of accounts whose text an owner may change: sign-in links, passwords, invitations."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.email_kind import TEAM_EN, TEAM_FR, Kind

ACCOUNTS = (
    Kind(
        "sign-in",
        "accounts",
        lazy("Sign-in link"),
        lazy("Sent to a customer who asks for a link to sign in; it works for half an hour."),
        Label(en=TEAM_EN, fr=TEAM_FR),
        Label(en="Your sign-in link", fr="Votre lien de connexion"),
        Label(
            en="Hello {{customer_firstname}},<br><br>You asked to sign in. The link below works once, for half "
            "an hour. If you did not ask for it, ignore this e-mail.",
            fr="Bonjour {{customer_firstname}},<br><br>Vous avez demandé à vous connecter. Le lien ci-dessous "
            "fonctionne une seule fois, pendant une demi-heure. Si vous n’avez rien demandé, ignorez cet e-mail.",
        ),
        can_be_off=False,
    ),
    Kind(
        "reset",
        "accounts",
        lazy("New password"),
        lazy("Sent to whoever forgot their password; the link works for one hour."),
        Label(en=TEAM_EN, fr=TEAM_FR),
        Label(en="Choose a new password", fr="Choisissez un nouveau mot de passe"),
        Label(
            en="Hello {{customer_firstname}},<br><br>You asked for a new password. The link below works once, for "
            "one hour. If you did not ask for it, ignore this e-mail: your password stays what it is.",
            fr="Bonjour {{customer_firstname}},<br><br>Vous avez demandé un nouveau mot de passe. Le lien "
            "ci-dessous fonctionne une seule fois, pendant une heure. Si vous n’avez rien demandé, ignorez cet "
            "e-mail : votre mot de passe ne change pas.",
        ),
        can_be_off=False,
    ),
    Kind(
        "invitation",
        "accounts",
        lazy("Invitation"),
        lazy("Sent to a new agent; the link works for seven days."),
        Label(en=TEAM_EN, fr=TEAM_FR),
        Label(en="You are invited to the help desk", fr="Invitation à rejoindre le support"),
        Label(
            en="Hello,<br><br>You are invited to answer at our help desk. Choose your password by the link below; "
            "it works for seven days.",
            fr="Bonjour,<br><br>Vous avez reçu une invitation à répondre aux demandes de notre support. "
            "Choisissez votre mot de passe par le lien ci-dessous ; il fonctionne pendant sept jours.",
        ),
        can_be_off=False,
    ),
)
