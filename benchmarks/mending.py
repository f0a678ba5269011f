"""Repairs of many rows: plan, apply and undo, each against the one bare statement that mends them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection, transaction

from accounts.models import Profile, User
from benchmarks import population
from benchmarks.measure import Cell, Size, compare
from integrity.audit import Actor
from integrity.invariants import invariants
from integrity.models import RepairPlan
from integrity.repair import repairs
from integrity.repair.apply import apply, undo
from integrity.repair.approve import approve
from integrity.repair.plan import plan_repair

LARGE = 100_000
# Row by row, all of them would take minutes.
LOOPED = 500
ADA = Actor("operator", "ada", "measured", via="admin")
EVE = Actor("operator", "eve", "measured", via="admin")


@dataclass
class Mending:
    """A repair, and how it would be done without one.

    Args:
        damage: breaks the first so many rows of a table where nothing is broken.
        floor: the statement that mends them all.
    """

    title: str
    repair: str
    table: str
    damage: str
    floor: str
    count: int
    plans: list[RepairPlan] = field(default_factory=list)

    def cells(self) -> Iterator[Cell]:
        count, drop = self.count, _drop
        yield Cell("one bare statement", self.by_hand, count, self.break_rows)
        yield Cell("plan_repair()", self.plan, count, self.break_rows, drop)
        yield Cell("apply()", self.apply, count, self.prepare, drop)
        yield Cell(
            "end to end: plan, approve, apply, verify", self.mend, count, self.break_rows, drop
        )

    def break_rows(self, *, count: int | None = None) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(self.floor)
            cursor.execute(self.damage, {"count": self.count if count is None else count})
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {self.table}")
            cursor.execute("CHECKPOINT")

    def by_hand(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self.floor)
            assert cursor.rowcount == self.count

    def plan(self) -> None:
        plan = plan_repair(repair=self.repair, by=ADA)
        assert (plan.changes, plan.apply_refusal) == (self.count, "")
        self.plans.append(plan)

    def approve(self) -> None:
        plan = self.plans[-1]
        approve(plan=plan.uid, hash=plan.hash, by=EVE)

    def prepare(self) -> None:
        self.break_rows()
        self.plan()
        self.approve()

    def apply(self) -> None:
        done = apply(plan=self.plans[-1].uid, by=ADA)
        assert (done.applied, done.stale, done.verdict) == (self.count, 0, "holds")

    def mend(self) -> None:
        self.plan()
        self.approve()
        self.apply()

    def prepare_undo(self) -> None:
        self.prepare()
        self.apply()

    def undo(self) -> None:
        done = undo(plan=self.plans[-1].uid, by=ADA)
        assert (done.undone, done.conflicts) == (self.count, 0)
        declared = invariants.get(repairs.get(self.repair).invariant)
        assert declared.violations().count() == self.count


def run(size: Size) -> None:
    population.fill(size.users)
    _without_orphans(size.users)
    count = min(LARGE, size.users // 2)
    ghosts, drifted, miscounted = _ghosts(count), _drifted(count), _miscounted(count)
    loop = Cell("Django get_or_create(), row by row", _loop, min(LOOPED, count), ghosts.break_rows)
    _compare(ghosts, [*ghosts.cells(), loop], size)
    ghosts.break_rows(count=0)
    for each in (drifted, miscounted):
        back = Cell("undo()", each.undo, count, each.prepare_undo, _drop)
        _compare(each, [*each.cells(), back], size)
    population.forget()


def _compare(mending: Mending, cells: list[Cell], size: Size) -> None:
    compare(f"{mending.title.format(mending.count)}, per row", cells, rounds=size.rounds)


def _ghosts(count: int) -> Mending:
    return Mending(
        "Profiles for {:,} ghosts",
        "accounts.backfill_profiles",
        "accounts_profile",
        "DELETE FROM accounts_profile WHERE user_id <= %(count)s",
        """
        INSERT INTO accounts_profile (user_id, email, email_verified, date_joined)
        SELECT u.id, u.email, a.id IS NOT NULL, u.date_joined
        FROM accounts_user u
        LEFT JOIN account_emailaddress a
            ON a.user_id = u.id AND a.email = u.email AND a."primary" AND a.verified
        WHERE NOT EXISTS (SELECT FROM accounts_profile p WHERE p.user_id = u.id)
        """,
        count,
    )


def _drifted(count: int) -> Mending:
    return Mending(
        "{:,} drifted copies of an address",
        "accounts.copy_emails",
        "accounts_profile",
        "UPDATE accounts_profile SET email = 'old.' || email WHERE user_id <= %(count)s",
        """
        UPDATE accounts_profile p SET email = u.email FROM accounts_user u
        WHERE u.id = p.user_id AND u.email IS DISTINCT FROM p.email
        """,
        count,
    )


def _miscounted(count: int) -> Mending:
    return Mending(
        "{:,} wrong counters",
        "onboarding.recount_tasks",
        "accounts_weddingstats",
        "UPDATE accounts_weddingstats SET tasks_total = 9 WHERE wedding_id <= %(count)s",
        """
        UPDATE accounts_weddingstats s SET tasks_total = coalesce(t.tasks, 0)
        FROM accounts_wedding w
        LEFT JOIN (SELECT wedding_id, count(*) AS tasks FROM onboarding_task GROUP BY 1) t
            ON t.wedding_id = w.id
        WHERE w.id = s.wedding_id AND s.tasks_total IS DISTINCT FROM coalesce(t.tasks, 0)
        """,
        count,
    )


def _without_orphans(users: int) -> None:
    """What the population lacks is put right first, so that a repair meets its own rows alone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM accounts_profile WHERE user_id > %s", [users])
        cursor.execute("DELETE FROM account_emailaddress WHERE email LIKE 'other.%%'")
        cursor.execute(
            "INSERT INTO accounts_weddingstats (wedding_id) SELECT id FROM accounts_wedding"
            " ON CONFLICT DO NOTHING"
        )


def _drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE integrity_repairplan, integrity_finding, integrity_run CASCADE")


def _loop() -> None:
    made = 0
    for user in User.objects.filter(profile=None).order_by("pk")[:LOOPED]:
        values = {"email": user.email, "email_verified": True, "date_joined": user.date_joined}
        made += Profile.objects.get_or_create(user=user, defaults=values)[1]
    assert made
