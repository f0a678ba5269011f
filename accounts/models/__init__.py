from accounts.models.users import STEPS, Kind, Profile, User
from accounts.models.weddings import Member, Role, Wedding, WeddingStats, WeddingStatus

__all__ = [
    "STEPS",
    "Kind",
    "Member",
    "Profile",
    "Role",
    "User",
    "Wedding",
    "WeddingStats",
    "WeddingStatus",
]
