"""The operators' first pages with many findings, against the same pages with a handful."""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from benchmarks import population
from benchmarks.lifecycle import INSERT
from benchmarks.measure import Cell, Size, compare

FEW, MANY = 100, 100_000
# What an operator opens first: the page, and what is to be seen on it.
PAGES = {
    "The overview": ("admin:integrity_overview_changelist", "", "Integrity"),
    "The list of findings": ("admin:integrity_finding_changelist", "", "bench.row"),
    "The list, searched": ("admin:integrity_finding_changelist", "?q=bench.row:7", "bench.row:7"),
}
REQUESTS = 5


def run(size: Size) -> None:
    population.empty()
    client = Client(headers={"host": "localhost"})
    client.force_login(_operator())
    many = min(MANY, size.users)
    for title, (name, query, seen) in PAGES.items():
        visit = _visit(client, reverse(name) + query, seen)
        cells = [
            Cell(f"{count:,} findings", visit, REQUESTS, _have(count)) for count in (FEW, many)
        ]
        compare(f"{title}, per request", cells, rounds=size.rounds)
    _have(0)()
    population.empty()


def _operator() -> User:
    return User.objects.create_superuser(email="operator@bench.example", password="bench")


def _have(count: int) -> Callable[[], None]:
    def before() -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE integrity_finding")
            cursor.execute(INSERT, [count])
            cursor.execute("VACUUM (ANALYZE) integrity_finding")

    return before


def _visit(client: Client, address: str, seen: str) -> Callable[[], None]:
    def run() -> None:
        for _ in range(REQUESTS):
            answer = client.get(address, secure=not settings.DEBUG)
            assert answer.status_code == 200, answer
            assert seen in answer.content.decode()

    return run
