"""What must hold of what the identity provider knows."""

from django.db.models import Exists, F, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.identity import CREATE_IDENTITY, ORDER, to_be_kept
from accounts.models import User
from integrity.invariants import Severity, invariant
from integrity.models import OutboxMessage


@invariant(
    "accounts.every_couple_has_an_identity",
    statement="The identity provider knows each couple as they are, or a promise to tell it waits.",
    severity=Severity.WARNING,
)
def every_couple_has_an_identity() -> QuerySet[User]:
    """A promise that is late or dead is found by the invariants about effects, and holds up others."""
    order = Concat(Value(ORDER), Cast(OuterRef("uid"), TextField()))
    promised = OutboxMessage.objects.filter(ordering_key=order, effect=CREATE_IDENTITY)
    wrong: QuerySet[User] = to_be_kept().exclude(told=F("fingerprint")).filter(~Exists(promised))
    return wrong.annotate(actual=F("refused"))
