"""Whoever a restored backup brings back is buried again."""

from django.test.utils import override_settings
from django.utils import timezone

from accounts.leaving.replaying import Grave, bury_again
from accounts.models import Tombstone
from integrity.drill.core import Scenario
from tests.drill.facts import BY, audits, couple, judge, user_now
from tests.drill.leaving import NO_VENDORS, deletion


def restored():
    """From a backup of before the deletion, which an export of the tombstones tells of."""
    context = couple(address__verified=True)
    context.grave = Grave(context.user.uid, timezone.now(), {"ab" * 32})
    return context


def bury(context):
    with override_settings(**NO_VENDORS):
        bury_again(grave=context.grave, remains={}, by=BY)


def buried(context):
    saga, user = deletion(context), user_now(context)
    tombstone = Tombstone.objects.filter(uid=context.user.uid).first()
    return judge(
        tombstone=(tombstone and tombstone.vendor_ids, None, ["ab" * 32]),
        steps=(saga.steps.count() if saga else 0, 0, 7),
        leaving=(user.leaving_since is not None, False, True),
        active=(user.is_active, True, False),
        audit=(audits(Tombstone(uid=context.user.uid)), 0, 1),
    )


BURY_AGAIN = Scenario(
    name="bury_again",
    flows=("accounts.bury_again",),
    setup=restored,
    act=bury,
    whole=buried,
)

SCENARIOS = [BURY_AGAIN]
