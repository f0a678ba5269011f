"""Examinations of the accounts: is nobody half-made, and can the next couple sign up?"""

from uuid import uuid4

from django.conf import settings
from django.db import Error

from accounts.checks import check_vendors
from accounts.errors import AccountError
from accounts.models import Address, Event, Kind, Profile, User
from accounts.signup import insert_couple
from integrity.audit import Actor, audit, command_actor
from integrity.doctor import holds
from integrity.examinations import OK, Outcome, examination, failed, ok, skipped
from integrity.flows import flow
from integrity.models import RepairPlan
from integrity.transactions import check_deferred, rehearsal

GHOSTS = (
    "accounts.every_user_has_a_profile",
    "accounts.as_many_profiles_as_users",
    "accounts.every_couple_has_a_wedding",
)
BACKFILL = "accounts.backfill_profiles"
TOLD = (
    "accounts.no_event_waits",
    "accounts.every_event_says_what_became_of_it",
    "accounts.events_come_as_configured",
)
VENDORS = {
    "Stripe": "STRIPE_API_KEY",
    "Resend for mail": "RESEND_SENDING_KEY",
    "Resend for contacts": "RESEND_CONTACTS_KEY",
    "Supabase": "SUPABASE_SERVICE_KEY",
}
HOW_TO = "docs/deploy.md, 11, says what belongs together."


class HalfMade(AccountError):
    """The sign-up that was tried made no profile. Is the trigger on?"""


@examination("accounts.there_are_no_ghosts", "Every user has a profile, every couple a wedding.")
def there_are_no_ghosts() -> Outcome:
    return holds(*GHOSTS)


@examination("accounts.ghosts_were_mended", "The last repair of ghosts ended well.")
def ghosts_were_mended() -> Outcome:
    begun = RepairPlan.objects.filter(repair=BACKFILL, state__in=RepairPlan.BEGUN)
    last = begun.order_by("-started_at").first()
    if last is None or last.started_at is None:
        return ok("none was ever made")
    what = (
        f"{last.state} on {last.started_at:%Y-%m-%d %H:%M}Z, {last.applied:,} profiles made,"
        f" the check after it: {last.verdict or 'not made'}"
    )
    if last.state == RepairPlan.State.FAILED or last.verdict == "broken":
        return failed(what, do=f"manage.py integrity preview {last.uid}")
    return ok(what)


@examination("accounts.a_couple_can_sign_up", "A sign-up works, all of it; it is taken back.")
def a_couple_can_sign_up() -> Outcome:
    try:
        rehearse_sign_up(by=command_actor("integrity doctor"))
    except (Error, HalfMade) as error:
        return failed(str(error).partition("\n")[0], do="manage.py integrity check accounts")
    return ok("user, address, profile, wedding, stats and mail were made, and taken back")


@examination("accounts.somebody_runs_the_desk", "An operator can log in.")
def somebody_runs_the_desk() -> Outcome:
    proven = Address.objects.filter(verified=True).values("user")
    operators = User.objects.filter(
        kind=Kind.OPERATOR, is_staff=True, is_active=True, pk__in=proven
    )
    count = operators[:100].count()
    if not count:
        return failed("there is no operator", do="manage.py createsuperuser")
    return ok(f"{count} of them")


@examination(
    "accounts.vendors_are_whole", "Each vendor is configured as a whole, in this site's mode."
)
def vendors_are_whole() -> Outcome:
    """No key is repeated, and no vendor is asked."""
    if halves := [each.msg for each in check_vendors()]:
        return failed(" ".join(halves), do=HOW_TO)
    mode, other = ("live", "test") if settings.STRIPE_LIVEMODE else ("test", "live")
    # A secret key begins with sk_live_ or sk_test_, a restricted one with rk_ instead.
    if settings.STRIPE_API_KEY[2:].startswith(f"_{other}_"):
        what = f"STRIPE_API_KEY is of the {other} mode, STRIPE_LIVEMODE says {mode}"
        return failed(what, do="Set both to the same mode; so must be the webhook's secret.")
    if named := [vendor for vendor, key in VENDORS.items() if getattr(settings, key)]:
        return ok(", ".join(named))
    return skipped("none is configured: nobody can pay, and mail leaves by EMAIL_URL", do=HOW_TO)


@examination("accounts.stripe_is_heard", "What Stripe tells arrives, and is applied.")
def stripe_is_heard() -> Outcome:
    applied = holds(*TOLD)
    if applied.result != OK:
        return applied
    if not settings.STRIPE_API_KEY:
        return skipped("Stripe is not configured", do=HOW_TO)
    last = Event.objects.order_by("-received_at").first()
    if last is None:
        return skipped("no event has come yet", do="Make a customer at Stripe, and look again.")
    return ok(f"all is applied; the last event came on {last.received_at:%Y-%m-%d %H:%M}Z")


@flow("accounts.rehearse_sign_up")
def rehearse_sign_up(*, by: Actor) -> None:
    """Sign a couple up, let the database check every promise, and take all of it back.

    What stays is the audit row that says so.

    Raises:
        HalfMade
        django.db.Error: a promise of the database, or something it needs, is in the way.
    """
    email = f"{uuid4().hex}@rehearsal.invalid"
    with rehearsal():
        user = insert_couple(email, "!")
        check_deferred()
        if not Profile.objects.filter(user=user, email=email).exists():
            raise HalfMade
    audit("accounts.sign_up_rehearsed", by=by, subject=user)
