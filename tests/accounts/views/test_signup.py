import uuid

import pytest
from django.urls import reverse

from accounts.models import User
from integrity.flows import Busy
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.accounts.pages import SIGN_UP, WAITING, press, sign_up
from tests.factories import CoupleFactory
from tests.rivals import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


class TestSigningUp:
    def test_the_way_into_the_wizard(self, client):
        assert client.get(SIGN_UP).status_code == 200

        answer = sign_up(client, "Ada@Example.com")

        assert (answer.status_code, answer.url) == (302, WAITING)
        assert "ada@example.com" in client.get(WAITING).content.decode()
        assert mailbox.kinds() == [("verify", "ada@example.com")]

        answer = press(client, mailbox.last())

        assert (answer.status_code, answer.url) == (302, reverse("onboarding_home"))
        assert client.get(answer.url).url == reverse("onboarding_step", args=[1])
        assert_every_invariant_holds()

    def test_in_another_browser_the_proof_leads_to_the_log_in(self, client, other_client):
        sign_up(client)

        answer = press(other_client, mailbox.last())

        assert answer.url == reverse("account_login")
        assert "_auth_user_id" not in other_client.session

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "ada",
            "ada@localhost",
            "\u212aevin@example.com",
            "a\u200bda@example.com",
            "ada@\0example.com",
        ],
    )
    def test_what_is_no_address_is_said_at_the_field(self, client, email):
        answer = sign_up(client, email)

        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == ["email"]
        assert not User.objects.exists()

    def test_a_weak_password_is_said_at_the_field_and_the_address_is_kept(self, client):
        answer = sign_up(client, password="password")

        assert list(answer.context["form"].errors) == ["password1"]
        assert 'value="ada@example.com"' in answer.content.decode()

    def test_what_the_form_does_not_ask_is_not_taken(self, client):
        sign_up(client, is_staff="on", is_superuser="on", kind="operator", step="3", verified="on")

        user = User.objects.get()
        assert (user.is_staff, user.is_superuser, user.kind) == (False, False, "couple")
        assert not user.profile.email_verified

    @pytest.mark.parametrize(
        "outside", ["//evil.example", "https:evil.example", "\\\\evil.example"]
    )
    def test_it_leads_nowhere_else(self, client, outside):
        sign_up(client, next=outside)

        assert press(client, mailbox.last()).url == reverse("onboarding_home")

    def test_it_leads_where_somebody_wanted_to_go(self, client):
        sign_up(client, next="/interests/")

        assert press(client, mailbox.last()).url == "/interests/"


class TestTwice:
    def test_a_double_click_is_one_account_one_mail_and_one_answer(self, client):
        operation = str(uuid.uuid4())

        first = sign_up(client, operation=operation)
        second = sign_up(client, operation=operation)

        assert (first.status_code, first.url) == (second.status_code, second.url)
        assert User.objects.count() == 1
        assert len(mailbox.promised()) == 1

    @pytest.mark.parametrize("operations", [("", ""), (str(uuid.uuid4()),) * 2])
    def test_two_at_once_make_one_account_and_see_the_same(self, client, other_client, operations):
        emails = ("ada@example.com", "ADA@Example.com")
        with in_threads() as start:
            calls = [
                start(sign_up, client=browser, email=email, operation=operation)
                for browser, email, operation in zip(
                    (client, other_client), emails, operations, strict=True
                )
            ]

        seen = [
            (call.result().status_code, call.result().url, sorted(call.result().cookies))
            for call in calls
        ]
        assert seen[0] == seen[1]
        assert client.get(WAITING).status_code == other_client.get(WAITING).status_code == 200
        assert User.objects.count() == 1
        assert mailbox.kinds() == [("verify", "ada@example.com")]
        assert_every_invariant_holds()

    def test_after_a_double_click_the_browser_still_goes_straight_on(self, client):
        operation = str(uuid.uuid4())
        sign_up(client, operation=operation)
        sign_up(client, operation=operation)

        assert press(client, mailbox.last()).url == reverse("onboarding_home")

    def test_somebody_elses_submission_opens_nothing(self, client, other_client):
        operation = str(uuid.uuid4())
        sign_up(client, operation=operation)

        sign_up(other_client, password="another password", operation=operation)

        assert press(other_client, mailbox.last()).url == reverse("account_login")

    def test_going_back_to_mend_the_address_makes_the_right_account(self, client):
        operation = str(uuid.uuid4())
        sign_up(client, "aad@example.com", operation=operation)
        sign_up(client, "ada@example.com", operation=operation)

        assert mailbox.last().to == "ada@example.com"
        assert User.objects.filter(email="ada@example.com").exists()

    def test_the_owner_of_a_known_address_is_not_let_in_by_a_sign_up(self, client):
        CoupleFactory(email="ada@example.com", address__verified=True)

        answer = sign_up(client)

        assert answer.url == WAITING
        assert "_auth_user_id" not in client.session
        assert mailbox.kinds() == [("account_exists", "ada@example.com")]


class TestWhenItCannotBe:
    def test_others_are_faster_for_too_long(self, client, monkeypatch):
        def busy(**kwargs):
            raise Busy("accounts.sign_up")

        monkeypatch.setattr("accounts.forms.sign_up", busy)

        answer = sign_up(client)

        assert answer.status_code == 503
        assert "before anything was changed" in answer.content.decode()
