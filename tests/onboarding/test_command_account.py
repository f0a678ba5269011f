import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.actors import VISITOR, acting
from accounts.addresses.requesting import request_email_change
from accounts.addresses.verification import change_unverified_email, waiting_address
from accounts.models import Address, User
from accounts.passwords import request_password_reset
from integrity.models import AuditEntry
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "--reason=asked by phone"


def account(*arguments):
    """What it prints as JSON."""
    out = StringIO()
    call_command("account", *arguments, "--format=json", stdout=out)
    return json.loads(out.getvalue())[0]


def refused(*arguments):
    """The exit code, and what it says."""
    with pytest.raises(CommandError) as error:
        account(*arguments)
    return error.value.returncode, str(error.value)


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com")


class TestCreate:
    def test_a_couple_without_a_password_gets_the_link(self):
        facts = account("create", "Ada@Example.com", WHY)

        user = User.objects.get()
        assert (facts["uid"], facts["email"]) == (str(user.uid), "ada@example.com")
        assert not user.has_usable_password()
        assert mailbox.kinds() == [("verify", "ada@example.com")]
        assert_every_invariant_holds()

    def test_an_address_that_is_taken_is_refused(self, ada):
        assert refused("create", "ADA@example.com", WHY)[0] == 4

    def test_what_is_no_address_is_a_wrong_call(self):
        assert refused("create", "ada", WHY)[0] == 2


class TestVerify:
    def test_by_hand(self, ada):
        assert account("verify", "ada@example.com", WHY)["verified"]
        assert_every_invariant_holds()

    def test_of_a_mistyped_address_and_the_right_one_the_right_one_counts(self, ada):
        change_unverified_email(user=ada, email="ada@example.org", by=acting(ada))

        assert account("verify", str(ada.uid), WHY)["email"] == "ada@example.org"

    def test_an_address_that_a_verified_account_asked_for_waits_for_its_link(self):
        ada = CoupleFactory(email="ada@example.com", address__verified=True)
        request_email_change(user=ada, email="ada@example.org", by=acting(ada))

        code, said = refused("verify", "ada@example.com", WHY)

        assert code == 4
        assert "waits for its own link" in said
        assert waiting_address(ada).email == "ada@example.org"

    def test_an_address_that_went_to_somebody_else_is_no_longer_to_be_had(self, ada):
        change_unverified_email(user=ada, email="ada@example.org", by=acting(ada))
        CoupleFactory(email="ada@example.org", address__verified=True)

        code, said = refused("verify", str(ada.uid), WHY)

        assert code == 4
        assert "Another account has this address" in said

    def test_what_is_proven_stays_so(self):
        CoupleFactory(email="ada@example.com", address__verified=True)

        code, said = refused("verify", "ada@example.com", WHY)

        assert code == 4
        assert "verified already" in said


class TestResend:
    def test_the_link_goes_out(self, ada):
        account("resend", str(ada.uid), WHY)

        assert mailbox.kinds() == [("verify", "ada@example.com")]

    def test_once_a_minute(self, ada):
        account("resend", str(ada.uid), WHY)

        assert refused("resend", str(ada.uid), WHY)[0] == 4


class TestInterests:
    def test_the_new_ones_stand(self, ada):
        facts = account("interests", "ada@example.com", "music", "food", "dress", WHY)

        assert facts["interests"] == ["music", "food", "dress"]

    @pytest.mark.parametrize(
        "wrong", [(), ("music", "food"), ("music", "music", "food"), ("music", "food", "golf")]
    )
    def test_what_is_no_choice_is_refused(self, ada, wrong):
        assert refused("interests", "ada@example.com", *wrong, WHY)[0] == 4


class TestReopen:
    def test_a_finished_wizard_begins_again(self):
        CoupleFactory(email="ada@example.com", profile__step=3)

        assert account("reopen", "ada@example.com", WHY)["steps_done"] == 0

    def test_one_that_goes_on_is_refused(self, ada):
        assert refused("reopen", "ada@example.com", WHY)[0] == 4

    def test_an_operator_has_none(self):
        OperatorFactory(email="eve@example.com")

        code, said = refused("reopen", "eve@example.com", WHY)

        assert code == 4
        assert "Only couples" in said


@pytest.fixture
def groups():
    return [Group.objects.create(name=name).name for name in ("Data desk", "Support")]


class TestMakeOperator:
    def test_may_do_what_the_groups_may_and_chooses_a_password(self, groups):
        facts = account("make-operator", "Eve@Example.com", "--group=Support", WHY)

        eve = User.objects.get()
        assert (facts["kind"], facts["email"], facts["groups"]) == (
            "operator",
            "eve@example.com",
            ["Support"],
        )
        assert (eve.is_staff, eve.is_superuser, eve.has_usable_password()) == (True, False, False)
        request_password_reset(email="eve@example.com", by=VISITOR)
        assert mailbox.kinds() == [("password_reset", "eve@example.com")]
        assert_every_invariant_holds()

    def test_is_never_made_of_a_couple(self, ada):
        code, said = refused("make-operator", "ada@example.com", WHY)

        assert (code, said) == (4, "There is an account with this address.")
        assert User.objects.get().kind == "couple"

    def test_a_group_that_is_not_there_is_named_with_those_that_are(self, groups):
        code, said = refused("make-operator", "eve@example.com", "--group=Suport", WHY)

        assert code == 4
        assert "no group Suport. Known: Data desk, Support." in said
        assert not User.objects.exists()


class TestGroups:
    @pytest.fixture
    def eve(self):
        return OperatorFactory(email="eve@example.com", is_superuser=False)

    def test_are_replaced_and_the_change_is_on_record(self, eve, groups):
        account("groups", "eve@example.com", "--group=Support", WHY)
        facts = account("groups", "eve@example.com", "--group=Data desk", WHY)

        assert facts["groups"] == ["Data desk"]
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.reason) == ("accounts.groups_set", "asked by phone")
        assert entry.detail == {"groups": ["Data desk"], "before": ["Support"]}

    def test_count_from_the_next_click(self, eve, groups, client):
        Group.objects.get(name="Support").permissions.add(
            Permission.objects.get(codename="view_user", content_type__app_label="accounts")
        )
        client.force_login(eve)
        page = reverse("admin:accounts_user_changelist")
        assert client.get(page).status_code == 403
        account("groups", "eve@example.com", "--group=Support", WHY)
        assert client.get(page).status_code == 200
        account("groups", "eve@example.com", "--none", WHY)
        assert client.get(page).status_code == 403

    @pytest.mark.parametrize("wrong", [(), ("--none", "--group=Support")])
    def test_all_of_them_go_on_request_only(self, eve, groups, wrong):
        assert refused("groups", "eve@example.com", *wrong, WHY)[0] == 2

    def test_a_couple_has_none(self, ada, groups):
        code, said = refused("groups", "ada@example.com", "--group=Support", WHY)

        assert code == 4
        assert "this account is a couple's" in said


class TestAnyVerb:
    def test_every_change_is_audited_with_who_and_why(self, ada):
        account("verify", "ada@example.com", WHY)

        entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.via, entry.reason) == ("command", "cli", "asked by phone")
        assert entry.subject == f"accounts.user:{ada.uid}"

    def test_without_a_reason_nothing_happens(self, ada):
        code, said = refused("verify", "ada@example.com")

        assert code == 2
        assert "--reason" in said
        assert not AuditEntry.objects.exists()

    def test_on_a_terminal_the_reason_is_asked_for(self, ada, monkeypatch):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda: "asked at the door")

        account("verify", "ada@example.com")

        assert AuditEntry.objects.get().reason == "asked at the door"

    @pytest.mark.parametrize("who", ["nobody@example.com", "no address", "0"])
    def test_an_account_that_is_not_there_is_a_wrong_call(self, who):
        assert refused("show", who)[0] == 2

    def test_the_address_that_waits_finds_the_account(self, ada):
        change_unverified_email(user=ada, email="ada@example.org", by=acting(ada))

        assert account("show", "ada@example.org")["uid"] == str(ada.uid)

    def test_of_several_who_wait_for_one_address_none_is_picked(self, ada):
        mallory = CoupleFactory()
        for user in (ada, mallory):
            Address.objects.create(user=user, email="ada@example.org")

        code, said = refused("verify", "ada@example.org", WHY)

        assert code == 4
        assert str(ada.uid) in said
        assert str(mallory.uid) in said

    def test_looking_needs_no_reason(self, ada):
        assert account("show", "ada@example.com")["verified"] is False

    def test_a_table_for_people(self, ada):
        out = StringIO()
        call_command("account", "show", "ada@example.com", stdout=out)

        headings, row = out.getvalue().splitlines()
        assert headings.split()[:4] == ["UID", "KIND", "EMAIL", "VERIFIED"]
        assert row.split()[1:4] == ["couple", "ada@example.com", "no"]
