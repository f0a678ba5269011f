"""Every action of every page of the admin: a permission of its own, and nothing done by a GET."""

from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from integrity.models import OutboxMessage, Saga
from tests.accounts.billing.stripe_story import an_event
from tests.factories import CoupleFactory, OperatorFactory, TaskFactory
from tests.integrity.admin.desk import finding, repair_plan

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")


def unfold_actions():
    get_resolver().url_patterns  # noqa: B018 - the admin is put together with the URLs
    for page in admin.site._registry.values():
        for kind in KINDS:
            for name in getattr(page, kind, ()):
                yield page, kind, name


def stock_actions():
    get_resolver().url_patterns  # noqa: B018
    for page in admin.site._registry.values():
        yield from ((page, function) for function, *_ in page._get_base_actions())


def named(page, name):
    return f"{page.model._meta.label}.{name}"


@pytest.fixture
def objects():
    """One row of each model whose pages have verbs."""
    couple = CoupleFactory()
    return {
        "accounts.Person": couple.uid,
        "accounts.User": couple.pk,
        "accounts.Event": quote(an_event().pk),
        "integrity.Finding": finding().pk,
        "integrity.Invariant": "accounts.every_user_has_a_profile",
        "integrity.OutboxMessage": OutboxMessage.objects.create(effect="accounts.mail", key="a").pk,
        "integrity.Repair": "accounts.backfill_profiles",
        "integrity.RepairPlan": repair_plan().pk,
        "integrity.Saga": Saga.objects.create(kind="a.b", version=1, subject="ada").pk,
        "onboarding.Task": TaskFactory(wedding=couple.membership.wedding).pk,
    }


def url_of(page, kind, name, objects):
    meta = page.model._meta
    path = getattr(page, name).url_path if hasattr(getattr(page, name), "url_path") else name
    args = () if kind == "actions_list" else (objects[meta.label],)
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{path}", args=args)


def test_there_are_actions_to_look_at():
    found = {named(page, name) for page, _, name in unfold_actions()}

    assert {"accounts.User.add_couple", "accounts.User.set_interests"} <= found


def test_every_action_opens_a_dialog_and_asks_for_a_permission():
    careless = [
        named(page, name)
        for page, _, name in unfold_actions()
        if not getattr(getattr(page, name), "dialog", None)
        or not getattr(getattr(page, name), "allowed_permissions", None)
    ]

    assert careless == []


def test_every_action_of_a_list_asks_for_a_permission():
    """Django runs them by POST; without a permission they run for whoever may look."""
    careless = [
        named(page, function.__name__)
        for page, function in stock_actions()
        if not getattr(function, "allowed_permissions", None)
    ]

    assert careless == []


def test_looking_at_a_dialog_writes_nothing(client, objects):
    client.force_login(OperatorFactory())

    for page, kind, name in unfold_actions():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(url_of(page, kind, name, objects))
        assert answer.status_code == 200, named(page, name)
        assert not [each for each in queries if _writes_ours(each["sql"])], named(page, name)


def test_nobody_without_the_permission_sees_or_uses_a_verb(client, objects):
    client.force_login(OperatorFactory(is_superuser=False))

    for page, kind, name in unfold_actions():
        url = url_of(page, kind, name, objects)
        form = {"operation": uuid4(), "reason": "because"}
        assert client.get(url).status_code == 403, named(page, name)
        assert client.post(url, form).status_code == 403, named(page, name)


def _writes_ours(sql):
    if not sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
        return False
    return any(f'"{app}_' in sql for app in ("accounts", "onboarding", "integrity"))
