"""The drill catches the broken twin of each flow, and the interleaver that of each pair."""

from dataclasses import replace

import pytest

from integrity.drill.boundaries import AFTER
from integrity.drill.core import drill, rehearse, shoot
from integrity.drill.faults import FAULTS
from integrity.drill.interleave import interleave
from integrity.drill.observer import observer
from tests.drill import (
    pairs_accounts,
    pairs_billing,
    pairs_exporting,
    pairs_leaving,
    pairs_membership,
    pairs_onboarding,
    pairs_plan,
    twins,
)
from tests.drill.accounts import SIGN_UP, VERIFY
from tests.drill.breaking import READS, struck
from tests.drill.every import SCENARIOS
from tests.drill.wizard import REPLACE
from tests.extent import some

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
# One statement is all that they keep, so there is nothing to tear.
WHOLE_ANYWAY = {
    *("send_mail", "deliver_due", "reveal_person", "note_reveal", "note_verdict"),
    *("rehearse_sign_up", "settle_doubt", "end_unknown", "expire_invitations"),
    *("note_unsubscribed", "note_contact, too late", "note_identity, too late"),
}
# It reads through a cursor, which a commit half-way closes: torn, it doesn't get anywhere.
CANNOT_BE_TORN = {"delete_account, delete_local, the rest"}
# What it writes is meant to be rolled back: committed piece by piece, it needs no fault to be wrong.
NEVER_COMMITTED = {"try_out"}
TORN = [
    twins.torn(each)
    for each in SCENARIOS
    if each.name not in WHOLE_ANYWAY | NEVER_COMMITTED | CANNOT_BE_TORN
]


def after_a_write_first(boundaries):
    """Where a torn flow is half-made, so that few shots tell."""
    return sorted(boundaries, key=lambda each: each.when != AFTER or each.label.startswith(READS))


def is_half_made(shot):
    return any("half-made" in each or "invariant broken" in each for each in shot.problems)


@pytest.mark.parametrize("scenario", some(TORN, of=6), ids=lambda each: each.name)
def test_a_flow_without_its_transaction_is_caught(scenario):
    with twins.without_the_database_s_promises(), observer():
        boundaries, problems = rehearse(scenario)
        points = after_a_write_first(boundaries)
        shots = (shoot(scenario, FAULTS["raise"], each) for each in points)

        assert not problems, "broken even when nothing breaks: it would prove nothing"
        assert any(is_half_made(shot) for shot in shots)


@pytest.mark.parametrize("scenario", TORN[:2], ids=lambda each: each.name)
def test_the_part_that_is_struck_is_enough(scenario):
    with twins.without_the_database_s_promises(), observer():
        rehearsed = rehearse(scenario)
        shots = [
            shot
            for kind in ("raise", "exit", "terminate")
            for shot in drill(
                scenario, kind, points=struck(kind, rehearsed[0]), rehearsed=rehearsed
            ).shots
        ]

    assert any(is_half_made(shot) for shot in shots)


@pytest.mark.parametrize("name", sorted(NEVER_COMMITTED))
def test_what_is_never_committed_is_caught_without_a_fault(name):
    (scenario,) = [each for each in SCENARIOS if each.name == name]

    with twins.without_the_database_s_promises():
        _, problems = rehearse(twins.torn(scenario))

    assert problems


class TestTheSeedsOfBugs:
    def test_the_database_itself_refuses_three_autocommit_inserts(self):
        _, problems = rehearse(twins.torn(SIGN_UP))

        assert "has no wedding" in problems[0]

    def test_delete_then_insert_leaves_an_empty_set(self):
        twin = replace(REPLACE, name="delete then insert", act=twins.delete_then_insert)
        with twins.without_the_database_s_promises():
            report = drill(twin, "exit")

        assert "interests: ([], None)" in str(report.problems)
        assert "invariant broken: onboarding.interests_fit_the_step" in str(report.problems)

    @pytest.mark.parametrize("kind", ["exit", "terminate", "commit_lost"])
    def test_a_mail_in_on_commit_is_lost(self, kind):
        with twins.mail_in_on_commit():
            report = drill(VERIFY, kind)

        assert "welcome: not done" in str(report.problems), str(report)

    def test_exists_then_insert_shows_an_error_to_the_loser(self):
        with twins.exists_then_insert():
            report = interleave(pairs_accounts.SIGN_UP_RIVALS, until_a_problem=True)

        assert "IntegrityError" in str(report.problems), str(report)

    def test_without_an_operation_key_a_lost_answer_to_commit_is_no_success(self):
        with twins.without_the_claim():
            report = drill(SIGN_UP, "commit_lost")

        assert "the second try ended with EmailTaken" in str(report.problems), str(report)


class TestWithoutTheLock:
    def test_two_tabs_mix_their_interests(self):
        with twins.interests_unlocked():
            report = interleave(pairs_onboarding.TWO_TABS_INTERESTS, until_a_problem=True)

        assert "interests: (['ceremony', 'dress'" in str(report.problems), str(report)

    def test_two_people_miss_the_milestone(self):
        with twins.checklist_unlocked():
            report = interleave(pairs_onboarding.TICK_TWO, until_a_problem=True)

        assert report.problems


class TestEventsAndUse:
    def test_the_last_word_is_not_the_newest(self):
        with twins.last_word_wins():
            report = interleave(pairs_billing.EVENT_AND_OLDER, until_a_problem=True)

        assert "failed: True" in str(report.problems), str(report)

    def test_an_event_misses_its_owner(self):
        with twins.customer_not_held():
            report = interleave(pairs_billing.EVENT_AND_OWNER, until_a_problem=True)

        assert "left: ['no_owner']" in str(report.problems), str(report)

    def test_the_limit_is_passed_by_one(self):
        with twins.limit_looked_up():
            report = interleave(pairs_billing.LAST_TWICE, until_a_problem=True)

        assert "the answers were returned and returned" in str(report.problems), str(report)


class TestTwoClicksOnAPlan:
    def test_both_partners_are_asked_to_pay(self):
        with twins.wedding_not_held():
            report = interleave(pairs_plan.PARTNERS, until_a_problem=True)

        assert "the answers were returned and returned" in str(report.problems), str(report)

    def test_a_double_click_shows_an_error(self):
        with twins.without_the_claim():
            report = interleave(pairs_plan.DOUBLE_CLICK, until_a_problem=True)

        assert "OneAtATime" in str(report.problems), str(report)


def test_two_who_join_each_other_wait_in_a_circle_unless_both_lock_in_one_order():
    with twins.locked_as_they_come():
        report = interleave(pairs_membership.EACH_OTHER, until_a_problem=True)

    assert "retries: 1" in str(report.problems), str(report)


def test_a_hold_comes_between_the_last_look_and_the_seal_unless_the_account_is_held_for_both():
    with twins.seal_looks_unheld():
        report = interleave(pairs_leaving.HOLD_AND_SEAL, until_a_problem=True)

    assert "the answers were returned and returned" in str(report.problems), str(report)


def test_a_copy_tells_of_two_instants_unless_the_wedding_is_held():
    with twins.collected_unheld():
        report = interleave(pairs_exporting.COLLECT_AND_TICK, until_a_problem=True)

    assert "done: " in str(report.problems), str(report)
