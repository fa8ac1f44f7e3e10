"""Outcomes, reasons and tests of a mail as sentences in the reader’s language."""

from __future__ import annotations

from typing import Any

from helpdesk import i18n
from helpdesk.i18n import lazy, ngettext
from models import IncomingMail, MailedMessage

STATES: dict[str, Any] = {
    "stored": lazy("Received"),
    "working": lazy("In progress"),
    "new": lazy("New ticket"),
    "message": lazy("Message of a ticket"),
    "reply": lazy("Reply of an agent"),
    "note": lazy("Note"),
    "bounce": lazy("Not delivered"),
    "automatic": lazy("Automatic answer"),
    "ignored": lazy("Nothing to do"),
    "held": lazy("To check"),
}
#: What is shown in place of the state where nothing of a mail was kept.
NOT_STORED = lazy("Not kept")

REASONS: dict[str, Any] = {
    "": lazy("It has not been looked at yet."),
    "new": lazy("It is about nothing the desk knows: it opened a ticket."),
    "related": lazy("It names ticket %(number)s and does not belong there: it opened a ticket of its own."),
    "owner": lazy("Its author is the customer of ticket %(number)s."),
    "copy": lazy("Its author is in copy of ticket %(number)s."),
    "stranger": lazy("It answers ticket %(number)s, and its author does not belong there: the team alone reads it."),
    "agent": lazy("It says it comes from a colleague, which nothing proves: a note of ticket %(number)s."),
    "reply": lazy("%(name)s, of your team, answered ticket %(number)s by e-mail."),
    "agent-off": lazy("Agents do not answer by e-mail here."),
    "agent-own": lazy("%(name)s does not answer by e-mail: My profile says so."),
    "agent-other": lazy("The notification it answers was sent to somebody else than its author."),
    "agent-history": lazy("It was in the mailbox already when that was first read."),
    "agent-forwarded": lazy("It was sent on, which is no answer to the customer."),
    "agent-to": lazy("It was not written to the answer address alone, but to other people, too, or not to it at all."),
    "agent-date": lazy("It says no date, or one that is days ago: it may have been sent again."),
    "agent-sender": lazy("The mail server does not confirm that it comes from the address of %(name)s."),
    "agent-server": lazy("No server is named in the mailbox that confirms senders."),
    "agent-right": lazy("%(name)s may not answer ticket %(number)s."),
    "answer-outdated": lazy("A message arrived meanwhile: read it, then answer."),
    "answer-command": lazy("“%(why)s” is no command here. There are: #note, #close, #pending, #take, #transfer name."),
    "answer-nobody": lazy("“%(why)s” is the name of nobody to whom the ticket may be handed, or of several."),
    "answer-place": lazy("“#%(why)s” does not stand at the very beginning: commands are the first lines."),
    "answer-team": lazy("The e-mail it answers was for the team alone, so the answer is, too. Reply in the ticket."),
    "answer-unread": lazy(
        "The e-mail it answers did not show what the customer wrote: read it, then reply in the ticket."
    ),
    "answer-empty": lazy("It holds no text of its own."),
    "answer-quoted": lazy("It still holds the notification, which is for the team alone: delete what is quoted."),
    "answer-refused": "%(why)s",
    "sent": lazy("Your team sent it with another program: it answers the customer of ticket %(number)s."),
    "sent-copies": lazy("It was not sent to %(email)s, who reads ticket %(number)s, too: the team alone reads it."),
    "sent-from": lazy("It lies in the folder of sent e-mails, and comes from no address of this help desk."),
    "sent-program": lazy("A program sent it from this mailbox."),
    "sent-new": lazy("It was sent from this mailbox, and answers no e-mail of a ticket."),
    "sent-hidden": lazy("It answers ticket %(number)s, which stands under Spam or in the bin."),
    "sent-others": lazy("It was sent from this mailbox, and not to the customer of ticket %(number)s."),
    "automatic": lazy("A program answered to ticket %(number)s: a line in its history, and nobody is told."),
    "bounced": lazy("An e-mail of ticket %(number)s to %(email)s was not delivered: %(why)s"),
    "late": lazy("An e-mail of ticket %(number)s to %(email)s is late: %(why)s"),
    "bounced-team": lazy("An e-mail to %(email)s, of your team, was not delivered: %(why)s"),
    "bounced-account": lazy("An e-mail to %(email)s was not delivered: %(why)s"),
    "bounce-unknown": lazy("It says that an e-mail to %(email)s was not delivered, and the desk knows none like it."),
    "bounced-report": lazy("It reports on a report of another mail server."),
    "delivered": lazy("It says that an e-mail to %(email)s has arrived."),
    "ours": lazy("The desk sent it itself."),
    "probe": lazy("The desk sent it itself, to try the sub-addresses of the mailbox: they work."),
    "forgotten": lazy("It was kept for as long as it had to be."),
    "suppressed": lazy("Its address is among those that are no longer kept: nothing of it was stored."),
    "spam": lazy("The mail server takes it for spam: its ticket stands under Spam, and nobody was told."),
    "opened": lazy("%(who)s opened a ticket from it."),
    "added": lazy("%(who)s added it to a ticket."),
    "closed": lazy("%(who)s decided that there is nothing to do."),
    "duplicate": lazy("The same e-mail was received before."),
    "rule": lazy("The rule for %(pattern)s says to do nothing."),
    "rule-hold": lazy("The rule for %(pattern)s says to hold it."),
    "own-address": lazy("It says it comes from %(email)s, an address of this help desk."),
    "no-sender": lazy("It does not say who wrote it, or no answer could reach them."),
    "automatic-answer": lazy("A program answered, and to nothing the desk has sent."),
    "many": lazy("Many e-mails came from %(sender)s within an hour; the first ones opened tickets."),
    "colleague": lazy("%(name)s, of your team, wrote it or sent it on: say whose ticket it is."),
    "list": lazy("A mailing list sent it on: %(list)s"),
    "held-folder": lazy("It was found in the folder “%(folder)s”, whose e-mails are always held."),
    "no-place": lazy("The service of its mailbox is switched off."),
    "too-large": lazy("It is larger than e-mails may be. It is still on its server."),
    "unreadable": lazy("It could not be read: each of three tries had to be ended."),
    "failed": lazy("Something went wrong while it was handled, three times; the log of the desk tells more."),
    "refused": lazy("No ticket could be made of it: %(why)s"),
}

#: Why nothing answered a mail by itself.
UNANSWERED: dict[str, Any] = {
    "automatic": lazy("Nothing answered it by itself: a program wrote it."),
    "unread": lazy("Nothing answered it by itself: nobody reads what is sent to its address."),
    "rule": lazy("Nothing answered it by itself: a rule of Senders says so."),
}

TESTS: dict[str, Any] = {
    "suppressed": lazy("From an address that is no longer kept"),
    "too-large": lazy("Larger than e-mails may be"),
    "answer-off": lazy("Agents do not answer by e-mail here"),
    "answer-own": lazy("Its author has switched answering off"),
    "answer-other": lazy("The notification was sent to somebody else"),
    "answer-history": lazy("Was there before the mailbox was first read"),
    "answer-forwarded": lazy("It was sent on"),
    "answer-to": lazy("Not written to the answer address alone"),
    "answer-date": lazy("Its date is missing or days ago"),
    "answer-sender": lazy("Its sender is not confirmed by the mailbox’s server"),
    "answer-right": lazy("Its author may not answer the ticket"),
    "sent-from": lazy("Sent from no address of this help desk"),
    "sent-program": lazy("Sent by a program"),
    "sent-new": lazy("Answers no e-mail of a ticket"),
    "sent-hidden": lazy("Its ticket stands under Spam or in the bin"),
    "sent-others": lazy("Not sent to the customer"),
    "sent-copies": lazy("Leaves out somebody who reads the ticket"),
    "sent": lazy("Sent to the customer with another program"),
    "report": lazy("Reports on an e-mail of the desk"),
    "probe": lazy("Tries out the sub-addresses"),
    "ours": lazy("Sent by this help desk"),
    "automatic": lazy("A program answers about a ticket"),
    "trace-code": lazy("Sent to the answer address of a ticket"),
    "trace-ours": lazy("Answers an e-mail of the desk"),
    "trace-theirs": lazy("Answers an e-mail that came in"),
    "trace-number": lazy("The number of a ticket in the subject"),
    "duplicate": lazy("Received before"),
    "rule": lazy("A rule for its sender"),
    "own-address": lazy("Comes from an address of this help desk"),
    "no-sender": lazy("Names nobody, or several"),
    "automatic-answer": lazy("A program answers"),
    "many": lazy("Many e-mails from one sender within an hour"),
    "colleague": lazy("Comes from a colleague"),
    "list": lazy("Sent on by a mailing list"),
    "held-folder": lazy("From a folder that is always held"),
    "spam": lazy("Spam, as its mail server says"),
    "place": lazy("Its mailbox leads to no service"),
}

#: What became of a file that was not kept.
NOT_KEPT: dict[str, Any] = {
    "type": lazy("“%(name)s” (%(size)s) was not kept: its type is not allowed."),
    "size": lazy("“%(name)s” (%(size)s) was not kept: it is too large."),
    "total": lazy("“%(name)s” (%(size)s) was not kept: the files are too large together."),
    "count": lazy("“%(name)s” (%(size)s) was not kept: there are too many files."),
    "empty": lazy("“%(name)s” was not kept: it is empty."),
    "off": lazy("“%(name)s” (%(size)s) was not kept: files are not taken here."),
    "outlook": lazy("Outlook packed files into “%(name)s” that no other program reads: ask for an e-mail in HTML."),
    "locked": lazy("It is encrypted, or signed so that only mail programs read it: its text stands in the original."),
    "signature": lazy("The e-mail was signed (“%(name)s”)."),
}


#: How the ticket of a message was recognised.
EVIDENCE: dict[str, Any] = {
    "code": lazy("Recognised by its answer address."),
    "ours": lazy("Recognised as an answer to an e-mail of the desk."),
    "theirs": lazy("Recognised as an answer to an e-mail that came in."),
    "number": lazy("Recognised by the number in its subject."),
    "hand": lazy("An agent added it to the ticket."),
    "colleague": lazy("A colleague sent it on."),
}


def not_kept(mailed: MailedMessage) -> list[str]:
    """Return what became of the files of a message that were not kept."""
    notes = [note for note in mailed.notes or () if note.get("why") in {*NOT_KEPT, "small"}]
    return [_line(note) for note in notes]


def _line(note: dict[str, Any]) -> str:
    if note["why"] == "small":
        return ngettext(
            "%(num)d small picture (a logo) stays in the original.",
            "%(num)d small pictures (logos) stay in the original.",
            note["size"],
        )
    return str(NOT_KEPT[note["why"]]) % {"name": note["name"], "size": i18n.size(note["size"])}


def outcome(mail: IncomingMail) -> str:
    """Return what became of a mail, in a word or two."""
    return str(NOT_STORED if mail.reason == "suppressed" else STATES[mail.state])


def reason(mail: IncomingMail) -> str:
    """Return why a mail has its outcome, as a sentence."""
    return sentence(mail.reason, (mail.explanation or {}).get("data") or {})


def sentence(key: str, data: dict[str, Any]) -> str:
    """Return the sentence of a reason."""
    words = {
        "who": "",
        "number": "",
        "pattern": "",
        "email": "",
        "sender": "",
        "name": "",
        "list": "",
        "folder": "",
        "why": "",
        **data,
    }
    return str(REASONS.get(key, key)) % words


def delay(seconds: int) -> str:
    """Return how long after the server before it a server took a mail."""
    if seconds < 0:
        return i18n.translate("the clocks differ")
    if seconds < 60:
        return ngettext("%(num)d second later", "%(num)d seconds later", seconds)
    return i18n.translate("%(time)s later", time=i18n.span(seconds // 60, i18n.language()))


def test(name: str) -> str:
    """Return what a test seeks."""
    return str(TESTS.get(name, name))
