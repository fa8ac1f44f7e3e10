"""The declarations of the stored settings: the group, kind, default and help of each."""

from __future__ import annotations

from database import Label
from helpdesk.i18n import CHOICES, lazy
from helpdesk.settings.ceilings import BEYOND, CEILINGS
from helpdesk.settings.declaration import Declared
from helpdesk.settings.suppression_texts import NOTICE

GROUPS = {
    "general": lazy("General"),
    "organisation": lazy("Your organisation"),
    "customers": lazy("Customer side"),
    "mail": lazy("Mail server"),
    "incoming": lazy("Received e-mails"),
    "journal": lazy("Journal"),
    "backup": lazy("Backups"),
}

DECLARED: dict[str, Declared] = {
    row.key: row
    for row in (
        Declared(
            "desk_enabled", "general", "switch", True, lazy("Help desk enabled"),
            lazy("When off, visitors see a kind page and cannot open tickets; agents go on."),
        ),
        Declared(
            "default_sender", "general", "email", "", lazy("Default e-mail"),
            lazy("Mails leave from this address unless a text names another. Example: support@example.org."),
        ),
        Declared(
            "default_status", "general", "status", "active", lazy("Default status"),
            lazy("Set on a new ticket and whenever the customer writes."),
        ),
        Declared(
            "pending_status", "general", "status", "pending", lazy("Pending status"),
            lazy("Set when the team has replied."),
        ),
        Declared(
            "closed_status", "general", "status", "closed", lazy("Status of closed tickets"),
            lazy("Set by every closing, also by the customer."),
        ),
        Declared(
            "default_priority", "general", "priority", "normal", lazy("Default priority"), lazy("Set on a new ticket."),
        ),
        Declared(
            "important_priority", "general", "priority", "high", lazy("Priority of important tickets"),
            lazy("Set by “Mark as important”. It should be the heaviest."),
        ),
        Declared(
            "ticket_prefix", "general", "prefix", "10000", lazy("Prefix"),
            lazy("Stands before the id of new tickets: with 10000 the first ticket is 100001."),
        ),
        Declared(
            "mail_on_assignment", "general", "switch", True, lazy("Mail on assignment"),
            lazy("Tell an agent by e-mail when somebody else assigns them a ticket."),
        ),
        Declared(
            "mail_shows_message", "general", "switch", True, lazy("Message in e-mails to the team"),
            lazy("E-mails to the team show what the customer wrote. Switched off, it is read in the ticket only."),
        ),
        Declared(
            "overdue_first", "general", "switch", False, lazy("Overdue first"),
            lazy("Within one priority, overdue tickets stand before the one that has waited the longest."),
        ),
        Declared(
            "due_warning_percent", "general", "percent", 80, lazy("Warning before a due time"),
            lazy("After how many percent of the time whoever has the ticket is mailed. 0: no warning."),
        ),
        Declared(
            "due_alerts_at_night", "general", "switch", False, lazy("Warn at night, too"),
            lazy("Mails about due times go out at any hour. Off: they wait until the desk opens."),
        ),
        Declared(
            "turn_limit", "general", "number", 0, lazy("Open tickets at which no more are handed out"),
            lazy("An agent who has as many gets none in turn, until one is closed or snoozed. 0: no limit."),
        ),
        Declared(
            "undo_send_seconds", "general", "pause", 10, lazy("Seconds to undo a reply"),
            lazy("A reply goes out after this pause; until then its author may take it back. From 0 (at once) to 30."),
        ),
        Declared(
            "administrators_second_factor", "general", "switch", False, lazy("Two-factor authentication required"),
            lazy("Of administrators, who have 7 days to set it up; then no other page opens. Roles require it, too."),
        ),
        Declared(
            "mail_on_new_browser", "general", "switch", True, lazy("Mail on a new browser"),
            lazy("Tell an agent by e-mail when somebody signs in to their account with another browser than before."),
        ),
        Declared(
            "single_sign_on_only", "general", "switch", False, lazy("Agents sign in with single sign-on only"),
            lazy("Passwords and passkeys open no account then. An administrator must have come by a provider before."),
            is_rare=True,
        ),
        Declared("desk_name", "organisation", "text", "Guichet", lazy("Name"), lazy("Shown on every page and mail.")),
        Declared(
            "language", "organisation", "choice", "en", lazy("Language"),
            lazy("Used when the reader’s own language is not known."), CHOICES,
        ),
        Declared(
            "timezone", "organisation", "timezone", "UTC", lazy("Time zone"),
            lazy("Times are written in this zone. Example: Europe/Paris."),
        ),
        Declared(
            "site_url", "organisation", "site_url", "", lazy("Public address"),
            lazy("Links in mails start with it, and passkeys work at its name alone. Example: https://help.example.org."),
        ),
        Declared(
            "accent_color", "organisation", "colour", "#6d2c65", lazy("Accent colour"),
            lazy("Of buttons and links; darkened or lightened as far as reading needs it. Example: #0b6e4f."),
        ),
        Declared(
            "logo", "organisation", "picture", None, lazy("Logo"),
            lazy(
                "PNG, JPEG, WebP or GIF, up to 2 MB and 4,000 pixels a side; it is made smaller here. Stands on every "
                "page in place of our mark; one that is not wide stands beside the name."
            ),
        ),
        Declared(
            "contact", "organisation", "label", Label(), lazy("Contact"),
            lazy("Stands at the foot of public pages and mails. Example: 12 Market Street, Lyon, 04 78 00 00 00."),
        ),
        Declared(
            "legal_notice", "organisation", "label", Label(), lazy("Legal notice"),
            lazy("The address of a page, or the text itself. Stands at the foot of public pages."),
        ),
        Declared(
            "privacy_page", "organisation", "label", Label(), lazy("Privacy page"),
            lazy("The address of a page, or the text itself. Empty: the privacy notice of the form stands there."),
        ),
        Declared(
            "erasure_days", "organisation", "any_days", 7, lazy("Days before a person is erased"),
            lazy("Until then it can be cancelled; afterwards there is no way back. 0: a person is erased at once."),
        ),
        Declared(
            "erasure_second", "organisation", "switch", False, lazy("A second administrator confirms an erasure"),
            lazy("Whoever wants somebody erased is not the one who confirms it; until then nobody is, however long."),
        ),
        Declared(
            "menu_label", "customers", "label", Label(en="Support - My tickets", fr="Support - Mes tickets"),
            lazy("Menu label"), lazy("Title of the tickets’ section in the customer’s account."),
        ),
        Declared(
            "top_link", "customers", "switch", True, lazy("Link in the top links"),
            lazy("Show the tickets’ link under the welcome line."),
        ),
        Declared(
            "always_ask_name", "customers", "switch", False, lazy("Always ask for the name"),
            lazy("Ask every visitor for a name, so that the form never tells which addresses are known."),
        ),
        Declared(
            "privacy_notice", "customers", "label",
            Label(
                en="Your address and your message serve only to answer you. The team of the chosen service reads them.",
                fr="Votre adresse et votre message servent uniquement à vous répondre. "
                "Ils sont lus par l’équipe du service choisi.",
            ),
            lazy("Privacy notice"), lazy("Stands under the ticket form."),
        ),
        Declared(
            "suppressed_notice", "customers", "label", NOTICE, lazy("Text for an address no longer kept"),
            lazy("Read on the form by who writes with it. It may be somebody else’s: the text should not say why."),
            is_rare=True,
        ),
        Declared(
            "opening_hours", "customers", "label", Label(), lazy("Opening hours"),
            lazy("Shown on the form, until you set them under Opening hours. Example: Tuesday to Saturday, 9–18."),
        ),
        Declared(
            "expected_delay", "customers", "label", Label(), lazy("Expected delay"),
            lazy("When people may expect the answer, shown on the form and after sending. Example: one working day."),
        ),
        Declared(
            "closure_notice", "customers", "label", Label(), lazy("Closure notice"),
            lazy("Shown above the form, after sending and while the desk is off. Example: closed until 3 January."),
        ),
        Declared(
            "ask_satisfaction", "customers", "switch", False, lazy("Ask whether customers are satisfied"),
            lazy("The page of a closed ticket asks; the e-mail of a closing reply says so. Answers can be changed."),
        ),
        Declared(
            "allow_attachments", "customers", "switch", True, lazy("Allow attachments"),
            lazy("Let customers send files. Agents always may, within the same limits."),
        ),
        Declared(
            "allowed_extensions", "customers", "extensions", "jpeg,gif,png,pdf", lazy("Allowed extensions"),
            lazy("Separated by commas; jpeg admits jpg. Programs are never taken, nor a web page called a picture."),
            needs="allow_attachments",
        ),
        Declared(
            "attachment_folder", "customers", "folder", "helpdesk/files", lazy("Attachment folder"),
            lazy("Inside the data folder. Files stored before stay where they are."),
            needs="allow_attachments",
        ),
        Declared(
            "max_file_size", "customers", "size", "2M", lazy("Largest file"),
            lazy("In bytes, or with K, M or G. Example: 2M."),
            needs="allow_attachments",
        ),
        Declared(
            "max_total_size", "customers", "size", "2M", lazy("Largest total of a message"),
            lazy("All files of one message together. In bytes, or with K, M or G."),
            needs="allow_attachments",
        ),
        Declared(
            "max_network_size", "customers", "room", "200M", lazy("Files of one network in an hour"),
            lazy("What visitors and customers behind one network address may send together. With M, G or T."),
            needs="allow_attachments",
        ),
        Declared(
            "max_waiting_size", "customers", "room", "1G", lazy("Files that are not sent yet"),
            lazy(
                "All files together in forms that are being filled in. Beyond that, visitors and customers add none; "
                "agents do. With M, G or T."
            ),
        ),
        Declared(
            "max_store_size", "customers", "room", "20G", lazy("All files together"),
            lazy(
                "When they take as much, forms take no more files; e-mails go on bringing theirs. Health and doctor "
                "warn from four fifths. With M, G or T."
            ),
        ),
        Declared(
            "mail_account", "mail", "account", "", lazy("Sent by"),
            lazy("A mailbox that is signed in with Google or Microsoft can send, too; the fields below are idle then."),
        ),
        Declared("mail_host", "mail", "host", "", lazy("Server"), lazy("Empty: mails wait in the outbox.")),
        Declared(
            "mail_port", "mail", "port", 587, lazy("Port"),
            lazy("Usually 587, or 465 with TLS from the start. 25 and 2525 are taken, too."),
        ),
        Declared(
            "mail_tls", "mail", "choice", "starttls", lazy("Encryption"),
            lazy("Certificates are always checked."),
            (("starttls", "STARTTLS"), ("tls", "TLS"), ("none", lazy("None"))),
        ),
        Declared("mail_username", "mail", "text", "", lazy("User name"), lazy("Empty: no authentication.")),
        Declared(
            "mail_password", "mail", "secret", "", lazy("Password"),
            lazy(
                "Stored encrypted, never shown again; forgotten when server, port, encryption or user change. "
                "Empty: it stays."
            ),
        ),
        Declared(
            "max_mail_size", "incoming", "size", "25M", lazy("Largest e-mail"),
            lazy("A larger one stays on its server and waits for a decision. In bytes, or with K, M or G."),
        ),
        Declared(
            "reopen_days", "incoming", "any_days", 0, lazy("Reopen a closed ticket for … days"),
            lazy("An answer that comes later by e-mail opens a new ticket. 0: it always reopens its ticket."),
        ),
        Declared(
            "held_mail_days", "incoming", "days", 90, lazy("Days an undecided e-mail is kept"),
            lazy("E-mails to check wait that long; what belongs to a ticket lives as long as the ticket."),
        ),
        Declared(
            "mail_days", "incoming", "days", 30, lazy("Days any other e-mail is kept"),
            lazy("Duplicates, and what nothing had to be done about."),
        ),
        Declared(
            "agents_answer", "incoming", "switch", False, lazy("Agents answer by e-mail"),
            lazy(
                "An agent’s answer to a notification goes to the customer, where the mailbox names the server that "
                "confirms who sent it, and it does. Whatever is not sure, and what begins with #note, becomes an "
                "internal note."
            ),
        ),
        Declared(
            "held_mail_digest", "incoming", "switch", True, lazy("Tell of e-mails to check"),
            lazy("Once a day, mail the number of waiting e-mails to those who decide about them."),
        ),
        *(Declared(key, "incoming", "ceiling", most, label, BEYOND, is_rare=True) for key, most, label in CEILINGS),
        Declared(
            "log_enabled", "journal", "switch", True, lazy("Log of activity"),
            lazy(
                "Keep a line of what happens to tickets and of each mail. Sign-ins, rights, settings, set-up and "
                "exports are always kept."
            ),
        ),
        Declared(
            "journal_days", "journal", "days", 365, lazy("Days in the journal"),
            lazy("Older lines are deleted each night, with the network addresses that sign-ins came from."),
        ),
        Declared(
            "backup_nightly", "backup", "switch", True, lazy("A backup each night"),
            lazy("Kept in the data folder: copy them to another machine, for the day this one is lost."),
        ),
        Declared(
            "backup_kept", "backup", "copies", 7, lazy("Backups kept"), lazy("Older ones are deleted. From 1 to 60."),
        ),
        Declared(
            "backup_files", "backup", "switch", True, lazy("With the files of tickets"),
            lazy("Beside the backup as links, which take no room on the same disk. Off: the backup names them only."),
        ),
    )
}  # fmt: skip
