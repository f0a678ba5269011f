"""Whom the vendors' stand-ins know from the beginning: each couple of whom the seed says so."""

from pathlib import Path

from django.db.models import F

from accounts.elsewhere.contact import verified_couples
from accounts.elsewhere.identity import couples
from accounts.simulators.account import SEGMENT


def make_known(*, store: Path) -> None:
    """Else the first readings of their lists would miss all of them there.

    Args:
        store: where the stand-ins keep what they know.
    """
    from accounts.simulators.server import Vendors

    vendors = Vendors(store=store)
    for user in couples().filter(told=F("fingerprint")).order_by("pk"):
        known = {"email": user.email, "email_confirm": user.verified}
        vendors.supabase.add_user(str(user.uid), known)
    for user in verified_couples().filter(told=F("fingerprint")).order_by("pk"):
        vendors.resend.add_contact(
            user.contact_id, user.email, first_name=user.name, unsubscribed=user.unsubscribed
        )
        vendors.resend.state["segments"][user.contact_id] = [SEGMENT]
    vendors.supabase.save()
    vendors.resend.save()
