"""What the database's own promises cost a sign-up: the profile's trigger, the checks at COMMIT."""

from benchmarks import couples
from benchmarks.measure import Cell, Size, compare

COUNT = 500


def run(size: Size) -> None:
    cells = [
        Cell(
            "without triggers, profile by hand",
            _by_hand,
            COUNT,
            couples.without_triggers,
            couples.with_triggers,
        ),
        Cell("with triggers: profile, sync, checks at COMMIT", _by_trigger, COUNT, couples.clear),
    ]
    compare("A couple's rows in plain SQL, one transaction", cells, rounds=size.rounds)


def _by_hand() -> None:
    for _ in range(COUNT):
        couples.insert(profile=True)
    couples.expect(COUNT, "accounts_profile")


def _by_trigger() -> None:
    for _ in range(COUNT):
        couples.insert()
    couples.expect(COUNT, "accounts_profile")
