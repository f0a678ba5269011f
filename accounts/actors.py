"""Who acts, as the integrity app wants to know it."""

from accounts.models import Kind, User
from integrity.audit import Actor

# Somebody whose account doesn't exist yet, or who hasn't said which one is theirs.
VISITOR = Actor("user", "", via="web")


def acting(user: User, via: str = "web", reason: str = "") -> Actor:
    kind = "operator" if user.kind == Kind.OPERATOR else "user"
    return Actor(kind, str(user.uid), reason, via)
