import pytest
from django.urls import reverse

from tests.factories import OnboardedCoupleFactory


def test_a_visitor_sees_what_everafter_is_and_where_to_begin(client):
    page = client.get("/").content.decode()
    assert f'href="{reverse("account_signup")}"' in page
    assert f'href="{reverse("account_login")}"' in page


@pytest.mark.django_db
def test_whoever_is_logged_in_is_led_home(client):
    client.force_login(OnboardedCoupleFactory())
    assert client.get("/", follow=True).resolver_match.url_name == "onboarding_home"
