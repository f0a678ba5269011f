from accounts.models.addresses import Address
from accounts.models.billing import (
    FINAL,
    FINAL_RANK,
    Customer,
    Event,
    EventChange,
    Payment,
    Subscription,
    SubscriptionStatus,
)
from accounts.models.comparing import Comparison, ListedSubscription, MissedEvent
from accounts.models.contact import Contact
from accounts.models.deletion import Tombstone
from accounts.models.exports import Export, ExportPiece
from accounts.models.failures import FailedRequest
from accounts.models.holding import Hold
from accounts.models.identity import Identity, IdentityReading
from accounts.models.invitations import Invitation
from accounts.models.listing import Difference, Listing
from accounts.models.person import Person
from accounts.models.plan import PlanChange
from accounts.models.usage import Metric, UsageCounter, UsageEntry
from accounts.models.users import STEPS, Kind, Profile, User
from accounts.models.weddings import Member, Role, Wedding, WeddingStats, WeddingStatus

__all__ = [
    "FINAL",
    "FINAL_RANK",
    "STEPS",
    "Address",
    "Comparison",
    "Contact",
    "Customer",
    "Difference",
    "Event",
    "EventChange",
    "Export",
    "ExportPiece",
    "FailedRequest",
    "Hold",
    "Identity",
    "IdentityReading",
    "Invitation",
    "Kind",
    "ListedSubscription",
    "Listing",
    "Member",
    "Metric",
    "MissedEvent",
    "Payment",
    "Person",
    "PlanChange",
    "Profile",
    "Role",
    "Subscription",
    "SubscriptionStatus",
    "Tombstone",
    "UsageCounter",
    "UsageEntry",
    "User",
    "Wedding",
    "WeddingStats",
    "WeddingStatus",
]
