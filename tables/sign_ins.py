"""Sign-ins, second factors and private links, and what is counted against guessing."""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, TextField

from database import Base, UtcDateTimeField
from tables.agents import Agent
from tables.customers import Customer, CustomerAddress
from tables.tickets import Ticket


class AccessLink(Base):
    """A private link: the token is derived from `nonce` and the secret key; only its hash is stored."""

    kind = CharField(max_length=20)
    nonce = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, null=True, on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, null=True, on_delete="CASCADE")
    ticket = ForeignKeyField(Ticket, null=True, on_delete="CASCADE")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    used_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("kind IN ('ticket', 'sign-in', 'invitation', 'reset')", name="link_kind")]


class GuestPass(Base):
    """A ticket that a browser opens without signing in: its cookie has a random token, this row the token's hash.

    `link` brought it there, and takes it along; `ticket_id` may be that of a ticket which is part of another one now.
    `is_proven`: the browser came by a mailed link, which only the holder of the address has.
    """

    token_hash = CharField(max_length=64)
    ticket_id = BigIntegerField()
    address = ForeignKeyField(CustomerAddress, backref="+", on_delete="CASCADE")
    link = ForeignKeyField(AccessLink, backref="+", null=True, on_delete="CASCADE")
    is_proven = BooleanField(default=False)
    expires_at = UtcDateTimeField(index=True)

    class Meta:
        indexes = ((("token_hash", "ticket_id"), True),)


class SignIn(Base):
    """A signed-in browser: its cookie has a random token, this row the token's hash. Deleting the row signs out."""

    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, backref="sign_ins", null=True, on_delete="CASCADE")
    customer = ForeignKeyField(Customer, backref="sign_ins", null=True, on_delete="CASCADE")
    device = CharField(max_length=200, default="")
    by_link = BooleanField(default=False)
    created_at = UtcDateTimeField()
    last_seen_at = UtcDateTimeField()
    expires_at = UtcDateTimeField(index=True)
    #: When the password, and the code where there is one, were last given once more (`two_factor.step_up`).
    confirmed_at = UtcDateTimeField(null=True)
    #: Whether a provider that asks for a second factor itself has signed them in.
    vouched = BooleanField(default=False)
    #: Whether it counts only while the machine opens passwords (GUICHET_PASSWORDS=1) of a desk that takes none.
    needs_passwords = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    class Meta:
        constraints = [Check("(agent_id IS NULL) <> (customer_id IS NULL)", name="sign_in_person")]


class SecondFactor(Base):
    """The application on a telephone that makes an agent's codes; `confirmed_at` is null until one was given.

    Its secret is encrypted. `pending_secret` belongs to another telephone that is just being set up. Codes of
    `last_step` (30 seconds each, counted from 1970) and of those before are used up.
    """

    agent = ForeignKeyField(Agent, backref="+", unique=True, on_delete="CASCADE")
    secret = TextField(default="")
    last_step = BigIntegerField(default=0)
    confirmed_at = UtcDateTimeField(null=True)
    pending_secret = TextField(default="")
    pending_since = UtcDateTimeField(null=True)


class Passkey(Base):
    """A key that a device or password manager of an agent keeps for this desk; here is its public half.

    It is bound to `host`, the name of the desk's address when it was made. Challenges that were made at
    `last_challenge` (milliseconds since 1970) or before are used up.
    """

    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    credential_id = TextField(unique=True)
    public_key = TextField()
    sign_count = BigIntegerField(default=0)
    host = CharField(max_length=253)
    name = CharField(max_length=60)
    last_challenge = BigIntegerField(default=0)
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(null=True)


class RecoveryCode(Base):
    """A code for whoever has lost the telephone: its hash, good for one sign-in."""

    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    code_hash = CharField(max_length=64, unique=True)
    used_at = UtcDateTimeField(null=True)


class PendingSignIn(Base):
    """A browser whose password was right and whose second factor is still to come: it opens nothing."""

    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    expires_at = UtcDateTimeField(index=True)


class Throttle(Base):
    """The number of tries under one key since `since`, counted for all processes of the desk together."""

    key = CharField(max_length=120, unique=True)
    count = IntegerField(default=0)
    since = UtcDateTimeField()
    blocked_until = UtcDateTimeField(null=True)


class SecurityCode(Base):
    """A security code: the answer a visitor must type, used once."""

    token = CharField(max_length=64, unique=True)
    answer = CharField(max_length=12)
    expires_at = UtcDateTimeField(index=True)
    used_at = UtcDateTimeField(null=True)
