"""What holds of sagas whatever has happened to them: it is looked at after each rule of the machine.

The provider's ledger is the oracle: what was asked of it, what took effect there, under which key.
"""

from collections import Counter, defaultdict

from django.db.models import F
from django.db.models.functions import Now
from hypothesis.stateful import RuleBasedStateMachine, invariant

from integrity.models import Saga, SagaEvent, SagaSecret
from integrity.saga.secrets import secret
from tests.integrity.saga import toys
from tests.integrity.toy.models import Answer, Mailbox

MINUTE, DAY = 60, 86_400
# The longest that each may wait, in seconds.
WAITS = {
    "ready": MINUTE,
    "at_work": MINUTE,
    "retry": 60 * MINUTE,
    "gate": 15 * MINUTE,
    "timer": 14 * DAY,
}


class Oracle(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        # By subject: its newest saga, and whether its mailbox was muted before.
        self.begun = {}
        self.fences = {}
        # Sagas of which somebody has asked for another key, after a look.
        self.renewed = set()

    @invariant()
    def a_subject_has_one_under_way(self):
        subjects = Saga.objects.filter(finished_at=None).values_list("subject", flat=True)
        assert max(Counter(subjects).values(), default=0) <= 1

    @invariant()
    def nothing_goes_back(self):
        for saga in Saga.objects.all():
            assert saga.fence >= self.fences.get(saga.pk, 0)
            self.fences[saga.pk] = saga.fence
            assert saga.pivot_at is None or saga.state not in ("compensating", "compensated")
            assert (saga.finished_at is None) == (saga.state in (*Saga.ACTIVE, *Saga.PARKED))

    @invariant()
    def nobody_writes_once_the_fence_has_risen(self):
        fences = defaultdict(list)
        for saga, fence in SagaEvent.objects.order_by("pk").values_list("saga", "fence"):
            fences[saga].append(fence)
        assert all(each == sorted(each) for each in fences.values())

    @invariant()
    def whatever_is_under_way_has_a_time_to_go_on(self):
        asleep = Saga.objects.filter(state__in=Saga.ACTIVE)
        for saga in asleep.annotate(sleeps=F("wake_at") - Now()):
            assert saga.sleeps.total_seconds() <= WAITS[saga.wait], saga.wait

    @invariant()
    def what_was_noted_is_how_it_was(self):
        for saga, muted in self.begun.values():
            assert secret(saga.uid, "prior:mute") in ({}, {"muted": muted})
            assert secret(saga.uid, "prior:refund") in ({}, {"refunds": 0})

    @invariant()
    def nothing_happens_twice(self):
        done = Counter((at.saga, at.step) for at in toys.provider.effects if not _is_undo(at))
        of_these = [number for (_, step), number in done.items() if step in ("mute", "refund")]
        assert max(of_these, default=0) <= 1
        assert not Mailbox.objects.filter(refunds__gt=1).exists()

    @invariant()
    def a_key_is_kept_until_it_has_failed_for_good(self):
        failed = set(Answer.objects.filter(failed=True).values_list("key", flat=True))
        keys = defaultdict(list)
        for at in toys.provider.asked:
            # What comes back is removed again, under another key.
            if at.step != "remove" and at.saga not in self.renewed:
                keys[at.saga, at.step, _is_undo(at)].append(at.key)
        for each in keys.values():
            assert set(each) - {each[-1]} <= failed

    @invariant()
    def what_has_ended_is_whole_and_keeps_no_secret(self):
        for saga in self._newest().exclude(finished_at=None):
            self.must_be_whole(saga)
        assert not SagaSecret.objects.exclude(saga__finished_at=None).exists()

    def must_be_whole(self, saga):
        _, muted = self.begun[saga.subject]
        wanted = "closed" if saga.pivot_at else "as before"
        assert saga.state != "completed" or saga.pivot_at
        assert toys.is_whole(saga.subject, muted=muted) == wanted

    def _newest(self):
        return Saga.objects.filter(pk__in=[saga.pk for saga, _ in self.begun.values()])


def _is_undo(at):
    return ":undo:" in at.key


def written(saga):
    """All that a worker writes of one, but for what it has sealed."""
    row = Saga.objects.filter(pk=saga.pk).values().get()
    return row, list(saga.steps.order_by("pk").values()), saga.events.count()
