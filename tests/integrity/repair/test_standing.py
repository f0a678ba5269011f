"""What can be done with a plan in each state of it and of its run, and how that is said."""

from datetime import UTC, datetime, timedelta

import pytest

from integrity.models import PlannedChange, RepairPlan, Run
from integrity.repair.standing import Standing, sentence
from integrity.repair.trial import LARGEST
from tests.integrity.admin.desk import repair_plan

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
IDLE = ("expired", "applied", "undone", "cancelled")


def of(state, *, run=None, at=NOON, **values):
    """How a plan that had to begin by noon stands at this time; nothing is stored."""
    made = {"needs_second_person": False, "irreversible": False, "expires_at": NOON}
    plan = RepairPlan(state=state, **made | {"changes": 9} | values)
    return Standing(plan, run, at)


def at_work(state, *, silent_for=timedelta(), **values):
    heartbeat = {"heartbeat_at": NOON - silent_for, "lease_until": NOON + MINUTE}
    return of("running", run=Run(state=state, **heartbeat | values))


def verbs(standing):
    return set(standing.verbs())


class TestWhatHasNotBegun:
    @pytest.mark.parametrize(("state", "verb"), [("draft", "approve"), ("approved", "apply")])
    def test_goes_on_until_it_is_too_old(self, state, verb):
        on_time, late = of(state), of(state, at=NOON + SECOND)

        assert (verbs(on_time), on_time.expired) == ({verb, "trial", "cancel"}, False)
        assert (verbs(late), late.expired) == (set(), True)
        assert sentence(late) == ("Nothing was changed. It had to begin by 12:00 UTC. Plan again.")

    def test_is_tried_out_only_as_far_as_locks_may_be_held(self):
        assert "trial" in verbs(of("draft", subjects=LARGEST))
        assert "trial" not in verbs(of("draft", subjects=LARGEST + 1))

    @pytest.mark.parametrize(
        ("second_person", "asked_for", "who"),
        [
            (True, True, "a second person"),
            (True, False, "an approval"),
            (False, True, "an approval"),
        ],
    )
    def test_says_who_approves_it(self, setting, second_person, asked_for, who):
        setting(SECOND_PERSON=asked_for)
        said = sentence(of("draft", needs_second_person=second_person))
        assert said.startswith(f"Nothing is changed yet. It waits for {who}")

    def test_says_that_its_first_row_was_refused(self):
        assert "refused by toy_promise" in sentence(of("draft", apply_refusal="toy_promise"))


class TestWhatIsAtWork:
    @pytest.mark.parametrize(
        ("run", "possible"),
        [
            (at_work("queued"), {"pause", "cancel"}),
            (at_work("queued", silent_for=timedelta(days=1)), {"pause", "cancel"}),
            (at_work("queued", lease_until=NOON), {"pause", "cancel"}),
            (at_work("queued", lease_until=NOON - SECOND), {"resume", "pause", "cancel"}),
            (at_work("queued", lease_until=None), {"resume", "pause", "cancel"}),
            (at_work("running"), {"pause", "cancel"}),
            (at_work("pausing"), {"cancel"}),
            (at_work("cancelling"), set()),
            (at_work("paused"), {"resume", "cancel"}),
            (at_work("paused", silent_for=timedelta(days=1)), {"resume", "cancel"}),
        ],
    )
    def test_is_stopped_and_goes_on(self, run, possible):
        assert verbs(run) == possible

    @pytest.mark.parametrize(
        ("state", "more"),
        [
            ("running", {"pause", "cancel", "force_pause"}),
            ("pausing", {"cancel", "force_pause"}),
            ("cancelling", set()),
        ],
    )
    def test_is_forced_once_it_is_silent_for_a_lease(self, setting, state, more):
        setting(RUN_LEASE=60.0)
        alive, silent = (
            at_work(state, silent_for=MINUTE),
            at_work(state, silent_for=MINUTE + SECOND),
        )

        assert not {"resume", "force_cancel", "force_pause"} & verbs(alive)
        assert verbs(silent) == {"resume", "force_cancel"} | more
        assert "gave no sign of life" in sentence(silent)

    def test_changes_by_itself_unless_it_is_paused_or_silent(self):
        assert all(at_work(state).working for state in ("queued", "running", "cancelling"))
        assert not at_work("paused").working
        assert not at_work("running", silent_for=timedelta(days=1)).working
        assert not of("applied").working

    @pytest.mark.parametrize(
        ("run", "said"),
        [
            (at_work("queued"), "It waits for a worker"),
            (at_work("queued", lease_until=None), "No worker took it"),
            (at_work("running"), "A worker is at it."),
            (at_work("pausing"), "asked to pause"),
            (at_work("cancelling"), "asked to give up"),
            (at_work("paused"), "Paused between two chunks"),
        ],
    )
    def test_says_what_its_run_does(self, run, said):
        assert said in sentence(run)


class TestWhatHasEnded:
    @pytest.mark.parametrize("state", ["running", "undoing", "failed"])
    def test_in_the_middle_is_resumed(self, state):
        ended = Run(state="failed", heartbeat_at=NOON - MINUTE, finished_at=NOON)
        standing = of(state, run=ended, applied=3)

        assert verbs(standing) == {"resume"}
        assert sentence(standing).startswith("It stopped after 3 of 9 changes, which are whole.")

    @pytest.mark.parametrize("state", IDLE)
    def test_offers_nothing_where_nothing_is_to_be_undone(self, state):
        assert verbs(of(state)) == set()

    def test_says_what_was_not_done(self):
        said = sentence(of("applied", applied=4, stale=2, failed=3, verdict="broken"))
        assert said == (
            "Done: 4 of 9 changes. Not done: 2 skipped, as the rows had changed since the plan,"
            " 3 refused by the database. The check after it found that the invariant is still"
            " broken. Plan again for the rest."
        )

    def test_that_was_given_up_says_what_stays(self):
        assert sentence(of("cancelled")) == "Given up before anything was changed."
        assert "What was done stays: 2 changes. They can't be" in sentence(
            of("cancelled", applied=2)
        )
        half = of("cancelled", applied=5, undone=1)
        assert sentence(half).startswith("Its undo stopped: 1 change was put back, and 4 stay.")


class TestUndoing:
    @pytest.mark.parametrize(
        ("verdict", "said"),
        [
            ("broken", "found that the invariant is broken."),
            ("holds", "found that the invariant holds."),
            ("unknown", "could not tell."),
            ("", "was not checked yet."),
        ],
    )
    def test_says_of_the_invariant_what_was_seen_and_no_more(self, verdict, said):
        words = sentence(of("undone", undone=2, conflicts=1, verdict=verdict))
        assert words.startswith("Undone: 2 changes were put back. Edited since, and left as they")
        assert said in words
        assert "again" not in words.replace("Check the invariant again", "")

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("state", "values", "possible"),
        [
            ("applied", {}, True),
            ("failed", {}, True),
            ("cancelled", {}, True),
            ("undone", {}, False),
            ("undoing", {}, False),
            ("applied", {"irreversible": True}, False),
            ("applied", {"undo_refusal": "toy_promise"}, False),
            ("applied", {"undo_until": None}, False),
            ("applied", {"undo_until": NOON}, True),
            ("applied", {"undo_until": NOON - SECOND}, False),
        ],
    )
    def test_is_possible_in_time_where_something_may_be_put_back(self, state, values, possible):
        plan = repair_plan(state, **{"undo_until": NOON} | values)
        row = {"subject": [1], "table": "toy_page", "key": {"id": 1}, "change": {}, "hash": b""}
        change = PlannedChange.objects.create(
            plan=plan, position=1, step=0, action="update", state="applied", **row
        )
        assert Standing(plan, None, NOON).undoable == possible

        change.state = "stale"
        change.save(update_fields=["state"])
        assert not Standing(plan, None, NOON).undoable
