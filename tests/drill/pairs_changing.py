"""Somebody leaves just when another address becomes theirs."""

from accounts.leaving.deletion import Wish, leave
from integrity.drill.interleave import Pair
from integrity.models import Saga
from integrity.saga.held import LostLease
from integrity.saga.outcomes import RefusedForGood
from tests.drill.changing import under_way
from tests.drill.facts import BY, user_now
from tests.drill.leaving import advance
from tests.drill.verdicts import answered, expect


def moved_or_called_off(context, first, second):
    change, user = Saga.objects.get(pk=context.saga.pk), user_now(context)
    moved = user.email == context.new_email
    return answered(
        first, second, (None, None), (LostLease, None), (RefusedForGood, None)
    ) or expect(
        state=(change.state, "completed" if moved else "compensating"),
        leaving=(user.leaving_since is not None, True),
    )


CHANGE_AND_LEAVE = Pair(
    name="a change of address and leaving",
    setup=under_way,
    first=advance,
    second=lambda context: leave(user=context.user, wish=Wish(), by=BY),
    verdict=moved_or_called_off,
)

PAIRS = [CHANGE_AND_LEAVE]
