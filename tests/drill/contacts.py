"""What Resend is to be told of a couple, promised with what changes it; and what it confirmed."""

from dataclasses import replace

from django.test.utils import override_settings

from accounts.elsewhere.contact import (
    REMOVE_CONTACT,
    SYNC_CONTACT,
    choose_news,
    note_contact,
    note_unsubscribed,
    verified_couples,
)
from accounts.models import Contact, Listing, Tombstone
from integrity.drill.core import Scenario
from integrity.models import OutboxMessage
from tests.drill.accounts import VERIFY
from tests.drill.addresses import CONFIRM_CHANGE
from tests.drill.facts import (
    BY,
    audits,
    couple,
    differences_of,
    judge,
    otherwise_elsewhere,
)
from tests.drill.wizard import STEP_ONE


def fingerprint(context):
    return verified_couples().filter(pk=context.user.pk).values_list("fingerprint", flat=True).get()


def known(context):
    """Resend knows them as they are; so it has to be told, even if nobody configured it here."""
    uid, told = str(context.user.uid), fingerprint(context)
    Contact.objects.create(user=context.user, contact_id=uid, told=told)
    return context


def promised(context, effect=SYNC_CONTACT):
    order = f"contact:{context.user.uid}"
    return OutboxMessage.objects.filter(effect=effect, ordering_key=order).count()


def contact_of(context, *fields):
    return Contact.objects.filter(user=context.user).values_list(*fields).first()


def and_resend_is_told(scenario, **changes):
    """The same, with the promise to tell Resend as one more thing that may be missing."""

    def whole(context):
        told = judge(contact=(promised(context), 0, 1))
        rest = scenario.whole(context)
        return told if rest == told else f"{told}, and the rest: {rest}"

    return replace(scenario, name=f"{scenario.name}, and Resend", whole=whole, **changes)


def verify_with_a_key(context):
    with override_settings(RESEND_CONTACTS_KEY="re_drill"):
        return VERIFY.act(context)


FIRST = and_resend_is_told(VERIFY, act=verify_with_a_key)
CHANGE = and_resend_is_told(CONFIRM_CHANGE, setup=lambda: known(CONFIRM_CHANGE.setup()))
NAME = and_resend_is_told(STEP_ONE, setup=lambda: known(STEP_ONE.setup()))


def a_known_couple():
    return known(couple(address__verified=True))


CHOOSE = Scenario(
    name="choose_news",
    flows=("accounts.choose_news",),
    setup=a_known_couple,
    act=lambda context: choose_news(
        user=context.user, wanted=False, by=BY, operation=context.operation
    ),
    whole=lambda context: judge(
        choice=(contact_of(context, "unsubscribed", "muted_by_us"), (False, False), (True, True)),
        promise=(promised(context), 0, 1),
        audit=(audits(context.user), 0, 1),
    ),
)


NOTE_UNSUBSCRIBED = Scenario(
    name="note_unsubscribed",
    flows=("accounts.note_unsubscribed",),
    setup=lambda: couple(address__verified=True),
    act=lambda context: note_unsubscribed(user=context.user),
    whole=lambda context: judge(
        choice=(contact_of(context, "unsubscribed", "muted_by_us"), None, (True, True))
    ),
)


def about_to_note():
    """What is otherwise at Resend until then."""
    context = couple(address__verified=True)
    context.told = fingerprint(context)
    otherwise_elsewhere(context, Listing.Of.CONTACTS)
    return context


def note(context):
    uid = str(context.user.uid)
    note_contact(user=context.user, contact_id=uid, told=context.told, muted=False)


NOTE = Scenario(
    name="note_contact",
    flows=("accounts.note_contact",),
    setup=about_to_note,
    act=note,
    whole=lambda context: judge(
        contact=(
            contact_of(context, "contact_id", "told"),
            None,
            (str(context.user.uid), context.told),
        ),
        otherwise=(differences_of(context), 1, 0),
    ),
)


def deleted_meanwhile():
    context = about_to_note()
    Tombstone.objects.create(uid=context.user.uid)
    return context


NOTE_TOO_LATE = Scenario(
    name="note_contact, too late",
    flows=("accounts.note_contact",),
    setup=deleted_meanwhile,
    act=note,
    whole=lambda context: judge(
        removal=(promised(context, REMOVE_CONTACT), 0, 1),
        contact=(contact_of(context, "contact_id"), None, None),
    ),
    # Sealed, and nothing else of a deletion.
    excused=lambda context: ["accounts.no_deleted_user_is_back"],
)

SCENARIOS = [FIRST, CHANGE, NAME, CHOOSE, NOTE_UNSUBSCRIBED, NOTE, NOTE_TOO_LATE]
