"""A copy of somebody's data: asked for, each step of it that is taken in our own database, and its end."""

from django.test.utils import override_settings
from django.utils import timezone

from accounts.exporting.copies import KIND, ask_for_export, forget_exports
from accounts.models import Export, ExportPiece
from integrity.drill.core import Scenario
from integrity.models import Saga, SagaEvent
from integrity.saga.control import compensate
from tests.drill.facts import BY, audits, couple, judge, mails
from tests.drill.leaving import LONG_AGO, NO_VENDORS, a_step_of, claimed, go_on_to


def ask(context):
    with override_settings(**NO_VENDORS):
        return ask_for_export(user=context.user, by=BY, operation=context.operation)


def copy_of(context):
    return Saga.objects.filter(kind=KIND, subject=str(context.user.uid)).first()


def asked(context):
    saga = copy_of(context)
    return judge(
        saga=(int(saga is not None), 0, 1),
        steps=(saga.steps.count() if saga else 0, 0, 3),
        event=(SagaEvent.objects.filter(saga=saga, event="started").count() if saga else 0, 0, 1),
        audit=(audits(context.user), 0, 1),
    )


ASK = Scenario(
    name="ask_for_export",
    flows=("accounts.ask_for_export",),
    setup=lambda: couple(address__verified=True),
    act=ask,
    whole=asked,
)


def at_step(name):
    context = couple(address__verified=True)
    ask(context)
    claimed(context, copy_of(context))
    go_on_to(context, name)
    return context


def step_now(context, name):
    saga = copy_of(context)
    return saga.steps.get(name=name).status


def pieces(context, kind):
    return ExportPiece.objects.filter(export__user=context.user, kind=kind).count()


COLLECT = a_step_of(
    "export_data, collect",
    setup=lambda: at_step("collect"),
    whole=lambda context: judge(
        step=(step_now(context, "collect"), "pending", "done"),
        rows=(pieces(context, "rows"), 0, 1),
        counted=(Export.objects.get(user=context.user).collected > 0, False, True),
    ),
)


def with_an_older_one():
    context = at_step("write")
    context.old = an_old_one(context)
    return context


def an_old_one(context, *, expires_at=None):
    until = expires_at or timezone.now() + timezone.timedelta(days=1)
    old = Export.objects.create(
        saga=context.operation, user=context.user, ready_at=LONG_AGO, expires_at=until, size=1
    )
    ExportPiece.objects.create(export=old, kind="file", position=0, sealed=b"x")
    return old


def written(context):
    saga = copy_of(context)
    mine = Export.objects.filter(user=context.user)
    return judge(
        step=(step_now(context, "write"), "pending", "done"),
        saga=(saga.state, "running", "completed"),
        ready=(mine.filter(pk=saga.uid, ready_at__isnull=False).count(), 0, 1),
        old=(mine.filter(pk=context.old.pk).count(), 1, 0),
        rows=(pieces(context, "rows"), 1, 0),
        file=(ExportPiece.objects.filter(export=saga.uid, kind="file").count(), 0, 1),
        mail=(mails(f"export_ready:{saga.uid}"), 0, 1),
    )


WRITE = a_step_of("export_data, write", setup=with_an_older_one, whole=written)


def to_be_given_up():
    context = at_step("write")
    compensate(saga=copy_of(context).uid, by=BY)
    claimed(context, copy_of(context))
    go_on_to(context, "begin")
    return context


GIVE_UP = a_step_of(
    "export_data, begin, undone",
    setup=to_be_given_up,
    whole=lambda context: judge(
        step=(step_now(context, "begin"), "done", "undone"),
        saga=(copy_of(context).state, "compensating", "compensated"),
        row=(Export.objects.filter(user=context.user).count(), 1, 0),
        mail=(mails(f"export_failed:{copy_of(context).uid}"), 0, 1),
    ),
)


def outlived():
    context = couple()
    an_old_one(context, expires_at=LONG_AGO)
    return context


FORGET = Scenario(
    name="forget_exports",
    flows=("accounts.forget_exports",),
    setup=outlived,
    act=lambda context: forget_exports(),
    whole=lambda context: judge(
        row=(Export.objects.filter(user=context.user).count(), 1, 0),
        pieces=(pieces(context, "file"), 1, 0),
    ),
)

STEPS = [COLLECT, WRITE, GIVE_UP]
ASKING = [ASK, FORGET]
SCENARIOS = [*ASKING, *STEPS]
