"""The drill catches each wrong twin and passes each right write; else it would prove nothing."""

import threading
from dataclasses import replace

import pytest
from django.db import OperationalError

from integrity.drill.boundaries import COMMIT
from integrity.drill.core import NOT_REACHED, drill, rehearse
from integrity.drill.faults import KINDS
from integrity.flows import AlreadyDone, Busy
from tests.integrity.drill import toys

pytestmark = pytest.mark.django_db(transaction=True)


def states(report):
    return {shot.state for shot in report.shots if shot.problems}


class TestARightWritePassesEveryKind:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "scenario", [toys.RIGHT_SIGN_UP, toys.RIGHT_REPLACE], ids=lambda each: each.name
    )
    def test_it_is_all_or_nothing(self, scenario, kind):
        report = drill(scenario, kind)

        assert not report.problems, str(report)
        assert report.shots


class TestABrokenTwinIsCaught:
    @pytest.mark.parametrize("kind", ["raise", "exit", "terminate"])
    def test_three_autocommit_inserts_leave_a_ghost_user(self, kind):
        report = drill(toys.signing_up(toys.three_autocommit_inserts), kind)

        assert "1 users, 0 profiles, 0 mails" in states(report), str(report)

    @pytest.mark.parametrize("kind", ["raise", "exit", "terminate"])
    def test_delete_then_insert_leaves_a_short_set(self, kind):
        report = drill(toys.replacing(toys.delete_then_insert), kind)

        assert {"interests ()", "interests ('d',)"} <= states(report), str(report)

    @pytest.mark.parametrize("kind", ["raise", "exit", "terminate", "commit_lost"])
    def test_a_mail_sent_in_on_commit_is_lost(self, kind):
        report = drill(toys.signing_up(toys.mail_in_on_commit), kind)

        assert "1 users, 1 profiles, 0 mails" in states(report), str(report)

    def test_atomic_alone_reports_success_for_what_was_never_committed(self):
        report = drill(toys.signing_up(toys.atomic_alone), "close")

        assert any("success was reported" in problem for problem in report.problems), str(report)

    def test_its_parts_together_are_the_whole(self):
        parts = [drill(toys.RIGHT_SIGN_UP, "raise", part=(each, 2)) for each in range(2)]

        struck = [shot.boundary.number for part in parts for shot in part.shots]
        whole = [shot.boundary.number for shot in drill(toys.RIGHT_SIGN_UP, "raise").shots]
        assert sorted(struck) == whole
        assert all(part.shots for part in parts)

    def test_atomic_alone_does_not_run_again_after_a_lost_race(self):
        report = drill(toys.signing_up(toys.atomic_alone), "conflict", points=[3])

        assert "a flow runs again after it" in str(report.problems)

    @pytest.mark.parametrize("kind", ["raise", "commit_lost"])
    def test_without_an_operation_key_the_second_try_meets_the_first(self, kind):
        report = drill(toys.signing_up(toys.atomic_alone), kind)

        assert any("the second try ended with" in problem for problem in report.problems)


class TestItIsHardToPleaseAboutWhatTheCallerWasTold:
    def test_busy_after_a_write_is_a_problem(self):
        def act(couple):
            try:
                toys.insert_mail(couple.email)
                toys.insert_mail(couple.email)
            except OperationalError as error:
                raise Busy from error

        report = drill(toys.signing_up(act), "raise", points=[3])

        assert "Busy promises that nothing was changed" in report.problems[-2]

    def test_already_done_for_what_is_not_there_is_a_problem(self):
        def act(couple):
            raise AlreadyDone

        problems = rehearse(toys.signing_up(act))[1]

        assert "success was reported, and the state is: nothing" in problems

    def test_a_programming_error_on_the_way_out_is_no_honest_answer(self):
        def act(couple):
            try:
                toys.RIGHT_SIGN_UP.act(couple)
            except OperationalError as error:
                raise KeyError("request") from error

        report = drill(toys.signing_up(act), "raise", points=[3])

        assert any("no honest answer: KeyError" in problem for problem in report.problems)

    def test_a_broken_invariant_is_a_problem_unless_the_state_excuses_it(self):
        broken = replace(toys.RIGHT_REPLACE, invariants=lambda: ["toy.holds"])
        excused = replace(broken, excused=lambda couple: ["toy.holds"])

        assert "invariant broken: toy.holds" in str(drill(broken, "raise", points=[1]).problems)
        assert not drill(excused, "raise", points=[1]).problems


class TestThePlan:
    def test_a_point_that_is_never_reached_is_a_problem(self):
        runs = []

        def shrinking(couple):
            runs.append(couple)
            toys.insert_mail(couple.email)
            if len(runs) < 5:
                toys.insert_mail(couple.email)

        report = drill(toys.signing_up(shrinking), "raise", points=[4])

        assert NOT_REACHED in report.shots[0].problems

    def test_a_point_beyond_the_plan_is_refused(self):
        with pytest.raises(IndexError):
            drill(toys.RIGHT_SIGN_UP, "raise", points=[999])

    def test_it_covers_statements_the_commit_and_the_hooks_on_both_sides(self):
        boundaries, problems = rehearse(toys.RIGHT_SIGN_UP)

        assert not problems
        assert "before INSERT toy_profile" in map(str, boundaries)
        assert "after commit hooks" in map(str, boundaries)
        assert [each.number for each in boundaries] == list(range(1, len(boundaries) + 1))

    def test_a_submission_is_tried_until_it_is_saved(self):
        submitted = []

        def act(couple):
            submitted.append(couple.operation)
            toys.RIGHT_SIGN_UP.act(couple)

        report = drill(replace(toys.RIGHT_SIGN_UP, act=act), "raise")

        changed_nothing = [shot for shot in report.shots if shot.state == "nothing"]
        tries = {operation: submitted.count(operation) for operation in submitted}
        assert max(tries.values()) == len(changed_nothing) + 2
        assert not report.problems

    def test_the_answer_to_each_commit_is_lost_once(self):
        report = drill(toys.RIGHT_SIGN_UP, "commit_lost")

        assert [shot.boundary.label for shot in report.shots] == [COMMIT]
        assert report.shots[0].state == "all"

    def test_a_shot_names_the_line_that_repeats_it(self):
        report = drill(toys.signing_up(toys.three_autocommit_inserts), "exit", points=[3])

        assert (
            "three_autocommit_inserts --kind exit --point 3:"
            " half-made: 1 users, 0 profiles, 0 mails" in report.problems
        )
        assert "before INSERT toy_profile" in str(report)


def test_it_forks_beside_other_threads():
    end = threading.Event()
    beside = threading.Thread(target=end.wait)
    beside.start()
    try:
        assert not drill(toys.RIGHT_REPLACE, "exit", points=[3]).problems
    finally:
        end.set()
        beside.join()
