"""What the identity provider is to be told of a couple, and what it confirmed."""

from dataclasses import replace
from uuid import uuid4

from django.test.utils import override_settings

from accounts.adopting import (
    AdoptedBefore,
    ReadElsewhere,
    adopt_identity,
    finish_reading,
    note_page,
)
from accounts.clients.identity import Identity as There
from accounts.elsewhere.identity import CREATE_IDENTITY, REMOVE_IDENTITY, couples, note_identity
from accounts.errors import EmailTaken
from accounts.models import (
    Address,
    Identity,
    IdentityReading,
    Listing,
    Member,
    Profile,
    Tombstone,
    User,
    WeddingStats,
)
from integrity.drill.core import Scenario
from integrity.models import OutboxMessage
from tests.drill.accounts import SIGN_UP, VERIFY
from tests.drill.facts import (
    BY,
    audits,
    couple,
    differences_of,
    judge,
    otherwise_elsewhere,
    stranger,
)

PROVIDER = {"SUPABASE_URL": "https://drill.supabase.co", "SUPABASE_SERVICE_KEY": "drill"}


def promised(context, effect=CREATE_IDENTITY):
    user = User.objects.filter(email=context.email).first()
    order = f"identity:{user.uid}" if user else "nobody"
    return OutboxMessage.objects.filter(effect=effect, ordering_key=order).count()


def and_the_provider_is_told(scenario):
    """The same, with the promise to tell it as one more thing that may be missing."""

    def act(context):
        with override_settings(**PROVIDER):
            return scenario.act(context)

    def whole(context):
        told = judge(identity=(promised(context), 0, 1))
        rest = scenario.whole(context)
        return told if rest == told else f"{told}, and the rest: {rest}"

    return replace(scenario, name=f"{scenario.name}, and an identity", act=act, whole=whole)


def identity_of(context):
    return Identity.objects.filter(user=context.user).values_list("told", "refused").first()


def about_to_note():
    """What is otherwise at the provider until then."""
    context = couple()
    context.told = couples().get(pk=context.user.pk).fingerprint
    otherwise_elsewhere(context, Listing.Of.IDENTITIES)
    return context


NOTE = Scenario(
    name="note_identity",
    flows=("accounts.note_identity",),
    setup=about_to_note,
    act=lambda context: note_identity(user=context.user, told=context.told),
    whole=lambda context: judge(
        identity=(identity_of(context), None, (context.told, "")),
        otherwise=(differences_of(context), 1, 0),
    ),
)


def deleted_meanwhile():
    context = about_to_note()
    Tombstone.objects.create(uid=context.user.uid)
    return context


NOTE_TOO_LATE = replace(
    NOTE,
    name="note_identity, too late",
    setup=deleted_meanwhile,
    whole=lambda context: judge(
        removal=(promised(context, REMOVE_IDENTITY), 0, 1),
        identity=(identity_of(context), None, None),
    ),
    # Sealed, and nothing else of a deletion.
    excused=lambda context: ["accounts.no_deleted_user_is_back"],
)


def somebody_elsewhere():
    """Whom the provider knows, and we don't."""
    context = stranger()
    context.identity = There(uuid4(), context.email, banned_until=None, is_verified=True)
    return context


def adopted(context):
    user = User.objects.filter(uid=context.identity.id).first()
    mine = {"user__uid": context.identity.id}
    return judge(
        user=(int(user is not None), 0, 1),
        address=(Address.objects.filter(**mine, verified=True).count(), 0, 1),
        profile=(Profile.objects.filter(**mine, email_verified=True).count(), 0, 1),
        member=(Member.objects.filter(**mine).count(), 0, 1),
        stats=(WeddingStats.objects.filter(wedding__members__user=user).count(), 0, 1)
        if user
        else (0, 0, 1),
        identity=(Identity.objects.filter(**mine).exclude(told="").count(), 0, 1),
        audit=(audits(user) if user else 0, 0, 1),
    )


ADOPT = Scenario(
    name="adopt_identity",
    flows=("accounts.adopt_identity",),
    setup=somebody_elsewhere,
    act=lambda context: adopt_identity(
        identity=context.identity, email=context.email, password_hash="!x", by=BY
    ),
    whole=adopted,
    # Their own address, proven by now, is seen before their id.
    done_before=(AdoptedBefore, EmailTaken),
)


def about_to_read():
    """A page with one who is there as here, and one who is not."""
    context = couple(address__verified=True)
    context.reading = IdentityReading.objects.create()
    context.listed = There(context.user.uid, context.email, banned_until=None, is_verified=True)
    context.other = couple().user
    Identity.objects.create(user=context.other, told="as it was")
    return context


def told(user):
    return Identity.objects.filter(user=user).values_list("told", flat=True).first()


READ_PAGE = Scenario(
    name="note_identities",
    flows=("accounts.note_identities",),
    setup=about_to_read,
    act=lambda context: note_page(
        reading=context.reading,
        number=1,
        listed=[context.listed],
        otherwise=[context.other.uid],
        by=BY,
    ),
    whole=lambda context: judge(
        same=(bool(told(context.user)), False, True),
        otherwise=(told(context.other), "as it was", ""),
        page=(IdentityReading.objects.get(pk=context.reading.pk).page, 1, 2),
    ),
    done_before=(ReadElsewhere,),
    # What a reading is there to note.
    excused=lambda context: ["accounts.every_couple_has_an_identity"],
)
FINISH = replace(
    READ_PAGE,
    name="finish_reading",
    flows=("accounts.finish_reading",),
    act=lambda context: finish_reading(reading=context.reading, missing=[context.other.uid], by=BY),
    whole=lambda context: judge(
        missing=(told(context.other), "as it was", ""),
        finished=(
            IdentityReading.objects.get(pk=context.reading.pk).finished_at is not None,
            False,
            True,
        ),
    ),
)

SCENARIOS = [
    ADOPT,
    READ_PAGE,
    FINISH,
    and_the_provider_is_told(SIGN_UP),
    and_the_provider_is_told(VERIFY),
    NOTE,
    NOTE_TOO_LATE,
]
