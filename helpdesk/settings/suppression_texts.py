"""What somebody reads who writes from an address that is no longer kept: by e-mail, and on the form."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.email_kind import TEAM_EN, TEAM_FR, Kind
from helpdesk.settings.uneditable import AUTO_REPLIED

SUPPRESSED = Kind(
    "suppressed",
    "customers",
    lazy("Address no longer kept"),
    lazy(
        "Sent to whoever writes from an address that is no longer kept, once a day at most. Nothing of their message "
        "is stored, nor is this e-mail."
    ),
    Label(en=TEAM_EN, fr=TEAM_FR),
    Label(en="Your message was not kept", fr="Votre message n’a pas été conservé"),
    Label(
        en="Hello,<br><br>Nothing that comes from this address is kept here, as was agreed with its holder. Your "
        "message was deleted at once, and nobody has read it.<br><br>If you want an answer, write to us from another "
        "address or reach us in another way: then we can put this one back, too.<br><br>Regards,<br>The Support Team.",
        fr="Bonjour,<br><br>Rien de ce qui vient de cette adresse n’est conservé ici, comme convenu avec la "
        "personne à qui elle appartient. Votre message a été supprimé aussitôt, et personne ne l’a lu.<br><br>Si vous "
        "souhaitez une réponse, écrivez-nous depuis une autre adresse ou joignez-nous autrement : nous pourrons aussi "
        "rétablir celle-ci.<br><br>Cordialement,<br>L’équipe de support.",
    ),
    automatic=AUTO_REPLIED,
)

#: The text of the form: whoever reads it may have typed somebody else’s address, so it does not say why.
NOTICE = Label(
    en="We cannot take a message with this e-mail address, and nothing of it was stored. Use another address, or reach "
    "us in another way.",
    fr="Nous ne pouvons pas recevoir de message avec cette adresse e-mail, et rien n’en a été enregistré. Utilisez une "
    "autre adresse ou joignez-nous autrement.",
)
