"""Every table of the desk by its room: what a row *is*; what happens to it are the rules of ``helpdesk/``.

Fields, constraints, indexes, predicates and query methods stand in ``tables/``; this module is
their contents list, and the place everybody imports them from. Times are naive UTC datetimes. Labels that an owner
writes hold one text per language (`LabelField`).
"""

from __future__ import annotations

from database import Base, Stamp
from tables.agents import BACK, CAPABILITIES, COMFORTABLE, DENSE, NEXT, STAY, Agent, Permission, Role, Team, TeamMember
from tables.automatic_closing import AutomaticClosing, ClosingStatus
from tables.availability import Leave
from tables.corrections import Mask, MessageVersion
from tables.customers import Customer, CustomerAddress
from tables.due_outcomes import DueOutcome
from tables.due_times import NO_DUE_TIME, WEEKDAYS, WHOLE_DESK, ClosedDay, DueTime, OpeningHours
from tables.duplicates import NAME, ORDER_NUMBER, SPELLING, UNDECIDED, CustomerKey, PossibleDuplicate
from tables.erasing import ANONYMISE, DELETE, PENDING_ERASURES, PLANNED_ERASURES, SECONDED, Erasure
from tables.exports import UNWRITTEN_EXPORTS, PersonExport
from tables.filters import (
    ARRIVES,
    BEGINNINGS,
    DAILY,
    EACH_TIME,
    FREQUENCIES,
    HAPPENS,
    ONCE,
    PASSED,
    Filter,
    FilterAction,
    FilterCondition,
)
from tables.history import DELETIONS, NOTE_DELETIONS, JournalEntry, TicketEvent
from tables.identities import COVERS_ALL, COVERS_NOTHING, COVERS_PLACE, Identity, IdentityProvider
from tables.incoming import (
    LARGE_MAIL,
    MAIL_STATES,
    IncomingMail,
    Mailbox,
    MailedMessage,
    MailFolder,
    MailId,
    MailRecipient,
    SenderRule,
)
from tables.lists import BulkAction, BulkChange, Departure, DepartureChange, SavedView
from tables.merges import CustomerMerge, Merge
from tables.messages import (
    CUSTOMER_MESSAGE,
    IMAGES,
    MOST_PIXELS,
    NOTE,
    REPLY,
    Attachment,
    Draft,
    Message,
    Presence,
    ReadMark,
    ScheduledReply,
    StoredPicture,
    Upload,
)
from tables.operations import Setting, TimetableRun, Worker
from tables.orders import ApiKey, Order, OrderLine
from tables.organisations import PROPOSED, RESPONSIBLE, Organisation, OrganisationDomain
from tables.outbox import EMAIL_STATES, OutgoingEmail, UnconfirmedRequest
from tables.relations import BLOCKS, FOLLOWS, SAME, KeptApart, Relation
from tables.retention import RetentionBatch, RetentionItem, RetentionRule
from tables.rules import RuleMark, RuleMoment, RuleRecord
from tables.services import Department, Service
from tables.setup import (
    CATEGORIES,
    CLOSED,
    EVERYBODY,
    OPEN,
    OWN,
    PENDING,
    TEAM,
    CannedAct,
    CannedResponse,
    EmailText,
    Priority,
    Status,
    Tag,
)
from tables.sign_ins import (
    AccessLink,
    GuestPass,
    Passkey,
    PendingSignIn,
    RecoveryCode,
    SecondFactor,
    SecurityCode,
    SignIn,
    Throttle,
)
from tables.suppression import SuppressedAddress
from tables.tickets import LIVE, ORDER, UNRESOLVED, FormerNumber, Rating, Ticket, TicketCc, TicketTag

TABLES: tuple[type[Base], ...] = (
    Stamp,
    Setting,
    Service,
    Department,
    OpeningHours,
    ClosedDay,
    Role,
    Agent,
    Permission,
    Team,
    TeamMember,
    Leave,
    Status,
    Priority,
    Tag,
    CannedResponse,
    CannedAct,
    EmailText,
    DueTime,
    Organisation,
    OrganisationDomain,
    AutomaticClosing,
    ClosingStatus,
    Customer,
    CustomerAddress,
    CustomerKey,
    PossibleDuplicate,
    Ticket,
    Message,
    MessageVersion,
    Mask,
    Relation,
    KeptApart,
    TicketTag,
    TicketCc,
    TicketEvent,
    Attachment,
    ScheduledReply,
    Upload,
    Draft,
    Presence,
    SavedView,
    BulkAction,
    BulkChange,
    Departure,
    DepartureChange,
    ReadMark,
    Rating,
    DueOutcome,
    FormerNumber,
    Merge,
    CustomerMerge,
    Filter,
    FilterCondition,
    FilterAction,
    RuleMark,
    RuleRecord,
    RuleMoment,
    OutgoingEmail,
    AccessLink,
    GuestPass,
    SignIn,
    SecondFactor,
    Passkey,
    RecoveryCode,
    PendingSignIn,
    IdentityProvider,
    Identity,
    Throttle,
    SecurityCode,
    TimetableRun,
    Worker,
    UnconfirmedRequest,
    JournalEntry,
    Order,
    OrderLine,
    ApiKey,
    Mailbox,
    MailFolder,
    IncomingMail,
    MailRecipient,
    MailedMessage,
    SenderRule,
    MailId,
    Erasure,
    SuppressedAddress,
    PersonExport,
    RetentionRule,
    RetentionBatch,
    RetentionItem,
)
