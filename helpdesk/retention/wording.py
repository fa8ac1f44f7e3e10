"""The periods in words: what a batch would do, what each place keeps for how long, and what visitors may read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from helpdesk import settings
from helpdesk.i18n import _, long_day, ngettext
from helpdesk.outbox import sent_mail_retention
from helpdesk.retention import bounds, periods
from helpdesk.retention.periods import ANONYMISE, CUSTOMERS, DELETE, FILES, SPAM
from helpdesk.settings import lookups
from helpdesk.tickets.spam_and_bin import BIN_DAYS
from models import RetentionRule, Ticket


@dataclass(frozen=True)
class Section:
    """What is kept how long, in sentences; of one place where it has a `title`."""

    title: str
    sentences: list[str]


# --- What a batch does --------------------------------------------------------------------------------------------


def headline(counts: Mapping[str, int], day: date) -> str:
    """Return in one sentence, without its full stop, what goes on a day."""
    when = long_day(day)
    deleted, anonymised = counts.get(DELETE, 0) + counts.get(SPAM, 0), counts.get(ANONYMISE, 0)
    if anonymised and not deleted:
        return ngettext(
            "%(num)s ticket will be anonymised on %(day)s",
            "%(num)s tickets will be anonymised on %(day)s",
            anonymised,
            day=when,
        )
    if tickets := deleted + anonymised:
        return ngettext(
            "%(num)s ticket will be erased on %(day)s", "%(num)s tickets will be erased on %(day)s", tickets, day=when
        )
    if files := counts.get(FILES, 0):
        return ngettext(
            "The files of %(num)s ticket will be deleted on %(day)s",
            "The files of %(num)s tickets will be deleted on %(day)s",
            files,
            day=when,
        )
    return ngettext(
        "%(num)s customer will be erased on %(day)s",
        "%(num)s customers will be erased on %(day)s",
        counts.get(CUSTOMERS, 0),
        day=when,
    )


_COUNTED: dict[str, Callable[[int], str]] = {
    DELETE: lambda count: ngettext("%(num)s closed ticket is deleted.", "%(num)s closed tickets are deleted.", count),
    ANONYMISE: lambda count: ngettext(
        "%(num)s closed ticket is anonymised.", "%(num)s closed tickets are anonymised.", count
    ),
    FILES: lambda count: ngettext(
        "The files of %(num)s closed ticket are deleted.", "The files of %(num)s closed tickets are deleted.", count
    ),
    SPAM: lambda count: ngettext(
        "%(num)s ticket that is spam is deleted.", "%(num)s tickets that are spam are deleted.", count
    ),
    CUSTOMERS: lambda count: ngettext(
        "%(num)s customer without tickets is erased.", "%(num)s customers without tickets are erased.", count
    ),
}


def sentence(act: str, count: int) -> str:
    """Return what happens to so many of one kind."""
    return _COUNTED[act](count)


def sentences(counts: Mapping[str, int]) -> list[str]:
    """Return what a batch does, kind by kind, and in how many nights where one is not enough."""
    found = [sentence(act, counts[act]) for act in periods.ACTS if counts.get(act)]
    if (nights := bounds.nights(counts)) > 1:
        found.append(
            ngettext(
                "At most %(most)s go in a night, the oldest first: all of them in %(num)s night.",
                "At most %(most)s go in a night, the oldest first: all of them in %(num)s nights.",
                nights,
                most=bounds.MOST,
            )
        )
    return found


# --- What visitors read -------------------------------------------------------------------------------------------


def public_sections() -> list[Section]:
    """Return how long things are kept, as it is set now: of the desk, then of each service that differs.

    Of those switched off, only such as still have tickets.
    """
    desk = periods.of_desk()
    usual = _of_tickets(desk)
    rules = periods.rules()
    # Until the next announcement, then until the day that it names, each in the night after.
    longest = 2 * bounds.NOTICE.days + 2
    later = [
        ngettext(
            "When a period of months has ended, up to %(num)d day passes until it is done, or more where very much is "
            "due at once: each week the team is told what goes a week later.",
            "When a period of months has ended, up to %(num)d days pass until it is done, or more where very much is "
            "due at once: each week the team is told what goes a week later.",
            longest,
        )
    ]
    found = [Section("", [*(later if rules else ()), *usual])]
    for service in lookups.services():
        if not service.enabled and not Ticket.select().where(Ticket.service == service.id).exists():
            continue
        own = [row for row in rules if row.service_id == service.id and row.department_id is None]
        if own and (lines := _of_tickets(own[0])) != usual:
            found.append(Section(str(service), lines))
        for row in rules:
            department = lookups.department(row.department_id)
            if department is not None and row.service_id == service.id:
                found.append(Section(str(department), _of_tickets(row)))
    return [*found, Section(_("Everything else"), _of_desk(desk)), Section(_("Backups"), _of_backups())]


def _of_tickets(rule: RetentionRule | None) -> list[str]:
    months = {act: periods.months_of(rule, act) for act in periods.OF_TICKETS}
    found = []
    if (number := months[FILES]) is not None:
        found.append(ngettext(
            "The files of a ticket are deleted %(num)s month after it was closed.",
            "The files of a ticket are deleted %(num)s months after it was closed.", number,
        ))  # fmt: skip
    if (number := months[ANONYMISE]) is not None:
        found.append(ngettext(
            "A ticket is anonymised %(num)s month after it was closed: your name, your address, your files and what "
            "you wrote are gone.",
            "A ticket is anonymised %(num)s months after it was closed: your name, your address, your files and what "
            "you wrote are gone.", number,
        ))  # fmt: skip
    if (number := months[DELETE]) is not None:
        found.append(ngettext(
            "A ticket is deleted %(num)s month after it was closed, with everything in it.",
            "A ticket is deleted %(num)s months after it was closed, with everything in it.", number,
        ))  # fmt: skip
    if months[ANONYMISE] is None and months[DELETE] is None:
        found.append(_("A ticket stays until the team deletes it, or you ask us to erase your account."))
    elif any(tag.keeps for tag in lookups.tags()):
        found.append(_("A ticket that we must keep, for a dispute for example, stays longer."))
    return found


def _of_desk(desk: RetentionRule | None) -> list[str]:
    found = []
    if (number := periods.months_of(desk, CUSTOMERS)) is not None:
        found.append(ngettext(
            "Your name and your addresses are erased %(num)s month after we last heard from you, once you have no "
            "ticket any more.",
            "Your name and your addresses are erased %(num)s months after we last heard from you, once you have no "
            "ticket any more.", number,
        ))  # fmt: skip
    else:
        found.append(_("Your name and your addresses stay until you ask us to erase your account."))
    if (number := periods.months_of(desk, SPAM)) is not None:
        found.append(ngettext(
            "What was marked as spam is deleted after %(num)s month.",
            "What was marked as spam is deleted after %(num)s months.", number,
        ))  # fmt: skip
    found.append(ngettext(
        "What the team put into the bin is deleted for good after %(num)s day.",
        "What the team put into the bin is deleted for good after %(num)s days.", BIN_DAYS,
    ))  # fmt: skip
    found.append(ngettext(
        "A copy of each e-mail that we send you stays for %(num)s day.",
        "A copy of each e-mail that we send you stays for %(num)s days.", sent_mail_retention.DAYS_KEPT,
    ))  # fmt: skip
    longest = max(int(settings.get("mail_days")), int(settings.get("held_mail_days")))
    found.append(ngettext(
        "An e-mail of yours that becomes no ticket stays for %(num)s day at most.",
        "An e-mail of yours that becomes no ticket stays for %(num)s days at most.", longest,
    ))  # fmt: skip
    found.append(ngettext(
        "Who signed in, when and from which network address is kept for %(num)s day.",
        "Who signed in, when and from which network address is kept for %(num)s days.",
        int(settings.get("journal_days")),
    ))  # fmt: skip
    return found


def _of_backups() -> list[str]:
    if not settings.get("backup_nightly"):
        return [_("A backup made before holds what was erased since, until that backup is deleted.")]
    return [
        ngettext(
            "A nightly backup is kept for %(num)s day: until then it may hold what was erased since.",
            "Nightly backups are kept for %(num)s days: until then they may hold what was erased since.",
            int(settings.get("backup_kept")),
        ),
        _("When a backup is used, what was erased is erased again before anybody can read it."),
    ]
