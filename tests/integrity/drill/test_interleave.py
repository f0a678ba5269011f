"""The interleaver finds the races of each wrong twin, and none in the right writes."""

import pytest

from integrity.drill.interleave import Pair, interleave
from tests.integrity.drill import toys

pytestmark = pytest.mark.django_db(transaction=True)


class TestARace:
    def test_exists_then_insert_makes_two(self):
        report = interleave(toys.rivals(toys.exists_then_insert, "toy_guest"))

        assert "2 rows" in str(report.problems), str(report)

    def test_two_tabs_without_a_lock_on_the_parent_mix_their_sets(self):
        report = interleave(toys.two_tabs(toys.replace_unlocked))

        assert "interests ('d', 'e', 'f', 'g', 'h', 'i')" in str(report.problems), str(report)


class TestARightWrite:
    @pytest.mark.parametrize(
        "pair",
        [toys.rivals(toys.insert_unless_there, "toy_rival"), toys.two_tabs(toys.replace)],
        ids=lambda pair: pair.name,
    )
    def test_no_schedule_breaks_it(self, pair):
        report = interleave(pair)

        assert not report.problems, str(report)
        assert {schedule.stopped for schedule in report.schedules} == {"first", "second"}

    def test_the_schedules_show_who_had_to_wait(self):
        waited = {
            str(schedule.boundary): schedule.waited
            for schedule in interleave(toys.two_tabs(toys.replace)).schedules
        }

        assert not waited["before SELECT toy_user"]
        assert waited["before INSERT toy_interest"]
        assert waited["before COMMIT"]
        assert "before commit hooks" not in waited


def test_an_error_of_one_side_reaches_the_verdict():
    seen = []

    def verdict(couple, first, second):
        seen.append((str(first), str(second)))
        return ""

    def insert(couple):
        toys.run("INSERT INTO toy_rival VALUES (%s)", couple.email)

    interleave(
        Pair(
            name="insert",
            setup=toys.stranger,
            first=insert,
            second=insert,
            verdict=verdict,
            invariants=toys.no_invariants,
        )
    )

    assert seen == [("IntegrityError", "returned"), ("returned", "IntegrityError")]
