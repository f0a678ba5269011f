"""What accounts do over several systems: leave all of them or stay in all of them, change an address,
and ask each of them what it keeps of somebody."""

from django.conf import settings

from accounts.addresses import change as address_change
from accounts.addresses import steps as changing_steps
from accounts.exporting import steps as exporting
from accounts.exporting import vendors as asking
from accounts.exporting.copies import KIND as EXPORT
from accounts.leaving import replaying
from accounts.leaving import steps_billing as billing
from accounts.leaving import steps_contact as contact
from accounts.leaving import steps_identity as identity
from accounts.leaving import steps_local as local
from accounts.leaving.deletion import KIND, delete_again
from integrity.saga.definition import Local, Pivot, Remote, Timer, Verify, saga
from integrity.saga.replay import replay


def has_payments() -> bool:
    return bool(settings.STRIPE_API_KEY)


def has_contacts() -> bool:
    return bool(settings.RESEND_CONTACTS_KEY)


def has_identities() -> bool:
    return bool(settings.SUPABASE_URL and settings.SUPABASE_SERVICE_KEY)


REMOVED_AT_VENDORS = (
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
)

# What can be taken back comes first, then the seal, then what can't: first nobody is charged any
# more, then nobody is written to, then nobody logs in. Our own rows go last, for they are the only
# map to the others.
saga(
    kind=KIND,
    version=1,
    title="Delete an account",
    again=delete_again,
    again_after=("resolved",),  # after the others the account is gone, or stays
    steps=(
        Local(
            "freeze_local",
            title="Stop the account",
            run=local.freeze,
            undo=local.thaw,
            begun_at_start=True,  # `leave` lets no other flow touch the account any more
        ),
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
        *REMOVED_AT_VENDORS,
        Local("delete_local", title="Remove what was planned here", run=local.delete_local),
        Verify("verify", title="Look whether anything is left", run=local.what_is_left),
        Local("purge", title="Forget who it was", run=local.purge),
    ),
)

# What vendors still have of an account that is gone here; a restore may bring that about.
saga(
    kind=replaying.KIND,
    version=1,
    title="Remove what is left of a deleted account",
    steps=(
        Pivot("look_for_tombstone", title="See that it is deleted", run=local.has_its_tombstone),
        *REMOVED_AT_VENDORS,
        Verify("verify", title="Look whether anything is left", run=local.what_vendors_have_left),
    ),
)
replay(replaying.TOMBSTONES)

# The provider has the new address first: by what it has, nobody logs in here. So the half that lies
# between its step and ours shows nowhere, and can be taken back as long as need be.
saga(
    kind=address_change.KIND,
    version=1,
    title="Change an e-mail address",
    steps=(
        Local(
            "hold_address",
            title="Keep the new address for them",
            run=changing_steps.hold_address,
            undo=changing_steps.release_address,
            begun_at_start=True,
        ),
        Remote(
            "set_identity",
            title="Give it to the identity",
            provider="supabase",
            wanted=has_identities,
            capture=changing_steps.capture_identity,
            run=changing_steps.set_identity,
            undo=changing_steps.reset_identity,
            probe=changing_steps.is_identity_set,
            repeatable=True,
        ),
        Pivot("change_here", title="Make it theirs here", run=changing_steps.change_here),
    ),
)

# Nothing is changed at a vendor, so there is nothing to take back there, and a second call reads the
# same. Our own rows come last: they are the newest in the file, and lie about for the shortest time.
saga(
    kind=EXPORT,
    version=1,
    title="Make a copy of somebody's data",
    steps=(
        Local(
            "begin",
            title="Begin a copy",
            run=exporting.begin,
            undo=exporting.give_up,
            begun_at_start=True,  # whoever has asked is told, also if no worker has come to it
        ),
        Remote(
            asking.ASK_STRIPE,
            title="Ask Stripe",
            provider="stripe",
            wanted=has_payments,
            capture=asking.read_stripe,
            run=asking.is_read,
            undo=asking.nothing_to_take_back,
            repeatable=True,
        ),
        Remote(
            asking.ASK_RESEND,
            title="Ask Resend",
            provider="resend",
            wanted=has_contacts,
            capture=asking.read_resend,
            run=asking.is_read,
            undo=asking.nothing_to_take_back,
            repeatable=True,
        ),
        Remote(
            asking.ASK_SUPABASE,
            title="Ask Supabase",
            provider="supabase",
            wanted=has_identities,
            capture=asking.read_supabase,
            run=asking.is_read,
            undo=asking.nothing_to_take_back,
            repeatable=True,
        ),
        Local("collect", title="Collect what is here", run=exporting.collect),
        Local("write", title="Write the file", run=exporting.write),
    ),
)
