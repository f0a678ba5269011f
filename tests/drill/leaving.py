"""How somebody leaves: the intent, its end, and each step of it that is taken in our own database."""

from datetime import UTC, datetime, timedelta

from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import override_settings
from django.utils import timezone

from accounts.actors import VISITOR
from accounts.errors import IsLeaving
from accounts.leaving.deletion import Wish, leave, stay
from accounts.models import (
    Address,
    Member,
    Payment,
    PlanChange,
    Profile,
    Tombstone,
    User,
)
from integrity.drill.core import ALL, Scenario
from integrity.models import OutboxMessage, Saga, SagaEvent, SagaStep
from integrity.saga.backward import take_back
from integrity.saga.forward import take
from integrity.saga.held import look
from tests.drill.facts import BY, audits, couple, judge, mails, onboarded, user_now, wedding_of
from tests.factories import OnboardedCoupleFactory
from tests.rounds import rounds_until

NO_VENDORS = {"STRIPE_API_KEY": "", "RESEND_CONTACTS_KEY": "", "SUPABASE_URL": ""}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def go(context, by=BY, **how):
    with override_settings(**NO_VENDORS):
        return leave(user=context.user, wish=Wish(**how), by=by, operation=context.operation)


def deletion(context):
    return Saga.objects.filter(subject=str(context.user.uid)).first()


def left(context):
    saga, user = deletion(context), user_now(context)
    return judge(
        saga=(int(saga is not None), 0, 1),
        steps=(saga.steps.count() if saga else 0, 0, 7),
        event=(SagaEvent.objects.filter(saga=saga, event="started").count() if saga else 0, 0, 1),
        leaving=(user.leaving_since is not None, False, True),
        sessions=(user.sessions_ended_at is not None, False, True),
        mail=(mails(f"leaving:{saga.uid}") if saga else 0, 0, 1),
        audit=(audits(context.user), 0, 1),
    )


LEAVE = Scenario(
    name="leave",
    flows=("accounts.leave",),
    setup=lambda: couple(address__verified=True),
    act=go,
    whole=left,
    done_before=(IsLeaving,),
)


def leaving(context, **how):
    go(context, by=VISITOR, **how)
    return context


def called_off(context):
    saga = deletion(context)
    return judge(
        state=(saga.state, "running", "compensating"),
        cancelled=(saga.cancelled_at is not None, False, True),
        event=(saga.events.filter(event="cancelled").count(), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


STAY = Scenario(
    name="stay",
    flows=("accounts.stay",),
    setup=lambda: leaving(couple(address__verified=True)),
    act=lambda context: stay(deletion=deletion(context).uid, by=BY),
    whole=called_off,
)


def held(context):
    return claimed(context, deletion(context))


def claimed(context, saga):
    """By a worker, just now."""
    saga = Saga.objects.filter(pk=saga.pk)
    saga.update(
        fence=F("fence") + 1,
        owner="drill",
        wait="at_work",
        started_at=Now(),
        wake_at=timezone.now() + timedelta(hours=1),
    )
    context.saga = saga.get()
    return context


def advance(context):
    now = look(context.saga)
    go_on = take if now.forward else take_back
    go_on(now, now.declaration(now.step))


def comes_next(context, name):
    return look(context.saga).step.name == name


def go_on_to(context, name):
    for _ in rounds_until(lambda: comes_next(context, name), f"the step {name}"):
        advance(context)


def at_step(context, name, **how):
    """A deletion whose next step is this one."""
    held(leaving(context, days=0, **how))
    for _ in rounds_until(lambda: comes_next(context, name), f"the step {name}"):
        advance(context)
        SagaStep.objects.filter(saga=context.saga, due_at__isnull=False).update(due_at=LONG_AGO)
    return context


def a_step(name, **how):
    return a_step_of(f"delete_account, {name}", **how)


def a_step_of(name, *, setup, whole):
    """A try after the one that did it would go on with the next step."""
    return Scenario(
        name=name,
        flows=("integrity.move_saga",),
        setup=setup,
        act=lambda context: None if whole(context) == ALL else advance(context),
        whole=whole,
    )


def step_now(context, name):
    saga = deletion(context)
    is_next = saga.finished_at is None and saga.position == saga.steps.get(name=name).position
    return saga.steps.get(name=name).status, is_next


def with_what_waits():
    context = couple(address__verified=True)
    PlanChange.objects.create(user=context.user, kind="buy")
    Address.objects.create(user=context.user, email=context.new_email, primary=False)
    return at_step(context, "freeze_local")


FREEZE = a_step(
    "freeze_local",
    setup=with_what_waits,
    whole=lambda context: judge(
        step=(step_now(context, "freeze_local"), ("started", True), ("done", False)),
        change=(PlanChange.objects.get(user=context.user).state, "waiting", "failed"),
        addresses=(Address.objects.filter(user=context.user).count(), 2, 1),
    ),
)


def to_be_thawed():
    context = at_step(couple(address__verified=True), "grace")
    stay(deletion=deletion(context).uid, by=BY)
    held(context)
    go_on_to(context, "freeze_local")
    return context


THAW = a_step(
    "freeze_local, undone",
    setup=to_be_thawed,
    whole=lambda context: judge(
        step=(step_now(context, "freeze_local"), ("done", True), ("undone", False)),
        saga=(deletion(context).state, "compensating", "compensated"),
        leaving=(user_now(context).leaving_since is None, False, True),
        mail=(mails(f"staying:{deletion(context).uid}"), 0, 1),
    ),
)
SEAL = a_step(
    "seal",
    setup=lambda: at_step(couple(address__verified=True), "seal"),
    whole=lambda context: judge(
        step=(step_now(context, "seal"), ("pending", True), ("done", False)),
        pivot=(deletion(context).pivot_at is not None, False, True),
        tombstone=(Tombstone.objects.filter(uid=context.user.uid).count(), 0, 1),
        active=(user_now(context).is_active, True, False),
        targets=(deletion(context).secrets.count(), 0, 1),
    ),
)


# As the factory calls whoever leaves.
NAME = "Ada"


def two_of_them(*, ends_wedding):
    context = onboarded()
    wedding = wedding_of(context)
    OnboardedCoupleFactory(tasks=1, wedding=wedding, profile__partner_name=NAME)
    context.partner = Member.objects.get(wedding=wedding, role="partner").user
    context.wedding = wedding
    Payment.objects.create(
        pk=f"in_{context.operation}",
        user=context.user,
        state="paid",
        amount=1900,
        currency="eur",
        period_end=LONG_AGO,
        event_created_at=LONG_AGO,
    )
    at_step(context, "delete_local", ends_wedding=ends_wedding)
    # Delivered long ago; else it would go first, in a transaction of its own.
    OutboxMessage.objects.filter(payload__user=str(context.user.uid)).delete()
    return context


def parted(context):
    partner = Profile.objects.get(user=context.partner)
    moved = Member.objects.get(user=context.partner)
    return judge(
        moved=(moved.wedding_id != context.wedding.pk, False, True),
        role=(moved.role, "partner", "owner"),
        wizard=(partner.step, 3, 0),
        named=(partner.partner_name, NAME, ""),
        mail=(mails(f"wedding_ended:{context.partner.uid}:"), 0, 1),
    )


PART = a_step(
    "delete_local, two part",
    setup=lambda: two_of_them(ends_wedding=True),
    whole=parted,
)


def erased(context):
    payment = Payment.objects.get(pk=f"in_{context.operation}")
    return judge(
        user=(User.objects.filter(pk=context.user.pk).count(), 1, 0),
        profile=(Profile.objects.filter(pk=context.user.pk).count(), 1, 0),
        payment=(
            (payment.user_id, payment.tombstone_id),
            (context.user.pk, None),
            (None, context.user.uid),
        ),
        role=(Member.objects.get(user=context.partner).role, "partner", "owner"),
        named=(Profile.objects.get(user=context.partner).partner_name, NAME, ""),
        mail=(mails(f"wedding_is_yours:{context.partner.uid}:"), 0, 1),
    )


ERASE = a_step(
    "delete_local, the rest", setup=lambda: two_of_them(ends_wedding=False), whole=erased
)


def purged(context):
    saga = deletion(context)
    return judge(
        saga=(saga.state, "running", "completed"),
        secrets=(saga.secrets.count(), 1, 0),
        mail=(mails(f"left:{saga.uid}"), 0, 1),
        waiting=(mails(f"waiting:{context.user.uid}"), 1, 0),
    )


def to_be_purged():
    context = at_step(couple(address__verified=True), "verify")
    advance(context)
    SagaStep.objects.filter(saga=context.saga, name="verify").update(due_at=LONG_AGO)
    advance(context)
    OutboxMessage.objects.create(
        effect="accounts.mail",
        key=f"waiting:{context.user.uid}",
        payload={"user": str(context.user.uid)},
    )
    return context


PURGE = a_step("purge", setup=to_be_purged, whole=purged)


ASKING = [LEAVE, STAY]
STEPS = [FREEZE, THAW, SEAL, PART, ERASE, PURGE]
SCENARIOS = [*ASKING, *STEPS]
