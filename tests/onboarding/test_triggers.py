"""What the database refuses at COMMIT, whoever writes: plain SQL, one transaction each."""

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic

from accounts.models import Tombstone
from integrity.sqlstate import constraint_name
from onboarding.models import Interest
from tests.factories import CoupleFactory, OnboardedCoupleFactory
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)


def run(*statements):
    with atomic(), connection.cursor() as cursor:
        for sql, *params in statements:
            cursor.execute(sql, params)


def refused(*statements):
    with pytest.raises(IntegrityError) as caught:
        run(*statements)
    return constraint_name(caught.value) == "onboarding_interests_count"


DELETE = "DELETE FROM onboarding_interest WHERE user_id = %s"
INSERT = "INSERT INTO onboarding_interest (user_id, category) VALUES (%s, %s)"


def test_after_step_two_the_last_interest_stays():
    user = CoupleFactory(profile__step=2)
    assert refused((DELETE, user.pk))
    assert Interest.objects.filter(user=user).count() == 3


def test_after_step_two_one_interest_is_still_permitted():
    user = CoupleFactory(profile__step=2)
    run((DELETE + " AND category <> 'music'", user.pk))


def test_before_step_two_all_may_go():
    user = CoupleFactory(profile__step=1, interests=["music"])
    run((DELETE, user.pk))


def test_once_onboarded_three_stay():
    user = OnboardedCoupleFactory()
    assert refused((DELETE + " AND category = 'music'", user.pk))


def test_delete_then_insert_in_one_transaction_counts_at_its_end():
    user = OnboardedCoupleFactory()
    run((DELETE, user.pk), *[(INSERT, user.pk, slug) for slug in ("dress", "venue", "guests")])


def test_step_two_is_not_done_without_interests():
    user = CoupleFactory(profile__step=1)
    assert refused(("UPDATE accounts_profile SET step = 2 WHERE user_id = %s", user.pk))


def test_two_interests_are_not_enough_to_finish():
    user = CoupleFactory(profile__step=2, interests=["music", "food"])
    finish = "UPDATE accounts_profile SET step = 3, onboarded_at = now() WHERE user_id = %s"
    assert refused((finish, user.pk))


def test_interests_that_move_to_another_user_leave_three_behind():
    left, other = OnboardedCoupleFactory(), CoupleFactory(profile__step=1, interests=())
    move = "UPDATE onboarding_interest SET user_id = %s WHERE user_id = %s AND category = 'music'"
    assert refused((move, other.pk, left.pk))


def test_more_interests_than_the_catalogue_has_are_refused():
    user = CoupleFactory(profile__step=2)
    known = "ALTER TABLE onboarding_interest DROP CONSTRAINT onboarding_interest_known"
    with atomic(), connection.cursor() as cursor:
        cursor.execute(known)
        cursor.execute(
            "INSERT INTO onboarding_interest (user_id, category)"
            " SELECT %s, 'more' || n FROM generate_series(1, 8) AS n",
            [user.pk],
        )
        with pytest.raises(IntegrityError, match="has 11 interests"), atomic():
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.set_rollback(True)


def test_interests_are_not_truncated_while_couples_need_them():
    CoupleFactory(profile__step=2)
    assert refused(("TRUNCATE onboarding_interest",))


def test_a_user_goes_with_the_interests():
    user = OnboardedCoupleFactory()
    with atomic():
        wedding = user.membership.wedding
        Tombstone.objects.create(uid=user.uid)
        user.delete()
        wedding.delete()
    assert not Interest.objects.exists()


def test_two_who_prune_at_once_are_counted_one_after_the_other():
    """Each sees three of six left behind; together they would leave none."""
    first, second = ("music", "food", "flowers"), ("dress", "venue", "guests")
    user = OnboardedCoupleFactory(interests=first + second)
    prune = Interest.objects.filter(user=user, category__in=second).delete
    with rival() as ask, in_threads() as start:
        with atomic(), connection.cursor() as cursor:
            Interest.objects.filter(user=user, category__in=first).delete()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            other = start(prune)
            wait_for_a_blocked_session(ask)
        with pytest.raises(IntegrityError) as caught:
            other.result()
    assert constraint_name(caught.value) == "onboarding_interests_count"
    assert set(user.interests.values_list("category", flat=True)) == set(second)


def test_the_functions_are_hardened():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), bool_and(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'])"
            " FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid"
            " WHERE tgname LIKE 'pgtrigger_interests_%'"
        )
        assert cursor.fetchone() == (4, True)
