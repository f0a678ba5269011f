import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic

from accounts.actors import acting
from accounts.models import Profile
from integrity.audit import command_actor
from integrity.flows import AlreadyDone, Busy
from integrity.models import AuditEntry
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import TransactionRequired
from onboarding.catalogue import INTEREST_SLUGS
from onboarding.interests import (
    DuplicateInterests,
    InterestsNotSaved,
    NoInterests,
    TooFewInterests,
    TooManyInterests,
    UnknownInterests,
    replace_interests,
    set_interests,
    wanted_interests,
)
from onboarding.models import Interest
from tests.factories import CoupleFactory, OnboardedCoupleFactory
from tests.onboarding.breaking import assert_all_or_nothing, everything

pytestmark = pytest.mark.django_db(transaction=True)

OLD = {"music", "food", "flowers"}
NEW = ["food", "venue", "guests", "ceremony"]


@pytest.fixture
def user():
    return CoupleFactory(profile__step=2, interests=OLD)


def interests_of(user):
    return set(Interest.objects.filter(user=user).values_list("category", flat=True))


def replace(user, categories=NEW, operation=""):
    return replace_interests(user=user, categories=categories, by=acting(user), operation=operation)


def refuse(what, *, sqlstate="P0001"):
    """Let PostgreSQL itself refuse every INSERT, or every DELETE, of an interest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse BEFORE {what} ON onboarding_interest"
            " FOR EACH ROW EXECUTE FUNCTION refuse()"
        )


@pytest.fixture(autouse=True)
def refusals_end():
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS refuse ON onboarding_interest")


def test_the_new_set_replaces_the_old_one(user):
    saved = replace(user)
    assert interests_of(user) == set(NEW)
    assert saved.kept == ("food",)
    assert saved.added == ("venue", "guests", "ceremony")
    assert saved.removed == ("flowers", "music")
    assert not saved.prune_failed
    assert_every_invariant_holds("onboarding")


def test_what_is_kept_keeps_its_row(user):
    chosen_at = Interest.objects.get(user=user, category="food").chosen_at
    replace(user)
    assert Interest.objects.get(user=user, category="food").chosen_at == chosen_at


def test_another_user_keeps_theirs(user):
    other = CoupleFactory(profile__step=2, interests=OLD)
    replace(user)
    assert interests_of(other) == OLD


@pytest.mark.parametrize(
    ("categories", "error"),
    [
        ([], NoInterests),
        (["music", "food", "music"], DuplicateInterests),
        (["music", "food", "fireworks"], UnknownInterests),
        (["music", "food"], TooFewInterests),
        (["music", "food", "dress", "venue", "guests", "flowers"], TooManyInterests),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_by_name(user, categories, error):
    before = everything()
    with pytest.raises(error):
        replace(user, categories)
    assert everything() == before


def test_the_refusal_says_what_to_change(user):
    with pytest.raises(TooFewInterests, match=r"Choose at least 3\. You have chosen 2\."):
        replace(user, ["music", "food"])


def test_a_refused_insert_changes_nothing_and_says_so(user):
    before = everything()
    refuse("INSERT")
    with pytest.raises(InterestsNotSaved, match="Your old choices are in place"):
        replace(user)
    assert everything() == before


def test_a_refused_prune_keeps_the_new_ones_and_remembers_the_wanted_set(user, caplog):
    refuse("DELETE")
    saved = replace(user)
    assert saved.prune_failed
    assert saved.removed == ()
    assert interests_of(user) == OLD | set(NEW)
    assert wanted_interests(user) == [slug for slug in INTEREST_SLUGS if slug in NEW]
    assert [record.message for record in caplog.records if "prune" in record.message]


def test_the_next_save_prunes_what_was_left(user):
    refuse("DELETE")
    replace(user)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON onboarding_interest")
    saved = replace(user)
    assert interests_of(user) == set(NEW)
    assert saved.removed == ("flowers", "music")
    assert Profile.objects.get(user=user).interests_wanted is None


def test_all_ten_may_be_there_for_a_while_but_never_more(user):
    refuse("DELETE")
    replace(user, list(INTEREST_SLUGS[:5]))
    replace(user, list(INTEREST_SLUGS[5:]))
    assert interests_of(user) == set(INTEREST_SLUGS)
    assert wanted_interests(user) == list(INTEREST_SLUGS[5:])


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_a_lost_race_in_the_prune_runs_the_whole_again(user, sqlstate):
    before = everything()
    refuse("DELETE", sqlstate=sqlstate)
    with pytest.raises(Busy):
        replace(user)
    assert everything() == before


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_a_lost_race_in_the_insert_runs_the_whole_again(user, sqlstate):
    refuse("INSERT", sqlstate=sqlstate)
    with pytest.raises(Busy):
        replace(user)
    assert interests_of(user) == OLD


def test_a_connection_lost_in_the_prune_fails_the_whole(user):
    refuse("DELETE", sqlstate="08006")
    with pytest.raises(OperationalError):
        replace(user)
    assert interests_of(user) == OLD


def test_broken_at_any_statement_nothing_is_left(user):
    assert assert_all_or_nothing(lambda: replace(user, operation="once")) > 8


def test_the_user_is_locked_before_anything_is_read(user):
    with connection.execute_wrapper(recorded := Recorder()), atomic():
        set_interests(user=user, categories=NEW)
    assert "FOR NO KEY UPDATE" in recorded.statements[0]
    kinds = [sql.split()[0] for sql in recorded.statements[1:]]
    assert kinds == ["SELECT", "INSERT", "SAVEPOINT", "DELETE", "RELEASE", "UPDATE"]


class Recorder:
    def __init__(self):
        self.statements = []

    def __call__(self, execute, sql, params, many, context):
        self.statements.append(sql)
        return execute(sql, params, many, context)


def test_it_is_a_part_and_not_a_whole(user):
    with pytest.raises(TransactionRequired):
        set_interests(user=user, categories=NEW)


def test_a_second_click_is_already_done(user):
    replace(user, operation="click")
    with pytest.raises(AlreadyDone):
        replace(user, operation="click")


def test_a_couple_that_is_done_never_has_fewer_than_three():
    user = OnboardedCoupleFactory(interests=OLD)
    replace(user, ["dress", "venue", "guests"])
    assert interests_of(user) == {"dress", "venue", "guests"}


def test_every_change_makes_open_pages_stale(user):
    version = Profile.objects.get(user=user).version
    replace(user)
    assert Profile.objects.get(user=user).version > version


def test_an_operators_change_is_audited_with_counts_only(user):
    replace_interests(user=user, categories=NEW, by=command_actor("they asked by phone"))
    entry = AuditEntry.objects.get()
    assert entry.verb == "onboarding.interests_replaced"
    assert entry.subject.endswith(str(user.uid))
    assert entry.detail == {"kept": 1, "added": 3, "removed": 2, "prune_failed": False}


def test_pages_show_the_choice_in_the_catalogues_order(user):
    replace(user, ["venue", "music", "ceremony"])
    assert wanted_interests(user) == ["music", "venue", "ceremony"]
