import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from config.groups import asked_for
from tests.factories import OperatorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def operator(client):
    client.force_login(OperatorFactory())


def codenames():
    return set(asked_for().values_list("codename", flat=True))


def test_a_group_is_offered_verbs_and_a_look_at_facts():
    assert {"add_couple", "set_interests", "view_user", "view_member"} <= codenames()


def test_a_group_is_not_offered_what_nobody_may():
    assert not {"change_user", "delete_wedding", "add_authenticator", "view_session"} & codenames()


def test_a_group_may_change_the_schedule_and_remove_a_second_factor():
    assert {"change_periodictask", "delete_authenticator"} <= codenames()


def test_the_page_saves_what_was_ticked(client):
    chosen = Permission.objects.get(codename="set_interests")

    client.post(reverse("admin:auth_group_add"), {"name": "Support", "permissions": [chosen.pk]})

    assert list(Group.objects.get(name="Support").permissions.all()) == [chosen]


def test_the_secret_of_a_second_factor_is_shown_to_nobody(client):
    factor = Authenticator.objects.create(
        user=OperatorFactory(), type="totp", data={"secret": "a very secret thing"}
    )

    page = client.get(reverse("admin:mfa_authenticator_change", args=[factor.pk]))

    assert page.status_code == 200
    assert "a very secret thing" not in page.text
