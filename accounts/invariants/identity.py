"""What must hold of what the identity provider knows."""

from django.db.models import Exists, F, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.addresses.change import KIND
from accounts.elsewhere.identity import CREATE_IDENTITY, ORDER, to_be_kept
from accounts.models import Address, User
from integrity.invariants import Masked, Severity, invariant
from integrity.models import OutboxMessage, Saga
from integrity.saga.owned import owned_by_a_saga


@invariant(
    "accounts.every_couple_has_an_identity",
    statement="The identity provider knows each couple as they are, or a promise to tell it waits.",
    severity=Severity.WARNING,
    in_flight=owned_by_a_saga(kinds=(KIND,)),
)
def every_couple_has_an_identity() -> QuerySet[User]:
    """A promise that is late or dead is found by the invariants about effects, and holds up others."""
    order = Concat(Value(ORDER), Cast(OuterRef("uid"), TextField()))
    promised = OutboxMessage.objects.filter(ordering_key=order, effect=CREATE_IDENTITY)
    wrong: QuerySet[User] = to_be_kept().exclude(told=F("fingerprint")).filter(~Exists(promised))
    return wrong.annotate(actual=F("refused"))


@invariant(
    "accounts.every_proven_address_counts",
    statement="An address that is proven is its account's, or a change to it is under way.",
    severity=Severity.WARNING,
)
def every_proven_address_counts() -> QuerySet[Address]:
    """Else nobody can have it, and the identity provider may have been told of it."""
    under_way = Saga.objects.filter(
        kind=KIND, subject=Cast(OuterRef("user__uid"), TextField()), finished_at=None
    )
    kept = Address.objects.filter(~Exists(under_way), verified=True, primary=False)
    shown: QuerySet[Address] = kept.annotate(actual=Masked("email"))
    return shown
