"""The e-mails about tickets that are closed by themselves, in every language of the desk."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.email_kind import TEAM_EN, TEAM_FR, Kind
from helpdesk.settings.uneditable import TICKET, Uneditable

CLOSING_SOON = Kind(
    "closing_soon",
    "customers",
    lazy("Closing soon"),
    lazy(
        "Sent to the customer before a ticket is closed by itself (Automatic closing). Below it stand the day "
        "and a button that says that it is not resolved."
    ),
    Label(en=TEAM_EN, fr=TEAM_FR),
    Label(en="Your ticket will soon be closed", fr="Fermeture prochaine de votre ticket"),
    Label(
        en="Hello {{customer_firstname}},<br><br>"
        'We have not heard from you about your ticket "{{ticket_object}}" (#{{prefixed_id}}). Without news '
        "from you it will soon be closed. If it is not resolved, tell us by the button below: there is nothing "
        "else to do. You can also write to us again later, even once it is closed.<br><br>"
        "Regards,<br>The Support Team.",
        fr="Bonjour {{customer_firstname}},<br><br>"
        "Nous n’avons pas eu de vos nouvelles au sujet de votre ticket «\u00a0{{ticket_object}}\u00a0» "
        "(#{{prefixed_id}}). Sans nouvelles de votre part, il sera bientôt fermé. Si ce n’est pas résolu, "
        "dites-le-nous par le bouton ci-dessous\u00a0: il n’y a rien d’autre à faire. Vous pourrez aussi nous "
        "écrire plus tard, même une fois le ticket fermé.<br><br>Cordialement,<br>L’équipe de support.",
    ),
    can_be_off=False,
)
#: The day on which a ticket is closed by itself, below the e-mail that announces it.
DAY_LINE = Label(en="It will be closed on %(day)s.", fr="Il sera fermé le %(day)s.")
#: What its link says.
NOT_RESOLVED = Label(en="This is not resolved:", fr="Ce n’est pas résolu\u00a0:")

CLOSINGS = (
    # For an address that is not proven, instead of the announcement: nothing a visitor typed either.
    Uneditable(
        "closing",
        lazy("Closing soon, to an address not proven yet"),
        like="closing_soon",
        of=TICKET,
        subject=Label(en="A ticket will soon be closed", fr="Fermeture prochaine d’un ticket"),
        body=Label(
            en="Hello,<br><br>We have not heard from you about ticket #%(number)s. Without news from you it will "
            "be closed on %(moment)s. If it is not resolved, tell us by the button below.<br><br>"
            "If you did not write to us, ignore this e-mail.",
            fr="Bonjour,<br><br>Nous n’avons pas eu de vos nouvelles au sujet du ticket #%(number)s. Sans "
            "nouvelles de votre part, il sera fermé le %(moment)s. Si ce n’est pas résolu, dites-le-nous par le "
            "bouton ci-dessous.<br><br>Si vous ne nous avez pas écrit, ignorez cet e-mail.",
        ),
    ),
    # For who has a ticket whose customer does not want it closed.
    Uneditable(
        "not-resolved",
        lazy("Ticket not resolved"),
        like="team_message",
        of=TICKET,
        sender_name=Label(en="HelpDesk - Not resolved", fr="HelpDesk - Non résolu"),
        subject=Label(en="[Not resolved] Ticket #%(number)s", fr="[Non résolu] Ticket #%(number)s"),
        body=Label(
            en="%(who)s says that ticket #%(number)s is not resolved, in answer to the e-mail that announced its "
            "closing. It waits for the team again.",
            fr="%(who)s indique que le ticket #%(number)s n’est pas résolu, en réponse à l’e-mail qui annonçait "
            "sa fermeture. Il attend de nouveau l’équipe.",
        ),
        shares_switch=True,
    ),
)
