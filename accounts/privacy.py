"""What is personal is masked for operators, until one of them says why they have to see it."""

from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import User
from integrity.audit import Actor, audit, subject_of
from integrity.flows import flow
from integrity.models import AuditEntry

REVEALED = "accounts.person_revealed"
FOR = timedelta(minutes=10)


@flow("accounts.reveal_person")
def reveal(*, user: User, by: Actor) -> None:
    """For ten minutes this operator sees this person's data. The audit row is what opens it."""
    if not is_revealed(user=user, to=by.id):
        audit(REVEALED, by=by, subject=user)


def is_revealed(*, user: User, to: str) -> bool:
    """Whether the operator with this public id said why within the last ten minutes."""
    mine = AuditEntry.objects.filter(verb=REVEALED, subject=subject_of(user), actor_id=to)
    return mine.filter(at__gt=Now() - FOR).exists()


def masked(text: str) -> str:
    """As findings show it: enough to tell two from each other, too little to know one."""
    return f"{text[0]}… ({len(text)})" if text else ""
