"""Anything may happen to a saga, in any order; `oracle.py` has what must hold after each of it."""

from contextlib import suppress
from itertools import count

from django.db import OperationalError
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from integrity.audit import Actor
from integrity.drill.boundaries import COMMIT, watch
from integrity.models import PausedKind, Saga
from integrity.saga import control
from integrity.saga.claim import claim
from integrity.saga.definition import Probe
from integrity.saga.engine import advance
from integrity.saga.held import LostLease, look
from integrity.saga.kinds import pause_kind, resume_kind
from integrity.saga.lawful import Refused, lawful, steps_to_judge
from integrity.saga.outcomes import NotDone, RefusedToAll
from integrity.saga.probing import probe
from integrity.saga.revealing import reveal
from integrity.saga.start import PastTheEnd, start
from integrity.saga.verifying import verify
from integrity.transactions import CommitNotConfirmed, transaction
from tests.database import execute
from tests.integrity.saga import hands, toys
from tests.integrity.saga.oracle import DAY, MINUTE, Oracle, written
from tests.integrity.saga.troubles import (
    GRACE,
    TROUBLE,
    WHAT_OTHERS_DO,
    Killed,
    call_off,
    pass_the_lease,
    work,
)
from tests.integrity.toy.models import Mailbox
from tests.rounds import rounds_until

NAMES = ("ada", "grace", "mary")
MARY = Actor("operator", "mary", "she has looked as well", via="admin")
# Of the verbs, those after which the engine still promises an end that is whole.
VERBS = ["pause", "resume", "run_now", "skip_timer", "compensate", "retry", "probe"]
LONGEST = 15 * DAY
# The last is what brings one past its timer.
WAITS = [1, 10, MINUTE, 10 * MINUTE, DAY, LONGEST, LONGEST, LONGEST]
TABLES = (
    "integrity_saga, integrity_sagastep, integrity_sagaevent, integrity_sagasecret,"
    " integrity_providergate, integrity_pausedkind, toy_account, toy_mailbox, toy_answer"
)
rung = []


def ring():
    """The doorbell of settings.INTEGRITY."""
    rung.append(True)


class Sagas(Oracle):
    def __init__(self):
        super().__init__()
        execute(f"TRUNCATE {TABLES}")
        rung.clear()
        toys.provider.__init__()
        self.deploy(1)
        self.frozen = []
        # Of whom something else still has a copy.
        self.copied = set()
        # Seconds since what was late has landed.
        self.passed = 0

    @initialize(data=st.data(), waits=st.lists(st.sampled_from(WAITS), min_size=1, max_size=6))
    def begin(self, data, waits):
        """One that has been under way for a while, and met with something."""
        self.start(data.draw(st.booleans()), data.draw(st.lists(TROUBLE, min_size=1, max_size=3)))
        if data.draw(st.booleans()):
            self.leave_a_copy(data)
        for seconds in waits:
            self.tick(seconds)

    @rule(muted=st.booleans(), troubles=st.lists(TROUBLE, max_size=2))
    @precondition(lambda self: len(self.begun) < len(NAMES))
    def start(self, muted, troubles):
        toys.provider.faults.extend(trouble() for trouble in troubles)
        name = NAMES[len(self.begun)]
        Mailbox.objects.create(name=name, muted=muted)
        self.begun[name] = (toys.begin(name), muted)

    @rule(data=st.data())
    def ask_once_more(self, data):
        """While one is under way it is that one; once it was taken back it is another one."""
        name = data.draw(st.sampled_from(list(self.begun)))
        before, muted = self.begun[name]
        before.refresh_from_db()
        if before.finished_at is None:
            with transaction():
                assert start(toys.KIND, subject=name, by=toys.ADA) == before
        elif before.pivot_at is None:
            self.begun[name] = (control.again(saga=before.uid, by=GRACE), muted)

    @rule(seconds=st.sampled_from(WAITS))
    def tick(self, seconds):
        """A worker, then time. A call that was under way lands within a minute, or never."""
        work()
        self._bring_back()
        self.passed += seconds
        if self.passed >= MINUTE:
            self._land_late()
        toys.pass_time(seconds)
        if seconds == LONGEST:
            self.up_again()

    @rule()
    def up_again(self):
        """No outage is for ever, and nobody stops a kind for ever."""
        toys.provider.down = None
        PausedKind.objects.all().delete()

    def _land_late(self):
        toys.provider.land_late()
        self.passed = 0

    @rule()
    @precondition(lambda self: rung)
    def hear_the_bell(self):
        rung.clear()
        work(limit=1)

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
            work(limit=1)

    @rule(trouble=TROUBLE)
    def break_the_next_call(self, trouble):
        toys.provider.faults.append(trouble())

    @rule(error=st.sampled_from([None, RefusedToAll("401"), NotDone("503")]))
    def flip_the_provider(self, error):
        toys.provider.down = error

    @rule(data=st.data())
    def leave_a_copy(self, data):
        self.copied.add(self._pick(data).subject)

    def _bring_back(self):
        """What still has a copy sets it again, before the last look."""
        for name in sorted(self.copied):
            steps = toys.statuses(self.begun[name][0])
            if steps["remove"] == "done" and steps["look"] in ("pending", "started"):
                Mailbox.objects.filter(name=name).update(removed=False)
                self.copied.remove(name)

    @rule(data=st.data())
    def change_one_s_mind(self, data):
        with suppress(PastTheEnd):
            call_off(self._pick(data))

    @rule(data=st.data())
    def steer(self, data):
        saga = self._pick(data)
        if verbs := [verb for verb in VERBS if verb in lawful(saga)]:
            verb = data.draw(st.sampled_from(verbs))
            if verb != "probe":
                getattr(control, verb)(saga=saga.uid, by=GRACE)
            elif self._is_known(saga):
                probe(saga=saga.uid, by=GRACE)

    def _is_known(self, saga):
        return f"{saga.kind}/{saga.version}" in toys.sagas

    @rule(paused=st.booleans())
    def stop_or_go_on_with_all(self, paused):
        with suppress(Refused):
            (pause_kind if paused else resume_kind)(kind=toys.KIND, by=GRACE)

    @rule(data=st.data())
    @precondition(lambda self: not self.frozen)
    def judge(self, data):
        """Once no call can be under way, people do by hand what they say; it may take two of them."""
        saga = self._pick(data)
        step = saga.steps.filter(position=saga.position).first()
        by_hand = {
            "mark_done": hands.DONE.get(step and step.name),
            "skip_undo": self._put_back,
            "resolve": hands.close if saga.pivot_at else self._put_back,
        }
        if verbs := [verb for verb in by_hand if verb in lawful(saga) and by_hand[verb]]:
            verb = data.draw(st.sampled_from(verbs))
            self._land_late()
            by_hand[verb](saga.subject)
            for person in (GRACE, MARY):
                with suppress(Refused):
                    getattr(control, verb)(saga=saga.uid, by=person)

    def _put_back(self, name):
        hands.put_back(name, muted=self.begun[name][1])

    @rule(data=st.data())
    @precondition(lambda self: not self.frozen)
    def take_a_new_key(self, data):
        """Once no call can be under way, and only where a look says that nothing has happened."""
        saga = self._pick(data)
        if "retry_with_new_key" in lawful(saga) and self._is_known(saga):
            self._land_late()
            judged = {each.name for each in steps_to_judge(saga)}
            seen = {each.step: each.found for each in probe(saga=saga.uid, by=GRACE)}
            if {seen.get(name) for name in judged} == {Probe.NOT_DONE.value}:
                self.renewed.add(saga.uid)
                control.retry(saga=saga.uid, by=GRACE, new_key=True)

    @rule(data=st.data())
    def look_at_it(self, data):
        saga = self._pick(data)
        if "reveal" in lawful(saga):
            reveal(saga=saga.uid, by=GRACE)
        if "verify" in lawful(saga) and self._is_known(saga):
            left = [each.step for each in verify(saga=saga.uid, by=GRACE) if each.left]
            assert not left or saga.state == "resolved", left

    @rule()
    def freeze_a_worker(self):
        if saga := claim():
            self.frozen.append(look(saga))

    @rule()
    @precondition(lambda self: self.frozen)
    def thaw_a_worker(self):
        """Where the saga has gone on without it, nothing of its is written."""
        held = self.frozen.pop(0)
        before = written(held.saga)
        is_stale = before[0]["fence"] != held.saga.fence
        with suppress(LostLease, CommitNotConfirmed, Killed):
            advance(held)
        assert not is_stale or written(held.saga) == before

    @rule(meanwhile=WHAT_OTHERS_DO)
    def freeze_one_past_its_lease(self, meanwhile):
        self.freeze_a_worker()
        pass_the_lease(meanwhile)
        if self.frozen:
            self.thaw_a_worker()

    @rule(version=st.sampled_from([1, 2]))
    def deploy(self, version):
        """A release with a new version, or one that was taken back. The second has no grace."""
        toys.sagas._entries.clear()
        toys.declare(1)
        if version == 2:
            toys.declare(2, only=lambda step: step.name != "grace")

    def _pick(self, data):
        saga, _ = self.begun[data.draw(st.sampled_from(list(self.begun)))]
        return Saga.objects.get(pk=saga.pk)

    def teardown(self):
        """Once the provider works and somebody looks after it, all of it comes to an end."""
        toys.provider.__init__()
        self.deploy(2)
        PausedKind.objects.all().delete()
        under_way = Saga.objects.filter(finished_at=None)
        for _ in rounds_until(lambda: not under_way.exists(), "the end of every saga", most=20):
            self._look_after()
        for saga, _ in self.begun.values():
            saga.refresh_from_db()
            self.must_be_whole(saga)

    def _look_after(self):
        toys.settle(seconds=LONGEST)
        for verb in (control.resume, control.retry):
            for saga in Saga.objects.filter(state__in=Saga.PARKED):
                with suppress(Refused):
                    verb(saga=saga.uid, by=GRACE)
