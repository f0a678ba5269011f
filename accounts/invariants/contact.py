"""What must hold of what Resend knows."""

from django.db.models import Exists, F, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.elsewhere.contact import ORDER, SYNC_CONTACT, to_be_told
from accounts.models import User
from integrity.invariants import Severity, invariant
from integrity.models import OutboxMessage


@invariant(
    "accounts.resend_knows_every_verified_couple",
    statement="Resend knows each verified couple as they are, or a promise to tell it waits.",
    severity=Severity.WARNING,
)
def resend_knows_every_verified_couple() -> QuerySet[User]:
    """A promise that is late or dead is found by the invariants about effects, and holds up others."""
    order = Concat(Value(ORDER), Cast(OuterRef("uid"), TextField()))
    promised = OutboxMessage.objects.filter(ordering_key=order, effect=SYNC_CONTACT)
    wrong: QuerySet[User] = to_be_told().exclude(told=F("fingerprint")).filter(~Exists(promised))
    return wrong
