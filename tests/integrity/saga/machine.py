"""Anything may happen to a saga, in any order; what must hold is looked at after each of it."""

from contextlib import suppress
from itertools import count

from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Now
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from integrity.audit import Actor
from integrity.drill.boundaries import COMMIT, watch
from integrity.models import Saga
from integrity.saga import control
from integrity.saga.claim import claim
from integrity.saga.engine import advance, run_due
from integrity.saga.held import LostLease, look
from integrity.saga.lawful import Refused, lawful
from integrity.saga.outcomes import NotDone, RefusedToAll
from integrity.saga.probing import probe
from integrity.saga.start import PastTheEnd, cancel
from integrity.transactions import CommitNotConfirmed, transaction
from tests.integrity.saga import hands, toys
from tests.integrity.toy.models import Mailbox
from tests.rounds import rounds_until

names = (f"person {number}" for number in count(1))
GRACE = Actor("operator", "grace", "to see what happens", via="admin")
MINUTE, DAY = 60, 86_400
MARY = Actor("operator", "mary", "she has looked as well", via="admin")
# Of the verbs, those after which the engine still promises an end that is whole.
VERBS = ["pause", "resume", "run_now", "skip_timer", "compensate", "retry", "probe"]
KINDS = [*toys.FAULTS, "after", "late", "stored"]
LONGEST = 15 * DAY


rung = []


def ring():
    """The doorbell of settings.INTEGRITY."""
    rung.append(True)


class Sagas(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        rung.clear()
        toys.provider.__init__()
        toys.declare()
        self.begun = {}
        self.fences = {}
        self.frozen = []

    @initialize(muted=st.booleans())
    def begin(self, muted):
        self.start(muted)

    @rule(muted=st.booleans())
    @precondition(lambda self: len(self.begun) < 3)
    def start(self, muted):
        name = next(names)
        Mailbox.objects.create(name=name, muted=muted)
        self.begun[name] = (toys.begin(name), muted)

    @rule(seconds=st.sampled_from([1, 10, MINUTE, 10 * MINUTE, DAY, LONGEST]))
    def tick(self, seconds):
        """A worker, then time. A call that was under way lands within a minute, or never."""
        run_due()
        if seconds >= MINUTE:
            toys.provider.land_late()
        toys.pass_time(seconds)

    @rule()
    @precondition(lambda self: rung)
    def hear_the_bell(self):
        rung.clear()
        run_due(limit=1)

    @rule()
    @precondition(lambda self: rung)
    def lose_the_bell(self):
        rung.clear()

    @rule(number=st.integers(1, 12))
    def crash(self, number):
        left = count(number, -1)

        def see(label, when=""):
            if label == COMMIT and next(left) == 0:
                raise OperationalError("killed")

        with watch(see):
            run_due(limit=1)

    @rule(kind=st.sampled_from(KINDS))
    def break_the_next_call(self, kind):
        toys.provider.faults.append(toys.FAULTS[kind]() if kind in toys.FAULTS else kind)

    @rule(error=st.sampled_from([None, RefusedToAll("401"), NotDone("503")]))
    def flip_the_provider(self, error):
        toys.provider.down = error

    @rule(data=st.data())
    def change_one_s_mind(self, data):
        saga = self._pick(data)
        with suppress(PastTheEnd), transaction():
            cancel(Saga.objects.get(pk=saga.pk), by=toys.ADA)

    @rule(data=st.data())
    def steer(self, data):
        saga = Saga.objects.get(pk=self._pick(data).pk)
        if verbs := [verb for verb in VERBS if verb in lawful(saga)]:
            verb = data.draw(st.sampled_from(verbs))
            if verb != "probe":
                getattr(control, verb)(saga=saga.uid, by=GRACE)
            elif f"{saga.kind}/{saga.version}" in toys.sagas._entries:
                probe(saga=saga.uid, by=GRACE)

    @rule(data=st.data())
    @precondition(lambda self: not self.frozen)
    def judge(self, data):
        """Once no call can be under way, people do by hand what they say; it may take two of them."""
        saga = Saga.objects.get(pk=self._pick(data).pk)
        step = saga.steps.filter(position=saga.position).first()
        by_hand = {
            "mark_done": hands.DONE.get(step and step.name),
            "skip_undo": self._put_back,
            "resolve": hands.close if saga.pivot_at else self._put_back,
        }
        if verbs := [verb for verb in by_hand if verb in lawful(saga) and by_hand[verb]]:
            verb = data.draw(st.sampled_from(verbs))
            toys.provider.land_late()
            by_hand[verb](saga.subject)
            for person in (GRACE, MARY):
                with suppress(Refused):
                    getattr(control, verb)(saga=saga.uid, by=person)

    def _put_back(self, name):
        hands.put_back(name, muted=self.begun[name][1])

    @rule()
    def freeze_a_worker(self):
        if saga := claim():
            self.frozen.append(look(saga))

    @rule()
    @precondition(lambda self: self.frozen)
    def thaw_a_worker(self):
        with suppress(LostLease, CommitNotConfirmed):
            advance(self.frozen.pop())

    @rule(version=st.sampled_from([1, 2]))
    def deploy(self, version):
        """A release with a new version, or one that was taken back."""
        toys.sagas._entries.clear()
        for each in range(1, version + 1):
            toys.declare(each)

    def _pick(self, data):
        return self.begun[data.draw(st.sampled_from(sorted(self.begun)))][0]

    @invariant()
    def nothing_goes_back(self):
        for saga in Saga.objects.filter(subject__in=self.begun):
            assert saga.fence >= self.fences.get(saga.pk, 0)
            self.fences[saga.pk] = saga.fence
            assert saga.pivot_at is None or saga.state not in ("compensating", "compensated")
            assert (saga.finished_at is None) == (saga.state in (*Saga.ACTIVE, *Saga.PARKED))

    @invariant()
    def whatever_is_under_way_has_a_time_to_go_on(self):
        asleep = Saga.objects.filter(state__in=Saga.ACTIVE, subject__in=self.begun)
        late = asleep.annotate(sleeps=F("wake_at") - Now())
        assert all(each.sleeps.total_seconds() <= LONGEST for each in late)

    @invariant()
    def nothing_happens_twice(self):
        assert not Mailbox.objects.filter(refunds__gt=1).exists()

    @invariant()
    def what_has_ended_is_whole(self):
        for saga in Saga.objects.filter(subject__in=self.begun).exclude(finished_at=None):
            self._must_be_whole(saga)

    def _must_be_whole(self, saga):
        _, muted = self.begun[saga.subject]
        wanted = "closed" if saga.pivot_at else "as before"
        assert saga.state != "completed" or saga.pivot_at
        assert toys.is_whole(saga.subject, muted=muted) == wanted

    def teardown(self):
        """Once the provider works and somebody looks after it, all of it comes to an end."""
        toys.provider.__init__()
        toys.declare()
        toys.declare(2)
        try:
            under_way = Saga.objects.filter(finished_at=None)
            for _ in rounds_until(lambda: not under_way.exists(), "the end of every saga"):
                self._look_after()
            for saga in Saga.objects.filter(subject__in=self.begun):
                self._must_be_whole(saga)
        finally:
            Mailbox.objects.filter(refunds__gt=1).delete()

    def _look_after(self):
        toys.settle(seconds=LONGEST)
        for verb in (control.resume, control.retry):
            for saga in Saga.objects.filter(state__in=Saga.PARKED):
                with suppress(Refused):
                    verb(saga=saga.uid, by=GRACE)
