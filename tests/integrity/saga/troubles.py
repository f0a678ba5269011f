"""What befalls a worker in the middle of a call, and what others do meanwhile."""

from contextlib import suppress

from hypothesis import strategies as st

from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga import control
from integrity.saga.engine import run_due
from integrity.saga.lawful import Refused
from integrity.saga.start import PastTheEnd, cancel
from integrity.transactions import transaction
from tests.integrity.saga import toys

GRACE = Actor("operator", "grace", "to see what happens", via="admin")
LEASE = 60


class Killed(BaseException):
    """A worker, in the middle of a call: it writes nothing any more."""


def call_off(saga):
    with transaction():
        cancel(saga, by=toys.ADA)


def _pause_and_resume(saga):
    control.pause(saga=saga.uid, by=GRACE)
    control.resume(saga=saga.uid, by=GRACE)


def _run_now(saga):
    control.run_now(saga=saga.uid, by=GRACE)


# What others do to a saga while a worker of it sleeps.
MEANWHILE = {
    "nothing": lambda saga: None,
    "cancel": call_off,
    "pause and resume": _pause_and_resume,
    "run now": _run_now,
}
# Most often the one that a late call goes against.
WHAT_OTHERS_DO = st.sampled_from([*MEANWHILE, "cancel", "cancel"])


def pass_the_lease(meanwhile):
    """Somebody does this to all of them; then their leases are over, and another worker comes."""
    for saga in Saga.objects.filter(state__in=Saga.ACTIVE):
        with suppress(Refused, PastTheEnd):
            MEANWHILE[meanwhile](saga)
    toys.pass_time(LEASE)
    work()


def work(limit=None):
    with suppress(Killed):
        run_due(limit=limit)


def killed(lands_first):
    """In the middle of its call."""

    def call(land):
        if lands_first:
            land()
        raise Killed

    return call


def asleep(lands_first, meanwhile):
    """In its call, past its lease; then it has the answer, but the saga no more."""

    def call(land):
        if lands_first:
            land()
        pass_the_lease(meanwhile)
        land()

    return call


# Each makes what befalls one call.
TROUBLE = st.one_of(
    st.sampled_from(["after", "late", "stored"]).map(lambda kind: lambda: kind),
    st.sampled_from(list(toys.FAULTS.values())),
    st.booleans().map(lambda lands: lambda: killed(lands)),
    st.tuples(st.booleans(), WHAT_OTHERS_DO).map(lambda drawn: lambda: asleep(*drawn)),
)
