"""What a page of sagas lays under the hand first, and that it tells only what concerns the saga."""

import pytest

from integrity.models import ProviderGate
from integrity.saga.kinds import pause_kind
from tests.integrity.admin.desk import page, text
from tests.integrity.admin.saga_desk import (  # noqa: F401
    BOB,
    ann,
    at,
    at_a_gate,
    completed,
    left_behind,
    offered,
    own_sagas,
    provider,
    refused,
    waiting,
)

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
LIST = page("saga_changelist")
REFUSES = "Providers that refuse everybody"


def shut(name):
    ProviderGate.objects.update_or_create(
        provider=name,
        defaults={
            "shut_at": "2026-01-01T00:00Z",
            "shut_until": "2026-01-01T00:01Z",
            "reason": "401",
        },
    )


def test_stopping_all_of_a_kind_is_not_what_the_list_suggests(client, ann):
    waiting("ada")
    shown = client.get(LIST)
    names = [each["name"] for each in shown.context["verbs"]]
    assert (names, 'class="iy-button iy-main"' in shown.content.decode()) == (["pause_kind"], False)

    pause_kind(kind="toy.close_account", by=BOB)
    names = [each["name"] for each in client.get(LIST).context["verbs"]]
    assert names == ["pause_kind", "resume_kind"]


def test_to_shorten_somebody_s_time_to_think_is_not_what_comes_first(client, ann):
    assert offered(client, left_behind("bob"))[0] == "tidied"
    verbs = offered(client, waiting("ada"))
    assert verbs.index("skip_timer") > verbs.index("pause")


@pytest.mark.parametrize(
    ("situation", "told"), [(completed, False), (waiting, True), (refused, True)]
)
def test_a_provider_that_refuses_is_told_of_where_it_is_still_to_be_called(
    client, ann, situation, told
):
    saga = situation("ada")
    shut("mailer")
    assert (REFUSES in text(client.get(at(saga)))) is told


def test_only_the_step_at_which_it_is_waits_for_a_provider(client, ann):
    shut("mailer")
    for saga, count in ((waiting("ada"), 0), (at_a_gate("bob"), 1)):
        course = client.get(at(saga)).context["timeline"]
        assert sum(bool(each["gate"]) for each in course) == count


def test_the_tries_are_those_that_the_course_shows(client, ann):
    assert client.get(at(refused("ada"))).context["tries"] == 1
    assert client.get(at(completed("bob"))).context["tries"] is None
    [line] = [each for each in client.get(LIST).context["lines"] if each["saga"].subject == "ada"]
    assert line["attempts"] is None
