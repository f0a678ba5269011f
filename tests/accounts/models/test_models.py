import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError
from django.utils import timezone

from accounts.errors import CouplesSignUp
from accounts.models import Address, Kind, Member, Profile, Role, User, Wedding, WeddingStats
from integrity.models import AuditEntry
from integrity.testing import assert_every_invariant_holds
from tests.database import execute, refused_as
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db

INSERT = "INSERT INTO accounts_user (email, kind) VALUES (%s, 'operator')"


class TestUserRow:
    def test_an_email_is_all_that_a_raw_insert_needs(self):
        execute(INSERT, "ada@example.com")

        user = User.objects.get(email="ada@example.com")
        assert user.uid.version == 4
        assert (user.password, user.last_login) == ("!", None)
        assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)
        assert timezone.now() - user.date_joined < datetime.timedelta(minutes=1)

    def test_a_user_is_of_a_couple_unless_it_is_said(self):
        execute("INSERT INTO accounts_user (email) VALUES ('ada@example.com')")

        user = User.objects.get()
        assert user.kind == Kind.COUPLE
        wedding = Wedding.objects.create()
        Member.objects.create(user=user, wedding=wedding)
        WeddingStats.objects.create(wedding=wedding)

    @pytest.mark.parametrize(
        "email",
        [
            "",
            " ",
            "ada",
            "Ada@example.com",
            "ada@Example.com",
            " ada@example.com",
            "ada@example.com ",
            "ada@example.com\n",
            "\nada@example.com",
            "ada@example.com\nada@example.com",
            "\u212aevin@example.com",
            "\u017fara@example.com",
            "ada\u200b@example.com",
            "ada@bücher.de",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            "ada@localhost",
            "ada@example.com.",
            "ada..l@example.com",
            '"ada"@example.com',
            "a" * 65 + "@example.com",
        ],
    )
    def test_raw_sql_cannot_store_another_spelling(self, email):
        with refused_as("accounts_user_email_is_canonical"):
            execute(INSERT, email)

    @pytest.mark.parametrize(
        "email", ["a@x.io", "o'hara_#1%{}~@example.com", "a" * 64 + "@xn--bcher-kva.de"]
    )
    def test_raw_sql_can_store_a_canonical_one(self, email):
        execute(INSERT, email)

        assert User.objects.filter(email=email).exists()

    def test_an_email_is_never_null(self):
        with pytest.raises(IntegrityError, match=r"null value in column .email."):
            execute(INSERT, None)

    def test_255_characters_do_not_fit(self):
        longest = "a@" + ".".join(["b" * 62] * 4)

        execute(INSERT, "a" + longest)
        with pytest.raises(DataError, match="too long"):
            execute(INSERT, "aaa" + longest)

    def test_two_users_never_share_an_email(self):
        OperatorFactory(email="ada@example.com")

        with refused_as("accounts_user_email_key"):
            execute(INSERT, "ada@example.com")

    def test_only_operators_are_staff(self):
        couple = CoupleFactory()

        with refused_as("accounts_user_only_operators_are_staff"):
            User.objects.filter(pk=couple.pk).update(is_staff=True)
        with refused_as("accounts_user_only_operators_are_staff"):
            User.objects.filter(pk=couple.pk).update(is_superuser=True)

    def test_a_user_is_a_couple_or_an_operator(self):
        with refused_as("accounts_user_kind_is_known"):
            execute("INSERT INTO accounts_user (email, kind) VALUES ('ada@example.com', 'admin')")

    def test_validation_makes_the_email_canonical_or_complains_at_the_field(self):
        user = User(email="Ada@BÜCHER.de", password="!")
        user.full_clean()
        assert user.email == "ada@xn--bcher-kva.de"

        with pytest.raises(ValidationError) as refused:
            User(email="ada@[127.0.0.1]", password="!").full_clean()
        assert list(refused.value.error_dict) == ["email"]

    def test_no_text_of_a_row_tells_who_it_is(self):
        user = CoupleFactory(email="ada@example.com", profile__step=1, wedding__place="Oslo")

        rows = [user, user.profile, user.membership, user.membership.wedding]
        texts = " ".join(map(str, [*rows, user.membership.wedding.stats]))
        assert str(user.uid) in texts
        assert not [secret for secret in ("example", "Ada", "Oslo") if secret in texts]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (
            "step = 4, name = 'A', onboarded_at = now()",
            "accounts_profile_onboarded_after_the_last_step",
        ),
        ("step = 3, name = 'A'", "accounts_profile_onboarded_after_the_last_step"),
        ("onboarded_at = now()", "accounts_profile_onboarded_after_the_last_step"),
        ("step = 1", "accounts_profile_named_from_step_one"),
        ("step = -1, name = 'A'", "accounts_profile_step_check"),
    ],
)
def test_no_profile_is_half_way_through_a_step(change, constraint):
    user = CoupleFactory()

    with refused_as(constraint):
        execute(f"UPDATE accounts_profile SET {change} WHERE user_id = %s", user.pk)  # noqa: S608


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("date = '2027-06-05', date_undecided = true", "accounts_wedding_date_or_undecided"),
        ("status = 'closed'", "accounts_wedding_closed_at_when_closed"),
        ("closed_at = now()", "accounts_wedding_closed_at_when_closed"),
        ("status = 'paused'", "accounts_wedding_closed_at_when_closed"),
        ("time_zone = ''", "accounts_wedding_has_a_time_zone"),
    ],
)
def test_no_wedding_contradicts_itself(change, constraint):
    wedding = CoupleFactory().membership.wedding

    with refused_as(constraint):
        execute(f"UPDATE accounts_wedding SET {change} WHERE id = %s", wedding.pk)  # noqa: S608


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("tasks_done = 1", "accounts_stats_done_within_total"),
        ("streak_days = 1", "accounts_stats_streak_has_a_day"),
        ("tasks_total = -1", "accounts_stats_done_within_total"),
    ],
)
def test_no_stats_contradict_themselves(change, constraint):
    wedding = CoupleFactory().membership.wedding

    with refused_as(constraint):
        execute(
            f"UPDATE accounts_weddingstats SET {change} WHERE wedding_id = %s",  # noqa: S608
            wedding.pk,
        )


class TestMember:
    def test_a_user_belongs_to_one_wedding(self):
        user, other = CoupleFactory(), CoupleFactory()

        with refused_as("accounts_member_user_id_key"):
            Member.objects.create(user=user, wedding=other.membership.wedding, role=Role.PARTNER)

    @pytest.mark.parametrize("role", Role.values)
    def test_a_wedding_has_one_owner_and_one_partner(self, role):
        wedding = CoupleFactory().membership.wedding
        CoupleFactory(wedding=wedding)
        third = CoupleFactory()

        with refused_as("accounts_member_one_of_each_role"):
            Member.objects.filter(user=third).update(wedding=wedding, role=role)

    def test_a_member_is_owner_or_partner(self):
        user = CoupleFactory()

        with refused_as("accounts_member_role_is_known"):
            Member.objects.filter(user=user).update(role="guest")


class TestManager:
    def test_a_couple_is_not_made_by_create_user(self):
        with pytest.raises(CouplesSignUp, match=r"accounts\.signup\.sign_up"):
            User.objects.create_user("ada@example.com", "a password")

    def test_a_natural_key_is_found_in_any_spelling(self):
        user = OperatorFactory(email="ada@example.com")

        assert User.objects.get_by_natural_key("ADA@example.com") == user

    def test_a_natural_key_that_is_no_address_is_nobodys(self):
        with pytest.raises(User.DoesNotExist):
            User.objects.get_by_natural_key("\u212aevin@example.com")


@pytest.mark.django_db(transaction=True)
class TestOperators:
    def test_createsuperuser_makes_an_operator_who_can_log_in_and_has_no_wedding(self, monkeypatch):
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

        call_command("createsuperuser", interactive=False, email="Ada@Example.com", verbosity=0)

        user = User.objects.get(email="ada@example.com")
        assert (user.kind, user.is_staff, user.is_superuser) == (Kind.OPERATOR, True, True)
        assert user.check_password("correct horse battery")
        assert Address.objects.filter(user=user, email=user.email, primary=True, verified=True)
        assert user.profile.email_verified
        assert not Member.objects.exists()
        assert_every_invariant_holds("accounts")

    def test_createsuperuser_says_in_the_audit_log_that_it_was_it(self, monkeypatch):
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

        call_command("createsuperuser", interactive=False, email="ada@example.com", verbosity=0)

        assert AuditEntry.objects.get().reason == "createsuperuser"

    def test_createsuperuser_refuses_what_is_no_address_in_one_line(self, monkeypatch):
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

        with pytest.raises(CommandError, match="is not the name of a domain"):
            call_command("createsuperuser", interactive=False, email="ada@[127.0.0.1]", verbosity=0)

    def test_an_operator_need_not_be_a_superuser(self):
        user = User.objects.create_user("ada@example.com", "a password", kind=Kind.OPERATOR)

        assert (user.is_staff, user.is_superuser) == (True, False)

    def test_an_operator_whose_address_cannot_be_written_is_not_written_either(self):
        execute("ALTER TABLE account_emailaddress ADD CONSTRAINT never CHECK (email = '')")
        try:
            with pytest.raises(IntegrityError):
                User.objects.create_superuser("ada@example.com", "a password")
        finally:
            execute("ALTER TABLE account_emailaddress DROP CONSTRAINT never")

        assert not User.objects.exists()
        assert not Profile.objects.exists()
