"""`manage.py integrity doctor`: what it prints, the exit code, and what it leaves behind."""

import json
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from integrity.examinations import examination, examinations, failed, ok, skipped
from integrity.management.verbs import doctoring
from integrity.models import Alert, AuditEntry, OutboxMessage
from integrity.relay import deliver_due
from tests.integrity.mailroom import MINUTE, promise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def declared(monkeypatch):
    monkeypatch.setattr(examinations, "_entries", {})

    def declare(name, look):
        examination(name, "It is so.")(look)

    return declare


def raises():
    raise LookupError("no such row")


def test_each_line_says_what_is_true_and_below_what_to_do(declared, manage):
    declared("toy.a", lambda: ok("3 of 3"))
    declared("toy.b", lambda: failed("none", do="Make one."))
    ended = manage("integrity", "doctor")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "RESULT  EXAMINATION  WHAT",
        "ok      toy.a        3 of 3",
        "failed  toy.b        none",
        "",
        "What to do next",
        "toy.b  Make one.",
    ]
    assert ended.err.strip() == "1 failed, 1 ok"


@pytest.mark.parametrize(
    ("looks", "code"),
    [
        ([lambda: ok("")], 0),
        ([lambda: ok(""), lambda: skipped("", do="")], 0),
        ([lambda: ok(""), raises], 3),
        ([raises, lambda: failed("", do="")], 1),
    ],
)
def test_failed_beats_unknown_and_skipped_is_no_failure(declared, manage, looks, code):
    for number, look in enumerate(looks):
        declared(f"toy.{number}", look)
    assert manage("integrity", "doctor").code == code


def test_as_json(declared, manage):
    declared("toy.b", lambda: failed("none", do="Make one."))
    assert json.loads(manage("integrity", "doctor", "--format", "json").out) == [
        {
            "result": "failed",
            "examination": "toy.b",
            "what": "none",
            "title": "It is so.",
            "do": "Make one.",
        }
    ]


def test_a_name_that_is_none_is_a_wrong_call(manage):
    ended = manage("integrity", "doctor", "accounts.ghosts")
    assert ended.code == 2
    assert "There is no examination" in ended.err


def test_it_says_what_it_looks_at_in_every_app(manage):
    found = json.loads(manage("integrity", "doctor", "--format", "json").out)
    apps = {each["examination"].partition(".")[0] for each in found}
    assert {"accounts", "config", "integrity"} <= apps
    assert not [each for each in found if each["result"] == "unknown"]


def test_an_alert_leaves_the_house_on_request_only(manage, setting):
    setting(ALERT_ADDRESSES=["ops@example.com"])
    manage("integrity", "doctor", "integrity.alerts_arrive")
    assert not Alert.objects.exists()
    ended = manage("integrity", "doctor", "integrity.alerts_arrive", "--alert")
    assert (ended.code, ended.out.split()[3]) == (0, "ok")
    assert AuditEntry.objects.get().verb == "integrity.test_alert_sent"


def test_nothing_but_the_test_alert_leaves_the_house(manage, setting, post):
    setting(ALERT_ADDRESSES=["ops@example.com"])
    promise("a letter to a couple")
    manage("integrity", "doctor", "integrity.alerts_arrive", "--alert")
    assert (post.keys, OutboxMessage.objects.get().key) == ([], "a letter to a couple")


def test_a_relay_that_took_the_test_alert_first_is_waited_for(manage, setting, monkeypatch):
    setting(ALERT_ADDRESSES=["ops@example.com"])
    waited, arrive = [], deliver_due

    def take(**options):
        lease = {"lease_token": uuid4(), "available_at": Now() + MINUTE}
        OutboxMessage.objects.update(state="leased", begun=True, **lease)

    def sleep(seconds):
        waited.append(seconds)
        OutboxMessage.objects.update(state="pending", lease_token=None, available_at=Now())
        arrive()

    monkeypatch.setattr(doctoring, "deliver_due", take)
    monkeypatch.setattr(doctoring, "sleep", sleep)
    ended = manage("integrity", "doctor", "integrity.alerts_arrive", "--alert")
    assert (ended.code, len(waited)) == (0, 1)

    monkeypatch.setattr(doctoring, "sleep", waited.append)
    ended = manage("integrity", "doctor", "integrity.alerts_arrive", "--alert")
    assert (ended.code, len(waited)) == (3, 1 + doctoring.LOOKS)
    assert "it is being delivered" in ended.out
