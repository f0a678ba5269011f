"""What COMMIT refuses: a part without its whole, a whole without its parts."""

import datetime

import pytest

from accounts.models import (
    Address,
    Kind,
    Member,
    Profile,
    Tombstone,
    User,
    Wedding,
    WeddingStats,
)
from integrity.drill.interleave import Pair, interleave
from integrity.evaluate import evaluate
from tests.database import (
    check_deferred,
    committed,
    execute,
    refused_as,
    rival,
    triggers_off,
    waits_for_a_lock,
)
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db

NO_PROFILE = "accounts_user_has_a_profile"
NO_WEDDING = "accounts_couple_has_a_wedding"
NO_MEMBER = "accounts_open_wedding_has_a_member"
NO_STATS = "accounts_wedding_has_stats"


def insert_operator() -> int:
    sql = "INSERT INTO accounts_user (email, kind) VALUES ('eve@example.com', 'operator')"
    return execute(f"{sql} RETURNING id")[0][0]


def bury_all() -> None:
    Tombstone.objects.bulk_create(Tombstone(uid=user.uid) for user in User.objects.all())


class TestAtCommitAUserIsWhole:
    def test_a_user_without_a_profile_is_refused(self):
        (sync,) = execute(
            "SELECT tgname FROM pg_trigger WHERE tgname LIKE '%%profile_follows_user%%'"
        )[0]
        execute(f"ALTER TABLE accounts_user DISABLE TRIGGER {sync}")

        with refused_as(NO_PROFILE):
            insert_operator()

    def test_a_profile_is_not_removed_alone(self):
        OperatorFactory()

        with refused_as(NO_PROFILE):
            execute("DELETE FROM accounts_profile")

    def test_a_profile_does_not_move_to_another_user(self):
        OperatorFactory()
        other = insert_operator()
        with triggers_off("accounts_profile"):
            Profile.objects.filter(user=other).delete()

        with refused_as(NO_PROFILE):
            Profile.objects.update(user=other)

    def test_a_user_who_gets_another_key_needs_a_profile_under_it(self):
        user = insert_operator()

        with refused_as(NO_PROFILE):
            execute("DELETE FROM accounts_profile")
            execute("UPDATE accounts_user SET id = id + 1000 WHERE id = %s", user)

    def test_profiles_are_not_emptied_while_there_are_users(self):
        OperatorFactory()
        with refused_as(NO_PROFILE):
            execute("TRUNCATE accounts_profile")

    def test_a_couple_without_a_wedding_is_refused(self):
        with refused_as(NO_WEDDING):
            execute("INSERT INTO accounts_user (email) VALUES ('ada@example.com')")

    def test_an_operator_does_not_become_a_couple_without_a_wedding(self):
        OperatorFactory(is_staff=False, is_superuser=False)

        with refused_as(NO_WEDDING):
            User.objects.update(kind=Kind.COUPLE)

    def test_a_membership_is_not_removed_alone(self):
        CoupleFactory(wedding=CoupleFactory().membership.wedding)

        with refused_as(NO_WEDDING):
            execute("DELETE FROM accounts_member WHERE role = 'partner'")

    def test_a_membership_does_not_move_to_another_user(self):
        CoupleFactory()
        operator = OperatorFactory()

        with refused_as(NO_WEDDING):
            Member.objects.update(user=operator)

    def test_members_are_not_emptied_while_there_are_couples(self):
        CoupleFactory()
        with refused_as(NO_WEDDING):
            execute("TRUNCATE accounts_member")

    def test_users_are_not_emptied_while_there_are_open_weddings(self):
        CoupleFactory()

        with refused_as(NO_MEMBER):
            execute("TRUNCATE accounts_user CASCADE")

    def test_a_user_who_goes_with_all_that_is_theirs_may_go(self):
        user = OnboardedCoupleFactory()

        with committed():
            wedding = user.membership.wedding
            Tombstone.objects.create(uid=user.uid)
            user.delete()
            wedding.delete()

        assert not Profile.objects.exists()


class TestAtCommitAWeddingIsWhole:
    @pytest.fixture
    def wedding(self):
        return CoupleFactory().membership.wedding

    def test_a_wedding_without_stats_is_refused(self):
        with refused_as(NO_STATS):
            execute("INSERT INTO accounts_wedding DEFAULT VALUES")

    def test_an_open_wedding_without_a_member_is_refused(self):
        with refused_as(NO_MEMBER):
            WeddingStats.objects.create(wedding=Wedding.objects.create())

    def test_a_closed_wedding_may_be_empty_but_has_stats(self):
        closed = {"status": "closed", "closed_at": datetime.datetime.now(datetime.UTC)}
        with committed():
            WeddingStats.objects.create(wedding=Wedding.objects.create(**closed))
        with refused_as(NO_STATS):
            Wedding.objects.create(**closed)

    def test_an_empty_wedding_is_not_opened(self):
        closed = {"status": "closed", "closed_at": datetime.datetime.now(datetime.UTC)}
        WeddingStats.objects.create(wedding=Wedding.objects.create(**closed))

        with refused_as(NO_MEMBER):
            Wedding.objects.update(status="open", closed_at=None)

    def test_stats_are_not_removed_alone(self, wedding):
        with refused_as(NO_STATS):
            WeddingStats.objects.all().delete()

    def test_stats_do_not_move_to_another_wedding(self, wedding):
        with refused_as(NO_STATS):
            other = Wedding.objects.create(status="closed", closed_at=wedding.created_at)
            WeddingStats.objects.update(wedding=other)

    def test_stats_are_not_emptied_while_there_are_weddings(self, wedding):
        with refused_as(NO_STATS):
            execute("TRUNCATE accounts_weddingstats")

    def test_the_last_member_does_not_leave_an_open_wedding(self, wedding):
        other = CoupleFactory().membership.wedding

        with refused_as(NO_MEMBER):
            Member.objects.filter(wedding=wedding).update(wedding=other, role="partner")

    def test_the_last_member_may_leave_while_the_wedding_closes(self, wedding):
        other = CoupleFactory().membership.wedding

        with committed():
            Member.objects.filter(wedding=wedding).update(wedding=other, role="partner")
            execute(
                "UPDATE accounts_wedding SET status = 'closed', closed_at = now() WHERE id = %s",
                wedding.pk,
            )

    def test_a_user_does_not_go_alone_and_leave_an_open_wedding(self, wedding):
        bury_all()
        with refused_as(NO_MEMBER):
            User.objects.all().delete()

    def test_a_wedding_does_not_go_alone(self, wedding):
        with refused_as(NO_WEDDING):
            wedding.delete()

    def test_a_wedding_that_gets_another_key_needs_its_parts_under_it(self, wedding):
        with refused_as(NO_STATS):
            WeddingStats.objects.all().delete()
            bury_all()
            User.objects.all().delete()
            execute("UPDATE accounts_wedding SET id = id + 1000")


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    """Each alone leaves a whole; one waits for the other, and then sees what it did."""

    def test_two_members_do_not_both_leave_a_wedding(self):
        wedding = CoupleFactory().membership.wedding
        CoupleFactory(wedding=wedding)
        elsewhere, yonder = (CoupleFactory().membership.wedding for _ in range(2))
        leave = (
            "UPDATE accounts_member SET wedding_id = {}, role = 'partner'"
            " WHERE wedding_id = {} AND role = '{}'"
        ).format
        with rival() as other:
            other.execute(leave(elsewhere.pk, wedding.pk, "owner"))
            with refused_as(NO_MEMBER):
                execute(leave(yonder.pk, wedding.pk, "partner"))
                other.check_deferred()
                assert waits_for_a_lock(check_deferred)
                other.commit()

    def test_a_membership_does_not_go_while_its_user_becomes_a_couple(self):
        operator = OperatorFactory(is_staff=False, is_superuser=False)
        wedding = CoupleFactory().membership.wedding
        Member.objects.create(user=operator, wedding=wedding, role="partner")
        with rival() as other:
            other.execute("UPDATE accounts_user SET kind = 'couple'")
            other.check_deferred()
            with refused_as(NO_WEDDING):
                Member.objects.filter(user=operator).delete()
                assert waits_for_a_lock(check_deferred)
                other.commit()

    def test_an_email_and_its_verified_flag_change_together(self):
        def change_email(user):
            with committed():
                User.objects.filter(pk=user.pk).update(email=f"new-{user.email}")

        def verify(user):
            Address.objects.filter(user=user).update(verified=True)

        report = interleave(
            Pair(
                name="e-mail against verification",
                setup=lambda: OperatorFactory(address__verified=False),
                first=change_email,
                second=verify,
                verdict=lambda user, *answers: "; ".join(
                    str(answer.error) for answer in answers if answer.error
                ),
                invariants=lambda: [
                    each.invariant.name
                    for each in evaluate(["accounts.profile_knows_whether_verified"]).results
                    if each.result != "holds"
                ],
            )
        )

        assert report.schedules
        assert not report.problems
