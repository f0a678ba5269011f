"""Replacing a set of interests under its lock, against doing it by hand and unsafely."""

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from accounts.models import User
from benchmarks import couples
from benchmarks.measure import Cell, Size, compare
from integrity.audit import SYSTEM
from onboarding.catalogue import INTEREST_SLUGS
from onboarding.interests import replace_interests
from onboarding.models import Interest

COUPLES = 50
TURNS = 4
COUNT = COUPLES * TURNS
SETS = (INTEREST_SLUGS[:4], INTEREST_SLUGS[2:6])
Replace = Callable[[User, Sequence[str]], None]


def run(size: Size) -> None:
    ways: list[tuple[str, Replace]] = [
        ("plain SQL: lock, then upsert and prune", _plain),
        ("Django upsert and prune, not locked (unsafe)", _unlocked),
        ("Django DELETE and INSERT, not locked (unsafe)", _delete_insert),
        ("replace_interests()", _replace),
    ]
    cells = [Cell(name, _turns(way), COUNT, _couples) for name, way in ways]
    compare("Replace a set of interests", cells, rounds=size.rounds)


def _couples() -> None:
    couples.clear()
    for _ in range(COUPLES):
        couples.insert()


def _turns(replace: Replace) -> Callable[[], None]:
    def run() -> None:
        users = list(User.objects.order_by("pk"))
        for turn in range(TURNS):
            for user in users:
                replace(user, SETS[turn % 2])
        left = set(Interest.objects.values_list("user_id", "category"))
        wanted = {(user.pk, slug) for user in users for slug in SETS[(TURNS - 1) % 2]}
        assert left == wanted

    return run


def _plain(user: User, wanted: Sequence[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM accounts_user WHERE id = %s FOR NO KEY UPDATE", [user.pk])
        cursor.execute(
            "WITH added AS (INSERT INTO onboarding_interest (user_id, category)"
            " SELECT %(user)s, unnest(%(wanted)s::text[]) ON CONFLICT DO NOTHING)"
            " DELETE FROM onboarding_interest"
            " WHERE user_id = %(user)s AND category <> ALL(%(wanted)s::text[])",
            {"user": user.pk, "wanted": list(wanted)},
        )


def _unlocked(user: User, wanted: Sequence[str]) -> None:
    rows = [Interest(user=user, category=slug) for slug in wanted]
    with transaction.atomic():
        Interest.objects.bulk_create(rows, ignore_conflicts=True)
        Interest.objects.filter(user=user).exclude(category__in=wanted).delete()


def _delete_insert(user: User, wanted: Sequence[str]) -> None:
    with transaction.atomic():
        Interest.objects.filter(user=user).delete()
        Interest.objects.bulk_create([Interest(user=user, category=slug) for slug in wanted])


def _replace(user: User, wanted: Sequence[str]) -> None:
    replace_interests(user=user, categories=wanted, by=SYSTEM)
