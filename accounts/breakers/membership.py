"""How the promises about weddings and invitations are broken on purpose."""

from datetime import timedelta
from hashlib import sha256

from django.db.models.functions import Now

from accounts.breakers.couple import a_couple
from accounts.models import Invitation, Wedding
from integrity.selftest import breaker, unguarded

AWHILE = timedelta(days=14)


def _invite() -> Invitation:
    couple = a_couple()
    return Invitation.objects.create(
        wedding=couple.membership.wedding,
        invited_by=couple,
        email="selftest@example.com",
        token_hash=sha256(str(couple.uid).encode()).hexdigest(),
        expires_at=Now() + AWHILE,
    )


@breaker("accounts.nobody_plans_a_closed_wedding")
def close_a_wedding_around_somebody() -> None:
    mine = Wedding.objects.filter(members__user=a_couple())
    mine.update(status="closed", closed_at=Now())


@breaker("accounts.every_invitation_leads_to_a_wedding")
def invite_to_a_wedding_that_is_full() -> None:
    wedding = _invite().wedding
    with unguarded("accounts_member", "accounts_wedding"):
        other = a_couple().membership
        deserted = other.wedding
        other.wedding, other.role = wedding, "partner"
        other.save(update_fields=["wedding", "role"])
        Wedding.objects.filter(pk=deserted.pk).update(status="closed", closed_at=Now())


@breaker("accounts.nobody_is_kept_who_was_invited_in_vain")
def leave_an_invitation_lying() -> None:
    mine = Invitation.objects.filter(pk=_invite().pk)
    mine.update(created_at=Now() - 2 * AWHILE, expires_at=Now() - AWHILE)
