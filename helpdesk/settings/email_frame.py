"""The words of the frame around each e-mail, in every language of the desk (RULES 38)."""

from __future__ import annotations

from database import Label

#: E-mails about a ticket that hold nothing a visitor typed, its subject neither.
WITHOUT_TYPED = frozenset({"received", "copied", "confirm", "closing"})
#: E-mails that say that a ticket has arrived.
CONFIRMATIONS = frozenset({"confirmation", "received"})
#: E-mails to the team that show the customer's message.
WITH_MESSAGE = frozenset({"team_message", "transfer", "assignment", "move"})

#: E-mails about due times, which an agent switches off in the own profile.
ABOUT_DUE_TIMES = frozenset({"due_soon", "overdue", "several-due-soon", "several-overdue", "due-list"})

NUMBER = Label(en="Ticket %(number)s", fr="Ticket %(number)s")
HEADING = Label(en="Ticket %(number)s: %(subject)s", fr="Ticket %(number)s\u00a0: %(subject)s")

# Who did what, below the subject.
WROTE = Label(en="%(who)s wrote.", fr="%(who)s a écrit.")
REPLIED = Label(en="%(who)s replied.", fr="%(who)s a répondu.")
REPLIED_TO = Label(en="%(who)s replied to %(customer)s.", fr="%(who)s a répondu à %(customer)s.")
HANDED_OVER = Label(en="%(who)s transferred the ticket.", fr="%(who)s a transféré le ticket.")
#: To whom a ticket is transferred or assigned that sleeps.
SNOOZED = Label(en="It is snoozed until %(when)s.", fr="Il est en veille jusqu’au %(when)s.")
QUOTED = Label(en="%(who)s wrote:", fr="%(who)s a écrit\u00a0:")
FILES = Label(en="Files: %(names)s", fr="Fichiers\u00a0: %(names)s")

# Below the button.
NO_ACCOUNT = Label(
    en="The link works without an account, for %(days)s days. It is yours alone: please do not pass it on.",
    fr="Le lien fonctionne sans compte, pendant %(days)s jours. Il est personnel\u00a0: ne le transmettez pas.",
)
#: For an agent whose answer goes to the customer.
AGENT_ANSWER = Label(
    en="Your answer to this e-mail goes to the customer, in your name. With #note as its first word, only the team "
    "reads it.",
    fr="Votre réponse à cet e-mail part au client, en votre nom. Si elle commence par #note, seule l’équipe la lit.",
)
OR_ANSWER = Label(en="You can also simply answer this e-mail.", fr="Vous pouvez aussi répondre à cet e-mail.")

_ASKED_FOR = Label(
    en="You receive this e-mail because your address was given to get this link.",
    fr="Vous recevez cet e-mail parce que votre adresse a été saisie pour obtenir ce lien.",
)
#: Why one gets it, by the kind of e-mail or by what a ticket is to its reader.
WHY = {
    "sign-in": _ASKED_FOR,
    "reset": _ASKED_FOR,
    "ticket": Label(
        en="You receive this e-mail because this ticket was opened with your address.",
        fr="Vous recevez cet e-mail parce que ce ticket a été ouvert avec votre adresse.",
    ),
    "confirm": Label(
        en="You receive this e-mail because your address was given in our form.",
        fr="Vous recevez cet e-mail parce que votre adresse a été saisie dans notre formulaire.",
    ),
    "copied": Label(
        en="You receive this e-mail because somebody has put you in copy of this ticket.",
        fr="Vous recevez cet e-mail parce que vous êtes en copie de ce ticket.",
    ),
    "invitation": Label(
        en="You receive this e-mail because an administrator of the help desk has invited you.",
        fr="Vous recevez cet e-mail parce qu’une personne qui administre le support vous a envoyé une invitation.",
    ),
    **dict.fromkeys(
        ("link-made", "new-browser", "passkey-added", "erase", "erasure-planned", "erasure-cancelled"),
        Label(
            en="You receive this e-mail because it is about your account.",
            fr="Vous recevez cet e-mail parce qu’il concerne votre compte.",
        ),
    ),
    "two-factor-reset": Label(
        en="You receive this e-mail because it is about your account, or about what you did.",
        fr="Vous recevez cet e-mail parce qu’il concerne votre compte, ou ce que vous avez fait.",
    ),
    "mention": Label(
        en="You receive this e-mail because a note names you.",
        fr="Vous recevez cet e-mail parce qu’une note vous cite.",
    ),
    "not-sent": Label(
        en="You receive this e-mail because a notification to you was answered.",
        fr="Vous recevez cet e-mail parce qu’une notification qui vous était adressée a reçu une réponse.",
    ),
    **dict.fromkeys(
        ("several-due-soon", "several-overdue"),
        Label(
            en="You receive this e-mail because you have these tickets, or are told of new ones where nobody has them.",
            fr="Vous recevez cet e-mail parce que ces tickets vous sont assignés, ou que personne ne les a là où vous "
            "recevez les nouveaux.",
        ),
    ),
    "due-list": Label(
        en="You receive this e-mail because you see every ticket of the desk.",
        fr="Vous recevez cet e-mail parce que vous voyez tous les tickets du support.",
    ),
    "not-left": Label(
        en="You receive this e-mail because a reply was scheduled in this ticket.",
        fr="Vous recevez cet e-mail parce qu’une réponse était programmée dans ce ticket.",
    ),
    "assigned": Label(
        en="You receive this e-mail because this ticket is assigned to you.",
        fr="Vous recevez cet e-mail parce que ce ticket vous est assigné.",
    ),
    "team": Label(
        en="You receive this e-mail because this ticket is assigned to the team “%(team)s”.",
        fr="Vous recevez cet e-mail parce que ce ticket est assigné à l’équipe «\u00a0%(team)s\u00a0».",
    ),
    "stand-in": Label(
        en="You receive this e-mail because you stand in for %(name)s, who is on leave until %(day)s.",
        fr="Vous recevez cet e-mail parce que vous remplacez %(name)s, en congé jusqu’au %(day)s.",
    ),
    "away": Label(
        en="You receive this e-mail because your permission covers “%(place)s” and asks for e-mails: %(name)s, who "
        "has the ticket, is on leave until %(day)s.",
        fr="Vous recevez cet e-mail parce que votre permission couvre «\u00a0%(place)s\u00a0» et demande les e-mails"
        "\u00a0: %(name)s, à qui le ticket est assigné, est en congé jusqu’au %(day)s.",
    ),
    "place": Label(
        en="You receive this e-mail because your permission covers “%(place)s” and asks for e-mails.",
        fr="Vous recevez cet e-mail parce que votre permission couvre «\u00a0%(place)s\u00a0» et demande les e-mails.",
    ),
}
PUT_IN_COPY = Label(
    en="%(who)s has put you in copy of this ticket: you can read it and answer.",
    fr="%(who)s vous a mis en copie de ce ticket\u00a0: vous pouvez le lire et y répondre.",
)
#: Where an agent says which e-mails to get.
SETTINGS_LINE = Label(en="Change my notifications:", fr="Changer mes notifications\u00a0:")

#: Who of the customer's organisation gets a copy of a new ticket, below its confirmation.
COLLEAGUES_LINE = Label(
    en="In copy, from your organisation: %(names)s.", fr="En copie, dans votre organisation\u00a0: %(names)s."
)
