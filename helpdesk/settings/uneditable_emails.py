"""The kinds of e-mail whose words no owner changes, in every language of the desk."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import lazy
from helpdesk.settings.closing_emails import CLOSINGS
from helpdesk.settings.erasure_emails import ERASURES
from helpdesk.settings.leave_emails import LEAVE
from helpdesk.settings.uneditable import ACCOUNT, AUTO_REPLIED, TICKET, Uneditable

#: E-mails whose words no owner changes: some may hold nothing that a stranger or a colleague typed.
UNEDITABLE: dict[str, Uneditable] = {
    kind.key: kind
    for kind in (
        *ERASURES,
        *LEAVE,
        *CLOSINGS,
        # For an address that is not proven, instead of the confirmation: nothing a stranger typed (RULES 19).
        Uneditable(
            "received",
            lazy("Receipt of a message"),
            like="confirmation",
            of=TICKET,
            subject=Label(en="We have received your message", fr="Nous avons reçu votre message"),
            body=Label(
                en="Hello,<br><br>We have received your message. Your ticket has the number %(number)s.<br><br>"
                "If you did not write to us, ignore this e-mail.",
                fr="Bonjour,<br><br>Nous avons reçu votre message. Votre ticket porte le numéro %(number)s.<br><br>"
                "Si vous ne nous avez pas écrit, ignorez cet e-mail.",
            ),
            shares_switch=True,
            automatic=AUTO_REPLIED,
        ),
        # Asks to confirm a request without the security code: nothing a stranger typed either.
        Uneditable(
            "confirm",
            lazy("Confirmation asked for"),
            like="confirmation",
            of=ACCOUNT,
            subject=Label(en="Please confirm your message", fr="Veuillez confirmer votre message"),
            body=Label(
                en="Hello,<br><br>Somebody wrote to us with this address, without copying the security code. If it was "
                "you, open the link below and press the button: only then your message reaches us. The link works for "
                "seven days.<br><br>If you did not write to us, ignore this e-mail: nothing will be sent.",
                fr="Bonjour,<br><br>Un message nous a été écrit avec cette adresse, sans recopier le code de sécurité. "
                "Si c’était vous, ouvrez le lien ci-dessous et appuyez sur le bouton : c’est alors seulement que "
                "votre message nous parviendra. Le lien fonctionne pendant sept jours.<br><br>"
                "Si vous ne nous avez pas écrit, ignorez cet e-mail : rien ne sera envoyé.",
            ),
            automatic=AUTO_REPLIED,
        ),
        # For somebody in copy who has not used a link of theirs yet: nothing a visitor typed (RULES 40).
        Uneditable(
            "copied",
            lazy("News of a ticket, to somebody in copy"),
            like="notification",
            of=TICKET,
            subject=Label(en="You are in copy of a ticket", fr="Vous êtes en copie d’un ticket"),
            body=Label(
                en="Hello,<br><br>Somebody has put you in copy of ticket #%(number)s. There is a new message: open "
                "the link below to read it and to answer.<br><br>If this does not concern you, ignore this e-mail, or "
                "leave the ticket by the link at its end: nothing more will come.",
                fr="Bonjour,<br><br>On vous a mis en copie du ticket #%(number)s. Un nouveau message est arrivé : "
                "ouvrez le lien ci-dessous pour le lire et y répondre.<br><br>Si cela ne vous concerne pas, ignorez "
                "cet e-mail, ou quittez le ticket par le lien tout en bas : vous ne recevrez plus rien.",
            ),
            shares_switch=True,
        ),
        # For an agent whom a colleague mentioned in an internal note: it quotes nothing of the note.
        Uneditable(
            "mention",
            lazy("Named in a note"),
            like="assignment",
            of=TICKET,
            sender_name=Label(en="HelpDesk - Internal note", fr="HelpDesk - Note interne"),
            subject=Label(
                en="%(who)s named you in a note (#%(number)s)", fr="%(who)s vous cite dans une note (#%(number)s)"
            ),
            body=Label(
                en="%(who)s named you in an internal note of ticket #%(number)s. The note is read in the ticket.",
                fr="%(who)s vous cite dans une note interne du ticket #%(number)s. La note se lit dans le ticket.",
            ),
        ),
        # For who has the ticket, once for each address: a mail to its customer came back.
        Uneditable(
            "undelivered",
            lazy("E-mail not delivered"),
            like="assignment",
            of=TICKET,
            sender_name=Label(en="HelpDesk - Not delivered", fr="HelpDesk - Non distribué"),
            subject=Label(
                en="An e-mail could not be delivered (#%(number)s)",
                fr="Un e-mail n’a pas pu être distribué (#%(number)s)",
            ),
            body=Label(
                en="An e-mail of ticket #%(number)s to %(email)s came back: %(reason)s. The ticket shows which message "
                "it was, and lets you correct the address.",
                fr="Un e-mail du ticket #%(number)s adressé à %(email)s est revenu\u00a0: %(reason)s. Le ticket montre "
                "de quel message il s’agit et permet de corriger l’adresse.",
            ),
        ),
        # For an agent whose answer by e-mail did not go out: why, and where it stands. It quotes nothing of it.
        Uneditable(
            "not-sent",
            lazy("Answer by e-mail not sent"),
            like="assignment",
            sender_name=Label(en="HelpDesk - Not sent", fr="HelpDesk - Non envoyé"),
            subject=Label(
                en="Your answer was not sent (#%(number)s)", fr="Votre réponse n’a pas été envoyée (#%(number)s)"
            ),
            body=Label(
                en="Your answer by e-mail to ticket #%(number)s did not go to the customer. %(sentence)s<br><br>"
                "It stands in the ticket, as an internal note.",
                fr="Votre réponse par e-mail au ticket #%(number)s n’est pas partie au client. %(sentence)s<br><br>"
                "Elle figure dans le ticket, en note interne.",
            ),
            automatic=AUTO_REPLIED,
        ),
        # For whoever scheduled a reply that became a draft again, else for who has the ticket. It quotes nothing of it.
        Uneditable(
            "not-left",
            lazy("Scheduled reply that did not leave"),
            like="assignment",
            sender_name=Label(en="HelpDesk - Not sent", fr="HelpDesk - Non envoyé"),
            subject=Label(
                en="A scheduled reply did not leave (#%(number)s)",
                fr="Une réponse programmée n’est pas partie (#%(number)s)",
            ),
            body=Label(
                en="The reply that %(name)s had scheduled in ticket #%(number)s did not go to the customer: "
                "%(reason)s.<br><br>It stands in the ticket as a draft: send it, change it or discard it.",
                fr="La réponse que %(name)s avait programmée dans le ticket #%(number)s n’est pas partie au "
                "client\u00a0: %(reason)s.<br><br>Elle figure dans le ticket comme brouillon\u00a0: envoyez-la, "
                "modifiez-la ou supprimez-la.",
            ),
        ),
        # For who has a ticket, or manages who has it, by a rule.
        Uneditable(
            "reminder",
            lazy("Reminder by a rule"),
            like="assignment",
            sender_name=Label(en="HelpDesk - Reminder", fr="HelpDesk - Rappel"),
            subject=Label(en="Reminder of ticket #%(number)s", fr="Rappel du ticket #%(number)s"),
            body=Label(
                en="The rule “%(rule)s” reminds you of ticket #%(number)s.",
                fr="La règle « %(rule)s » vous rappelle le ticket #%(number)s.",
            ),
        ),
        # For administrators: rules did too much to one ticket.
        Uneditable(
            "rules-rest",
            lazy("Rules rest for a ticket"),
            like="assignment",
            sender_name=Label(en="HelpDesk - Automations", fr="HelpDesk - Automatisations"),
            subject=Label(en="Rules rest for ticket #%(number)s", fr="Règles suspendues : ticket #%(number)s"),
            body=Label(
                en="Rules acted %(count)s times within an hour on ticket #%(number)s. They leave it alone for a day. "
                "The last one was “%(rule)s”: two rules may be answering each other, or a program that answers.",
                fr="Des règles ont agi %(count)s fois en une heure sur le ticket #%(number)s. Elles le laissent "
                "tranquille pendant un jour. La dernière était « %(rule)s » : deux règles se répondent peut-être, ou "
                "bien un programme répond.",
            ),
        ),
        # For administrators, once until the rule is saved.
        Uneditable(
            "rule-target-gone",
            lazy("A rule names something that is gone"),
            like="assignment",
            sender_name=Label(en="HelpDesk - Automations", fr="HelpDesk - Automatisations"),
            subject=Label(en="A rule names something that is gone", fr="Une règle nomme ce qui n’existe plus"),
            body=Label(
                en="The rule “%(rule)s” names something that is gone or disabled: that action is skipped, the others "
                "go on. Choose again what it names in the list of rules.",
                fr="La règle « %(rule)s » nomme quelque chose qui n’existe plus ou qui est désactivé : cette "
                "action est ignorée, les autres continuent. Choisissez de nouveau ce qu’elle nomme.",
            ),
        ),
        # For an agent, when an administrator hands over a link to a new password: it carries none.
        Uneditable(
            "link-made",
            lazy("A link to the account was made"),
            like="reset",
            of=ACCOUNT,
            subject=Label(
                en="A link to choose a new password was made", fr="Un lien pour choisir un mot de passe a été créé"
            ),
            body=Label(
                en="Hello,<br><br>Somebody who administers the help desk has made a link by which a new password is "
                "chosen for your account, to hand it over to you. If you did not ask for it, tell them now.",
                fr="Bonjour,<br><br>Une personne qui administre le support a créé un lien permettant de choisir un "
                "nouveau mot de passe pour votre compte, afin de vous le remettre. Si vous ne l’avez pas demandé, "
                "prévenez-la tout de suite.",
            ),
        ),
        # For an agent whose second factor an administrator took away, and for that administrator.
        Uneditable(
            "two-factor-reset",
            lazy("Two-factor authentication was reset"),
            like="reset",
            of=ACCOUNT,
            subject=Label(
                en="Two-factor authentication was reset", fr="La double authentification a été réinitialisée"
            ),
            body=Label(
                en="Hello,<br><br>%(sentence)s Its browsers were signed out. The password alone opens the account "
                "until two-factor authentication is set up again, in the profile. If nobody asked for this, tell an "
                "administrator now.",
                fr="Bonjour,<br><br>%(sentence)s Ses navigateurs ont été déconnectés. Le mot de passe seul "
                "ouvre ce compte jusqu’à ce que la double authentification soit de nouveau activée, dans le profil. "
                "Si personne ne l’a demandé, prévenez tout de suite une personne qui administre le support.",
            ),
        ),
        # For an agent, when somebody signs in to the account with a browser that it has not had before.
        Uneditable(
            "new-browser",
            lazy("Sign-in with a new browser"),
            like="reset",
            of=ACCOUNT,
            subject=Label(en="A new browser signed in to your account", fr="Nouvelle connexion à votre compte"),
            body=Label(
                en="Hello,<br><br>Somebody signed in to your account %(email)s with a browser that it has not had "
                "before:<br><br>%(device)s<br>%(moment)s<br>%(network)s<br><br>If it was you, there is nothing to do. "
                "If not, change your password now: that signs every other browser out.",
                fr="Bonjour,<br><br>Quelqu’un s’est connecté à votre compte %(email)s avec un navigateur que ce compte "
                "ne connaissait pas\u00a0:<br><br>%(device)s<br>%(moment)s<br>%(network)s<br><br>Si c’était vous, il "
                "n’y a rien à faire. Sinon, changez tout de suite votre mot de passe\u00a0: tous les autres "
                "navigateurs seront déconnectés.",
            ),
        ),
        # For an agent: who has a browser of theirs in hand would add a passkey without the password.
        Uneditable(
            "passkey-added",
            lazy("A passkey was added"),
            like="reset",
            of=ACCOUNT,
            subject=Label(en="A passkey was added to your account", fr="Une clé d’accès a été ajoutée à votre compte"),
            body=Label(
                en="Hello,<br><br>A passkey was added to your account of the help desk: it opens the account in place "
                "of password and code. If it was not you, remove it in your profile, sign out your other browsers, "
                "choose another password and tell an administrator now.",
                fr="Bonjour,<br><br>Une clé d’accès a été ajoutée à votre compte du support\u00a0: elle l’ouvre à la "
                "place du mot de passe et du code. Si ce n’est pas vous qui l’avez ajoutée, retirez-la dans votre "
                "profil, déconnectez vos autres navigateurs, choisissez un autre mot de passe et prévenez tout de "
                "suite une personne qui administre le support.",
            ),
        ),
        # One mail instead of many, when several tickets are due soon, or overdue, at once.
        Uneditable(
            "several-due-soon",
            lazy("Several tickets due soon"),
            like="due_soon",
            subject=Label(en="%(count)s tickets due soon", fr="%(count)s tickets à échéance proche"),
            body=Label(
                en="<p>%(count)s tickets will soon be overdue:</p>",
                fr="<p>%(count)s tickets seront bientôt en retard\u00a0:</p>",
            ),
            shares_switch=True,
        ),
        Uneditable(
            "several-overdue",
            lazy("Several overdue tickets"),
            like="overdue",
            subject=Label(en="%(count)s overdue tickets", fr="%(count)s tickets en retard"),
            body=Label(
                en="<p>%(count)s tickets are overdue:</p>",
                fr="<p>%(count)s tickets sont en retard\u00a0:</p>",
            ),
            shares_switch=True,
        ),
        # Once a day, for those who see every ticket.
        Uneditable(
            "due-list",
            lazy("Daily list of overdue tickets"),
            like="overdue",
            subject=Label(en="Overdue tickets: %(count)s", fr="Tickets en retard\u00a0: %(count)s"),
            body=Label(
                en="<p>Overdue tickets at present: %(count)s. The longest overdue stand first.</p>",
                fr="<p>Tickets en retard en ce moment\u00a0: %(count)s. Les plus en retard en premier.</p>",
            ),
        ),
        # One mail instead of many, when several tickets are assigned at once.
        Uneditable(
            "digest",
            lazy("Several tickets assigned"),
            like="assignment",
            subject=Label(en="%(count)s tickets assigned", fr="%(count)s tickets assignés"),
            body=Label(
                en="<p>%(count)s tickets have been assigned to you:</p>",
                fr="<p>%(count)s tickets vous ont été assignés :</p>",
            ),
            shares_switch=True,
        ),
    )
}
