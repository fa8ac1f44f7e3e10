"""Replies as mail programs send them: what somebody wrote, and how each program quotes the mail that is answered."""

from __future__ import annotations

#: The mail that is answered.
_PLAIN = "Bonjour Carol,\n\nNous regardons cela.\n\nCordialement,\nL’équipe"
_QUOTED = "\n".join(f"> {line}".rstrip() for line in _PLAIN.split("\n"))

FRENCH_QUOTES = {
    "gmail": ("Le lun. 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n\n") + _QUOTED,
    "gmail, broken": (
        "Le lun. 23 nov. 2026 à 10:12, Support Technique de la Boutique\n<support@desk.example> a écrit :\n\n"
    )
    + _QUOTED,
    "gmail, a blank that holds": ("Le lun. 23 nov. 2026 à 10:12, Support <support@desk.example> a\nécrit\u00a0:\n\n")
    + _QUOTED,
    "apple": ("> Le 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n> \n") + _QUOTED,
    "apple, not quoted": ("Le 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n\n") + _QUOTED,
    "thunderbird": ("Le 23/11/2026 à 10:12, Support a écrit :\n") + _QUOTED,
    "outlook": (
        "De : Support <support@desk.example>\n"
        "Envoyé : lundi 23 novembre 2026 10:12\n"
        "À : Carol Jones <carol@customer.example>\n"
        "Objet : Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "outlook, a rule": (
        "________________________________\n"
        "De : Support <support@desk.example>\n"
        "Envoyé : lundi 23 novembre 2026 10:12\n"
        "À : Carol <carol@customer.example>\n"
        "Objet : Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "outlook, old": (
        "-----Message d'origine-----\n"
        "De : Support [mailto:support@desk.example]\n"
        "Envoyé : lundi 23 novembre 2026 10:12\n"
        "À : Carol\n"
        "Objet : Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "outlook, typographic": (
        "-----Message d’origine-----\n"
        "De\u00a0: Support\n"
        "Envoyé\u00a0: lundi 23 novembre 2026 10:12\n"
        "À\u00a0: Carol\n"
        "Objet\u00a0: Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "orange": (
        "> Message du 23/11/26 10:12\n"
        '> De : "Support" <support@desk.example>\n'
        "> A : carol@customer.example\n"
        "> Copie à : \n"
        "> Objet : Re: Ma facture\n"
        "> \n"
    )
    + _QUOTED,
    "orange, not quoted": (
        'Message du 23/11/26 10:12\nDe : "Support" \nA : carol@customer.example\nCopie à : \nObjet : Re: Ma facture\n\n'
    )
    + _PLAIN,
    "la poste": (
        "> Message du 23/11/2026 à 10:12\n"
        "> De : support@desk.example\n"
        "> A : carol@customer.example\n"
        "> Objet : Re: Ma facture\n"
        ">\n"
    )
    + _QUOTED,
    "sfr": (
        "-----Message d'origine-----\n"
        "De : support@desk.example\n"
        "Date : 23/11/2026 10:12\n"
        "A : carol@customer.example\n"
        "Objet : Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "free": (
        "----- Mail original -----\n"
        'De: "Support" <support@desk.example>\n'
        'À: "Carol" <carol@customer.example>\n'
        "Envoyé: Lundi 23 Novembre 2026 10:12:13\n"
        "Objet: Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "yahoo": ("Le lundi 23 novembre 2026 à 10:12:13 UTC+1, Support <support@desk.example> a écrit :\n\n\n") + _PLAIN,
    "proton": ("Le lundi 23 novembre 2026 à 10:12, Support <support@desk.example> a écrit :\n\n") + _QUOTED,
    "proton, old": (
        "------- Original Message -------\n"
        "Le lundi 23 novembre 2026 à 10:12, Support <support@desk.example> a écrit :\n"
        "\n"
        "\n"
    )
    + _QUOTED,
    "samsung": (
        "-------- Message d'origine --------\n"
        "De : Support <support@desk.example>\n"
        "Date : 23/11/2026 10:12 (GMT+01:00)\n"
        "À : carol@customer.example\n"
        "Objet : Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "iphone": ("Envoyé de mon iPhone\n\n> Le 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n> \n")
    + _QUOTED,
    "android": ("Le lun. 23 nov. 2026, 10:12, Support <support@desk.example> a écrit :\n\n") + _QUOTED,
    "roundcube": ("Le 2026-11-23 10:12, Support a écrit :\n") + _QUOTED,
    "our line": ("— Répondez au-dessus de cette ligne —\n\n") + _PLAIN,
    "gmail, our line": (
        "Le lun. 23 nov. 2026 à 10:12, Équipe de support <support@desk.example>\n"
        "a écrit :\n"
        "\n"
        "> — Répondez au-dessus de cette ligne —\n"
        ">\n"
    )
    + _QUOTED,
    "somebody wrote on a day": ("Support <support@desk.example> a écrit le 23/11/2026 10:12 :\n\n") + _QUOTED,
    "zimbra": (
        'De: "Support" <support@desk.example>\n'
        'À: "Carol" <carol@customer.example>\n'
        "Envoyé: Lundi 23 Novembre 2026 10:12:13\n"
        "Objet: Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "outlook, bold": (
        "*De :* Support <support@desk.example>\n"
        "*Envoyé :* lundi 23 novembre 2026 10:12\n"
        "*À :* Carol\n"
        "*Objet :* Re: Ma facture\n"
        "\n"
    )
    + _PLAIN,
    "ovh": ("Le 23/11/2026 10:12, support@desk.example a écrit :\n") + _QUOTED,
}

FRENCH = {
    "one line": "Merci, cela marche maintenant.",
    "traps": (
        "Bonjour,\n\nPaul a écrit : « rien à faire ».\nDe : la tour Eiffel, on voit tout.\n\n-- \nCarol Jones\n"
        "06 12 34 56 78"
    ),
    "a list": "Non.\n\nLe bouton a disparu :\n- ici\n- là\n\nCordialement,\nCarol",
}

ENGLISH_QUOTES = {
    "gmail": ("On Mon, Nov 23, 2026 at 10:12 AM Support <support@desk.example> wrote:\n\n") + _QUOTED,
    "gmail, broken": (
        "On Mon, Nov 23, 2026 at 10:12 AM The Support Team of the Shop\n<support@desk.example> wrote:\n\n"
    )
    + _QUOTED,
    "apple": ("> On 23 Nov 2026, at 10:12, Support <support@desk.example> wrote:\n> \n") + _QUOTED,
    "thunderbird": ("On 23/11/2026 10:12, Support wrote:\n") + _QUOTED,
    "outlook": (
        "From: Support <support@desk.example>\n"
        "Sent: Monday, November 23, 2026 10:12 AM\n"
        "To: Carol\n"
        "Subject: Re: My invoice\n"
        "\n"
    )
    + _PLAIN,
    "outlook, a rule": (
        "________________________________\n"
        "From: Support <support@desk.example>\n"
        "Sent: Monday, November 23, 2026 10:12 AM\n"
        "To: Carol <carol@customer.example>\n"
        "Subject: Re: My invoice\n"
        "\n"
    )
    + _PLAIN,
    "outlook, old": ("-----Original Message-----\nFrom: Support\nSent: Monday\nTo: Carol\nSubject: Re: My invoice\n\n")
    + _PLAIN,
    "yahoo": ("On Monday, November 23, 2026 at 10:12:13 AM GMT+1, Support <support@desk.example> wrote:\n\n") + _PLAIN,
    "proton": (
        "------- Original Message -------\n"
        "On Monday, November 23rd, 2026 at 10:12 AM, Support <support@desk.example> wrote:\n"
        "\n"
    )
    + _QUOTED,
    "samsung": (
        "-------- Original message --------\n"
        "From: Support <support@desk.example>\n"
        "Date: 23/11/2026 10:12 (GMT+00:00)\n"
        "To: carol@customer.example\n"
        "Subject: Re: My invoice\n"
        "\n"
    )
    + _PLAIN,
    "our line": ("— Answer above this line —\n\n") + _PLAIN,
}

ENGLISH = {
    "one line": "Thanks, it works now.",
    "traps": "On Monday I called, and Paul wrote: nothing.\nFrom: here one sees it.\n\n-- \nCarol",
    "a list": "No.\n\n- one\n- two\n\nRegards,\nCarol",
}

#: Texts of which nothing may be cut.
KEPT_WHOLE = {
    "answers between the lines": (
        "Le lun. 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n> Quel modèle ?\nLe bleu.\n"
        "> Depuis quand ?\nHier."
    ),
    "answers between the lines, said above": (
        "Mes réponses plus bas.\n\nLe lun. 23 nov. 2026 à 10:12, Support <support@desk.example> a écrit :\n"
        "> Quel modèle ?\nLe bleu.\n> Depuis quand ?\nHier."
    ),
    "an answer below": "Le 23/11/2026 à 10:12, Support a écrit :\n> Quel modèle ?\n\nLe bleu.",
    "a log": "Voici le journal :\n-- erreur\nOn error wrote: x\nFrom: a\nTo: b",
    "a sentence": "Hier Paul a écrit : rien. Depuis, De : la tour Eiffel.",
    "nothing but a quotation": (
        "-----Message d'origine-----\nDe : X <x@y.example>\nEnvoyé : lundi\nÀ : moi\nObjet : a\n\nTexte"
    ),
    "from and to": "Il faut :\nDe : 10\nÀ : 20\n\nMerci",
}

#: HTML pages whose program says where the quotation begins.
PAGES = {
    "gmail": (
        '<div dir="ltr">Merci, cela marche.</div><br><div class="gmail_quote">'
        '<div class="gmail_attr">Le lun. a écrit</div>'
        "<blockquote>Nous regardons cela.</blockquote></div>"
    ),
    "outlook": (
        '<div>Merci, cela marche.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Sans date</b></div>'
        "<div>Nous regardons cela.</div>"
    ),
    "outlook on a telephone": (
        '<div>Merci, cela marche.</div><div id="mail-editor-reference-message-container"><div>'
        "Nous regardons cela.</div></div>"
    ),
    "thunderbird": (
        '<p>Merci, cela marche.</p><div class="moz-cite-prefix">Support :</div><blockquote type="cite">'
        "Nous regardons cela.</blockquote>"
    ),
    "yahoo": (
        '<div>Merci, cela marche.</div><div class="yahoo_quoted" id="yahoo_quoted_1">'
        "<div>Nous regardons cela.</div></div>"
    ),
    "proton": '<div>Merci, cela marche.</div><div class="protonmail_quote">Nous regardons cela.</div>',
}
