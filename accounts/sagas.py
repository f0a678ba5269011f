"""What accounts do over several systems: an account leaves all of them, or stays in all of them."""

from django.conf import settings

from accounts import leaving_steps_billing as billing
from accounts import leaving_steps_contact as contact
from accounts import leaving_steps_identity as identity
from accounts import leaving_steps_local as local
from accounts.leaving import KIND
from integrity.saga.definition import Local, Pivot, Remote, Timer, Verify, saga


def has_payments() -> bool:
    return bool(settings.STRIPE_API_KEY)


def has_contacts() -> bool:
    return bool(settings.RESEND_CONTACTS_KEY)


def has_identities() -> bool:
    return bool(settings.SUPABASE_URL and settings.SUPABASE_SERVICE_KEY)


# What can be taken back comes first, then the seal, then what can't: first nobody is charged any
# more, then nobody is written to, then nobody logs in. Our own rows go last, for they are the only
# map to the others.
saga(
    kind=KIND,
    version=1,
    title="Delete an account",
    steps=(
        Local("freeze_local", title="Stop the account", run=local.freeze, undo=local.thaw),
        Remote(
            "pause_billing",
            title="Stop renewing the subscription",
            provider="stripe",
            wanted=has_payments,
            capture=billing.capture_billing,
            run=billing.pause_billing,
            undo=billing.resume_billing,
            probe=billing.is_billing_paused,
        ),
        Remote(
            "mute_contact",
            title="Stop our news",
            provider="resend",
            wanted=has_contacts,
            capture=contact.capture_contact,
            run=contact.mute_contact,
            undo=contact.unmute_contact,
            probe=contact.is_contact_muted,
            repeatable=True,
        ),
        Timer("grace", title="Wait, in case they think better of it", until=local.end_of_grace),
        Local("preflight", title="Look once more", run=local.preflight),
        Remote(
            "ban_identity",
            title="Refuse the log-in",
            provider="supabase",
            wanted=has_identities,
            capture=identity.capture_ban,
            run=identity.ban_identity,
            undo=identity.free_identity,
            probe=identity.is_identity_banned,
            repeatable=True,
        ),
        Pivot("seal", title="Seal the account", run=local.seal),
        Remote(
            "end_billing",
            title="End the subscription and remove the customer",
            provider="stripe",
            wanted=has_payments,
            run=billing.end_billing,
            probe=billing.is_billing_ended,
            repeatable=True,
        ),
        Remote(
            "delete_contact",
            title="Remove the contact",
            provider="resend",
            wanted=has_contacts,
            run=contact.delete_contact,
            probe=contact.is_contact_deleted,
            repeatable=True,
        ),
        Remote(
            "delete_identity",
            title="Remove the identity",
            provider="supabase",
            wanted=has_identities,
            run=identity.delete_identity,
            probe=identity.is_identity_deleted,
            repeatable=True,
        ),
        Local("delete_local", title="Remove what was planned here", run=local.delete_local),
        Verify("verify", title="Look whether anything is left", run=local.what_is_left),
        Local("purge", title="Forget who it was", run=local.purge),
    ),
)
