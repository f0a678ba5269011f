"""What the lists of people at other systems must not know better than we do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.elsewhere.contact import ORDER as OF_A_CONTACT
from accounts.elsewhere.identity import ORDER as OF_AN_IDENTITY
from accounts.elsewhere.people import SIDES, confirmed
from accounts.elsewhere.set_right import AS_TOLD
from accounts.models import Contact, Difference, Listing, Tombstone, User
from integrity.invariants import Severity, declare, invariants
from integrity.invariants.declare import OfModel
from integrity.invariants.references import FROM_ROWS, MAX_SHRINK, Inconclusive, NotAsked
from integrity.models import OutboxMessage
from integrity.saga.owned import owned_by_a_saga

Of, What = Listing.Of, Difference.What
OVERDUE = timedelta(hours=26)
# What is seen but once may have been on its way; so may be what was first seen a moment ago.
SUCCESSION, SETTLE = 2, timedelta(minutes=15)
ORDERS = {Of.IDENTITIES: OF_AN_IDENTITY, Of.CONTACTS: OF_A_CONTACT}


@dataclass(frozen=True, eq=False, kw_only=True)
class ListedElsewhere(OfModel):
    """Rows that readings of such a list have noted. Its table of reference is elsewhere: unless the
    list was read to its end within a day, nobody can tell."""

    of: Listing.Of
    whats: tuple[str, ...]

    def references(self) -> list[type[Model]]:
        _refuse_unread(self.of, self.whats)
        return super().references()

    def violations(self) -> "QuerySet[Difference]":
        """A promise that is late or dead is found by the invariants about effects."""
        order = Concat(Value(ORDERS[self.of]), Cast(OuterRef("user_uid"), TextField()))
        promised = Exists(OutboxMessage.objects.filter(ordering_key=order))
        noted = Difference.objects.filter(of=self.of, what__in=self.whats, readings__gt=0)
        return noted.filter(_still(self.of), ~promised).annotate(actual=F("what"))


def _still(of: Listing.Of) -> Q:
    """What has changed here since it was read may have changed it there, which is for the next
    reading to say."""
    uid = OuterRef("user_uid")
    as_told = confirmed(of).filter(uid=uid)
    active, stopped = (
        Exists(User.objects.filter(uid=uid, is_active=active)) for active in (True, False)
    )
    owned = Exists(User.objects.filter(uid=uid)) | Exists(
        Contact.objects.filter(contact_id=OuterRef("their_id"))
    )
    return (
        Q(Exists(as_told), what__in=AS_TOLD)
        | Q(active, what=What.BANNED)
        | Q(stopped, what=What.FREE)
        | Q(Exists(Tombstone.objects.filter(uid=uid)), what=What.DELETED)
        | Q(~owned, what=What.NOBODYS)
    )


def told_apart(of: Listing.Of) -> tuple[int, int]:
    """What two readings in succession saw that is otherwise: how much of it is to be set right, and
    how much is only to be known."""
    counts = {True: 0, False: 0}
    for each in invariants:
        if isinstance(each, ListedElsewhere) and each.of == of:
            seen_again = each.violations().filter(readings__gte=SUCCESSION)
            counts[each.severity > Severity.INFO] += seen_again.count()
    return counts[True], counts[False]


def in_flux(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Seen once only, or a saga is about the person."""
    owned = owned_by_a_saga("user_uid")(rows).order_by().values("pk")
    return rows.filter(Q(readings__lt=SUCCESSION) | Q(pk__in=owned))


def _refuse_unread(of: Listing.Of, whats: tuple[str, ...]) -> None:
    side, readings = SIDES[of], Listing.objects.filter(of=of).order_by("-pk")
    if not side.is_configured():
        if Difference.objects.filter(of=of, what__in=whats).exists():
            return
        raise NotAsked(f"{side.vendor} is not configured, so nothing is compared")
    finished = list(readings.filter(finished_at__isnull=False)[:2])
    if not readings.filter(finished_at__gt=timezone.now() - OVERDUE).exists():
        raise Inconclusive(f"{of.label} have not been read to their end for a day")
    newest = readings.first()
    if newest and newest.finished_at is None:
        raise Inconclusive(f"the newest reading of {of.label} is not finished")
    _refuse_shrunken(finished)


def _refuse_shrunken(finished: list[Listing]) -> None:
    """As where the key is another project's. The next reading proves it, if that is right."""
    now, before = finished[0], finished[-1]
    if before.read >= FROM_ROWS and now.read < before.read * (1 - MAX_SHRINK):
        raise Inconclusive(
            f"the list shrank from {before.read:,} to {now.read:,} since it was read before;"
            " if that is right, read it again"
        )


def _listed(name: str, of: Listing.Of, statement: str, severity: Severity, *whats: str) -> None:
    declare(
        ListedElsewhere(
            name,
            statement=statement,
            severity=severity,
            model="accounts.Difference",
            of=of,
            whats=whats,
            settle=SETTLE,
            settle_field="first_seen_at",
            in_flight=in_flux,
            live=True,
        )
    )


DELETED_IDENTITIES = "accounts.no_deleted_account_has_an_identity"
NOBODYS_IDENTITIES = "accounts.every_identity_is_somebodys"
UNLIKE_IDENTITIES = "accounts.every_identity_is_as_here"
DELETED_CONTACTS = "accounts.no_deleted_account_has_a_contact"
NOBODYS_CONTACTS = "accounts.every_contact_is_somebodys"
UNLIKE_CONTACTS = "accounts.every_contact_is_as_here"

_listed(
    DELETED_IDENTITIES,
    Of.IDENTITIES,
    "No account that was deleted here has an identity at the provider.",
    Severity.ERROR,
    What.DELETED,
)
_listed(
    NOBODYS_IDENTITIES,
    Of.IDENTITIES,
    "Every identity at the provider is of somebody who has an account here.",
    Severity.WARNING,
    What.NOBODYS,
)
_listed(
    UNLIKE_IDENTITIES,
    Of.IDENTITIES,
    "Every identity that the provider has confirmed is there, as the account is here.",
    Severity.WARNING,
    *(What.MISSING, What.OTHERWISE, What.BANNED, What.FREE),
)
_listed(
    DELETED_CONTACTS,
    Of.CONTACTS,
    "No account that was deleted here has a contact at Resend.",
    Severity.ERROR,
    What.DELETED,
)
_listed(
    NOBODYS_CONTACTS,
    Of.CONTACTS,
    "Every contact at Resend is of somebody who has an account here.",
    Severity.INFO,
    What.NOBODYS,
)
_listed(
    UNLIKE_CONTACTS,
    Of.CONTACTS,
    "Every contact that Resend has confirmed is there, as the person is here.",
    Severity.WARNING,
    *(What.MISSING, What.OTHERWISE, What.MUTED, What.HEARD),
)
