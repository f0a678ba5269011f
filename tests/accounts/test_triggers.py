"""What the database does by itself, seen by raw SQL; see also test_triggers_at_commit.py."""

import datetime

import pgtrigger
import pytest
from django.db import Error, connection
from django.db.transaction import atomic

from accounts.errors import named_violation
from accounts.models import Address, Kind, Profile, User
from tests.database import check_deferred, committed, execute, refused_as, triggers_off
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db


def insert_operator(email: str = "ada@example.com", joined: str = "2020-02-02T12:00Z") -> int:
    sql = (
        "INSERT INTO accounts_user (email, kind, date_joined)"
        " VALUES (%s, 'operator', %s) RETURNING id"
    )
    return execute(sql, email, joined)[0][0]


class TestAProfileFollowsItsUser:
    def test_a_raw_insert_is_followed_by_a_profile(self):
        with committed():
            profile = Profile.objects.get(user_id=insert_operator())

        assert (profile.email, profile.email_verified) == ("ada@example.com", False)
        assert profile.date_joined == datetime.datetime(2020, 2, 2, 12, tzinfo=datetime.UTC)
        assert (profile.step, profile.sync_conflicts) == (0, 0)

    def test_copy_is_followed_by_profiles(self):
        rows = [(f"ada{n}@example.com", "operator") for n in range(100)]
        copy_in = "COPY accounts_user (email, kind) FROM STDIN"
        with committed(), connection.cursor() as cursor, cursor.copy(copy_in) as copy:
            for row in rows:
                copy.write_row(row)

        assert set(Profile.objects.values_list("email", flat=True)) == {row[0] for row in rows}

    def test_bulk_create_is_followed_by_profiles(self):
        users = [User(email=f"ada{n}@example.com", kind=Kind.OPERATOR) for n in range(3)]
        with committed():
            User.objects.bulk_create(users)

        assert Profile.objects.filter(user__in=users).count() == 3

    def test_every_change_of_the_email_arrives(self):
        user = OperatorFactory(email="ada@example.com")

        User.objects.filter(pk=user.pk).update(email="eve@example.com")
        assert Profile.objects.get(user=user).email == "eve@example.com"
        execute("UPDATE accounts_user SET email = 'bob@example.com'")
        profile = Profile.objects.get(user=user)
        assert (profile.email, profile.sync_conflicts) == ("bob@example.com", 0)

    def test_a_save_of_the_user_heals_a_missing_profile(self):
        user = OperatorFactory()
        with triggers_off("accounts_profile"):
            Profile.objects.all().delete()

        user.save()

        profile = Profile.objects.get(user=user)
        assert (profile.email, profile.email_verified) == (user.email, True)
        assert (profile.date_joined, profile.sync_conflicts) == (user.date_joined, 0)

    def test_a_profile_that_is_right_already_is_not_written_again(self):
        user = OperatorFactory()
        version = "SELECT xmin, ctid FROM accounts_profile"
        before = execute(version)

        user.save()

        assert execute(version) == before

    def test_a_profile_that_was_there_first_is_kept_corrected_and_counted(self):
        long_ago = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
        with committed():
            Profile.objects.create(
                user_id=4711, name="Ada", email="old@example.com", date_joined=long_ago
            )
            execute(
                "INSERT INTO accounts_user (id, email, kind)"
                " VALUES (4711, 'ada@example.com', 'operator')"
            )

        profile = Profile.objects.get()
        assert (profile.name, profile.date_joined) == ("Ada", long_ago)
        assert (profile.email, profile.sync_conflicts) == ("ada@example.com", 1)

    def test_a_trigger_that_fires_twice_makes_one_profile_and_a_counted_conflict(self):
        (function,) = execute(
            "SELECT tgfoid::regproc FROM pg_trigger WHERE tgname LIKE '%%profile_follows_user%%'"
        )[0]
        execute(
            "CREATE TRIGGER zz_again AFTER INSERT ON accounts_user"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
        with committed():
            insert_operator()

        assert Profile.objects.get().sync_conflicts == 1

    def test_a_trigger_that_fails_aborts_under_its_name(self):
        execute("ALTER TABLE accounts_profile RENAME COLUMN email_verified TO is_verified")

        with pytest.raises(Error) as failed, atomic():
            insert_operator()

        assert named_violation(failed.value) == "profile_follows_user"
        assert not User.objects.exists()

    def test_a_profile_that_refuses_its_row_aborts_under_the_name_of_the_constraint(self):
        execute("ALTER TABLE accounts_profile ADD CONSTRAINT no_adas CHECK (email !~ 'ada')")

        with refused_as("no_adas"):
            insert_operator()


class TestTheVerifiedFlagFollowsTheAddresses:
    @pytest.fixture
    def user(self):
        return OperatorFactory(email="ada@example.com", address__verified=False)

    def is_verified(self, user):
        return Profile.objects.get(user=user).email_verified

    def test_it_begins_unverified(self, user):
        assert not self.is_verified(user)

    def test_a_verified_address_that_is_inserted_counts(self):
        with committed():
            user = OperatorFactory(address__verified=True)

        assert self.is_verified(user)

    def test_verifying_and_unverifying_count(self, user):
        Address.objects.update(verified=True)
        assert self.is_verified(user)
        Address.objects.update(verified=False)
        assert not self.is_verified(user)

    def test_removing_the_address_counts(self, user):
        Address.objects.update(verified=True)

        execute("DELETE FROM account_emailaddress")

        assert not self.is_verified(user)

    def test_emptying_the_table_counts(self, user):
        Address.objects.update(verified=True)
        check_deferred()

        execute("TRUNCATE account_emailaddress CASCADE")

        assert not self.is_verified(user)

    def test_only_the_primary_address_counts(self, user):
        Address.objects.update(verified=True, primary=False)
        assert not self.is_verified(user)
        Address.objects.update(primary=True)
        assert self.is_verified(user)

    def test_only_the_users_own_email_counts(self, user):
        Address.objects.update(verified=True, email="eve@example.com")
        assert not self.is_verified(user)
        User.objects.update(email="eve@example.com")
        assert self.is_verified(user)
        User.objects.update(email="bob@example.com")
        assert not self.is_verified(user)

    def test_an_address_that_moves_counts_for_both_users(self, user):
        other = OperatorFactory(email="eve@example.com", address__verified=True)
        Address.objects.filter(user=user).delete()

        Address.objects.update(user=user, email="ada@example.com")

        assert (self.is_verified(user), self.is_verified(other)) == (True, False)

    def test_an_address_that_was_there_before_its_user_counts(self):
        with committed():
            Address.objects.create(
                user_id=4711, email="ada@example.com", primary=True, verified=True
            )
            execute(
                "INSERT INTO accounts_user (id, email, kind)"
                " VALUES (4711, 'ada@example.com', 'operator')"
            )

        assert Profile.objects.get().email_verified


class TestTheWizardGoesForward:
    def test_a_step_is_not_taken_back(self):
        user = CoupleFactory(profile__step=2)

        with refused_as("accounts_profile_step_goes_forward"):
            Profile.objects.filter(user=user).update(step=1)

    def test_reopening_starts_over(self):
        user = OnboardedCoupleFactory()

        with committed():
            Profile.objects.filter(user=user).update(step=0, onboarded_at=None)


class TestAUserGoesByItsTombstone:
    @pytest.mark.parametrize("factory", [OnboardedCoupleFactory, OperatorFactory])
    def test_nobody_is_deleted_past_the_vendors(self, factory):
        user = factory()

        with refused_as("accounts_user_goes_by_its_tombstone"):
            execute("DELETE FROM accounts_user WHERE id = %s", user.pk)
        with refused_as("accounts_user_goes_by_its_tombstone"):
            User.objects.filter(pk=user.pk).delete()


class TestNothingGetsRound:
    @pytest.fixture(params=pgtrigger.registered(), ids=lambda pair: pair[1].get_uri(pair[0]))
    def installed(self, request):
        model, trigger = request.param
        columns = "prosecdef, proconfig, proacl::text, tgenabled, obj_description(t.oid)"
        return execute(
            f"SELECT {columns} FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid"  # noqa: S608
            " WHERE tgname = %s",
            trigger.get_pgid(model),
        )[0]

    def test_every_trigger_is_hardened_and_installed(self, installed):
        definer, config, grants, enabled, _ = installed

        assert config == ["search_path=pg_catalog, pg_temp"]
        assert (definer, enabled) == (False, "O")
        assert not grants.startswith("{=")

    def test_every_trigger_is_as_declared(self):
        statuses = {
            trigger.get_uri(model): trigger.get_installation_status(model)
            for model, trigger in pgtrigger.registered()
        }

        assert set(statuses.values()) == {("INSTALLED", True)}

    def test_no_function_asks_whether_it_may(self):
        bodies = execute("SELECT prosrc FROM pg_proc WHERE proname LIKE 'pgtrigger%%'")

        assert len(bodies) >= 13
        assert not [body for (body,) in bodies if "pgtrigger.ignore" in body]

    def test_the_bypass_of_pgtrigger_does_nothing(self):
        with pgtrigger.ignore():
            execute("SELECT set_config('pgtrigger.ignore', %s, true)", f"{{{all_triggers()}}}")
            insert_operator()
            assert Profile.objects.exists()
            with refused_as("accounts_couple_has_a_wedding"):
                execute("INSERT INTO accounts_user (email) VALUES ('eve@example.com')")

    def test_nothing_in_another_schema_is_taken_for_ours(self):
        execute(SHADOWS)
        with committed():
            execute("SET LOCAL search_path = pg_temp, evil, public, pg_catalog")
            execute("INSERT INTO public.accounts_user (email, kind) VALUES (%s, 'operator')", ADA)
        execute("SET LOCAL search_path = public, pg_temp")
        assert Profile.objects.get().email == ADA

        with refused_as("accounts_couple_has_a_wedding"):
            execute("SET LOCAL search_path = pg_temp, evil, public, pg_catalog")
            execute("UPDATE public.accounts_user SET kind = 'couple'::varchar")


ADA = "ada@example.com"
# What a session could put in front of our tables, and of the operators that compare their columns.
SHADOWS = """
CREATE SCHEMA evil;
CREATE TABLE evil.accounts_profile (LIKE accounts_profile INCLUDING ALL);
CREATE TABLE evil.accounts_member AS SELECT id AS user_id, id AS wedding_id
    FROM generate_series(1, 10000) AS id;
CREATE TEMP TABLE accounts_member AS TABLE evil.accounts_member;
CREATE TEMP TABLE accounts_profile (LIKE accounts_profile INCLUDING ALL);
CREATE FUNCTION evil.never(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.never);
CREATE FUNCTION evil.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.never);
"""


def all_triggers() -> str:
    return ",".join(trigger.get_pgid(model) for model, trigger in pgtrigger.registered())
