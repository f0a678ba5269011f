from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Wedding
from onboarding.days import day_in, days_left, streak_on, time_zones, today_at, zone_of

TODAY = date(2026, 11, 20)


def test_the_day_is_the_one_of_the_zone():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert day_in("Pacific/Auckland", at=late) == date(2026, 11, 21)
    assert day_in("America/Los_Angeles", at=late) == date(2026, 11, 20)


@pytest.mark.parametrize("name", ["", "Nowhere/Atlantis", "../etc/passwd", "UTC\0"])
def test_an_unknown_zone_counts_as_utc(name):
    assert zone_of(name).key == "UTC"


def test_the_zones_to_choose_from_are_places():
    assert time_zones()[0] == "UTC"
    assert "Europe/Oslo" in time_zones()
    assert "US/Pacific" not in time_zones()


def test_days_left_counts_from_today_where_the_wedding_is():
    wedding = Wedding(time_zone="Pacific/Auckland")
    assert days_left(wedding) is None
    wedding.date = today_at(wedding) + timedelta(days=12)
    assert days_left(wedding) == 12
    wedding.date = today_at(wedding) - timedelta(days=1)
    assert days_left(wedding) == -1


@pytest.mark.parametrize(
    ("last", "days", "streak"),
    [
        (None, 0, 1),
        (TODAY, 3, 3),
        (TODAY, 0, 1),
        (TODAY - timedelta(days=1), 3, 4),
        (TODAY - timedelta(days=2), 3, 1),
        (TODAY + timedelta(days=1), 3, 3),
    ],
)
def test_a_streak_grows_day_by_day_and_starts_over_after_a_gap(last, days, streak):
    assert streak_on(TODAY, last=last, days=days) == streak
