"""Examinations of the machinery itself: is it all there, does it run, does what must hold hold."""

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from integrity import dashboard, schedule
from integrity.addresses import NotInstalled, addresses, is_usable
from integrity.alerts import EFFECT, SUBJECT_OF_TESTS, keys_of
from integrity.conf import config
from integrity.evaluate import evaluate
from integrity.examinations import Outcome, examination, failed, ok, skipped, unknown
from integrity.invariants.declare import Severity, invariants
from integrity.lifecycle import ALL
from integrity.models import Alert, Heartbeat, OutboxMessage, Run
from integrity.pending import known, pending
from integrity.runbooks import page_of, rollback_of
from integrity.saga.definition import sagas

OLDEST = 15
APART = timedelta(seconds=5)
CRON = "The machine's cron is to run: manage.py integrity sweep, watch, queued; outbox relay."


@examination("integrity.every_migration_is_applied", "Every migration is applied.")
def every_migration_is_applied() -> Outcome:
    missing = [".".join(each) for each in pending(connection)]
    if missing:
        return failed(f"not applied: {_few(missing)}", do="manage.py migrate")
    return ok(f"{len(known())} migrations")


@examination("integrity.the_server_is_new_enough", "PostgreSQL is 15 or newer.")
def the_server_is_new_enough() -> Outcome:
    version = _one("SELECT current_setting('server_version_num')::int / 10000")
    if version < OLDEST:
        return failed(f"PostgreSQL {version}", do=f"Upgrade to PostgreSQL {OLDEST} or newer.")
    return ok(f"PostgreSQL {version}")


@examination(
    "integrity.the_application_owns_no_table",
    "The application's role can't switch triggers off.",
)
def the_application_owns_no_table() -> Outcome:
    powers = _one(
        "SELECT concat_ws(' and ', CASE WHEN rolsuper THEN 'is superuser' END,"
        " CASE WHEN EXISTS (SELECT FROM pg_class WHERE relname = 'integrity_auditentry'"
        " AND pg_has_role(relowner, 'MEMBER')) THEN 'owns the tables' END)"
        " FROM pg_roles WHERE rolname = current_user"
    )
    if powers:
        return skipped(
            f"this role {powers}: right for migrate, too much for web and worker",
            do="Look again as the role of web and worker, which needs to own nothing.",
        )
    return ok("it reads and writes rows, no more")


@examination("integrity.the_clocks_agree", "This machine's clock and the database's agree.")
def the_clocks_agree() -> Outcome:
    theirs: datetime = _one("SELECT clock_timestamp()")
    apart = abs(timezone.now() - theirs)
    if apart > APART:
        return failed(f"{apart.total_seconds():.0f} s apart", do="Set them by NTP.")
    return ok("less than five seconds apart")


@examination(
    "integrity.every_trigger_is_there", "Every trigger is there, on, and as its migration left it."
)
def every_trigger_is_there() -> Outcome:
    promised = dashboard.triggers()
    astray = [f"{each.table}.{each.name} {each.became}" for each in promised if each.astray]
    if astray:
        return failed(_few(astray), do=_page("integrity.every_trigger_is_as_promised"))
    if not promised:
        return failed("no migration has promised one", do="manage.py migrate")
    return ok(f"{len(promised)} triggers")


@examination("integrity.what_is_critical_holds", "Every critical invariant holds now.")
def what_is_critical_holds() -> Outcome:
    names = [each.name for each in invariants if each.severity == Severity.CRITICAL]
    return holds(*names) if names else skipped("none is declared", do="Declare what must hold.")


@examination("integrity.the_schedule_is_whole", "Every task of the schedule is there and on.")
def the_schedule_is_whole() -> Outcome:
    if not apps.is_installed("django_celery_beat"):
        return skipped("django-celery-beat is not installed", do=CRON)
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")._default_manager
    on = set(tasks.filter(enabled=True).values_list("task", flat=True))
    wanted = {task for task, _ in (schedule.SEEDS | schedule.NIGHTLY).values()}
    if off := sorted(wanted - on):
        return failed(f"off or gone: {_few(off)}", do="Switch them on: the admin, Periodic tasks.")
    return ok(f"{len(wanted)} tasks")


@examination("integrity.the_processes_live", "Scheduler, worker and relay give signs of life.")
def the_processes_live() -> Outcome:
    if not Heartbeat.objects.exists():
        return skipped("no process is expected to", do=CRON)
    since = Now() - timedelta(seconds=config().silence)
    silent = Heartbeat.objects.filter(at__lt=since).order_by("name")
    if words := [f"{each.name} since {_when(each.at)}" for each in silent]:
        return failed(
            f"silent: {_few(words)}", do=_page("integrity.every_process_gives_signs_of_life")
        )
    return ok(", ".join(Heartbeat.objects.order_by("name").values_list("name", flat=True)))


@examination("integrity.a_sweep_was_made", "All of it was checked within the last 26 hours.")
def a_sweep_was_made() -> Outcome:
    done = Run.objects.filter(
        kind=Run.Kind.CHECK, scope=ALL, state=Run.State.SUCCEEDED, complete=True
    )
    last = done.order_by("-finished_at").first()
    do = "manage.py integrity sweep"
    if last is None or last.finished_at is None:
        return failed("never, or something was always unknown", do=do)
    if last.finished_at < timezone.now() - timedelta(seconds=config().sweep_overdue):
        return failed(f"last on {_when(last.finished_at)}", do=do)
    return ok(f"{last.status} on {_when(last.finished_at)}")


@examination("integrity.no_effect_was_given_up", "Every promised effect is delivered or waits.")
def no_effect_was_given_up() -> Outcome:
    dead = OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD)[:1000].count()
    if dead:
        return failed(f"{dead} given up", do=_page("integrity.no_effect_is_dead"))
    return ok("none is given up")


@examination("integrity.alerts_arrive", "A test alert has reached every address.")
def alerts_arrive() -> Outcome:
    told = addresses()
    if not told:
        return skipped(
            "no address is configured, so nobody is told of anything",
            do='Set INTEGRITY["ALERT_ADDRESSES"] (here: ALERT_ADDRESSES).',
        )
    try:
        unusable = [each.label for each in told if not is_usable(each)]
    except NotInstalled as error:
        return failed(str(error), do="pip install apprise")
    if unusable:
        return failed(f"not understood: {_few(unusable)}", do="Correct ALERT_ADDRESSES.")
    return _arrived([each.label for each in told])


def _arrived(labels: list[str]) -> Outcome:
    tests = Alert.objects.filter(changes__incident__subject=SUBJECT_OF_TESTS)
    last = tests.order_by("-pk").first()
    if last is None:
        return skipped("nobody has tried it", do="manage.py integrity doctor --alert")
    if late := [label for label in labels if label not in last.sent]:
        return _late(last, late)
    return ok(f"on {_when(last.created_at)}: {_few(labels)}. Has somebody read it?")


def _late(test: Alert, labels: list[str]) -> Outcome:
    what = f"the test of {_when(test.created_at)} has not reached {_few(labels)}"
    under_way = OutboxMessage.objects.filter(
        key__in=keys_of(test), state=OutboxMessage.State.LEASED, available_at__gt=Now()
    )
    if under_way.exists():
        return unknown(f"{what}; it is being delivered", do="Look again in a minute.")
    return failed(what, do=f"manage.py outbox list --effect {EFFECT}")


@examination(
    "integrity.every_step_has_a_page", "Every step of a saga has a page that says how it is undone."
)
def every_step_has_a_page() -> Outcome:
    names = [rollback_of(saga.kind, step.name) for saga in sagas for step in saga.steps]
    pages = [page_of(name) for name in dict.fromkeys(names)]
    if missing := [each.name for each in pages if not (each.text or each.address)]:
        return failed(f"not written: {_few(missing)}", do="Write what it does and its way back.")
    return (
        ok(f"{len(pages)} pages")
        if pages
        else skipped("no saga is declared", do="Nothing, unless there ought to be one.")
    )


def holds(*names: str) -> Outcome:
    """Whether these invariants hold, by a look that records nothing."""
    report = evaluate(names)
    if broken := [f"{each.invariant.name} ({each.count})" for each in report.having("broken")]:
        first = report.having("broken")[0].invariant.name
        return failed(f"broken: {_few(broken)}", do=_page(first))
    if doubtful := [f"{each.invariant.name}: {each.reason}" for each in report.having("unknown")]:
        return unknown(_few(doubtful), do=f"manage.py integrity check {' '.join(names)}")
    rows = max((each.rows or 0 for each in report.results), default=0)
    return ok(f"{len(names)} invariants, up to {rows:,} rows")


def _page(name: str) -> str:
    return f"manage.py integrity runbook {name}"


def _few(words: list[str], most: int = 3) -> str:
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" and {rest} more" if rest > 0 else "")


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"


def _one(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
