"""How a step of a saga is undone, on a page of the desk."""

import json

import pytest

from integrity.runbooks import rollback_of
from tests.integrity.admin.desk import operator, page, text
from tests.integrity.admin.saga_desk import ann, at, own_sagas, provider, waiting  # noqa: F401
from tests.integrity.saga import toys

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
NAME = rollback_of(toys.KIND, "mute")


@pytest.fixture
def written(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    file = tmp_path / NAME
    file.parent.mkdir(parents=True)
    file.write_text("# Mute\n\n**How well.** Exact.")


def where(saga, step="mute"):
    return page("saga_rollback", saga.pk, step)


def test_each_step_leads_to_its_page_and_the_page_back(client, ann, written):
    saga = waiting("ada")
    assert f'href="{where(saga)}"' in text(client.get(at(saga)))
    answer = text(client.get(where(saga)))
    assert "<p><strong>How well.</strong> Exact.</p>" in answer
    assert f'<a href="{at(saga)}">The saga</a>' in answer


def test_that_nobody_has_written_it_is_said(client, ann, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    answer = text(client.get(where(waiting("ada"))))
    assert f"Nobody has written <code>{NAME}</code> yet" in answer


def test_one_that_lies_elsewhere_is_led_to(client, ann, setting):
    setting(RUNBOOK="https://wiki.example.com/")
    assert client.get(where(waiting("ada")))["Location"] == f"https://wiki.example.com/{NAME}"


def test_there_is_none_of_another_step_or_saga(client, ann, written):
    saga = waiting("ada")
    assert client.get(where(saga, "unmute")).status_code == 404
    assert client.get(page("saga_rollback", 10**6, "mute")).status_code == 404


def test_only_whoever_may_see_sagas_sees_it(client, written):
    saga = waiting("ada")
    client.force_login(operator("view_finding"))
    assert client.get(where(saga)).status_code == 403


def test_a_shell_names_it_where_somebody_has_written_it(manage, written):
    shown = json.loads(manage("saga", "show", waiting("ada").uid, "--format", "json").out)
    assert shown["step"] == "grace"
    assert shown["rollback"] is None
    assert [each["rollback"] for each in shown["steps"] if each["rollback"]] == [NAME]
