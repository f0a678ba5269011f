"""An operator holds an account, and lets go of it."""

from accounts.leaving.holding import NotHeld, lift_hold, place_hold
from accounts.models import Hold
from integrity.drill.core import Scenario
from tests.drill.facts import BY, audits, couple, judge


def held(context):
    return Hold.objects.filter(user=context.user).count()


def place(context):
    place_hold(user=context.user, until=None, by=BY)


PLACE = Scenario(
    name="place_hold",
    flows=("accounts.place_hold",),
    setup=couple,
    act=place,
    whole=lambda context: judge(hold=(held(context), 0, 1), audits=(audits(context.user), 0, 1)),
)


def with_a_hold():
    context = couple()
    Hold.objects.create(user=context.user, reason="a court asks", placed_by="drill")
    return context


LIFT = Scenario(
    name="lift_hold",
    flows=("accounts.lift_hold",),
    setup=with_a_hold,
    act=lambda context: lift_hold(user=context.user, by=BY),
    whole=lambda context: judge(hold=(held(context), 1, 0), audits=(audits(context.user), 0, 1)),
    done_before=(NotHeld,),
)

SCENARIOS = [PLACE, LIFT]
