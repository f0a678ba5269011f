"""A toy saga over a toy provider that can fail in every way that providers do.

What the provider knows is committed at once, whatever becomes of us: that is the oracle.
"""

import re
from collections import deque
from dataclasses import replace
from datetime import timedelta

from django.db.models import F

from integrity.audit import Actor
from integrity.models import Saga, SagaStep
from integrity.saga.definition import (
    MORE,
    Local,
    Pivot,
    Probe,
    Remote,
    Timer,
    Verify,
    saga,
    sagas,
)
from integrity.saga.engine import run_due
from integrity.saga.outcomes import (
    ChangedSince,
    NotDone,
    OutcomeUnknown,
    PauseAsked,
    RefusedForGood,
    RefusedToAll,
)
from integrity.saga.start import start
from integrity.transactions import transaction
from tests.database import execute
from tests.integrity.toy.models import Account, Answer, Mailbox

KIND = "toy.close_account"
ADA = Actor("user", "ada")
# Not just the letters: a UUID may have them.
A_WORD_OF_HERS = re.compile(r"\bada\b")


class Provider:
    """A script of faults, the next one for the next call; none means that it works. One that can be
    called is given the landing of the call, and does with it what it likes."""

    def __init__(self):
        self.faults = deque()
        self.down = None
        self.rejects = ""
        self.late = []
        self.visit = lambda label: None
        self.calls = []
        self.asked = []
        self.effects = []

    def call(self, at, effect):
        """`effect` happens once a key, whatever is answered."""
        self.visit(f"before the call of {at.step}")
        self.calls.append(at.key)
        self.asked.append(at)
        if at.step == self.rejects:
            raise RefusedForGood("422")
        fault = self.down or (self.faults.popleft() if self.faults else None)
        if isinstance(fault, Exception):
            raise fault
        if fault == "late":
            self.late.append((at, effect))
            raise OutcomeUnknown("timed out")
        if callable(fault):
            return fault(lambda: self.land(at, effect))
        if fault == "stored":
            Answer.objects.get_or_create(key=at.key, defaults={"failed": True})
        self.land(at, effect)
        if Answer.objects.get(key=at.key).failed:
            raise OutcomeUnknown("500", answered=True)
        if fault == "after":
            raise OutcomeUnknown("timed out")
        return self.visit(f"after the call of {at.step}")

    def land(self, at, effect):
        if not Answer.objects.filter(key=at.key).exists():
            effect()
            self.effects.append(at)
            Answer.objects.create(key=at.key)

    def land_late(self):
        late, self.late = self.late, []
        for call in late:
            self.land(*call)


FAULTS = {
    "refused": lambda: NotDone("connection refused"),
    "pause": lambda: PauseAsked("429", after=5),
    "rejected": lambda: RefusedForGood("422"),
    "unauthorised": lambda: RefusedToAll("401"),
    "unknown": lambda: OutcomeUnknown("connection reset"),
    "mistake": lambda: TypeError("a mistake in the code"),
}
provider = Provider()


def box(at):
    return Mailbox.objects.get(name=at.subject)


def set_box(at, **values):
    Mailbox.objects.filter(name=at.subject).update(**values)


def account(at):
    return Account.objects.filter(name=at.subject)


def freeze(at):
    account(at).update(state="frozen")
    return {"frozen": 1}


def thaw(at):
    account(at).update(state="open")


def mute(at):
    provider.call(at, lambda: set_box(at, muted=True))


def unmute(at):
    now = box(at)
    if now.muted == at.prior["muted"]:
        return
    if not now.muted:
        raise ChangedSince("it is on again")
    provider.call(at, lambda: set_box(at, muted=at.prior["muted"]))


def refund(at):
    """The one effect that a second call without the key would do twice."""
    provider.call(at, lambda: set_box(at, refunds=F("refunds") + 1))


def take_refund_back(at):
    if box(at).refunds > at.prior["refunds"]:
        set_box(at, refunds=at.prior["refunds"])


def seal(at):
    account(at).update(state="sealed")


def remove(at):
    provider.call(at, lambda: set_box(at, removed=True))


def probe(true):
    def ask(at):
        provider.visit(f"before the probe of {at.step}")
        return Probe.DONE if true(at) else Probe.NOT_DONE

    return ask


def purge(at):
    if account(at).filter(letters__gt=0).update(letters=F("letters") - 1):
        return MORE
    account(at).delete()
    return None


def what_is_left(at):
    return [] if box(at).removed else ["remove"]


def steps():
    return (
        Local("freeze", run=freeze, undo=thaw),
        Remote(
            "mute",
            provider="mailer",
            capture=lambda at: {"muted": box(at).muted},
            run=mute,
            undo=unmute,
            probe=probe(lambda at: box(at).muted),
        ),
        Remote(
            "refund",
            provider="bank",
            capture=lambda at: {"refunds": box(at).refunds},
            run=refund,
            undo=take_refund_back,
            probe=probe(lambda at: box(at).refunds > at.prior["refunds"]),
        ),
        Timer("grace", until=lambda at: at.now + timedelta(days=14)),
        Pivot("seal", run=seal),
        Remote(
            "remove",
            provider="mailer",
            run=remove,
            probe=probe(lambda at: box(at).removed),
        ),
        Verify("look", run=what_is_left),
        Local("purge", run=purge),
    )


def declare(version=1, only=lambda step: True, **changed):
    """
    Args:
        only: which steps.
        changed: by a step's name, what is other about it.
    """
    made = tuple(replace(step, **changed.get(step.name, {})) for step in steps() if only(step))
    sagas._entries.pop(f"{KIND}/{version}", None)
    return saga(kind=KIND, version=version, title="Close an account", steps=made, again=begin_again)


def begin_again(old, by):
    return start(KIND, subject=old.subject, by=by, options=old.options, retry_of=old.uid)


def begin(name="ada", **options):
    """An account, its mailbox, and the saga that closes it."""
    Account.objects.get_or_create(name=name)
    Mailbox.objects.get_or_create(name=name)
    with transaction():
        return start(
            KIND,
            subject=name,
            by=ADA,
            secrets={"who": {"email": f"{name}@example.com"}},
            options=options,
        )


def pass_time(seconds=3600):
    """By the database's clock nothing can wait; so all that is due moves towards now instead."""
    ago = [timedelta(seconds=seconds)] * 2
    execute(
        "UPDATE integrity_saga SET wake_at = wake_at - %s, first_failed_at = first_failed_at - %s WHERE finished_at IS NULL",
        *ago,
    )
    execute("UPDATE integrity_sagastep SET due_at = due_at - %s", ago[0])
    execute("UPDATE integrity_providergate SET shut_until = shut_until - %s", ago[0])


def settle(turns=60, seconds=86_400):
    """Run until nothing waits any more, or nobody but a person can help."""
    for _ in range(turns):
        run_due()
        if not Saga.objects.filter(state__in=Saga.ACTIVE).exists():
            return
        pass_time(seconds)
    raise AssertionError(
        [f"{each.state} {each.position} {each.error}" for each in Saga.objects.all()]
    )


def statuses(of):
    return dict(SagaStep.objects.filter(saga=of).values_list("name", "status"))


def events(of):
    return [f"{each.event} {each.step}".rstrip() for each in of.events.order_by("pk")]


def is_whole(name="ada", *, muted=False):
    """'closed', 'as before', or what is half about it."""
    there = Account.objects.filter(name=name).first()
    remote = Mailbox.objects.get(name=name)
    if there is None and (remote.removed, remote.muted, remote.refunds) == (True, True, 1):
        return "closed"
    if there and (there.state, remote.removed, remote.muted, remote.refunds) == (
        "open",
        False,
        muted,
        0,
    ):
        return "as before"
    return f"{there and there.state}, {remote.removed=}, {remote.muted=}, {remote.refunds=}"
