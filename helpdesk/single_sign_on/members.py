"""Customers who come in by a provider, where an owner ticked that they may; private links go on as before."""

from __future__ import annotations

from helpdesk import events, suppression
from helpdesk.people import customers
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.single_sign_on import attempts, linking
from helpdesk.single_sign_on.attempts import Proof, Refused
from models import Customer


def customer_of(proof: Proof, *, visitor: Visitor) -> Customer:
    """Return the customer whom this account of a provider signs in; an address nobody has used yet becomes a member.

    Raises Refused: who is known by the address signs in once in another way, and links it so.
    """
    try:
        return _customer_of(proof)
    except Refused as refused:
        if refused.key != "suppressed":
            attempts.note(refused, visitor, email=proof.email, account="customer")
        raise


def _customer_of(proof: Proof) -> Customer:
    if not proof.provider.for_members:
        raise Refused("unknown", proof.provider)
    if not (proof.email and proof.is_verified):
        raise Refused("unverified", proof.provider)
    identity = linking.find(proof)
    if identity is not None and identity.customer is not None:
        linking.touch(identity, proof)
        return identity.customer
    if identity is not None:
        raise Refused("of-agent", proof.provider)
    if customers.lookup(proof.email) is not None:
        raise Refused("unknown", proof.provider)
    if suppression.is_suppressed(proof.email):
        raise Refused("suppressed", proof.provider)
    first, _blank, last = proof.name.partition(" ")
    with events.transaction():
        address = customers.find_or_make(proof.email, first_name=first, last_name=last)
        customers.prove(address)
        linking.link(address.customer, proof, used=True)
    return address.customer
