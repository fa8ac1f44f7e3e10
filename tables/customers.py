"""Who writes to the desk, and under which addresses."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField

from database import Base, LastingId, UtcDateTimeField


class Customer(Base):
    """A person who opens tickets; a member when one of the addresses is proven, invited or imported (RULES 23)."""

    id: Any = LastingId()
    first_name = CharField(max_length=80, default="")
    last_name = CharField(max_length=80, default="")
    locale = CharField(max_length=8, null=True)
    password_hash = CharField(max_length=255, null=True)
    blocked_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    #: Until when an automatic answer says that they are away, and its words for it.
    absent_until = UtcDateTimeField(null=True)
    absent_words = CharField(max_length=80, null=True)
    #: Since when nothing of the person is left but the row their tickets need (`helpdesk.erasing`).
    erased_at = UtcDateTimeField(null=True)
    #: The organisation they belong to (`Organisation`), by the domain of an address or as the team says by hand.
    organisation_id = BigIntegerField(null=True, index=True)
    organisation_by_hand = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    #: Whether they are to read all its tickets: empty, or `PROPOSED` until an administrator makes it `RESPONSIBLE`.
    organisation_role = CharField(max_length=11, default="", constraints=[SQL("DEFAULT ''")])
    #: Whether they are put in copy of each new ticket of its people.
    organisation_copies = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    #: When they last signed in, for the period after which nothing was heard of them (`helpdesk.retention`).
    signed_in_at = UtcDateTimeField(null=True)

    @property
    def full_name(self) -> str:
        """First and last name, as far as stored."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def primary_address(self) -> CustomerAddress:
        """The address to which mails are sent."""
        return self.addresses.order_by(CustomerAddress.is_primary.desc(), CustomerAddress.id).get()

    @property
    def writing_address(self) -> CustomerAddress:
        """The address with which new tickets are opened: a proven one, or the customer could not read them."""
        order = (CustomerAddress.proven_at.is_null(), CustomerAddress.is_primary.desc(), CustomerAddress.id)
        return self.addresses.order_by(*order).get()

    @property
    def display_name(self) -> str:
        """The name, or the address when no name is stored."""
        return self.full_name or self.primary_address.email

    def __str__(self) -> str:
        return self.display_name


# The oldest first, without whom nothing is left of.
Customer.add_index(
    Customer.index(Customer.created_at, Customer.id, where=SQL("erased_at IS NULL"), name="customer_age")
)


class CustomerAddress(Base):
    """An e-mail address of a customer; proven when its holder used a link mailed to it."""

    id: Any = LastingId()
    customer = ForeignKeyField(Customer, backref="addresses", on_delete="CASCADE")
    email = CharField(max_length=254, unique=True)
    is_primary = BooleanField(default=True)
    origin = CharField(max_length=10, default="form")
    proven_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    #: Since when mails that came back say that nothing arrives there.
    undeliverable_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("origin IN ('form', 'invited', 'imported')", name="address_origin")]

    @property
    def is_proven(self) -> bool:
        """Whether its holder has used a link mailed to it."""
        return self.proven_at is not None

    @property
    def is_member(self) -> bool:
        """Whether the address makes its customer a member."""
        return self.is_proven or self.origin != "form"

    def __str__(self) -> str:
        return self.email
