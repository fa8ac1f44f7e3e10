"""The e-mail to who stands in for an agent on leave: its words are the program’s, and no owner changes them."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.uneditable import TICKET, Uneditable

LEAVE = (
    # To the substitute of an agent to whom a ticket was handed during their leave.
    Uneditable(
        "stand-in",
        lazy("Ticket of somebody on leave"),
        like="assignment",
        of=TICKET,
        subject=Label(
            en="A ticket of %(name)s, who is on leave (#%(number)s)",
            fr="Un ticket pour %(name)s, en congé (#%(number)s)",
        ),
        body=Label(
            en="Ticket #%(number)s was assigned to %(name)s, who is on leave until %(moment)s. You stand in: what its "
            "customer answers until then comes to you, too.",
            fr="Le ticket #%(number)s vient d’être assigné à %(name)s, qui est en congé jusqu’au %(moment)s. Vous "
            "assurez le remplacement\u00a0: d’ici là, les réponses de son client vous parviennent aussi.",
        ),
    ),
)
