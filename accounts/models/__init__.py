from accounts.models.addresses import Address
from accounts.models.failures import FailedRequest
from accounts.models.person import Person
from accounts.models.users import STEPS, Kind, Profile, User
from accounts.models.weddings import Member, Role, Wedding, WeddingStats, WeddingStatus

__all__ = [
    "STEPS",
    "Address",
    "FailedRequest",
    "Kind",
    "Member",
    "Person",
    "Profile",
    "Role",
    "User",
    "Wedding",
    "WeddingStats",
    "WeddingStatus",
]
