"""The kinds of e-mail and their shipped texts, in every language of the desk."""

from __future__ import annotations

from typing import Any

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.account_emails import ACCOUNTS
from helpdesk.settings.closing_emails import CLOSING_SOON, NOT_RESOLVED
from helpdesk.settings.email_kind import TEAM_EN, TEAM_FR, Kind
from helpdesk.settings.suppression_texts import SUPPRESSED
from helpdesk.settings.uneditable import AUTO_REPLIED, Uneditable
from helpdesk.settings.uneditable_emails import UNEDITABLE
from models import CUSTOMER_MESSAGE, NOTE, REPLY

GROUPS = {
    "customers": lazy("Customer e-mails"),
    "support": lazy("Support e-mails"),
    "accounts": lazy("Account e-mails"),
}

KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "confirmation",
            "customers",
            lazy("Confirmation e-mail"),
            lazy(
                "Sent to the customer at each of their messages. An address that is not proven yet gets a fixed text "
                "instead: the number, “we have received it” and the private link, nothing the visitor typed."
            ),
            Label(en=TEAM_EN, fr=TEAM_FR),
            Label(en="Confirmation - message received", fr="Confirmation - message reçu"),
            Label(
                en="Dear {{customer_firstname}},<br><br>"
                "Your message has been sent to the Support team. Here is the message content:<br>"
                '"{{message}}"<br><br>Kind Regards,<br>The Support Team.',
                fr="Bonjour {{customer_firstname}},<br><br>"
                "Votre message a été envoyé à l’équipe de support. Voici son contenu :<br>"
                "« {{message}} »<br><br>Cordialement,<br>L’équipe de support.",
            ),
            automatic=AUTO_REPLIED,
            caused_by=CUSTOMER_MESSAGE,
        ),
        Kind(
            "notification",
            "customers",
            lazy("Notification e-mail to the customer"),
            lazy("Sent to the customer at each message of the team."),
            Label(en=TEAM_EN, fr=TEAM_FR),
            Label(en="New message from the Support team", fr="Nouveau message de l’équipe de support"),
            Label(
                en="Hello {{customer_firstname}},<br><br>"
                'Your ticket "{{ticket_object}}" (#{{prefixed_id}}) has been updated. Please login to your account '
                "via this link in order to see the new message: {{customer_account_link}}<br><br>"
                "Regards,<br>The Support Team.",
                fr="Bonjour {{customer_firstname}},<br><br>"
                "Votre ticket « {{ticket_object}} » (#{{prefixed_id}}) a été mis à jour. Pour lire le nouveau "
                "message, connectez-vous à votre compte par ce lien : {{customer_account_link}}<br><br>"
                "Cordialement,<br>L’équipe de support.",
            ),
            caused_by=REPLY,
        ),
        # Never the text above: the ticket is not theirs (RULES 38).
        Kind(
            "copy",
            "customers",
            lazy("E-mail to people in copy"),
            lazy(
                "Sent to the people in copy at each message, while the notification to the customer is on. Whoever has "
                "not used a link of theirs yet gets a fixed text instead, with nothing the visitor typed."
            ),
            Label(en=TEAM_EN, fr=TEAM_FR),
            Label(en="New message, in copy", fr="Nouveau message, en copie"),
            Label(
                en="Hello {{customer_firstname}},<br><br>"
                'There is a new message in the ticket "{{ticket_object}}" (#{{prefixed_id}}), which you follow in '
                "copy.<br><br>Regards,<br>The Support Team.",
                fr="Bonjour {{customer_firstname}},<br><br>"
                "Un nouveau message est arrivé dans le ticket « {{ticket_object}} » (#{{prefixed_id}}), que vous "
                "suivez en copie.<br><br>Cordialement,<br>L’équipe de support.",
            ),
            can_be_off=False,
            caused_by=REPLY,
            like="notification",
        ),
        CLOSING_SOON,
        SUPPRESSED,
        Kind(
            "correction",
            "customers",
            lazy("Corrected reply"),
            lazy(
                "Sent to whoever an e-mail about a reply has reached, when that reply is corrected and its writer "
                "chooses to send the correction."
            ),
            Label(en=TEAM_EN, fr=TEAM_FR),
            Label(en="Corrected message from the Support team", fr="Message corrigé de l’équipe de support"),
            Label(
                en="Hello {{customer_firstname}},<br><br>"
                'We have corrected our message in the ticket "{{ticket_object}}" (#{{prefixed_id}}). Please read this '
                'one instead:<br>"{{message}}"<br><br>Regards,<br>The Support Team.',
                fr="Bonjour {{customer_firstname}},<br><br>"
                "Nous avons corrigé notre message dans le ticket « {{ticket_object}} » (#{{prefixed_id}}). Voici "
                "celui qui vaut :<br>« {{message}} »<br><br>Cordialement,<br>L’équipe de support.",
            ),
            can_be_off=False,
            caused_by=REPLY,
        ),
        Kind(
            "team_message",
            "support",
            lazy("Notification e-mail to the team"),
            lazy(
                "Sent to the team at each message of a customer: a new ticket tells the agents whose permission says "
                "so, a later message tells whoever has the ticket."
            ),
            Label(en="HelpDesk - New message", fr="HelpDesk - Nouveau message"),
            Label(
                en="[Message received] {{ticket_object}} (#{{prefixed_id}})",
                fr="[Message reçu] {{ticket_object}} (#{{prefixed_id}})",
            ),
            Label(
                en="You received a new message from a customer.",
                fr="Vous avez reçu un nouveau message d’un client.",
            ),
            caused_by=CUSTOMER_MESSAGE,
        ),
        Kind(
            "transfer",
            "support",
            lazy("Transferred ticket"),
            lazy("Sent to whom a ticket is transferred; the message is the note of the transfer."),
            Label(en="HelpDesk - Transfer", fr="HelpDesk - Transfert"),
            Label(
                en="[Ticket transferred] {{ticket_object}} (#{{prefixed_id}})",
                fr="[Ticket transféré] {{ticket_object}} (#{{prefixed_id}})",
            ),
            Label(
                en="A ticket has been transferred to you.<br><br>{{message}}",
                fr="Un ticket vous a été transféré.<br><br>{{message}}",
            ),
            can_be_off=False,
            caused_by=NOTE,
        ),
        Kind(
            "assignment",
            "support",
            lazy("Assigned ticket"),
            lazy("Sent to whom somebody else assigns a ticket. Configuration can switch it off too."),
            Label(en="HelpDesk - Assignment", fr="HelpDesk - Assignation"),
            Label(
                en="[Ticket assigned] {{ticket_object}} (#{{prefixed_id}})",
                fr="[Ticket assigné] {{ticket_object}} (#{{prefixed_id}})",
            ),
            Label(en="A ticket has been assigned to you.", fr="Un ticket vous a été assigné."),
        ),
        Kind(
            "move",
            "support",
            lazy("Moved ticket"),
            lazy("Sent to the agents of the service and department a ticket is moved to, if their permission says so."),
            Label(en="HelpDesk - Moved ticket", fr="HelpDesk - Ticket déplacé"),
            Label(
                en="[Ticket moved] {{ticket_object}} (#{{prefixed_id}})",
                fr="[Ticket déplacé] {{ticket_object}} (#{{prefixed_id}})",
            ),
            Label(
                en="A ticket has been moved to your service.",
                fr="Un ticket a été déplacé vers votre service.",
            ),
        ),
        Kind(
            "due_soon",
            "support",
            lazy("Ticket due soon"),
            lazy("Sent before a due time to whoever has the ticket, else to the agents told of new ones."),
            Label(en="HelpDesk - Due times", fr="HelpDesk - Délais"),
            Label(
                en="[Due soon] {{ticket_object}} (#{{prefixed_id}})",
                fr="[Échéance proche] {{ticket_object}} (#{{prefixed_id}})",
            ),
            Label(en="A ticket will soon be overdue.", fr="Un ticket sera bientôt en retard."),
        ),
        Kind(
            "overdue",
            "support",
            lazy("Overdue ticket"),
            lazy("Sent once a due time has passed to whoever has the ticket, else to the agents told of new ones."),
            Label(en="HelpDesk - Due times", fr="HelpDesk - Délais"),
            Label(
                en="[Overdue] {{ticket_object}} (#{{prefixed_id}})",
                fr="[En retard] {{ticket_object}} (#{{prefixed_id}})",
            ),
            Label(en="A ticket is overdue.", fr="Un ticket est en retard."),
        ),
        *ACCOUNTS,
    )
}

#: The way out of a ticket, at the end of a mail to somebody in copy.
LEAVE_LINE = Label(
    en="Leave the ticket and get no more of these e-mails:",
    fr="Quitter le ticket et ne plus recevoir ces e-mails\u00a0:",
)
#: Instead of many mails to somebody in copy.
GATHERED_SUBJECT = Label(en="New messages in your tickets", fr="Nouveaux messages dans vos tickets")
GATHERED_BODY = Label(
    en="<p>There are new messages in tickets you are in copy of. We gather them here, so that you get one e-mail and "
    "not many:</p>",
    fr="<p>De nouveaux messages sont arrivés dans des tickets dont vous êtes en copie. Nous les réunissons ici, pour "
    "que vous receviez un seul e-mail et non plusieurs :</p>",
)

#: The question below the notification of a reply that closes the ticket, where the desk asks for ratings.
SATISFACTION_LINE = Label(
    en="Are you satisfied with our help? You can tell us on the page of the ticket.",
    fr="Notre aide vous convient-elle\u202f? Vous pouvez nous le dire sur la page du ticket.",
)

#: What is due when, below a mail about a due time.
DUE_LINE = Label(en="%(target)s: due on %(when)s", fr="%(target)s\u00a0: échéance le %(when)s")

#: The line before the link, by the kind of the link; "desk" is the agents' page of the ticket.
LINK_LINES = {
    "ticket": Label(en="Read and answer this ticket:", fr="Lire ce ticket et y répondre :"),
    "desk": Label(en="Open this ticket:", fr="Ouvrir ce ticket :"),
    "sign-in": Label(en="Sign in:", fr="Se connecter :"),
    "confirm": Label(en="Confirm your message:", fr="Confirmer votre message :"),
    "reset": Label(en="Choose a new password:", fr="Choisir un nouveau mot de passe :"),
    "invitation": Label(en="Choose your password:", fr="Choisir votre mot de passe :"),
    "erase": Label(en="Erase my account:", fr="Effacer mon compte :"),
}
#: The kinds of e-mail whose link says something of their own.
OWN_LINES = dict.fromkeys(("closing_soon", "closing"), NOT_RESOLVED)
HIDDEN_LINK = Label(en="[private link]", fr="[lien privé]")
#: What stands above the text of a mail that can be answered: below it everything is quoted.
ABOVE = Label(en="— Answer above this line —", fr="— Répondez au-dessus de cette ligne —")
NO_ANSWER = Label(
    en="Please do not answer this e-mail: use the link.",
    fr="Merci de ne pas répondre à cet e-mail : utilisez le lien.",
)


def kind_of(key: str) -> Kind | Uneditable:
    """Return a kind of e-mail, whoever words it. Raises KeyError."""
    return KINDS[key] if key in KINDS else UNEDITABLE[key]


def label_of(key: str) -> Any:
    """Return how a kind of e-mail is called, also one that only tests the server; an unknown one by its key."""
    if key == "test":
        return lazy("Test message")
    return kind_of(key).label if key in {**KINDS, **UNEDITABLE} else key
