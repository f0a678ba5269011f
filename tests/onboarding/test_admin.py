import re
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import Profile
from integrity.models import AuditEntry
from onboarding.interests import wanted_interests
from onboarding.models import Task
from tests.factories import OnboardedCoupleFactory, OperatorFactory, TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def couple(client):
    client.force_login(OperatorFactory())
    return OnboardedCoupleFactory(tasks=0, interests=["music", "food", "flowers"])


def _post(client, verb, instance, **form):
    meta = instance._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_{verb}", args=[instance.pk])
    form = {"operation": uuid4(), "reason": "they rang up"} | form
    return client.post(url, form, headers={"HX-Request": "true"})


def test_the_account_shows_the_interests_to_read(client, couple):
    page = client.get(reverse("admin:accounts_user_change", args=[couple.pk]))

    assert "Music" in page.text
    assert 'name="interests-0-category"' not in page.text


def test_the_dialog_starts_from_what_the_couple_chose(client, couple):
    page = client.get(reverse("admin:accounts_user_set_interests", args=[couple.pk]))

    assert page.context["form"]["categories"].initial == ["music", "food", "flowers"]
    assert len(re.findall(r'value="(?:music|food|flowers)"[^>]* checked', page.text)) == 3


def test_interests_are_set_by_the_function_that_the_site_calls(client, couple):
    _post(client, "set_interests", couple, categories=["venue", "dress", "music"])

    assert wanted_interests(couple) == ["music", "dress", "venue"]
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.reason) == ("onboarding.interests_replaced", "they rang up")


def test_too_few_interests_are_refused_and_the_old_ones_stay(client, couple):
    answer = _post(client, "set_interests", couple, categories=["venue"])

    assert "Choose at least 3" in answer.text
    assert wanted_interests(couple) == ["music", "food", "flowers"]
    assert not AuditEntry.objects.exists()


def test_the_wizard_is_reopened_once(client, couple):
    _post(client, "reopen_wizard", couple)
    again = _post(client, "reopen_wizard", couple)

    assert Profile.objects.get(user=couple).step == 0
    assert "HX-Redirect" not in again.headers
    assert AuditEntry.objects.get().verb == "onboarding.reopened"


def test_a_task_is_ticked_and_opened_again(client, couple):
    task = TaskFactory(wedding=couple.membership.wedding)

    _post(client, "tick", task)
    assert Task.objects.get().is_done
    _post(client, "untick", task)

    assert not Task.objects.get().is_done
    assert couple.membership.wedding.stats.tasks_done == 0
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["onboarding.task_completed", "onboarding.task_undone"]
