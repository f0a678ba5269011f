import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from tests.accounts.pages import ACCOUNT, LOG_IN, is_logged_in, log_in
from tests.factories import PASSWORD, CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com", address__verified=True)


class TestLoggingIn:
    @pytest.mark.parametrize("typed", ["ada@example.com", " ADA@Example.COM "])
    def test_by_the_address_however_it_is_typed(self, client, ada, typed):
        answer = log_in(client, typed)

        assert answer.url == reverse("onboarding_home")
        assert is_logged_in(client)

    def test_a_planted_session_dies(self, client, ada):
        client.get(LOG_IN)
        client.session.save()
        client.cookies["sessionid"] = planted = client.session.session_key

        log_in(client)

        assert client.cookies["sessionid"].value != planted
        assert not Session.objects.filter(session_key=planted).exists()

    def test_the_cookie_is_for_the_browser_alone(self, client, ada):
        log_in(client)

        cookie = client.cookies["sessionid"]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")

    def test_an_address_that_only_waits_opens_nothing(self, client, ada):
        EmailAddress.objects.create(user=ada, email="waiting@example.com")

        log_in(client, "waiting@example.com")

        assert not is_logged_in(client)

    def test_a_closed_account_is_told_only_with_the_right_password(self, client, ada):
        User.objects.update(is_active=False)

        assert log_in(client, password="wrong").status_code == 200
        assert log_in(client).url == reverse("account_inactive")
        assert not is_logged_in(client)

    @pytest.mark.parametrize(
        "outside", ["//evil.example", "https:evil", "\\\\evil.example", "javascript:alert(1)"]
    )
    def test_it_leads_nowhere_else(self, client, ada, outside):
        assert log_in(client, next=outside).url == reverse("onboarding_home")

    def test_it_leads_where_somebody_wanted_to_go(self, client, ada):
        assert log_in(client, next=ACCOUNT).url == ACCOUNT


class TestLoggingOut:
    def test_by_the_button_not_by_looking(self, client, ada):
        log_in(client)

        assert client.get("/logout/").status_code == 200
        assert is_logged_in(client)

        assert client.post("/logout/").status_code == 302
        assert not is_logged_in(client)


class TestOperators:
    def test_they_come_in_by_the_same_door(self, client):
        operator = OperatorFactory()

        door = client.get("/admin/", follow=True).redirect_chain[-1][0]
        assert door.startswith(LOG_IN)

        assert log_in(client, operator.email).url == reverse("admin:index")
        assert client.get("/admin/").status_code == 200

    def test_the_old_door_is_walled_up(self, client):
        operator = OperatorFactory()

        client.post("/admin/login/", {"username": operator.email, "password": PASSWORD})

        assert "_auth_user_id" not in client.session

    def test_a_second_factor_can_be_set_up_and_is_then_asked_for(self, client):
        operator = OperatorFactory()
        log_in(client, operator.email)
        assert client.get(reverse("mfa_index")).status_code == 200
        Authenticator.objects.create(
            user=operator, type=Authenticator.Type.TOTP, data={"secret": "sealed"}
        )
        client.post("/logout/")

        door = log_in(client, operator.email).url

        assert door == reverse("mfa_authenticate")
        assert client.get(door).status_code == 200
        assert client.get("/admin/").status_code == 302

    def test_a_couple_is_shown_out(self, client, ada):
        log_in(client)

        assert client.get("/admin/", follow=True).status_code == 403


class TestAccountPage:
    def test_it_shows_the_address_and_where_things_are_changed(self, client, ada):
        log_in(client)

        page = client.get(ACCOUNT).content.decode()

        assert "ada@example.com" in page
        for name in ("account_email", "account_change_password", "account_logout"):
            assert reverse(name) in page

    def test_an_operator_has_one_too(self, client):
        client.force_login(OperatorFactory())

        assert client.get(ACCOUNT).status_code == 200

    def test_strangers_are_asked_who_they_are(self, client):
        assert client.get(ACCOUNT).url == f"{LOG_IN}?next={ACCOUNT}"


def test_no_account_page_takes_a_post_without_a_token(ada):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(CoupleFactory(address__verified=True))
    patterns = [
        pattern
        for pattern in get_resolver("accounts.urls").url_patterns
        if getattr(pattern, "name", None)
    ]
    arguments = {
        "account_confirm_email": ["key"],
        "account_reset_password_from_key": ["1", "set-password"],
        "accounts_leaving": ["token"],
        "accounts_staying": ["token"],
        "accounts_invite_again": ["5d1c0000-0000-4000-8000-000000000001"],
        "accounts_withdraw": ["5d1c0000-0000-4000-8000-000000000001"],
        "accounts_join": ["token"],
    }

    answers = {
        pattern.name: strict.post(
            reverse(pattern.name, args=arguments.get(pattern.name))
        ).status_code
        for pattern in patterns
    }

    assert answers.pop("accounts_stripe_webhook") == 400, "Stripe signs instead"
    assert set(answers.values()) == {403}, answers
