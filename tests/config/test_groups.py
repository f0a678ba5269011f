import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.urls import get_resolver, reverse

from config.groups import asked_for
from tests.factories import OperatorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def operator(client):
    get_resolver().url_patterns  # noqa: B018 - the admin is put together with the URLs
    client.force_login(OperatorFactory())


def codenames():
    return set(asked_for().values_list("codename", flat=True))


def test_a_group_is_offered_verbs_and_a_look_at_facts():
    assert {"add_couple", "set_interests", "view_user", "view_member"} <= codenames()


def test_a_group_is_offered_each_verb_of_a_repair_by_itself():
    verbs = {"plan", "reveal", "try", "approve", "apply", "pause", "resume", "cancel", "force"}
    verbs |= {"undo", "allow_unattended", "forbid_unattended"}

    assert {f"{verb}_repair" for verb in verbs} | {"view_repair", "view_repairplan"} <= codenames()


def test_a_group_is_not_offered_what_nobody_may():
    nobodys = {"change_user", "delete_wedding", "delete_authenticator", "view_session"}

    assert not nobodys & codenames()


def test_a_group_may_change_the_schedule_and_remove_a_second_factor():
    assert {"change_periodictask", "remove_second_factor"} <= codenames()


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


def test_a_second_factor_is_removed_by_its_verb_alone(client):
    factor = Authenticator.objects.create(user=OperatorFactory(), type="totp", data={})
    kept = {"action": "delete_selected", "_selected_action": factor.pk, "post": "yes"}

    answer = client.post(
        reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"}
    )
    client.post(reverse("admin:mfa_authenticator_changelist"), kept)

    assert answer.status_code == 403
    assert Authenticator.objects.filter(pk=factor.pk).exists()
