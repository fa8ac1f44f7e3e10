"""The e-mails about an erasure, and about what goes by its age: no owner changes their words."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.uneditable import ACCOUNT, Uneditable

ERASURES = (
    # To the customer: carries the link that confirms it.
    Uneditable(
        "erase",
        lazy("Confirmation of an erasure asked for"),
        like="sign-in",
        of=ACCOUNT,
        subject=Label(en="Do you want to be erased?", fr="Souhaitez-vous être effacé ?"),
        body=Label(
            en="Hello,<br><br>Somebody who is signed in to your account asked us to erase it. If it was you, open the "
            "link below and press the button: only then it begins. The link works for a day.<br><br>If you did not "
            "ask for it, ignore this e-mail: nothing happens.",
            fr="Bonjour,<br><br>Une personne connectée à votre compte nous a demandé de l’effacer. Si c’était vous, "
            "ouvrez le lien ci-dessous et appuyez sur le bouton : c’est alors seulement que cela commence. Le lien "
            "fonctionne pendant un jour.<br><br>Si vous n’avez rien demandé, ignorez cet e-mail : il ne se passera "
            "rien.",
        ),
    ),
    # To the customer, once it is confirmed.
    Uneditable(
        "erasure-planned",
        lazy("Erasure planned"),
        like="sign-in",
        of=ACCOUNT,
        subject=Label(en="Your account will be erased", fr="Votre compte va être effacé"),
        body=Label(
            en="Hello,<br><br>Your account, your messages, files, orders and addresses will be erased: %(sentence)s. "
            "What the team wrote stays in the tickets, which bear your name no more. Until then you can cancel it in "
            "your account. Afterwards there is no way back, and no more e-mail will come.",
            fr="Bonjour,<br><br>Votre compte, vos messages, fichiers, commandes et adresses seront effacés\u00a0: "
            "%(sentence)s. Ce que l’équipe a écrit reste dans les tickets, qui ne portent plus votre nom. "
            "D’ici là, vous pouvez l’annuler dans votre compte. Ensuite, aucun retour n’est possible, et vous ne "
            "recevrez plus d’e-mail.",
        ),
    ),
    # To administrators, at the same moment.
    Uneditable(
        "erasure-wanted",
        lazy("A customer wants to be erased"),
        like="reset",
        of=ACCOUNT,
        subject=Label(en="A customer wants to be erased", fr="Un client souhaite être effacé"),
        body=Label(
            en="Hello,<br><br>%(email)s asked to be erased and confirmed it: %(sentence)s. Their tickets stay for the "
            "figures. Until then an administrator can cancel it on the page of the customer, and confirms it there "
            'where that is needed: <a href="%(link)s">%(link)s</a>',
            fr="Bonjour,<br><br>%(email)s a demandé son effacement et l’a confirmé : %(sentence)s. Ses tickets restent "
            "pour les statistiques. D’ici là, une personne qui administre le support peut l’annuler sur la page du "
            "client, et l’y confirme lorsque c’est nécessaire\u00a0: "
            '<a href="%(link)s">%(link)s</a>',
        ),
    ),
    # To the customer, when an administrator stopped it.
    Uneditable(
        "erasure-cancelled",
        lazy("Erasure cancelled"),
        like="sign-in",
        of=ACCOUNT,
        subject=Label(en="Your account will not be erased", fr="Votre compte ne sera pas effacé"),
        body=Label(
            en="Hello,<br><br>You asked us to erase your account. Somebody who administers the help desk has stopped "
            "it: your account stays as it is. Ask us if you want to know why.",
            fr="Bonjour,<br><br>Vous nous avez demandé d’effacer votre compte. Une personne qui administre le support "
            "l’a arrêté : votre compte reste tel quel. Demandez-nous si vous souhaitez savoir pourquoi.",
        ),
    ),
    # To the other administrators, where one of them must confirm it: it names nobody.
    Uneditable(
        "erasure-to-confirm",
        lazy("An erasure to be confirmed"),
        like="reset",
        of=ACCOUNT,
        subject=Label(en="An erasure waits for you", fr="Un effacement vous attend"),
        body=Label(
            en="Hello,<br><br>%(who)s wants a customer to be erased. It waits until another administrator confirms "
            'it on the page of the customer: <a href="%(link)s">%(link)s</a>',
            fr="Bonjour,<br><br>%(who)s souhaite effacer un client. L’effacement attend qu’une autre personne qui "
            'administre le support le confirme sur la page du client : <a href="%(link)s">%(link)s</a>',
        ),
    ),
    # To administrators, when the second confirmation itself is to end, or has.
    Uneditable(
        "erasure-second",
        lazy("Second confirmation of erasures"),
        like="reset",
        of=ACCOUNT,
        subject=Label(en="The second confirmation of erasures", fr="La deuxième confirmation des effacements"),
        body=Label(
            en='Hello,<br><br>%(sentence)s<br><br>It stands here: <a href="%(link)s">%(link)s</a>',
            fr='Bonjour,<br><br>%(sentence)s<br><br>Cela se trouve ici\u00a0: <a href="%(link)s">%(link)s</a>',
        ),
    ),
    # To who asked for everything that is kept of a person, a customer or an administrator, once the file is written.
    Uneditable(
        "export-ready",
        lazy("Export of a person is ready"),
        like="sign-in",
        of=ACCOUNT,
        subject=Label(en="The file you asked for is ready", fr="Le fichier demandé est prêt"),
        body=Label(
            en="Hello,<br><br>The file with everything that is kept is ready. Fetch it within 7 days, signed in: "
            '<a href="%(link)s">%(link)s</a><br><br>Then it is deleted.',
            fr="Bonjour,<br><br>Le fichier avec tout ce qui est conservé est prêt. Téléchargez-le dans les 7 jours, "
            'après vous être connecté : <a href="%(link)s">%(link)s</a><br><br>Il est ensuite supprimé.',
        ),
    ),
    # To administrators, seven days before what its period ends goes (`helpdesk.retention`).
    Uneditable(
        "retention-announced",
        lazy("What its period ends will go"),
        like="assignment",
        of=ACCOUNT,
        sender_name=Label(en="HelpDesk - Retention", fr="HelpDesk - Conservation"),
        subject=Label(en="%(sentence)s", fr="%(sentence)s"),
        body=Label(
            en="Hello,<br><br>%(sentence)s, because the periods that you set for keeping them are over. "
            "%(details)s<br><br>Until then you see each of them here, and can cancel it: "
            '<a href="%(link)s">%(link)s</a><br><br>A ticket with a tag that keeps its tickets stays. Afterwards there '
            "is no way back.",
            fr="Bonjour,<br><br>%(sentence)s, car les durées de conservation que vous avez choisies sont écoulées. "
            "%(details)s<br><br>D’ici là, vous les voyez un par un ici, et vous pouvez tout annuler : "
            '<a href="%(link)s">%(link)s</a><br><br>Un ticket dont un tag conserve ses tickets reste. '
            "Ensuite, aucun retour n’est possible.",
        ),
    ),
    # To the other administrators, when what was announced stays.
    Uneditable(
        "retention-cancelled",
        lazy("What was announced stays"),
        like="assignment",
        of=ACCOUNT,
        sender_name=Label(en="HelpDesk - Retention", fr="HelpDesk - Conservation"),
        subject=Label(en="A batch of retention was cancelled", fr="Un lot de conservation a été annulé"),
        body=Label(
            en="Hello,<br><br>%(name)s cancelled what was announced for %(moment)s: everything in it stays. What is "
            'still due then is announced again in a week at the earliest: <a href="%(link)s">%(link)s</a>',
            fr="Bonjour,<br><br>%(name)s a annulé ce qui était annoncé pour le %(moment)s\u00a0: tout ce qu’il "
            "contenait reste. Ce qui sera encore à échéance sera annoncé de nouveau dans une semaine au plus tôt "
            'ici\u00a0: <a href="%(link)s">%(link)s</a>',
        ),
    ),
)
